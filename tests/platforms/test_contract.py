"""One contract for every platform, over real sockets against its simulator: what the core relies on."""

import asyncio
import io
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.dingtalk.platform import DingtalkPlatform
from bot.events import Click, Incoming, Kind, Message
from bot.platform import Outgoing, Platform, SendFailed, Way, Wide
from bot.wecom.platform import WecomPlatform
from bot.wecom_aibot.client import Pace
from bot.wecom_aibot.platform import WecomAibotPlatform
from cards.card import Button, Card, Field
from sim.dingtalk_server import DingtalkServer
from sim.phone import Phone
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from store.cache import LocalShared
from tests.world import Sim, config_for, sim_of


@dataclass
class Rig:
    """A platform adapter between its simulator and a list that plays the inbox."""

    name: str
    sim: Sim
    platform: Platform
    user: str
    phone: Phone
    got: list[Incoming] = field(default_factory=list)
    refuse: int = 0  # how many times the inbox cannot store
    n: int = 0

    async def intake(self, events: Sequence[Incoming], within: float = math.inf) -> None:
        if self.refuse:
            self.refuse -= 1
            raise RuntimeError("database away")
        self.got.extend(events)

    async def next(self, n: int = 1) -> list[Incoming]:
        """The first n events, once they are there."""
        for _ in range(800):
            if len(self.got) >= n:
                break
            await asyncio.sleep(0.01)
        assert len(self.got) >= n, f"only {len(self.got)} of {n} events came"
        return self.got[:n]

    async def cut(self) -> None:
        """Nothing reaches the platform any more."""
        self.sim.faults.cut = True
        if isinstance(self.sim, WecomAibotServer):
            await self.sim.socket.cut()
            await asyncio.sleep(0.05)

    async def mend(self) -> None:
        """All is well again."""
        self.sim.faults.cut = False
        if isinstance(self.sim, WecomAibotServer):
            await self.sim.connected()
            await asyncio.sleep(0.05)

    def out(self, way: Way, **more: object) -> Outgoing:
        self.n += 1
        return Outgoing(id=self.n, way=way, user=self.user, **more)  # type: ignore[arg-type]


CARD = Card(
    "test", "🔔 新线索 L-1024 · 图纸定制", "L-1024", lines=("宁波某汽配 · 陈工",), fields=(Field("需求", "液压阀块"),),
    buttons=(Button("开始跟进", "StartCheckin:1024"), Button("更多", "More:1024")), note="目标 13:32 前首触",
)  # fmt: skip


