"""Silence: 2 h amber, 4 h breach to rep and manager, the 48 h and 72 h rules, acks, reasons, snoozes, undelivered."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from store.tables import fact, followup, task, timer
from tests.world import World


async def checks_in(world: World, conclusion: str, then: str = "明天上午再联系") -> None:
    """The rep's whole check-in on the newest card."""
    before = await records(world)
    await world.rep.clicks("电话")
    await world.idle()
    await world.rep.clicks(conclusion)
    await world.idle()
    await world.rep.says(then)
    for _ in range(400):
        if await records(world) > before:
            break
        await asyncio.sleep(0.02)
    assert await records(world) == before + 1
    await world.idle()


async def records(world: World) -> int:
    async with world.db.read() as tx:
        return len((await tx.execute(sa.select(followup.c.id))).all())


async def said(world: World) -> int:
    """How many rungs were ever said."""
    async with world.db.read() as tx:
        return len((await tx.execute(sa.select(fact.c.id).where(fact.c.name == "sla.told"))).all())


async def climbs(world: World) -> int:
    async with world.db.read() as tx:
        query = sa.select(sa.func.count()).select_from(timer).where(timer.c.kind == "sla")
        return int((await tx.execute(query)).scalar_one())


async def test_two_hours_amber_then_four_hours_to_rep_and_manager(world: World):
    lead = await world.api_lead()  # 10:02 on a Monday
    await world.passes(hours=1, minutes=59)
    await world.rep.sees_nothing("目标", "升级", within=0.1)
    await world.at("2026-11-23 13:33")  # 12:00-13:30 is lunch: 2 h of work are over at 13:32
    await world.rep.sees(f"⏰ {lead} 已过 2 小时目标", "138****5678", "还有 2 小时升级给主管张敏", "需求：")
    assert world.boss.count("超时") == 0
    await world.at("2026-11-23 15:31")
    assert world.boss.count("超时") == 0
    await world.at("2026-11-23 15:34")
    await world.rep.sees(f"{lead} 超过 4 小时未首触，已通知张敏", "现在联系仍计入你的记录")
    m1 = await world.boss.sees("🔺 1 条线索超时未首触", f"{lead} 王磊 4:00", "已送达")
    assert [press.label for press in m1.buttons] == ["催一下", "转派", "给理由放过", "看板"]
    await world.passes(hours=30)
    assert world.boss.count("超时未首触") == 1
    assert await climbs(world) == 0


async def test_a_touch_stops_the_climb_but_seeing_it_does_not(world: World):
    await world.api_lead()
    await world.rep.sees("新线索")
    await world.at("2026-11-23 13:40")
    await world.rep.clicks("说明原因", on="已过 2 小时目标")  # acknowledged, not touched
    await world.idle()
    await world.rep.says("客户在开会，下午打")
    await world.idle()
    await world.rep.sees("已记下", "张敏")
    await world.at("2026-11-23 15:34")
    await world.boss.sees("超时未首触", "客户在开会，下午打")

    other = await world.api_lead(phone="13900000002", company="宁波另一家有限公司")
    await world.rep.clicks("开始跟进", on=other)
    await world.idle()
    await checks_in(world, "等待报价")
    world.boss.looks_away()
    await world.at("2026-11-24 12:30")
    await world.boss.sees_nothing(other, within=0.1)


async def test_several_in_one_minute_are_one_card_and_a_touched_one_drops_out(world: World):
    leads = [await world.api_lead(phone=f"1390000000{n}", company=f"宁波第{n}家有限公司") for n in range(3)]
    await world.at("2026-11-23 13:33")
    card = await world.rep.sees("⏰ 3 条线索已过 2 小时目标", f"{leads[1]} 宁波第1家有限公司 已过 2 小时目标")
    assert [press.label for press in card.buttons] == [f"跟进 {lead}" for lead in leads]
    assert world.rep.count("⏰") == 1
    await world.at("2026-11-23 15:32:10")
    async with world.db.read() as tx:
        waits = (await tx.execute(sa.select(timer.c.key).where(timer.c.kind == "notices"))).scalars().all()
    assert sorted(waits) == ["wanglei|late", "zhangmin|breach"]
    await world.rep.clicks(f"跟进 {leads[0]}", on="⏰")
    await world.idle()
    await checks_in(world, "有意向")
    await world.at("2026-11-23 15:35")
    card = await world.rep.sees("2 条线索超过 4 小时未首触", leads[2], "已通知张敏。现在联系仍计入你的记录。")
    assert leads[0] not in card.text
    assert world.rep.count("超过 4 小时未首触") == 1
    card = await world.boss.sees("🔺 2 条线索超时未首触", leads[1], leads[2])
    assert leads[0] not in card.text
    assert world.boss.count("超时未首触") == 1


