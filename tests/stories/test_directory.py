"""The address book: who is new is asked about and stays over a restart, who left is switched off and handed over. (B80)"""

import pytest
import sqlalchemy as sa

from sim.dingtalk_server import DingtalkServer
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from store import audit, team
from store.tables import identity
from tests.world import World, user_of


@pytest.fixture(params=["wecom", "dingtalk"])
def platform(request: pytest.FixtureRequest) -> str:
    """The two whose address books can be read; a 智能机器人 sees none."""
    return str(request.param)


def hire(world: World, id: str, name: str) -> None:
    """Somebody new in the platform's address book, in the department 华东."""
    sim = world.sim
    assert not isinstance(sim, WecomAibotServer)
    if isinstance(sim, WecomServer):
        sim.departments[2] = ("华东", 1)
    else:
        sim.department(2, "华东")
    sim.person(user_of(world.platform, id), name, departments=[2])


def leave_quietly(world: World, id: str) -> None:
    """Somebody is not in the address book any more; the platform said nothing."""
    if isinstance(world.sim, WecomServer):
        del world.sim.members[user_of("wecom", id).lower()]
    else:
        assert isinstance(world.sim, DingtalkServer)
        del world.sim.members[user_of("dingtalk", id)]


async def leave(world: World, id: str) -> None:
    """Somebody leaves and the platform says so."""
    if isinstance(world.sim, WecomServer):
        await world.sim.contact(user_of("wecom", id), "delete_user")
    else:
        assert isinstance(world.sim, DingtalkServer)
        await world.sim.event("user_leave_org", {"userId": [user_of("dingtalk", id)]})
        leave_quietly(world, id)
    await world.idle()


async def joins(world: World, *people: tuple[str, str]) -> None:
    """Several people are entered into the address book and the platform says so, of each by itself."""
    for id, name in people:
        hire(world, id, name)
        if isinstance(world.sim, WecomServer):
            await world.sim.contact(user_of("wecom", id), "create_user")
        else:
            assert isinstance(world.sim, DingtalkServer)
            await world.sim.event("user_add_org", {"userId": [user_of("dingtalk", id)]})
    await world.idle()


async def test_who_joins_is_asked_about_within_a_minute(world: World) -> None:
    await world.admin.says("/同步")
    await world.admin.sees("成员 5")
    await joins(world, ("xinren", "何新"), ("lvqing", "吕晴"))
    assert world.admin.count("线索分配组") == 0  # more may join in this minute
    await world.restart()
    await world.passes(seconds=61)
    card = await world.admin.sees("是否加入「线索分配组」？", "新增 2", "何新（华东）", "吕晴（华东）")
    await joins(world, ("xinren", "何新"))  # the platform says it again
    await world.passes(seconds=61)
    assert world.admin.count("是否加入「线索分配组」？") == 1
    await world.admin.clicks("全部加入", on=card)
    await world.phone("lvqing").sees("周工 已把你加入线索分配组")
    async with world.db.read() as tx:
        found = {one.name: one.id for one in await team.everyone(tx) if one.assignable}
    await world.api_lead(owner=found["何新"])
    await world.phone("xinren").sees("🔔 新线索 L-1001")


async def test_who_is_new_is_asked_about_and_gets_leads(world: World) -> None:
    await world.admin.says("/同步")
    await world.admin.sees("部门 1，成员 5（新增 0，停用 0，失败 0）")
    hire(world, "xinren", "何新")
    hire(world, "caiwu", "钱会计")
    await world.admin.says("/同步")
    card = await world.admin.sees(
        "是否加入「线索分配组」？", "部门 2，成员 7（新增 2，停用 0，失败 0）", "何新（华东）"
    )
    newcomer = world.phone("xinren")
    await newcomer.says("/今日")
    await newcomer.sees("联系管理员")
    await world.admin.clicks("逐个", on=card)
    seen = await world.admin.sees("钱会计：加入「线索分配组」？", "还有 2 人没有决定")
    await world.admin.clicks("不加入", on=seen)
    seen = await world.admin.sees("何新：加入「线索分配组」？", "还有 1 人没有决定")
    await world.admin.clicks("加入", on=seen, times=2)
    await world.admin.sees("已加入线索分配组：何新", "华东")
    await newcomer.sees("周工 已把你加入线索分配组")
    await world.idle()
    assert world.admin.count("已加入线索分配组：何新") == 1
    await world.restart()  # config.toml does not know them
    async with world.db.read() as tx:
        found = [one for one in await team.everyone(tx) if one.name == "何新"]
        assert [(one.team, one.assignable) for one in found] == [("华东", True)]
        assert "钱会计" not in {one.name for one in await team.everyone(tx)}
        assert not (await audit.verify(tx)).broken
    await world.api_lead(owner=found[0].id)
    await newcomer.sees("🔔 新线索 L-1001")
    await world.admin.says("/同步")
    await world.admin.sees("成员 7（新增 0，停用 0，失败 0）")


