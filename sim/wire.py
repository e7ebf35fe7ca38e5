"""What went over the wire between a simulator and the bot, kept for tests and for the console."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WireEntry:
    """One exchange, decrypted.

    `way`: "in" the bot called us, "out" we called the bot, "note" something that did not travel.
    `at` is Unix seconds of the simulator's clock; `status` the HTTP status, 0 when there was no answer.
    """

    n: int
    at: float
    way: str
    what: str  # "POST /cgi-bin/message/send", "callback text", "not delivered"
    sent: Any = None
    answer: Any = None
    status: int = 0


class Wire(deque[WireEntry]):
    """The newest entries; `n` goes on counting when old ones fall off."""

    def __init__(self, keep: int = 5000) -> None:
        super().__init__(maxlen=keep)
        self.total = 0

    def log(
        self, way: str, what: str, sent: Any = None, answer: Any = None, *, status: int = 0, at: float = 0.0
    ) -> WireEntry:
        """Appends an entry stamped `at` (now when 0)."""
        self.total += 1
        entry = WireEntry(self.total, at or time.time(), way, what, sent, answer, status)
        self.append(entry)
        return entry

    def of(self, what: str, *, way: str = "") -> list[WireEntry]:
        """The entries whose `what` holds this fragment."""
        return [entry for entry in self if what in entry.what and (not way or entry.way == way)]
