"""One replica of two loses its lines (to the database, to Redis, to the platform), or its time, while people work."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.crash.bot_process import REPS, BotProcess, Sim
from tests.crash.story import KILLS, SHORT, lives_through
from tests.lines import Line, line_to
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.crash, pytest.mark.timeout(0)]
BACK = 120.0  # seconds until a replica is ready again, on a busy machine; 45 are what its waits add up to
ROUNDS = 3 if KILLS <= SHORT else max(9, KILLS // 5)


class Lines:
    """What lies between the second replica and the rest of the world."""

    def __init__(self, database: str, redis: str) -> None:
        self._database, self._redis = database, redis
        self._stack = AsyncExitStack()
        self.database: Line
        self.redis: Line
        self.platform: Line

    async def made(self, sim: Sim) -> Mapping[str, str]:
        """The settings by which a replica goes through them."""
        self.database = await self._stack.enter_async_context(line_to(self._database))
        self.redis = await self._stack.enter_async_context(line_to(self._redis))
        self.platform = await self._stack.enter_async_context(line_to(sim.url))
        return {
            "GENJIN_STORE__DATABASE": self.database.through(self._database),
            "GENJIN_STORE__REDIS": self.redis.through(self._redis),
            "GENJIN_DINGTALK__API_BASE": self.platform.through(sim.url),
            "GENJIN_DINGTALK__OAPI_BASE": self.platform.through(sim.url),
        }

    async def close(self) -> None:
        await self._stack.aclose()


@pytest.fixture
async def lines(own_postgres: Postgres, own_redis: Redis) -> AsyncIterator[Lines]:
    made = Lines(own_postgres.url("crash"), own_redis.url)
    yield made
    await made.close()


async def cut(line: Line, dice: random.Random, how: str) -> None:
    """One trouble on one line, from its beginning to its end."""
    match how:
        case "frozen":  # on the database's: longer than a replica may be silent
            line.freeze()
            await asyncio.sleep(dice.uniform(4.0, 16.0))
            line.thaw()
        case "lost":
            line.lose()
        case "refused":
            line.refuse()
            await asyncio.sleep(dice.uniform(0.5, 4.0))
            line.refuse(False)
        case _:
            line.delay = dice.uniform(0.1, 0.6)
            await asyncio.sleep(dice.uniform(1.0, 4.0))
            line.delay = 0.0


async def ready(bot: BotProcess) -> float:
    """Waits until it says that it takes traffic. Returns after how many seconds."""
    begun, said = time.monotonic(), ""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as http:
        while time.monotonic() < begun + BACK:
            try:
                async with http.get(f"{bot.url}/readyz") as answer:
                    if answer.status == 200:
                        return time.monotonic() - begun
                    said = await answer.text()
            except (aiohttp.ClientError, TimeoutError) as error:
                said = type(error).__name__
            await asyncio.sleep(0.1)
    raise AssertionError(f"not ready again: {said}\n{bot.last_words()}")


async def test_one_replicas_lines_are_cut(
    lines: Lines, own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    """Half-open, dead for ever, refused, late. What it had in hand is taken over or finished, once; it comes back by
    itself within a bounded time."""
    took: list[tuple[float, str]] = []

    async def trouble(bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        kinds = {"database": ("frozen", "lost"), "redis": ("lost", "frozen"), "platform": ("refused", "lost")}
        for n in range(ROUNDS):
            which = list(kinds)[n % 3]
            how = kinds[which][0] if n < 3 else dice.choice(("frozen", "lost", "refused", "late"))
            await asyncio.sleep(dice.uniform(0.5, 2.0))
            await cut(getattr(lines, which), dice, how)
            took.append((await ready(bots[1]), f"{which} {how}"))

    checker, bots = await lives_through(
        trouble, "dingtalk", own_postgres.url("crash"), tmp_path, compiled, replicas=2, redis=own_redis.url,
        lines=lines.made,
    )  # fmt: skip
    sys.stderr.write(f"longest until ready again: {max(took)[0]:.1f} s ({max(took)[1]})\n")
    assert [bot.starts for bot in bots] == [1, 1]
    assert checker.counted["records"] >= len(REPS) // 2
    assert checker.repeats <= ROUNDS * len(REPS)


async def test_one_replica_is_stopped_for_longer_than_it_may_be_silent(
    own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    """SIGSTOP, as a machine that swaps or a virtual one that is moved, then SIGCONT: the others took over what it had in
    hand, and what it goes on with changes nothing."""

    async def trouble(bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        for n in range(1 if KILLS <= SHORT else max(3, KILLS // 20)):
            await asyncio.sleep(dice.uniform(0.5, 2.0))
            os.kill(bots[1].pid, signal.SIGSTOP)
            await asyncio.sleep(12.0 if n == 0 else dice.uniform(1.0, 45.0))
            os.kill(bots[1].pid, signal.SIGCONT)
            await ready(bots[1])

    checker, bots = await lives_through(
        trouble, "dingtalk", own_postgres.url("crash"), tmp_path, compiled, replicas=2, redis=own_redis.url
    )
    assert [bot.starts for bot in bots] == [1, 1]
    assert checker.counted["records"] >= len(REPS) // 2