async def test_all_at_once_by_the_daily_look(world: World) -> None:
    hire(world, "a1", "何新")
    hire(world, "a2", "吕晴")
    await world.at("2026-11-24 07:31")
    assert world.admin.count("线索分配组") == 0  # nobody is woken for it
    await world.at("2026-11-24 09:01")
    await world.admin.sees("是否加入「线索分配组」？", "新增 2")
    await world.admin.clicks("全部加入", times=2)
    await world.admin.sees("已加入线索分配组：", "何新", "吕晴")
    await world.idle()
    assert world.phone("a1").count("已把你加入线索分配组") == 1
    await world.at("2026-11-25 09:01")
    assert world.admin.count("是否加入「线索分配组」？") == 1  # asked once


async def test_namesakes_are_told_apart(world: World) -> None:
    async with world.db.write() as tx:
        await tx.execute(sa.delete(identity).where(identity.c.member == "sunhao"))
    hire(world, "other", "王磊")  # a namesake of somebody who is there: somebody else
    await world.admin.says("/同步")
    card = await world.admin.sees(
        "是否加入", "新增 1，停用 0，失败 1：与成员同名，发 /绑定 @姓名 认人（孙浩）", "王磊（华东）"
    )
    await world.admin.clicks("全部加入", on=card)
    await world.admin.sees("已加入线索分配组：王磊（华东）（")


async def test_who_left_is_switched_off_and_the_manager_hands_over(world: World) -> None:
    await world.api_lead()
    await world.admin.says("/同步")
    await world.admin.sees("成员 5")
    await leave(world, "wanglei")
    await world.admin.sees("王磊 已不在通讯录里，已停用", "交接预览已发给主管")
    await world.boss.sees("王磊已离职：交接预览", "进行中线索 1")
    await world.restart()
    async with world.db.read() as tx:
        gone = await team.get(tx, "wanglei")
        assert gone is not None
        assert gone.gone  # though config.toml still names them
    await world.boss.clicks("全部给李倩", on="王磊已离职")
    await world.boss.sees("王磊 的交接完成")
    await world.rep2.sees("1 条线索归你了")
    await world.admin.says("/同步")
    await world.admin.sees("成员 4（新增 0，停用 0")
    assert world.admin.count("王磊 已不在通讯录里") == 1


async def test_who_left_silently_is_found_by_the_look_and_may_come_back(world: World) -> None:
    await world.admin.says("/同步")
    await world.admin.sees("成员 5")
    kept = world.phone("sunhao")
    leave_quietly(world, "sunhao")
    await world.admin.says("/同步")
    await world.admin.sees("成员 4（新增 0，停用 1，失败 0）")
    await world.admin.sees("孙浩 已不在通讯录里，已停用", "名下没有要交接的")
    del world.sim.phones[user_of(world.platform, "sunhao")]
    world.sim.person(user_of(world.platform, "sunhao"), "孙浩")
    await world.admin.says("/同步")
    await world.admin.sees("孙浩 又在通讯录里了，已恢复")
    async with world.db.read() as tx:
        back = await team.get(tx, "sunhao")
        assert back is not None
        assert not back.gone
    assert kept.count("线索分配组") == 0


async def test_a_narrowed_view_switches_nobody_off(world: World) -> None:
    await world.admin.says("/同步")
    await world.admin.sees("成员 5")
    for id in ("wanglei", "liqian", "zhangmin", "sunhao"):
        leave_quietly(world, id)
    await world.admin.says("/同步")
    await world.admin.sees("一下子少了 4 人，没有停用任何人", "/同步 确认")
    async with world.db.read() as tx:
        assert len(await team.everyone(tx)) == 5
    await world.admin.says("/同步 确认")
    await world.admin.sees("成员 1（新增 0，停用 4，失败 0）")
    async with world.db.read() as tx:
        assert [one.id for one in await team.everyone(tx)] == ["zhougong"]


async def test_only_those_who_keep_the_bot_may(world: World) -> None:
    await world.rep.says("/同步")
    await world.rep.sees("「/同步」只有管理员、IT可以用")
    await world.admin.says("/同步 全部")
    await world.admin.sees("这样写：/同步")


async def test_an_address_book_that_cannot_be_read_says_why(world: World) -> None:
    if isinstance(world.sim, WecomServer):
        world.sim.faults.fail_next.append((60011, "no privilege", "department/list"))
    else:
        assert isinstance(world.sim, DingtalkServer)
        world.sim.departments.clear()
    await world.admin.says("/同步")
    if isinstance(world.sim, WecomServer):
        await world.admin.sees("通讯录没有读到")
    else:
        await world.admin.sees("失败 1：没有权限读，没有停用任何人（1 个部门）")
    async with world.db.read() as tx:
        assert len(await team.everyone(tx)) == 5
