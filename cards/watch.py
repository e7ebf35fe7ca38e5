"""What admins see of the settings' history and of a recovery. (B83, B86; product C.4, C.5)"""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.actions_watch import RollBack
from cards.card import Button, Card
from rules.text import clip


@dataclass(frozen=True)
class Changed:
    """One change, ready to read. `back`: whether 回滚 makes sense."""

    id: int
    at: str
    who: str
    key: str
    old: str
    new: str
    back: bool


def history(rows: Sequence[Changed]) -> Card:
    """/配置 历史: who, when, from what to what, newest first."""
    lines = tuple(
        f"{number} {one.at} {one.who} {one.key} {clip(one.old, 24) or '（无）'}→{clip(one.new, 24) or '（无）'}"
        for number, one in enumerate(rows, start=1)
    )
    return Card(
        kind="config.history",
        title="配置变更",
        lines=lines or ("还没有变更",),
        buttons=tuple(
            Button(f"回滚 {number}", RollBack(one.id).pack())
            for number, one in enumerate(rows, start=1)
            if one.back
        )[:5],
        note="改一项：/配置 store.pool 150（重启后生效）",
    )
