"""Customers are found by nearly the same name, and only those that are there."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from bot import filling
from bot.clock import Clock
from store import customers, name_keys, settings
from store.db import Database, Tx
from store.tables import name_near

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


async def new(tx: Tx, core: str, name: str = "") -> int:
    made = await customers.add(tx, name=name or core, company=f"宁波{core}有限公司", core=core, now=NOW)
    return made.id


async def found(tx: Tx, core: str) -> list[int]:
    return [one.id for one in await name_keys.candidates(tx, core)]


async def test_the_likeliest_first_and_a_wrong_character_hides_nobody(db: Database) -> None:
    async with db.write() as tx:
        right, other = await new(tx, "恒力液压"), await new(tx, "恒达汽配")
        assert (await found(tx, "恒力液压"))[0] == right
        assert (await found(tx, "恒立液压"))[0] == right
        assert (await found(tx, "力液压"))[0] == right
        assert (await found(tx, "恒达汽车配件"))[0] == other
        assert await found(tx, "完全不同") == []
        assert await found(tx, "") == []


async def test_whoever_is_renamed_or_removed_is_not_found_by_the_old_name(db: Database) -> None:
    async with db.write() as tx:
        id = await new(tx, "恒力液压")
        before = await customers.get(tx, id)
        await customers.save(tx, replace(before, company="上海明德电子有限公司", core="明德电子"), NOW)
        assert await found(tx, "恒力液压") == []
        assert await found(tx, "明德电子") == [id]
        await customers.remove(tx, id, NOW)
        assert await found(tx, "明德电子") == []


async def test_a_person_without_a_company_is_found_by_name(db: Database) -> None:
    async with db.write() as tx:
        made = await customers.add(tx, name="欧阳建国", now=NOW)
        assert [(one.id, one.label, one.core) for one in await name_keys.candidates(tx, "欧阳建国")] == [
            (made.id, "欧阳建国", "欧阳建国")
        ]


async def test_a_word_that_everybody_has_brings_no_crowd(db: Database) -> None:
    async with db.write() as tx:
        for n in range(name_keys.BEST + 60):
            await new(tx, f"{chr(0x4E00 + 7 * n)}{chr(0x5E00 + 11 * n)}科技")
        wanted = await new(tx, "恒力液压科技")
        got = await found(tx, "恒力液压科技")
        assert got[0] == wanted
        assert len(got) <= name_keys.BEST


async def test_among_a_thousand_called_alike_the_one_of_the_same_place_is_compared(db: Database) -> None:
    """Very many names are one character away; whoever names the town gets that town's."""
    async with db.write() as tx:
        right = await customers.add(tx, name="x", company="宁波恒力液压有限公司", core="恒力液压", now=NOW)
        for n in range(3 * name_keys.BEST):
            core = f"恒{chr(0x4E00 + n)}液压"
            await customers.add(tx, name="x", company=f"杭州{core}有限公司", core=core, now=NOW)
        got = [one.id for one in await name_keys.candidates(tx, "恒立液压", "宁波恒立液压有限公司")]
        assert right.id in got
        assert len(got) <= name_keys.BEST
        assert right.id not in await found(tx, "恒立液压"), "else it would prove nothing"


async def test_customers_of_an_older_version_get_their_near_keys_little_by_little(db: Database) -> None:
    """That version writes and renames on beside the new one; who was removed stays removed."""
    async with db.write() as tx:
        ids = [await new(tx, f"{brand}液压") for brand in ("恒力", "明德", "天成", "广达")]
        await tx.execute(sa.delete(name_near))
        before = await found(tx, "恒立液压")
        await customers.remove(tx, ids[3], NOW)
        await new(tx, "永昌液压")
        assert await name_keys.fill(tx, 0, 2) == ids[1]
        assert await _filled(tx) == {*ids[:2], ids[3] + 1}
        at = ids[1]
        while at := await name_keys.fill(tx, at, 2):
            pass
        assert await _filled(tx) == {*ids[:3], ids[3] + 1}
        kept = (await tx.execute(sa.select(name_near).order_by(name_near.c.key))).all()
        await name_keys.fill(tx, 0)
        assert (await tx.execute(sa.select(name_near).order_by(name_near.c.key))).all() == kept
        assert ids[0] in before, "the other keys find it until then"


async def _filled(tx: Tx) -> set[int]:
    return set((await tx.execute(sa.select(name_near.c.customer).distinct())).scalars())


async def test_a_start_fills_from_where_the_last_one_came_to(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "BEHIND", 2)
    async with db.write() as tx:
        ids = [await new(tx, f"{chr(0x4E00 + 9 * n)}力液压") for n in range(8)]
        await tx.execute(sa.delete(name_near))
    await filling.fill(db, Clock())
    async with db.write() as tx:
        assert await _filled(tx) == set(ids)
        assert await settings.get(tx, filling.MARK) == str(ids[-1])
        await tx.execute(sa.delete(name_near))
    await filling.fill(db, Clock())
    async with db.read() as tx:
        assert await _filled(tx) == {ids[-1], ids[-2]}, "not from the beginning"
