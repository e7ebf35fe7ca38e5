"""Leave with a stand-in who sees and acts but owns nothing; /上线; a leaver's handover in one piece. (B13, R14, C.4)"""

import pytest
import sqlalchemy as sa

from store import tables
from store.tables import customer, lead
from store.tables_assignment import leave
from tests.world import World


async def row(world: World, number: int = 1001) -> sa.Row[tuple[object, ...]]:
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(lead).where(lead.c.id == number))).one()


async def off(world: World, words: str = "11-23 到 11-25 代班 @李倩") -> None:
    await world.rep.says(f"/休假 {words}")
    await world.rep.sees("确认休假交接")
    await world.rep.clicks("确认", on="确认休假交接")
    await world.idle()


async def test_leave_is_shown_before_it_holds(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/休假")
    await world.rep.sees("这样写：/休假 11-25 到 11-27 代班 @李倩")
    await world.rep.says("/休假 11-27 到 11-25")
    await world.rep.sees("结束的日子在开始之前")
    await world.rep.says("/休假 明天 代班 @王磊")
    await world.rep.sees("代班的人不能是本人")
    await world.rep.says("/休假 11-25 到 11-27 交给 李倩")
    await world.rep.sees(
        "确认休假交接", "11-25 到 11-27：新线索不再派给你", "到期 1 项由李倩代看", "客户仍归你"
    )
    await world.rep.clicks("改人")
    await world.rep.sees("请谁代班？")
    await world.rep.says("孙浩")
    await world.rep.sees("由孙浩代看")
    await world.rep.clicks("确认", on="由孙浩代看", times=2)
    await world.idle()
    await world.at("2026-11-25 09:00")
    await world.phone("sunhao").sees("你代王磊看 11-25 到 11-27", "在跟 1 条")
    assert world.rep2.count("你代王磊看") == 0
    async with world.db.read() as tx:
        assert [one.state for one in await tx.execute(sa.select(leave))] == ["on"]


async def test_who_is_away_gets_no_leads_and_the_stand_in_hears_the_clock(world: World) -> None:
    await world.api_lead()
    await off(world)
    before = world.rep.count("L-1001")
    await world.passes(hours=4)
    await world.rep2.sees("L-1001 已过 2 小时目标", "代王磊：客户仍归王磊")
    assert world.rep.count("L-1001") == before  # on leave: left in peace
    await world.rep2.clicks("现在跟进", on="L-1001 已过 2 小时目标")
    await world.rep2.sees("L-1001 开始跟进 1/3")
    await world.rep2.says("/跟进 1001 电话 有意向 明天再联系")
    await world.rep2.sees("已记录")
    found = await row(world)
    assert (found.owner, found.status) == ("wanglei", "intent")
    await world.passes(hours=3)
    assert world.boss.count("L-1001 王磊 4:00") == 0

    await world.rep2.says("/今日")
    await world.rep2.sees("L-1001")
    await world.rep2.says("/转给 1001 @孙浩")
    await world.rep2.sees("你不能转")  # a stand-in gives nothing away
    await world.rep2.says("/放回 1001 不想看")
    await world.rep2.sees("现在由王磊负责")
    await world.api_lead(owner=None, city="宁波", phone="13900000002", company="宁波乙机械有限公司")
    assert (await row(world, 1002)).owner != "wanglei"
    await world.boss.says("/为什么 1002")
    await world.boss.sees("王磊（休假11-23 到 11-25）")


async def test_the_clock_runs_on_and_the_manager_reads_who_is_away(world: World) -> None:
    await world.api_lead()
    await world.api_lead(phone="13900000002", company="苏州乙机械有限公司", owner="liqian")
    await off(world)
    await world.rep2.says("/休假 今天")  # the stand-in is gone too, and nobody stands in
    await world.rep2.sees("确认休假交接", "没有人代班")
    await world.rep2.clicks("确认", on="没有人代班")
    await world.idle()
    await world.passes(hours=6)
    card = await world.boss.sees(
        "🔺 2 条线索超时未首触", "L-1001 王磊（休假） 4:00", "L-1002 李倩（休假） 4:00"
    )
    assert "转派" in [press.label for press in card.buttons]
    await world.rep2.says("/上线")
    await world.rep2.sees("休假结束")
    await world.boss.says("/超时")
    await world.boss.sees("L-1001 王磊（休假，李倩代班）", "L-1002 李倩 ")


async def test_it_ends_by_itself_and_all_is_as_before(world: World) -> None:
    await world.api_lead()
    await off(world, "今天 代班 李倩")
    await world.rep2.says("/跟进 1001 电话 有意向 明天再联系")
    await world.rep2.sees("已记录")
    await world.at("2026-11-24 09:00")
    await world.rep.sees("王磊，休假结束", "李倩 代你跟进了 1 次")
    await world.rep2.says("/打卡 1001")
    await world.rep2.sees("只有负责人能打卡")
    await world.api_lead(owner=None, city="宁波", phone="13900000002", company="宁波乙机械有限公司")
    assert (await row(world, 1002)).owner == "wanglei"


async def test_back_early_and_after_a_restart(world: World) -> None:
    await off(world)
    await world.restart()
    await world.rep.says("/上线")
    await world.rep.sees("休假结束")
    await world.api_lead(owner=None, city="宁波")
    assert (await row(world)).owner == "wanglei"
    await world.rep.says("/上线")
    await world.rep.sees("没有在休假，正常派线索")


async def test_a_manager_for_somebody_and_nobody_for_a_stranger(world: World) -> None:
    await world.boss.says("/休假 @王磊 11-23 到 11-24 代班 @李倩")
    await world.boss.sees("确认王磊的休假交接")
    await world.boss.clicks("确认")
    await world.rep.sees("张敏 给你登记了休假：11-23 到 11-24")
    await world.rep2.says("/休假 @孙浩 11-23 到 11-24")
    await world.rep2.sees("孙浩 不在你的团队里")
    await world.boss.says("/上线 @王磊")
    await world.rep.sees("休假结束")
    await world.boss.sees("王磊 已恢复派线索")


# ── gone ───────────────────────────────────────────────────────────────────────────────────────────────
async def belongings(world: World) -> None:
    await world.api_lead()
    await world.api_lead(phone="13900000002", company="宁波乙机械有限公司")
    await world.rep.says("/跟进 1002 电话 需技术确认 明天发方案")
    await world.rep.sees("已记录")
    await world.rep.says("同步至CRM 我是苏州明达的陈立，13900000007，想要报价")
    await world.rep.sees("识别到联系人")
    await world.rep.clicks("开始跟进", on="🔔 新线索 L-1001")
    await world.rep.sees("1/3")
    await world.idle()


async def test_a_handover_moves_everything_in_one_piece(world: World) -> None:
    await belongings(world)
    await world.boss.says("/交接 王磊 → 李倩")
    await world.boss.sees(
        "王磊：交接预览", "客户 2、进行中线索 2、进行中商机 0、待办 0、草稿 1、未到期提醒 1"
    )
    await world.boss.clicks("全部给李倩", times=2)
    await world.boss.sees("王磊 的交接完成", "都给了李倩")
    card = await world.rep2.sees("王磊 的 2 条线索归你了", "L-1001", "其中 1 条还没有首触，从现在起重新计时")
    assert "技术确认中" in card.text  # the state travels
    assert "跟进过的，公海回收日不因交接改变。" in card.text
    assert world.rep2.count("归你了") == 1
    await world.idle()
    async with world.db.read() as tx:
        assert {one.owner for one in await tx.execute(sa.select(lead.c.owner))} == {"liqian"}
        assert {one.owner for one in await tx.execute(sa.select(customer.c.owner))} == {"liqian"}
        states = (
            await tx.execute(sa.select(tables.checkin.c.state).where(tables.checkin.c.member == "wanglei"))
        ).scalars()
        assert "open" not in set(states)
        assert (await tx.execute(sa.select(tables.draft.c.member))).scalar_one() == "liqian"
        assert (
            await tx.execute(sa.select(tables.expectation).where(tables.expectation.c.member == "wanglei"))
        ).all() == []
    await world.at("2026-11-24 09:30")
    await world.rep2.sees("L-1002")  # the reminder of the next step came along
    await world.boss.says("/交接 王磊")
    await world.boss.sees("王磊 名下没有要交接的")


async def test_a_handover_is_split_customer_by_customer(world: World) -> None:
    for n, phone in enumerate(["13900000001", "13900000002", "13900000003"]):
        await world.api_lead(phone=phone, company=f"宁波{'甲乙丙'[n]}机械有限公司")
    await world.api_lead(
        phone="13900000001", company="宁波甲机械有限公司", need="再要 200 件"
    )  # the first firm again
    await world.boss.says("/交接 王磊 → 李倩、孙浩")
    await world.boss.sees("王磊：交接预览", "分给李倩、孙浩", "进行中线索 4")
    await world.api_lead(phone="13900000005", company="宁波丁机械有限公司")
    await world.boss.clicks("分给这 2 人", on="进行中线索 4")
    card = await world.boss.sees("进行中线索 5", "分给李倩、孙浩")
    await world.boss.clicks("分给这 2 人", on=card, times=2)
    await world.boss.sees("王磊 的交接完成", "线索去向：李倩 3 条、孙浩 2 条")
    await world.rep2.sees("王磊 的 3 条线索归你了", "L-1001", "L-1004")
    await world.phone("sunhao").sees("王磊 的 2 条线索归你了")
    await world.idle()
    owners = {n: (await row(world, n)).owner for n in range(1001, 1006)}
    assert owners[1001] == owners[1004] == "liqian"
    async with world.db.read() as tx:
        firms = {one.id: one.owner for one in await tx.execute(sa.select(customer))}
        under = {one.id: one.customer for one in await tx.execute(sa.select(lead))}
    assert {owners[n] for n in owners} == {"liqian", "sunhao"}
    assert all(firms[under[n]] == owners[n] for n in owners)
    await world.boss.says("/交接 李倩 → 王磊、李倩")
    await world.boss.sees("不能交接给本人")


async def test_what_came_in_meanwhile_is_counted_again(world: World) -> None:
    await world.api_lead()
    await world.boss.says("/交接 王磊 → 李倩")
    await world.boss.sees("进行中线索 1")
    await world.api_lead(phone="13900000002", company="宁波乙机械有限公司")
    await world.boss.clicks("全部给李倩")
    await world.boss.sees("进行中线索 2")
    assert (await row(world)).owner == "wanglei"
    await world.boss.clicks("按区域自动分", on="进行中线索 2")
    await world.boss.sees("王磊 的交接完成", "线索去向：")
    await world.idle()
    assert "wanglei" not in {(await row(world, n)).owner for n in (1001, 1002)}


async def test_into_the_pool_and_by_whom(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/交接 王磊")
    await world.rep.sees("「/交接」只有主管、总监、管理员可以用")
    await world.boss.says("/交接 孙浩")
    await world.boss.sees("孙浩 不在你的团队里")
    await world.boss.says("/交接 王磊")
    await world.boss.sees("王磊：交接预览")
    await world.boss.clicks("入公海")
    await world.boss.sees("线索去向：公海 1 条")
    await world.rep2.says("/公海")
    await world.rep2.sees("公海 1 条", "离职交接（原王磊）")
    assert (await row(world)).owner == ""


async def picture(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Whose everything is, and what its clocks count from."""
    columns = {
        "lead": ("id", "owner", "assigned_at", "assigned_why", "acked_at", "snoozed_until", "snoozes"),
        "customer": ("id", "owner"), "task": ("id", "owner", "done_at"), "draft": ("id", "member", "state"),
        "checkin": ("id", "member", "state", "step", "closed_at"), "pool": ("lead",), "hold": ("lead", "until", "why"),
    }  # fmt: skip
    found = {}
    async with world.db.read() as tx:
        for name, some in columns.items():
            table = tables.meta.tables[name]
            rows = await tx.execute(sa.select(*(table.c[one] for one in some)).order_by(*table.primary_key))
            found[name] = [tuple(row) for row in rows]
        due = sa.select(tables.timer.c.due).where(tables.timer.c.kind == "sla").order_by(tables.timer.c.key)
        found["clocks"] = [tuple(row) for row in await tx.execute(due)]
    return found


async def test_a_handover_is_taken_back_with_everything(world: World) -> None:
    await belongings(world)
    await world.boss.says("/保护 1002 14天 等年度预算")
    await world.idle()
    before = await picture(world)
    assert before["hold"]
    assert before["checkin"][-1][2] == "open"
    await world.boss.says("/交接 王磊 → 李倩")
    await world.boss.clicks("全部给李倩", on=await world.boss.sees("王磊：交接预览"))
    done = await world.boss.sees("王磊 的交接完成", "10 分钟内可以撤销")
    await world.idle()
    assert (await picture(world))["lead"] != before["lead"]
    await world.kill()
    await world.start()
    await world.rep2.says("/撤销")
    await world.rep2.sees("没有可以撤销的操作")  # it is the manager's
    await world.boss.clicks("撤销", on=done, times=2)
    await world.boss.sees("已撤销：王磊 的 2 条线索、2 个客户都回去了")
    await world.idle()
    assert world.boss.count("已撤销：王磊") == 1
    assert await picture(world) == before
    await world.rep2.sees("王磊 的 2 条线索收回了", "张敏撤销了交接")
    await world.rep.sees("2 条线索回到你名下")
    await world.rep.says("/打卡")
    await world.rep.sees("L-1001 开始跟进 1/3")  # the check-in that was under way goes on
    world.boss.looks_away()
    await world.boss.says("/交接 王磊")
    await world.boss.clicks("入公海", on=await world.boss.sees("王磊：交接预览"))
    await world.boss.sees("王磊 的交接完成", "公海 2 条")
    await world.boss.says("/撤销")
    await world.boss.sees("已撤销：王磊 的 2 条线索、2 个客户都回去了")
    await world.idle()
    assert await picture(world) == before


async def test_what_somebody_began_on_stays_with_them_when_a_handover_is_undone(world: World) -> None:
    await belongings(world)
    await world.boss.says("/交接 王磊 → 李倩")
    await world.boss.clicks("全部给李倩", on=await world.boss.sees("王磊：交接预览"))
    await world.boss.sees("王磊 的交接完成")
    await world.rep2.says("/跟进 1001 电话 有意向 明天再联系")
    await world.rep2.sees("已记录")
    await world.boss.says("/撤销")
    await world.boss.sees("已撤销：王磊 的 1 条线索、1 个客户都回去了；L-1001之后有变化，留在现在的人那里")
    await world.idle()
    assert [(await row(world, n)).owner for n in (1001, 1002)] == ["liqian", "wanglei"]
    async with world.db.read() as tx:
        firms = (await tx.execute(sa.select(customer.c.owner).order_by(customer.c.id))).scalars().all()
    assert firms == ["liqian", "wanglei"]
    world.boss.looks_away()
    await world.boss.says("/交接 王磊 → 孙浩")
    await world.boss.clicks("全部给孙浩", on=await world.boss.sees("王磊：交接预览"))
    await world.boss.sees("王磊 的交接完成", "都给了孙浩")
    await world.passes(minutes=11)
    await world.boss.says("/撤销")
    await world.boss.sees("王磊的交接 的上一步已超过 10 分钟，不能撤销了")


@pytest.mark.parametrize("platform", ["dingtalk"], indirect=True)
async def test_dingtalk_hands_no_friends_on_and_says_so(world: World) -> None:
    await world.api_lead()
    await world.boss.says("/交接 王磊 → 李倩")
    card = await world.boss.sees("王磊：交接预览", "钉钉里的外部联系人机器人转不了")
    await world.boss.clicks("全部给李倩", on=card)
    await world.boss.sees("王磊 的交接完成")
    await world.passes(hours=30)
    async with world.db.read() as tx:
        ways = set((await tx.execute(sa.select(tables.outbox.c.way))).scalars())
    assert "friends" not in ways
    assert world.boss.count("企业微信好友") == 0
