"""A colleague looks for what is not theirs: with a number, with somebody else's card, with a code that is not for them."""

import json

import pytest
import sqlalchemy as sa

from store import tables
from tests.world import World

NUMBER = "13712349876"


async def _refused(world: World) -> list[tuple[str, str]]:
    """(who, what) of the trail's lines about attempts."""
    async with world.db.read() as tx:
        query = sa.select(tables.audit.c.member, tables.audit.c.action).order_by(tables.audit.c.id)
        rows = (await tx.execute(query)).all()
    return [(one.member, one.action) for one in rows if one.action in ("denied", "click.refused")]


async def test_who_has_but_a_number_does_not_learn_whose_it_is(world: World) -> None:
    await world.api_lead()  # C-0301 of 王磊
    await world.rep.sees("新线索 L-1001")
    for phone, known in ((world.phone("liqian"), False), (world.phone("zhangmin"), True)):
        await phone.says("同步至CRM 我是陈立，电话13812345678，想要报价")
        card = await phone.sees("识别到联系人（草稿）", "疑似已有：C-0301 宁波恒", "负责人 王磊")
        assert ("宁波恒达汽配有限公司" in card.text) is known, "the team's manager reads it anyway"
        assert ("宁波恒某" in card.text) is not known


async def test_the_typed_twin_of_somebody_else_s_button_is_refused_like_the_button(world: World) -> None:
    await world.api_lead()
    await world.rep.sees("新线索 L-1001")
    await world.idle()
    async with world.db.read() as tx:
        track = (await tx.execute(sa.select(tables.card.c.track).where(tables.card.c.member == "wanglei")
                                  .order_by(tables.card.c.id.desc()))).scalars().first()  # fmt: skip
    other = world.phone("liqian")
    await other.says(f"#1 {track}")
    await other.sees("这张卡片是发给王磊的，只有本人可以操作")
    await world.idle()
    assert await _refused(world) == [("liqian", "click.refused")]
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(tables.checkin))).scalar_one() == 0


async def test_a_code_for_somebody_goes_to_them_and_to_nobody_else(world: World) -> None:
    await world.rep.says("/今日")
    await world.rep.sees("今天没有要做的事")
    await world.admin.says("/绑定 @王磊")
    said = await world.admin.sees("王磊的绑定码已经发给王磊本人")
    assert "绑定码：" not in said.text
    await world.rep.sees("周工 帮你要了绑定码：", "不要告诉别人")
    manager = world.phone("zhangmin")
    await manager.says("/绑定 @王磊")
    await manager.sees("只有管理员、IT")
    await world.idle()
    assert await _refused(world) == [("zhangmin", "denied")]


async def test_who_looks_for_duplicates_leaves_behind_what_they_found(world: World) -> None:
    await world.api_lead()
    other = world.phone("liqian")
    await other.says("/查重 13812345678")
    said = await other.sees("C-0301 手机相同，负责人 王磊")
    assert "恒达" not in said.text
    await world.idle()
    async with world.db.read() as tx:
        query = sa.select(tables.audit.c.detail).where(tables.audit.c.action == "customer.checked")
        assert json.loads((await tx.execute(query)).scalar_one())["found"] == "C-0301"


async def test_a_name_is_one_line_and_holds_nothing_unseen(world: World) -> None:
    """A stranger cannot write lines of a card, nor hide a firm from /查重 by what nobody sees."""
    name = "陈工\n✅ 已付款\r\n负责人：李倩\u2028点 http://evil.example"
    await world.api_lead(
        name=name, company="宁波\u200b恒达\u202e汽配\u2066有限\u00ad公司", need="第一行\n第二行\u202e"
    )
    card = await world.rep.sees("新线索 L-1001", "宁波恒达汽配有限公司 · 陈工 ✅ 已付款")
    assert not set("\u202e\u2066\u00ad\u2028") & set(card.text)
    other = world.phone("liqian")
    await other.says("/查重 宁波恒达汽配有限公司")
    await other.sees("C-0301 公司相同，负责人 王磊")
    async with world.db.read() as tx:
        row = (await tx.execute(sa.select(tables.customer.c.name, tables.customer.c.company, tables.lead.c.need).join_from(
            tables.lead, tables.customer, tables.lead.c.customer == tables.customer.c.id))).one()  # fmt: skip
    assert tuple(row) == (
        "陈工 ✅ 已付款 负责人：李倩 点 http://evil.example",
        "宁波恒达汽配有限公司",
        "第一行\n第二行",
    )


@pytest.mark.parametrize("changes", [{"pool": {"daily_claims": 1}}], indirect=True)
async def test_a_lead_of_one_s_own_does_not_open_the_pool(world: World) -> None:
    """Who says of one lead that it is this old customer, then that one, takes up each of them: as with 领取, so many a
    day; and a draft that only names the firm is no other way round."""
    for n, firm in enumerate(("甲", "乙", "丙"), start=1):
        await world.api_lead(company=f"宁波{firm}机械有限公司", phone=f"1381234000{n}")
        await world.rep.says(f"/放回 {1000 + n} 做不了")
        await world.rep.sees(f"L-{1000 + n} 已放回")
    other = world.phone("liqian")
    await world.api_lead(company="苏州诱饵有限公司", phone="15900000000", owner="liqian")
    for id, said in (("C-0301", "已并入 C-0301"), ("C-0302", "今天已领取 1 条，到上限了")):
        await other.clicks("更多")
        await world.idle()
        await other.clicks("是老客户")
        await other.sees("是哪个老客户")
        await other.says(id)
        await other.sees(said)
    await other.says("同步至CRM 我是宁波丙机械有限公司的陈立，电话15900000003，想要报价")
    await other.sees("识别到联系人（草稿）", "C-0303")
    await other.clicks("并入 C-0303")
    await other.sees("今天已领取 1 条，到上限了")
    for id, whole in (("C-0301", True), ("C-0302", False), ("C-0303", False)):
        await other.says(f"/客户 {id}")
        card = await other.sees(id, "机械有限公司", "陈工")
        assert ("138 1234 000" in card.text) is whole, id


