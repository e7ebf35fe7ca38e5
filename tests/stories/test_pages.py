"""From the chat to the pages and back: the one-time link on both platforms, what a manager does there, who saw it."""

import sqlalchemy as sa

from rules import changing
from store import leads, records
from store.tables import contact, customer
from tests.web.pages_kit import Visitor
from tests.world import World, rows


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


async def test_a_record_is_put_right_on_the_page_of_its_lead(world: World):
    id = await world.api_lead()
    async with Visitor(world) as visitor:
        await visitor.enters(world.rep, f"/看板 {id}")
        path, old = f"/leads/{id}/change", visitor.stands(f"/leads/{id}/change")
        assert (old["phone"], old["company"]) == ("138****5678", "宁波恒达汽配有限公司")
        await visitor.fills(path, city="余姚", budget="30万", deciders="刘总 王工", price="很在意价格")
        assert visitor.status == 200, visitor.words
        assert "已改。" in visitor.words
        await world.rep.sees(
            f"已改 {id}", "城市 （空） → 余姚", "预算 （空） → 300,000", "决策人 （空） → 刘总、王工"
        )
        now = visitor.stands(path)
        assert (now["city"], now["budget"], now["price"]) == ("余姚", "300,000", "敏感")
        await world.idle()
        assert [(one.city, one.owner) for one in await rows(world.db, customer)] == [("余姚", "wanglei")]
        assert [one.phone for one in await rows(world.db, contact)] == ["13812345678"]
        await visitor.posts(path, old | {"once": "another-once", "city": "慈溪"})  # a page from before
        assert (visitor.status, "刚刚有变化" in visitor.words) == (422, True)
        await visitor.opens(f"/leads/{id}")
        for wrong, said in (("138****567", "打了码"), ("123", "没认出电话")):
            await visitor.fills(path, phone=wrong)
            assert (visitor.status, said in visitor.words) == (422, True), visitor.words
            await visitor.opens(f"/leads/{id}")
        await visitor.fills(path)
        assert (visitor.status, "已经是这样" in visitor.words) == (422, True)
        await world.rep.clicks("撤销", on=f"已改 {id}")
        await world.rep.sees(f"已撤销：{id} 的城市、预算、价格、决策人")
    async with Visitor(world) as visitor:
        await visitor.enters(world.boss, f"/看板 {id}")
        await visitor.fills(path, phone="13900001111", deciders="")
        await world.rep.sees(f"张敏改了 {id}", "→ 139")
    await world.boss.says("/谁看过 C-0301")
    await world.boss.sees("张敏 改了资料（手机）")


async def test_a_page_holds_nothing_by_which_a_masked_number_could_be_found_out(world: World):
    """Four digits are guessed in no time by whoever has a plain digest of them, and no trail would tell."""
    id = await world.api_lead()
    async with Visitor(world) as visitor:
        await visitor.enters(world.boss, f"/看板 {id}")
        async with world.db.read() as tx:
            record = await records.of_lead(tx, await leads.get(tx, 1001))
        assert changing.stamp(record) not in visitor.text
        assert "5678" in visitor.words
        assert "1234" not in visitor.text


async def test_who_may_only_read_a_record_finds_no_fields(world: World):
    world.changes["member"] = tuple(
        one | ({"roles": ["director"]} if one["id"] == "sunhao" else {})
        for one in world.config.model_dump(mode="python")["member"]
    )
    await world.restart()
    id = await world.api_lead()
    async with Visitor(world) as visitor:
        await visitor.enters(world.phone("sunhao"), f"/看板 {id}")
        assert id in visitor.words
        assert "改资料" not in visitor.words
        csrf = next(fields["csrf"] for _, fields in visitor.forms())
        await visitor.posts(
            f"/leads/{id}/change", {"csrf": csrf, "once": "by-hand-12", "stamp": "", "city": "余姚"}
        )
        assert (visitor.status, "由王磊负责" in visitor.words) == (422, True)
