"""Opportunities: opened from a lead, moved stage by stage, handed on with what they hang on. (B47, B48; C.4 7)"""

import pytest
import sqlalchemy as sa

from handlers.opportunities import said_amount
from store import forgetting
from store.tables import audit, meta
from store.tables_assignment import decision, rotation, share
from store.tables_opportunities import opportunity, opportunity_step
from tests.web.pages_kit import Visitor
from tests.world import World


async def deals(world: World) -> list[tuple[object, ...]]:
    """(id, lead, customer, owner, stage, outcome) of every opportunity."""
    names = ("id", "lead", "customer", "owner", "stage", "outcome")
    async with world.db.read() as tx:
        rows = await tx.execute(sa.select(*(opportunity.c[one] for one in names)).order_by(opportunity.c.id))
        return [tuple(row) for row in rows]


async def whose(world: World) -> dict[int, str]:
    async with world.db.read() as tx:
        rows = await tx.execute(sa.select(opportunity.c.id, opportunity.c.owner).order_by(opportunity.c.id))
        return {row.id: row.owner for row in rows}


@pytest.mark.parametrize(
    ("words", "fen", "said", "rest"),
    [
        ("12万 液压阀块年单", 12_000_000, "12万", "液压阀块年单"),
        ("年度框架 ¥120,000", 12_000_000, "¥120,000", "年度框架"),
        ("3.5万元", 3_500_000, "3.5万元", ""),
        ("十二万", 12_000_000, "十二万", ""),
        ("10-12万 阀块", 10_000_000, "10-12万", "阀块"),
        ("86000", 8_600_000, "86000", ""),
        ("液压阀块 300件", None, "", "液压阀块 300件"),
        ("", None, "", ""),
    ],
)
def test_the_first_word_that_is_a_sum_is_the_amount(
    words: str, fen: int | None, said: str, rest: str
) -> None:
    assert said_amount(words) == (fen, said, rest)


