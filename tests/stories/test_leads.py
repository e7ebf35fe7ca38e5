"""A lead comes in, finds its owner, is handed over, turns out dead. (B11–B15, R1, R1b)"""

import sqlalchemy as sa

from store import tables
from tests.world import World


async def _lead(world: World, number: int = 1001) -> sa.Row[tuple[object, ...]]:
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(tables.lead).where(tables.lead.c.id == number))).one()


async def test_r1_reaches_the_owner_with_the_two_marks_of_the_clock(world: World) -> None:
    await world.api_lead(owner="wanglei")
    card = await world.rep.sees("🔔 新线索 L-1001")
    for words in (
        "宁波恒达汽配有限公司 · 陈工 · 138****5678",
        "来源：官网询盘 10:02　需求：液压阀块，月 300 件",
        "为什么给你：指定给你",
        "目标 13:32 前首触，最晚 15:32",
    ):
        assert words in card.text
    assert [press.label for press in card.buttons] == ["开始跟进", "转给同事", "更多"]
    assert world.rep2.count("L-1001") == 0


async def test_without_an_owner_the_fitting_rep_gets_it_and_knows_why(world: World) -> None:
    await world.api_lead(owner=None, city="宁波")
    await world.rep.sees("L-1001", "为什么给你：浙江 / 汽配 / 今日第 1 条")
    await world.api_lead(owner=None, city="深圳", company="深圳明达电子有限公司", phone="13811112222")
    assert (await _lead(world, 1002)).owner == "sunhao"


async def test_a_lead_in_the_night_waits_for_the_morning(world: World) -> None:
    await world.at("2026-11-23 22:30")
    await world.api_lead(owner="wanglei")
    assert world.rep.count("L-1001") == 0
    await world.at("2026-11-24 08:31")
    card = await world.rep.sees("L-1001")
    assert "目标 11:00 前首触，最晚 14:30" in card.text


async def test_nobody_there_is_told_to_the_managers(world: World) -> None:
    async with world.db.write() as tx:
        await tx.execute(sa.update(tables.member).values(available=False))
    await world.api_lead(owner=None)
    await world.boss.sees("L-1001 没有人能接", "王磊：", "不在岗")
    assert (await _lead(world)).owner == ""


async def test_a_known_number_under_another_name_keeps_both(world: World) -> None:
    await world.api_lead(name="陈立")
    await world.rep.sees("新线索 L-1001")
    await world.api_lead(name="刘洋", note="急")
    await world.rep.sees("新线索 L-1002", "这次留的姓名是刘洋（这个号码原来是陈立）", "急")
    await world.api_lead(name="陈立")
    assert "这次留的姓名" not in (await world.rep.sees("新线索 L-1003")).text


async def test_more_and_back(world: World) -> None:
    await world.api_lead()
    card = await world.rep.sees("🔔 新线索 L-1001")
    await world.rep.clicks("更多")
    await world.idle()
    labels = [press.label for press in card.buttons if press.enabled]
    assert labels == ["稍后 30 分钟", "号码无效", "是老客户", "看详情", "退回", "返回"]
    await world.rep.clicks("返回")
    await world.idle()
    assert [press.label for press in card.buttons if press.enabled] == ["开始跟进", "转给同事", "更多"]


async def test_handing_over_by_buttons(world: World) -> None:
    await world.api_lead()
    card = await world.rep.sees("🔔 新线索 L-1001")
    await world.rep.clicks("转给同事")
    await world.idle()
    assert "转给谁" in card.text
    assert "李倩：" in card.text
    await world.rep.clicks("给李倩", times=2)
    given = await world.rep2.sees("🔔 新线索 L-1001")
    assert "为什么给你：王磊转给你" in given.text
    assert "目标 13:32 前首触，最晚 15:32" in given.text  # the clock goes on
    await world.idle()
    assert "L-1001 已转给 李倩" in card.text
    lead = await _lead(world)
    assert lead.owner == "liqian"
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(tables.customer.c.owner))).scalar_one() == "liqian"
        moves = (
            await tx.execute(sa.select(tables.audit).where(tables.audit.c.action == "lead.transferred"))
        ).all()
    assert len(moves) == 1
    assert world.rep2.count("🔔 新线索 L-1001") == 1


async def test_handing_over_by_words_in_any_order_with_a_reason(world: World) -> None:
    for n, words in enumerate(
        ("1001 @李倩 她熟汽配", "@李倩 L-1002 她熟汽配", "1003 lq 她熟汽配", "@liqian 1004 她熟汽配"), start=1
    ):
        number = await world.api_lead(phone=f"1381234000{n}")
        await world.rep.says(f"/转给 {words}")
        await world.rep.sees(f"{number} 已转给 李倩", "理由：她熟汽配")
        await world.rep2.sees(f"新线索 {number}")


