"""Something that is no Redis answers in its place: it costs speed, and all is shared again when Redis is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from store import redis as shared
from store.redis import RedisShared
from tests.servers import Redis

ODD = {
    "numbers": b":7\r\n",
    "nothing": b"$-1\r\n",
    "lists": b"*2\r\n$1\r\na\r\n*0\r\n",
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "no password": b"-NOAUTH Authentication required.\r\n",
    "another node": b"-MOVED 3999 127.0.0.1:1\r\n",
    "a web server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "noise": bytes(range(128, 256)),
    "a text without end": b"$999999999999\r\n" + b"x" * 1000,
    "hanging up": b"",
}


class Front:
    """Answers every command with `says`; with None it hands all on to Redis."""

    def __init__(self, says: bytes, port: int) -> None:
        self.says: bytes | None = says
        self._there = port
        self._open: set[asyncio.StreamWriter] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._open.add(writer)
        with suppress(OSError):
            if self.says is None:
                back, out = await asyncio.open_connection("127.0.0.1", self._there)
                self._open.add(out)
                await asyncio.gather(_copied(reader, out), _copied(back, writer))
            while self.says and (asked := await reader.read(65536)):
                writer.write(self.says * sum(line[:1] == b"*" for line in asked.split(b"\r\n")))
        writer.close()

    def mended(self) -> None:
        """Redis stands there again; who was connected connects anew."""
        self.says = None
        for one in self._open:
            one.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(65536):
        writer.write(some)
    writer.close()


@pytest.fixture(params=list(ODD))
async def front(request: pytest.FixtureRequest, redis: Redis) -> AsyncIterator[tuple[Front, int]]:
    """It, and its port."""
    made = Front(ODD[request.param], redis.port)
    server = await asyncio.start_server(made.take, "127.0.0.1", 0)
    yield made, server.sockets[0].getsockname()[1]
    made.mended()
    server.close()


async def test_odd_answers_cost_speed_only(
    front: tuple[Front, int], redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "RETRY", 0.0)
    redis.empty()
    one, other = RedisShared(f"redis://127.0.0.1:{front[1]}/0"), RedisShared(redis.url)
    heard = asyncio.Event()
    one.listen(lambda name: heard.set() if name == "inbox" else None)
    try:
        await one.put("token", "t1", 60)
        assert await one.get("token") in {"t1", None}
        assert await one.take("person", 1.0, 2.0) >= 0
        async with one.lock("token", 1):
            await one.drop("token", "t1")
        front[0].mended()
        while await other.get("back") != "yes":
            await one.put("back", "yes", 60)
        while not heard.is_set():
            other.ring("inbox")
            await asyncio.sleep(0.05)
    finally:
        await one.close()
        await other.close()
