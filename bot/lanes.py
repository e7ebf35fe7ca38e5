"""The loop that both queues share: claim lanes, work each in order, many side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from bot.bells import Bells
from bot.clock import Clock
from bot.together import GATHER
from store import lanes
from store.db import Database, Tx, passing
from store.failpoints import At, reach
from store.lanes import Fenced, Lease
from store.queues import Queue

log = structlog.get_logger("lanes")

LEASE_MS = 30_000
HANDFUL = 8  # lanes are claimed a few at a time: each claim is a transaction, and all that begin at once hold up others


FEW = 20
"""Rows of a lane that are read when it is claimed; of longer ones whoever works them reads as many as they can use."""


class Carrier(Protocol):
    """An engine that brings the keys of lanes with work to a replica that is free (store/carrier.py)."""

    def kick(self, lanes: Iterable[tuple[str, str]]) -> None: ...

    async def carry(self, queue: str, drain: Callable[[str], Awaitable[None]], parallel: int) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Later:
    """The lane must rest: claim it again at `at_ms`."""

    at_ms: int


R = TypeVar("R")

Work = Callable[[Lease, R | None], Awaitable[Later | None]]
"""Works one claimed lane, with what was read of it when it was claimed: None when it was emptied and given back, Later when
it must rest; raises Fenced."""

Look = Callable[[Tx, Sequence[str]], Awaitable[Mapping[str, R]]]
"""Reads what waits in several lanes at once, when they were claimed: from then on nobody but their owner changes it."""


class Lanes(Generic[R]):
    """Claims lanes of one queue and gives them to `work`, at most `parallel` at a time."""

    def __init__(
        self, db: Database, clock: Clock, bells: Bells, q: Queue, me: str, work: Work[R], *, parallel: int = 8,
        look: Look[R] | None = None, carrier: Carrier | None = None,
    ) -> None:  # fmt: skip
        self._db, self._clock, self._bells = db, clock, bells
        self._q, self._me, self._work, self._parallel = q, me, work, parallel
        self._look = look
        self._carrier = carrier
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: dict[asyncio.Task[None], Lease] = {}
        self._stopping = False

    @property
    def working(self) -> int:
        """How many lanes are being worked now."""
        return len(self._tasks)

    async def run(self) -> None:
        """Until `stop`. A ring wakes it; a poll every second is the safety net. With a carrier no
        ring is heard: what still waits at the poll was lost on the way, or there is more of it than is carried."""
        while not self._stopping:
            bell = self._bells.hear(self._q)
            claimed: list[tuple[Lease, R | None]] = []
            pause = 1.0
            try:
                free = self._parallel - len(self._tasks)
                if free > 0:
                    claimed, pause = await self._claim(min(free, HANDFUL))
            except Exception as error:
                if not passing(error):
                    log.exception("claim failed", queue=self._q)
                pause = 0.5
            for lease, found in claimed:
                self._begin(lease, found)
            if claimed and len(claimed) < HANDFUL // 2:
                await asyncio.sleep(GATHER)  # others are on their way
            if not claimed:
                await (self._bells.wait(bell, pause) if self._carrier is None else asyncio.sleep(1.0))

    async def carried(self) -> None:
        """Until cancelled: works each lane whose key the carrier brings."""
        if self._carrier is not None:
            await self._carrier.carry(self._q, self._drain, self._parallel)

    async def _drain(self, key: str) -> None:
        if self._stopping:
            return
        ms = self._clock.ms()
        async with self._db.write(durable=False, late=True) as tx:
            lease = await lanes.claim_one(tx, self._q, key, self._me, ms, lease_ms=LEASE_MS)
        if lease is not None:  # else another replica has it, or it was worked already
            found = await self._found([lease])
            await asyncio.wait([self._begin(lease, found.get(key))])

    async def _found(self, claimed: Sequence[Lease]) -> Mapping[str, R]:
        """What waits in the lanes, as far as it is few. What cannot be read now does not keep a lane from being worked:
        whoever works it reads it and meets what is wrong."""
        keys = [lease.key for lease in claimed if lease.pending <= FEW]
        if self._look is None or not keys:
            return {}
        try:
            async with self._db.read(glance=True) as tx:
                return await self._look(tx, keys)
        except Exception as error:
            log.warning("lanes not looked into", queue=self._q, lanes=len(keys), error=type(error).__name__)
            return {}

    def _begin(self, lease: Lease, found: R | None) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._one(lease, found))
        self._tasks.add(task)
        self._in_hand[task] = lease
        task.add_done_callback(self._free)
        return task

    async def keep(self) -> None:
        """Until cancelled: renews the leases of lanes whose work takes long; stops the work on a lane that somebody
        else has."""
        while True:
            await asyncio.sleep(LEASE_MS / 3000)
            for task, lease in list(self._in_hand.items()):
                await self._renew(lease, task)

    async def stop(self, seconds: float = 10.0) -> None:
        """Claims nothing more and lets the rows in hand finish."""
        self._stopping = True
        self._bells.ring_here(self._q)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _free(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._in_hand.pop(task, None)
        if len(self._tasks) <= self._parallel - HANDFUL:
            self._bells.ring_here(self._q)

    async def _claim(self, n: int) -> tuple[list[tuple[Lease, R | None]], float]:
        """The lanes to work now with what waits in them, and how long to wait when there are none."""
        ms = self._clock.ms()
        async with self._db.read(glance=True) as tx:  # a cheap look before the write
            due = await lanes.next_due(tx, self._q)
        if due is None or due > ms:
            return [], 1.0 if due is None else min(1.0, max(0.005, (due - ms) / 1000))
        async with self._db.write(durable=False, late=True) as tx:
            claimed = await lanes.claim(tx, self._q, self._me, ms, n=n, lease_ms=LEASE_MS)
            reach(At.LANES_CLAIMED)
        reach(At.LANES_TAKEN)
        found = await self._found(claimed)
        return [(lease, found.get(lease.key)) for lease in claimed], 0.005

    async def _one(self, lease: Lease, found: R | None) -> None:
        rest: Later | None = None
        try:
            rest = await self._work(lease, found)
        except Fenced:
            log.info("lane taken over", queue=self._q, lane=lease.key)
            return
        except asyncio.CancelledError:
            if self._stopping:
                raise
            log.warning("lane lost", queue=self._q, lane=lease.key)
            return
        except Exception as error:
            if not passing(error):
                log.exception("lane failed", queue=self._q, lane=lease.key)
            rest = Later(self._clock.ms() + 500)
        if rest is not None:
            await self._give_back(lease, rest.at_ms)

    async def _renew(self, lease: Lease, work: "asyncio.Task[None]") -> None:
        try:
            async with self._db.write(durable=False) as tx:
                mine = await lanes.renew(tx, self._q, self._me, lease, self._clock.ms() + LEASE_MS)
                reach(At.LANE_RENEWED)
        except Exception as error:
            log.warning("lease not renewed", queue=self._q, lane=lease.key, error=type(error).__name__)
            return
        if not mine and work in self._in_hand:
            work.cancel()

    async def _give_back(self, lease: Lease, at_ms: int) -> None:
        """Releases the lane; when the database is away for long, the lease runs out by itself."""
        reach(At.LANE_RESTS)
        for attempt in range(6):
            try:
                async with self._db.write(durable=False) as tx:
                    await lanes.release(tx, self._q, self._me, lease, at_ms)
                reach(At.LANE_GIVEN_BACK)
                if self._carrier is not None:
                    again = max(0.0, (at_ms - self._clock.ms()) / 1000)
                    asyncio.get_running_loop().call_later(again, self._carrier.kick, [(self._q, lease.key)])
                return
            except Exception as error:
                log.warning("lane not given back", queue=self._q, lane=lease.key, error=type(error).__name__)
                await asyncio.sleep(0.2 * 2**attempt)
