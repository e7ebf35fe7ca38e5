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


@dataclass(frozen=True)
class ConfirmLeave(Action):
    """确认 on a leave."""

    leave: int


@dataclass(frozen=True)
class ChangeDelegate(Action):
    """改人: the next line names who stands in."""

    leave: int


@dataclass(frozen=True)
class HandAll(Action):
    """全部给李倩 / 按区域自动分 / 入公海 for a leaver. `how`: a member id, "auto" or "pool"; `total` is what the preview
    counted."""

    member: str
    how: str
    total: int


@dataclass(frozen=True)
class FriendsHanded(Action):
    """看名单 of the WeCom friends that a handover hands on."""

    batch: int
