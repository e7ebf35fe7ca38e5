"""What comes round by the clock: the manager's morning list and the weekly break-points. (B37; product M3)"""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.actions_sla import ShowToday
from cards.card import Button, Card, Field
from cards.sla import Silent, bundle
from rules.reports import Standing
from rules.text import clip

TITLE = 26


def overdue(rows: Sequence[Silent], total: int) -> Card:
    """The manager's morning: what of the team is overdue, the escalated first, with M1's buttons. `total` counts the
    leads that are not shown too."""
    card = bundle(rows)
    more = (f"另有 {total - len({row.lead for row in rows})} 条，发 /超时 看全部。",)
    shown = len({row.lead for row in rows})
    return Card(
        kind=card.kind,
        title=clip(f"早上好，团队超时 {total} 条", TITLE),
        subject=card.subject,
        lines=(*card.lines, *(more if total > shown else ())),
        buttons=card.buttons,
        tone=card.tone,
    )


@dataclass(frozen=True)
class Week:
    """The break-points of a team's week, ready to read: `span` "11-16～11-22"; lines (what, how many or which share)."""

    span: str
    points: tuple[tuple[str, str], ...]
    people: tuple[str, ...] = ()


def board(span: str, places: Sequence[Standing], hours: str) -> Card:
    """The week's leaderboard for a group: names and numbers, nothing about customers. `hours`: the first touch's last
    mark, "4 小时"."""
    lines = []
    for one in places:
        touch = f"，{hours}首触 {one.touch.latest_rate} %" if hours and one.touch.decided else ""
        lines.append(f"{one.rank}. {one.name}　{one.records} 次跟进{touch}")
    return Card(
        kind="digest.board",
        title="跟进榜",
        lines=(span, *lines),
        note="按跟进记录数，同一条线索一天算一次。",
    )


def week(view: Week) -> Card:
    """M3: where action broke off, not how the funnel stands."""
    return Card(
        kind="digest.week",
        title="动作断点周报",
        lines=(view.span, *view.people),
        fields=tuple(Field(name, said) for name, said in view.points),
        buttons=(Button("今日全部", ShowToday().pack()),),
        note="看现在的超时发 /超时",
    )
