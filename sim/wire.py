"""What went over the wire between a simulator and the bot, kept for tests and for the console."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

On = list[tuple[str, int]]
"""The messages that an exchange is about: (person, number on that person's screen)."""
_about: ContextVar[On | None] = ContextVar("about", default=None)


@contextmanager
def exchange(*about: tuple[str, int]) -> Iterator[On]:
    """While this lasts, and in tasks begun meanwhile, what is logged and what appears on screens belong together."""
    on = list(about)
    before = _about.set(on)
    try:
        yield on
    finally:
        _about.reset(before)


def appears(user: str, n: int) -> None:
    """Message `n` of this person came or changed by the exchange that is going on, if one is."""
    on = _about.get()
    if on is not None and (user, n) not in on:
        on.append((user, n))


def going_on() -> On | None:
    """What the exchange that is going on is about so far; grows with it. None: there is none."""
    return _about.get()


@dataclass(frozen=True)
class WireEntry:
    """One exchange, decrypted.

    `way`: "in" the bot called us, "out" we called the bot, "note" something that did not travel.
    `at` is Unix seconds of the simulator's clock; `status` the HTTP status, 0 when there was no answer.
    `on`: the messages it put on screens or was caused by; shared by all entries of one exchange, may still grow.
    """

    n: int
    at: float
    way: str
    what: str  # "POST /cgi-bin/message/send", "callback text", "not delivered"
    sent: Any = None
    answer: Any = None
    status: int = 0
    on: On = field(default_factory=list)


class Wire(deque[WireEntry]):
    """The newest entries; `n` goes on counting when old ones fall off."""

    def __init__(self, keep: int = 5000) -> None:
        super().__init__(maxlen=keep)
        self.total = 0

    def log(
        self, way: str, what: str, sent: Any = None, answer: Any = None, *, status: int = 0, at: float = 0.0,
        on: On | None = None,
    ) -> WireEntry:  # fmt: skip
        """Appends an entry stamped `at` (now when 0), `on` the messages of the exchange going on unless given."""
        self.total += 1
        about = on if on is not None else _about.get()
        entry = WireEntry(
            self.total, at or time.time(), way, what, sent, answer, status, [] if about is None else about
        )
        self.append(entry)
        return entry

    def of(self, what: str, *, way: str = "") -> list[WireEntry]:
        """The entries whose `what` holds this fragment."""
        return [entry for entry in self if what in entry.what and (not way or entry.way == way)]
