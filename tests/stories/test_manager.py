"""What a manager does about silence: 催一下, 转派, 给理由放过, /超时; the public pool; who is not blamed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from store import reports
from store.tables import audit, checkin, fact, lead
from tests.world import World


async def breached(world: World, n: int = 1) -> list[str]:
    """Leads of 王磊 that were let lie for four working hours."""
    found = [
        await world.api_lead(phone=f"1390000000{i}", company=f"宁波{'甲乙丙丁'[i]}汽配有限公司")
        for i in range(n)
    ]
    await world.at("2026-11-23 13:33")
    await world.at("2026-11-23 15:34")
    await world.boss.sees(f"🔺 {n} 条线索超时未首触")
    return found


async def owner_of(world: World, id: str) -> str:
    async with world.db.read() as tx:
        return str((await tx.execute(sa.select(lead.c.owner).where(lead.c.id == int(id[2:])))).scalar_one())


async def test_urging_reaches_every_rep_once(world: World):
    first, second = await breached(world, 2)
    await world.boss.clicks("催一下", times=2)
    await world.idle()
    await world.boss.sees("已催 王磊")
    card = await world.rep.sees("张敏 催你跟进 2 条线索", f"{first} 宁波甲汽配有限公司 未首触，已 4:0")
    assert world.rep.count("催你跟进") == 1
    assert [press.label for press in card.buttons] == [f"跟进 {first}", f"跟进 {second}"]
    await world.rep.clicks(f"跟进 {first}", on="催你跟进")
    await world.idle()
    await world.rep.sees(f"{first} 开始跟进 1/3")
    assert [press.label for press in card.buttons if press.enabled] == [f"跟进 {first}", f"跟进 {second}"]


async def test_urging_about_one_lead_names_it(world: World):
    (one,) = await breached(world)
    await world.boss.clicks("催一下")
    await world.idle()
    await world.rep.sees(f"张敏 催你跟进 {one}", "宁波甲汽配有限公司", "未首触，已 4:0")
    await world.rep.clicks("现在跟进", on=f"催你跟进 {one}")
    await world.idle()
    await world.rep.sees(f"{one} 开始跟进 1/3")


async def test_a_manager_who_takes_a_lead_has_taken_it(world: World):
    one = await world.api_lead()
    await world.boss.says(f"/转派 {one} @张敏")
    await world.boss.sees(f"{one} 已转给 张敏")
    await world.rep.sees(f"{one} 已由张敏接手")
    assert world.rep.count("转给张敏") == world.rep.count("转给 张敏") == 0


async def test_reassigning_shows_reasons_and_moves_everything(world: World):
    (one,) = await breached(world)
    await world.boss.clicks("转派")
    await world.idle()
    card = await world.boss.sees(f"{one} 转派给谁？", "李倩：", "今日 0 条，在岗")
    assert "孙浩" not in card.text  # another team's
    assert [press.label for press in card.buttons] == ["给李倩", "放回公海"]
    await world.boss.clicks("给李倩")
    await world.idle()
    assert await owner_of(world, one) == "liqian"
    await world.rep2.sees(f"新线索 {one}", "张敏转给你")
    await world.rep.sees(f"{one} 已由张敏转给李倩")
    await world.at("2026-11-23 17:33")
    assert world.rep2.count("已过 2 小时目标") == 0
    await world.at("2026-11-23 17:36")
    await world.rep2.sees(f"⏰ {one} 已过 2 小时目标")  # a new clock from 15:34 on
    assert world.rep.count("已过 2 小时目标") == 1


async def test_an_old_card_moves_nothing(world: World):
    (one,) = await breached(world)
    await world.boss.clicks("转派")
    await world.idle()
    await world.rep.says(f"/转给 {one} @李倩")
    await world.rep2.sees(f"新线索 {one}")
    await world.idle()
    old = await world.boss.sees(f"{one} 转派给谁？")
    assert await world.dead(world.boss, old)
    assert await owner_of(world, one) == "liqian"


async def test_a_rep_who_is_out_asks_for_a_hand_over(world: World):
    (one,) = await breached(world)
    await world.rep.clicks("我在外，请转派")
    await world.idle()
    await world.boss.sees(f"王磊 请你转派 {one}", "李倩：")
    await world.rep.sees("已请张敏转派")
    assert await owner_of(world, one) == "wanglei"
    await world.boss.clicks("给李倩", on="请你转派")
    await world.idle()
    assert await owner_of(world, one) == "liqian"


async def test_reassigning_by_words_is_for_managers_and_their_own_team(world: World):
    mine = await world.api_lead()
    other = await world.api_lead(owner="sunhao", phone="13700000001", company="广州某电子有限公司")
    await world.rep.says(f"/转派 {mine} @李倩")
    await world.idle()
    await world.rep.sees("只有主管")
    await world.boss.says(f"/转派 {other} @李倩")
    await world.idle()
    await world.boss.sees("不在你的团队里")
    await world.boss.says(f"/转派 @lq {mine} 她熟汽配")
    await world.boss.sees(f"{mine} 已转给 李倩")
    assert await owner_of(world, mine) == "liqian"
    await world.rep2.sees(f"新线索 {mine}", "她熟汽配")
    assert await owner_of(world, other) == "sunhao"


async def test_letting_it_pass_needs_a_reason_and_ends_the_climb(world: World):
    (one,) = await breached(world)
    await world.boss.clicks("给理由放过")
    await world.idle()
    await world.boss.says("客户要求下周再联系")
    await world.idle()
    await world.rep.sees(f"张敏 放过了 {one}", "客户要求下周再联系")
    await world.boss.says("/超时")
    await world.idle()
    await world.boss.sees("没有超时的线索")
    async with world.db.read() as tx:
        rows = (
            (await tx.execute(sa.select(audit.c.member).where(audit.c.action == "sla.waived")))
            .scalars()
            .all()
        )
    assert rows == ["zhangmin"]


async def test_a_pass_before_the_breach_stops_it(world: World):
    one = await world.api_lead()
    await world.at("2026-11-23 13:40")
    await world.boss.says("/超时")
    await world.idle()
    await world.boss.sees("🔺 1 条线索超时未首触", one)
    await world.boss.clicks("给理由放过")
    await world.idle()
    await world.boss.says("重复线索，先不用跟")
    await world.boss.sees(f"已放过 {one}")
    world.boss.looks_away()
    await world.at("2026-11-23 17:00")
    await world.boss.sees_nothing("超时", within=0.1)
    assert world.rep.count("超过 4 小时") == 0


async def test_several_leads_ask_which_one_first(world: World):
    first, second = await breached(world, 2)
    await world.boss.clicks("转派")
    await world.idle()
    await world.boss.sees("转派哪一条？", "王磊 · 宁波甲汽配有限公司", second)
    await world.boss.clicks(first)
    await world.idle()
    await world.boss.clicks("给李倩", on=f"{first} 转派给谁？")
    await world.idle()
    assert await owner_of(world, first) == "liqian"
    assert await owner_of(world, second) == "wanglei"


async def test_the_pool_and_the_way_out_of_it(world: World):
    (one,) = await breached(world)
    await world.rep.clicks("现在跟进", on=f"{one} 超过 4 小时")
    await world.idle()
    await world.boss.clicks("转派", on=f"{one} 王磊")
    await world.idle()
    await world.boss.clicks("放回公海")
    await world.idle()
    assert await owner_of(world, one) == ""
    await world.rep.sees(f"{one} 已放回公海", "这次打卡已取消")
    await world.rep2.says("/公海")
    card = await world.rep2.sees("公海 1 条", "宁波甲汽配")
    assert "13900000000" not in card.text
    await world.rep2.clicks(f"领取 {one}")
    await world.idle()
    assert await owner_of(world, one) == "liqian"
    await world.rep2.sees(f"新线索 {one}", "为什么给你：公海领取")
    await world.rep.says(f"/领取 {one}")
    await world.idle()
    await world.rep.sees("已由李倩负责，领取不了")
    async with world.db.read() as tx:
        states = (await tx.execute(sa.select(checkin.c.state))).scalars().all()
    assert states == ["cancelled"]


async def test_an_open_checkin_holds_back_from_claiming(world: World):
    mine = await world.api_lead()
    pooled = await world.api_lead(phone="13900000009", company="宁波某五金有限公司")
    await world.boss.says(f"/转派 {pooled}")
    await world.boss.sees(f"{pooled} 转派给谁？")
    await world.boss.clicks("放回公海")
    await world.idle()
    await world.rep.clicks("开始跟进", on=mine)
    await world.idle()
    await world.rep.says(f"/领取 {pooled}")
    await world.idle()
    await world.rep.sees("请先完成打卡")
    assert await owner_of(world, pooled) == ""


@pytest.mark.parametrize("changes", [{"messages": {"attempts": 2}}], indirect=True)
async def test_who_never_got_the_message_is_not_blamed(world: World):
    if isinstance(world.sim, WecomServer):
        world.sim.members["wanglei"].visible = False
    elif isinstance(world.sim, WecomAibotServer):
        world.sim.wrote.remove(world.rep.user)
    else:
        world.sim.faults.invalid.add("d-wanglei")
    one = await world.api_lead()
    await world.at("2026-11-23 15:34")
    await world.boss.sees(
        "🔺 送达失败：1 条线索超时未首触",
        f"{one} 王磊 4:00 宁波恒达汽配有限公司（消息未送达：",
        "不计入个人超时",
    )
    async with world.db.read() as tx:
        (payload,) = (
            await tx.execute(sa.select(fact.c.payload).where(fact.c.payload.contains('"rung": 1')))
        ).scalars()
        given = await reports.assigned_since(tx, "wanglei", world.clock.now() - timedelta(days=1))
    assert '"undelivered": true' in payload
    assert [one.undelivered for one in given] == [True]  # and so it counts in no rate
