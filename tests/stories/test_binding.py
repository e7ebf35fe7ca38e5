"""One person, two surfaces: recognised by the same id, or bound by a one-time code. The bot may not speak first."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import checks
from store import team
from tests.world import World, firm

pytestmark = pytest.mark.parametrize("platform", ["wecom_aibot"], indirect=True)
HIDDEN = "woAJ2GCAAAx7Qf"  # what WeCom calls somebody when no super admin made the bot


@pytest.fixture
async def world(platform: str, migrated_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with firm(platform, migrated_url, tmp_path / "files") as one:
        yield one


async def test_a_code_from_one_surface_names_the_person_on_the_other(world: World) -> None:
    stranger = world.sim.person(HIDDEN, "王磊")
    await stranger.says("/今日")
    await stranger.sees("你还不在使用名单里", HIDDEN)
    await world.rep.says("/绑定")
    said = await world.rep.sees("你的绑定码：")
    code = said.text.split("绑定码：")[1][:8]
    await stranger.says(f"绑定 {code}")
    await stranger.sees("已绑定：王磊")
    await stranger.says("/今日")
    await stranger.sees("今天没有要做的事")
    async with world.db.read() as tx:
        found = await team.by_user(tx, "wecom_aibot", HIDDEN)
    assert found is not None
    assert found.id == "wanglei"
    await world.restart()  # what was learned outlives the configuration's reading, unless that says otherwise
    other = world.sim.person("woOther", "别人")
    await other.says(f"绑定 {code}")
    await other.sees("绑定码不对")


async def test_a_code_runs_out_and_only_admins_ask_for_others(world: World) -> None:
    await world.rep.says("/绑定 @李倩")
    await world.rep.sees("只有管理员、IT")
    await world.admin.says("/绑定 @李倩")
    code = (await world.admin.sees("李倩的绑定码：")).text.split("绑定码：")[1][:8]
    await world.passes(minutes=31)
    stranger = world.sim.person(HIDDEN, "李倩")
    await stranger.says(f"绑定 {code}")
    await stranger.sees("绑定码不对，或已用过、过期了")


async def test_who_never_wrote_is_named_and_not_written_to(world: World) -> None:
    async with world.db.write() as tx:
        await team.set_reach(tx, "wanglei", "wecom_aibot", "unknown", "", world.clock.now())
    await world.api_lead()
    await world.rep.sees_nothing("新线索")
    async with world.db.read() as tx:
        found = await checks.gather(tx, world.config, world.app.engine.calendar, world.clock.now())  # type: ignore[union-attr]
    (silent,) = [one for one in found if "没有先开口" in one.name]
    assert silent.state == "warn"
    assert "王磊" in silent.text
    assert "李倩" not in silent.text
    await world.rep.says("你好")
    await world.idle()
    await world.api_lead(phone="13800001111")
    await world.rep.sees("新线索")


async def test_a_newcomer_is_welcomed_within_the_window_and_not_pushed_to(world: World) -> None:
    async with world.db.write() as tx:
        await team.set_reach(tx, "wanglei", "wecom_aibot", "unknown", "", world.clock.now())
    world.sim.wrote.discard(world.rep.user)  # type: ignore[union-attr]
    await world.rep.enters()
    await world.rep.sees("你好，王磊。")
    await world.idle()
    assert world.sim.wire.of("aibot_respond_welcome_msg")
    assert not world.sim.wire.of("aibot_send_msg")
