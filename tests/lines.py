"""A line between two programs that can be cut: nothing moves, nothing is refused, or all that moves is late."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

PIECE = 65536
AT_ONCE = struct.pack("ii", 1, 0)  # closing says RST


@dataclass(eq=False)
class _Call:
    """One connection through the line."""

    ends: list[asyncio.StreamWriter] = field(default_factory=list)
    moves: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = False
    deaf: bool = False  # what is said is carried, what is answered is not


class Line:
    """A TCP proxy on a port of 127.0.0.1. Made by `line_to`."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self.port = 0
        self.delay = 0.0  # seconds by which every piece is late
        self.came = 0  # connections so far
        self.unanswered = b""  # whoever says this is heard, and cut off before the answer
        self.cuts = 0  # how often that happened
        self._frozen = self._refusing = False
        self._calls: set[_Call] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def through(self, url: str) -> str:
        """The same address, but by this line."""
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{self.port}".removeprefix("@")))

    def freeze(self) -> None:
        """Half-open: connections stay and new ones are taken, but nothing moves any more, not even an end."""
        self._frozen = True
        for call in self._calls:
            call.moves.clear()

    def thaw(self) -> None:
        """What was held back moves on."""
        self._frozen = False
        for call in self._calls:
            if not call.lost:
                call.moves.set()

    def lose(self) -> None:
        """The connections of now stay open and are dead for ever; new ones are as good as any."""
        for call in self._calls:
            call.lost = True
            call.moves.clear()

    def reset(self) -> None:
        """The connections of now end with RST on both sides."""
        for call in list(self._calls):
            self._end(call)

    def _end(self, call: _Call) -> None:
        for end in call.ends:
            raw = end.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            end.transport.abort()
        call.moves.set()

    def refuse(self, yes: bool = True) -> None:
        """Every connection is reset as soon as it comes; those of now too."""
        self._refusing = yes
        if yes:
            self.reset()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._came, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = _Call([writer])
        self._calls.add(call)
        try:
            if self._refusing:
                self.reset()
                return
            if not self._frozen:
                call.moves.set()
            await call.moves.wait()
            far_reader, far_writer = await asyncio.open_connection(*self._to)
            call.ends.append(far_writer)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._moves(call, reader, far_writer, out=True))
                both.create_task(self._moves(call, far_reader, writer, out=False))
        except* OSError:
            pass
        finally:
            for end in call.ends:
                end.transport.abort()
            self._calls.discard(call)

    async def _moves(
        self, call: _Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, out: bool
    ) -> None:
        while True:
            piece = await reader.read(PIECE)
            await call.moves.wait()
            if self.delay:
                await asyncio.sleep(self.delay)
            if not piece:
                raise ConnectionResetError  # one side hung up: so does the other
            if call.deaf:
                if not out:  # it was done, and nobody will hear of it
                    self.cuts += 1
                    self._end(call)
                    return
                continue
            call.deaf = out and bool(self.unanswered) and self.unanswered in piece
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    """A line to the server at this address, whole."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    line = Line(parts.hostname, parts.port)
    await line._start()
    try:
        yield line
    finally:
        await line._stop()
