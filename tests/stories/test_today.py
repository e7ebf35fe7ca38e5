"""The daily commands: /今日 and 逐条处理, /超时 for a rep, /我的; the digest after a quiet night."""

import sqlalchemy as sa

from store.tables import lead, notice
from tests.stories.test_manager import owner_of
from tests.world import World


async def test_today_lists_what_is_to_do_in_its_order(world: World):
    first = await world.api_lead(phone="13900000001", company="宁波甲汽配有限公司")
    second = await world.api_lead(phone="13900000002", company="宁波乙汽配有限公司")
    await world.rep.says(f"/跟进 {first} 电话 等待报价 今天下午四点发报价")
    await world.rep.sees("已记录")
    await world.rep.says("/今日")
    await world.idle()
    card = await world.rep.sees("今天 2 件事")
    assert f"1 首触：{second} 宁波乙汽配有限公司 · 陈工，13:32 前" in card.text
    assert f"2 到期：{first} 宁波甲汽配有限公司 · 陈工" in card.text
    assert "（16:00）" in card.text
    await world.rep.clicks("逐条处理")
    await world.idle()
    await world.rep.sees(f"1/2 首触 {second}")
    await world.rep.clicks("下一件")
    await world.idle()
    last = await world.rep.sees(f"2/2 到期 {first}")
    assert not last.button("下一件")
    await world.rep.clicks("开始跟进", on=last)
    await world.idle()
    await world.rep.sees(f"{first} 开始跟进 1/3")
    await world.rep.says("/今日")
    await world.idle()
    await world.rep.sees(f"1 打卡没做完：{first}")


async def test_nothing_to_do_is_said_too(world: World):
    await world.rep2.says("/今日")
    await world.idle()
    await world.rep2.sees("今天没有要做的事")
    await world.boss.says("/今日")
    await world.idle()
    await world.boss.sees("团队没有超时的线索")


async def test_a_rep_sees_their_own_overdue_leads(world: World):
    one = await world.api_lead()
    await world.api_lead(owner="liqian", phone="13900000008", company="苏州某五金有限公司")
    await world.at("2026-11-23 13:40")
    await world.rep.says("/超时")
    await world.idle()
    card = await world.rep.sees("你有 1 条线索超时", one)
    assert "L-1002" not in card.text
    await world.boss.says("/今日")
    await world.idle()
    await world.boss.sees("团队超时 2 条")
    await world.rep.clicks(f"跟进 {one}")
    await world.idle()
    await world.rep.sees(f"{one} 开始跟进 1/3")


async def test_my_numbers_of_the_week(world: World):
    leads = [
        await world.api_lead(phone=f"1390000000{n}", company=f"宁波{'甲乙丙'[n]}汽配有限公司")
        for n in range(3)
    ]
    await world.rep.says(f"/跟进 {leads[0]} 电话 等待报价 下周二发方案")
    await world.rep.sees("已记录", leads[0])
    await world.at("2026-11-23 14:30")  # past the target, before the breach
    await world.rep.says(f"/跟进 {leads[1]} 电话 等待报价 下周二发方案")
    await world.rep.sees("已记录", leads[1])
    await world.at("2026-11-23 16:00")
    await world.rep.says("/我的")
    await world.idle()
    card = await world.rep.sees("王磊 的本周数据", "67 %", "2 小时内 33 %", "共 3 条")
    assert "2 次" in card.text
    assert "3 条" in card.text


async def test_records_made_in_time_are_told_apart(world: World):
    made = [
        await world.api_lead(phone=f"1390000000{n}", company=f"宁波{'甲乙'[n]}汽配有限公司") for n in range(2)
    ]
    for number, minutes in zip(made, (5, 31), strict=True):
        await world.rep.clicks("开始跟进", on=number)
        await world.idle()
        await world.rep.clicks("电话")
        await world.passes(minutes=minutes)
        await world.rep.clicks("等待报价")
        await world.idle()
        await world.rep.says("下周二发方案")
        await world.rep.sees("✅ 已记录", number)
    await world.rep.says("/我的")
    await world.rep.sees("跟进：2 次", "及时记录", "50 %（开始后 30 分钟内记完）")


async def test_more_than_three_held_cards_become_one_digest(world: World):
    await world.at("2026-11-23 22:00")
    leads = [
        await world.api_lead(phone=f"1390000000{n}", company=f"宁波{'甲乙丙丁戊'[n]}汽配有限公司")
        for n in range(5)
    ]
    async with world.db.write() as tx:  # one is touched and one closed before the morning
        await tx.execute(sa.update(lead).where(lead.c.id == int(leads[4][2:])).values(status="invalid"))
    assert world.rep.count("新线索") == 0
    await world.at("2026-11-24 08:31")
    card = await world.rep.sees("早上好，今天 4 件事", leads[0], leads[3])
    assert leads[4] not in card.text
    assert world.rep.count("新线索") == 1  # the digest and nothing beside it
    await world.rep.clicks("今日全部")
    await world.idle()
    await world.rep.sees("今天 4 件事", "首触")


async def test_held_cards_that_are_void_are_not_said(world: World):
    await world.at("2026-11-23 22:00")
    one = await world.api_lead()
    await world.boss.says(f"/转派 {one} @李倩")
    await world.boss.sees(f"{one} 已转给 李倩")
    assert await owner_of(world, one) == "liqian"
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(notice))).scalar_one() >= 2
    await world.at("2026-11-24 08:31")
    await world.rep2.sees(f"新线索 {one}", "目标 11:00 前首触")
    assert world.rep.count("新线索") == 0
