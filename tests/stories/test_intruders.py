"""A colleague looks for what is not theirs: with a number, with somebody else's card, with a code that is not for them."""

import json

import sqlalchemy as sa

from store import tables
from tests.world import World


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
