"""The migrations make exactly store/tables.py, on both databases, up and down and up again."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg  # type: ignore[import-untyped,unused-ignore]
import pytest
import sqlalchemy as sa
from alembic import command

from store import migrate, postgres, sessions
from store.db import Database
from store.tables import meta
from tests.servers import Postgres


async def test_migrations_equal_tables(database_url: str) -> None:
    db = Database(database_url)
    try:
        assert await migrate.migrate(db) == ("", migrate.head())
        assert await migrate.differences(db) == []
        assert await migrate.migrate(db) == (migrate.head(), migrate.head())
        await db.schema(lambda c: command.downgrade(migrate._config(c), "base"))
        assert await migrate.version(db) == ""
        await migrate.migrate(db)
        assert await migrate.differences(db) == []
    finally:
        await db.close()


async def test_identities_move_from_columns_to_rows(database_url: str) -> None:
    """Who left gives an id up to who is here; an upgrade and a downgrade keep everybody's ids."""
    db = Database(database_url)
    people = [("anna", "anna", "d1", False), ("bert", "", "D2", False), ("abel", "anna", "d3", True)]
    try:
        await db.schema(lambda c: command.upgrade(migrate._config(c), "0001"))
        async with db.write() as tx:
            for id, wecom, dingtalk, gone in people:
                await tx.execute(
                    sa.text(
                        "INSERT INTO member (id, name, roles, regions, tags, wecom, dingtalk, gone)"
                        " VALUES (:id, :id, '[]', '[]', '[]', :wecom, :dingtalk, :gone)"
                    ),
                    {"id": id, "wecom": wecom, "dingtalk": dingtalk, "gone": gone},
                )
        await db.schema(lambda c: command.upgrade(migrate._config(c), "0002"))
        async with db.read() as tx:
            rows = await tx.execute(sa.text("SELECT platform, user_id, member FROM identity"))
        assert {tuple(row) for row in rows} == {
            ("wecom", "anna", "anna"), ("dingtalk", "d1", "anna"), ("dingtalk", "D2", "bert"), ("dingtalk", "d3", "abel"),
        }  # fmt: skip
        await db.schema(lambda c: command.downgrade(migrate._config(c), "0001"))
        async with db.read() as tx:
            rows = await tx.execute(sa.text("SELECT id, wecom, dingtalk FROM member"))
        assert {tuple(row) for row in rows} == {
            ("anna", "anna", "d1"),
            ("bert", "", "D2"),
            ("abel", "", "d3"),
        }
    finally:
        await db.close()


async def test_ids_begin_at_a_number_that_looks_like_one(db: Database) -> None:
    async with db.write() as tx:
        made = await tx.execute(
            sa.insert(meta.tables["customer"])
            .values(name="x", created_at=NOW)
            .returning(meta.tables["customer"].c.id)
        )
        assert made.scalar_one() == 301


async def test_a_newer_schema_is_refused(db: Database) -> None:
    async with db.write() as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.Newer, match="9999"):
        await migrate.check(db)


async def test_backup_restores_into_either_database(db: Database, tmp_path: Path) -> None:
    tables = meta.tables
    async with db.write() as tx:
        made = (
            await tx.execute(
                sa.insert(tables["customer"])
                .values(name="恒力", created_at=NOW)
                .returning(tables["customer"].c.id)
            )
        ).scalar_one()
        await tx.execute(sa.insert(tables["lead"]).values(customer=made, owner="wanglei", created_at=NOW))
    counts = await migrate.backup(db, tmp_path / "b.zip")
    assert counts["customer"] == counts["lead"] == 1
    other = Database(f"sqlite:///{tmp_path}/other.db")
    try:
        assert (await migrate.restore(other, tmp_path / "b.zip"))["lead"] == 1
        async with other.read() as tx:
            row = (await tx.execute(sa.select(tables["lead"]))).one()
        assert (row.owner, row.created_at) == ("wanglei", NOW)
        with pytest.raises(migrate.NotABackup, match="不是空的"):
            await migrate.restore(other, tmp_path / "b.zip")
    finally:
        await other.close()


async def test_whatever_breaks_a_line_comes_back_as_it_was(db: Database, tmp_path: Path) -> None:
    """A customer's words may hold signs that end a line for some and are letters for others: no backup is spoilt by them."""
    said = "第一行\n第二行\u2028第三行\u2029\u0085\x0b\x0c\x1c\x1d\x1e\r\n完"
    async with db.write() as tx:
        await tx.execute(sa.insert(meta.tables["customer"]).values(name=said, created_at=NOW))
    await migrate.backup(db, tmp_path / "b.zip")
    other = Database(f"sqlite:///{tmp_path}/other.db")
    try:
        await migrate.restore(other, tmp_path / "b.zip")
        async with other.read() as tx:
            assert (await tx.execute(sa.select(meta.tables["customer"].c.name))).scalar_one() == said
    finally:
        await other.close()


async def test_nobody_is_logged_in_after_a_restore(db: Database, tmp_path: Path) -> None:
    """Who logged out, left, or used a link up since the backup was made is not let in again by what came back."""
    async with db.write() as tx:
        await sessions.offer(tx, "link", "wanglei", "/board", NOW, NOW + timedelta(days=1))
        await sessions.start(tx, "session", "wanglei", NOW, NOW + timedelta(days=1))
    await migrate.backup(db, tmp_path / "b.zip")
    other = Database(f"sqlite:///{tmp_path}/other.db")
    try:
        await migrate.restore(other, tmp_path / "b.zip")
        async with other.read() as tx:
            assert await sessions.find(tx, "link") is None
            assert await sessions.member_of(tx, "session", NOW) == ""
    finally:
        await other.close()


async def test_a_foreign_file_is_no_backup(db: Database, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("hello")
    with pytest.raises(migrate.NotABackup, match="不是 genjin 的备份"):
        await migrate.restore(db, tmp_path / "x.zip")


NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


async def test_a_migration_takes_its_time_and_the_next_process_waits_for_it(
    postgres_template: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits that keep events short are none for a large table, nor for a replica that starts beside it."""
    server: Postgres = request.getfixturevalue("postgres")
    db = Database(server.create("long_migration", postgres_template), pool=2)
    last = migrate.head()
    other = await asyncpg.connect(server.url("long_migration"))
    try:
        await db.schema(lambda c: command.downgrade(migrate._config(c), "-1"))
        await other.execute("SELECT pg_advisory_lock(7230918)")
        await migrate.version(db)  # what is asked first is asked on a connection of before
        monkeypatch.setitem(postgres.SETTINGS, "statement_timeout", "300")
        monkeypatch.setitem(postgres.SETTINGS, "lock_timeout", "300")
        second = Database(server.url("long_migration"), pool=2)
        migrating = asyncio.create_task(migrate.migrate(db))
        waits = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7230918 AND NOT granted"
        )
        async with asyncio.timeout(60):
            while not migrating.done() and not await other.fetchval(waits):  # noqa: ASYNC110 - the server rings no bell
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.6)  # longer than either limit
        await other.execute("SELECT pg_advisory_unlock(7230918)")
        assert (await migrating)[1] == last
        assert await second.schema(lambda c: c.execute(sa.text("SELECT pg_sleep(0.6), 1")).one()[1]) == 1
        await second.close()
    finally:
        await other.close()
        await db.close()
        server.drop("long_migration")
