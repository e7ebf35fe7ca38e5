"""now(), and due timers becoming events. The only file that looks at the clock."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from bot.bells import Bells
from bot.events import encode_timer
from store import inbox, timers
from store.db import Database, passing
from store.failpoints import At, reach
from store.timers import Due

log = structlog.get_logger("clock")


class Clock:
    """The business clock (UTC) and the machine's milliseconds. A rehearsal may set the business clock ahead."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        # monotonic from here on: setting the machine's clock must neither free nor freeze leases
        self._base = time.time_ns() // 1_000_000 - time.monotonic_ns() // 1_000_000
        self._synced = False
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Business time, UTC, aware."""
        return datetime.now(UTC) + self._ahead  # noqa: TID251 - this is the file

    def ms(self) -> int:
        """Machine time in milliseconds: for leases, retries and throttles, which a jump must not touch."""
        return self._base + time.monotonic_ns() // 1_000_000

    def sync(self, ms: int) -> None:
        """Takes over the milliseconds of the other replicas (store/replicas.common_ms): leases are measured by one clock.
        After the first time only forward: then it is theirs already, and lags at most."""
        base = ms - time.monotonic_ns() // 1_000_000
        self._base, self._synced = max(self._base, base) if self._synced else base, True

    def jump(self, by: timedelta) -> None:
        """Sets the business clock ahead (or back)."""
        self._ahead += by
        for listener in self._listeners:
            listener()

    def on_jump(self, listener: Callable[[], None]) -> None:
        """Calls `listener` after every jump."""
        self._listeners.append(listener)


class _Came:
    """A timer on its way into the inbox (as bot/events.py's Incoming)."""

    __slots__ = ("dedup", "event", "lane")

    def __init__(self, due: Due) -> None:
        self.dedup = f"timer:{due.id}:{due.due.timestamp():.3f}"
        self.lane = f"timer:{due.kind}:{due.key}"
        self.event = due


def _encoded(due: Due) -> str:
    return encode_timer(due.kind, due.key, due.due, due.payload)


class Pump:
    """Moves due timers into the inbox: a row move in one transaction, so a timer fires once, kill or no kill."""

    def __init__(self, db: Database, clock: Clock, bells: Bells, *, batch: int = 200) -> None:
        self._db, self._clock, self._bells, self._batch = db, clock, bells, batch

    async def run(self) -> None:
        """Until cancelled. Wakes at the next due time, at a ring, and every second as the safety net."""
        while True:
            bell = self._bells.hear("timers")
            try:
                fired = await self.fire_due()
            except Exception as error:
                if not passing(error):
                    log.exception("timers failed")
                fired = 0
                await asyncio.sleep(0.5)
            if fired == self._batch:
                continue
            await self._bells.wait(bell, await self._pause())

    async def fire_due(self) -> int:
        """Fires what is due now. Returns how many timers fired."""
        now = self._clock.now()
        async with self._db.read() as tx:
            first = await timers.next_timer(tx)
        if first is None or first > now:
            return 0
        async with self._db.write() as tx:
            due = await timers.fire(tx, now, n=self._batch)
            if due:
                await inbox.take(tx, [_Came(one) for one in due], now, encode=_encoded)
                reach(At.TIMERS_FIRED)
        reach(At.TIMERS_COMMITTED)
        self._bells.ring("inbox")
        return len(due)

    async def _pause(self) -> float:
        try:
            async with self._db.read() as tx:
                first = await timers.next_timer(tx)
        except Exception:
            return 1.0
        if first is None:
            return 1.0
        return min(1.0, max(0.01, (first - self._clock.now()).total_seconds()))
