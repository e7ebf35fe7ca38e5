"""How a database's connections were used during the last hour: waits for one, and waits at locks."""

import time
from collections import deque
from dataclasses import dataclass

from rules.watch import Load

SLOW = 1.0
"""Seconds from which waiting for a connection is worth a word."""
LOCKED = 0.5
"""Seconds from which waiting to begin writing means that another process holds the file."""
KEEP = 60
"""Minutes that are kept."""


@dataclass
class _Minute:
    at: int
    peak: int = 0
    waits: int = 0
    longest: float = 0.0
    locks: int = 0
    lock_longest: float = 0.0


class LoadMeter:
    """Counts by the minute. Machine time: a jump of the business clock does not touch it."""

    def __init__(self, size: int) -> None:
        self.size, self.busy = size, 0
        self._minutes: deque[_Minute] = deque(maxlen=KEEP)

    def began(self) -> float:
        """Somebody wants a connection. Returns the moment, for `got`."""
        self.busy += 1
        minute = self._minute()
        minute.peak = max(minute.peak, min(self.busy, self.size))
        return time.perf_counter()

    def got(self, since: float) -> None:
        """They have it."""
        waited = time.perf_counter() - since
        if waited >= SLOW:
            minute = self._minute()
            minute.waits += 1
            minute.longest = max(minute.longest, waited)

    def ended(self) -> None:
        """They gave it back, or never got one."""
        self.busy -= 1

    def locked(self, seconds: float) -> None:
        """A statement waited at a lock, or gave up there."""
        minute = self._minute()
        minute.locks += 1
        minute.lock_longest = max(minute.lock_longest, seconds)

    def recent(self) -> Load:
        """The last hour."""
        since = int(time.perf_counter() // 60) - KEEP
        kept = [one for one in self._minutes if one.at > since]
        return Load(
            size=self.size,
            peak=max((one.peak for one in kept), default=0),
            waits=sum(one.waits for one in kept),
            longest=max((one.longest for one in kept), default=0.0),
            locks=sum(one.locks for one in kept),
            lock_longest=max((one.lock_longest for one in kept), default=0.0),
        )

    def _minute(self) -> _Minute:
        now = int(time.perf_counter() // 60)
        if not self._minutes or self._minutes[-1].at != now:
            self._minutes.append(_Minute(now))
        return self._minutes[-1]
