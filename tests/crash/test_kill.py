"""kill -9 at random moments while people work: nothing that was acknowledged is lost, nothing happens twice."""

import asyncio
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from sim.wecom_aibot_server import WecomAibotServer
from tests.crash.bot_process import REPS, BotProcess, Sim
from tests.crash.story import KILLS, lives_through
from tests.servers import Postgres, Redis

TAKEOVER = 30.0  # seconds, on a busy machine; the lease alone lasts 4


LIFE = 5.0  # seconds of a life at most
RECOVERY = 2.5  # starts: as long as that takes, what a former life left is worked off


async def kills(bots: list[BotProcess], sim: Sim, dice: random.Random) -> None:
    """Ends the bot without warning KILLS times: while it is still starting, at any moment of the time in which it works off
    what the life before left, or after some exchanges with the platform. A machine that is slow makes lives longer, not emptier."""
    bot, start = bots[0], 0.5
    for _ in range(KILLS):
        begun, when = time.monotonic(), dice.random()
        if when < 0.15:
            await asyncio.sleep(dice.uniform(0.0, 1.3 * start))
        else:
            await bot.up()
            start = time.monotonic() - begun
            await (asyncio.sleep(dice.uniform(0.0, RECOVERY * start)) if when < 0.5 else exchanged(sim, dice))
        await bot.end(signal.SIGKILL)
        bot.spawn()
    await bot.up()


async def exchanged(sim: Sim, dice: random.Random) -> None:
    """Returns after some exchanges, or LIFE."""
    enough, until = len(sim.wire) + dice.randint(1, 40), time.monotonic() + LIFE
    while len(sim.wire) < enough:
        if time.monotonic() > until:
            return
        await asyncio.sleep(dice.uniform(0.0, 0.02))


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_killed_at_random_moments(
    platform: str, crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    checker, bots = await lives_through(kills, platform, crash_url, tmp_path, compiled)
    bot = bots[0]
    assert bot.starts == KILLS + 1
    assert checker.counted["records"] >= len(REPS) // 2
    # DingTalk and the AI bot take no key for a text: at most the one that was in hand for each person at each kill
    assert checker.repeats <= KILLS * len(REPS)
    assert "Traceback" not in bot.log.read_text("utf-8"), bot.last_words()


ROLES = (("intake",), ("work",), ("work",), ("timers", "web"))


@pytest.mark.crash
@pytest.mark.timeout(0)
@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
async def test_each_role_is_killed_in_a_process_of_its_own(
    platform: str, own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    """One takes in, two work, one has the timers: each is killed alone, and now and then all at once."""

    async def trouble(bots: list[BotProcess], sim: Sim, dice: random.Random) -> None:
        done = 0
        while done < KILLS:
            for bot in dice.sample(bots, len(bots)):
                await exchanged(sim, dice)
                together = bots if dice.random() < 0.1 else [bot]
                for one in together:
                    await one.end(signal.SIGKILL)
                for one in together:
                    one.spawn()
                done += len(together)
                if dice.random() < 0.7:  # else the next is killed while this one is still starting
                    await bot.up()
        for bot in bots:
            await bot.up()

    checker, bots = await lives_through(
        trouble, platform, own_postgres.url("crash"), tmp_path, compiled,
        replicas=len(ROLES), redis=own_redis.url, roles=ROLES,
    )  # fmt: skip
    assert all(bot.starts > 1 for bot in bots)
    assert sum(bot.starts for bot in bots) >= len(bots) + KILLS
    assert checker.counted["records"] >= len(REPS) // 2
    assert checker.repeats <= sum(bot.starts for bot in bots) * len(REPS)


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_the_holder_of_the_connection_is_killed(
    own_postgres: Postgres, tmp_path: Path, compiled: Path
) -> None:
    """Two replicas on one connection: whoever has it is killed under load, the other takes over within seconds."""
    number, took = max(2, KILLS // 3), list[float]()

    async def trouble(bots: list[BotProcess], sim: Sim, dice: random.Random) -> None:
        assert isinstance(sim, WecomAibotServer)
        for _ in range(number):
            await asyncio.sleep(dice.uniform(1.0, 4.0))
            await sim.connected(TAKEOVER)
            old, holder = sim.socket.live, max(bots, key=taken_at)
            await holder.end(signal.SIGKILL)
            begun = time.monotonic()
            async with asyncio.timeout(TAKEOVER), sim.socket.came:
                await sim.socket.came.wait_for(lambda old=old: sim.socket.live not in (old, None))
            took.append(time.monotonic() - begun)
            holder.spawn()
            await holder.up()

    url = own_postgres.url("crash")
    checker, bots = await lives_through(trouble, "wecom_aibot", url, tmp_path, compiled, replicas=2)
    sys.stderr.write(f"taken over after {', '.join(f'{one:.1f}' for one in took)} s\n")
    assert sum(bot.starts for bot in bots) == 2 + number
    assert min(took) > 0.2, "it was not the holder that was killed"
    assert checker.counted["records"] >= len(REPS) // 2
    assert checker.repeats <= number * len(REPS)


def taken_at(bot: BotProcess) -> str:
    """When a replica took the connection last, as its log has it; "" never."""
    lines = [one for one in bot.log.read_text("utf-8").splitlines() if "lease taken" in one]
    return lines[-1].split()[0] if lines else ""


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_the_database_is_killed_under_it(
    own_postgres: Postgres, tmp_path: Path, compiled: Path
) -> None:
    number = max(2, KILLS // 4)

    async def trouble(_bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        for n in range(number):
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            # SIGKILL, or an immediate shutdown: the server hangs up on everybody and recovers at its next start
            await asyncio.to_thread(own_postgres.kill if n % 2 else own_postgres.stop_at_once)
            await asyncio.sleep(dice.uniform(0.0, 0.5))
            await asyncio.to_thread(own_postgres.start)

    checker, bots = await lives_through(trouble, "wecom", own_postgres.url("crash"), tmp_path, compiled)
    assert bots[0].starts == 1
    assert checker.counted["records"] >= number // 2  # work went on in between
