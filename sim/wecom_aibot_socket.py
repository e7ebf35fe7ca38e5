"""The long connection of the simulated AI bot: subscribe and kick, acknowledgements, what each command does (10.5)."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from sim.refusal import Refusal
from sim.wecom_aibot_answers import Answers
from sim.wecom_aibot_uploads import Uploads
from sim.wecom_aibot_world import Body, World
from sim.wire import exchange

KNOWN = {"aibot_subscribe", "ping"}


@dataclass
class Connection:
    """One socket. Until it has subscribed nothing else is answered."""

    id: str
    ws: web.WebSocketResponse
    transport: asyncio.Transport
    subscribed: bool = False
    leaving: bool = False
    pushed: int = 0  # callbacks sent on it
    busy: dict[str, int] = field(default_factory=dict)  # req_id → frames without an acknowledgement yet


class Socket:
    """All connections of one bot; at most one of them is subscribed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connections: list[Connection] = []
        self.came = asyncio.Condition()
        self._subscribes: deque[float] = deque()
        answers, uploads = Answers(world), Uploads(world)
        self._commands: dict[str, Callable[[str, Body], Awaitable[Body]]] = {
            **answers.commands,
            **uploads.commands,
        }

    @property
    def live(self) -> Connection | None:
        """The subscribed connection."""
        return next((one for one in self.connections if one.subscribed and not one.leaving), None)

    async def connected(self, timeout: float = 10.0) -> None:
        """Waits until a connection is subscribed."""
        async with asyncio.timeout(timeout), self.came:
            await self.came.wait_for(lambda: self.live is not None)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET / with Upgrade: a WebSocket."""
        if self.world.faults.cut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        ws = web.WebSocketResponse(autoping=False, max_msg_size=64 * 1024 * 1024)
        await ws.prepare(request)
        transport = request.transport
        assert isinstance(transport, asyncio.Transport)
        connection = Connection(self.world.new_id("conn"), ws, transport)
        self.connections.append(connection)
        tasks: set[asyncio.Task[None]] = set()
        try:
            async for message in ws:
                if message.type is WSMsgType.PING:
                    await ws.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    task = asyncio.create_task(self._frame(connection, message.data))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
                elif message.type is WSMsgType.BINARY:
                    self.world.complain("a binary frame")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            connection.leaving = True
            async with self.came:
                self.connections.remove(connection)
                self.came.notify_all()
            self.world.note("socket gone", {"connection": connection.id})
        return ws

    # ── frames in ───────────────────────────────────────────────────────────────────────────────────────
    async def _frame(self, connection: Connection, text: str) -> None:
        faults = self.world.faults
        try:
            frame = json.loads(text)
            cmd, req_id = str(frame["cmd"]), str(frame["headers"]["req_id"])
        except (ValueError, KeyError, TypeError):
            self.world.complain(f"not a frame: {text[:120]}")
            return
        if faults.deaf:
            return
        connection.busy[req_id] = connection.busy.get(req_id, 0) + 1
        if connection.busy[req_id] > 1:
            self.world.complain(f"a second frame on {req_id} before the first was acknowledged")
        try:
            with exchange() as on:
                answer = await self._obey(connection, cmd, req_id, frame.get("body"))
            shown = {**frame, "body": {**frame["body"], "secret": "…"}} if cmd == "aibot_subscribe" else frame
            if cmd != "ping":
                self.world.wire.log("in", cmd, _short(shown), answer, at=self.world.now(), on=on)
            if faults.latency:
                await asyncio.sleep(faults.latency)
            if faults.swallow_acks > 0 and cmd not in KNOWN:
                faults.swallow_acks -= 1
                return
            await self._write(connection, {"headers": {"req_id": req_id}, **answer})
            if cmd == "aibot_subscribe" and answer["errcode"] == 0:
                async with self.came:
                    self.came.notify_all()
        finally:
            connection.busy[req_id] -= 1

    async def _obey(self, connection: Connection, cmd: str, req_id: str, body: object) -> Body:
        try:
            self._fail_on_purpose(cmd)
            if cmd == "ping":
                if body is not None:
                    self.world.complain("ping with a body")
                return {"errcode": 0, "errmsg": "ok"}
            if not isinstance(body, dict):
                raise Refusal(40035, "invalid body")
            if cmd == "aibot_subscribe":
                await self._subscribe(connection, body)
                return {"errcode": 0, "errmsg": "ok"}
            if not connection.subscribed:
                raise Refusal(853000, "not subscribed")
            command = self._commands.get(cmd)
            if command is None:
                raise Refusal(40058, f"unknown cmd {cmd}")
            told = await command(req_id, body)
            return {"errcode": 0, "errmsg": "ok"} | ({"body": told} if told else {})
        except Refusal as refusal:
            return {"errcode": refusal.code, "errmsg": refusal.message}

    def _fail_on_purpose(self, cmd: str) -> None:
        for at, (code, message, *rest) in enumerate(self.world.faults.fail_next):
            if cmd not in KNOWN and (not rest or rest[0] in cmd):
                del self.world.faults.fail_next[at]
                raise Refusal(code, message)

    async def _subscribe(self, connection: Connection, body: Body) -> None:
        """A good subscribe kicks the one before it: disconnected_event first, then the close."""
        world, now = self.world, self.world.now()
        while self._subscribes and now - self._subscribes[0] > 60:
            self._subscribes.popleft()
        self._subscribes.append(now)
        if len(self._subscribes) > world.limits.subscribes_per_minute:
            raise Refusal(45009, "api freq out of limit")
        if world.faults.refuse_subscribe:
            raise Refusal(world.faults.refuse_subscribe, "refused on purpose")
        if (body.get("bot_id"), body.get("secret")) != (world.bot_id, world.secret):
            raise Refusal(853000, "invalid bot_id or secret")
        old = self.live
        connection.subscribed = True
        if old is not None and old is not connection:
            world.note("kicked", {"old": old.id, "new": connection.id})
            await self._part(old)

    # ── frames out ──────────────────────────────────────────────────────────────────────────────────────
    def event(self, kind: str, body: Body | None = None, **told: object) -> Body:
        """An event callback frame."""
        shell = {
            "msgid": self.world.new_id("E"),
            "create_time": int(self.world.now()),
            "aibotid": self.world.bot_id,
        }
        event = {"eventtype": kind} | ({kind: told} if told else {})
        return {
            "cmd": "aibot_event_callback",
            "headers": {"req_id": self.world.new_id("CB")},
            "body": {**shell, **(body or {}), "msgtype": "event", "event": event},
        }

    async def push(self, frame: Body) -> bool:
        """Sends a callback on the live connection; False when there is none (it is lost then)."""
        if self.world.faults.late:
            await asyncio.sleep(self.world.faults.late)
        connection = self.live
        label = str(frame["body"].get("event", {}).get("eventtype") or frame["body"].get("msgtype"))
        if connection is None or connection.transport.is_closing():
            self.world.wire.log(
                "out", f"callback {label}", frame, "lost: nobody is connected", at=self.world.now()
            )
            self.world.note("lost nobody is connected", frame["body"])
            return False
        self.world.wire.log("out", f"callback {label}", frame, at=self.world.now())
        if self.world.faults.unknown_frames:
            await self._write(
                connection, {"cmd": "aibot_get_mcp_config", "headers": {"req_id": "x"}, "body": {}}
            )
        for _ in range(2 if self.world.faults.duplicate_callbacks else 1):
            connection.pushed += 1
            await self._write(connection, frame)
        return True

    async def _write(self, connection: Connection, frame: Body) -> None:
        text = json.dumps(frame, ensure_ascii=False)
        if self.world.faults.unknown_frames:
            text = "\x00\x0b" + text
        with contextlib.suppress(ConnectionError):
            await connection.ws.send_str(text)

    # ── trouble ─────────────────────────────────────────────────────────────────────────────────────────
    async def cut(self) -> None:
        """Drops the connections with a TCP reset."""
        for connection in list(self.connections):
            connection.leaving = True
            connection.transport.abort()
        async with self.came:
            await self.came.wait_for(lambda: not any(one.leaving for one in self.connections))

    async def kick(self) -> None:
        """As if another program had subscribed with the bot's secret: the connection is told so and closed."""
        if (old := self.live) is not None:
            self.world.note("kicked", {"old": old.id, "new": "another program"})
            await self._part(old)

    async def _part(self, old: Connection) -> None:
        old.leaving = True
        await self._write(old, self.event("disconnected_event"))
        await old.ws.close(code=1000)

    async def close_clean(self, code: int = 1000) -> None:
        """Closes politely and without a warning."""
        for connection in list(self.connections):
            connection.leaving = True
            await connection.ws.close(code=code)

    async def stop(self) -> None:
        for connection in list(self.connections):
            connection.leaving = True
            connection.transport.abort()


def _short(frame: Body) -> Body:
    """Without the bytes of an upload."""
    body = frame.get("body")
    if isinstance(body, dict) and "base64_data" in body:
        return {**frame, "body": {**body, "base64_data": f"<{len(body['base64_data'])} characters>"}}
    return frame
