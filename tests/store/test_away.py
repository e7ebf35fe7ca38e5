"""What a database says when it cannot be used: that it may pass, one line for whoever starts the bot, nothing left behind."""

import asyncio
import gc
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg  # type: ignore[import-untyped,unused-ignore]
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.events import Incoming, Message, encode
from store import inbox, postgres, settings
from store.db import INTAKE, SENT, Database, passing, ping, unusable
from tests.lines import line_to
from tests.servers import Postgres

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def url(postgres: Postgres, postgres_template: str, request: pytest.FixtureRequest) -> str:
    name = f"away_{abs(hash(request.node.nodeid)) % 10**8}"
    postgres.create(name, postgres_template)
    return postgres.url(name)


async def said(db: Database) -> str:
    """What is wrong with it; "" when it can be written to."""
    try:
        async with db.write() as tx:
            await settings.put(tx, "away", "1", "test", AT)
    except Exception as error:
        if not passing(error):
            raise
        return unusable(error)
    return ""


def rescued(path: Path, to: Path) -> None:
    """What docs/operations.md says to do: the open files are copied out of the process."""
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            name = os.readlink(handle).removesuffix(" (deleted)")
            for end in ("", "-wal"):
                if name == f"{path}{end}":
                    shutil.copy(handle, f"{to}{end}")


async def both(db: Database) -> None:
    """Uses two connections at once."""
    async with db.read() as one, db.read() as two:
        for tx in (one, two):
            await tx.execute(sa.text("SELECT 1"))


def removed(path: Path) -> None:
    """The file, its log and what else lies beside it."""
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


