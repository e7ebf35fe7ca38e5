"""Who gets a lead and why, the fair turn over restarts, 退回, nobody there and again. (B09, B11, B13, B85, B86)"""

import json

import pytest
import sqlalchemy as sa

from rules.fairness import WHOLE
from store import tables
from store.tables import lead
from store.tables_assignment import decision, pool, rotation, share
from tests.world import World

GROUPS = {"group": ({"name": "图纸定制", "members": ("liqian",), "needs": ("图纸",), "overflow": True},)}
THREE = ("wanglei", "liqian", "sunhao")


async def owner(world: World, number: int) -> str:
    async with world.db.read() as tx:
        return str((await tx.execute(sa.select(lead.c.owner).where(lead.c.id == number))).scalar_one())


async def many(world: World, n: int, **fields: object) -> list[str]:
    """n leads from nowhere in particular; who got them."""
    found = []
    for at in range(n):
        number = await world.api_lead(
            **{
                "owner": None,
                "company": "",
                "name": f"客户{at}",
                "need": "",
                "phone": f"1391000{world.clock.ms() % 10000:04d}",
            }
            | fields
        )
        found.append(await owner(world, int(number[2:])))
    return found


async def away(world: World, *members: str, available: bool = False) -> None:
    async with world.db.write() as tx:
        await tx.execute(
            sa.update(tables.member).where(tables.member.c.id.in_(members)).values(available=available)
        )


async def test_the_turn_is_fair_and_holds_over_a_restart_and_a_kill(world: World) -> None:
    first = await many(world, 2)
    await world.restart()
    second = await many(world, 2)
    await world.kill()
    await world.start()
    third = await many(world, 2)
    given = [*first, *second, *third]
    assert sorted(given) == sorted([*THREE, *THREE])
    assert given[:3] == given[3:]  # the turn goes on where it stood
    async with world.db.read() as tx:
        credits = (
            (await tx.execute(sa.select(rotation.c.credit).where(rotation.c.member != ""))).scalars().all()
        )
        shares = (await tx.execute(sa.select(share))).all()
    assert sum(credits) == 0
    assert sum(row.owed for row in shares) == 6 * WHOLE
    assert {(row.day, row.member, row.got) for row in shares} == {("2026-11-23", who, 2) for who in THREE}


async def test_why_explains_candidate_by_candidate(world: World) -> None:
    await away(world, "sunhao")
    await world.api_lead(owner=None, city="宁波")
    await world.boss.says("/为什么 1001")
    said = await world.boss.sees("L-1001 为什么这样分（现在由王磊负责）", "孙浩（不在岗）")
    assert "→ 王磊（权重 0.20：区域 1 × 行业 1 × 成交率 0.20（0 单）；份额 100%" in said.text
    assert "李倩（区域不合）" in said.text
    await world.boss.says("/转派 1001 @李倩 王磊在外")
    await world.boss.sees("L-1001 已转给 李倩")
    await world.boss.says("/为什么 1001")
    await world.boss.sees("现在由李倩负责", "张敏 给了 李倩（王磊在外）")
    await world.rep.says("/为什么 1001")
    await world.rep.sees("「/为什么」只有主管、总监、管理员可以用")
    await world.boss.says("/为什么 什么")
    await world.boss.sees("这样写：/为什么 1024")


@pytest.mark.parametrize("changes", [GROUPS], indirect=True)
async def test_a_kind_of_need_goes_to_its_group_and_overflows(world: World) -> None:
    await many(world, 2, need="按图纸加工 20 件")
    assert [await owner(world, n) for n in (1001, 1002)] == ["liqian", "liqian"]
    await world.rep2.sees("新线索 L-1001", "为什么给你：图纸定制 / 今日第 1 条")
    await away(world, "liqian")
    await many(world, 1, need="按图纸加工")
    assert await owner(world, 1003) in {"wanglei", "sunhao"}
    await world.boss.says("/为什么 1003")
    await world.admin.says("/为什么 1003")
    await world.admin.sees("归「图纸定制」组", "组里没有人能接，扩大到所有人")


