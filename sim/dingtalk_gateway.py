"""The Stream gateway: tickets, WebSocket connections, frames out, acks in. Protocol reference 1.1 to 1.6."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sim.dingtalk_world import Json, World, token
from sim.wire import On, going_on

CLOSED = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)


@dataclass(frozen=True)
class Ack:
    """The client's answer to a frame: its code and `data`, parsed when it was the JSON string it has to be."""

    code: int
    data: object = None
    valid: bool = True


@dataclass
class Ticket:
    """Good for one connection within 90 s."""

    until: float
    topics: frozenset[tuple[str, str]]


@dataclass(eq=False)
class Connection:
    """One live WebSocket. `draining`: a disconnect frame went out; `deaf`: half-open, nothing passes any more."""

    id: str
    ws: web.WebSocketResponse
    transport: asyncio.Transport
    topics: frozenset[tuple[str, str]]
    opened: float
    draining: bool = False
    deaf: bool = False
    pending: dict[str, "asyncio.Future[Ack]"] = field(default_factory=dict)
    about: dict[str, On] = field(default_factory=dict)  # messageId → what its exchange is about
    missed: int = 0  # pings in a row without an answer

    def takes(self, kind: str, topic: str) -> bool:
        """Is it routed here? Only what was subscribed, never after a disconnect frame."""
        return not self.draining and (kind, topic) in self.topics

    def reset(self) -> None:
        """Drops the TCP connection with a RST."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Gateway:
    """All connections of one app, and single frames on them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connections: list[Connection] = []
        self.tickets: dict[str, Ticket] = {}
        self.opens = 0  # calls of connections/open, for storms
        self.ping_interval, self.ping_misses = 20.0, 3
        self.grace = 10.0  # seconds between a disconnect frame and the close
        self.app_id = token(8)
        self.came = asyncio.Condition()  # notified when a connection comes or goes
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The two routes of the gateway."""
        return [web.post("/v1.0/gateway/connections/open", self.open), web.get("/connect", self.connect)]

    async def stop(self) -> None:
        """Ends retries and drops every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in list(self.connections):
            connection.transport.abort()
        for _ in range(100):
            if not self.connections:
                return
            await asyncio.sleep(0.01)

    # opening ----------------------------------------------------------------------------------------------------------

    async def open(self, request: web.Request) -> web.Response:
        """POST connections/open (1.1): credentials and subscriptions in, endpoint and ticket out."""
        world = self.world
        self.opens += 1
        if world.faults.cut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if "application/json" not in request.headers.get(
            "Accept", ""
        ):  # as the gateway does, says the Node SDK
            return web.Response(
                status=200, text="<xml>no Accept header</xml>", content_type="application/xml"
            )
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        refused = self._refusal(body if isinstance(body, dict) else {})
        answer: Json
        if refused:
            answer, status = {"code": refused[1], "message": refused[2], "requestid": token()}, refused[0]
        else:
            ticket = token()
            topics = frozenset((str(s["type"]), str(s["topic"])) for s in body["subscriptions"])
            self.tickets[ticket] = Ticket(world.now() + world.limits.ticket_age, topics)
            answer, status = (
                {"endpoint": f"{world.url.replace('http', 'ws', 1)}/connect", "ticket": ticket},
                200,
            )
        sent = {**body, "clientSecret": "…"} if isinstance(body, dict) else body
        world.wire.log(
            "in", "POST /v1.0/gateway/connections/open", sent, answer, status=status, at=world.now()
        )
        return web.json_response(answer, status=status)

    def _refusal(self, body: Json) -> tuple[int, str, str] | None:
        if self.world.faults.refuse_open:
            return self.world.faults.refuse_open, "open.refused", "connection refused"
        if (body.get("clientId"), body.get("clientSecret")) != (
            self.world.client_id,
            self.world.client_secret,
        ):
            return 401, "invalidClientIdOrSecret", "无效的clientId或者clientSecret"
        topics = body.get("subscriptions")
        if not isinstance(topics, list) or not topics:
            return 400, "invalidParameter.subscriptions", "subscriptions is empty"
        for entry in topics:
            kind, topic = (entry.get("type"), entry.get("topic")) if isinstance(entry, dict) else (None, None)
            if kind not in ("EVENT", "CALLBACK", "SYSTEM") or not topic or (kind == "EVENT" and topic != "*"):
                return 400, "invalidParameter.subscriptions", f"illegal subscription {entry}"
        return None

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """GET /connect?ticket=…: the WebSocket. A used, unknown or old ticket answers 403."""
        ticket = self.tickets.pop(request.query.get("ticket", ""), None)
        if ticket is None or ticket.until < self.world.now():
            self.world.note("connect refused: bad ticket")
            return web.Response(status=403, text="invalid ticket")
        ws = web.WebSocketResponse(autoping=False, autoclose=False, max_msg_size=4 * 1024 * 1024)
        await ws.prepare(request)
        if self.world.faults.take("close_on_connect"):
            await ws.close(code=1000)
            return ws
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        connection = Connection(token(8), ws, transport, ticket.topics, self.world.now())
        await self._count(connection, came=True)
        pinger = asyncio.create_task(self._ping(connection))
        try:
            if self.world.faults.greets:
                await self._system(connection, "CONNECTED", {})
                await self._system(connection, "REGISTERED", {})
            await self._read(connection)
        finally:
            pinger.cancel()
            await self._count(connection, came=False)
        return ws

    async def _count(self, connection: Connection, *, came: bool) -> None:
        async with self.came:
            (self.connections.append if came else self.connections.remove)(connection)
            self.world.note("stream connected" if came else "stream gone", {"connection": connection.id})
            self.came.notify_all()

    async def connected(self, count: int = 1, timeout: float = 10.0) -> None:
        """Waits until exactly so many connections are routable."""
        async with asyncio.timeout(timeout), self.came:
            await self.came.wait_for(lambda: sum(not c.draining for c in self.connections) == count)

    # reading ----------------------------------------------------------------------------------------------------------

    async def _read(self, connection: Connection) -> None:
        while True:
            message = await connection.ws.receive()
            if connection.deaf:
                if message.type in CLOSED:
                    while not connection.transport.is_closing():  # noqa: ASYNC110 (a transport cannot be awaited)
                        await asyncio.sleep(0.02)  # a dead peer answers no close
                    return
            elif message.type is WSMsgType.PING:
                with contextlib.suppress(ConnectionError):
                    await connection.ws.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._ack(connection, message.data)
            elif message.type is WSMsgType.BINARY:
                self.world.complain("a binary frame")
            elif message.type in CLOSED:
                if message.type is WSMsgType.CLOSE:
                    await connection.ws.close()
                return

    def _ack(self, connection: Connection, text: str) -> None:
        """One frame of the client; whatever is not a proper ack is noted and thrown away (1.3)."""
        try:
            frame = json.loads(text)
            message_id, code = str(frame["headers"]["messageId"]), int(frame["code"])
        except (ValueError, KeyError, TypeError):
            self.world.complain(f"not an ack: {text[:200]}")
            return
        data = frame.get("data")
        ack = Ack(code, data)
        if isinstance(data, str):
            try:
                ack = Ack(code, json.loads(data or "{}"))
            except ValueError:
                ack = Ack(code, data, valid=False)
        else:
            ack = Ack(code, data, valid=False)
        if not ack.valid:
            self.world.complain(f"ack data is not a JSON string: {text[:200]}")
        waiting = connection.pending.pop(message_id, None)
        what, on = "ack" if waiting else "ack too late or unasked", connection.about.pop(message_id, None)
        self.world.wire.log("in", what, frame, at=self.world.now(), on=on)
        if waiting is not None and not waiting.done():
            waiting.set_result(ack)

    # system frames ----------------------------------------------------------------------------------------------------

    async def _ping(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(self.ping_interval)
            if connection.deaf or connection.draining:
                continue
            data = {"opaque": token()}
            waiting = await self._system(connection, "ping", data)
            with contextlib.suppress(TimeoutError):
                ack = await asyncio.wait_for(asyncio.shield(waiting), self.ping_interval / 2)
                if ack.data == data:
                    connection.missed = 0
                    continue
                self.world.complain("ping answered without its opaque")
            connection.missed += 1
            if connection.missed >= self.ping_misses:
                connection.transport.abort()
                return

    async def _system(self, connection: Connection, topic: str, data: Json) -> "asyncio.Future[Ack]":
        return await self.push_on(connection, "SYSTEM", topic, data)

    async def disconnect_frame(self, only: Connection | None = None) -> None:
        """Tells the client to reconnect (1.5): no more routing there, TCP closed after `grace` seconds."""
        for connection in [only] if only else list(self.connections):
            connection.draining = True
            await self._system(connection, "disconnect", {"reason": "connection is expired"})
            self._spawn(self._close_after(connection))

    async def _close_after(self, connection: Connection) -> None:
        await asyncio.sleep(self.grace)
        connection.transport.close()

    async def cut(self, only: Connection | None = None) -> None:
        """Drops connections with a TCP reset and waits until they are off the list."""
        for connection in [only] if only else list(self.connections):
            connection.reset()
            await self._gone(connection)

    async def _gone(self, connection: Connection) -> None:
        async with self.came:
            await self.came.wait_for(lambda: connection not in self.connections)

    async def half_open(self, only: Connection | None = None, *, noticed_after: float | None = None) -> None:
        """The network swallows both directions; DingTalk goes on routing there until it notices (if ever)."""
        for connection in [only] if only else list(self.connections):
            connection.deaf = True
            if noticed_after is not None:
                self._spawn(self._notice(connection, noticed_after))

    async def _notice(self, connection: Connection, after: float) -> None:
        await asyncio.sleep(after)
        connection.draining = True

    async def close_clean(self, only: Connection | None = None) -> None:
        """Closes WebSockets with code 1000 and no warning."""
        for connection in [only] if only else list(self.connections):
            connection.draining = True
            await connection.ws.close(code=1000)

    # frames -----------------------------------------------------------------------------------------------------

    async def push_raw(self, frame: Json) -> None:
        """Sends a frame as it is on every connection (unknown types and topics)."""
        for connection in self.connections:
            await self._write(connection, frame, f"push raw {frame.get('type')}")

    async def push_on(
        self, connection: Connection, kind: str, topic: str, data: Json, headers: Json | None = None
    ) -> "asyncio.Future[Ack]":
        """Sends one frame; the future gets the ack (never, when it is lost)."""
        message_id = (headers or {}).get("messageId") or token(12)
        frame: Json = {
            "specVersion": "1.0",
            "type": kind,
            "headers": {
                "topic": topic, "messageId": message_id, "contentType": "application/json",
                "time": str(self.world.now_ms()), "appId": self.app_id, "connectionId": connection.id, **(headers or {}),
            },
            "data": json.dumps(data, ensure_ascii=False),
        }  # fmt: skip
        if kind == "SYSTEM" and self.world.faults.bare_frames and topic != "ping":
            del frame["specVersion"], frame["headers"]["messageId"]
        waiting = connection.pending[message_id] = asyncio.get_running_loop().create_future()
        if (on := going_on()) is not None:
            connection.about[message_id] = on
        await self._write(connection, frame, f"push {kind} {topic}")
        return waiting

    async def _write(self, connection: Connection, frame: Json, what: str) -> None:
        lost = connection.deaf or connection.transport.is_closing()
        self.world.wire.log("out", what + (" (dead connection)" if lost else ""), frame, at=self.world.now())
        if not lost:
            with contextlib.suppress(ConnectionError):
                await connection.ws.send_str(json.dumps(frame, ensure_ascii=False))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