@pytest.fixture
async def rig(platform: str, tmp_path: Path) -> AsyncIterator[Rig]:
    sim = sim_of(platform)
    await sim.start()
    config = config_for(sim, f"sqlite:///{tmp_path}/x.db", tmp_path)
    now = lambda: datetime.now(UTC)  # noqa: E731
    meter = lambda name, n: None  # noqa: E731
    made: Platform
    match platform:
        case "wecom":
            made = WecomPlatform(config.wecom, LocalShared(), now, meter)
        case "wecom_aibot":
            made = WecomAibotPlatform(config.wecom_aibot, LocalShared(), now, meter, pace=Pace(first=0.1))
        case _:
            made = DingtalkPlatform(config.dingtalk, LocalShared(), now, meter, "https://crm.example.com")
    user = "wanglei"
    rig = Rig(platform, sim, made, user, sim.person(user, "王磊"))
    if isinstance(sim, WecomAibotServer):
        sim.wrote.add(user)
    app = web.Application()
    app.add_routes(made.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    await made.start(rig.intake)
    if isinstance(sim, WecomServer):
        sim.callback_url = f"http://127.0.0.1:{port}/wecom/callback"
    else:
        await sim.connected()
    yield rig
    await made.stop()
    await runner.cleanup()
    await sim.stop()


async def test_a_text_arrives_as_a_message_in_the_senders_lane(rig: Rig) -> None:
    await rig.phone.says("同步至CRM 李四 13800138000")
    (incoming,) = await rig.next()
    assert isinstance(incoming.event, Message)
    assert (incoming.event.text, incoming.event.user, incoming.event.kind) == (
        "同步至CRM 李四 13800138000", "wanglei", Kind.TEXT,
    )  # fmt: skip
    assert incoming.lane == f"{rig.name}:wanglei"
    assert incoming.event.at.tzinfo is not None
    assert abs((datetime.now(UTC) - incoming.event.at).total_seconds()) < 60
    assert len(incoming.dedup) <= 200


async def test_a_delivery_that_comes_twice_has_one_name(rig: Rig) -> None:
    if isinstance(rig.sim, DingtalkServer):
        rig.sim.faults.duplicate_pushes = 1.0
    else:
        rig.sim.faults.duplicate_callbacks = True
    await rig.phone.says("one")
    first, second = await rig.next(2)
    assert first.dedup == second.dedup
    await rig.phone.says("one")  # the same words said again are another message
    third = (await rig.next(3))[2]
    assert third.dedup != first.dedup


async def test_what_cannot_be_stored_is_not_acknowledged_as_if_it_were(rig: Rig) -> None:
    if isinstance(rig.sim, WecomServer):
        rig.sim.retry_pause = 0.05
    elif isinstance(rig.sim, DingtalkServer):
        rig.sim.stream.repush = 0.3
    rig.refuse = 1
    await rig.phone.says("do not lose me")
    (incoming,) = await rig.next()
    assert isinstance(incoming.event, Message)
    assert incoming.event.text == "do not lose me"


async def test_a_card_shows_everything_and_its_buttons_come_back(rig: Rig) -> None:
    sent = await rig.platform.send(rig.out(Way.CARD, card=CARD, track="L-1024-k3f9-1"))
    seen = await rig.phone.sees("L-1024", "宁波某汽配", "液压阀块")
    assert seen.track == "L-1024-k3f9-1"
    assert [button.label for button in seen.buttons][:2] == ["开始跟进", "更多"]
    await rig.phone.clicks("开始跟进")
    (incoming,) = await rig.next()
    click = incoming.event
    assert isinstance(click, Click)
    assert (click.action, click.card, click.user) == ("StartCheckin:1024", "L-1024-k3f9-1", "wanglei")
    assert incoming.lane == f"{rig.name}:wanglei"
    assert sent.ref


async def test_two_presses_are_two_events_and_each_may_change_the_card(rig: Rig) -> None:
    await rig.platform.send(rig.out(Way.CARD, card=CARD, track="L-1024-k3f9-2"))
    await rig.phone.sees("L-1024")
    await rig.phone.clicks("更多")
    await asyncio.sleep(1.1 if rig.name == "wecom" else 0)  # WeCom stamps events by the second
    await rig.phone.clicks("开始跟进")
    one, two = (incoming.event for incoming in await rig.next(2))
    assert isinstance(one, Click)
    assert isinstance(two, Click)
    assert (one.action, two.action) == ("More:1024", "StartCheckin:1024")
    changed = replace(CARD, title="L-1024 开始跟进 1/3", buttons=(Button("电话", "Step:1"),))
    await rig.platform.send(rig.out(Way.UPDATE, card=changed, track="L-1024-k3f9-2", code=two.code))
    seen = await rig.phone.sees("1/3")
    assert seen.track == "L-1024-k3f9-2"
    assert [button.label for button in seen.buttons if button.enabled] == ["电话"]


async def test_a_closed_card_has_no_button_left(rig: Rig) -> None:
    sent = await rig.platform.send(rig.out(Way.CARD, card=CARD, track="L-1024-k3f9-3"))
    closed = replace(CARD, closed="已转给李倩")
    await rig.platform.send(rig.out(Way.UPDATE, card=closed, track="L-1024-k3f9-3", code=sent.code))
    seen = await rig.phone.sees("已转给李倩")
    assert not [button for button in seen.buttons if button.enabled and not button.link]


async def test_the_same_card_sent_again_after_a_crash_shows_once(rig: Rig) -> None:
    out = rig.out(Way.CARD, card=CARD, track="L-1024-k3f9-4")
    await rig.platform.send(out)
    await rig.platform.send(replace(out, again=True))
    await rig.phone.sees("L-1024")
    await asyncio.sleep(0.2)
    assert rig.phone.count("新线索 L-1024") == 1


async def test_the_same_update_again_after_a_crash_changes_nothing_more(rig: Rig) -> None:
    sent = await rig.platform.send(rig.out(Way.CARD, card=CARD, track="L-1024-k3f9-5"))
    update = rig.out(Way.UPDATE, card=replace(CARD, title="改过了"), track="L-1024-k3f9-5", code=sent.code)
    await rig.platform.send(update)
    await rig.platform.send(replace(update, again=True))
    await rig.phone.sees("改过了")
    await asyncio.sleep(0.2)
    assert rig.phone.count("改过了") == 1


async def test_a_text_is_shown_and_a_long_one_loses_nothing(rig: Rig) -> None:
    text = "\n".join(f"第 {n} 行，客户要的液压阀块下周二前发测试报告" for n in range(60))
    await rig.platform.send(rig.out(Way.TEXT, text=text))
    await rig.phone.sees("第 0 行")
    await rig.phone.sees("第 59 行")


async def test_a_file_arrives_with_its_name(rig: Rig) -> None:
    body = io.BytesIO(b"%PDF-1.4 " + b"x" * 2000).getvalue()
    await rig.platform.send(rig.out(Way.FILE, file=body, filename="失效案例集.pdf"))
    seen = await rig.phone.sees("失效案例集.pdf")
    assert seen.file == body


async def test_somebody_out_of_reach_is_a_final_refusal_about_the_person(rig: Rig) -> None:
    out = replace(rig.out(Way.TEXT, text="hi"), user="nobody-here")
    with pytest.raises(SendFailed) as failed:
        await rig.platform.send(out)
    assert (failed.value.retry, failed.value.wide) == (False, Wide.PERSON)


async def test_a_platform_out_of_order_is_a_failure_to_retry(rig: Rig) -> None:
    await rig.platform.send(rig.out(Way.TEXT, text="warm"))
    await rig.cut()
    with pytest.raises(SendFailed) as failed:
        await rig.platform.send(rig.out(Way.TEXT, text="x"))
    assert failed.value.retry
    await rig.mend()
    await rig.platform.send(rig.out(Way.TEXT, text="back again"))
    await rig.phone.sees("back again")


async def test_a_lost_token_is_fetched_once_more_without_a_word(rig: Rig) -> None:
    await rig.platform.send(rig.out(Way.TEXT, text="warm"))
    if isinstance(rig.sim, WecomServer):
        rig.sim.lose_tokens()
    elif isinstance(rig.sim, DingtalkServer):
        rig.sim.forget_tokens()
    await rig.platform.send(rig.out(Way.TEXT, text="after the token was lost"))
    await rig.phone.sees("after the token was lost")


async def test_failures_never_tell_a_secret(rig: Rig) -> None:
    secret = rig.sim.client_secret if isinstance(rig.sim, DingtalkServer) else rig.sim.secret
    await rig.cut()
    with pytest.raises(SendFailed) as failed:
        await rig.platform.send(rig.out(Way.TEXT, text="x"))
    assert secret not in str(failed.value)
    assert "access_token=" not in str(failed.value)
    checks = await rig.platform.check()
    assert checks
    assert not any(secret in check.text + check.fix for check in checks)


async def test_checks_say_what_is_wrong_and_how_to_fix_it(rig: Rig) -> None:
    await rig.cut()
    bad = await rig.platform.check()
    assert any(check.state == "fail" and check.fix for check in bad), bad
    await rig.mend()
    good = await rig.platform.check()
    assert all(check.state in {"ok", "warn"} for check in good), good


async def test_after_stop_nothing_comes_in(rig: Rig) -> None:
    await rig.platform.stop()
    await rig.phone.says("anybody there?")
    await asyncio.sleep(0.1)
    assert rig.got == []
