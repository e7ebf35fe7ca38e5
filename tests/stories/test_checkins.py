"""The forced check-in, told on both platforms and both databases (B17-B21; product C.2 R2-R6)."""

import asyncio
from datetime import date, datetime

import sqlalchemy as sa

from rules.checkins import State, Step
from rules.leads import Status
from sim.phone import Phone
from store import audit, checkins, facts, followups, leads
from store.tables import checkin as checkin_rows
from store.tables import fact as fact_rows
from store.tables import followup as followup_rows
from tests.world import ZONE, World


async def starts(world: World, **fields: object) -> int:
    """A lead comes in for the rep, who starts on it. Returns its number."""
    lead = await world.api_lead(**fields)
    await world.rep.sees("新线索", lead)
    await world.rep.clicks("开始跟进", on=lead)
    await world.idle()
    await world.rep.sees(f"{lead} 开始跟进 1/3")
    return int(lead[2:])


async def presses(world: World, *labels: str, phone: Phone | None = None) -> None:
    for label in labels:
        await (phone or world.rep).clicks(label)
        await world.idle()


async def says(world: World, text: str) -> None:
    await world.rep.says(text)
    await world.idle()


async def counts(world: World) -> tuple[int, int]:
    """(check-ins, standing follow-ups) in the database."""
    async with world.db.read() as tx:
        opened = (await tx.execute(sa.select(sa.func.count()).select_from(checkin_rows))).scalar_one()
        recorded = await tx.execute(
            sa.select(sa.func.count()).select_from(followup_rows).where(followup_rows.c.undone_at.is_(None))
        )
        return int(opened), int(recorded.scalar_one())


async def test_three_steps_and_what_is_recorded(world: World):
    number = await starts(world)
    lead = f"L-{number}"
    first = await world.rep.sees("用哪种方式")
    assert "☎ 138 1234 5678（点按拨打）" in first.text
    assert world.rep.find("跟进中", lead), "the card of the new lead says that it is being followed"
    await presses(world, "电话")
    await world.rep.sees("2/3 本次结论", lead)
    await presses(world, "需要样品")
    await world.rep.sees("3/3 下一步做什么、什么时候？", "直接回一句话")
    await world.passes(seconds=41)
    await says(world, "周二前发测试报告")
    done = await world.rep.sees("✅ 已记录")
    assert "电话 · 需要样品" in done.text
    assert "前发测试报告" in done.text
    assert "已为你备好：样品申请单（客户信息已填）" in done.text
    assert world.rep.count("138 1234 5678") <= 1, "the full number stays on the first step only"

    async with world.db.read() as tx:
        followup = (await followups.of_lead(tx, number))[0]
        assert (followup.channel, followup.conclusion, followup.need) == (
            "电话",
            "需要样品",
            "液压阀块，月 300 件",
        )
        assert followup.next_text == "发测试报告"
        assert followup.next_at == datetime(2026, 11, 24, 18, tzinfo=ZONE)
        assert 41 <= (followup.recorded_at - followup.started_at).total_seconds() < 60
        changed = await leads.get(tx, number)
        assert changed.status is Status.SAMPLE
        assert changed.first_touch_at == changed.last_followup_at == followup.recorded_at
        for name in ("followup.recorded", "lead.first_touch", "status.intent"):
            assert await facts.last(tx, number, name), name
        assert await facts.last(tx, number, "status.tech_confirm") is None
        shown = [line for line in await audit.about(tx, lead) if line[2] == "lead.phone_shown"]
        assert [line[1] for line in shown] == ["wanglei"]