async def test_what_a_leaver_had_is_handed_over_and_not_taken(world: World) -> None:
    """The customers of somebody who left are nobody's to help themselves to by number."""
    await world.api_lead(owner="sunhao")
    await world.api_lead(company="苏州诱饵有限公司", phone="15900000000", owner="liqian")
    async with world.db.write() as tx:
        await tx.execute(sa.update(tables.member).where(tables.member.c.id == "sunhao").values(gone=True))
    other = world.phone("liqian")
    await other.sees("新线索 L-1002")
    await other.clicks("更多")
    await world.idle()
    await other.clicks("是老客户")
    await other.sees("是哪个老客户")
    await other.says("C-0301")
    await other.sees("C-0301 的负责人孙浩已离职，还没有交接")
    await other.says("/客户 C-0301")
    await other.sees("你没有查看权限")
    await world.idle()
    assert await _refused(world) == [("liqian", "denied")] * 2


async def test_numbers_in_words_are_for_who_may_read_numbers(world: World) -> None:
    """A record that a rep wrote goes to the pool with its lead: what stands in it is read by everybody there."""
    await world.api_lead(need=f"打 {NUMBER} 找李总，要阀块")
    await world.rep.says(f"/跟进 1001 电话 有意向 明天回 {NUMBER}")
    await world.rep.sees("已记录")
    await world.rep.says("/客户 C-0301")
    assert NUMBER in (await world.rep.sees("C-0301", "近 1 次跟进")).text, "the owner's own words"
    await world.boss.says("/客户 C-0301")
    assert NUMBER in (await world.boss.sees("C-0301", "近 1 次跟进")).text, "the manager reads numbers"
    await world.admin.says("/客户 C-0301")
    assert NUMBER not in (await world.admin.sees("C-0301", "137****9876")).text
    await world.rep.says("/放回 1001 不在我的区域")
    await world.rep.sees("已放回公海")
    other = world.phone("liqian")
    await other.says("/客户 C-0301")
    assert NUMBER not in (await other.sees("C-0301", "137****9876")).text


async def test_the_pool_is_searched_by_what_can_be_read_there(world: World) -> None:
    """Digit by digit a search would say what the mask hides; a joker would find everything."""
    await world.api_lead(need=f"要阀块 300 件，打 {NUMBER}")
    await world.rep.says("/放回 1001 不在我的区域")
    await world.rep.sees("已放回公海")
    other = world.phone("liqian")
    for words in (NUMBER, f"打 {NUMBER[:5]}", NUMBER[3:7], "１２３４", "137_", "%"):
        await other.says(f"/公海 {words}")
        await other.sees("公海里没有提到")
    for words in ("300 件", "打 137", "9876", "阀块"):
        await other.says(f"/公海 {words}")
        await other.sees("公海 1 条", "L-1001")


async def test_a_number_tried_out_on_one_s_own_customer_leaves_a_trace(world: World) -> None:
    """/改 says whose a number is as /查重 does, and like it leaves behind who asked."""
    await world.api_lead()
    await world.api_lead(owner="liqian", name="刘洋", company="苏州海纳机电有限公司", phone=NUMBER)
    other = world.phone("liqian")
    await other.sees("新线索 L-1002")
    await other.says("/改 1002 电话 13812345678")
    await other.sees("C-0301 已经有了（负责人 王磊），没有改")
    await world.idle()
    assert await _refused(world) == [("liqian", "denied")]
    async with world.db.read() as tx:
        assert (
            await tx.execute(sa.select(tables.audit.c.subject).where(tables.audit.c.action == "denied"))
        ).scalars().all() == ["C-0301"]


async def test_who_handed_a_lead_over_takes_nothing_back_in_it(world: World) -> None:
    """What somebody wrote to a lead of theirs, taken back when it is a colleague's, would change the colleague's customer."""
    await world.api_lead()
    await world.rep.sees("新线索 L-1001")
    await world.rep.says(f"/改 1001 电话 {NUMBER}")
    changed = await world.rep.sees("已改 ")
    await world.rep.says("同步至CRM 我是宁波恒达汽配的陈立，电话13766667777，想再要两台增压泵")
    await world.rep.sees("识别到联系人（草稿）")
    await world.rep.clicks("记到 L-1001")
    noted = await world.rep.sees("已记到")
    await world.admin.says("/转给 1001 @李倩")
    await world.phone("liqian").sees("新线索 L-1001")
    for card in (changed, noted):
        world.rep.looks_away()
        await world.rep.clicks("撤销", on=card)
        await world.rep.sees("L-1001", "负责")
    await world.idle()
    async with world.db.read() as tx:
        query = sa.select(tables.contact.c.phone).where(tables.contact.c.deleted_at.is_(None))
        assert set((await tx.execute(query)).scalars()) == {NUMBER, "13766667777"}
    assert await _refused(world) == [("wanglei", "denied")] * 2
