"""How much of the books goes along: so much a day for a rep, a lot for an admin only with a second person. (product C.1)"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import sqlalchemy as sa

from store import pool
from store.tables import audit, member
from tests.web.pages_kit import Visitor, take
from tests.world import World


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[Visitor]:
    async with Visitor(world) as one:
        yield one


@pytest.mark.parametrize("changes", [{"web": {"export_daily": 3}}], indirect=True)
async def test_a_rep_takes_so_many_a_day(world: World, visitor: Visitor):
    for n in range(4):
        await world.api_lead(phone=f"1390000000{n}", company=f"宁波{'甲乙丙丁'[n]}机械有限公司")
    rows = list(csv.reader(io.StringIO((await take(visitor, world.rep, "csv")).decode("utf-8-sig"))))
    assert [row[0] for row in rows[2:]] == ["L-1002", "L-1003", "L-1004"]  # the newest
    _, fields = next(one for one in visitor.forms() if one[0] == "/export")
    await visitor.opens("/export")
    assert "今天的 3 条已经导出" in visitor.words
    await world.api_lead(phone="13900000009", company="宁波戊机械有限公司")
    await visitor.posts("/export", fields | {"kind": "csv"})
    assert "L-1005" not in visitor.text
    await world.at("2026-11-24 09:00")
    await take(visitor, world.rep, "csv")


@pytest.mark.parametrize("changes", [{"web": {"export_daily": 3, "tries": 60}}], indirect=True)
async def test_several_browsers_at_once_take_no_more_than_one(world: World):
    """Each session has a mailbox of its own: they are handled side by side."""
    for n in range(2):
        await world.api_lead(phone=f"1390000000{n}", company=f"宁波{'甲乙'[n]}机械有限公司")
    async with AsyncExitStack() as open_ones:
        visitors = [await open_ones.enter_async_context(Visitor(world)) for _ in range(6)]
        for one in visitors:
            await one.enters(world.rep, "/导出")
        forms = [next(fields for to, fields in one.forms() if to == "/export") for one in visitors]
        await asyncio.gather(*(one.posts("/export", fields | {"kind": "csv"})
                               for one, fields in zip(visitors, forms, strict=True)))  # fmt: skip
        assert sum("L-1001" in one.text for one in visitors) == 1, "two rows once; two more would be four"
    async with world.db.read() as tx:
        assert await pool.tally_of(tx, "wanglei", "2026-11-23", "export") <= 3


@pytest.mark.parametrize("changes", [{"web": {"export_second": 1}}], indirect=True)
async def test_an_admin_takes_a_lot_only_with_a_second_person(world: World, visitor: Visitor):
    await world.api_lead()
    await world.api_lead(phone="13900000002", company="宁波乙机械有限公司")
    await visitor.enters(world.admin, "/导出")
    assert "超过 1 条要另一位总监或管理员同意" in visitor.words
    _, fields = next(one for one in visitor.forms() if one[0] == "/export/ask")
    await visitor.posts("/export", fields | {"kind": "csv"})
    assert "要另一位总监或管理员同意才能导出" in visitor.words
    await visitor.posts("/export/ask", fields)
    assert "没有另一位总监或管理员可以同意" in visitor.words
    async with world.db.write() as tx:
        await tx.execute(sa.update(member).where(member.c.id == "zhangmin").values(roles='["director"]'))
    await visitor.posts("/export/ask", fields | {"once": "another-once"})
    assert "已请人同意" in visitor.words
    card = await world.boss.sees("周工 想导出 2 条线索")
    await world.boss.clicks("同意", on=card, times=2)
    await world.admin.sees("张敏 同意你导出", "只能用一次")
    assert world.admin.count("张敏 同意你导出") == 1
    rows = list(csv.reader(io.StringIO((await take(visitor, world.admin, "csv")).decode("utf-8-sig"))))
    assert len(rows) == 4
    await visitor.opens("/export")  # the word is used up
    assert "超过 1 条要另一位总监或管理员同意" in visitor.words
    world.boss.looks_away()
    await visitor.sends("/export/ask")
    await world.boss.clicks("不同意", on=await world.boss.sees("周工 想导出 2 条线索"))
    await world.admin.sees("张敏 没有同意你导出")
    async with world.db.read() as tx:
        said = (await tx.execute(sa.select(audit.c.member, audit.c.action).where(
            audit.c.action.like("export.%")).order_by(audit.c.id))).all()  # fmt: skip
    assert [tuple(one) for one in said] == [
        ("zhougong", "export.asked"), ("zhangmin", "export.agreed"), ("zhougong", "export.asked"),
        ("zhangmin", "export.declined"),
    ]  # fmt: skip
