"""Customers are found by nearly the same name, and only those that are there."""

from dataclasses import replace
from datetime import UTC, datetime

from store import customers, name_keys
from store.db import Database, Tx

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
