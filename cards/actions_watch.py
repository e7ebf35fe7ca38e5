"""What the buttons of the machine's own cards say."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class RollBack(Action):
    """回滚: the setting of this change is as it was before."""

    change: int


@dataclass(frozen=True)
class ReplayAll(Action):
    """全部重放: every dead letter and every lead that waits, oldest first."""

    count: int
