"""The database server's clock is set ahead and back under replicas that live: whose is whose stays so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.bells import Bells
from bot.clock import Clock
from bot.engine import Engine
from bot.quota import Quota
from bot.sole import LEASE_MS, Sole
from store import lanes, sole
from store.cache import LocalShared
from store.db import Database
from store.tables import lane
from tests.bot.kit import Recorder, config
from tests.servers import Postgres

FAKED = """
CREATE SCHEMA faked;
CREATE TABLE faked.jump (by interval NOT NULL);
INSERT INTO faked.jump VALUES ('0');
CREATE FUNCTION faked.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
AS 'SELECT pg_catalog.clock_timestamp() + by FROM faked.jump';
"""
JUMPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1)]


@pytest.fixture
async def url(postgres: Postgres, postgres_template: str, request: pytest.FixtureRequest) -> str:
    """A database whose server's clock can be set: before its own function comes ours."""
    name = f"clock_{abs(hash(request.node.nodeid)) % 10**8}"
    postgres.create(name, postgres_template)
    db = Database(postgres.url(name))

    def fake(connection: sa.Connection) -> None:
        for statement in FAKED.strip().split(";\n"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET search_path = faked, pg_catalog, public')

    await db.schema(fake)
    await db.close()
    return postgres.url(name)


async def jump(db: Database, by: timedelta) -> None:
    async with db.write() as tx:
        await tx.execute(
            sa.text("UPDATE faked.jump SET by = :by").bindparams(sa.bindparam("by", type_=sa.Interval)),
            {"by": by},
        )
    async with db.read() as tx:
        off = await tx.execute(sa.text("SELECT clock_timestamp() - pg_catalog.clock_timestamp()"))
        assert abs(off.scalar_one() - by) < timedelta(seconds=5), "the clock is not set"


@asynccontextmanager
async def replica(url: str) -> AsyncIterator[Engine]:
    db, settings = Database(url, pool=4), config()
    engine = Engine(db, settings, Clock(), [], [], LocalShared(), Quota(db, settings.app.zone))
    await engine.open()  # it beats when it is told to: nothing runs by itself
    try:
        yield engine
    finally:
        await died(engine)


async def died(engine: Engine) -> None:
    """As kill -9 leaves it: its connections are gone, its leases and its last sign of life stand."""
    for task in engine._tasks:
        task.cancel()
    await asyncio.gather(*engine._tasks, return_exceptions=True)
    await engine.db.close()


async def owner(db: Database) -> str | None:
    async with db.read() as tx:
        found: str | None = (await tx.execute(sa.select(lane.c.owner).where(lane.c.key == "x"))).scalar_one()
        return found


@pytest.mark.parametrize("by", JUMPS, ids=str)
async def test_leases_stay_with_the_living_and_come_free_of_the_dead(url: str, by: timedelta) -> None:
    async with replica(url) as one, replica(url) as two:
        async with one.db.write() as tx:
            await tx.execute(sa.insert(lane).values(q="outbox", key="x", pending=1, due=0, epoch=0))
            assert await lanes.claim(tx, "outbox", one.me, one.clock.ms(), n=1, lease_ms=30_000)
        await jump(one.db, by)
        for who in (one, two, one):
            await who._beat()
            assert who.took_over == 0
        async with replica(url) as late:
            for who in (two, late):
                async with who.db.write() as tx:
                    assert not await lanes.claim(tx, "outbox", who.me, who.clock.ms(), n=1, lease_ms=30_000)
            await late._beat()
            assert abs(late.clock.ms() - one.clock.ms()) < 4000 + LEASE_MS
        assert await owner(one.db) == one.me
        await died(one)
        begun = asyncio.get_running_loop().time()
        while await owner(two.db) is not None:  # the server may not have missed it yet
            await two._beat()
            await asyncio.sleep(0.1)
            assert asyncio.get_running_loop().time() - begun < 60


@pytest.mark.parametrize("by", JUMPS, ids=str)
async def test_the_one_connection_stays_where_it_is_and_is_taken_over_when_its_holder_dies(
    url: str, by: timedelta
) -> None:
    db = Database(url, pool=4)
    first, second = (Sole(Recorder(), db, Bells(), Clock().ms) for _ in range(2))
    try:
        await first._turn(nobody)
        await second._turn(nobody)
        await jump(db, by)
        for _ in range(3):
            await second._turn(nobody)
            await first._turn(nobody)
        assert (first.holding, second.holding) == (True, False)
        begun = asyncio.get_running_loop().time()
        while not second.holding:  # the first one is dead: it renews nothing
            await second._turn(nobody)
            await asyncio.sleep(0.1)
            assert asyncio.get_running_loop().time() - begun < 60
        async with db.read() as tx:
            assert (await sole.held(tx, first.name, Clock().ms())).owner == second._me
    finally:
        await db.close()


async def nobody(_events: object) -> None:
    raise AssertionError("nothing comes in here")
