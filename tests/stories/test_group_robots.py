"""What is said into groups by their robots: the leaderboard without a word about customers, alarms when chat is dead."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from sim.group_robots import GroupRobots
from tests.stories.test_silence import intent
from tests.stories.test_sla import checks_in
from tests.world import START, World

pytestmark = pytest.mark.parametrize(
    ("platform", "store"), [("wecom", "sqlite"), ("dingtalk", "postgresql")], indirect=True
)
GROUPS = ("全国群", "华南群")


@pytest.fixture
async def groups() -> AsyncIterator[GroupRobots]:
    server = GroupRobots()
    await server.start()
    server.person("全国群", "全国群")
    server.person("华南群", "华南群", kind="dingtalk", secret="SECgroup")
    # the robots live in the story's time: DingTalk's signature holds the time
    server.skew = (datetime.fromisoformat(f"{START}+08:00") - datetime.now().astimezone()).total_seconds()
    yield server
    await server.stop()


@pytest.fixture
def changes(groups: GroupRobots) -> dict[str, Any]:
    robots = (
        {"name": "全国群", "url": groups.address("全国群")},
        {"name": "华南群", "kind": "dingtalk", "url": groups.address("华南群"), "secret": "SECgroup", "team": "华南"},
    )  # fmt: skip
    board = {"does": "board", "at": "17:40", "days": "friday", "to": GROUPS, "top": 1}
    return {"robot": robots, "schedule": (board,), "watch": {"alarm_to": ("group:全国群",)}}


async def to(world: World, groups: GroupRobots, wall: str) -> None:
    await world.at(wall)
    groups.skew = world.sim.skew


async def test_the_board_names_who_is_ahead_and_no_customer(world: World, groups: GroupRobots) -> None:
    await intent(world)
    await to(world, groups, "2026-11-24 10:00")
    await world.api_lead(phone="13900000002", company="宁波另一家有限公司")
    await world.rep.clicks("开始跟进")
    await world.idle()
    await checks_in(world, "有意向", "12月31日再联系")
    await to(world, groups, "2026-11-27 17:39")
    assert groups.phones["全国群"].seen == []
    await to(world, groups, "2026-11-27 17:41")
    seen = await groups.phones["全国群"].sees("跟进榜", "11-23～11-27", "1. 王磊　2 次跟进，4 小时首触 100 %")
    assert not [word for word in ("宁波", "恒达", "陈工", "13812345678", "L-1001") if word in seen.text]
    assert seen.buttons == []
    assert "孙浩" not in seen.text, "who has no record is not named"
    assert groups.phones["华南群"].seen == [], "an empty board is not said"
    await world.restart()
    await to(world, groups, "2026-12-04 17:45")  # the next week has no records
    assert len(groups.phones["全国群"].seen) == 1


async def test_a_board_that_was_missed_tells_of_the_week_it_was_due_in(
    world: World, groups: GroupRobots
) -> None:
    await intent(world)
    await to(world, groups, "2026-11-27 17:30")
    await world.stop()
    world._set_clock(world.clock.now().replace(day=30, hour=1))  # Monday 09:00
    groups.skew = world.sim.skew
    await world.start()
    await world.idle()
    await world.passes(minutes=5)
    await groups.phones["全国群"].sees("11-23～11-29", "1. 王磊　1 次跟进")
    assert len(groups.phones["全国群"].seen) == 1


async def test_when_chat_is_dead_the_alarm_comes_into_the_group(world: World, groups: GroupRobots) -> None:
    assert world.app is not None
    await world.sim.stop()
    for _ in range(3):
        await world.app.engine.watch.look()
    seen = await groups.phones["全国群"].sees("告警", "备用通道", timeout=20)
    assert "13812345678" not in seen.text
    assert groups.phones["全国群"].count("告警") == 1
