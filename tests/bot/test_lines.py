"""A replica whose line to the database or to Redis is cut, half or whole: fenced, nothing twice, back by itself."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from bot import engine as engines
from bot.bells import Bells
from bot.clock import Clock
from bot.engine import Engine
from bot.events import Message
from bot.quota import Quota
from bot.router import Router
from bot.turn import Turn
from store import postgres, replicas
from store import redis as shared_redis
from store.db import Database, passing, ping
from store.redis import RedisShared
from store.tables import lane
from tests.bot.kit import Recorder, config
from tests.bot.test_replicas import message, replica, settled
from tests.lines import line_to
from tests.servers import Postgres, Redis

BACK = 20.0  # seconds on a busy machine; the waits alone are a tenth of it


@pytest.fixture
def url(postgres: Postgres, postgres_template: str, request: pytest.FixtureRequest) -> str:
    name = f"lines_{abs(hash(request.node.nodeid)) % 10**8}"
    postgres.create(name, postgres_template)
    return postgres.url(name)


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis of this test alone: what people got here in a minute is nothing to the next test."""
    with Redis(own=True) as server:
        yield server


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """All waits a tenth of what they are."""
    monkeypatch.setattr(postgres, "ANSWER", 1.2)
    monkeypatch.setattr(postgres, "CONNECT", 1.0)
    monkeypatch.setattr(postgres, "UNDONE", 0.2)
    monkeypatch.setitem(postgres.SETTINGS, "idle_in_transaction_session_timeout", "3000")
    monkeypatch.setattr(engines, "BEAT", 0.3)
    monkeypatch.setitem(replicas.beat.__kwdefaults__, "silent_ms", 1000)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(BACK):
        while not holds():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.02)


async def answers(db: Database) -> None:
    """Returns when the database can be written to; until then every error says that it may pass."""
    async with asyncio.timeout(BACK):
        while True:
            try:
                await ping(db)
                return
            except Exception as error:
                if not passing(error):
                    raise
                await asyncio.sleep(0.05)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("how", ["frozen", "lost"])
async def test_a_replica_cut_off_in_the_middle_of_an_event_is_fenced(
    url: str, redis: Redis, how: str
) -> None:
    """It has handled an event and cannot commit. The other takes the lane over; when the line is whole again the first
    changes nothing and works on: also when its old connections never say another word."""
    handled, go_on = asyncio.Event(), asyncio.Event()
    router = Router("slow")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        await turn.answer(f"re {message.text}")
        if message.text == "0":
            handled.set()
            await go_on.wait()

    recorder, shared, bells = Recorder(), RedisShared(redis.url), Bells()
    async with line_to(url) as line:
        db, settings = Database(line.through(url), pool=4), config()
        cut = Engine(db, settings, Clock(), [router], [recorder], shared, Quota(db, settings.app.zone), bells)
        await cut.start()
        try:
            await cut.intake([message("wanglei", 0)])
            await asyncio.wait_for(handled.wait(), BACK)
            line.freeze() if how == "frozen" else line.lose()
            go_on.set()
            async with replica(url, redis.url, recorder) as other:
                await until(lambda: bool(recorder.sent))
                await other.intake([message("wanglei", 1)])
                await until(lambda: len(recorder.sent) == 2)
                line.thaw()
                begun = time.monotonic()
                await answers(db)
                assert time.monotonic() - begun < BACK
                await settled(other)
                await other._beat()
                before = other.took_over
                await cut.intake([message("liqian", n) for n in range(5)])
                await settled(other)
                await cut._beat()
                await other._beat()
                assert other.took_over == before, "it shows again that it lives"
                async with other.db.read() as tx:
                    assert await replicas.living(tx) == 2
                    held = sa.select(sa.func.count()).where(sa.or_(lane.c.pending != 0, lane.c.owner != ""))
                    assert (await tx.execute(held)).scalar_one() == 0
            assert [one.text for one in recorder.sent if one.user == "wanglei"] == ["re 0", "re 1"]
            assert [one.text for one in recorder.sent if one.user == "liqian"] == [
                f"re {n}" for n in range(5)
            ]
        finally:
            go_on.set()
            await cut.stop()
            await shared.close()
            await db.close()


@pytest.mark.usefixtures("hasty")
async def test_a_health_check_ends_though_the_database_says_nothing(url: str) -> None:
    """Whoever stops waiting for a statement does not wait for its end instead."""
    async with line_to(url) as line:
        db = Database(line.through(url), pool=2)
        try:
            await ping(db)
            line.freeze()
            begun = time.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await ping(db)
            assert time.monotonic() - begun < BACK / 2
            line.thaw()
            await answers(db)
        finally:
            await db.close()


async def test_redis_behind_a_dead_line_costs_speed_only(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One asks whether it is back, the others do not wait; a ring is heard again though the old connection looks open."""
    monkeypatch.setattr(shared_redis, "QUIET", 0.5)
    heard: list[str] = []
    async with line_to(redis.url) as line:
        cut, other = (
            RedisShared(line.through(redis.url), prefix="line:"),
            RedisShared(redis.url, prefix="line:"),
        )
        try:
            cut.listen(heard.append)
            await until(lambda: bool(other.ring("first") or "first" in heard))
            line.lose()
            await until(lambda: bool(other.ring("again") or "again" in heard))
            assert await cut.alive()
            line.freeze()
            assert await cut.take("b", 1.0, 5.0) == 0.0  # after 2 s it goes on alone
            cut._retry_at = 0.0  # time to ask again
            first = asyncio.create_task(cut.take("b", 1.0, 5.0))
            await asyncio.sleep(0)
            for _ in range(3):
                await cut.take("b", 1.0, 5.0)
            assert not first.done(), "the others waited"
            await first
        finally:
            line.thaw()
            await cut.close()
            await other.close()