async def test_nothing_is_said_when_all_were_touched_meanwhile(world: World):
    lead = await world.api_lead()
    await world.at("2026-11-23 15:32:10")
    await world.rep.clicks("现在跟进", on=f"⏰ {lead}")
    await world.idle()
    await checks_in(world, "有意向")
    await world.at("2026-11-23 15:40")
    assert world.boss.count("超时") == world.rep.count("超过 4 小时") == 0


async def test_the_night_is_not_counted_and_not_disturbed(world: World):
    await world.at("2026-11-27 17:30")  # a Friday
    lead = await world.api_lead()
    await world.at("2026-11-30 10:29")
    assert world.rep.count("已过 2 小时目标") == 0
    await world.at("2026-11-30 10:31")
    await world.rep.sees(f"⏰ {lead} 已过 2 小时目标")
    await world.at("2026-11-30 14:02")
    await world.boss.sees(f"{lead} 王磊 4:00")


async def test_48_hours_without_a_word_to_an_intent_customer(world: World):
    lead = await world.api_lead()
    await world.rep.clicks("开始跟进")
    await world.idle()
    await checks_in(world, "有意向", "下周五再联系")
    await world.at("2026-11-25 10:00")
    assert world.boss.count("没有跟进") == world.boss.count("久未跟进") == 0
    await world.at("2026-11-25 10:20")
    await world.rep.sees(f"{lead} 已 48 小时没有跟进，已通知张敏")
    seen = await world.boss.sees("🔺 1 条线索久未跟进", f"{lead} 王磊 48:0", "意向客户未跟进")
    assert "已处理）" in seen.text
    await world.rep.clicks("现在跟进")
    await world.idle()
    await checks_in(world, "等待报价", "下周五再联系")  # counted from the last record
    await world.at("2026-11-27 10:00")
    assert world.boss.count("久未跟进") == 1
    await world.at("2026-11-27 10:30")
    assert world.boss.count("久未跟进") == 2


async def test_a_lead_of_ones_own_was_told_to_nobody(world: World):
    await world.rep.says("同步至CRM 王工 13912345678 苏州明达机械有限公司 报价 需要 20 件法兰")
    await world.idle()
    await world.rep.clicks("存为新客户")
    await world.idle()
    await world.at("2026-11-23 15:40")
    await world.boss.sees("🔺 1 条线索超时未首触", "L-1001 王磊", "苏州明达机械有限公司（自建，无消息）")


async def test_72_hours_in_technical_confirmation_make_a_task(world: World):
    lead = await world.api_lead()
    await world.rep.clicks("开始跟进")
    await world.idle()
    await checks_in(world, "需技术确认", "下周五再联系")
    await world.at("2026-11-26 10:20")
    await world.rep.sees(lead, "72 小时没有跟进", "任务 T-101 已建")
    assert world.rep.count("需协调技术部出具方案") == (2 if world.platform == "dingtalk" else 1)
    await world.boss.sees("技术确认未回音", lead)
    await world.rep.sees("任务：需协调技术部出具方案")
    todos = [seen for seen in world.rep.seen if seen.kind == "todo"]
    assert len(todos) == (1 if world.platform == "dingtalk" else 0)
    await world.rep.clicks("完成", times=2)
    await world.idle()
    async with world.db.read() as tx:
        rows = (await tx.execute(sa.select(task))).all()
    assert [(row.subject, row.done_by) for row in rows] == [("需协调技术部出具方案", "wanglei")]
    if world.platform == "dingtalk":
        assert "已完成" in todos[0].text or todos[0].raw.get("done") or todos[0].raw.get("isDone")
    await world.passes(days=2)
    assert world.boss.count("🔺 1 条线索久未跟进") == 1


async def test_an_undone_record_puts_the_climb_back(world: World):
    lead = await world.api_lead()
    await world.rep.clicks("开始跟进")
    await world.idle()
    await checks_in(world, "等待报价")
    await world.passes(minutes=5)
    await world.rep.says("/撤销")
    await world.idle()
    await world.rep.sees("已撤销")
    await world.at("2026-11-23 13:33")
    await world.rep.sees(f"⏰ {lead} 已过 2 小时目标")
    await world.at("2026-11-23 15:34")
    await world.boss.sees(f"{lead} 王磊 4:00")


