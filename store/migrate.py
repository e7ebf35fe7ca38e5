"""Schema and data: migrate up, tell the version, back up and restore."""

import asyncio
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from store import keyring, private
from store.db import Database
from store.failpoints import At, reach
from store.tables import UtcDateTime, login, meta, session

log = structlog.get_logger("migrate")

HERE = Path(__file__).parent / "migrations"


class Newer(Exception):
    """The database has a newer schema than this version of genjin knows."""


class Older(Exception):
    """The database must be migrated before it can be used."""


# Alembic is loaded where something migrates; a start only compares two revisions.
def _config(connection: sa.Connection | None = None) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


_IS = re.compile(r"""^(down_)?revision(?:: [^=]+)? = (?:["'](\w+)["']|None)""", re.MULTILINE)


@cache
def _revisions() -> dict[str, str]:
    """revision → the one before it ("" for the first), as the files say."""
    found: dict[str, str] = {}
    for file in (HERE / "versions").glob("*.py"):
        said = {down: name for down, name in _IS.findall(file.read_text("utf-8"))}
        found[said[""]] = said.get("down_", "")
    return found


def head() -> str:
    """The newest revision that this version knows."""
    known = _revisions()
    return next((one for one in known if one not in known.values()), "")


_VERSION = sa.text("SELECT version_num FROM alembic_version")


async def version(db: Database) -> str:
    """The database's revision, "" when it is empty."""
    async with db.read() as tx:
        exists = sa.text(
            "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
            if db.sqlite
            else "SELECT tablename FROM pg_tables WHERE tablename = 'alembic_version' AND schemaname = current_schema()"
        )
        if (await tx.execute(exists)).first() is None:
            return ""
        return str((await tx.execute(_VERSION)).scalar() or "")


async def migrate(db: Database) -> tuple[str, str]:
    """Brings the schema up to date; several processes may try at once. Returns (before, after). Raises Newer."""
    before = await version(db)
    _not_newer(before)
    # the latter: an old version that starts again during a rolling upgrade
    if before == head() or expanded(before):
        return before, before

    from alembic import command

    def up(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL lock_timeout TO 0"))  # as long as the other one migrates
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7230918)"))
            connection.execute(sa.text("SET LOCAL lock_timeout TO DEFAULT"))
        command.upgrade(_config(connection), "head")
        reach(At.MIGRATE_DONE)

    await db.schema(up)
    return before, head()


async def check(db: Database) -> None:
    """Raises Older or Newer unless this version can work on the schema: its own, or a newer one that only has more."""
    found = await version(db)
    _not_newer(found)
    if expanded(found):
        log.warning("schema is newer, and only has more", schema=found, ours=head())
    elif found != head():
        raise Older(
            "数据库结构不是最新的，先备份，再运行 python main.py migrate（SQLite 会自动留一份副本）。"
        )


def number(revision: str) -> str:
    """ "0021" of "0021_0019" and of "0021"."""
    return revision.partition("_")[0]


def floor(revision: str) -> str:
    """The oldest revision whose program can work on this one: "0019" for "0021_0019", "0021" for "0021"."""
    return revision.partition("_")[2] or revision


def expanded(found: str) -> bool:
    """Whether a schema that we do not know has all that we need: its name says from which revision on that holds."""
    known = _revisions()
    return bool(found) and found not in known and floor(found) in {number(one) for one in known}


def _not_newer(found: str) -> None:
    if found and found not in _revisions() and not expanded(found):
        raise Newer(f"数据库结构（{found}）比这个版本的程序新，请升级程序，不要用旧版本打开。")


async def differences(db: Database) -> list[Any]:
    """What Alembic would still change to make the database like store/tables.py: nothing, if all is well."""

    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def compare(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, meta))

    return await db.schema(compare)


# ── backup ─────────────────────────────────────────────────────────────────────────────────────────────
FORMAT = 1


