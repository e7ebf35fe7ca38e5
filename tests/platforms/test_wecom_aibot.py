"""The AI bot's adapter against every rule of the long connection (protocol wecom 10)."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.config import WecomAibot
from bot.events import Alert, Arrived, Click, Event, Incoming, Kind, Message
from bot.platform import Outgoing, SendFailed, Way, Wide
from bot.wecom_aibot import replies
from bot.wecom_aibot.client import Pace
from bot.wecom_aibot.platform import WecomAibotPlatform
from cards.card import Button, Card, Field
from sim.phone import Phone
from sim.wecom_aibot_server import WecomAibotServer
from store.cache import LocalShared

PACE = Pace(first=0.05, cap=0.4, ping=0.1, ack=0.15, busy=0.2, refused=0.3, tries=2)
CARD = Card(
    "lead",
    "🔔 新线索 L-1",
    "L-1",
    ("宁波恒达",),
    buttons=(Button("开始跟进", "Begin:1"), Button("更多", "More:1")),
)


@dataclass
class Rig:
    sim: WecomAibotServer
    bot: WecomAibotPlatform
    wang: Phone
    got: list[Incoming] = field(default_factory=list)
    n: int = 0

    async def intake(self, events: Sequence[Incoming], within: float = math.inf) -> None:
        self.got.extend(events)

    def out(self, way: Way, **more: object) -> Outgoing:
        self.n += 1
        return Outgoing(self.n, way, "WangLei", **more)  # type: ignore[arg-type]

    async def next(self, n: int = 1) -> list[Event]:
        for _ in range(500):
            if len(self.got) >= n:
                return [incoming.event for incoming in self.got[:n]]
            await asyncio.sleep(0.01)
        raise AssertionError(f"{len(self.got)} of {n} events came")


def settings(sim: WecomAibotServer, **more: object) -> WecomAibot:
    return WecomAibot(enabled=True, bot_id=sim.bot_id, secret=SecretStr(sim.secret), ws_base=sim.ws_url,
                      **({"thinking": timedelta(0)} | more))  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture
async def sim() -> AsyncIterator[WecomAibotServer]:
    server = WecomAibotServer()
    await server.start()
    server.person("WangLei", "王磊", wrote=True)
    yield server
    await server.stop()


@pytest.fixture
async def rig(sim: WecomAibotServer, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    more = getattr(request, "param", {})
    bot = WecomAibotPlatform(settings(sim, **more), LocalShared(), lambda: datetime.now(UTC), lambda _n, _c: None,
                             public_url="https://crm.example.com", pace=PACE)  # fmt: skip
    made = Rig(sim, bot, sim.phones["WangLei"])
    await bot.start(made.intake)
    yield made
    await bot.stop()
    assert sim.complaints == []


async def test_every_kind_of_message_is_read(rig: Rig) -> None:
    rig.sim.group("wrGroup", ["WangLei"])
    await rig.wang.says("  你好 ")
    await rig.wang.speaks("我到了")
    await rig.wang.does("mixed", text="看图", body=b"png")
    await rig.wang.sends_picture()
    await rig.wang.sends_file("报价.pdf", b"%PDF-1.4")
    await rig.wang.does("video", body=b"mp4mp4")
    await rig.wang.does("say_in_group", chat="wrGroup", text="/今日")
    await rig.wang.does("say", text="这个", quote="原文")
    said = [one for one in await rig.next(8) if isinstance(one, Message)]
    kinds = [(one.kind, one.text) for one in said]
    assert kinds == [
        (Kind.TEXT, "你好"), (Kind.VOICE, "我到了"), (Kind.TEXT, "看图"), (Kind.IMAGE, ""), (Kind.FILE, ""), (Kind.VIDEO, ""),
        (Kind.TEXT, "/今日"), (Kind.TEXT, "这个"),
    ]  # fmt: skip
    assert (said[6].chat, said[7].quoted, said[0].user) == ("wrGroup", "原文", "WangLei")
    assert said[4].media is not None
    assert await rig.bot.fetch(said[4].media) == (b"%PDF-1.4", "报价.pdf")
    rig.sim.skew = 301
    with pytest.raises(SendFailed, match="5 分钟"):
        await rig.bot.fetch(said[4].media)


async def test_events_and_the_answer_in_the_group(rig: Rig) -> None:
    await rig.wang.enters()
    (arrived,) = await rig.next()
    assert isinstance(arrived, Arrived)
    assert arrived.until is not None
    rig.sim.group("wrGroup", ["WangLei"])
    await rig.wang.does("say_in_group", chat="wrGroup", text="查 L-1")
    await rig.wang.sees("请到我们的单聊里看")


async def test_a_thumbs_down_says_which_answer_it_is_about(rig: Rig) -> None:
    await rig.wang.says("/今日")
    await rig.next()
    await rig.bot.send(rig.out(Way.TEXT, text="今天 2 件事，*先打* 13812345678\n第二行"))
    await rig.bot.send(rig.out(Way.TEXT, text="这句是推送的，下面没有赞和踩"))
    await rig.wang.does("feedback", type=1)
    await rig.wang.does("feedback", type=2, content="不够细", reasons=[2])
    (alert,) = (await rig.next(2))[1:]
    assert isinstance(alert, Alert)
    assert alert.text == "有人对机器人的回答「今天 2 件事，*先打* ……」点了踩：不完整，不够细"
    asked = [entry.sent["body"] for entry in rig.sim.wire.of("aibot_")[1:]]
    assert [str(body).count("feedback") for body in asked] == [1, 0]


async def test_a_card_changes_within_five_seconds_of_a_press_and_comes_anew_after(rig: Rig) -> None:
    await rig.bot.send(rig.out(Way.CARD, card=CARD, track="L-1-a-1"))
    card = await rig.wang.sees("新线索 L-1")
    await rig.wang.clicks("更多")
    (click,) = await rig.next()
    assert isinstance(click, Click)
    assert (click.action, click.card) == ("More:1", "L-1-a-1")
    changed = replace(CARD, title="改过了")
    sent = await rig.bot.send(rig.out(Way.UPDATE, card=changed, track="L-1-a-1", code=click.code))
    assert (sent.fresh, "改过了" in card.text, card.updates) == (False, True, 1)
    sent = await rig.bot.send(rig.out(Way.UPDATE, card=changed, track="L-1-a-1", code=click.code))  # used up
    assert sent.fresh
    assert sent.track.startswith("L-1-a-1-r")
    await rig.wang.clicks("更多", on=card)
    press = (await rig.next(2))[1]
    assert isinstance(press, Click)
    rig.sim.skew = 6  # WeCom's window has passed: 846605
    sent = await rig.bot.send(rig.out(Way.UPDATE, card=changed, track="L-1-a-1", code=press.code))
    assert sent.fresh


async def test_a_card_stays_within_the_sizes_and_its_words_follow(rig: Rig) -> None:
    long = replace(CARD, lines=tuple(f"第 {n} 行，客户要的液压阀块下周二前发测试报告" for n in range(12)),
                   fields=(Field("需求", "液压阀块 " * 12),))  # fmt: skip
    await rig.bot.send(rig.out(Way.CARD, card=long, track="L-1-a-9"))
    await rig.wang.sees("第 11 行", "液压阀块 液压阀块")
    assert rig.sim.soft_warnings == []


async def test_a_message_is_answered_once_and_the_rest_is_pushed(rig: Rig) -> None:
    await rig.wang.says("你好")
    await rig.next()
    for words in ("一", "138****5678 *重点* <@all> [点我](http://x)"):
        await rig.bot.send(rig.out(Way.TEXT, text=words))
    await rig.wang.sees("138****5678 *重点*")
    assert rig.wang.find("点我") is not None
    assert not rig.wang.seen[-1].buttons, "no link is made of what a customer wrote"
    assert (len(rig.sim.wire.of("aibot_respond_msg")), len(rig.sim.wire.of("aibot_send_msg"))) == (1, 1)


@pytest.mark.parametrize("rig", [{"thinking": timedelta(milliseconds=50)}], indirect=True)
async def test_a_slow_answer_takes_the_place_of_the_sign_that_it_is_worked_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "STILL", (0.2,))
    monkeypatch.setattr(replies, "EVERY", 0.05)  # frames may come as fast as this test wants them
    await rig.wang.says("慢的")
    seen = await rig.wang.sees("正在处理…")
    await rig.wang.sees("正在处理…（已经 0 秒）")
    await rig.bot.send(rig.out(Way.TEXT, text="好了"))
    assert await rig.wang.sees("好了") is seen
    await rig.wang.says("又一个")
    await rig.wang.sees("正在处理…")
    rig.sim.skew = 400  # more than 6 minutes: 846608, so it is pushed
    await rig.bot.send(rig.out(Way.TEXT, text="晚了"))
    await rig.wang.sees("晚了")
    assert rig.sim.wire.of("aibot_send_msg")


async def test_a_file_of_several_chunks_arrives_whole_and_is_uploaded_once(rig: Rig) -> None:
    body = bytes(range(256)) * 5000
    for _ in range(2):
        await rig.bot.send(rig.out(Way.FILE, file=body, filename="图纸.zip"))
    assert (await rig.wang.sees("图纸.zip")).file == body
    assert len(rig.sim.wire.of("upload_media_init")) == 1
    assert len(rig.sim.wire.of("upload_media_chunk")) == 3
    rig.sim.media.clear()
    await rig.bot.send(rig.out(Way.FILE, file=body, filename="图纸.zip"))  # 40007: uploaded anew
    assert len(rig.sim.wire.of("upload_media_init")) == 2


async def test_who_never_wrote_is_a_refusal_about_the_person(rig: Rig) -> None:
    rig.sim.wrote.clear()
    with pytest.raises(SendFailed) as failed:
        await rig.bot.send(rig.out(Way.TEXT, text="hi"))
    assert (failed.value.code, failed.value.retry, failed.value.wide) == ("93001", False, Wide.PERSON)
    with pytest.raises(SendFailed) as failed:  # ids are case-sensitive
        await rig.bot.send(replace(rig.out(Way.TEXT, text="hi"), user="wanglei"))
    assert failed.value.code == "93006"


@pytest.mark.parametrize("how", ["dirty", "clean", "silent"])
async def test_however_the_connection_ends_another_is_built(rig: Rig, how: str) -> None:
    first = rig.sim.socket.live
    match how:
        case "dirty":
            await rig.sim.socket.cut()
        case "clean":
            await rig.sim.socket.close_clean()
        case _:
            rig.sim.faults.deaf = True
            await asyncio.sleep(0.7)
            rig.sim.faults.deaf = False
    async with asyncio.timeout(6):
        while rig.sim.socket.live in (None, first) or not rig.bot.client.up:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await rig.bot.send(rig.out(Way.TEXT, text="wieder da"))
    await rig.wang.sees("wieder da")


async def test_a_kick_is_told_and_not_fought(rig: Rig, sim: WecomAibotServer) -> None:
    other = WecomAibotPlatform(
        settings(sim), LocalShared(), lambda: datetime.now(UTC), lambda _n, _c: None, pace=PACE
    )
    await other.start(rig.intake)
    await asyncio.sleep(1.0)
    assert (other.client.up, rig.bot.client.up, len(sim.wire.of("kicked"))) == (True, False, 1)
    (alert,) = await rig.next()
    assert isinstance(alert, Alert)
    assert alert.code == "kicked"
    assert rig.bot.limits.down
    assert (await rig.bot.check())[0].state == "fail"
    await other.stop()


async def test_refused_credentials_do_not_storm(sim: WecomAibotServer) -> None:
    sim.secret = "another"
    bot = WecomAibotPlatform(settings(sim).model_copy(update={"secret": SecretStr("wrong")}), LocalShared(),
                             lambda: datetime.now(UTC), lambda _n, _c: None, pace=PACE)  # fmt: skip
    made = Rig(sim, bot, sim.phones["WangLei"])
    await bot.start(made.intake)
    await asyncio.sleep(0.8)
    assert len(sim.wire.of("aibot_subscribe")) <= 6
    assert "wrong" not in str(list(sim.wire))
    check = (await bot.check())[0]
    assert (check.state, "853000" in check.text) == ("fail", True)
    sim.secret = "wrong"
    await sim.connected()
    await bot.stop()


async def test_what_nobody_understands_and_what_comes_twice(rig: Rig) -> None:
    rig.sim.faults.unknown_frames = True
    rig.sim.faults.duplicate_callbacks = True
    await rig.wang.says("你好")
    await rig.next(2)
    assert rig.got[0].dedup == rig.got[1].dedup
    await rig.bot.send(rig.out(Way.TEXT, text="好"))
    await rig.wang.sees("好")


async def test_an_acknowledgement_that_is_lost_may_have_arrived(rig: Rig) -> None:
    rig.sim.faults.swallow_acks = 1
    out = rig.out(Way.CARD, card=CARD, track="L-1-a-7")
    with pytest.raises(SendFailed) as failed:
        await rig.bot.send(out)
    assert (failed.value.retry, failed.value.unknown) == (True, True)
    await rig.bot.send(replace(out, again=True))
    assert rig.wang.count("新线索 L-1") == 1


async def test_thirty_a_minute_are_never_passed(rig: Rig) -> None:
    sent = 0

    async def pour() -> None:
        nonlocal sent
        for n in range(40):
            await rig.bot.send(rig.out(Way.TEXT, text=f"nr {n}"))
            sent += 1

    with pytest.raises(SendFailed) as failed:
        await pour()
    assert failed.value.retry
    assert failed.value.after is not None
    assert sent <= 28
    assert not [entry for entry in rig.sim.wire.of("aibot_send_msg") if entry.answer["errcode"]]