async def test_what_comes_in_keeps_its_connection(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is given back to a full server is never had again: others take it."""
    soon = partial(asyncpg.create_pool, max_inactive_connection_lifetime=0.05)
    monkeypatch.setattr(asyncpg, "create_pool", soon)
    admin, name = await asyncpg.connect(url.rpartition("/")[0] + "/postgres"), url.rpartition("/")[2]
    db = Database(url)
    try:
        await ping(db, INTAKE)
        (mine,) = await _pids(admin, name)
        await ping(db)
        async with asyncio.timeout(20):
            while mine not in (there := await _pids(admin, name)) or len(there) > 1:
                assert there, "the server has all of them back"
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        await ping(db, INTAKE)
        assert await _pids(admin, name) == [mine]
    finally:
        await db.close()
        await admin.close()


async def _pids(admin: asyncpg.Connection, name: str) -> list[int]:
    """The connections that somebody has to this database."""
    found = await admin.fetch("SELECT pid FROM pg_stat_activity WHERE datname = $1 ORDER BY pid", name)
    return [one["pid"] for one in found]


async def test_what_is_committed_is_on_the_disk_whatever_others_want(url: str) -> None:
    """An admin made commits quick for all who use the server: what is acknowledged to a platform must not be among them."""
    admin, name = await asyncpg.connect(url.rpartition("/")[0] + "/postgres"), url.rpartition("/")[2]
    await admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    db, said = Database(url), []
    try:
        for way in (db.write(), db.write(INTAKE), db.write(SENT), db.write(durable=False)):
            async with way as tx:
                said.append((await tx.execute(sa.text("SHOW synchronous_commit"))).scalar_one())
        assert said == ["on", "on", "on", "off"]
        async with db.write() as tx:  # and a connection that was lent before
            assert (await tx.execute(sa.text("SHOW synchronous_commit"))).scalar_one() == "on"
        off = {
            row["name"]
            for row in await admin.fetch(
                "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'"
            )
        }
        assert set(await db.loses()) == off
    finally:
        await db.close()
        await admin.close()


async def test_a_server_that_only_reads_is_left_for_another(url: str) -> None:
    """After a failover the old connections lead to what is a replica by now; the address leads to the new server."""
    db, name = Database(url, pool=2), url.rpartition("/")[2]
    admin = await asyncpg.connect(url)
    try:
        assert await said(db) == ""
        await admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
            name,
        )
        async with asyncio.timeout(30):
            while "只读" not in await said(db):  # noqa: ASYNC110 - the connections that were ended say so first
                await asyncio.sleep(0.01)
        await admin.execute("SET default_transaction_read_only = off")
        await admin.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        assert await said(db) == "", "its connections of before are not used again"
    finally:
        await admin.close()
        await db.close()


async def test_what_was_committed_without_an_answer_is_stored_once(url: str) -> None:
    """The line is cut between COMMIT and its answer: whoever comes again finds it there."""
    event = Incoming("wecom:msg:1", "wecom:wanglei", Message("wecom", "wanglei", "在吗", AT))
    async with line_to(url) as line:
        db = Database(line.through(url), pool=2)
        try:
            await ping(db)
            line.unanswered = b"COMMIT\0"
            with pytest.raises(Exception) as caught:  # noqa: PT011 - which of the driver's is not the point
                async with db.write(INTAKE) as tx:
                    assert await inbox.take(tx, [event], AT, encode=encode) == 1
            assert passing(caught.value)
            line.unanswered = b""
            async with db.write(INTAKE) as tx:
                assert await inbox.take(tx, [event], AT, encode=encode) == 0
        finally:
            await db.close()


async def test_a_connection_that_forgot_what_was_prepared_is_replaced(url: str) -> None:
    """A pooler between, or somebody's DISCARD ALL: it costs one try, not every later one."""
    db = Database(url, pool=1)
    try:
        for _ in range(2):
            assert await said(db) == ""
            async with db.write() as tx:
                await tx.execute(sa.text("DEALLOCATE ALL"))
            with pytest.raises(DBAPIError) as caught:
                async with db.write() as tx:
                    await settings.put(tx, "away", "2", "test", AT)
            assert passing(caught.value)
            assert await said(db) == ""
    finally:
        await db.close()


async def test_a_connection_on_which_the_driver_lost_its_place_is_given_up(url: str) -> None:
    """As a server that ends every connection every two seconds brings it about."""
    connection = await asyncpg.connect(url)
    said = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert passing(postgres._wrapped(said, "SELECT 1", connection))
    assert connection.is_closed()


async def test_no_connection_is_left_behind_a_line_that_was_cut(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that expired say goodbye to nobody, and end with the rest."""
    monkeypatch.setattr(postgres, "ANSWER", 0.5)
    monkeypatch.setattr(postgres, "CONNECT", 30.0)  # so patient would the goodbye be
    async with line_to(url) as line:
        db = Database(line.through(url), pool=2)
        await both(db)
        line.lose()
        with pytest.raises(ConnectionError):
            await ping(db)
        await both(db)  # on new ones: the other of the two is sent away meanwhile
        await db.close()
        made = [one for one in gc.get_objects() if type(one) is postgres._Connection]
        assert [one for one in made if one._loop is asyncio.get_running_loop() and not one.is_closed()] == []
    with pytest.raises(ConnectionError, match="closed"):
        await ping(db)


async def test_a_server_without_the_database_says_so(postgres: Postgres) -> None:
    db = Database(postgres.url("nowhere"), pool=1)
    try:
        assert "没有这个库" in await said(db)
    finally:
        await db.close()


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda path: path.mkdir(), "打不开 SQLite 文件"),
        (lambda path: path.write_bytes(b"no database, but longer than its head " * 30), "不是 SQLite 数据库"),
    ],
    ids=["a directory", "another file"],
)
async def test_a_file_that_is_no_database_says_so(
    tmp_path: Path, made: Callable[[Path], object], why: str
) -> None:
    made(tmp_path / "genjin.db")
    db = Database(f"sqlite:///{tmp_path}/genjin.db")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which of the driver's is not the point
        await ping(db)
    assert why in unusable(caught.value)
    await db.close()


@pytest.mark.skipif(sys.platform != "linux", reason="open files are found in /proc")
async def test_a_log_that_somebody_removed_keeps_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    """`rm -rf var` under the running bot: from then on nothing is said to be stored."""
    path = tmp_path / "genjin.db"
    shutil.copy(sqlite_template, path)
    db = Database(f"sqlite:///{path}")
    try:
        assert await said(db) == ""
        removed(path)
        for _ in range(3):
            assert "删掉了" in await said(db)
        rescued(path, tmp_path / "rescued.db")
    finally:
        await db.close()
    again = Database(f"sqlite:///{tmp_path}/rescued.db")
    async with again.read() as tx:
        assert await settings.get(tx, "away") == "1", "what was stored is in what the process has open"
    await again.close()


@pytest.mark.parametrize("what", ["genjin.db", "genjin.db-wal", "."])
async def test_a_file_that_was_moved_is_written_to_again_when_it_is_back(
    sqlite_template: Path, tmp_path: Path, what: str
) -> None:
    """`mv` under the running bot: nothing is said to be stored where the next start would not look, and what stands in its
    place meanwhile is not taken for it."""
    room = tmp_path / "var"
    room.mkdir()
    shutil.copy(sqlite_template, room / "genjin.db")
    db, moved, away = Database(f"sqlite:///{room}/genjin.db"), room / what, tmp_path / "away"
    try:
        assert await said(db) == ""
        moved.rename(away)
        room.mkdir(exist_ok=True)
        for _ in range(3):
            assert "移走" in await said(db)
        with suppress(OSError):
            await both(db)
        if moved.exists():
            moved.rmdir()
        away.rename(moved)
        assert await said(db) == ""
        await both(db)
    finally:
        await db.close()
    again = Database(f"sqlite:///{room}/genjin.db")
    async with again.read() as tx:
        assert await settings.get(tx, "away") == "1"
    await again.close()


async def test_another_program_with_the_file_does_not_stop_the_loop(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """Somebody has it open in sqlite3 and writes: what is to be stored waits, all else goes on meanwhile."""
    path = tmp_path / "genjin.db"
    shutil.copy(sqlite_template, path)
    db, other = Database(f"sqlite:///{path}"), sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        storing = asyncio.create_task(said(db))
        for _ in range(5):
            await asyncio.sleep(0.05)
            async with db.read() as tx:
                assert await settings.get(tx, "away") is None
        assert not storing.done()
        other.execute("ROLLBACK")  # never reached by a loop that stands still until SQLite gives up
        assert await storing == ""
    finally:
        other.close()
        await db.close()
