"""WeCom friends follow a handover: a day later, if the customer does not mind. DingTalk has no such thing. (C.4 7)"""

import pytest
import sqlalchemy as sa

from sim.phone import Seen
from sim.wecom_server import WecomServer
from sim.wecom_world import Customer
from store.tables_sources import friend
from tests.world import World

on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # the database has no part in these


@pytest.fixture
def sim(world: World) -> WecomServer:
    """WeCom; DingTalk has no such thing (tests/stories/test_away.py)."""
    if not isinstance(world.sim, WecomServer):
        pytest.skip("friends are WeCom's")
    return world.sim


async def friends_of(world: World) -> list[tuple[str, str]]:
    """(who outside, user) of all whole friendships."""
    async with world.db.read() as tx:
        query = sa.select(friend.c.external, friend.c.user).where(friend.c.state == "full")
        return [(row.external, row.user) for row in await tx.execute(query.order_by(friend.c.external))]


async def three_friends(world: World, sim: WecomServer) -> None:
    for n, name in enumerate(("陈女士", "刘先生", "黄总"), 1):
        await sim.customer("WANGLEI", f"wo-{n}", name=name)
        await world.rep.sees(f"🔔 新线索 L-100{n}", name)
    await world.idle()


async def hand_over(world: World, to: str = "李倩") -> Seen:
    await world.boss.says(f"/交接 王磊 → {to}")
    await world.boss.clicks(f"全部给{to}", on=await world.boss.sees("王磊：交接预览"))
    await world.boss.sees("王磊 的交接完成")
    return await world.boss.sees("王磊 的企业微信好友 ")


async def test_friends_go_over_a_day_later_and_who_refuses_is_named(world: World, sim: WecomServer) -> None:
    await three_friends(world, sim)
    await world.boss.says("/交接 王磊 → 李倩")
    await world.boss.sees("企业微信好友 3 位", "再过 24 小时生效，客户可能拒绝")
    card = await hand_over(world)
    assert "撤销时间过后提交给企业微信，转给李倩" in card.text
    await world.boss.says("/客户 L-1001")
    await world.boss.sees("负责人 李倩", "企业微信好友：王磊（正在转给李倩")
    assert sim.transfers == []  # as long as the handover can be taken back
    await world.passes(minutes=11)
    assert [(one.former, one.taker, one.external) for one in sim.transfers] == [
        ("wanglei", "liqian", f"wo-{n}") for n in (1, 2, 3)
    ]
    assert sim.transfers[0].message == "您好，您的服务已由我的同事李倩接替，之后由李倩继续为您服务。"
    await world.boss.sees("企业微信好友关系 24 小时后生效，客户可能拒绝：0/3")
    told = world.rep2.count("💬"), world.admin.count("wo-2"), world.boss.count("⚠")
    await sim.customer("LIQIAN", "wo-2", "transfer_fail", reason="customer_refused")
    await sim.customer("WANGLEI", "wo-1", "del_external_contact", source="DELETE_BY_TRANSFER")
    await sim.customer("LIQIAN", "wo-1", "add_external_contact")
    await world.idle()
    assert world.boss.count("已接替") == 0  # not a word for each of them
    await world.boss.clicks("看名单", on="客户可能拒绝：0/3")
    await world.boss.sees("刘先生：客户拒绝", "黄总：等客户 24 小时", "陈女士：已接替")
    await world.restart()
    await world.passes(hours=26)
    await world.boss.sees("已接替 2/3", "客户拒绝 1/3：刘先生", "请接手的同事打电话")
    await world.rep2.sees("王磊 的 1 位好友没转过来", "刘先生：客户拒绝")
    assert (world.rep2.count("💬"), world.admin.count("wo-2"), world.boss.count("⚠")) == told
    assert await friends_of(world) == [("wo-1", "liqian"), ("wo-2", "wanglei"), ("wo-3", "liqian")]
    await world.rep2.says("/客户 L-1002")
    await world.rep2.sees("企业微信好友：王磊（没有转给李倩：客户拒绝）")
    await world.rep2.says("/客户 L-1003")
    await world.rep2.sees("企业微信好友：李倩")


@on_sqlite
async def test_taken_back_in_time_nobody_is_asked(world: World, sim: WecomServer) -> None:
    await three_friends(world, sim)
    await hand_over(world)
    await world.rep2.says("/跟进 1001 电话 有意向 明天再联系")
    await world.rep2.sees("已记录")
    await world.boss.says("/撤销")
    await world.boss.sees("已撤销：王磊 的 2 条线索、2 个客户都回去了；L-1001之后有变化")
    await world.passes(minutes=11)
    assert [one.external for one in sim.transfers] == ["wo-1"]  # whose customer stays with the new owner
    world.boss.looks_away()
    card = await hand_over(world, "孙浩")
    assert "的企业微信好友 2 位" in card.text  # the third is on its way
    await world.boss.says("/撤销")
    await world.boss.sees("已撤销：王磊 的 2 条线索")
    await world.idle()
    await world.passes(hours=26)
    assert [one.external for one in sim.transfers] == ["wo-1"]


