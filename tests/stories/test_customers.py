"""Looking a customer up, and asking whether somebody has it, without learning what is not one's own. (C.1, C.7)"""

import sqlalchemy as sa

from store import tables
from tests.world import World


async def test_the_profile_of_my_customer_by_name_pinyin_and_id(world: World) -> None:
    await world.api_lead()
    for words in ("恒达", "C-0301", "L-1001", "301", "1001", "nbhd"):
        world.rep.looks_away()
        await world.rep.says(f"/客户 {words}")
        card = await world.rep.sees("C-0301 宁波恒达汽配有限公司")
        assert "陈工 138 1234 5678" in card.text
        assert "L-1001 · 待首触" in card.text
        assert "负责人 王磊" in card.text
    async with world.db.read() as tx:
        shown = await tx.execute(
            sa.select(tables.audit).where(tables.audit.c.action == "customer.phone_shown")
        )
        assert len(shown.all()) == 6


async def test_the_profile_from_the_card(world: World) -> None:
    await world.api_lead()
    await world.rep.sees("新线索 L-1001")
    await world.rep.clicks("更多")
    await world.idle()
    await world.rep.clicks("看详情")
    await world.rep.sees("C-0301", "还没有跟进记录")


async def test_a_colleagues_customer_is_not_shown(world: World) -> None:
    await world.api_lead()
    await world.rep2.says("/客户 C-0301")
    await world.rep2.sees("C-0301 由王磊负责，你没有查看权限")
    await world.rep2.says("/客户 恒达")
    await world.rep2.sees("没有找到「恒达」")
    await world.rep2.says("/客户 13812345678")
    await world.idle()
    assert world.rep2.count("C-0301 由王磊负责，你没有查看权限") == 2
    assert world.rep2.count("138") == 0
    await world.rep.says("/客户 138 1234 5678")
    await world.rep.sees("C-0301 宁波恒达汽配有限公司")


async def test_a_manager_sees_the_team_and_each_reveal_is_kept(world: World) -> None:
    await world.api_lead()
    await world.boss.says("/客户 恒达")
    await world.boss.sees("C-0301", "138 1234 5678")
    async with world.db.read() as tx:
        who = (
            await tx.execute(sa.select(tables.audit.c.member).where(tables.audit.c.subject == "C-0301"))
        ).scalars()
        assert list(who) == ["zhangmin"]
    await world.admin.says("/客户 恒达")
    await world.admin.sees("C-0301", "138****5678")


async def test_several_of_one_name_are_chosen_from(world: World) -> None:
    await world.api_lead(company="宁波恒达汽配有限公司", phone="13800000001")
    await world.api_lead(company="苏州恒达电子有限公司", phone="13800000002")
    await world.rep.says("/客户 恒达")
    await world.rep.sees("「恒达」是哪一个？")
    await world.rep.clicks("C-0302")
    await world.rep.sees("C-0302 苏州恒达电子有限公司", "负责人 王磊")


async def test_the_check_for_duplicates_tells_the_owner_and_nothing_else(world: World) -> None:
    await world.api_lead(owner="liqian")
    for words in ("13812345678", "138 1234 5678", "宁波恒达汽配有限公司", "恒达汽配"):
        world.rep.looks_away()
        await world.rep.says(f"/查重 {words}")
        seen = await world.rep.sees("已有：", "C-0301", "负责人 李倩")
        assert "陈工" not in seen.text
        assert "138" not in seen.text
        assert "恒达" not in seen.text
    await world.rep.says("/查重 13700000000")
    await world.rep.sees("没有重复，可以录入")
    await world.rep.says("/查重 深圳明达电子有限公司")
    await world.idle()
    assert world.rep.count("没有重复，可以录入") == 2
    await world.rep.says("/查重 恒达")  # the beginning of a name, too short to tell one from another
    await world.rep.sees("没有叫「恒达」的客户", "请用全称或手机再查一次")
    await world.rep.says("/查重 123")
    await world.rep.sees("「123」既不是完整的电话号码，也不是公司名称")
    await world.rep.says("/查重")
    await world.rep.sees("这样写：/查重 手机号")
