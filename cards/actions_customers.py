"""What the buttons of merging two customers say. `kept` stays, `gone` becomes part of it; versions are those at rendering."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class MergeWith(Action):
    """合并 C-0298, 反过来, 重选: begins the choice. What both say differently is asked one by one."""

    kept: int
    gone: int


@dataclass(frozen=True)
class MergePick(Action):
    """用 C-0311 的 / 用 C-0298 的: `picks` holds a letter ("k" or "g") for each field that was chosen so far."""

    kept: int
    gone: int
    kept_version: int
    gone_version: int
    picks: str


@dataclass(frozen=True)
class MergeNow(Action):
    """确认合并, with all picks."""

    kept: int
    gone: int
    kept_version: int
    gone_version: int
    picks: str


@dataclass(frozen=True)
class MergeNot(Action):
    """不合并: the card is closed, nothing was changed."""

    kept: int
    gone: int
