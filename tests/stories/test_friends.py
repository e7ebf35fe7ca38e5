"""WeCom customer contact: somebody adds a rep, half or whole, adds another, leaves, is not handed over. (B04)"""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from sim.wecom_server import WecomServer
from store import tables
from tests.world import World

CHANNELS = ({"state": "expo-qr-7", "source": "上海展会", "kind": "图纸定制"},)
with_channels = pytest.mark.parametrize("changes", [{"channel": CHANNELS}], indirect=True)


@pytest.fixture
def sim(world: World) -> WecomServer:
    """WeCom; DingTalk has no such thing."""
    if not isinstance(world.sim, WecomServer):
        pytest.skip("customer contact is WeCom's")
    return world.sim


async def _leads(world: World) -> Sequence[sa.Row[Any]]:
    async with world.db.read() as tx:
        return (await tx.execute(sa.select(tables.lead).order_by(tables.lead.c.id))).all()


@with_channels
async def test_a_customer_who_adds_a_rep_is_the_reps_lead(world: World, sim: WecomServer) -> None:
    await sim.customer("WANGLEI", "wo-1", state="expo-qr-7", name="陈女士")
    card = await world.rep.sees("🔔 新线索 L-1001 · 图纸定制", "陈女士", "来源：上海展会")
    assert "为什么给你：指定给你" in card.text
    await sim.customer("WANGLEI", "wo-1", state="expo-qr-7")  # said again
    await world.restart()
    await sim.customer("WANGLEI", "wo-1", state="expo-qr-7")
    await world.idle()
    assert len(await _leads(world)) == 1
    await sim.customer("LIQIAN", "wo-2", state="other", name="刘先生")
    await world.rep2.sees("🔔 新线索 L-1002", "刘先生", "来源：企业微信 other")


@with_channels
async def test_half_then_whole_is_one_lead_and_gets_its_name(world: World, sim: WecomServer) -> None:
    await sim.customer("WANGLEI", "wo-1", "add_half_external_contact", state="expo-qr-7", name="陈女士")
    await world.rep.sees("🔔 新线索 L-1001", "微信客户", "暂时看不到名字")
    await sim.customer("WANGLEI", "wo-1", state="expo-qr-7")
    await world.idle()
    assert len(await _leads(world)) == 1
    await world.rep.says("/客户 L-1001")
    await world.rep.sees("C-0301 陈女士")
    assert world.rep.count("💬") == 0  # it is no news that the friendship is whole now


@with_channels
async def test_a_second_colleague_is_told_to_the_owner(world: World, sim: WecomServer) -> None:
    await sim.customer("WANGLEI", "wo-1", name="陈女士")
    await world.rep.sees("🔔 新线索 L-1001")
    await sim.customer("LIQIAN", "wo-1")
    await world.rep.sees("💬 企业微信 C-0301", "加了李倩的企业微信")
    await world.idle()
    assert len(await _leads(world)) == 1
    assert world.rep2.count("L-1001") == 0


@with_channels
async def test_who_leaves_stays_in_the_books_and_is_told(world: World, sim: WecomServer) -> None:
    await sim.customer("WANGLEI", "wo-1", name="陈女士")
    await world.rep.sees("🔔 新线索 L-1001")
    await sim.customer("WANGLEI", "wo-1", "del_follow_user")
    await world.rep.sees("💬 企业微信 C-0301", "客户删除了王磊的企业微信")
    await world.boss.sees("⚠ C-0301 陈女士", "客户删除了王磊的企业微信")
    await world.passes(minutes=5)
    await sim.customer("WANGLEI", "wo-1", name="陈女士")
    await world.rep.sees("又加了王磊的企业微信")
    await world.passes(minutes=56)  # of one customer the manager hears once an hour
    await sim.customer("WANGLEI", "wo-1", "del_external_contact")
    await world.boss.sees("王磊删除了这位客户的企业微信", "客户和线索都还在")
    await sim.customer("LIQIAN", "wo-1", "transfer_fail", reason="customer_refused")
    await world.admin.sees("企业微信好友转给李倩没有成功：客户拒绝了")
    await world.idle()
    (lead,) = await _leads(world)
    assert (lead.owner, lead.status) == ("wanglei", "new")
    await world.rep.says("/客户 C-0301")
    await world.rep.sees("近 3 次触点：", "企业微信好友转给李倩没有成功")


@with_channels
async def test_a_strangers_customer_is_given_to_somebody_and_nonsense_to_nobody(
    world: World, sim: WecomServer
) -> None:
    sim.person("OUTSIDER", "外人")
    await sim.customer("OUTSIDER", "wo-9", name="黄总")
    await world.idle()
    (lead,) = await _leads(world)
    assert lead.owner in {"wanglei", "liqian", "sunhao"}
    await sim.customer("WANGLEI", "wo-8", "del_follow_user")  # nobody we know
    await sim.customer("WANGLEI", "wo-9", "edit_external_contact", remark="黄总")
    await world.idle()
    assert len(await _leads(world)) == 1
