"""Takes an event once (group commit, then acknowledge); handles it in one transaction; one at a time per lane."""

import asyncio
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from bot.bells import Bells
from bot.clock import Clock
from bot.events import Incoming, encode
from bot.lanes import LEASE_MS, Later
from bot.logs import clean
from bot.suspects import REASON, Room, Suspect
from bot.together import Together
from rules.errors import PutAside
from store import ends, inbox, lanes
from store.db import INTAKE, Conflict, Database, Tx, passing, too_much, unusable
from store.ends import Ending
from store.failpoints import At, reach
from store.inbox import Inrow
from store.lanes import Fenced, Lease
from store.sent import Apart

log = structlog.get_logger("inbox")


ASIDE = "内容对不上："
"""How the reason of a dead letter begins that waits for a mended mapping."""


def put_aside(error: str) -> str:
    """What did not fit, of a dead letter's reason; "" when it was a bug."""
    return error.removeprefix(ASIDE) if error.startswith(ASIDE) else ""


class TakenBack(Exception):
    """The handler said no after it may have written: the event is to be handled once more, with a savepoint."""


class Full(Exception):
    """Too much waits to be stored; the platform should come again."""


@dataclass
class _Waiting:
    events: Sequence[Incoming]
    stored: asyncio.Future[None]
    until: float  # by the loop's clock: whoever waits gives up then


