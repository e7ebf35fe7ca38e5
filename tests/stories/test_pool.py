"""The public pool: put back with a reason, warned and recycled, claimed with its past, held, lying there too long. (B14, C.7)"""

import pytest
import sqlalchemy as sa

from store.tables import lead
from store.tables_assignment import hold, pool
from tests.world import World

SOON = {"pool": {"recycle": "5d", "levels": {}, "warn": ("3d", "1d")}, "sla": ()}


async def row(world: World, number: int = 1001) -> sa.Row[tuple[object, ...]]:
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(lead).where(lead.c.id == number))).one()


async def lies(world: World, number: int = 1001) -> sa.Row[tuple[object, ...]] | None:
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(pool).where(pool.c.lead == number))).one_or_none()


async def test_put_back_with_a_reason_and_taken_with_its_past(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/跟进 1001 电话 有意向 明天再联系")
    await world.rep.sees("已记录")
    await world.rep.says("/放回 1001")
    await world.rep.sees("这样写：/放回 1024 理由")
    await world.rep.says("/放回 1001 不在我的区域")
    await world.rep.sees("L-1001 已放回公海")
    await world.boss.sees("王磊 放回了 L-1001", "理由：不在我的区域")
    there = await lies(world)
    assert there is not None
    assert (there.reason, there.why, there.former, there.put_by) == (
        "released",
        "不在我的区域",
        "wanglei",
        "wanglei",
    )

    await world.rep.says("/领取 1001")
    await world.rep.sees("7 天内不能再领")
    await world.rep2.says("/公海 宁波")
    card = await world.rep2.sees("公海 1 条", "宁波恒达汽配", "放回（原王磊）")
    for secret in ("138", "陈工"):
        assert secret not in card.text
    await world.rep2.clicks("领取 L-1001", times=2)
    mine = await world.rep2.sees("新线索 L-1001", "公海原因：放回（不在我的区域），原负责人 王磊")
    assert "王磊：电话 · 有意向" in mine.text
    await world.idle()
    assert (await row(world)).owner == "liqian"
    assert await lies(world) is None
    assert world.rep2.count("新线索 L-1001") == 1


@pytest.mark.parametrize("changes", [{"pool": {"daily_claims": 1, "daily_views": 5}}], indirect=True)
async def test_the_caps_of_the_day(world: World) -> None:
    for n in range(6):
        await world.api_lead(company=f"宁波{'甲乙丙丁戊己'[n]}机械有限公司", phone=f"1381234000{n}")
        await world.rep.says(f"/放回 {1001 + n} 做不了")
        await world.rep.sees(f"L-{1001 + n} 已放回")
    await world.rep2.says("/公海")
    card = await world.rep2.sees("公海 6 条", "宁波甲机械", "今天还能看 2 条")
    await world.rep2.clicks("下一页")
    await world.idle()
    assert "宁波己机械" in card.text
    await world.rep2.says("/公海")
    await world.rep2.sees("今天已看了 6 条公海线索，到上限了")
    await world.rep2.says("/领取 1001")
    await world.rep2.sees("新线索 L-1001")
    await world.rep2.says("/领取 1002")
    await world.rep2.sees("今天已领取 1 条，到上限了")
    await world.at("2026-11-24 10:00")
    await world.rep2.says("/领取 1002")
    await world.rep2.sees("新线索 L-1002")


@pytest.mark.parametrize("changes", [SOON], indirect=True)
async def test_two_warnings_then_it_goes_back(world: World) -> None:
    await world.api_lead()  # Monday 10:02, so Saturday: done on Monday at nine
    await world.at("2026-11-27 08:50")
    assert world.rep.count("回到公海") == 0
    await world.at("2026-11-27 18:00")  # three days before
    await world.rep.sees("⏳ L-1001 3 天后回到公海", "11-30", "5 天没有有效跟进")
    await world.restart()
    await world.at("2026-11-30 09:30")  # a day before was a Sunday: said on Monday, so there is one day more
    await world.rep.sees("⏳ L-1001", "回到公海")
    assert (await row(world)).owner == "wanglei"
    await world.at("2026-12-01 09:30")
    await world.rep.sees("L-1001 已回到公海", "5 天没有有效跟进", "7 天内不能再领")
    assert (await row(world)).owner == ""
    there = await lies(world)
    assert there is not None
    assert (there.reason, there.former, there.put_by) == ("recycled", "wanglei", "")


@pytest.mark.parametrize("changes", [SOON], indirect=True)
async def test_an_effective_follow_up_moves_the_date_and_a_vain_call_does_not(world: World) -> None:
    await world.api_lead()
    await world.api_lead(phone="13800000002", company="宁波乙机械有限公司")
    await world.at("2026-11-26 10:00")
    await world.rep.says("/跟进 1001 电话 有意向 下周再联系")
    await world.rep.sees("已记录")
    await world.rep.says("/跟进 1002 电话 未接通 明天再联系")
    await world.at("2026-12-01 09:30")
    assert (await row(world, 1001)).owner == "wanglei"
    assert (await row(world, 1002)).owner == ""


@pytest.mark.parametrize("changes", [SOON], indirect=True)
async def test_a_hand_over_says_openly_what_becomes_of_the_date(world: World) -> None:
    await world.api_lead()
    await world.at("2026-11-25 10:00")
    await world.rep.says("/转给 1001 @李倩")
    await world.rep.sees("L-1001 已转给 李倩", "11-30 09:00，不因转交改变")
    await world.rep2.sees("新线索 L-1001", "不因转交改变")
    await world.boss.says("/转派 1001 @王磊")
    await world.boss.sees("11-30 10:00，从现在重新算")
    await world.boss.clicks("撤销", on="L-1001 已转给 王磊")
    await world.boss.sees("已撤销")
    await world.at("2026-12-01 09:30")
    assert (await row(world)).owner == ""  # the old date holds: nothing was gained by moving it about


@pytest.mark.parametrize("changes", [SOON], indirect=True)
async def test_held_with_the_managers_consent(world: World) -> None:
    await world.api_lead()
    await world.at("2026-11-27 14:00")
    await world.rep.sees("⏳ L-1001")
    await world.rep.clicks("申请保护", on="⏳ L-1001")
    await world.rep.sees("为什么要保护 L-1001？")
    await world.rep.says("99天 等预算")
    await world.rep.sees("最长保护 60 天")
    await world.rep.says("10天 等客户年度预算")
    await world.rep.sees("已请张敏同意保护 L-1001 10 天")
    await world.boss.sees("王磊 申请保护 L-1001 10 天", "理由：等客户年度预算", "11-30")
    await world.boss.clicks("同意", on="申请保护", times=2)
    await world.rep.sees("L-1001 已保护 10 天", "12-07")
    await world.at("2026-12-02 09:30")
    assert (await row(world)).owner == "wanglei"
    async with world.db.read() as tx:
        kept = (await tx.execute(sa.select(hold))).one()
    assert (kept.asked_by, kept.agreed_by, kept.why) == ("wanglei", "zhangmin", "等客户年度预算")
    await world.at("2026-12-09 09:30")
    assert (await row(world)).owner == ""


async def test_not_agreed_changes_nothing(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/保护 1001 20天 老客户要投标")
    await world.boss.sees("申请保护 L-1001 20 天")
    await world.boss.clicks("不同意")
    await world.rep.sees("张敏 不同意保护 L-1001")
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(hold))).all() == []
    await world.boss.says("/保护 1001 5天 主管决定")
    await world.boss.sees("L-1001 保护 5 天")


