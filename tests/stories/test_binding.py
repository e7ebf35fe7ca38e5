"""One person, two surfaces: recognised by the same id, or bound by a one-time code. The bot may not speak first."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from bot import checks
from bot.addressing import Picked, Place
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from store import outbox, team
from store.outbox import Outrow, Queued
from tests.crash.bot_process import free_port
from tests.stories.test_nurture import Postbox
from tests.world import AES_KEY, PEOPLE, World, firm

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


async def test_who_writes_while_something_is_on_its_way_gets_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.app is not None
    addressing = world.app.engine._sender._addressing
    pick = addressing.pick

    async def writes_after(row: Queued, place: Place | None = None) -> Picked:
        picked = await pick(row, place)
        async with world.db.write() as tx:
            await team.set_reach(tx, "wanglei", "wecom_aibot", "ok", "", world.clock.now())
        return picked

    async with world.db.write() as tx:
        await team.set_reach(tx, "wanglei", "wecom_aibot", "unknown", "", world.clock.now())
        monkeypatch.setattr(addressing, "pick", writes_after)
        for word in ("第一句", "第二句"):
            row = Outrow(word, "wanglei", "text", {"text": word})
            await outbox.say(tx, row, now=world.clock.now(), cause=0)
    world.app.engine.bells.ring("outbox")
    await world.rep.sees("第一句")
    await world.rep.sees("第二句")


async def test_a_newcomer_is_welcomed_within_the_window_and_not_pushed_to(world: World) -> None:
    async with world.db.write() as tx:
        await team.set_reach(tx, "wanglei", "wecom_aibot", "unknown", "", world.clock.now())
    world.sim.wrote.discard(world.rep.user)  # type: ignore[union-attr]
    await world.rep.enters()
    await world.rep.sees("你好，王磊。")
    await world.idle()
    assert world.sim.wire.of("aibot_respond_welcome_msg")
    assert not world.sim.wire.of("aibot_send_msg")


# ── an encrypted id is translated by the app ───────────────────────────────────────────────────────────
@pytest.fixture
async def app(platform: str) -> AsyncIterator[WecomServer]:
    """The firm's self-built app, beside the bot."""
    server = WecomServer(aes_key=AES_KEY, callback_url="http://127.0.0.1:9/wecom/callback")
    await server.start()
    for id, name, *_ in PEOPLE:
        server.person(id.upper(), name)
    yield server
    await server.stop()


@pytest.fixture
async def both(
    app: WecomServer, platform: str, migrated_url: str, tmp_path: Path
) -> AsyncIterator[tuple[World, WecomAibotServer]]:
    """A firm whose members are written down by their ids in the app alone; the bot sees them encrypted."""
    names = ("corp_id", "agent_id", "secret", "token", "aes_key")
    settings = {name: getattr(app, name) for name in names}
    members = tuple(
        {"id": id, "name": name, "roles": roles, "team": team, "wecom": id.upper()}
        for id, name, roles, team, *_ in PEOPLE
    )
    wecom = {**settings, "enabled": True, "api_base": app.url}
    async with firm(platform, migrated_url, tmp_path / "files", wecom=wecom, member=members) as world:
        sim = world.sim
        assert isinstance(sim, WecomAibotServer)
        sim.encrypted, sim.corp_id = True, app.corp_id
        for id, name, *_ in PEOPLE:
            sim.person(id.upper(), name)
        yield world, sim


async def test_an_encrypted_id_is_bound_by_the_app_and_what_was_said_is_not_lost(
    both: tuple[World, WecomAibotServer], app: WecomServer
) -> None:
    world, sim = both
    rep = sim.person("WANGLEI", "王磊")
    await rep.says("/今日")
    await rep.says("/帮助")
    await rep.sees("今天没有要做的事")
    await rep.sees("/绑定")
    await world.idle()
    assert rep.count("不在使用名单") == 0
    asked = len(app.wire.of("POST /cgi-bin/batch/openuserid_to_userid"))
    assert asked in (1, 2)
    await world.restart()
    before = rep.count("今天没有要做的事")
    await rep.says("/今日")
    await world.idle()
    assert rep.count("今天没有要做的事") == before + 1
    assert len(app.wire.of("POST /cgi-bin/batch/openuserid_to_userid")) == asked
    await world.api_lead()  # they were last seen on the bot
    await rep.sees("新线索")


