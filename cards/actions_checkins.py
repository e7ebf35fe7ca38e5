"""What the buttons of the check-in, its resources, its linked form and its undo say."""

from dataclasses import dataclass
from hashlib import blake2s

from cards.actions import Action


def short(name: str) -> str:
    """A name of the configuration (a conclusion, a resource) → eight hex digits, so that it fits into a button."""
    return blake2s(name.encode(), digest_size=4).hexdigest()


@dataclass(frozen=True)
class StartCheckin(Action):
    """开始跟进 / 现在跟进: opens the forced check-in of a lead, or shows the open one."""

    lead: int


@dataclass(frozen=True)
class CheckinStep(Action):
    """An answer to one step. `value` is `short` of the channel, the conclusion or the quick next step; `version` the
    check-in's at rendering."""

    checkin: int
    step: str
    value: str
    version: int


@dataclass(frozen=True)
class SnoozeNext(Action):
    """稍后 30 分钟 on the reminder that a promised next step is due; `times`: how often it was put off before."""

    lead: int
    times: int


@dataclass(frozen=True)
class TakeResource(Action):
    """领取. `resource` is `short` of its name; `lead` 0: asked for by /资料."""

    resource: str
    lead: int


@dataclass(frozen=True)
class MoreAfter(Action):
    """更多 on the card of a finished check-in: everything that was prepared. `undo` is what its 撤销 takes back."""

    followup: int
    undo: int


@dataclass(frozen=True)
class OpenForm(Action):
    """去提交样品单: the linked form that a follow-up prepared."""

    request: int


@dataclass(frozen=True)
class ChangeForm(Action):
    """改一下 on a linked form."""

    request: int
    version: int


@dataclass(frozen=True)
class SubmitForm(Action):
    """提交 on a linked form."""

    request: int
    version: int


@dataclass(frozen=True)
class CancelForm(Action):
    """取消 on a linked form."""

    request: int
    version: int


@dataclass(frozen=True)
class Undo(Action):
    """撤销: takes back what the undo row `undo` remembers."""

    undo: int
