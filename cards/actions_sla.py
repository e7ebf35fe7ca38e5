"""What the buttons of the silence ladder, the manager's cards, tasks, today's list and the admin's cards say."""

import string
from collections.abc import Sequence
from dataclasses import dataclass

from cards.actions import Action

DIGITS = string.digits + string.ascii_lowercase


def pack_ids(ids: Sequence[int]) -> str:
    """[1024, 1031] → "sg.sn": ten leads fit into one button."""
    return ".".join(_base36(id) for id in ids)


def unpack_ids(text: str) -> list[int]:
    """ "sg.sn" → [1024, 1031]. Raises ValueError for anything else."""
    return [int(part, 36) for part in text.split(".") if part]


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits


# ── the rep ────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Snooze(Action):
    """稍后 30 分钟 on a lead. `version` is the lead's at rendering."""

    lead: int
    version: int


@dataclass(frozen=True)
class Explain(Action):
    """说明原因: the next line that the rep writes says why it takes longer."""

    lead: int


@dataclass(frozen=True)
class AskReassign(Action):
    """我在外，请转派: the manager is asked to give the lead to somebody else."""

    lead: int


# ── the manager ────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Urge(Action):
    """催一下: the owners of these leads (pack_ids) get a word from their manager."""

    leads: str


@dataclass(frozen=True)
class PickReassign(Action):
    """转派: who could take the lead; with several leads, which one first (pack_ids)."""

    leads: str


@dataclass(frozen=True)
class Reassign(Action):
    """给李倩. `version` is the lead's at rendering."""

    lead: int
    member: str
    version: int


@dataclass(frozen=True)
class ToPool(Action):
    """放回公海. `version` is the lead's at rendering."""

    lead: int
    version: int


@dataclass(frozen=True)
class PickWaive(Action):
    """给理由放过: the next line says why; with several leads, which one first (pack_ids)."""

    leads: str


@dataclass(frozen=True)
class Claim(Action):
    """领取 a lead from the public pool. `version` is the lead's at rendering."""

    lead: int
    version: int


# ── everybody ──────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class DoneTask(Action):
    """完成: ticks a task off."""

    task: int


@dataclass(frozen=True)
class ShowToday(Action):
    """今日全部: the list of today."""


@dataclass(frozen=True)
class OneByOne(Action):
    """逐条处理 / 下一件: the thing at place `at` of today's list; `last` is the lead shown before (0: none)."""

    at: int
    last: int


@dataclass(frozen=True)
class ShowHelp(Action):
    """看帮助."""


@dataclass(frozen=True)
class AboutQuiet(Action):
    """设置勿扰: when the bot keeps quiet, and who can change that."""


@dataclass(frozen=True)
class Replay(Action):
    """重放: a dead letter is tried again."""

    event: int


@dataclass(frozen=True)
class Resend(Action):
    """重发: a send that was given up is tried again."""

    send: int
