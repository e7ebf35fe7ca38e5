"""What only the AI bot lives through: presses while an acknowledgement is on its way."""

import pytest

from sim.wecom_aibot_server import WecomAibotServer
from tests.world import World

pytestmark = pytest.mark.parametrize(("platform", "store"), [("wecom_aibot", "sqlite")], indirect=True)


def sim_of(world: World) -> WecomAibotServer:
    assert isinstance(world.sim, WecomAibotServer)
    return world.sim


async def test_a_card_that_is_pressed_before_it_was_acknowledged_changes_in_place(world: World) -> None:
    await world.api_lead()
    sim = sim_of(world)
    await world.rep.says("/帮助")
    await world.idle()
    sim.faults.latency = 0.7  # the card is on the screen, WeCom's word that it is comes later
    await world.api(
        {"name": "陈工", "phone": "13900000003", "company": "宁波新来有限公司", "owner": "wanglei"}, key="k"
    )
    card = await world.rep.sees("新线索", "宁波新来")
    await world.rep.clicks("开始跟进", on=card)
    await world.idle()
    assert card.updates, "it was changed, not sent anew"
    assert world.rep.count("新线索", "宁波新来") <= 1