async def test_who_lies_there_for_72_hours_is_told_of_once(world: World) -> None:
    for n in range(2):
        await world.api_lead(phone=f"1381234000{n}", company=f"宁波{'甲乙'[n]}机械有限公司")
        await world.rep.says(f"/放回 {1001 + n} 做不了")
        await world.rep.sees(f"L-{1001 + n} 已放回")
    await world.passes(hours=71)
    assert world.boss.count("超过") == 0
    await world.passes(hours=2)
    said = await world.boss.sees("🔺 公海 2 条超过 72 小时", "L-1001 宁波甲机械")
    assert "138" not in said.text
    await world.admin.sees("🔺 公海 2 条超过 72 小时")
    await world.passes(hours=48)
    assert world.boss.count("🔺 公海") == 1
    await world.rep2.says("/公海")
    await world.rep2.sees("超过 72 小时没有人负责的 2 条")


@pytest.mark.parametrize("changes", [SOON], indirect=True)
async def test_a_customer_under_contract_is_protected_until_a_day(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/保护 C-0301 2026-12-20 合同 HT-118")
    await world.rep.sees("客户保护由主管设置")
    for words, said in (
        ("C-0301", "这样写：/保护 C-0311 2027-03-31"), ("C-0301 2026-12-20", "为什么保护？"),
        ("C-0301 2026-11-20 合同", "已经过去了"), ("C-0301 2029-01-01 合同", "最长保护 730 天"), ("C-0301 取消", "没有保护"),
    ):  # fmt: skip
        await world.boss.says(f"/保护 {words}")
        await world.boss.sees(said)
    await world.boss.says("/保护 C-0301 2026-12-10 合同 HT-117")
    await world.boss.sees("C-0301 保护到 2026-12-10（含）：合同 HT-117")
    await world.boss.says("/保护 C-0301 2026-12-20 合同 HT-118")
    await world.rep.sees("🔒 C-0301", "张敏：保护到 2026-12-20（含）：合同 HT-118")
    await world.rep.says("/客户 C-0301")
    await world.rep.sees("🔒 保护到 2026-12-20：合同 HT-118（张敏）")
    await world.rep.says("/转给 1001 @李倩")
    await world.rep2.sees("新线索 L-1001", "12-21 09:00，不因转交改变")
    await world.at("2026-12-13 18:00")
    await world.restart()
    await world.at("2026-12-14 12:00")
    assert (await row(world)).owner == "liqian"
    await world.rep2.sees("⏳ C-0301 的保护 12-20 到期", "合同 HT-118")
    await world.boss.sees("⏳ C-0301 的保护 12-20 到期")
    assert world.boss.count("12-10 到期") == 0  # the second word took the place of the first
    await world.at("2026-12-23 09:30")
    await world.rep2.sees("L-1001 已回到公海")
    assert (await row(world)).owner == ""
