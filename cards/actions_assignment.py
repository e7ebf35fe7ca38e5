"""What the buttons of assignment, the public pool and leave say."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class Decline(Action):
    """退回: the lead goes to the next one; asks for the reason. `version` is the lead's at rendering."""

    lead: int
    version: int


@dataclass(frozen=True)
class PoolPage(Action):
    """下一页 of 公海: what comes behind this lead. `words` is the filter, shortened."""

    after: int
    words: str


@dataclass(frozen=True)
class AskHold(Action):
    """申请保护: the manager is asked to keep the lead from going back to the pool."""

    lead: int


@dataclass(frozen=True)
class GrantHold(Action):
    """同意 / 不同意 on a request to hold a lead, for so many days. `by` is who asked."""

    lead: int
    by: str
    days: int
    yes: bool
