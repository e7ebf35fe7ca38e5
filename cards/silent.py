"""Very many leads that fell silent within a minute, for the manager: what finds no room on a few full cards. (M1)"""

from collections.abc import Sequence

from cards import pages
from cards.card import Card, Tone
from cards.sla import BUNDLE, TITLE, Silent, bundle_title
from rules.text import clip, lead_id

FULL = 3
"""So many cards with a full line for each lead; whoever gets more reads none of them."""
PLENTY = 100
"""The most leads that one card names in short."""


def rest(rows: Sequence[Silent]) -> Card:
    """M1 in short, at most PLENTY leads: their numbers by owner and rule, those whose message never arrived apart."""
    groups: dict[tuple[bool, str, str], list[str]] = {}
    for row in rows:
        groups.setdefault((not row.undelivered, row.owner, row.rule), []).append(lead_id(row.lead))
    same = len({(row.rule, row.unless) for row in rows}) == 1
    lines = []
    for (arrived, owner, rule), ids in groups.items():
        what = " ".join(part for part in (owner, "" if same else rule, f"{len(ids)} 条") if part)
        lines.append(f"{what}{'' if arrived else '（送达失败，不计入个人超时）'}：{'、'.join(ids)}")
    return Card(
        kind=BUNDLE,
        title=clip(bundle_title(rows, len({row.lead for row in rows}), same, more=True), TITLE),
        subject="SLA",
        lines=(*lines, "发 /超时 逐条处理，或打开看板。"),
        buttons=(pages.button("overdue"),),
        tone=Tone.ALARM,
    )
