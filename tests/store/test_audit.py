"""The audit trail is a chain: it grows at its end only, and whoever changes a line breaks it visibly."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from store import audit
from store.db import Database
from store.tables import audit as table

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


async def write(db: Database, *actions: str, member: str = "wanglei") -> None:
    """One transaction that audits and seals, as every event does."""
    async with db.write() as tx:
        for n, action in enumerate(actions):
            at = NOW + timedelta(seconds=n)
            await audit.add(tx, at, member, action, "L-1001", {"原因": "客户出差 😀"}, n)
        await audit.seal(tx)


async def open_guard(db: Database, what: str) -> None:
    """What somebody with the database's own password could do first."""
    async with db.write() as tx:
        on = "" if db.sqlite else " ON audit"
        await tx.execute(sa.text(f"DROP TRIGGER audit_no_{what}{on}"))


async def chain(db: Database, last: int = 0) -> audit.Chain:
    async with db.read() as tx:
        return await audit.verify(tx, last=last)


async def test_lines_are_chained_in_the_order_of_their_commits(db: Database) -> None:
    assert await chain(db) == audit.Chain(0, 0)
    await write(db, "lead.created", "lead.viewed")
    await write(db, "lead.transferred")
    found = await chain(db)
    assert (found.length, found.checked, found.broken, found.waiting) == (3, 3, 0, 0)
    async with db.read() as tx:
        rows = (await tx.execute(sa.select(table).order_by(table.c.seq))).all()
    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[0].prev == ""
    assert [row.prev for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert rows[-1].hash == found.head


async def test_a_sealed_line_can_neither_be_changed_nor_removed(db: Database) -> None:
    await write(db, "lead.viewed")
    for attempt in (sa.update(table).values(member="liqian"), sa.delete(table)):
        with pytest.raises(DBAPIError, match="append only"):
            async with db.write() as tx:
                await tx.execute(attempt)
    assert (await chain(db)).broken == 0


async def test_a_changed_line_is_found_and_named(db: Database) -> None:
    await write(db, "a", "b", "c", "d")
    await open_guard(db, "update")
    async with db.write() as tx:
        id = (await tx.execute(sa.select(table.c.id).where(table.c.seq == 2))).scalar_one()
        await tx.execute(sa.update(table).where(table.c.id == id).values(member="liqian"))
    found = await chain(db)
    assert (found.broken, found.why, found.checked) == (id, "内容被改过", 1)


async def test_a_line_that_was_changed_with_its_hash_breaks_the_next(db: Database) -> None:
    await write(db, "a", "b", "c")
    await open_guard(db, "update")
    async with db.write() as tx:
        row = (await tx.execute(sa.select(table).where(table.c.seq == 2))).one()
        forged = SimpleNamespace(**dict(row._mapping) | {"member": "liqian"})
        mark = audit.digest(forged, row.seq, row.prev)
        await tx.execute(sa.update(table).where(table.c.id == row.id).values(member="liqian", hash=mark))
    found = await chain(db)
    assert (found.why, found.checked) == ("和前一条接不上", 2)
    assert (await chain(db, last=2)).why == "和前一条接不上"


async def test_a_removed_line_is_missed(db: Database) -> None:
    await write(db, "a", "b", "c")
    await open_guard(db, "delete")
    async with db.write() as tx:
        await tx.execute(sa.delete(table).where(table.c.seq == 2))
    assert (await chain(db)).why == "第 2 条不见了"


async def test_what_was_rolled_back_leaves_no_gap(db: Database) -> None:
    await write(db, "a")
    with contextlib.suppress(RuntimeError):
        async with db.write() as tx:
            await audit.add(tx, NOW, "wanglei", "b", "L-1001")
            raise RuntimeError
    async with db.write() as tx:
        try:
            async with tx.begin_nested():
                await audit.add(tx, NOW, "wanglei", "c", "L-1001")
                raise LookupError
        except LookupError:
            pass
        await audit.add(tx, NOW, "wanglei", "d", "L-1001")
        await audit.seal(tx)
    found = await chain(db)
    assert (found.length, found.broken) == (2, 0)


async def test_many_writers_at_once_make_one_chain(db: Database) -> None:
    await asyncio.gather(*(write(db, "x", "y", member=f"m{n}") for n in range(25)))
    found = await chain(db)
    assert (found.length, found.checked, found.broken, found.waiting) == (50, 50, 0, 0)
    assert (await chain(db, last=10)).checked == 10


async def test_lines_from_before_the_chain_are_sealed_once(db: Database) -> None:
    async with db.write() as tx:
        for n in range(3):
            await tx.execute(sa.insert(table).values(at=NOW, member="old", action=str(n), subject="L-1"))
    assert (await chain(db)).waiting == 3
    async with db.write() as tx:
        assert await audit.seal(tx, always=True) == 3
        assert await audit.seal(tx, always=True) == 0
    assert (await chain(db)).length == 3