async def backup(db: Database, target: Path) -> dict[str, int]:
    """Writes every table as JSON lines into one zip file, from one consistent snapshot. Returns rows per table.

    The same file restores into SQLite and PostgreSQL. What is sealed in the database is sealed in it, with the same keys;
    the rest is in clear: keep it like the database.
    """
    counts: dict[str, int] = {}
    revision = await version(db)
    if expanded(revision):
        raise Newer(f"数据库结构（{revision}）比这个版本的程序新，备份会少东西：请用新版本的程序备份。")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    private.made(part)
    async with db.read(snapshot=True) as tx:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for table in meta.sorted_tables:
                rows = (await tx.execute(sa.select(keyring.raw(table)))).all()
                lines = (json.dumps([_plain(value) for value in row], ensure_ascii=False) for row in rows)
                archive.writestr(f"{table.name}.jsonl", "\n".join(lines))
                counts[table.name] = len(rows)
            keys = await keyring.known(tx)
            about = {"format": FORMAT, "revision": revision, "rows": counts, "keys": keys,
                     "columns": {t.name: [c.name for c in t.columns] for t in meta.sorted_tables}}  # fmt: skip
            archive.writestr("about.json", json.dumps(about, ensure_ascii=False))
    await asyncio.to_thread(part.replace, target)
    return counts


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


class NotABackup(Exception):
    """The file is no backup of ours, or it does not fit this database; the text says what to do."""


async def restore(db: Database, source: Path) -> dict[str, int]:
    """Fills an empty database from a backup. Returns rows per table. Raises NotABackup."""
    try:
        archive = zipfile.ZipFile(source)
        about = json.loads(archive.read("about.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise NotABackup(f"{source} 不是 genjin 的备份文件：{error}") from None
    with archive:
        if about.get("format") != FORMAT:
            raise NotABackup("备份文件的格式比这个版本新，请升级程序再恢复。")
        if about["revision"] != head():
            raise NotABackup(
                f"备份的结构版本是 {about['revision']}，程序的是 {head()}：请用对应版本恢复后再升级。"
            )
        if missing := [one for one in about.get("keys", []) if one not in db.seals.keys]:
            raise NotABackup(f"备份里有用密钥 {'、'.join(missing)} 加密的资料，[store] keys 里没有这把密钥。")
        await migrate(db)
        counts: dict[str, int] = {}
        async with db.write() as tx:
            for table in meta.sorted_tables:
                if (await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one():
                    raise NotABackup(f"目标数据库不是空的（{table.name} 已有数据）。请恢复到一个空库。")
            for table in meta.sorted_tables:
                columns = about["columns"][table.name]
                rows = list(_rows(table, columns, archive.read(f"{table.name}.jsonl").decode()))
                for start in range(0, len(rows), 500):
                    await tx.execute(sa.insert(keyring.raw(table)), rows[start : start + 500])
                counts[table.name] = len(rows)
            for table in (session, login):  # who logged out, or used a link, since the backup
                await tx.execute(sa.delete(table))
            if not db.sqlite:
                await _continue_sequences(tx)
    return counts


def _rows(table: sa.Table, columns: list[str], text: str) -> Iterator[dict[str, Any]]:
    times = {column.name for column in table.columns if isinstance(column.type, UtcDateTime)}
    for line in filter(None, text.split("\n")):  # splitlines() breaks at U+2028, too, which a value may hold
        row = dict(zip(columns, json.loads(line), strict=True))
        for name in times:
            if row[name]:
                row[name] = datetime.fromisoformat(row[name])
        yield row


async def _continue_sequences(tx: Any) -> None:
    for table in meta.sorted_tables:
        if "id" in table.c and isinstance(table.c.id.type, sa.BigInteger):
            name = f"pg_get_serial_sequence('{table.name}', 'id')"
            await tx.execute(
                sa.text(f"SELECT setval({name}, greatest((SELECT coalesce(max(id), 1) FROM {table.name}), "
                        f"(SELECT last_value FROM pg_sequences WHERE schemaname || '.' || sequencename = {name})))")
            )  # fmt: skip


async def upgrade(db: Database) -> tuple[str, str, Path | None]:
    """Migrates, and keeps a copy of a SQLite file that is not new. Returns (before, after, the copy). Raises Newer.

    On PostgreSQL the copy is the deployer's: `main.py backup` or pg_dump first (docs/operations.md).
    """
    before, kept = await version(db), None
    if before in _revisions() and before != head() and db.path:
        kept = db.path.with_name(f"{db.path.name}.before-{head()}")
        await asyncio.to_thread(snapshot, db.path, kept)
        reach(At.MIGRATE_COPIED)
    return (*await migrate(db), kept)


def snapshot(source: Path, target: Path) -> None:
    """Copies a SQLite file while it is in use (VACUUM INTO)."""
    target.unlink(missing_ok=True)
    private.made(target)  # VACUUM INTO takes an empty file for none
    with sqlite3.connect(source) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    connection.close()
