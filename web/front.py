"""The port. Callbacks that are as plain as can be are read here; whatever else comes goes to aiohttp, byte for byte.

A platform's callbacks come in their hundreds, and for each of them aiohttp's request, router, middlewares and response cost more
than opening, checking and storing it. So a request is served here when it is one of the paths that a platform offers
(bot/platform.py) and leaves nothing to interpretation: HTTP/1.1, one Host, one Content-Length, no other framing, no
coding, nothing behind it. With the first byte that is anything else the connection belongs to aiohttp for good, with
all that was read, so no request is ever understood by two parsers in two ways.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import lru_cache, partial
from typing import cast

import structlog
from aiohttp import web

from bot.platform import Door, Reply
from web.pages import Pages
from web.room import Room, most

log = structlog.get_logger("front")

METHOD = b"POST "
HEAD_BYTES = 8 * 1024
MOST = 64 * 1024 + HEAD_BYTES
"""Bytes of one request that are kept here; a longer one is read (and refused) by aiohttp."""
WHOLE_WITHIN = 1.0  # seconds for the rest of a request that has begun; then it is a matter for aiohttp
FIRST_WITHIN = 60.0  # seconds in which a new connection has to ask for something
IDLE = 3630.0  # seconds without a request until a connection is closed; longer than any proxy's, as aiohttp has it

QUIET = 75.0
"""Seconds that a connection of aiohttp's may say nothing, or take over its headers. nginx keeps idle ones for 60."""

_HEAD = re.compile(
    rb"POST (/[\w/.-]*)\?([\w&=.*~-]*) HTTP/1\.1\r\n"
    rb"((?:[\w!#$&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)
_FRAMING = re.compile(
    rb"^(host|content-length|connection|transfer-encoding|content-encoding|trailer|te|expect|upgrade):[ \t]*(.*?)[ \t]*\r$",
    re.IGNORECASE | re.MULTILINE,
)
_LENGTH = re.compile(rb"[0-9]{1,5}")
_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 408: "Request Timeout", 413: "Content Too Large",
            500: "Internal Server Error", 503: "Service Unavailable"}  # fmt: skip
_KEPT = "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"

Counted = Callable[[str, str, int, float], None]
"""Hears of each answer: method, route, status, seconds."""


class Plain:
    """A request that leaves nothing to interpretation: `path`, `query` (the first value of each name) and where its body
    begins and ends."""

    __slots__ = ("begin", "end", "path", "query")

    def __init__(self, path: str, query: dict[str, str], begin: int, end: int) -> None:
        self.path, self.query, self.begin, self.end = path, query, begin, end


@lru_cache(maxsize=64)
def _length(headers: bytes) -> int | None:
    """Bytes of the body, of header lines that frame it in the plainest way; None for all others. Kept for the next
    request: a proxy sends the same lines again and again."""
    hosts, length = 0, None
    for name, value in _FRAMING.findall(headers):
        match name.lower():
            case b"host":
                hosts += 1
            case b"content-length" if length is None and _LENGTH.fullmatch(value):
                length = int(value)
            case b"connection" if value.lower() == b"keep-alive":
                pass
            case _:
                return None
    return length if hosts == 1 else None


def plain(data: bytes) -> Plain | None:
    """The request at the beginning of `data` when its head is whole and as plain as can be; None for everything else."""
    found = _HEAD.match(data, 0, HEAD_BYTES)
    if found is None:
        return None
    length = _length(found[3])
    if length is None:
        return None
    query: dict[str, str] = {}
    for pair in found[2].decode("ascii").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            query.setdefault(name, value)
    begin = found.end()
    return Plain(found[1].decode("ascii"), query, begin, begin + length)


def _open_head(data: bytes) -> bool:
    """Whether the end of the head has not come yet, and may still."""
    return len(data) < HEAD_BYTES and b"\r\n\r\n" not in data