async def test_who_opens_the_chat_is_recognised_before_they_write(
    both: tuple[World, WecomAibotServer],
) -> None:
    world, sim = both
    rep = sim.person("WANGLEI", "王磊")
    await rep.enters()
    await rep.sees("你好，王磊。")
    await world.idle()
    async with world.db.read() as tx:
        found = await team.by_user(tx, "wecom_aibot", sim.id_of("WANGLEI"))
    assert found is not None
    assert found.id == "wanglei"


async def test_whom_the_app_does_not_see_or_cannot_say_is_left_the_code(
    both: tuple[World, WecomAibotServer], app: WecomServer
) -> None:
    world, sim = both
    app.members["wanglei"].visible = False
    rep = sim.person("WANGLEI", "王磊")
    await rep.says("/今日")
    await rep.sees("你还不在使用名单里", sim.id_of("WANGLEI"))
    await rep.says("/今日")
    await world.idle()
    assert len(app.wire.of("POST /cgi-bin/batch/openuserid_to_userid")) == 1  # asked again in ten minutes
    app.faults.untrusted_ip = True
    other = sim.person("LIQIAN", "李倩")
    await other.says("/今日")
    await other.sees("你还不在使用名单里")


# ── who never wrote to the bot ─────────────────────────────────────────────────────────────────────────
async def test_who_is_on_the_app_too_gets_it_there(
    both: tuple[World, WecomAibotServer], app: WecomServer
) -> None:
    world, sim = both
    async with world.db.write() as tx:
        await team.learn(tx, "wecom_aibot", sim.id_of("WANGLEI"), "wanglei")
        await team.set_reach(tx, "wanglei", "wecom_aibot", "unknown", "", world.clock.now())
    await world.api_lead()
    await app.person("WANGLEI", "王磊").sees("新线索")
    assert not sim.wire.of("aibot_send_msg")


async def test_who_is_on_the_bot_alone_gets_a_mail_with_how_to_open_it(
    platform: str, migrated_url: str, tmp_path: Path
) -> None:
    box, port = Postbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    mail = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "crm@example.com"}
    members = tuple(
        {
            "id": id,
            "name": name,
            "roles": roles,
            "team": team,
            platform: f"Bot-{id}",
            "email": f"{id}@example.com",
        }
        for id, name, roles, team, *_ in PEOPLE
    )
    try:
        async with firm(platform, migrated_url, tmp_path / "files", mail=mail, member=members) as world:
            async with world.db.write() as tx:
                await team.set_reach(tx, "wanglei", "wecom_aibot", "unknown", "", world.clock.now())
            await world.api_lead()
            (one,) = [each for each in box.mails if each["To"] == "wanglei@example.com"]
            said = one.get_content()
            assert "新线索" in one["Subject"]
            assert "宁波恒达" in said
            assert "请在企业微信里打开「企业微信智能机器人」，给它发一句话" in said
            await world.at("2026-11-24 09:01")
            asked = [each for each in box.mails if "你有一个销售跟进助手了" in each["Subject"]]
            assert [each["To"] for each in asked] == ["wanglei@example.com"]
            assert "请在企业微信里打开「企业微信智能机器人」" in asked[0].get_content()
            await world.rep.says("你好")
            await world.idle()
            before = len(box.mails)
            await world.api_lead(phone="13800001111")
            await world.rep.sees("新线索")
            assert len(box.mails) == before
    finally:
        server.stop()


# ── they are asked to write ────────────────────────────────────────────────────────────────────────────
async def _silent(world: World) -> str:
    """What /诊断 says of those who never wrote."""
    async with world.db.read() as tx:
        found = await checks.silent(tx, world.config)
    return found[0].text if found else ""


async def test_who_never_wrote_is_asked_once_over_the_app(
    both: tuple[World, WecomAibotServer], app: WecomServer
) -> None:
    world, sim = both
    rep = app.person("WANGLEI", "王磊")
    async with world.db.write() as tx:
        await team.set_reach(tx, "wanglei", "wecom_aibot", "unknown", "", world.clock.now())
    await world.at("2026-11-24 08:59")
    assert rep.count("请打开它") == 0
    assert await _silent(world) == "王磊"
    await world.at("2026-11-24 09:01")
    await rep.sees("还有一个机器人「企业微信智能机器人」", "消息照旧发到这里")
    assert await _silent(world) == "王磊；已请过其中 1 人"
    await world.restart()
    await world.at("2026-11-26 10:00")
    assert rep.count("请打开它") == 1
    assert not [phone for phone in app.phones.values() if phone is not rep and phone.count("请打开它")]
    assert not sim.wire.of("aibot_send_msg")