async def test_a_deal_from_the_lead_to_the_signature(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/商机")
    await world.rep.sees("没有进行中的商机", "/商机 L-1024 12万")
    await world.rep.says("/商机 L-1001 12万 阀块年单，打 13711112222")
    card = await world.rep.sees(
        "O-11 阀块年单", "▶初步沟通 · 技术确认", "¥120,000", "宁波恒达汽配有限公司（C-0301 · L-1001）"
    )
    await world.rep.says("/商机 L-1001 12万 阀块年单，打 13711112222")
    await world.rep.sees("已有同样的商机 O-11（初步沟通）")
    await world.rep.says("/商机 O-11 赢单 签了")
    await world.rep.sees(
        "O-11 还在「初步沟通」，不能直接赢单：后面还有「技术确认」「方案演示」「商务报价」「合同审批」"
    )
    await world.rep.says("/商机 O-11 推进到 方案演示")
    await world.rep.sees("O-11 现在在「初步沟通」，不能直接到「方案演示」，下一步是「技术确认」")
    await world.rep.clicks("推进到技术确认", on=card, times=2)
    await world.rep.sees("推进到「技术确认」", "初步沟通 ✓ ▶技术确认")
    await world.rep.says("/商机 O-11 推进")
    await world.rep.sees("技术确认 ✓ ▶方案演示")
    await world.rep.says("2")  # the text twin of the second button
    await world.rep.sees("O-11 为什么退回上一步？")
    await world.restart()
    await world.rep.says("换了对接人，要重新确认")
    await world.rep.sees("退回到「技术确认」", "换了对接人")
    await world.rep.says("/撤销")
    await world.rep.sees("已撤销：O-11 回到「方案演示」")
    await world.rep.says("/商机 11 金额 15万元")
    await world.rep.sees("金额改为 ¥150,000")
    for stage in ("商务报价", "合同审批"):
        await world.rep.says(f"/商机 O-11 推进到「{stage}」")
        await world.rep.sees(f"▶{stage}")
    await world.rep.clicks("赢单", on="▶合同审批")
    await world.rep.sees("O-11 赢在哪里？")
    await world.rep.says("价格和交期都合适")
    await world.rep.sees("已赢单：价格和交期都合适")
    await world.rep.says("/商机 O-11 丢单 算错了")
    await world.rep.sees("O-11 已赢单，不能再改")
    assert await deals(world) == [(11, 1001, 301, "wanglei", "contract", "won")]
    async with world.db.read() as tx:
        steps = sa.select(
            opportunity_step.c.kind, opportunity_step.c.became, opportunity_step.c.undone_at.is_(None)
        )
        found = [tuple(row) for row in await tx.execute(steps.order_by(opportunity_step.c.id))]
        trail = sa.select(audit.c.action).where(audit.c.subject == "O-11").order_by(audit.c.id)
        kept = [one for one in (await tx.execute(trail)).scalars() if one.startswith("opportunity.")]
    assert found == [
        ("opened", "talk", True), ("forward", "tech", True), ("forward", "demo", True), ("back", "tech", False),
        ("amount", "¥150,000", True), ("forward", "quote", True), ("forward", "contract", True), ("won", "won", True),
    ]  # fmt: skip
    assert kept == [f"opportunity.{kind}" for kind, *_ in found]
    async with Visitor(world) as visitor:
        await visitor.enters(world.rep)
        await visitor.opens("/customers/C-0301")
        assert (
            "O-11 已赢单 阀块年单，打 13711112222 · ¥150,000 · 王磊 L-1001 理由：价格和交期都合适"
            in visitor.words
        )
        await visitor.opens("/leads/L-1001")
        assert "商机 O-11 推进到「技术确认」" in visitor.words
        await visitor.opens("/board?state=open&q=O-11")
        assert "L-1001" in visitor.words
        await visitor.enters(world.boss)
        await visitor.opens("/customers/C-0301")
        assert "13711112222" not in visitor.words
        await visitor.opens("/trail?about=O-11")
        assert "推进了商机" in visitor.words


async def test_sight_and_rights(world: World) -> None:
    """Own, team, all; a manager moves it with a reason; a card in strange hands does nothing; an open check-in holds."""
    await world.api_lead()
    await world.rep.says("/商机 L-1001 12万 年单")
    card = await world.rep.sees("O-11 年单")
    await world.rep2.says("/商机 O-11")
    await world.rep2.sees("O-11 由王磊负责，你没有查看权限")
    await world.rep2.says("/商机 L-1001 5万 我的")
    await world.rep2.sees("L-1001 由王磊负责，只有他和他的主管能开商机")
    await world.rep2.says("/商机 王磊")
    await world.rep2.sees("王磊 的商机你没有查看权限")
    press = card.buttons[0] if card.buttons else None
    if press is not None:
        await world.rep2.presses_anyway(card, press.key)
        await world.idle()
    await world.admin.says("/商机 O-11 推进")
    await world.admin.sees("O-11 由王磊负责，只有他和他的主管")
    assert (await deals(world))[0][4:] == ("talk", "")
    await world.api_lead(phone="13900000002", company="苏州明达机械有限公司", owner="liqian")
    await world.rep2.says("/商机 L-1002")
    await world.rep2.sees("O-12 液压阀块，月 300 件", "还不知道")
    await world.boss.says("/商机")
    await world.boss.sees(
        "商机 2 个", "合计 ¥120,000（1 个没有金额）", "王磊 1 个 ¥120,000（初步沟通 1）", "李倩 1 个 没有金额"
    )
    await world.boss.clicks("逐个看")
    await world.boss.sees("O-11", "O-12", "· 李倩")
    await world.boss.says("/商机 王磊")
    await world.boss.clicks("O-11", on=await world.boss.sees("王磊商机 1 个", "¥120,000 · 王磊"))
    shown = await world.boss.sees("O-11 年单", "▶初步沟通")
    await world.boss.clicks("推进到技术确认", on=shown)
    await world.boss.sees("O-11 不归你，推进要写理由")
    await world.boss.says("图纸客户已经签字")
    await world.boss.sees("推进到「技术确认」", "图纸客户已经签字")
    await world.rep.sees("张敏 推进到「技术确认」")
    await world.rep.clicks("开始跟进", on="🔔 新线索 L-1001")
    await world.rep.sees("1/3")
    await world.rep.says("/商机 O-11 推进")
    await world.rep.sees("请先完成打卡：L-1001 还差 3 步")
    assert (await deals(world))[0][4] == "tech"


async def three(world: World) -> None:
    """王磊: L-1001 with O-11, L-1002 with O-12, and O-13 at C-0301 that came from no lead."""
    await world.api_lead(city="宁波")
    await world.api_lead(phone="13900000002", company="宁波乙机械有限公司", city="宁波")
    for n, words in ((11, "L-1001 12万 年单"), (12, "L-1002 3万 样机"), (13, "C-0301 8万 备件")):
        await world.rep.says(f"/商机 {words}")
        await world.rep.sees(f"O-{n}")
    await world.idle()


async def test_a_handover_takes_them_along_and_gives_them_back(world: World) -> None:
    await three(world)
    await world.boss.says("/交接 王磊 → 李倩")
    card = await world.boss.sees("王磊：交接预览", "客户 2、进行中线索 2、进行中商机 3、待办 0")
    await world.boss.clicks("全部给李倩", on=card, times=2)
    done = await world.boss.sees("王磊 的交接完成", "进行中商机 3")
    await world.rep2.sees("王磊 的 2 条线索、3 个商机归你了", "商机 O-11", "¥120,000", "商机 O-13", "备件")
    assert set((await whose(world)).values()) == {"liqian"}
    await world.rep.says("/商机 O-11 推进")
    await world.rep.sees("O-11 由李倩负责")
    await world.rep2.says("/商机 O-12 推进")
    await world.rep2.sees("▶技术确认")
    await world.kill()
    await world.start()
    await world.boss.clicks("撤销", on=done, times=2)
    await world.boss.sees("已撤销：王磊 的 2 条线索、2 个客户、2 个商机都回去了")
    await world.rep2.sees("王磊 的 2 条线索、2 个商机收回了")
    await world.rep.sees("2 条线索、2 个商机回到你名下")
    assert await whose(world) == {11: "wanglei", 12: "liqian", 13: "wanglei"}  # O-12 was moved meanwhile


async def turns(world: World) -> list[list[tuple[object, ...]]]:
    """What the fair turn knows, and the decisions behind it."""
    async with world.db.read() as tx:
        return [
            [tuple(row) for row in await tx.execute(query)]
            for query in (
                sa.select(rotation.c.member, rotation.c.credit)
                .where(rotation.c.credit != 0)
                .order_by(rotation.c.member),
                sa.select(share).where(share.c.running > 0).order_by(share.c.day, share.c.member),
                sa.select(decision.c.lead, decision.c.chosen).order_by(decision.c.id),
            )
        ]


async def test_into_the_pool_and_by_the_turn_which_is_given_back(world: World) -> None:
    await world.api_lead(owner=None, phone="13900000009", company="苏州丁机械有限公司", city="苏州")
    await three_from(world)
    before = await turns(world)
    assert before[2]
    await world.boss.says("/交接 王磊")
    card = await world.boss.sees("王磊：交接预览", "进行中商机 2")
    assert [one.label for one in card.buttons][:1] in ([], ["按区域自动分"])
    await world.boss.clicks("按区域自动分", on=card)
    done = await world.boss.sees("王磊 的交接完成", "线索去向")
    assert "wanglei" not in (await whose(world)).values()
    assert (await turns(world))[0] != before[0]
    await world.boss.clicks("撤销", on=done)
    await world.boss.sees("已撤销：王磊")
    assert await turns(world) == before
    assert set((await whose(world)).values()) == {"wanglei"}
    world.boss.looks_away()
    await world.boss.says("/交接 王磊")
    await world.boss.clicks("入公海", on=await world.boss.sees("王磊：交接预览"))
    await world.boss.sees("王磊 的交接完成", "公海")
    assert set((await whose(world)).values()) == {""}
    await world.rep2.says("/商机 公海")
    await world.rep2.sees("公海商机 2 个")
    await world.rep2.says("/商机 O-11 接手")
    await world.rep2.sees("O-11 跟着 L-1002，领取线索就一起归你：/领取 1002")
    await world.rep2.says("/领取 1002")
    await world.rep2.sees("公海原因：离职交接", "商机 O-11 宁波恒达", "商机 O-12")
    assert await whose(world) == {11: "liqian", 12: "liqian"}  # the second hangs on the customer alone
    await world.boss.says("/转派 1002 @孙浩 王磊的老客户")
    await world.boss.sees("L-1002 已转给 孙浩")
    await world.phone("sunhao").sees("L-1002", "商机 O-11", "年单")
    assert await whose(world) == {11: "sunhao", 12: "sunhao"}
    await world.boss.says("/撤销")
    await world.boss.sees("L-1002 已收回")
    assert await whose(world) == {11: "liqian", 12: "liqian"}


async def test_what_nobody_has_is_taken_over_and_long_lists_have_pages(world: World) -> None:
    await world.api_lead()
    for n in range(8):
        await world.rep.says(f"/商机 C-0301 {n + 1}万 备件{n}")
        await world.rep.sees(f"O-{n + 11} 备件{n}")
    await world.rep.says("/商机 恒达")
    first = await world.rep.sees("C-0301商机 8 个", "合计 ¥360,000，第 1～3 个", "备件2 · 初步沟通 · ¥30,000")
    assert "O-14" not in first.text
    await world.rep.clicks("下一页", on=first)
    await world.rep.sees("第 4～6 个", "O-16")
    await world.rep.clicks("下一页", on=first)
    await world.rep.sees("第 7～8 个", "O-18")
    await world.rep.clicks("O-18", on=first)
    await world.rep.sees("O-18 备件7", "▶初步沟通")
    await world.boss.says("/交接 王磊")
    await world.boss.clicks("入公海", on=await world.boss.sees("进行中商机 8"))
    await world.boss.sees("王磊 的交接完成")
    await world.rep2.says("/商机 O-13 推进")
    await world.rep2.sees("O-13 在公海里，先领取再开商机、推进")
    await world.rep2.says("/商机 O-13")
    card = await world.rep2.sees("O-13 备件2", "（公海）")
    await world.phone("sunhao").says("/商机 O-14")
    late = await world.phone("sunhao").sees("O-14 备件3")
    await world.rep2.clicks("接手", on=card, times=2)
    await world.rep2.sees("已接手", "负责人：李倩")
    assert set((await whose(world)).values()) == {"liqian"}  # the customer, and all that hangs on it
    assert await world.dead(world.phone("sunhao"), late)


async def three_from(world: World) -> None:
    """王磊: L-1002 with O-11, and O-12 of its customer alone."""
    await world.api_lead(city="宁波")
    for n, words in ((11, "L-1002 12万 年单"), (12, "C-0302 8万 备件")):
        await world.rep.says(f"/商机 {words}")
        await world.rep.sees(f"O-{n}")
    await world.idle()


async def test_merged_with_its_customer_and_forgotten_with_it(world: World) -> None:
    await three(world)
    before = await deals(world)
    await world.rep.says("/合并 C-0301 C-0302")
    await world.rep.clicks("用 C-0301 的", on=await world.rep.sees("公司 1/1"))
    await world.rep.clicks("确认合并", on=await world.rep.sees("：确认", "商机 1"))
    await world.rep.sees("C-0302 已并入 C-0301")
    assert [row[2] for row in await deals(world)] == [301, 301, 301]
    await world.rep.says("/客户 O-12")
    await world.rep.sees("C-0301", "O-11", "O-12 样机", "O-13")
    await world.rep.says("/商机 L-1001 9万 合并以后的")
    await world.rep.sees("O-14")
    await world.rep.says("/撤销")
    await world.rep.sees("商机 O-14 没有开")
    await world.rep.says("/撤销合并 C-0302")
    await world.rep.sees("又是单独的客户")
    await world.idle()
    assert (await deals(world))[:3] == before
    async with world.db.read() as tx:
        person = await forgetting.look(tx, 302)
    assert person is not None
    assert person.opportunities == (12,)
    await forgetting.forget(world.db, person, world.clock.now(), "test", "{}")
    async with world.db.read() as tx:
        row = (await tx.execute(sa.select(opportunity).where(opportunity.c.id == 12))).one()
        assert (row.title, row.amount_words, row.outcome, row.amount) == ("", "", "lost", 3_000_000)
        left = {table.name for table in meta.sorted_tables if "opportunity" in table.c}
    assert left == {"opportunity_step"}
