"""The port: plain callbacks are read without aiohttp, all else by it, and nobody can make the two disagree."""

import asyncio
import json
import random
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser

from bot.platform import Reply
from tests.fuzz import mutations
from tests.world import firm
from web import front, room
from web.front import Front, plain

BODY = b"<xml>1</xml>"
GOOD = (
    b"POST /door?a=1&b=2 HTTP/1.1\r\nHost: bot\r\nContent-Type: text/xml\r\nContent-Length: 12\r\n\r\n" + BODY
)
PAGE = b"GET /page HTTP/1.1\r\nHost: bot\r\n\r\n"


@dataclass
class Rig:
    """A port with one door and one page; the door is reached both ways and notes what it was given."""

    front: Front
    port: int
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    counted: list[tuple[str, str, int]] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def talk(self, *pieces: bytes, answers: int = 1) -> list[bytes]:
        """Sends pieces on one connection and reads so many answers, or until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            found = []
            async with asyncio.timeout(20):
                while len(found) < answers and (one := await answer(reader)):
                    found.append(one)
            return found
        finally:
            writer.close()


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The next answer, head and body; b"" when there is none."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


async def until(true: Callable[[], bool]) -> None:
    """Waits for a condition, at most 20 s."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 (what is waited for is no event)
            await asyncio.sleep(0.01)


