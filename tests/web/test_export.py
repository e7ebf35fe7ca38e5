"""/导出: the leads one may see as a file: masked, marked, written down, and no cell is a formula."""

import csv
import io
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from store.tables import audit
from tests.web.pages_kit import Visitor, take
from tests.world import World


@pytest.fixture(params=["wecom", "dingtalk"])
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[Visitor]:
    async with Visitor(world) as one:
        yield one


async def test_a_rep_takes_their_own_a_manager_the_team_with_masked_numbers(world: World, visitor: Visitor):
    await world.api_lead(need="=HYPERLINK(1)，也可打 13911112222")
    await world.api_lead(owner="sunhao", phone="13900000002", company="广州乙机械有限公司", name="@SUM(A1)")
    rows = list(csv.reader(io.StringIO((await take(visitor, world.rep, "csv")).decode("utf-8-sig"))))
    assert rows[0][0].startswith("王磊（wanglei）2026-11-23 10:02 导出，1 条")
    mine = dict(zip(rows[1], rows[2], strict=True))
    assert (mine["编号"], mine["手机"], mine["负责人"]) == ("L-1001", "13812345678", "王磊")
    assert mine["需求"].startswith("'=HYPERLINK")  # text, whatever opens it
    assert len(rows) == 3

    async with Visitor(world) as other:
        book = load_workbook(io.BytesIO(await take(other, world.admin, "xlsx")))
        cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
        assert cells[0][0].startswith("周工（zhougong）")
        theirs = {row[0]: dict(zip(cells[1], row, strict=True)) for row in cells[2:]}
        assert theirs["L-1001"]["手机"] == "138****5678"  # masked: not the admin's
        assert "13911112222" not in theirs["L-1001"]["需求"]
        assert theirs["L-1002"]["姓名"] == "'@SUM(A1)"
        assert {cell.data_type for row in book.active.iter_rows(min_row=3) for cell in row} <= {"s", "n"}
    async with world.db.read() as tx:
        lines = (await tx.execute(sa.select(audit.c.member, audit.c.detail).where(
            audit.c.action == "leads.exported").order_by(audit.c.id))).all()  # fmt: skip
    assert [(one.member, json.loads(one.detail)["rows"]) for one in lines] == [
        ("wanglei", 1),
        ("zhougong", 2),
    ]


async def test_a_manager_takes_the_team_and_nobody_else(world: World, visitor: Visitor):
    await world.api_lead()
    await world.api_lead(owner="liqian", phone="13900000003", company="苏州丙机械有限公司")
    await world.api_lead(owner="sunhao", phone="13900000002", company="广州乙机械有限公司")
    rows = list(csv.reader(io.StringIO((await take(visitor, world.boss, "csv")).decode("utf-8-sig"))))
    assert rows[0][0].startswith("张敏（zhangmin）2026-11-23 10:02 导出，2 条")
    column = rows[1].index("负责人")
    assert [row[column] for row in rows[2:]] == ["王磊", "李倩"]


async def test_nobody_without_a_session_gets_a_file(world: World, visitor: Visitor):
    await world.api_lead()
    async with (
        aiohttp.ClientSession() as session,
        session.post(world.url + "/export", data={"kind": "csv"}) as answer,
    ):
        assert "attachment" not in answer.headers.get("Content-Disposition", "")
        assert "L-1001" not in await answer.text()
    await visitor.enters(world.rep, "/导出")
    await visitor.posts("/export", {"kind": "csv"})  # without the session's mark
    assert visitor.status == 403
