"""The DingTalk simulator's Stream gateway: tickets, routing, acks, re-pushes, rotation, dead and cut connections."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sim.dingtalk_server import DingtalkServer
from tests.sim.dingtalk_bot import CARD, ROBOT, Bot, running

World = tuple[DingtalkServer, Bot]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as parts:
        yield parts


async def test_open_refuses_wrong_credentials_and_subscriptions(world: World) -> None:
    server, bot = world
    status, answer = await bot.open(clientSecret="wrong")
    assert status == 401
    assert set(answer) == {"code", "message", "requestid"}
    assert (await bot.open([]))[0] == 400
    assert (await bot.open([("EVENT", "user_add_org")]))[0] == 400  # events cannot be narrowed
    server.faults.refuse_open = 403
    assert (await bot.open())[0] == 403
    assert server.wire.of("connections/open")[-1].sent["clientSecret"] == "…"


async def test_open_without_accept_header_answers_xml(world: World) -> None:
    server, bot = world
    async with bot.http.post(f"{server.url}/v1.0/gateway/connections/open", json={}) as response:
        assert response.content_type == "application/xml"


async def test_ticket_is_for_one_connection_and_90_seconds(world: World) -> None:
    server, bot = world
    _, answer = await bot.open()
    assert answer["endpoint"].startswith("ws://127.0.0.1:")
    async with bot.http.ws_connect(answer["endpoint"], params={"ticket": answer["ticket"]}):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await bot.http.ws_connect(answer["endpoint"], params={"ticket": answer["ticket"]})
    _, answer = await bot.open()
    server.skew += 91
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await bot.http.ws_connect(answer["endpoint"], params={"ticket": answer["ticket"]})


async def test_text_message_has_the_documented_shape(world: World) -> None:
    server, bot = world
    link = await bot.link()
    await server.phones["rep"].says("查一下 华联科技")
    frame = await asyncio.wait_for(link.frames.get(), 2)
    assert (frame["type"], frame["headers"]["topic"], frame["specVersion"]) == ("CALLBACK", ROBOT, "1.0")
    assert isinstance(frame["headers"]["time"], str)
    data = json.loads(frame["data"])
    assert data["text"] == {"content": "查一下 华联科技"}
    assert (data["conversationType"], data["senderStaffId"], data["robotCode"]) == ("1", "rep", "dingsim")
    assert data["sessionWebhookExpiredTime"] - data["createAt"] == pytest.approx(5_400_000, abs=1000)
    assert "conversationTitle" not in data
    assert server.phones["rep"].seen[0].mine


async def test_message_without_connection_is_lost_for_good(world: World) -> None:
    server, bot = world
    await server.phones["rep"].says("有人吗")
    assert len(server.wire.of("lost robot message")) == 1
    link = await bot.link()
    with pytest.raises(TimeoutError):
        await link.next(0.1)


async def test_each_push_goes_to_one_connection_that_subscribed(world: World) -> None:
    server, bot = world
    one, two = await bot.link(), await bot.link()
    deaf_to_robots = await bot.link([("CALLBACK", CARD)])
    for n in range(40):
        await server.phones["rep"].says(f"第{n}条")
    await asyncio.sleep(0.1)
    assert one.frames.qsize() + two.frames.qsize() == 40
    assert one.frames.qsize() > 3
    assert two.frames.qsize() > 3
    assert deaf_to_robots.frames.qsize() == 0


async def test_robot_message_comes_again_only_in_repush_mode(world: World) -> None:
    server, bot = world
    link = await bot.link()
    link.answer = lambda frame: None
    await server.phones["rep"].says("一次")
    await link.next()
    with pytest.raises(TimeoutError):
        await link.next(0.2)
    server.stream.repush = 0.05
    await server.phones["rep"].says("再来")
    first = await link.next()
    assert (await link.next())["msgId"] == first["msgId"]
    link.answer = lambda frame: {"response": None}
    await link.next()  # acked: that was the last
    with pytest.raises(TimeoutError):
        await link.next(0.2)


async def test_duplicate_late_and_out_of_order(world: World) -> None:
    server, bot = world
    link = await bot.link()
    server.faults.duplicate_pushes = 1.0
    await server.phones["rep"].says("两遍")
    assert (await link.next())["msgId"] == (await link.next())["msgId"]
    server.faults.duplicate_pushes = 0.0
    server.faults.late = 0.1
    started = time.monotonic()
    await server.phones["rep"].says("晚到")
    assert time.monotonic() - started >= 0.1
    await link.next()
    server.faults.late = 0.0
    server.faults.hold_next = 1
    await server.phones["rep"].says("先说的")
    await server.phones["rep"].says("后说的")
    assert [(await link.next())["text"]["content"] for _ in range(2)] == ["后说的", "先说的"]


async def test_burst_of_200_arrives_whole(world: World) -> None:
    server, bot = world
    link = await bot.link()
    await asyncio.gather(*(server.phones["rep"].says(f"{n}") for n in range(200)))
    got = {(await link.next())["text"]["content"] for _ in range(200)}
    assert len(got) == 200


async def test_ping_is_answered_or_the_connection_ends(world: World) -> None:
    server, bot = world
    server.stream.ping_interval, server.stream.ping_misses = 0.05, 2
    await bot.link()
    await asyncio.sleep(0.3)
    assert len(server.connections) == 1
    assert len(server.wire.of("ping")) >= 3
    assert server.complaints == []
    _, answer = await bot.open()
    silent = await bot.http.ws_connect(answer["endpoint"], params={"ticket": answer["ticket"]})
    await asyncio.wait_for(_drained(silent), 2)
    assert silent.close_code == 1006


async def _drained(ws: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in ws:
        pass


async def test_disconnect_frame_then_silence_then_close(world: World) -> None:
    server, bot = world
    server.stream.grace = 0.2
    old = await bot.link()
    await server.disconnect_frame()
    await server.phones["rep"].says("没人收")  # nothing is routed to a connection that was told to go
    new = await bot.link()
    await server.phones["rep"].says("新的收")
    assert (await new.next())["text"]["content"] == "新的收"
    assert old.frames.empty()
    await old.ended()
    assert len(server.connections) == 1


async def test_cut_half_open_and_clean_close(world: World) -> None:
    server, bot = world
    cut = await bot.link()
    await server.cut()
    assert await cut.ended() == 1006
    dead = await bot.link()
    await server.half_open()
    await server.phones["rep"].says("进了黑洞")
    assert dead.frames.empty()
    assert len(server.wire.of("dead connection")) == 1
    assert server.wire.of("lost robot") == []
    with pytest.raises(TimeoutError):  # not even a WebSocket ping comes back
        await asyncio.wait_for(dead.ws.close(), 0.1)
    await server.cut()
    clean = await bot.link()
    await server.close_clean()
    assert await clean.ended() == 1000


async def test_clean_close_right_after_connect(world: World) -> None:
    server, bot = world
    server.faults.close_on_connect = 1
    _, answer = await bot.open()
    ws = await bot.http.ws_connect(answer["endpoint"], params={"ticket": answer["ticket"]})
    await asyncio.wait_for(_drained(ws), 2)
    assert ws.close_code == 1000
    assert server.connections == []


async def test_event_comes_again_until_success(world: World) -> None:
    server, bot = world
    server.stream.event_retries = (0.05, 0.05)
    link = await bot.link()
    answers = iter([None, {"status": "LATER"}, {"status": "SUCCESS"}])
    link.answer = lambda frame: next(answers)
    event_id = await server.event("user_leave_org", {"userId": ["rep"]})
    frames = [await asyncio.wait_for(link.frames.get(), 2) for _ in range(3)]
    assert {frame["headers"]["eventId"] for frame in frames} == {event_id}
    assert frames[0]["headers"]["eventType"] == "user_leave_org"
    await asyncio.sleep(0.15)
    assert link.frames.empty()


async def test_ack_whose_data_is_no_string_is_rejected(world: World) -> None:
    server, bot = world
    server.stream.event_retries = (0.05, 0.05)
    link = await bot.link()
    link.answer = lambda frame: None
    await server.event("chat_quit", {})
    frame = await asyncio.wait_for(link.frames.get(), 2)
    bad = {
        "code": 200,
        "headers": {"messageId": frame["headers"]["messageId"]},
        "data": {"status": "SUCCESS"},
    }
    await link.ws.send_str(json.dumps(bad))
    await asyncio.wait_for(link.frames.get(), 2)  # it comes again
    await link.ws.send_str("{")
    await asyncio.sleep(0.05)
    assert len(server.complaints) == 2


async def test_odd_frames(world: World) -> None:
    server, bot = world
    server.faults.bare_frames = server.faults.greets = True
    link = await bot.link()
    await server.stream.push_raw({"type": "NEWS", "headers": {"topic": "/x", "messageId": "1"}, "data": "{}"})
    assert (await asyncio.wait_for(link.frames.get(), 2))["type"] == "NEWS"
    greeting = next(e.sent for e in server.wire.of("CONNECTED"))
    assert "specVersion" not in greeting
    assert "messageId" not in greeting["headers"]


async def test_stop_frees_the_port_for_the_next_start(world: World) -> None:
    server, bot = world
    link = await bot.link()
    url = server.url
    await server.stop()
    await link.ended()
    await server.start()
    assert server.url == url
    await bot.link()
