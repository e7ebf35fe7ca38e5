"""Friends handed on over the WeCom API: taken, refused one by one, asked about, over pages. (pages 94096, 94097)"""

from collections.abc import AsyncIterator

import pytest

from bot.platform import FRIENDS_MOVED, LEAVERS_FRIENDS_MOVED, Outgoing, SendFailed, Way
from sim.wecom_transfers import DAY
from sim.wecom_world import Customer
from tests.platforms.wecom_kit import Rig
from tests.platforms.wecom_kit import rig as made


def hands(*friends: str, to: str = "wangwu", left: bool = False, message: str = "") -> Outgoing:
    """Friends of lisi on their way."""
    return Outgoing(1, Way.FRIENDS, "lisi", text=message, ref=to, friends=friends, left=left)


def asks(what: str = FRIENDS_MOVED) -> Outgoing:
    """How far are they?"""
    return Outgoing(2, Way.ASK, "lisi", text=what, ref="wangwu")


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with made() as one:
        yield one


@pytest.fixture
def friends(rig: Rig) -> list[str]:
    rig.sim.person("wangwu", "王五")
    ids = [f"wm{n}" for n in range(5)]
    for id in ids:
        rig.sim.customers[id] = Customer(id, id, {"lisi": {}})
    return ids


async def test_each_is_taken_or_not_with_a_reason(rig: Rig, friends: list[str]) -> None:
    rig.sim.customers["stranger"] = Customer("stranger", "别人的")
    sent = await rig.bot.send(hands("wm0", "wm1", "nobody", "stranger", message="您好" * 150))
    assert sent.found == {
        "wm0": "", "wm1": "", "nobody": "已经不是好友（40096）", "stranger": "不是原来那位同事的好友（40131）",
    }  # fmt: skip
    assert len(rig.sim.transfers[0].message) == 200
    again = await rig.bot.send(hands("wm0", "wm1"))  # the first answer was lost
    assert set(again.found.values()) == {""}
    assert len(rig.sim.transfers) == 2


async def test_how_far_they_are_is_read_over_all_pages(rig: Rig, friends: list[str]) -> None:
    rig.sim.transfer_page = 2
    await rig.bot.send(hands(*friends))
    assert set((await rig.bot.send(asks())).found.values()) == {"running"}
    await rig.sim.customer("wangwu", "wm1", "transfer_fail", reason="customer_refused")
    rig.sim.members["wangwu"].most_customers = 3
    rig.sim.skew = DAY + 60
    assert (await rig.bot.send(asks())).found == {
        "wm0": "done", "wm1": "refused", "wm2": "done", "wm3": "done", "wm4": "full",
    }  # fmt: skip
    assert "wangwu" in rig.sim.customers["wm0"].follow


async def test_who_is_gone_here_may_be_in_service_there(rig: Rig, friends: list[str]) -> None:
    assert (await rig.bot.send(hands("wm0", left=True))).found == {"wm0": ""}
    assert not rig.sim.transfers[0].resigned
    await rig.sim.contact("lisi", "delete_user")
    assert (await rig.bot.send(hands("wm1", left=True))).found == {"wm1": ""}
    assert rig.sim.transfers[1].resigned
    found = (await rig.bot.send(asks(LEAVERS_FRIENDS_MOVED))).found
    assert found == {"wm0": "running", "wm1": "running"}


async def test_what_is_wrong_with_all_of_them_is_said_once(rig: Rig, friends: list[str]) -> None:
    rig.sim.members["wangwu"].customer_contact = False
    with pytest.raises(SendFailed, match="没有开通「客户联系」") as failed:
        await rig.bot.send(hands("wm0"))
    assert not failed.value.retry
    with pytest.raises(SendFailed, match="一次最多转接 100 位"):
        await rig.bot.send(hands(*(f"wm{n}" for n in range(101))))
    with pytest.raises(SendFailed, match="接替的是同一个人"):
        await rig.bot.send(hands("wm0", to="lisi"))