async def test_a_leaver_in_calls_of_a_hundred_each_and_why_some_stay(world: World, sim: WecomServer) -> None:
    await world.api_lead()
    async with world.db.write() as tx:
        for n in range(210):
            row = {
                "external": f"wo-{n:03}",
                "user": "wanglei",
                "name": f"客户{n}",
                "state": "full",
                "channel": "",
            }
            await tx.execute(sa.insert(friend).values(**row, at=world.clock.now()))
            if n != 7:  # this one is unknown to the platform
                sim.customers[f"wo-{n:03}"] = Customer(f"wo-{n:03}", f"客户{n}", {"WANGLEI": {}})
    sim.members["liqian"].most_customers, sim.transfer_page = 150, 60
    await sim.contact("WANGLEI", "delete_user")
    await world.admin.sees("王磊 已不在通讯录里")
    await world.boss.says("/交接 王磊 → 李倩")
    card = await world.boss.sees("王磊已离职：交接预览", "企业微信好友 210 位")
    sim.faults.http_503_next = 1
    await world.boss.clicks("全部给李倩", on=card)
    await world.boss.sees("王磊 的企业微信好友 210 位")
    await world.kill()
    await world.start()
    await world.passes(minutes=11)
    calls = [entry.sent["body"] for entry in sim.wire if "resigned/transfer_customer" in entry.what]
    assert {len(body["external_userid"]) for body in calls} == {100, 10}
    assert len(sim.transfers) == 209
    assert all(one.resigned for one in sim.transfers)
    await world.boss.sees("企业微信没有接受 1/210：客户7（已经不是好友（40096））")
    await world.passes(hours=26)
    await world.boss.sees("已接替 150/210", "接替人客户数已满 59/210", "等 59 位")
    await world.rep2.sees("王磊 的 60 位好友没转过来", "另有 55 位")
    await world.boss.clicks("看名单", on="已接替 150/210")
    await world.boss.sees("王磊 的企业微信好友：", "另有 180 位")


@on_sqlite
async def test_more_than_twice_in_ninety_days_is_not_tried_and_no_answer_is_said(
    world: World, sim: WecomServer
) -> None:
    await sim.customer("WANGLEI", "wo-1", name="陈女士")
    await world.rep.sees("🔔 新线索 L-1001")
    for former, to in (("王磊", "李倩"), ("李倩", "王磊")):
        await world.boss.says(f"/交接 {former} → {to}")
        await world.boss.clicks(f"全部给{to}", on=await world.boss.sees(f"{former}：交接预览"))
        await world.boss.sees(f"{former} 的企业微信好友 1 位")
        await world.passes(hours=27)
        await world.boss.sees(f"{former} 的企业微信好友 1 位", "已接替 1/1")
    assert len(sim.transfers) == 2
    await world.boss.says("/交接 王磊 → 孙浩")
    card = await world.boss.sees("其中 1 位转不了（90 天内已转过 2 次）")
    await world.boss.clicks("全部给孙浩", on=card)
    await world.idle()
    await world.boss.sees("转不了 1/1：", "90 天内已转过 2 次")
    await world.passes(minutes=11)
    assert len(sim.transfers) == 2


@on_sqlite
@pytest.mark.parametrize("changes", [{"friends": {"give_up": "2d"}}], indirect=True)
async def test_who_may_not_take_over_is_said_and_so_is_silence(world: World, sim: WecomServer) -> None:
    await three_friends(world, sim)
    sim.members["liqian"].real_name = False
    await hand_over(world)
    await world.passes(minutes=11)
    await world.boss.sees("企业微信没有接受 3/3：陈女士（接替的同事还没有实名认证（40098））")
    await world.rep2.sees("王磊 的 3 位好友没转过来")
    assert len(await friends_of(world)) == 3
    await world.boss.says("/交接 李倩 → 王磊")
    await world.boss.clicks("全部给王磊", on=await world.boss.sees("李倩：交接预览"))
    await world.boss.sees("李倩 的交接完成")
    await world.idle()
    assert world.boss.count("李倩 的企业微信好友") == 0  # they are still friends of the first
    world.boss.looks_away()
    await hand_over(world, "孙浩")
    await world.passes(minutes=11)
    assert len(sim.transfers) == 3
    sim.transfers.clear()
    await world.passes(days=3)
    await world.boss.sees("王磊 的企业微信好友 3 位", "一直没有结果 3/3")