async def test_nothing_else_before_it_is_finished(world: World):
    other = await world.api_lead(name="刘总", phone="13900001111", company="苏州某机械厂")
    number = await starts(world)
    await presses(world, "电话")
    world.rep.looks_away()
    await world.rep.clicks("开始跟进", on=other)
    await world.idle()
    await world.rep.sees(f"请先完成打卡：L-{number} 还差 2 步")
    await world.rep.sees("2/3 本次结论", f"L-{number}")
    await says(world, "/资料 液压")
    await world.rep.clicks("领取")
    await world.idle()
    assert world.rep.count("请先完成打卡") == 2
    world.rep.looks_away()
    await says(world, f"/打卡 {number}")
    await world.rep.sees("2/3 本次结论")
    assert await counts(world) == (1, 0)
    await presses(world, "等待报价", "明天再联系")
    await world.rep.sees("✅ 已记录", "明天 09:00 再联系")
    await world.rep.clicks("开始跟进", on=other)
    await world.idle()
    await world.rep.sees(f"{other} 开始跟进 1/3")


async def test_twice_at_once_late_and_by_others_change_nothing_wrong(world: World):
    number = await starts(world)
    rep = world.rep
    first = await rep.sees("开始跟进 1/3")
    keys = {label: press.key for label in ("电话", "微信") if (press := first.button(label))}
    assert len(keys) == 2

    # somebody to whom the card was forwarded
    world.rep2.looks_away()
    await world.rep2.presses_anyway(first, keys["微信"])
    await world.idle()
    await world.rep2.sees("只有本人可以操作")
    # both buttons at once, one of them twice
    await asyncio.gather(*(rep.presses_anyway(first, keys[label]) for label in ("电话", "电话", "微信")))
    await world.idle()
    async with world.db.read() as tx:
        checkin = await checkins.open_of(tx, "wanglei")
        assert checkin is not None
        assert checkin.step is Step.CONCLUSION
        assert checkin.version == 1
        channel = checkin.channel
    assert channel in keys
    await presses(world, "等待报价")
    # the card of step one, pressed again when step three is open
    await rep.presses_anyway(first, keys["电话"])
    await world.idle()
    await rep.sees("3/3 下一步")
    await says(world, "明天下午三点打电话确认")
    done = await rep.sees("✅ 已记录", f"{channel} · 等待报价")
    for key in keys.values():
        await rep.presses_anyway(done, key)
    await world.idle()
    assert await counts(world) == (1, 1)
    assert number == 1001


async def test_a_restart_and_a_kill_in_the_middle(world: World):
    await starts(world)
    await world.restart()
    await presses(world, "微信")
    await world.kill()
    await world.start()
    await presses(world, "需技术确认")
    await world.restart()
    await says(world, "周五发方案")
    await world.rep.sees("✅ 已记录", "微信 · 需技术确认", "发方案")
    assert await counts(world) == (1, 1)


async def test_nudges_at_ten_twenty_thirty_minutes_and_then_silence(world: World):
    number = await starts(world)
    world.rep.looks_away()
    await world.passes(minutes=9)
    await world.rep.sees_nothing("还差", within=0.1)
    await world.passes(minutes=2)
    await world.rep.sees(f"L-{number} 还差 3 步", "开始跟进 10 分钟了")
    await presses(world, "电话")
    await world.passes(minutes=10)
    await world.rep.sees(f"L-{number} 还差 2 步", "20 分钟了")
    await world.passes(minutes=10)
    last = await world.rep.sees(f"L-{number} 还差 2 步", "刚才聊得怎样？", "未完成前不派新线索")
    await world.rep.clicks("未接通", on=last)
    await world.idle()
    await says(world, "明天再联系")
    await world.rep.sees("✅ 已记录", "电话 · 未接通")
    world.rep.looks_away()
    await world.passes(hours=1)
    await world.rep.sees_nothing("还差", within=0.1)


async def test_a_finished_one_is_not_nudged(world: World):
    await starts(world)
    await presses(world, "电话", "等待报价", "3 天后")
    world.rep.looks_away()
    await world.passes(minutes=40)
    await world.rep.sees_nothing("还差", within=0.1)


