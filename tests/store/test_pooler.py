"""Behind a pooler that gives a connection for the length of a transaction (PgBouncer): all goes on as without one, if told."""

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.doctor import _database
from bot.events import Incoming, Message
from store import migrate
from store.db import Database, unusable
from tests.bot.kit import Bench, Recorder, config, echo, running
from tests.pooler import pooled

pytestmark = pytest.mark.parametrize("store", ["postgresql"])
AT = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


async def says(bench: Bench, user: str, n: int) -> None:
    said = Message("wecom", user, f"{user} {n}", AT)
    await bench.engine.intake([Incoming(f"{user}-{n}", f"wecom:{user}", said)])


async def test_two_replicas_behind_it_do_everything_once_and_in_order(migrated_url: str) -> None:
    async with pooled(migrated_url) as (via, pooler):
        dbs = [Database(via, pool=6, direct=migrated_url) for _ in range(2)]
        recorder, settings = Recorder(), config()
        try:
            async with (
                running(dbs[0], [echo()], [recorder], settings) as one,
                running(dbs[1], [echo()], [recorder], settings) as two,
            ):
                await asyncio.gather(
                    *(
                        says(bench, user, n)
                        for n in range(12)
                        for bench, user in ((one, "wanglei"), (two, "liqian"))
                    )
                )
                await one.idle()
                await two.idle()
                for user in ("wanglei", "liqian"):
                    said = [text for text in recorder.texts() if user in text]
                    assert said == [f"re {user} {n}" for n in range(12)]
                assert pooler.swaps > 20
                assert pooler.prepared == set()
                async with dbs[0].read() as tx:
                    assert (await tx.execute(sa.text("SELECT count(*) FROM replica"))).scalar() == 2
        finally:
            for db in dbs:
                await db.close()


async def test_time_outs_hold_in_every_transaction(migrated_url: str) -> None:
    async with pooled(migrated_url) as (via, _):
        db = Database(via, direct=migrated_url)
        try:
            for _ in range(5):
                async with db.write() as tx:
                    assert (await tx.execute(sa.text("SHOW statement_timeout"))).scalar() == "10s"
                async with db.read() as tx:
                    assert (await tx.execute(sa.text("SHOW lock_timeout"))).scalar() != "0"
            assert await db.limited()
        finally:
            await db.close()


async def test_one_that_was_not_told_of_is_said(migrated_url: str) -> None:
    async with pooled(migrated_url) as (via, _):
        db = Database(via)
        with pytest.raises(DBAPIError) as caught:
            await db.limited()
        await db.close()
        assert "store.direct" in unusable(caught.value)
        found = await _database(config(store={"database": via}))
        assert (found.state, "store.direct" in found.text) == ("fail", True)
        found = await _database(config(store={"database": via, "direct": migrated_url}))
        assert found.state == "ok", found


async def test_one_that_keeps_our_settings_to_itself_is_found_out(migrated_url: str) -> None:
    async with pooled(migrated_url, keeps_settings_to_itself=True) as (via, _):
        db = Database(via)
        assert not await db.limited()
        await db.close()
        found = await _database(config(store={"database": via}))
        assert (found.state, "store.direct" in found.text) == ("fail", True)


async def test_the_schema_is_asked_of_the_server_itself(migrated_url: str) -> None:
    async with pooled(migrated_url) as (via, _):
        db = Database(via, direct=migrated_url)
        try:
            assert await migrate.version(db) == migrate.head()
            assert await migrate.differences(db) == []
        finally:
            await db.close()