async def test_handing_over_what_is_not_mine_or_to_nobody_changes_nothing(world: World) -> None:
    await world.api_lead()
    await world.rep2.says("/转给 1001 @李倩")
    await world.rep2.sees("L-1001 由王磊负责，你不能转")
    await world.rep.says("/转给 1001 @诸葛亮")
    await world.rep.sees("没有叫「诸葛亮」的同事")
    await world.rep.says("/转给 1001 @王磊")
    await world.rep.sees("负责人已经是王磊")
    await world.rep.says("/转给 9999 @李倩")
    await world.rep.sees("没有找到这条线索")
    await world.rep.says("/转给")
    await world.rep.sees("这样写：/转给 1024 @李倩 理由")
    assert (await _lead(world)).owner == "wanglei"


async def test_a_manager_may_hand_over_and_the_owner_hears_it(world: World) -> None:
    await world.api_lead()
    old = await world.rep.sees("🔔 新线索 L-1001")
    await world.boss.says("/转给 1001 @李倩 王磊在外")
    await world.boss.sees("L-1001 已转给 李倩")
    await world.rep.sees("L-1001 已由张敏转给李倩", "理由：王磊在外")
    assert await world.dead(world.rep, old)
    await world.rep2.sees("🔔 新线索 L-1001")


async def test_a_hand_over_can_be_taken_back(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/转给 1001 @李倩")
    await world.rep.sees("L-1001 已转给 李倩")
    given = await world.rep2.sees("🔔 新线索 L-1001")
    await world.idle()
    await world.rep.clicks("撤销")
    await world.rep.sees("已撤销：L-1001 已收回")
    await world.rep2.sees("L-1001 已被王磊撤回")
    await world.idle()
    assert (await _lead(world)).owner == "wanglei"
    assert await world.dead(world.rep2, given)
    await world.rep.clicks("开始跟进")
    await world.rep.sees("开始跟进 1/3")


async def test_an_old_card_of_a_lead_that_went_away_changes_nothing(world: World) -> None:
    await world.api_lead()
    card = await world.rep.sees("🔔 新线索 L-1001")
    key = next(press.key for press in card.buttons if press.label == "更多")
    await world.boss.says("/转给 1001 @李倩")
    await world.boss.sees("已转给 李倩")
    await world.idle()
    await world.rep.presses_anyway(card, key)
    await world.idle()
    assert (await _lead(world)).owner == "liqian"
    assert (await _lead(world)).status == "new"


async def test_a_dead_number_closes_the_lead_and_can_be_taken_back(world: World) -> None:
    await world.api_lead()
    card = await world.rep.sees("🔔 新线索 L-1001")
    await world.rep.clicks("更多")
    await world.idle()
    await world.rep.clicks("号码无效")
    await world.boss.sees("L-1001 号码无效", "王磊")
    await world.idle()
    assert "已关闭：号码无效" in card.text
    assert (await _lead(world)).status == "invalid"
    await world.passes(hours=8)
    assert world.boss.count("超时") == 0  # nobody is chased for it

    await world.api_lead(phone="13899998888")
    await world.rep.sees("新线索 L-1002")
    await world.rep.clicks("更多", on="L-1002")
    await world.idle()
    await world.rep.clicks("号码无效", on="L-1002")
    await world.rep.sees("L-1002 已关闭")
    await world.idle()
    await world.rep.clicks("撤销", on="L-1002 已关闭")
    await world.rep.sees("已撤销：L-1002 恢复为进行中")
    lead = await _lead(world, 1002)
    assert (lead.status, lead.closed_at) == ("new", None)


async def test_an_old_customer_of_a_colleague_goes_to_the_colleague(world: World) -> None:
    await world.api_lead(owner="liqian", phone="13700007777", name="刘工")
    await world.api_lead(owner="wanglei", company="宁波恒达汽配", phone="13812345678")
    await world.rep.sees("新线索 L-1002", "疑似已有：C-0301")
    await world.rep.clicks("更多", on="L-1002")
    await world.idle()
    await world.rep.clicks("是老客户")
    await world.rep.sees("L-1002 是哪个老客户？", "C-0301")
    await world.rep.clicks("并入 C-0301")
    await world.rep2.sees("新线索 L-1002", "老客户 C-0301 由李倩负责")
    await world.idle()
    lead = await _lead(world, 1002)
    assert (lead.owner, lead.customer) == ("liqian", 301)


async def test_an_old_customer_of_mine_by_its_name(world: World) -> None:
    await world.api_lead(company="苏州汇川技术有限公司", phone="13700007777")
    await world.api_lead(company="", name="陈工", phone="13812345678")
    await world.rep.clicks("更多", on="L-1002")
    await world.idle()
    await world.rep.clicks("是老客户")
    await world.rep.sees("L-1002 是哪个老客户？")
    await world.rep.says("汇川")
    await world.rep.sees("已并入 C-0301")
    assert (await _lead(world, 1002)).customer == 301
