"""What a record gives back: the resource, the linked form (B22-B24; product C.2 R5)."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.tables import claim as claim_rows
from store.tables import request as request_rows
from tests.world import World


async def recorded(world: World, conclusion: str = "需要样品") -> None:
    await world.api_lead()
    await world.rep.says(f"/跟进 1001 电话 {conclusion} 周二前发测试报告")
    await world.idle()
    await world.rep.sees("✅ 已记录", f"电话 · {conclusion}")


async def says(world: World, text: str) -> None:
    await world.rep.says(text)
    await world.idle()


async def presses(world: World, label: str, times: int = 1) -> None:
    await world.rep.clicks(label, times=times)
    await world.idle()


async def requests(world: World) -> list[tuple[str, dict[str, str]]]:
    async with world.db.read() as tx:
        rows = await tx.execute(
            sa.select(request_rows.c.state, request_rows.c.fields).order_by(request_rows.c.id)
        )
        return [(row.state, dict(json.loads(row.fields))) for row in rows]


async def claims(world: World) -> list[tuple[str, int | None, str]]:
    async with world.db.read() as tx:
        rows = await tx.execute(sa.select(claim_rows.c.resource, claim_rows.c.lead, claim_rows.c.member))
        return [(row.resource, row.lead, row.member) for row in rows]


async def test_the_sample_form_is_filled_asked_for_and_handed_in_once(world: World):
    await recorded(world)
    await presses(world, "去提交样品单")
    form = await world.rep.sees("样品申请单 S-0101", "宁波恒达汽配有限公司", "陈工", "请直接回复：数量")
    assert "液压阀块，月 300 件" in form.text
    await presses(world, "提交")
    assert (await requests(world))[0][0] == "draft", "not with a required field empty"
    await says(world, "5 件")
    await world.rep.sees("样品申请单 S-0101", "5 件", "请直接回复：收货地址")
    await says(world, "宁波市江北区 8 号")
    await world.rep.sees("宁波市江北区 8 号", "都填好了")
    await presses(world, "改一下")
    await says(world, "数量 6 件 联系人 陈立")
    await world.rep.sees("6 件", "陈立", "宁波市江北区 8 号")
    world.boss.looks_away()
    await presses(world, "提交", times=2)
    await world.rep.sees("样品申请单 S-0101", "已提交")
    await world.boss.sees("样品申请单 S-0101（王磊）", "6 件", "宁波市江北区 8 号")
    assert world.boss.count("样品申请单 S-0101") == 1
    state, fields = (await requests(world))[0]
    assert (state, fields["数量"], fields["联系人"]) == ("submitted", "6 件", "陈立")
    assert len(await requests(world)) == 1


async def test_a_cancelled_form_stays_cancelled(world: World):
    await recorded(world)
    await presses(world, "去提交样品单")
    card = await world.rep.sees("样品申请单 S-0101")
    press = card.button("提交")
    assert press is not None
    await presses(world, "取消")
    await world.rep.sees("样品申请单 S-0101", "已取消")
    await world.rep.presses_anyway(card, press.key)
    await world.idle()
    assert [state for state, _ in await requests(world)] == ["cancelled"]
    world.rep.looks_away()
    await presses(world, "去提交样品单")
    await world.rep.sees("样品申请单 S-0101 已取消")


async def test_a_number_is_an_answer_while_the_form_asks(world: World):
    await recorded(world)
    await presses(world, "去提交样品单")
    await says(world, "3")
    await world.rep.sees("请直接回复：收货地址")
    assert (await requests(world))[0][1]["数量"] == "3"


async def test_a_resource_is_handed_over_and_logged_once(world: World):
    await recorded(world)
    world.rep.looks_away()
    await presses(world, "领取", times=2)
    await world.rep.sees("一、密封失效")
    assert world.rep.count("一、密封失效") == 1
    assert await claims(world) == [("《液压阀块常见失效案例集》", 1001, "wanglei")]
    await world.rep.sees("✅ 已记录", "已领取：《液压阀块常见失效案例集》", after=0)


FILE = {"resource": ({"name": "失效案例集", "conclusions": ("需要样品",), "file": "cases.pdf"},)}


@pytest.fixture
def cases(tmp_path: Path) -> bytes:
    """A file in the configured directory."""
    (tmp_path / "files").mkdir(parents=True, exist_ok=True)
    (tmp_path / "files" / "cases.pdf").write_bytes(b"%PDF-1.4 cases")
    return b"%PDF-1.4 cases"


@pytest.mark.parametrize("changes", [FILE], indirect=True)
async def test_a_resource_that_is_a_file(world: World, cases: bytes):
    await recorded(world)
    await presses(world, "领取《失效案例集》")
    assert any(seen.file == cases for seen in world.rep.seen)


async def test_looking_for_a_resource(world: World):
    await says(world, "/资料 报价")
    await world.rep.sees("和「报价」有关的资料", "报价单模板")
    await presses(world, "领取")
    await world.rep.sees("交期")
    assert await claims(world) == [("报价单模板", None, "wanglei")]
    await says(world, "/资料 宇宙飞船")
    await world.rep.sees("没有找到和「宇宙飞船」有关的资料")
