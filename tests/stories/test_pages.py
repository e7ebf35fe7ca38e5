"""From the chat to the pages and back: the one-time link on both platforms, what a manager does there, who saw it."""

import sqlalchemy as sa

from tests.web.pages_kit import Visitor
from tests.world import World


async def test_the_link_on_the_managers_card_leads_to_the_lead(world: World):
    id = await world.api_lead()
    await world.at("2026-11-23 15:34")
    await world.boss.sees("🔺 1 条线索超时未首触")
    seen = len(world.boss.seen)
    await world.boss.clicks("看板", on="超时未首触")
    card = await world.boss.sees(f"打开{id}", "只能用一次", after=seen)
    assert card.kind != "text"
    async with Visitor(world) as visitor:
        await visitor.enters(world.boss, f"/看板 {id}")
        assert visitor.path == f"/leads/{id}"
        await visitor.sends("/urge")
        assert "已催负责人" in visitor.words
        await world.idle()
        await world.rep.sees(f"张敏 催你跟进 {id}")
        await visitor.opens(f"/leads/{id}")
        await visitor.sends("/reassign", to="liqian", why="她熟汽配")
        await world.idle()
    await world.rep2.sees(f"新线索 {id}", "她熟汽配")
    await world.boss.sees(f"{id} 已转给 李倩")
    await world.boss.clicks("撤销", on=f"{id} 已转给 李倩")
    await world.idle()
    await world.rep.sees(f"{id}", "新线索")


async def test_who_saw_a_record_is_told_to_those_who_may_know(world: World):
    id = await world.api_lead()
    async with Visitor(world) as visitor:
        await visitor.enters(world.boss, f"/看板 {id}")
        await visitor.sends("/reveal")
    await world.idle()
    await world.rep2.says("/客户 C-0301")
    await world.rep2.sees("没有查看权限")
    await world.boss.says("/谁看过 C-0301")
    told = await world.boss.sees(
        "C-0301 最近谁看过、改过", "张敏 看了完整号码", "李倩 没有权限，被拒绝（/客户）"
    )
    assert f"张敏 在网页看了时间线 {id}" in told.text
    assert f"王磊 收到卡片 {id}" in told.text
    await world.rep.says("/谁看过 C-0301")
    await world.rep.sees("只有主管、总监、管理员可以用")
    await world.boss.says("/谁看过 王磊")
    await world.boss.sees("这样写：/谁看过 C-0311")


async def test_those_who_see_no_sales_records_get_no_link(world: World):
    async with world.db.write() as tx:
        await tx.execute(sa.text("UPDATE member SET roles = '[\"finance\"]' WHERE id = 'sunhao'"))
    sunhao = world.phone("sunhao")
    await sunhao.says("/看板")
    await sunhao.sees("「/看板」只有销售、主管、总监、管理员可以用")


async def test_what_is_written_in_a_group_is_answered_one_to_one(world: World):
    if world.platform != "dingtalk":
        return  # a WeCom app is in no groups
    await world.api_lead()
    group = world.sim.group("华东销售群", ["d-wanglei", "d-liqian"])
    await world.rep.does("say", text="/客户 C-0301", group=group.id)
    await world.idle()
    await world.rep.sees("C-0301", "138 1234 5678")
    await world.rep2.sees_nothing("C-0301")
    assert "5678" not in str(vars(group))
