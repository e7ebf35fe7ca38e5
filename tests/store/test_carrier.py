"""Lane keys carried by an engine over a real Redis: brought at once, lost without harm. (store/carrier.py)"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest

from bot.bells import Bells
from bot.clock import Clock
from bot.events import Fact, Incoming, encode
from bot.lanes import Lanes, Later
from store import inbox, lanes
from store.carrier import Carrier
from store.db import Database
from store.lanes import Lease
from tests.platforms.dingtalk_kit import until
from tests.servers import Redis

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def store() -> str:
    return "postgresql"


async def arrives(db: Database, *lanes: str) -> None:
    """An event in each of these lanes."""
    async with db.write() as tx:
        one = Fact("bot.started", "bot", NOW)
        await inbox.take(
            tx, [Incoming(f"{lane}:{id(lanes)}", lane, one) for lane in lanes], NOW, encode=encode
        )


class Replica:
    """A process that works lanes: it notes them and ends their events."""

    def __init__(self, db: Database, url: str, name: str, prefix: str) -> None:
        self.db, self.name, self.worked = db, name, list[str]()
        self.came = asyncio.Event()
        self.carrier = Carrier(url, prefix=prefix)
        self.lanes: Lanes[object] = Lanes(
            db, Clock(), Bells(), "inbox", name, self._work, carrier=self.carrier
        )

    async def _work(self, lease: Lease, _found: object) -> Later | None:
        async with self.db.write() as tx:
            for row in await inbox.open_events(tx, lease.key, 20):
                await lanes.fence(tx, "inbox", self.name, lease, 0, lease_ms=1000)
                await inbox.end_event(tx, row.id, NOW)
        self.worked.append(lease.key)
        self.came.set()
        return None

    async def has(self, n: int) -> list[str]:
        async with asyncio.timeout(20):
            while len(self.worked) < n:
                self.came.clear()
                await self.came.wait()
        return self.worked

    @asynccontextmanager
    async def living(self, *, polls: bool) -> AsyncIterator["Replica"]:
        loops = [asyncio.create_task(self.lanes.carried())]
        if polls:
            loops.append(asyncio.create_task(self.lanes.run()))
        try:
            yield self
        finally:
            for loop in loops:
                loop.cancel()
            for loop in loops:
                with suppress(asyncio.CancelledError):
                    await loop
            await self.lanes.stop()
            await self.carrier.close()


async def test_a_commit_here_is_worked_there_without_any_poll(db: Database, redis: Redis) -> None:
    here = Carrier(redis.url, prefix="t1:")
    db.told = here.kick
    async with Replica(db, redis.url, "b", "t1:").living(polls=False) as there:
        await arrives(db, "陈立", "王佳")
        assert sorted(await there.has(2)) == sorted(["陈立", "王佳"])
        await arrives(db, "陈立")
        assert (await there.has(3))[2] == "陈立"
    await here.close()


async def test_one_lane_is_worked_by_one_however_often_its_key_comes(db: Database, redis: Redis) -> None:
    here = Carrier(redis.url, prefix="t2:")
    db.told = here.kick
    first, second = Replica(db, redis.url, "a", "t2:"), Replica(db, redis.url, "b", "t2:")
    async with first.living(polls=True), second.living(polls=True):
        for _ in range(5):
            here.kick([("inbox", "陈立")] * 10)
        await arrives(db, *(f"客户{n}" for n in range(40)))
        await until(lambda: len(first.worked) + len(second.worked) >= 40, 20)
    assert len({*first.worked, *second.worked}) == 40 == len(first.worked) + len(second.worked)
    await here.close()


async def test_what_redis_forgot_or_never_heard_is_found_by_the_poll(db: Database, tmp_path: object) -> None:
    with Redis(own=True) as own:
        here = Carrier(own.url, prefix="t3:")
        db.told = here.kick
        async with Replica(db, own.url, "b", "t3:").living(polls=True) as there:
            await arrives(db, "先来的")
            await there.has(1)
            await asyncio.to_thread(own.kill)
            await arrives(db, "没有 Redis 的时候")
            assert (await there.has(2))[1] == "没有 Redis 的时候"
            await asyncio.to_thread(own.start)
            await arrives(db, "又有了")
            assert (await there.has(3))[2] == "又有了"
        await here.close()
