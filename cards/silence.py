"""How the silence ladder of a record looks: a level that was lowered, with 恢复 and 确认. (B28; product R15)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cards.actions_checkins import StartCheckin
from cards.actions_silence import ConfirmLevel, RestoreLevel
from cards.card import Button, Card, Style, Tone
from rules.hours import show_duration
from rules.text import clip, lead_id

LEVEL = "silence.level"
TITLE = 26


@dataclass(frozen=True)
class Lowered:
    """A lead that lost a level: `fact` what to take back, `before` and `after` as people call them, `silent` the step."""

    lead: int
    fact: int
    label: str
    before: str
    after: str
    silent: timedelta
    told: tuple[str, ...] = ()


def lowered(view: Lowered) -> Card:
    """To the owner: what was done, and both ways on."""
    told = f"已通知{'、'.join(view.told)}。" if view.told else ""
    return Card(
        kind=LEVEL,
        title=clip(f"{lead_id(view.lead)} 已自动降级", TITLE),
        subject=lead_id(view.lead),
        lines=(
            view.label,
            f"连续 {show_duration(view.silent)}没有跟进：「{view.before}」→「{view.after}」。{told}",
            f"客户还有意向就恢复；也可以写：/恢复 {view.lead}",
        ),
        buttons=(
            Button("恢复", RestoreLevel(view.lead, view.fact).pack(), Style.PRIMARY),
            Button("确认", ConfirmLevel(view.lead, view.fact).pack()),
            Button("现在跟进", StartCheckin(view.lead).pack()),
        ),
        tone=Tone.WARN,
    )


def merged(names: Sequence[str]) -> str:
    """The rules that a message speaks for: "意向客户未跟进、技术确认未回音"."""
    return "、".join(dict.fromkeys(names))