@pytest.mark.parametrize("changes", [{"assignment": {"daily_cap": 1}}], indirect=True)
async def test_nobody_left_is_tried_again_alarmed_and_worked_off(world: World) -> None:
    """Caps full → the pool with a reason → tried again, admins alarmed once → next day everything is assigned."""
    assert sorted(await many(world, 3)) == sorted(THREE)
    assert await many(world, 2) == ["", ""]
    await world.boss.sees("L-1004 没有人能接", "到上限")
    await world.passes(minutes=50)  # three tries of a quarter of an hour, and some time for each
    alarm = await world.admin.sees("2 条线索一直没有人能接")
    assert "试了 3 次：到上限" in alarm.text
    await world.passes(minutes=25)  # over the full hour
    assert world.admin.count("一直没有人能接") == 1
    await world.passes(minutes=55)  # an hour after the first
    assert world.admin.count("2 条线索一直没有人能接") == 2
    await world.admin.says("/为什么 1004")
    await world.admin.sees("没有人能接：进公海，定时再试", "孙浩（今日已满 1）")
    await world.kill()  # whatever was under way: the tries are rows
    await world.start()
    await world.at("2026-11-24 09:20")  # the tries come every quarter of an hour
    assert "" not in [await owner(world, n) for n in (1004, 1005)]
    await world.admin.sees("积压已清", "共 2 条")
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(pool))).all() == []
        tried = sa.select(decision.c.chosen).where(decision.c.lead == 1004).order_by(decision.c.id)
        chosen = (await tx.execute(tried)).scalars().all()
    assert chosen[0] == ""
    assert chosen[1]  # dozens of tries that found the same are no decisions of their own
    assert len(chosen) == 2


async def test_who_comes_back_gets_what_waited(world: World) -> None:
    await away(world, *THREE)
    assert await many(world, 1) == [""]
    await away(world, "wanglei", available=True)
    await world.passes(minutes=16)
    await world.rep.sees("🔔 新线索 L-1001")
    assert world.admin.count("一直没有人能接") == 0


async def test_what_waited_waits_on_when_a_hand_over_is_taken_back(world: World) -> None:
    await away(world, *THREE)
    assert await many(world, 1) == [""]
    async with world.db.read() as tx:
        lay = (await tx.execute(sa.select(pool))).one()
    assert lay.retry_at is not None
    await away(world, "liqian", available=True)
    await world.boss.says("/转派 1001 @李倩")
    await world.boss.clicks("撤销", on=await world.boss.sees("L-1001 已转给 李倩"))
    await world.boss.sees("已撤销：L-1001 已收回")
    async with world.db.read() as tx:
        again = (await tx.execute(sa.select(pool))).one()
    assert (again.since, again.reason, again.retry_at) == (lay.since, lay.reason, lay.retry_at)
    await away(world, "liqian")
    await away(world, "wanglei", available=True)
    await world.passes(minutes=16)
    await world.rep.sees("🔔 新线索 L-1001")


async def test_a_lead_is_sent_back_with_a_reason_and_goes_to_the_next(world: World) -> None:
    await world.api_lead(owner=None, city="宁波")
    card = await world.rep.sees("🔔 新线索 L-1001")
    await world.rep.clicks("更多")
    await world.idle()
    await world.rep.clicks("退回")
    await world.rep.sees("为什么退回 L-1001？")
    await world.rep.says("不做汽配")
    await world.rep.sees("L-1001 已退回，改派给")
    await world.boss.sees("L-1001 被王磊退回", "原因：不做汽配", "已改派")
    await world.idle()
    if world.platform != "wecom_aibot":  # a card changes there only in answer to a press on it
        assert all(not press.enabled for press in card.buttons)
    second = await owner(world, 1001)
    assert second in {"liqian", "sunhao"}
    await world.phone(second).sees("🔔 新线索 L-1001", "同事退回后改派给你")
    for _ in range(2):  # the others do not want it either
        who = world.phone(await owner(world, 1001))
        if await owner(world, 1001) == "":
            break
        await who.clicks("更多", on="L-1001")
        await world.idle()
        await who.clicks("退回", on="L-1001")
        await who.sees("为什么退回")
        await who.says("太远了")
        await who.sees("已退回")
        await world.idle()
    assert await owner(world, 1001) == ""
    await world.boss.sees("L-1001 没有人能接", "已退回过")
    await world.boss.says("/为什么 1001")
    await world.boss.sees("王磊 退回（不做汽配）")