async def send_without_end(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


def by_aiohttp(said: bytes) -> bool:
    return b"\r\nServer: " in said


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made: Rig

    async def take(query: Mapping[str, str], body: bytes) -> Reply:
        made.taken.append((dict(query), body))
        if query.get("a") == "wait":
            await made.go.wait()
        if query.get("a") == "bug":
            raise LookupError("13800138000")
        return Reply(200, body) if query.get("a") == "echo" else Reply()

    async def routed(request: web.Request) -> web.Response:
        reply = await take(request.query, await request.read())
        return web.Response(status=reply.status, body=reply.body)

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="page")

    app = web.Application()
    app.add_routes([web.post("/door", routed), web.get("/page", page)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    counted: list[tuple[str, str, int]] = []
    port = Front(
        runner, {"/door": take}, lambda method, route, status, _s: counted.append((method, route, status))
    )
    made = Rig(port, await port.start("127.0.0.1", 0), counted=counted)
    yield made
    made.go.set()
    await port.cleanup(5)


async def test_a_plain_callback_is_answered_without_aiohttp_and_counted(rig: Rig) -> None:
    said = await rig.talk(GOOD, GOOD.replace(b"a=1", b"a=echo"), answers=2)
    assert [by_aiohttp(one) for one in said] == [False, False]
    assert said[0].startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Content-Type-Options: nosniff\r\n")
    assert said[1].endswith(b"\r\n\r\n" + BODY)
    assert rig.taken == [({"a": "1", "b": "2"}, BODY), ({"a": "echo", "b": "2"}, BODY)]
    assert rig.counted == [("POST", "/door", 200)] * 2


async def test_the_products_port_reads_wecoms_callbacks_here(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    async with firm("wecom", f"sqlite:///{tmp_path}/genjin.db", tmp_path) as world:
        await world.sim.person("wanglei", "王磊").says("/帮助")
        await world.idle()
        assert world.app is not None
        assert len(world.app.front.connections) == 1
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{world.url}/board", allow_redirects=False) as said,
        ):
            assert (said.status // 100, said.headers["Server"]) == (3, "genjin")
        async with aiohttp.ClientSession() as client, client.get(f"{world.url}/metrics") as said:
            assert 'route="/wecom/callback",status="200"} 1.0' in await said.text()


@pytest.mark.parametrize(
    "said",
    [b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nA b: c\r\n\r\n"],
)
async def test_what_is_no_http_is_refused_in_our_words(rig: Rig, said: bytes) -> None:
    """What aiohttp refuses by itself does not tell strangers that it is aiohttp, of which version."""
    (answer,) = await rig.talk(said)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"\r\nServer: genjin\r\n" in head + b"\r\n"
    assert b"aiohttp" not in answer
    assert json.loads(body)["error"] == {"code": "bad_request", "message": "这不是一个完整的 HTTP 请求"}


async def test_a_bug_behind_the_door_is_a_500_that_tells_nothing(rig: Rig) -> None:
    (said,) = await rig.talk(GOOD.replace(b"a=1", b"a=bug"))
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b'"code": "internal"' in said
    assert b"138001" not in said


ODD = {
    "a page": PAGE,
    "HTTP/1.0": GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "chunked": GOOD.replace(b"Content-Length: 12", b"Transfer-Encoding: chunked").replace(BODY, b"c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "to be closed": GOOD.replace(b"Host: bot", b"Host: bot\r\nConnection: close"),
    "an expectation": GOOD.replace(b"Host: bot", b"Host: bot\r\nExpect: 100-continue"),
    "escapes": GOOD.replace(b"a=1", b"a=%31"),
    "a space in the query": GOOD.replace(b"a=1", b"a=1+"),
    "the whole address": GOOD.replace(b"/door?", b"http://bot/door?"),
    "bare line ends": GOOD.replace(b"\r\n", b"\n"),
}  # fmt: skip
"""Allowed, but not plain: aiohttp's."""


@pytest.mark.parametrize("name", ODD)
async def test_what_is_not_plain_is_aiohttps(rig: Rig, name: str) -> None:
    assert plain(ODD[name]) is None
    said = await rig.talk(ODD[name], answers=2 if b"Expect" in ODD[name] else 1)
    assert by_aiohttp(said[-1])
    assert all(body in (BODY, b"") for _, body in rig.taken)


HIDDEN = b"POST /door?a=hidden HTTP/1.1\r\nHost: bot\r\nContent-Length: 0\r\n\r\n"
SMUGGLED = {
    "two lengths": b"Content-Length: 12\r\nContent-Length: %d",
    "a length and chunks": b"Content-Length: 12\r\nTransfer-Encoding: chunked",
    "chunks behind a blank": b"Content-Length: 12\r\nTransfer-Encoding : chunked",
    "chunks behind a folded line": b"Content-Length: 12\r\nX-A: b\r\n Transfer-Encoding: chunked",
    "a signed length": b"Content-Length: +12",
    "a list of lengths": b"Content-Length: 12, 12",
    "a length in hex": b"Content-Length: 0xc",
    "a name with a NUL": b"Content-Length: 12\r\nX-\0A: b",
    "a bare line feed": b"Content-Length: 12\r\nX-A: b\nTransfer-Encoding: chunked",
    "a bare return": b"Content-Length: 12\r\nX-A: b\rTransfer-Encoding: chunked",
    "two hosts": b"Content-Length: 12\r\nHost: other",
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_what_could_be_read_in_two_ways_is_never_read_here(rig: Rig, name: str) -> None:
    line = SMUGGLED[name]
    line = line % (12 + len(HIDDEN)) if b"%d" in line else line
    crooked = GOOD.replace(b"Content-Length: 12", line) + HIDDEN
    assert plain(crooked) is None
    said = await rig.talk(crooked, answers=3)
    assert all(by_aiohttp(one) for one in said)
    if b"400" in said[0].split(b"\r\n")[0]:
        assert rig.taken == []
        assert len(said) == 1


async def test_what_is_read_here_aiohttp_would_read_the_same_way() -> None:
    """Spoiled requests by the thousand: whatever is taken for plain has the same path, query and body for both parsers."""
    loop = asyncio.get_running_loop()
    seen = 0
    for n in range(4000):
        dice = random.Random(f"front:{n}")
        data = mutations.bytes_of(dice, GOOD) if n % 2 else spoiled_head(dice)
        found = plain(data)
        if found is None or found.end > len(data):
            continue
        parser: Any = HttpRequestParser(BaseProtocol(loop), loop, 2**16)
        try:
            messages, upgraded, rest = parser.feed_data(data[: found.end])
        except HttpProcessingError as error:
            raise AssertionError(f"aiohttp refuses {data[: found.end]!r}") from error
        ((head, payload),) = messages
        assert (head.method, head.path.partition("?")[0], upgraded, rest) == ("POST", found.path, False, b"")
        assert {name: head.url.query[name] for name in head.url.query} == found.query
        assert b"".join(payload._buffer) == data[found.begin : found.end]
        assert payload.is_eof()
        seen += 1
    assert seen > 100


def spoiled_head(dice: random.Random) -> bytes:
    """The request with one odd piece put in, somewhere in its head."""
    pieces = (
        b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"&a=2", b"?", b"#", b"/", b"//", b"\xff", b"X-A: b\r\n", b";", b"=", b"%",
        b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: keep-alive\r\n", b"Upgrade: h2c\r\n", b"0", b"1",
    )  # fmt: skip
    head, _, body = GOOD.partition(b"\r\n\r\n")
    head += b"\r\n"
    at = (
        dice.randrange(len(head))
        if dice.random() < 0.5
        else head.index(b"\r\n", dice.randrange(len(head) - 1)) + 2
    )
    return head[:at] + dice.choice(pieces) + head[at:] + b"\r\n" + body


async def test_requests_behind_each_other_are_answered_in_order(rig: Rig) -> None:
    """A pipeline of callbacks, then a page in the middle of them: the connection changes hands, and nothing is lost."""
    line = [GOOD.replace(b"a=1&b=2", b"a=echo&b=%d" % n) for n in range(6)]
    said = await rig.talk(b"".join([*line[:4], PAGE, *line[4:]]), answers=7)
    assert [by_aiohttp(one) for one in said] == [False] * 4 + [True] * 3
    assert [query["b"] for query, _ in rig.taken] == [str(n) for n in range(6)]
    assert said[4].endswith(b"page")
    assert rig.front.connections == set()


async def test_a_request_in_pieces_is_put_together(rig: Rig) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    for n in range(0, len(GOOD), 40):
        writer.write(GOOD[n : n + 40])
        await asyncio.sleep(0.005)
    async with asyncio.timeout(20):
        assert (await answer(reader)).startswith(b"HTTP/1.1 200 ")
    writer.close()
    assert rig.taken == [({"a": "1", "b": "2"}, BODY)]


async def test_who_never_ends_a_request_becomes_aiohttps(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "WHOLE_WITHIN", 0.05)
    slow = [await asyncio.open_connection("127.0.0.1", rig.port) for _ in range(3)]
    for (_, writer), part in zip(slow, (GOOD[:30], GOOD[:-3], b"POST"), strict=True):
        writer.write(part)
    await until(lambda: len(rig.front.runner.server.connections) == 3)
    assert rig.front.connections == set()
    reader, writer = slow[1]
    writer.write(GOOD[-3:])
    async with asyncio.timeout(20):
        assert by_aiohttp(await answer(reader))
    assert rig.taken == [({"a": "1", "b": "2"}, BODY)]
    for _, one in slow:
        one.close()


async def test_who_never_asks_is_closed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "FIRST_WITHIN", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()
    assert rig.front.connections == set()


async def test_who_sends_without_end_is_not_read_without_end(rig: Rig) -> None:
    """While one request is being answered, what comes behind it is kept up to a bound."""
    _, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(GOOD.replace(b"a=1", b"a=wait"))
    await until(lambda: bool(rig.taken))
    (connection,) = rig.front.connections
    flood = asyncio.create_task(send_without_end(writer))
    await until(lambda: len(connection._came) > front.MOST)
    done, _ = await asyncio.wait([flood], timeout=0.3)
    assert not done
    flood.cancel()
    assert front.MOST < len(connection._came) < front.MOST + 1024 * 1024
    rig.go.set()
    writer.transport.abort()


async def test_who_does_not_read_the_answers_is_not_answered_without_end(rig: Rig) -> None:
    """Callbacks without end, and nobody who takes the answers: no more are taken in; read at last, all is in order."""
    small = socket.socket()
    for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        small.setsockopt(socket.SOL_SOCKET, buffer, 65536)
    small.setblocking(False)
    await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", rig.port))
    reader, writer = await asyncio.open_connection(sock=small)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    await until(lambda: bool(rig.front.connections))
    (connection,) = rig.front.connections
    assert connection._transport is not None
    for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        connection._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, 65536)
    asked, flooding = 0, True

    async def flood() -> None:
        nonlocal asked
        while flooding:
            writer.write(GOOD * 100)
            asked += 100
            await writer.drain()

    ask = asyncio.create_task(flood())
    await until(lambda: connection._unread)
    await asyncio.sleep(0.3)
    taken, flooding = len(rig.taken), False
    assert taken < asked
    assert len(connection._came) < front.MOST + 1024 * 1024
    await asyncio.sleep(0.3)
    assert len(rig.taken) == taken
    writer.write(PAGE)
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    async with asyncio.timeout(60):
        said = [await answer(reader) for _ in range(asked + 1)]
        await ask
    assert len(rig.taken) == asked
    assert [by_aiohttp(one) for one in said] == [False] * asked + [True]
    assert said[-1].endswith(b"page")
    writer.close()


async def test_who_sends_byte_by_byte_becomes_aiohttps_too(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for a request begins with its first byte: whoever lets it trickle does not keep it open."""
    monkeypatch.setattr(front, "WHOLE_WITHIN", 0.2)
    _, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(GOOD)
    await until(lambda: bool(rig.taken))
    writer.write(b"POST /door?a=")
    async with asyncio.timeout(20):
        while rig.front.connections:
            writer.write(b"1")
            await asyncio.sleep(0.05)
    assert len(rig.front.runner.server.connections) == 1
    writer.close()


@pytest.mark.parametrize(
    "said", [b"", b"POST /do", b"GET /pa"], ids=["nothing", "half a door", "half a page"]
)
async def test_thousands_who_say_nothing_take_no_place_from_others(rig: Rig, said: bytes) -> None:
    """Who never asked for anything makes way, the longest silent first; who did keeps the connection."""
    rig.front.room._limit = 16
    known = await asyncio.open_connection("127.0.0.1", rig.port)
    known[1].write(PAGE)
    assert (await answer(known[0])).endswith(b"page")
    silent = []
    for _ in range(100):
        silent.append(await asyncio.open_connection("127.0.0.1", rig.port))
        silent[-1][1].write(said)
    try:
        assert (await rig.talk(GOOD))[0].startswith(b"HTTP/1.1 200")
        assert (await rig.talk(PAGE))[0].endswith(b"page")
        await until(lambda: len(rig.front.room) <= 16)
        known[1].write(PAGE)
        assert (await answer(known[0])).endswith(b"page")
        async with asyncio.timeout(20):
            assert await silent[0][0].read() == b""  # closed, long before its minute is over
    finally:
        for _, writer in (known, *silent):
            writer.close()


async def test_where_all_are_being_answered_there_is_no_room_for_more(rig: Rig) -> None:
    rig.front.room._limit = 8
    waiting = GOOD.replace(b"a=1", b"a=wait")
    busy = [asyncio.create_task(rig.talk(waiting)) for _ in range(8)]
    await until(lambda: len(rig.taken) == 8)
    assert await rig.talk(GOOD) == []
    rig.go.set()
    assert [one[0][:15] for one in await asyncio.gather(*busy)] == [b"HTTP/1.1 200 OK"] * 8


async def test_who_takes_no_answer_makes_way_in_the_end(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that somebody lets lie for minutes, as often as there is room, is not waited for for ever."""
    rig.front.room._limit = 8
    waiting = b"POST /door?a=wait HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    busy = [asyncio.create_task(rig.talk(waiting)) for _ in range(8)]
    await until(lambda: len(rig.taken) == 8)
    monkeypatch.setattr(room, "LONGEST", 0.0)
    await asyncio.sleep(0.01)
    assert (await rig.talk(GOOD))[0].startswith(b"HTTP/1.1 200")
    rig.go.set()
    assert sorted(len(one) for one in await asyncio.gather(*busy)) == [0, *[1] * 7]


def test_connections_leave_files_for_what_the_process_opens_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, there in ((256, 128), (1024, 512), (1_048_576, room.MOST), (-1, room.MOST)):
        monkeypatch.setattr(room.resource, "getrlimit", lambda _what, files=files: (files, files))
        assert room.most() == there


async def test_a_stop_waits_for_what_is_being_answered(rig: Rig) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    idle, _idle = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(GOOD.replace(b"a=1", b"a=wait") + GOOD)
    await until(lambda: bool(rig.taken))
    async with asyncio.timeout(20):
        stopping = asyncio.create_task(rig.front.cleanup(10))
        assert await idle.read() == b""
        assert not stopping.done()
        rig.go.set()
        await stopping
        said = await reader.read()
    assert said.count(b"HTTP/1.1 200 OK") == 1
    assert b"\r\nConnection: close\r\n" in said
    assert len(rig.taken) == 1
    for one in (writer, _idle):
        one.close()
