"""Two replicas on one PostgreSQL and Redis: everything once, in order, and Redis may go away at any time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from bot.bells import Bells
from bot.clock import Clock
from bot.engine import Engine
from bot.events import Fact, Incoming, Message
from bot.quota import Quota
from bot.router import Router
from bot.turn import Turn
from store.db import Database
from store.redis import RedisShared
from store.tables import lane
from tests.bot.kit import Recorder, config, echo
from tests.servers import Postgres, Redis

AT = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


@asynccontextmanager
async def replica(url: str, redis: str, recorder: Recorder) -> AsyncIterator[Engine]:
    db = Database(url, pool=6)
    shared = RedisShared(redis)
    bells = Bells()
    shared.listen(bells.ring_here)
    bells.reach_others(shared.ring)
    settings = config()
    engine = Engine(db, settings, Clock(), [echo()], [recorder], shared, Quota(db, settings.app.zone), bells)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()
        await shared.close()
        await db.close()


def message(user: str, n: int) -> Incoming:
    return Incoming(f"{user}-{n}", f"wecom:{user}", Message("wecom", user, f"{n}", AT))


async def settled(engine: Engine) -> None:
    calm = 0
    for _ in range(3000):
        calm = calm + 1 if await engine.idle() else 0
        if calm > 3:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the queues did not empty")


@pytest.fixture
def url(postgres: Postgres, postgres_template: str, request: pytest.FixtureRequest) -> str:
    name = f"replicas_{abs(hash(request.node.nodeid)) % 10**8}"
    postgres.create(name, postgres_template)
    return postgres.url(name)


async def test_two_replicas_answer_each_message_once_and_in_order(url: str, redis: Redis) -> None:
    recorder = Recorder()
    async with replica(url, redis.url, recorder) as one, replica(url, redis.url, recorder) as two:
        for n in range(8):
            for engine, user in ((one, "wanglei"), (two, "liqian")):
                # each delivery may come to either replica, and some come to both
                await engine.intake([message(user, n)])
                if n % 3 == 0:
                    await (two if engine is one else one).intake([message(user, n)])
        await settled(one)
        for user in ("wanglei", "liqian"):
            assert [out.text for out in recorder.sent if out.user == user] == [f"re {n}" for n in range(8)]


async def test_redis_may_vanish_in_the_middle(url: str) -> None:
    recorder = Recorder()
    server = Redis(own=True)
    server.start()
    try:
        async with replica(url, server.url, recorder) as one, replica(url, server.url, recorder) as two:
            await one.intake([message("wanglei", 0)])
            await settled(one)
            server.kill()
            await two.intake([message("wanglei", 1)])
            await one.intake([message("liqian", 1)])
            await settled(one)
            server.restart()
            await two.intake([message("wanglei", 2)])
            await settled(two)
        assert [out.text for out in recorder.sent if out.user == "wanglei"] == ["re 0", "re 1", "re 2"]
        assert [out.text for out in recorder.sent if out.user == "liqian"] == ["re 1"]
    finally:
        server.close()


async def test_the_lanes_of_a_dead_replica_are_taken_over(url: str, redis: Redis) -> None:
    stuck = asyncio.Event()
    router = Router("stuck")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        stuck.set()
        await asyncio.sleep(3600)

    db = Database(url, pool=4)
    shared = RedisShared(redis.url)
    settings = config()
    first = Engine(db, settings, Clock(), [router], [Recorder()], shared, Quota(db, settings.app.zone))
    await first.start()
    await first.intake([message("wanglei", 1)])
    await asyncio.wait_for(stuck.wait(), 5)
    await first._mailboxes.stop()
    for task in [*first._tasks, *first._inbox._tasks]:  # it dies with the lane in its hands
        task.cancel()
    await asyncio.gather(*first._tasks, *first._inbox._tasks, return_exceptions=True)
    await shared.close()
    await db.close()
    recorder = Recorder()
    async with replica(
        url, redis.url, recorder
    ) as second:  # its connection is gone: nobody waits for a time-out
        assert second.took_over == 1
        await settled(second)
        assert recorder.texts() == ["re 1"]


async def test_nobody_takes_the_lanes_of_a_living_replica(url: str, redis: Redis) -> None:
    recorder = Recorder()
    async with replica(url, redis.url, recorder) as one:
        async with one.db.write() as tx:
            await tx.execute(sa.insert(lane).values(q="inbox", key="x", pending=1, due=2**45, owner=one.me))
        async with replica(url, redis.url, recorder) as two:
            assert two.took_over == 0
            await two._beat()
            async with two.db.read() as tx:
                held = await tx.execute(sa.select(lane.c.owner).where(lane.c.key == "x"))
                assert held.scalar_one() == one.me


async def test_intake_and_a_starting_replica_wait_for_no_handling_transaction(
    url: str, redis: Redis, request: pytest.FixtureRequest
) -> None:
    """A handler that takes its time holds the rows it wrote and all connections of the pool: what comes in meanwhile, for
    the same person too, is stored and acknowledged, and another replica starts."""
    writes, go_on = asyncio.Event(), asyncio.Event()
    router = Router("slow")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        await turn.answer(f"re {message.text}")
        await turn.record("said", f"wecom:{message.user}")
        if message.text == "0" and not go_on.is_set():
            writes.set()
            await go_on.wait()

    @router.fact("said")
    async def heard(turn: Turn, fact: Fact) -> None:
        pass

    recorder, shared = Recorder(), RedisShared(redis.url)
    db, settings = Database(url, pool=1), config()
    first = Engine(db, settings, Clock(), [router], [recorder], shared, Quota(db, settings.app.zone))
    await first.start()
    try:
        await first.intake([message("wanglei", 0)])
        await asyncio.wait_for(writes.wait(), 10)
        for n in range(1, 4):
            # a wait at a lock would give up after LOCK_TIMEOUT, with an error
            await first.intake([message("wanglei", n), message("liqian", n)])
        async with replica(url, redis.url, recorder) as second:
            await second.intake([message("wanglei", 4)])
            assert not go_on.is_set(), "nothing waited for the handler"
            go_on.set()
            await settled(second)
        for user, numbers in (("wanglei", range(5)), ("liqian", range(1, 4))):
            assert [out.text for out in recorder.sent if out.user == user] == [f"re {n}" for n in numbers]
        async with first.db.read() as tx:
            assert (await tx.execute(sa.select(sa.func.sum(lane.c.pending)))).scalar() == 0
    finally:
        go_on.set()
        await first.stop()
        await shared.close()
        await db.close()


async def test_who_stood_still_sends_nothing_that_others_have_gone_on_from(
    postgres: Postgres, postgres_template: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had the lane and the row in hand; by the time it goes on, another has the lane."""
    monkeypatch.setattr("bot.outbox.SURE_MS", 0)  # as if it had stood still for longer
    url = postgres.create("stood_still", postgres_template)
    recorder, begun, go_on = Recorder(), asyncio.Event(), asyncio.Event()
    async with replica(url, redis.url, recorder) as engine:

        async def stands_still(*_: object) -> float:
            begun.set()
            await go_on.wait()
            return 0.0

        monkeypatch.setattr(engine._sender, "_person", stands_still)
        await engine.intake([message("wanglei", 1)])
        await begun.wait()
        async with engine.db.write() as tx:
            other = {"owner": "another", "epoch": lane.c.epoch + 1, "due": lane.c.due + 600_000}
            await tx.execute(sa.update(lane).where(lane.c.q == "outbox").values(other))
        go_on.set()
        async with asyncio.timeout(30):
            while engine._outbox.working:  # noqa: ASYNC110 - nothing rings when nothing was done
                await asyncio.sleep(0.01)
        assert recorder.sent == []