async def test_a_breach_is_not_said_again_after_an_undo(world: World):
    lead = await world.api_lead()
    await world.at("2026-11-23 15:40")
    await world.rep.clicks("现在跟进", on=f"{lead} 超过 4 小时")
    await world.idle()
    await checks_in(world, "等待报价")
    await world.rep.says("/撤销")
    await world.rep.sees("已撤销：")
    await world.passes(hours=3)
    assert world.boss.count("超时未首触") == 1
    assert await said(world) == 2  # the card that was repaired may be a new one; the rung was not said anew


async def test_a_hand_over_keeps_the_clock(world: World):
    lead = await world.api_lead()
    await world.passes(hours=1)
    await world.rep.says(f"/转给 {lead} @李倩 她熟")
    await world.rep2.sees(f"新线索 {lead}")
    await world.at("2026-11-23 13:33")
    await world.rep2.sees(f"⏰ {lead} 已过 2 小时目标")
    assert world.rep.count("已过 2 小时目标") == 0
    await world.at("2026-11-23 15:34")
    await world.boss.sees(f"{lead} 李倩 4:00")


async def test_snoozing_never_moves_the_mark_and_ends(world: World):
    lead = await world.api_lead()
    await world.rep.clicks("更多")
    await world.idle()
    await world.rep.clicks("稍后 30 分钟")
    await world.idle()
    await world.rep.sees(lead, "10:32 再提醒，计时不停")
    await world.at("2026-11-23 10:33")
    await world.rep.sees(f"{lead} 说好现在跟进")
    await world.rep.says(f"/稍后 {lead} 15:00")
    await world.idle()
    await world.rep.sees("15:00 再提醒")
    await world.rep.says(f"/稍后 {lead} 明早")
    await world.idle()
    await world.rep.sees("已经推迟了 2 次")
    await world.at("2026-11-23 13:33")
    await world.rep.sees(f"⏰ {lead} 已过 2 小时目标")


async def test_a_restart_in_the_middle_changes_nothing(world: World):
    lead = await world.api_lead()
    await world.at("2026-11-23 13:33")
    await world.restart()
    await world.at("2026-11-23 15:34")
    await world.boss.sees(f"{lead} 王磊 4:00")
    assert world.rep.count("已过 2 小时目标") == world.rep.count("超过 4 小时未首触") == 1


async def test_who_was_told_stands_in_the_facts(world: World):
    await world.api_lead()
    await world.at("2026-11-23 15:34")
    async with world.db.read() as tx:
        rows = (await tx.execute(sa.select(fact.c.payload).where(fact.c.name == "sla.told"))).scalars().all()
    assert len(rows) == 2
    assert '"escalated": true' in rows[1]
    assert '"undelivered": false' in rows[1]


async def test_two_days_down_are_one_digest_and_one_card(world: World):
    for n in range(5):
        await world.api_lead(phone=f"1390000000{n}", company=f"宁波{'甲乙丙丁戊'[n]}汽配有限公司")
    await world.stop()
    world._set_clock(world.clock.now() + timedelta(days=2))
    before = len(world.rep.seen), len(world.boss.seen)
    await world.start()
    await world.idle()
    await world.passes(minutes=2)
    await world.rep.sees("早上好，今天 5 件事")
    await world.boss.sees("🔺 5 条线索超时未首触")
    more = (
        1 if world.platform == "wecom_aibot" else 0
    )  # a card that is too small for its words is followed by them
    assert (len(world.rep.seen), len(world.boss.seen)) == (before[0] + 1, before[1] + 1 + more)


QUICK = {
    "name": "试用", "starts": "lead.created", "unless": "followup.recorded", "hours": "calendar",
    "ladder": [{"after": "2s", "tell": ["owner"], "repeat": "60s"}, {"after": "10m", "tell": ["zhougong"]}],
}  # fmt: skip


@pytest.mark.parametrize("changes", [{"sla": (QUICK,), "calendar": {"quiet": ""}}], indirect=True)
async def test_a_new_rule_needs_no_code_and_repeats_until_it_is_seen(world: World):
    await world.at("2026-11-23 23:00")  # no quiet hours, calendar time
    lead = await world.api_lead()
    await world.passes(seconds=3)
    await world.rep.sees(f"⏰ {lead} 已 2 秒没有跟进", "规则：试用", "升级给周工")
    await world.passes(minutes=2, seconds=10)
    assert world.rep.count(f"⏰ {lead}") == 3
    await world.rep.clicks("说明原因")
    await world.idle()
    await world.passes(minutes=5)
    assert world.rep.count(f"⏰ {lead}") == 3  # seen: it is not said again
    assert world.admin.count("久未跟进") == 0
    await world.passes(minutes=3, seconds=30)
    await world.admin.sees("🔺 1 条线索久未跟进", lead, "试用")  # the climb went on
