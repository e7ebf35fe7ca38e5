"""What the DingTalk tests share: a cache in memory, an inbox that can fail, and a bot on a simulated DingTalk."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.config import Dingtalk
from bot.dingtalk.platform import DingtalkPlatform
from bot.dingtalk.stream import Pace
from bot.events import Alert, Arrived, Click, Event, Incoming, Message
from sim.dingtalk_server import DingtalkServer

QUICK = Pace(refused=0.2, grace=2.0)


class Memory:
    """Shared, in this process."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, float]] = {}
        self.locks: dict[str, asyncio.Lock] = {}

    async def get(self, key: str) -> str | None:
        value, until = self.values.get(key, ("", 0.0))
        return value if until > time.monotonic() else None

    async def put(self, key: str, value: str, seconds: float) -> None:
        self.values[key] = (value, time.monotonic() + seconds)

    async def drop(self, key: str, value: str) -> None:
        if self.values.get(key, ("", 0.0))[0] == value:
            del self.values[key]

    async def take(self, bucket: str, per_second: float, burst: float) -> float:
        return 0.0

    @asynccontextmanager
    async def lock(self, key: str, seconds: float) -> AsyncIterator[None]:
        async with self.locks.setdefault(key, asyncio.Lock()):
            yield


@dataclass
class Inbox:
    """Takes events once by their dedup key. `broken` refuses; `gate` holds the commit up until it is opened."""

    rows: dict[str, Incoming] = field(default_factory=dict)
    tries: int = 0
    broken: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def __call__(self, events: Sequence[Incoming], within: float = math.inf) -> None:
        self.tries += 1
        await self.gate.wait()
        if self.broken:
            raise RuntimeError("database is down")
        for one in events:
            self.rows.setdefault(one.dedup, one)

    def of(self, kind: type[Any]) -> list[Any]:
        return [row.event for row in self.rows.values() if isinstance(row.event, kind)]

    @property
    def messages(self) -> list[Message]:
        return self.of(Message)

    @property
    def clicks(self) -> list[Click]:
        return self.of(Click)

    @property
    def alerts(self) -> list[Alert]:
        return self.of(Alert)

    @property
    def arrivals(self) -> list[Arrived]:
        return self.of(Arrived)

    @property
    def events(self) -> list[Event]:
        return [row.event for row in self.rows.values()]


@dataclass
class Rig:
    """A running bot side on a running simulator."""

    sim: DingtalkServer
    platform: DingtalkPlatform
    inbox: Inbox
    shared: Memory
    meter: dict[str, int]

    async def restart(self, **settings: Any) -> DingtalkPlatform:
        """Another process of the same bot with other settings (not receiving), sharing cache and simulator."""
        return DingtalkPlatform(
            configured(self.sim, **settings), self.shared, now, lambda what, n: None, "https://bot.example"
        )


def now() -> datetime:
    return datetime.now(UTC)


def configured(sim: DingtalkServer, **settings: Any) -> Dingtalk:
    base = {
        "enabled": True, "client_id": sim.client_id, "client_secret": sim.client_secret,
        "api_base": sim.url, "oapi_base": sim.url,
    }  # fmt: skip
    return Dingtalk(**(base | settings))


@asynccontextmanager
async def running(*, pace: Pace = QUICK, receive: bool = True, **settings: Any) -> AsyncIterator[Rig]:
    """A simulator with 李销售 (lisi) and 王经理 (wang), and the platform connected to it."""
    sim = DingtalkServer()
    await sim.start()
    sim.person("lisi", "李销售", union="uni-lisi")
    sim.person("wang", "王经理", union="uni-wang")
    sim.stream.grace = 1.0
    used: dict[str, int] = {}

    def meter(what: str, amount: int) -> None:
        used[what] = used.get(what, 0) + amount

    shared, inbox = Memory(), Inbox()
    platform = DingtalkPlatform(
        configured(sim, **settings), shared, now, meter, "https://bot.example", pace=pace
    )
    try:
        if receive:
            await platform.start(inbox)
        yield Rig(sim, platform, inbox, shared, used)
    finally:
        await platform.stop()
        await sim.stop()


async def until(test: Callable[[], object], timeout: float = 5.0) -> None:
    """Waits until the test holds; fails with what it tested otherwise."""
    start = time.monotonic()
    while not test():
        assert time.monotonic() - start < timeout, "it did not come about in time"
        await asyncio.sleep(0.01)


def acks(sim: DingtalkServer) -> list[dict[str, Any]]:
    """All acknowledgements that came while the simulator waited for them."""
    return [entry.sent for entry in sim.wire if entry.what == "ack"]
