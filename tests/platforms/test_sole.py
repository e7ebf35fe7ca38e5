"""One connection, several replicas: forwarding, taking over after a kill under load, kicks by others. On PostgreSQL."""

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.bells import Bells
from bot.clock import Clock
from bot.events import Alert, Incoming, Message
from bot.platform import Outgoing, SendFailed, Way
from bot.sole import Sole
from bot.wecom_aibot.client import Pace
from bot.wecom_aibot.platform import WecomAibotPlatform
from sim.wecom_aibot_server import WecomAibotServer
from store.cache import LocalShared
from store.db import Database
from tests.world import config_for

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)
IN_HAND = 32
"""Messages on their way at once: what may be seen twice after a kill, however slow the machine."""
PACE = Pace(first=0.1, ping=0.5, ack=2.0)


@dataclass
class Replica:
    """One process's part of it: its own database connections, its own socket."""

    db: Database
    sole: Sole
    got: list[Incoming] = field(default_factory=list)

    async def intake(self, events: Sequence[Incoming], within: float = math.inf) -> None:
        self.got.extend(events)

    async def killed(self) -> None:
        """As kill -9 leaves it: the socket breaks, the lease runs on."""
        inner = self.sole.inner
        assert isinstance(inner, WecomAibotPlatform)
        tasks = [*self.sole._tasks, *self.sole._errands]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.sole._holding = False
        await inner.stop()


@asynccontextmanager
async def replica(sim: WecomAibotServer, url: str, room: Path) -> AsyncIterator[Replica]:
    db, bells = Database(url, pool=6), Bells()
    settings = config_for(sim, url, room).wecom_aibot
    inner = WecomAibotPlatform(
        settings, LocalShared(), lambda: datetime.now(UTC), lambda _n, _c: None, pace=PACE
    )
    made = Replica(db, Sole(inner, db, bells, Clock().ms))
    try:
        await made.sole.start(made.intake)
        yield made
    finally:
        await made.sole.stop()
        await db.close()


@pytest.fixture
async def sim() -> AsyncIterator[WecomAibotServer]:
    server = WecomAibotServer()
    server.limits.per_minute = server.limits.per_hour = 60_000
    await server.start()
    server.person("WangLei", "王磊", wrote=True)
    yield server
    await server.stop()


def text(n: int) -> Outgoing:
    return Outgoing(n, Way.TEXT, "WangLei", text=f"消息 {n} 号")


async def test_one_replica_connects_and_the_other_sends_through_it(
    sim: WecomAibotServer, migrated_url: str, tmp_path: Path
) -> None:
    async with replica(sim, migrated_url, tmp_path) as one, replica(sim, migrated_url, tmp_path) as two:
        await sim.connected()
        await asyncio.sleep(1.2)
        assert (one.sole.holding, two.sole.holding, len(sim.socket.connections)) == (True, False, 1)
        await two.sole.send(text(1))
        await two.sole.send(text(1))  # the answer was lost on the way to the outbox: not said again
        await sim.phones["WangLei"].sees("消息 1 号")
        assert sim.phones["WangLei"].count("消息 1 号") == 1
        with pytest.raises(SendFailed) as failed:
            await two.sole.send(Outgoing(2, Way.TEXT, "Nobody", text="hi"))
        assert (failed.value.retry, failed.value.code) == (False, "93006")
        assert [check.state for check in await two.sole.check()] == ["ok"]


async def test_an_orderly_stop_hands_over_at_once(
    sim: WecomAibotServer, migrated_url: str, tmp_path: Path
) -> None:
    async with replica(sim, migrated_url, tmp_path) as one, replica(sim, migrated_url, tmp_path) as two:
        await one.sole.stop()
        begun = time.monotonic()
        while not two.sole.holding:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert time.monotonic() - begun < 2.0
        await two.sole.send(text(1))
        assert not [e for e in one.got + two.got if isinstance(e.event, Alert)]


async def test_the_holder_is_killed_under_load_and_another_takes_over_within_seconds(
    sim: WecomAibotServer, migrated_url: str, tmp_path: Path
) -> None:
    async with replica(sim, migrated_url, tmp_path) as one, replica(sim, migrated_url, tmp_path) as two:
        done: dict[int, float] = {}

        async def deliver(n: int, by: Replica) -> None:
            """As the outbox does it: again until it is taken, at most twice after "may have arrived"."""
            while n not in done:
                try:
                    await by.sole.send(text(n))
                    done[n] = time.monotonic()
                except SendFailed as failed:
                    if not failed.retry:
                        raise
                    await asyncio.sleep(0.05)

        room = asyncio.Semaphore(IN_HAND)

        async def in_turn(n: int) -> None:
            async with room:
                await deliver(n, two)

        async def load() -> None:
            async with asyncio.TaskGroup() as group:
                for n in range(150):
                    group.create_task(in_turn(n))
                    await asyncio.sleep(0.01)

        working = asyncio.create_task(load())
        await asyncio.sleep(0.5)
        killed = time.monotonic()
        await one.killed()
        await working
        gap = min(at for at in done.values() if at > killed + 0.5) - killed
        assert two.sole.holding
        sys.stderr.write(f"taken over after {gap:.1f} s\n")
        phone = sim.phones["WangLei"]
        counts = [phone.count(f"消息 {n} 号") for n in range(150)]
        assert min(counts) == 1, "nothing is lost"
        assert sum(counts) - 150 <= IN_HAND, "only what was in hand may be seen twice"
        assert gap < 30.0, gap  # a lease and a look or two; more only where the machine is overloaded
        await phone.says("还在吗")
        for _ in range(100):
            if any(isinstance(e.event, Message) for e in two.got):
                break
            await asyncio.sleep(0.02)
        assert any(isinstance(e.event, Message) for e in two.got)


async def test_a_foreign_process_takes_the_bot_and_nobody_fights(
    sim: WecomAibotServer, migrated_url: str, tmp_path: Path
) -> None:
    async with replica(sim, migrated_url, tmp_path) as one, replica(sim, migrated_url, tmp_path) as two:
        settings = config_for(sim, migrated_url, tmp_path).wecom_aibot
        foreign = WecomAibotPlatform(
            settings, LocalShared(), lambda: datetime.now(UTC), lambda _n, _c: None, pace=PACE
        )
        await foreign.start(one.intake)
        await asyncio.sleep(3.0)
        assert foreign.client.up
        assert len(sim.wire.of("kicked")) == 1
        alerts = [e.event for e in one.got if isinstance(e.event, Alert)]
        assert [alert.code for alert in alerts] == ["kicked"]
        assert two.sole.limits.down
        checks = await two.sole.check()
        assert checks[0].state == "fail"
        assert "挤下线" in checks[0].text
        await foreign.stop()
