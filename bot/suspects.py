"""Many rows are worked side by side; what may have ended the process before is worked by itself, and put aside at last.

Nobody can tell which of the rows in hand ended a process. So each of them is begun with nothing else in hand, counted
before it begins (store/suspects.py): whoever ends the process then is known, and none of the others is ever blamed for it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import structlog

from bot.clock import Clock
from store import suspects
from store.db import Database
from store.queues import Queue

log = structlog.get_logger("suspects")

STARTS = 3
"""So often a row may end the process while it is alone; then it is put aside."""
PAUSES = (0, 10_000, 60_000, 60_000)
"""Milliseconds from a start alone to the next, by how many there were, and for which a process must have lived by then: others
get on with their work in between, a machine that is short of memory for a minute is given it, and a process that is killed
again and again from outside, whatever it does, puts none of it down to what it had in hand."""
REASON = f"处理它的时候进程没了，单独试了 {STARTS} 次都是"


@dataclass(frozen=True)
class Suspect:
    """A row that was perhaps the one, as it was read: how often it was begun alone, when it may be next."""

    queue: Queue
    id: int
    starts: int
    next_at: int


class Gate:
    """Many `among` each other, or one `alone`; who wants to be alone comes before those who come after."""

    def __init__(self) -> None:
        self._inside = self._wanted = 0  # those among others; those that are alone or wait for it
        self._door, self._empty = asyncio.Event(), asyncio.Event()
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def among(self) -> AsyncIterator[None]:
        """As soon as nobody wants to be alone."""
        while self._wanted:
            await self._door.wait()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """What was begun ends first, what comes waits."""
        self._wanted += 1
        self._door.clear()
        try:
            async with self._one:
                while self._inside:
                    self._empty.clear()
                    await self._empty.wait()
                yield
        finally:
            self._wanted -= 1
            if not self._wanted:
                self._door.set()


class Room:
    """Where the rows of one process are worked, of both queues."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._born = monotonic()  # no clock that is set
        self._gate = Gate()
        self.among = self._gate.among
        self._survived: set[tuple[Queue, int]] = set()  # whose end was seen and could not be written down

    @asynccontextmanager
    async def alone(self, one: Suspect) -> AsyncIterator[None]:
        """With nothing else in hand, counted as long as it takes."""
        async with self._gate.alone():
            n = self._starts(one) + 1
            until = self._clock.ms() + PAUSES[n]
            log.warning("handled alone", queue=one.queue, row=one.id, start=n)
            async with self._db.write(durable=False) as tx:
                await suspects.begins(tx, one.queue, one.id, n, until)
            try:
                yield
            finally:
                await self._lived(one, until)

    async def _lived(self, one: Suspect, until: int) -> None:
        key = (one.queue, one.id)
        self._survived.add(key)
        try:
            async with self._db.write(durable=False) as tx:
                await suspects.lived(tx, one.queue, one.id, until, one.next_at)
        except Exception as error:
            log.warning("not written that it ended", queue=one.queue, row=one.id, error=type(error).__name__)
        else:
            self._survived.discard(key)

    def _starts(self, one: Suspect) -> int:
        return 0 if (one.queue, one.id) in self._survived else one.starts

    def spent(self, one: Suspect) -> bool:
        """Whether it has ended the process as often as it may."""
        return self._starts(one) >= STARTS

    def rests(self, one: Suspect) -> int:
        """Until when (ms) it is to be left alone, 0 when it may begin."""
        ms, starts = self._clock.ms(), self._starts(one)
        if not starts:
            return 0
        pause = PAUSES[min(starts, STARTS)]
        young = pause - int((monotonic() - self._born) * 1000)
        wait = max(min(one.next_at - ms, pause), young)  # the clock may have been set back
        return ms + wait if wait > 0 else 0
