"""What the buttons of drafts, new leads, hand-overs and customers say."""

from dataclasses import dataclass

from cards.actions import Action


@dataclass(frozen=True)
class SaveDraft(Action):
    """存为新客户. `version` is the draft's at rendering."""

    draft: int
    version: int


@dataclass(frozen=True)
class MergeDraft(Action):
    """并入 C-0311: contact and lead go to a customer that is there already."""

    draft: int
    version: int
    customer: int


@dataclass(frozen=True)
class NoteDraft(Action):
    """记到 L-1024: the chat is written down with a lead that is running."""

    draft: int
    version: int
    lead: int


@dataclass(frozen=True)
class ChangeDraft(Action):
    """改一下: the next line that the rep writes corrects the draft."""

    draft: int
    version: int


@dataclass(frozen=True)
class DropDraft(Action):
    """丢弃."""

    draft: int
    version: int


@dataclass(frozen=True)
class MoreLead(Action):
    """更多 on a new lead: the rarer things one can do with it."""

    lead: int


@dataclass(frozen=True)
class BackToLead(Action):
    """返回: the lead's own card again."""

    lead: int


@dataclass(frozen=True)
class BadNumber(Action):
    """号码无效. `version` is the lead's at rendering."""

    lead: int
    version: int


@dataclass(frozen=True)
class KnownCustomer(Action):
    """是老客户. `version` is the lead's at rendering."""

    lead: int
    version: int


@dataclass(frozen=True)
class JoinCustomer(Action):
    """并入 C-0311 on a lead: it belongs to a customer that is there already."""

    lead: int
    version: int
    customer: int


@dataclass(frozen=True)
class ShowLead(Action):
    """看详情: the profile of the lead's customer."""

    lead: int


@dataclass(frozen=True)
class ShowCustomer(Action):
    """One customer out of several that a name may mean."""

    customer: int


@dataclass(frozen=True)
class HandOver(Action):
    """转给同事: shows who could take the lead."""

    lead: int


@dataclass(frozen=True)
class GiveTo(Action):
    """The colleague who gets the lead. `version` is the lead's at rendering."""

    lead: int
    member: str
    version: int


@dataclass(frozen=True)
class ReadBrief(Action):
    """已读 on what is read before a meeting."""


@dataclass(frozen=True)
class AddToBrief(Action):
    """补充: the next line that is written is put right in this record (L-1024, C-0311)."""

    about: str