class Front:
    """Listens, and knows every connection that is not aiohttp's. `doors`: what takes the callbacks of which path."""

    def __init__(
        self, runner: web.AppRunner, doors: Mapping[str, Door], counted: Counted, *, quiet: float = QUIET
    ) -> None:
        if runner.server is None:
            raise ValueError("the runner must be set up first")
        self.room = Room(most())
        self.runner, self.pages = runner, partial(Pages, runner.server, self.room, quiet)
        self.doors, self.counted = doors, counted
        self.connections: set[Connection] = set()
        self.closing = False
        self._server: asyncio.AbstractServer | None = None
        self._head, self._head_of = b"", -1

    async def start(self, host: str, port: int) -> int:
        """Takes connections from now on. Returns the port. Raises OSError when it cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = server = await loop.create_server(
            lambda: Connection(self), host, port, backlog=128, reuse_address=True
        )
        return int(server.sockets[0].getsockname()[1])

    async def cleanup(self, within: float = 15.0) -> None:
        """Takes no more connections, lets what is being answered finish (at most `within` seconds), closes all; then
        the same for aiohttp."""
        self.closing = True
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)  # what was read already begins
        if serving := [task for one in list(self.connections) if (task := one.retire()) is not None]:
            await asyncio.wait(serving, timeout=within)
        for one in list(self.connections):
            one.close()
        await self.runner.cleanup()

    def head(self) -> bytes:
        """The lines that every answer here begins with after its status; the date is written once a second."""
        second = int(asyncio.get_running_loop().time())
        if second != self._head_of:
            self._head_of = second
            self._head = f"{_KEPT}Date: {formatdate(usegmt=True)}\r\n".encode("ascii")
        return self._head


class Connection(asyncio.Protocol):
    """A connection that has asked for nothing but plain callbacks so far; one at a time, in order."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._came = b""  # bytes that were not served yet
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._made = 0.0  # when it was opened, by the loop's clock
        self._asked = 0.0  # when the last request came, alike; 0.0: none yet
        self._last = False  # no further request is taken
        self._unread = False  # answers pile up that the other side does not read

    # ── what the transport says ─────────────────────────────────────────────────────────────────────────
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection was opened."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self._made = self._loop.time()
        if not self._front.room.enter(self):
            self._transport.abort()
            return
        self._front.connections.add(self)
        self._timer = self._loop.call_later(FIRST_WITHIN, self._look)

    def data_received(self, data: bytes) -> None:
        """Bytes came: served here when they are a plain callback, else handed on."""
        self._came = self._came + data if self._came else data
        if self._task is None:
            self._next()
        elif len(self._came) > MOST and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone; what is being stored is stored all the same."""
        self._let_go()

    def pause_writing(self) -> None:
        """Somebody asks and does not read the answers: nothing more is taken from them, nor answered of what came already."""
        self._unread = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """They read again."""
        self._unread = False
        if self._task is None:
            self._go_on()

    # ── one request after the other ─────────────────────────────────────────────────────────────────────
    def _next(self) -> None:
        """Serves the request at the beginning of what came, waits for the rest of it, or hands the connection on."""
        data, transport = self._came, self._transport
        if transport is None or transport.is_closing() or not data or self._unread:
            return
        request = plain(data) if not self._last else None
        door = self._front.doors.get(request.path) if request else None
        if request is not None and door is not None and request.end <= MOST:
            if len(data) >= request.end:
                self._stop_waiting()
                self._came = data[request.end :]
                self._asked = self._loop.time()
                body = data[request.begin : request.end]
                self._task = self._loop.create_task(self._serve(door, request, body))
            else:
                self._wait()
        elif request is None and _open_head(data) and data.startswith(METHOD):
            self._wait()
        else:
            self._hand_on()

    def _go_on(self) -> None:
        """One request is answered: the next, and more is read once few are left of what came."""
        if self._transport is None or self._unread:
            return
        if len(self._came) <= MOST:
            self._transport.resume_reading()
        self._next()

    def _wait(self) -> None:
        """For the rest of a request: so long from its first bytes on, however often a few more come."""
        if self._rest is None:
            self._rest = self._loop.call_later(WHOLE_WITHIN, self._hand_on)

    def _stop_waiting(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    async def _serve(self, door: Door, request: Plain, body: bytes) -> None:
        try:
            reply = await door(request.query, body)
        except Exception:
            log.exception("callback failed", route=request.path)
            reply = Reply.refused(500, "internal", "服务器内部错误，已记录")
        finally:
            self._task = None
        self._front.counted("POST", request.path, reply.status, self._loop.time() - self._asked)
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        last = self._last or self._front.closing
        transport.write(self._answer(reply, last=last))
        if last:
            transport.close()
            return
        self._go_on()

    def _answer(self, reply: Reply, *, last: bool) -> bytes:
        kind = f"Content-Type: {reply.kind}; charset=utf-8\r\n" if reply.body else ""
        close = "Connection: close\r\n" if last else ""
        status = f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Answer')}\r\n"
        lines = f"{status}{kind}{close}Content-Length: {len(reply.body)}\r\n".encode("ascii")
        return b"%b%b\r\n%b" % (lines, self._front.head(), reply.body)

    def _hand_on(self) -> None:
        """From here on the connection is aiohttp's, with everything that came and was not served."""
        data, transport = self._came, self._transport
        self._let_go()
        if transport is None or transport.is_closing():
            return
        if self._front.closing:
            transport.close()
            return
        handler = self._front.pages()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        transport.resume_reading()
        handler.data_received(data)

    # ── coming to an end ────────────────────────────────────────────────────────────────────────────────
    def _look(self) -> None:
        """Closes a connection on which nothing has come for long."""
        idle = self._loop.time() - self._asked
        if self._task is None and (not self._asked or idle >= IDLE):
            self.close()
        else:
            self._timer = self._loop.call_later(max(1.0, IDLE - idle), self._look)

    def retire(self) -> "asyncio.Task[None] | None":
        """Takes no further request. Closed when idle; else what is being answered, which closes it."""
        self._last = True
        if self._task is None:
            self.close()
        return self._task

    def close(self) -> None:
        """Closes the connection; what somebody does not read is dropped."""
        transport = self._transport
        self._let_go()
        if transport is not None:
            (transport.abort if self._unread else transport.close)()

    def patience(self) -> tuple[int, float]:
        """Room's question: how much this connection is to be spared, and since when nothing came."""
        return 2 if self._task is not None else 1 if self._asked else 0, self._asked or self._made

    def dismiss(self) -> None:
        """Makes way for others."""
        self.close()

    def _let_go(self) -> None:
        self._front.connections.discard(self)
        self._front.room.leave(self)
        for timer in (self._timer, self._rest):
            if timer is not None:
                timer.cancel()
        self._timer = self._rest = self._transport = None
        self._came = b""
