"""Callbacks over real sockets: what WeCom sends arrives once and durably, what others send does not get in."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.bells import Bells
from bot.clock import Clock
from bot.envelope import Envelope
from bot.events import Arrived, Click, Incoming, Kind, Message
from bot.inbox import Intake
from cards.card import Button, Card
from sim import wecom_callbacks
from sim.wecom_events import Happening
from store.db import Database
from tests.platforms.wecom_kit import Rig, card, rig

XML = (
    "<xml><ToUserName>wwsim</ToUserName><FromUserName>lisi</FromUserName><CreateTime>1767225600</CreateTime>"
    "<MsgType>text</MsgType><Content>hello</Content><MsgId>{}</MsgId><AgentID>1000002</AgentID></xml>"
)


@pytest.fixture
async def world() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


async def test_the_console_accepts_our_url(world: Rig) -> None:
    assert await world.sim.verify_callback()
    assert not await world.sim.verify_callback("signature")
    assert not await world.sim.verify_callback("receiveid")


async def test_what_a_person_does_arrives(world: Rig) -> None:
    phone = world.lisi
    await phone.says("同步至CRM 王佳 13260308246")
    await phone.speaks("没有识别")
    await phone.sends_picture()
    await phone.does("link", title="报价", url="https://a.cn/1")
    await phone.does("location", lat=31.57, lon=120.3, label="无锡")
    await phone.taps_menu("cmd:/今日")
    messages = [event for event in world.events if isinstance(event, Message)]
    assert [(m.kind, m.text) for m in messages] == [
        (Kind.TEXT, "同步至CRM 王佳 13260308246"),
        (Kind.VOICE, ""),
        (Kind.IMAGE, ""),
        (Kind.LINK, "报价\nhttps://a.cn/1"),
        (Kind.LOCATION, "无锡"),
        (Kind.TEXT, "/今日"),
    ]
    assert {m.user for m in messages} == {"lisi"}
    assert {one.lane for one in world.kept.values()} == {"wecom:lisi"}


async def test_coming_opening_and_going(world: Rig) -> None:
    await world.lisi.does("subscribe")
    for _ in range(3):
        await world.lisi.enters()
    await world.lisi.does("unsubscribe")
    assert [(e.why, e.gone) for e in world.events if isinstance(e, Arrived)] == [
        ("subscribe", False),
        ("enter_agent", False),
        ("unsubscribe", True),
    ]
    assert len(world.sim.delivered()) == 5


@pytest.mark.parametrize("spelling", ["AgentID", "AgentId"])
async def test_a_click_brings_its_card_and_a_fresh_code(world: Rig, spelling: str) -> None:
    world.sim.faults.agent_id_spelling = spelling
    sent = await world.bot.send(card("lisi"))
    await world.lisi.clicks("开始跟进", times=2)
    clicks = [event for event in world.events if isinstance(event, Click)]
    assert [(c.user, c.card, c.action) for c in clicks] == [("lisi", "L-1024-a-1", "Begin:1024")] * 2
    assert len({sent.code, *(c.code for c in clicks)}) == 3


async def test_a_repeated_callback_is_one_event(world: Rig) -> None:
    world.sim.faults.duplicate_callbacks = True
    await world.lisi.says("你好")
    assert len(world.sim.delivered()) == 2
    assert len(world.events) == 1


async def test_what_cannot_be_stored_is_not_acknowledged(world: Rig) -> None:
    world.failing = 2
    await world.lisi.says("重要")
    assert [entry.status for entry in world.sim.wire.of("callback text")] == [503, 503, 200]
    assert [e.text for e in world.events if isinstance(e, Message)] == ["重要"]


async def test_a_slow_store_is_answered_in_time(world: Rig) -> None:
    hangs = Intake(Database("sqlite:///:memory:"), Clock(), Bells())  # nothing moves what waits in it
    world.bot._inbound._store_within = 0.1
    await world.bot.start(hangs)
    world.sim.retries = 0
    began = time.monotonic()
    await asyncio.gather(world.lisi.says("等一下"), world.lisi.says("再等一下"))
    assert time.monotonic() - began < 1
    assert [entry.status for entry in world.sim.wire.of("callback text")] == [503, 503]
    began = time.monotonic()
    await world.lisi.says("又一句")
    assert 0.1 <= time.monotonic() - began < 1
    assert world.sim.wire.of("callback text")[-1].status == 503


async def test_a_stop_waits_for_what_is_being_stored_and_then_takes_nothing(world: Rig) -> None:
    storing, stored, go = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def waits(_: Sequence[Incoming], within: float = math.inf) -> None:
        storing.set()
        await go.wait()
        stored.set()

    await world.bot.start(waits)
    world.sim.retries = 0
    talking = asyncio.create_task(world.lisi.says("最后一句"))
    await storing.wait()
    stopping = asyncio.create_task(world.bot.stop())
    await asyncio.sleep(0.05)
    assert not stopping.done()
    go.set()
    await asyncio.gather(talking, stopping)
    assert stored.is_set()
    assert world.sim.wire.of("callback text")[-1].status == 200
    await world.lisi.says("太晚了")
    assert world.sim.wire.of("callback text")[-1].status == 503


async def test_forgeries_stay_outside(world: Rig) -> None:
    """A wrong signature, another company's envelope, an old timestamp, no signature at all: 403 each."""
    world.sim.retries = 0
    happening = Happening("text", XML.format(1))
    for tamper in ("signature", "receiveid"):
        await wecom_callbacks.deliver(world.sim, happening, tamper)
        assert world.sim.wire.of("callback text")[-1].status == 403
    for skew in (-600, 600):
        assert (await post(world, XML.format(2), skew=skew))[0] == 403
    assert (await post(world, XML.format(3), query={}))[0] == 403
    assert world.events == []
    status, body = await post(world, XML.format(4))
    assert (status, body, len(world.events)) == (200, None, 1)


