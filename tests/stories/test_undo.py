"""撤销: a record taken back with everything that followed from it (C.2 R15, C.7)."""

import sqlalchemy as sa

from rules.leads import Status
from store import facts, followups, leads, timers
from store.tables import fact as fact_rows
from store.tables import request as request_rows
from tests.world import World


async def recorded(world: World, conclusion: str = "需要样品") -> None:
    await world.api_lead()
    await world.rep.clicks("开始跟进")
    await world.idle()
    for label in ("电话", conclusion):
        await world.rep.clicks(label)
        await world.idle()
    await world.rep.says("周二前发测试报告")
    await world.idle()
    await world.rep.sees("✅ 已记录", f"电话 · {conclusion}")


async def says(world: World, text: str) -> None:
    await world.rep.says(text)
    await world.idle()


async def untouched(world: World) -> None:
    """The lead is as it was before the record."""
    async with world.db.read() as tx:
        lead = await leads.get(tx, 1001)
        assert lead.status is Status.NEW
        assert (lead.first_touch_at, lead.last_followup_at, lead.next_at, lead.next_text) == (
            None,
            None,
            None,
            "",
        )
        assert await followups.of_lead(tx, 1001) == []
        for name in ("followup.recorded", "lead.first_touch", "status.intent"):
            assert await facts.last(tx, 1001, name) is None
        assert await facts.last(tx, 1001, "lead.assigned"), "only this record's facts are taken back"
        assert not await timers.has_timer(tx, "next", "1001")
        states = (await tx.execute(sa.select(request_rows.c.state))).scalars().all()
        assert set(states) <= {"cancelled"}


async def test_the_button_takes_everything_back(world: World):
    await recorded(world)
    world.rep.looks_away()
    await world.rep.clicks("撤销")
    await world.idle()
    await world.rep.sees("已撤销：L-1001 的跟进记录，线索恢复为「待首触」。相关卡片已更新。")
    await world.rep.sees("✅ 已记录", "已撤销", after=0)
    await untouched(world)
    await world.rep.clicks("开始跟进", on="新线索 L-1001")
    await world.idle()
    await world.rep.sees("L-1001 开始跟进 1/3")


async def test_the_command_takes_the_newest_back_once(world: World):
    await recorded(world)
    await says(world, "/撤销")
    await world.rep.sees("已撤销：L-1001 的跟进记录")
    await untouched(world)
    await says(world, "/撤销")
    await world.rep.sees("没有可以撤销的操作")
    async with world.db.read() as tx:
        undone = (
            await tx.execute(sa.select(fact_rows.c.name).where(fact_rows.c.undone_at.is_not(None)))
        ).scalars()
        assert sorted(undone) == ["followup.recorded", "lead.first_touch", "status.intent"]


async def test_a_second_press_changes_nothing(world: World):
    await recorded(world)
    await world.rep.clicks("撤销", times=2)
    await world.idle()
    assert world.rep.count("已撤销：L-1001") == 1
    await untouched(world)


async def test_after_ten_minutes_it_is_too_late(world: World):
    await recorded(world)
    await world.passes(minutes=11)
    await world.rep.clicks("撤销")
    await world.idle()
    await world.rep.sees("已超过 10 分钟，不能撤销了")
    world.rep.looks_away()
    await says(world, "/撤销")
    await world.rep.sees("已超过 10 分钟，不能撤销了")
    async with world.db.read() as tx:
        assert (await leads.get(tx, 1001)).status is Status.SAMPLE


async def test_what_was_handed_in_or_followed_is_not_taken_back(world: World):
    await recorded(world)
    first = await world.rep.sees("✅ 已记录")
    await world.rep.clicks("去提交样品单")
    await world.idle()
    await says(world, "数量 5 件 收货地址 宁波")
    await world.rep.clicks("提交")
    await world.idle()
    await world.rep.clicks("撤销", on=first)
    await world.idle()
    await world.rep.sees("样品申请单 S-0101 已提交")
    await says(world, "/跟进 1001 微信 等待报价 周四发报价")
    await world.rep.clicks("撤销", on=first)
    await world.idle()
    await world.rep.sees("之后又有新的跟进")
    async with world.db.read() as tx:
        assert len(await followups.of_lead(tx, 1001)) == 2


async def test_the_earlier_next_step_comes_back(world: World):
    await recorded(world)
    await says(world, "/跟进 1001 微信 等待报价 下周五发报价")
    await says(world, "/撤销")
    await world.rep.sees("已撤销：L-1001 的跟进记录，线索恢复为「样品中」")
    async with world.db.read() as tx:
        lead = await leads.get(tx, 1001)
        assert lead.next_text == "发测试报告"
        assert lead.first_touch_at is not None
        assert await timers.has_timer(tx, "next", "1001")
