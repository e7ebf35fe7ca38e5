"""How many connections the port holds at once, and who makes way when one more comes: a stranger who opens thousands and
says nothing takes no file from the database, and no place from others."""

import asyncio
import resource
from typing import Protocol

import structlog

from bot.logs import Rarely

log = structlog.get_logger("front")

MOST = 2000
"""Connections of a process, some 20 KB each; a proxy needs a few dozen for a firm of any size."""
AT_ONCE = 8
"""Which part of them makes way together: one look at all pays for so many that come."""
LONGEST = 150.0
"""Seconds after which an answer that is not taken, or a request that does not end, may be cut off; a file has two minutes."""


class Guest(Protocol):
    """A connection."""

    def patience(self) -> tuple[int, float]:
        """How much it is to be spared (0: never asked for anything, 1: asked before and is silent, 2: is being answered), and
        since when nothing came, by the loop's clock."""

    def dismiss(self) -> None:
        """It is closed."""


def most() -> int:
    """How many there may be: every second file that the process may open, so that what it opens itself never lacks one."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else max(AT_ONCE, min(MOST, files // 2))


class Room:
    """The connections that are there."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._guests: dict[Guest, None] = {}
        self._full = Rarely(1.0)

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: Guest) -> bool:
        """One more. False when all that are there are being answered: it has to be closed."""
        if len(self._guests) >= self._limit and not self._make():
            return False
        self._guests[guest] = None
        return True

    def leave(self, guest: Guest) -> None:
        """It is gone, or goes on as another one."""
        self._guests.pop(guest, None)

    def _make(self) -> int:
        """Closes those that are to be spared least, the longest silent first. Returns how many."""
        late = asyncio.get_running_loop().time() - LONGEST
        known = [(*one.patience(), n, one) for n, one in enumerate(self._guests)]
        go = sorted(one for one in known if one[0] < 2 or one[1] < late)[: max(1, self._limit // AT_ONCE)]
        for *_, guest in go:
            self.leave(guest)
            guest.dismiss()
        if count := self._full.count():
            log.warning("too many connections", limit=self._limit, closed=len(go), count=count)
        return len(go)