async def test_a_lead_that_was_touched_is_not_sent_back(world: World) -> None:
    await world.api_lead(owner="wanglei")
    card = await world.rep.sees("🔔 新线索 L-1001")
    await world.rep.clicks("更多")
    await world.idle()
    key = next(press.key for press in card.buttons if press.label == "退回")
    await world.rep.says("/跟进 1001 电话 有意向 明天再联系")
    await world.rep.sees("已记录")
    await world.idle()
    await world.rep.presses_anyway(card, key)
    await world.idle()
    assert world.rep.count("为什么退回") == 0
    assert await owner(world, 1001) == "wanglei"


@pytest.mark.parametrize("changes", [{"assignment": {"accept_within": "1h"}}], indirect=True)
async def test_nobody_took_it_up_in_time(world: World) -> None:
    await world.api_lead(owner=None, city="宁波")
    await world.api_lead(owner=None, city="宁波", phone="13900000002")
    await world.rep.clicks("更多", on="L-1002")
    await world.passes(minutes=61)
    assert await owner(world, 1001) != "wanglei"
    assert await owner(world, 1002) == "wanglei"  # seen is taken up
    await world.boss.sees("L-1001 被王磊退回", "1 小时内没有接")


async def test_the_fairness_report_is_what_the_decisions_add_up_to(world: World) -> None:
    await many(world, 4)
    await world.admin.says("/公平 7天")
    said = await world.admin.sees("分派公平 · 近 7 天自动分派 4 条")
    async with world.db.read() as tx:
        made = (await tx.execute(sa.select(decision))).all()
    owed: dict[str, float] = {}
    for row in made:
        for member, _out, _fits, _r, _t, _rate, _w, part, *_ in json.loads(row.body):
            owed[member] = owed.get(member, 0) + part / WHOLE
    names = {"wanglei": "王磊", "liqian": "李倩", "sunhao": "孙浩"}
    for who, name in names.items():
        got = sum(row.chosen == who for row in made)
        assert f"{name}：应得 {owed[who]:.1f}，实得 {got}（{got / 4:.0%}）" in said.text
    await world.boss.says("/公平")
    mine = await world.boss.sees("近 30 天")
    assert "孙浩" not in mine.text  # another team's
    await world.boss.says("/公平 很多")
    await world.boss.sees("这样写：/公平 30")


async def test_a_rehearsal_shows_what_other_settings_would_have_done(world: World) -> None:
    await many(world, 3)
    await world.api_lead(owner=None, city="宁波")
    await world.admin.says("/预演")
    said = await world.admin.sees("预演 · 近 30 天的 4 条线索 · 按现在的设置")
    assert "会换人的 0 条" in said.text
    await world.admin.says("/预演 daily_cap=1")
    await world.admin.sees("daily_cap=1", "没有人能接：当时 0 条 → 1 条")
    await world.admin.says("/预演 daily_cap=很多")
    await world.admin.sees("daily_cap 不能是 很多")
    await world.admin.says("/预演 天气=晴")
    await world.admin.sees("不认识「天气=晴」")
    async with world.db.read() as tx:
        assert len((await tx.execute(sa.select(decision.c.id))).all()) == 4
