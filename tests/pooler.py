"""A pooler in front of PostgreSQL, as PgBouncer is in transaction mode: a server connection is one client's for the length of
a transaction, and the next transaction gets another one. It takes no settings at a start but those that it knows."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SSL, CANCEL, STARTUP = 80877103, 80877102, 196608
KNOWN = frozenset({"user", "database", "client_encoding", "datestyle", "timezone", "application_name"})
GREETED = b"R" + struct.pack("!ii", 8, 0)
IDLE = b"Z" + struct.pack("!i", 5) + b"I"


def _startup(**settings: str) -> bytes:
    said = b"".join(f"{key}\0{value}\0".encode() for key, value in settings.items()) + b"\0"
    return struct.pack("!ii", len(said) + 8, STARTUP) + said


def _refusal(text: str) -> bytes:
    said = f"SFATAL\0VFATAL\0C08P01\0M{text}\0\0".encode()
    return b"E" + struct.pack("!i", len(said) + 4) + said


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """(kind, the whole message)."""
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)


@dataclass(eq=False)
class _Client:
    writer: asyncio.StreamWriter
    server: Ends | None = None
    last: Ends | None = None
    owed: int = 0  # answers that end with "ready"
    relay: "asyncio.Task[None] | None" = None


class Pooler:
    """Made by `pooled`. `keeps_settings_to_itself`: takes the settings of a start without a word, and forgets them."""

    def __init__(self, url: str, *, keeps_settings_to_itself: bool = False) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._who = {"user": unquote(parts.username or ""), "database": parts.path.strip("/")}
        self._lax = keeps_settings_to_itself
        self._free: asyncio.Queue[Ends] = asyncio.Queue()
        self._all: set[asyncio.StreamWriter] = set()
        self._told = b""  # what a server says of itself
        self.swaps = 0
        """How often a client's transaction ran on another server connection than its last one."""
        self.prepared: set[bytes] = set()
        """Names of statements that clients wanted kept."""

    async def open(self, servers: int) -> None:
        for _ in range(servers):
            reader, writer = await asyncio.open_connection(*self._to)
            self._all.add(writer)
            writer.write(_startup(**self._who))
            told = b""
            while (got := await _message(reader))[0] != b"Z":
                told += got[1] if got[0] in {b"S", b"K"} else b""
            self._told = told
            self._free.put_nowait((reader, writer))

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it goes."""
        one = _Client(writer)
        self._all.add(writer)
        try:
            if await self._greeted(reader, writer):
                while (got := await _message(reader))[0] != b"X":
                    await self._carry(one, *got)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._all.discard(writer)
            if one.relay is not None:
                one.relay.cancel()
            if one.server is not None:  # in the middle of something: that server connection is of no more use
                one.server[1].close()
            writer.close()

    async def _greeted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        while True:
            size, code = struct.unpack("!ii", await reader.readexactly(8))
            said = await reader.readexactly(size - 8)
            if code != SSL:
                break
            writer.write(b"N")
        if code == CANCEL:
            return False
        words = said.decode().split("\0")
        unknown = [key for key in words[:-2:2] if key.lower() not in KNOWN]
        if unknown and not self._lax:
            writer.write(_refusal(f"unsupported startup parameter: {unknown[0]}"))
            return False
        writer.write(GREETED + self._told + IDLE)
        return True

    async def _carry(self, one: _Client, kind: bytes, message: bytes) -> None:
        if kind == b"P" and message[5:6] != b"\0":
            self.prepared.add(message[5 : message.index(b"\0", 5)])
        if one.server is None:
            one.server = await self._free.get()
            self.swaps += one.last not in (None, one.server)
            one.last, one.owed = one.server, 0
            one.relay = asyncio.create_task(self._back(one, one.server))
        one.owed += kind in {b"Q", b"S"}
        one.server[1].write(message)

    async def _back(self, one: _Client, server: Ends) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                kind, message = await _message(server[0])
                one.writer.write(message)
                one.owed -= kind == b"Z"
                if kind == b"Z" and message[-1:] == b"I" and not one.owed:
                    one.server = None
                    self._free.put_nowait(server)
                    return
        one.writer.close()

    def close(self) -> None:
        for writer in self._all:
            writer.close()


@asynccontextmanager
async def pooled(
    url: str, *, servers: int = 3, keeps_settings_to_itself: bool = False
) -> AsyncIterator[tuple[str, Pooler]]:
    """The address of a pooler in front of `url`, and the pooler."""
    pooler = Pooler(url, keeps_settings_to_itself=keeps_settings_to_itself)
    await pooler.open(servers)
    listening = await asyncio.start_server(pooler.client, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield url.replace(f":{urlsplit(url).port}/", f":{port}/"), pooler
    finally:
        listening.close()
        pooler.close()