class Intake:
    """Stores events durably. Whatever arrives while one commit is on its way shares the next, then each is acked."""

    def __init__(
        self, db: Database, clock: Clock, bells: Bells, *, batch: int = 128, limit: int = 5000
    ) -> None:
        self._db, self._clock, self._bells = db, clock, bells
        self._batch, self._limit = batch, limit
        self._queue: deque[_Waiting] = deque()
        self._batched: Sequence[_Waiting] = ()  # those on their way into the database
        self._alarm: asyncio.TimerHandle | None = None  # for the first who would give up
        self._asleep: asyncio.Future[None] | None = None
        self._stopped = False
        self.storing = False
        """Whether some are on their way into the database."""

    @property
    def waiting(self) -> int:
        """How many deliveries wait for their commit."""
        return len(self._queue)

    async def __call__(self, events: Sequence[Incoming], within: float = math.inf) -> None:
        """Returns when the events are committed. Raises Full, what the database raised, or TimeoutError after `within`
        seconds; the events may be stored all the same then."""
        if not events:
            return
        if self._stopped or len(self._queue) >= self._limit:
            raise Full("too many events wait for the database, or the bot is stopping")
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        until = loop.time() + within
        self._queue.append(_Waiting(events, stored, until))
        if until < math.inf and (self._alarm is None or until < self._alarm.when()):
            self._wake_at(until)
        if self._asleep is not None and not self._asleep.done():
            self._asleep.set_result(None)
        reach(At.INTAKE_TOLD)
        await stored

    def _wake_at(self, until: float) -> None:
        """One alarm for all: a timer for each who waits would cost as much as storing what it brought."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(until, self._give_up)

    def _give_up(self) -> None:
        self._alarm, now = None, asyncio.get_running_loop().time()
        open_ = [one for one in (*self._batched, *self._queue) if not one.stored.done()]
        for one in open_:
            if one.until <= now:
                one.stored.set_exception(TimeoutError("not stored in time"))
        if (first := min((one.until for one in open_ if one.until > now), default=math.inf)) < math.inf:
            self._wake_at(first)

    async def run(self) -> None:
        """Until cancelled; whoever still waits then is told that nothing was stored.

        One commit after the other: on PostgreSQL two at once could store a person's messages in the wrong order, and a
        commit has a price of its own, the same for one event as for ten.
        """
        queue = self._queue
        try:
            while True:
                if not queue:
                    self._asleep = asyncio.get_running_loop().create_future()
                    await self._asleep
                batch = [queue.popleft() for _ in range(min(len(queue), self._batch))]
                self.storing, self._batched = True, batch
                await self._store(batch)
                self.storing, self._batched = False, ()
        finally:
            self._stopped = True
            if self._alarm is not None:
                self._alarm.cancel()
            # those on their way, too: a batch may be stored one by one just then
            for one in (*self._batched, *queue):
                _answer(one, Full("the bot is stopping"))
            queue.clear()

    async def _store(self, batch: list[_Waiting]) -> None:
        try:
            async with self._db.write(INTAKE, late=True) as tx:
                events = [event for one in batch for event in one.events]
                await inbox.store(tx, events, self._clock.now(), encode=encode)
                reach(At.INTAKE_STORED)
        except Exception as error:
            log.warning("intake failed", events=len(batch), error=type(error).__name__)
            if len(batch) > 1 and not passing(error):
                for one in batch:  # one that cannot be stored must not take the others along
                    await self._store([one])
                return
            for one in batch:
                _answer(one, error)
        else:
            reach(At.INTAKE_COMMITTED)
            self._bells.ring("inbox")
            for one in batch:
                _answer(one, None)


def _answer(one: _Waiting, error: Exception | None) -> None:
    if one.stored.done():
        return
    if error is None:
        one.stored.set_result(None)
    else:
        one.stored.set_exception(error)


LONGEST = 60.0
"""Seconds in which an event is handled. On SQLite nobody else writes meanwhile."""


class TooLong(Exception):
    """An event was not handled in time. What it began in a thread may go on there, but changes nothing any more."""

    def __init__(self) -> None:
        super().__init__(f"处理了 {LONGEST:.0f} 秒还没有完")


SHORT = (1.0, 8.0, 60.0, 600.0)
"""Seconds until work that took too much is tried again, by how often it was: what the machine is short of for ten minutes
puts nothing aside."""


def _much(error: Exception) -> bool:
    return isinstance(error, TooLong) or too_much(error)


def _back_off(error: Exception, attempts: int) -> float:
    """Seconds until the next try of an event that was tried `attempts` times before."""
    if _much(error):
        return SHORT[min(attempts, len(SHORT) - 1)]
    return 0.5 if passing(error) else min(60.0, 0.2 * 4**attempts)


def _reason(error: Exception) -> str:
    """What went wrong, for the log and the list of dead letters."""
    said = unusable(error) if too_much(error) else ""
    return said or clean(f"{type(error).__name__}: {str(error)[:200]}")


Handle = Callable[[Tx, Inrow], Awaitable["Handled"]]


@dataclass(frozen=True)
class Handled:
    """What handling left behind: bells to ring after the commit, and a refusal for whoever waits (forms)."""

    rang: frozenset[str] = frozenset()
    refused: str = ""


class Worker:
    """Handles the events of a lane, one transaction each."""

    def __init__(
        self, db: Database, clock: Clock, bells: Bells, me: str, handle: Handle,
        buried: Callable[[Tx, Inrow], Awaitable[frozenset[str]]], *,
        done: Callable[[str], None] = lambda _dedup: None, tries: int = 5, room: Room | None = None,
    ) -> None:  # fmt: skip
        self._room = room or Room(db, clock)
        self._db, self._clock, self._bells, self._me = db, clock, bells, me
        self._handle, self._buried, self._done, self._tries = handle, buried, done, tries
        self._ends = Together("ends", self._end)

    async def look(self, tx: Tx, keys: Sequence[str]) -> dict[str, list[Inrow]]:
        """What waits in these lanes."""
        return await inbox.open_events_of(tx, keys, 20 * len(keys))

    async def lane(self, lease: Lease, found: list[Inrow] | None) -> Later | None:
        """Works a claimed lane until it is empty or must rest. `found`: its rows, as far as they are known."""
        suspect = lease.suspect  # the first one: the others were not begun
        while True:
            rows, found = found, None
            if not rows:
                async with self._db.read(glance=True) as tx:
                    rows = await inbox.open_events(tx, lease.key, 20)
            if not rows:
                return Later(self._clock.ms() + 100)
            for row in rows:
                rest = await self._row(lease, row, suspect=suspect)
                suspect = False
                if isinstance(rest, Later):
                    return rest
                if rest == 0:
                    return None

    async def _row(self, lease: Lease, row: Inrow, *, suspect: bool) -> Later | int:
        """Handles one row. Returns how many remain in the lane, or Later."""
        if not suspect and not row.starts:
            async with self._room.among():
                return await self._tried(lease, row)
        one = Suspect("inbox", row.id, row.starts, row.next_at)
        if self._room.spent(one):
            return await self._deadly(lease, row)
        if at := self._room.rests(one):
            return Later(at)
        async with self._room.alone(one):
            return await self._tried(lease, row)

    async def _tried(self, lease: Lease, row: Inrow) -> Later | int:
        guarded = False
        for attempt in range(20):
            try:
                return await self._once(lease, row, guarded)
            except TakenBack:
                guarded = True
            except Conflict:
                await asyncio.sleep(random.uniform(0, 0.01 * (attempt + 1)))
            except Fenced:
                raise
            except Exception as error:
                return await self._failed(lease, row, error)
        return await self._failed(lease, row, RuntimeError("the row kept changing under our hands"))

    async def _once(self, lease: Lease, row: Inrow, guarded: bool) -> int:
        # the event stays stored until this commit is on the disk, and nothing leaves the house before
        async with self._db.write(waits=False, late=True) as tx:
            tx.guarded = guarded
            await lanes.handling(tx, lease.key)
            reach(At.WORK_BEGUN)
            handled = await self._in_time(tx, row)
            reach(At.WORK_HANDLED)
            end, late = Ending(row.id, lease, handled.refused, tx.take_kept()), tx.late
            if not late:
                left = await self._finish(tx, end)
        if late:  # it only read: its connection is free again, and its end shares a statement with others
            left = await self._ended(end)
        reach(At.WORK_COMMITTED)
        self._bells.ring(*handled.rang)
        self._done(row.dedup)
        return left

    async def _in_time(self, tx: Tx, row: Inrow) -> "Handled":
        try:
            async with asyncio.timeout(LONGEST) as limit:
                return await self._handle(tx, row)
        except TimeoutError:
            if limit.expired():
                raise TooLong from None
            raise

    async def _finish(self, tx: Tx, end: Ending) -> int:
        left = await ends.finish(tx, end, self._clock.now(), self._me, self._clock.ms(), lease_ms=LEASE_MS)
        reach(At.WORK_FENCED)
        return left

    async def _ended(self, end: Ending) -> int:
        """Ends what wrote nothing but what it said, together with others where that goes. Raises Fenced."""
        try:
            return ends.left(await self._ends(end), end)
        except Apart:
            async with self._db.write(waits=False) as tx:
                return await self._finish(tx, end)

    async def _end(self, together: list[Ending]) -> list[dict[str, int]]:
        now, ms = self._clock.now(), self._clock.ms()
        reach(At.WORK_ENDING)
        async with self._db.write(waits=False, late=True) as tx:
            found = await ends.together(tx, together, now, self._me, ms, lease_ms=LEASE_MS)
        return [found] * len(together)

    async def _failed(self, lease: Lease, row: Inrow, error: Exception) -> Later | int:
        """A bug, a database that is away, or work that took too much: try again later; what counts against the event puts it
        aside at last, with its reason."""
        aside = isinstance(error, PutAside)
        counts = _much(error) or not passing(error)
        reason = ASIDE + str(error)[:400] if aside else _reason(error)
        self._report(lease, row, error, reason)
        if aside or (counts and row.attempts + 1 >= self._tries):
            async with self._db.write() as tx:
                rang = await self._tell(tx, row)
                left = await self._bury(tx, lease, row, reason)
            log.error("dead letter", event_id=row.id, lane=lease.key, reason=type(error).__name__)
            self._bells.ring(*rang)
            return left
        at = self._clock.ms() + int(_back_off(error, row.attempts) * random.uniform(800, 1200))
        async with self._db.write(durable=False) as tx:
            await inbox.retry_event(tx, row.id, reason, at, counts=counts)
        return Later(at)

    async def _bury(self, tx: Tx, lease: Lease, row: Inrow, reason: str) -> int:
        left = await lanes.fence(tx, "inbox", self._me, lease, self._clock.ms(), lease_ms=LEASE_MS)
        await inbox.end_event(tx, row.id, self._clock.now(), error=reason, dead=True)
        return left

    async def _deadly(self, lease: Lease, row: Inrow) -> int:
        """It ended the process each time: put aside unread, and only then is it looked at whom to tell."""
        async with self._db.write() as tx:
            left = await self._bury(tx, lease, row, REASON)
        log.error("dead letter", event_id=row.id, lane=lease.key, reason="the process ended")
        async with self._db.write() as tx:
            rang = await self._tell(tx, row)
        self._bells.ring(*rang)
        return left

    def _report(self, lease: Lease, row: Inrow, error: Exception, reason: str) -> None:
        if isinstance(error, PutAside):
            log.warning("event put aside", event_id=row.id, lane=lease.key, reason=reason)
        elif _much(error):
            log.warning("event took too much", event_id=row.id, lane=lease.key, attempt=row.attempts + 1,
                        reason=reason)  # fmt: skip
        elif passing(error):
            log.warning("database away", event_id=row.id, error=type(error).__name__)
        else:
            log.error(
                "event failed", event_id=row.id, lane=lease.key, attempt=row.attempts + 1, exc_info=error
            )

    async def _tell(self, tx: Tx, row: Inrow) -> frozenset[str]:
        """Says that an event was put aside; when even that fails, the event stays put aside."""
        try:
            async with tx.begin_nested():
                return await self._buried(tx, row)
        except Exception:
            log.exception("nobody could be told", event_id=row.id)
            return frozenset()