async def test_a_next_step_needs_a_time_that_can_be(world: World):
    await starts(world)
    await presses(world, "电话", "等待报价")
    await says(world, "发方案")
    await world.rep.sees("3/3 什么时候？", "下一步：发方案")
    await says(world, "昨天下午三点")
    await world.rep.sees("已经过去了")
    await says(world, "三年后")
    await world.rep.sees("太远了")
    assert await counts(world) == (1, 0)
    await says(world, "周四上午十点")
    await world.rep.sees("✅ 已记录", "10:00 发方案")
    async with world.db.read() as tx:
        followup = (await followups.of_lead(tx, 1001))[0]
        assert followup.next_at == datetime(2026, 11, 26, 10, tzinfo=ZONE)


async def test_text_replies_do_what_buttons_do(world: World):
    await world.api_lead()
    await says(world, "1")
    await world.rep.sees("L-1001 开始跟进 1/3")
    await says(world, "3")
    await world.rep.sees("2/3 本次结论", "面谈")
    await says(world, "2")
    await says(world, "1")
    await world.rep.sees("✅ 已记录", "面谈 · 等待报价", "明天 09:00 再联系")


async def test_words_do_what_buttons_do_and_anything_else_meets_the_open_step(world: World):
    await starts(world)
    await says(world, "你在吗")
    await world.rep.sees("请先完成打卡：L-1001 还差 3 步")
    await says(world, "微信")
    await world.rep.sees("2/3 本次结论", "微信")
    await says(world, "报价 周四下午两点发报价单")
    await world.rep.sees("✅ 已记录", "微信 · 等待报价", "14:00 发报价单")


async def test_a_pasted_chat_is_a_draft_also_while_a_step_is_open(world: World):
    await starts(world)
    await says(world, "李四 13800138000 想买两台")
    await world.rep.sees("草稿", "138****8000")
    await presses(world, "电话", "等待报价")
    world.rep.looks_away()
    await says(world, "王五 2026-11-23 09:12\n你好，我是王五，13700137000，要 20 件")
    await world.rep.sees("草稿", "137****7000")
    assert await counts(world) == (1, 0)
    await says(world, "/打卡")
    await says(world, "明天上午十点打 13800138000 确认")
    await world.rep.sees("✅ 已记录", "10:00")


async def test_a_nudge_waits_for_the_morning_and_comes_once(world: World):
    await world.api_lead()
    await world.at("2026-11-23 19:55")
    await world.rep.clicks("开始跟进")
    await world.idle()
    world.rep.looks_away()
    await world.at("2026-11-24 08:29")
    await world.rep.sees_nothing("还差", within=0.1)
    await world.at("2026-11-24 08:40")
    await world.rep.sees("L-1001 还差 3 步", "未完成前不派新线索")
    assert world.rep.count("还差 3 步") == 1


async def test_everything_in_one_line(world: World):
    await world.api_lead()
    await says(world, "/跟进 周二发方案 需报价 1001 电话")
    await world.rep.sees("✅ 已记录", "电话 · 等待报价", "发方案")
    async with world.db.read() as tx:
        followup = (await followups.of_lead(tx, 1001))[0]
        assert followup.next_at is not None
        assert followup.next_at.astimezone(ZONE).date() == date(2026, 11, 24)
    world.rep.looks_away()
    await says(world, "/跟进 1001 微信")
    await world.rep.sees("2/3 本次结论", "微信")
    await says(world, "/跟进 需技术确认")
    await world.rep.sees("3/3 下一步")
    assert await counts(world) == (2, 1)


async def test_a_lead_by_name_and_whose_it_is(world: World):
    await world.api_lead()
    await world.api_lead(name="赵经理", phone="13700002222", company="南京某电子厂", owner="liqian")
    await says(world, "/打卡 恒达")
    await world.rep.sees("L-1001 开始跟进 1/3")
    await presses(world, "电话", "等待报价", "下周一")
    world.rep.looks_away()
    await says(world, "/打卡 1002")
    await world.rep.sees("负责人是 李倩")
    await says(world, "/打卡 9999")
    await world.rep.sees("没有 L-9999 这条线索")
    world.rep.looks_away()
    await says(world, "/跟进 9999 电话 需报价 周二发方案")
    await world.rep.sees("没有 L-9999 这条线索")
    await says(world, "/打卡 某某")
    await world.rep.sees("没有找到「某某」")
    assert await counts(world) == (1, 1)