async def test_strangers_do_not_fill_the_log(world: Rig) -> None:
    began = asyncio.get_running_loop().time()
    with capture_logs() as said:
        for n in range(60):
            assert (await post(world, XML.format(n), query={}))[0] == 403
    lines = [one for one in said if one["event"] == "callback refused"]
    assert 1 <= len(lines) <= asyncio.get_running_loop().time() - began + 1
    assert sum(one["count"] for one in lines) <= 60
    assert lines[0]["reason"] == "没有签名"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not xml", 400),
        (b"<xml><Encrypt>", 400),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><xml><Encrypt>&b;</Encrypt></xml>', 400),
        (b"<xml></xml>", 403),
        (b"<xml><Encrypt>" + b"A" * 70_000 + b"</Encrypt></xml>", 413),
    ],
)
async def test_nonsense_gets_a_clear_no(world: Rig, body: bytes, status: int) -> None:
    got, answer = await post(world, raw=body)
    assert got == status
    assert answer is not None
    assert set(answer["error"]) == {"code", "message"}
    assert world.events == []


async def test_a_body_without_a_length_is_cut_off_too(world: Rig) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 4096

    got, _ = await post(world, raw=endless())
    assert got == 413


async def test_signed_nonsense_is_garbled(world: Rig) -> None:
    assert (await post(world, "no xml inside"))[0] == 400
    assert (await post(world, "<!DOCTYPE a><xml/>"))[0] == 400


async def test_a_customer_event_is_taken_in_and_a_remark_is_left(world: Rig) -> None:
    await world.sim.customer("LiSi", "woABC")
    assert len(world.sim.delivered()) == 1
    assert len(world.events) == 1
    await world.sim.customer("LiSi", "woABC", "edit_external_contact", remark="黄总")
    assert len(world.sim.delivered()) == 2
    assert len(world.events) == 1


async def test_before_the_start_nothing_is_promised(world: Rig) -> None:
    world.bot._inbound._intake = None
    assert (await post(world, XML.format(5)))[0] == 503


async def post(
    world: Rig, xml: str = "", *, raw: Any = None, query: dict[str, str] | None = None, skew: int = 0
) -> tuple[int, Any]:
    """A callback of our own making: signed as it should be unless told otherwise."""
    envelope = Envelope("simtoken", world.sim.aes_key, "wwsim")
    sealed = envelope.seal(xml.encode())
    stamp = str(int(world.sim.now()) + skew)
    if query is None:
        query = {"msg_signature": envelope.signature(stamp, "n1", sealed), "timestamp": stamp, "nonce": "n1"}
    body = raw if raw is not None else f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(world.sim.callback_url, params=query, data=body) as answer,
    ):
        text = await answer.text()
        return answer.status, (await answer.json() if text else None)


async def test_the_card_that_is_clicked_is_the_one_that_was_sent(world: Rig) -> None:
    """Seven buttons become a drop-down on WeCom; choosing there is the same click."""
    labels = ["需技术确认", "等待报价", "需要样品", "未接通", "无意向", "已成交", "其他"]
    many = Card(
        "checkin", "2/3 本次结论", buttons=tuple(Button(x, f"Step:{n}") for n, x in enumerate(labels))
    )
    await world.bot.send(card("lisi", many, 2, "L-1-a-2"))
    world.lisi.chooses("操作", "需要样品")
    await world.lisi.clicks("确定")
    event = world.events[-1]
    assert isinstance(event, Click)
    assert (event.card, event.action, event.values) == ("L-1-a-2", "Step:2", {})