async def test_when_the_lead_goes_away_the_check_in_ends_with_a_sentence(world: World):
    number = await starts(world)
    world.rep.looks_away()
    await says(world, f"/转给 {number} @李倩 我在出差")
    await world.rep.sees(f"L-{number} 已转给 李倩，这次打卡已取消")
    async with world.db.read() as tx:
        assert await checkins.open_of(tx, "wanglei") is None
        state = (await tx.execute(sa.select(checkin_rows.c.state))).scalar_one()
        assert state == State.CANCELLED.value
    world.rep2.looks_away()
    await world.rep2.clicks("开始跟进")
    await world.idle()
    await world.rep2.sees(f"L-{number} 开始跟进 1/3")


async def test_the_next_step_comes_back_at_its_time(world: World):
    await starts(world)
    await presses(world, "电话", "需技术确认")
    await says(world, "周二前发测试报告")
    await world.rep.sees("✅ 已记录")
    world.rep.looks_away()
    await world.at("2026-11-24 08:55")
    await world.rep.sees_nothing("今天该", within=0.1)
    await world.at("2026-11-24 09:05")
    await world.rep.sees("今天该：发测试报告", "L-1001", "18:00 前")
    await presses(world, "稍后 30 分钟")
    world.rep.looks_away()
    await world.at("2026-11-24 09:40")
    await world.rep.sees("今天该：发测试报告")
    await presses(world, "开始跟进", "微信", "等待报价", "明天再联系")
    world.rep.looks_away()
    await world.at("2026-11-24 18:05")
    await world.rep.sees_nothing("今天该", within=0.1)


async def test_a_time_found_in_a_chat_is_reminded_of_too(world: World):
    await says(world, "同步至CRM 陈立 13900000001 宁波恒达汽配有限公司 要 300 件报价，明天下午三点回电")
    await presses(world, "存为新客户")
    await world.rep.sees("L-1001")
    world.rep.looks_away()
    await world.at("2026-11-24 14:55")
    await world.rep.sees_nothing("今天该", within=0.1)
    await world.at("2026-11-24 15:01")
    await world.rep.sees("今天该", "L-1001", "15:00")


async def test_no_interest_ends_the_lead_unless_something_is_planned(world: World):
    number = await starts(world)
    await presses(world, "电话", "无意向", "不再跟进")
    await world.rep.sees("✅ 已记录", "电话 · 无意向 · 不再跟进")
    async with world.db.read() as tx:
        lead = await leads.get(tx, number)
        assert lead.status is Status.LOST
        assert lead.closed_at is not None
        assert await facts.last(tx, number, "lead.closed")
    await world.api_lead(name="刘总", phone="13900001111", company="苏州某机械厂")
    await says(world, "/跟进 1002 电话 无意向 明年三月再问")
    await world.rep.sees("✅ 已记录", "电话 · 无意向", "03-")
    async with world.db.read() as tx:
        lead = await leads.get(tx, 1002)
        assert lead.status is Status.CONTACTED
        assert lead.open


async def test_facts_are_stated_once_for_each_record(world: World):
    number = await starts(world)
    await presses(world, "电话", "需技术确认", "明天再联系")
    await says(world, f"/跟进 {number} 微信 需技术确认 周四发图纸")
    async with world.db.read() as tx:
        names = (
            (await tx.execute(sa.select(fact_rows.c.name).where(fact_rows.c.lead == number))).scalars().all()
        )
    assert names.count("lead.first_touch") == 1
    assert names.count("followup.recorded") == names.count("status.tech_confirm") == 2
    assert (await counts(world)) == (2, 2)
