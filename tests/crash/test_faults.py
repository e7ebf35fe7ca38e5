"""Everything but the bot itself goes wrong while people work: the disk, Redis, the platform, one replica of several."""

import asyncio
import os
import random
import resource
import shutil
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from tests.crash.bot_process import REPS, BotProcess, Sim
from tests.crash.story import KILLS, lives_through
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.crash, pytest.mark.timeout(0)]
TIMES = max(2, KILLS // 3)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are set by prlimit")
async def test_the_disk_is_full_and_the_files_run_out_for_a_while(
    platform: str, sqlite_template: Path, tmp_path: Path, compiled: Path
) -> None:
    """No file of the bot may grow: neither the database nor its log; or it may open none any more, nor take or make a
    connection. What is not stored is not acknowledged."""
    shutil.copy(sqlite_template, tmp_path / "genjin.db")

    async def trouble(bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        pid = bots[0].pid
        for n in range(TIMES):
            await asyncio.sleep(dice.uniform(0.5, 2.0))
            what = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)[n % 2]
            before = resource.prlimit(pid, what)
            least = 4096 if what == resource.RLIMIT_FSIZE else len(os.listdir(f"/proc/{pid}/fd"))
            resource.prlimit(pid, what, (least, before[1]))
            await asyncio.sleep(dice.uniform(0.3, 2.0))
            resource.prlimit(pid, what, before)

    url = f"sqlite:///{tmp_path}/genjin.db"
    checker, bots = await lives_through(trouble, platform, url, tmp_path, compiled)
    assert bots[0].starts == 1, "it lived on"
    assert checker.counted["records"] >= len(REPS) // 2


async def test_the_platform_is_in_trouble(
    platform: str, crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    """Errors, throttling, lost tokens, hanging and broken connections, answers that never come back."""

    async def trouble(_bots: list[BotProcess], sim: Sim, dice: random.Random) -> None:
        for _ in range(TIMES):
            await asyncio.sleep(dice.uniform(0.5, 1.5))
            if isinstance(sim, WecomAibotServer):
                await _breaks(sim, dice)
            elif isinstance(sim, WecomServer):
                match dice.randrange(5):
                    case 0:
                        sim.faults.fail_next += [
                            (-1, "system busy")
                        ] * 2  # 45009 rests a platform for longer than people wait
                    case 1:
                        sim.faults.http_503_next += 3
                    case 2:
                        sim.faults.lose_tokens_next += 2
                    case 3:
                        sim.faults.hang_next = 3.0
                    case _:
                        sim.faults.cut = True
                        await asyncio.sleep(dice.uniform(0.5, 1.5))
                        sim.faults.cut = False
            else:
                match dice.randrange(5):
                    case 0:
                        sim.faults.http_500_next += 3
                    case 1:
                        sim.faults.html_next += 1
                    case 2:
                        await sim.cut()
                    case 3:
                        await sim.half_open()
                        await asyncio.sleep(1)
                        await sim.close_clean()
                    case _:
                        sim.forget_tokens()
                        await sim.disconnect_frame()

    checker, _ = await lives_through(trouble, platform, crash_url, tmp_path, compiled)
    assert checker.counted["records"] >= len(REPS) // 2
    assert not checker.repeats or platform == "wecom_aibot"  # it has no key for a text


async def _breaks(sim: WecomAibotServer, dice: random.Random) -> None:
    """What can go wrong on one long connection."""
    match dice.randrange(5):
        case 0:
            sim.faults.fail_next += [
                (-1, "system busy")
            ] * 2  # 45009 rests a platform for longer than people wait
        case 1:
            sim.faults.swallow_acks += 1
        case 2:
            await sim.socket.cut()
        case 3:
            await sim.socket.close_clean()
        case _:
            sim.faults.cut = True
            await sim.socket.cut()
            await asyncio.sleep(dice.uniform(0.5, 1.5))
            sim.faults.cut = False


@pytest.mark.parametrize(("platform", "store"), [("wecom", "sqlite"), ("dingtalk", "postgresql")])
async def test_the_clock_jumps(
    platform: str, store: str, crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    """The machine's clock is set ahead and back under it, and the platform's with it, also while the only process stands
    still, as on a machine that sleeps: leases, retries and order do not care, timers that are due fire once."""

    async def trouble(bots: list[BotProcess], sim: Sim, dice: random.Random) -> None:
        async with aiohttp.ClientSession() as session:
            for ahead in [
                *(dice.choice((-600, 1200, 10_800, 90_000)) for _ in range(TIMES)),
                0,
            ]:
                await asyncio.sleep(dice.uniform(0.3, 2.0))
                os.kill(bots[0].pid, signal.SIGSTOP)
                await asyncio.sleep(dice.uniform(0.5, 6.0))
                os.kill(bots[0].pid, signal.SIGCONT)
                async with session.post(f"{bots[0].url}/dev/clock", json={"ahead_seconds": ahead}) as answer:
                    assert answer.status == 200, await answer.text()
                sim.skew = ahead

    checker, bots = await lives_through(trouble, platform, crash_url, tmp_path, compiled, steady=False)
    assert bots[0].starts == 1
    assert checker.counted["records"] >= len(REPS) // 2
    assert "Traceback" not in bots[0].log.read_text("utf-8"), bots[0].last_words()


async def test_redis_is_killed_emptied_and_away(
    own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    async def trouble(_bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        for n in range(TIMES):
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            if n % 2:
                await asyncio.to_thread(own_redis.empty)
                continue
            await asyncio.to_thread(own_redis.kill)
            await asyncio.sleep(dice.uniform(0.0, 2.0))
            await asyncio.to_thread(own_redis.start)

    checker, bots = await lives_through(
        trouble, "dingtalk", own_postgres.url("crash"), tmp_path, compiled, replicas=2, redis=own_redis.url
    )
    assert [bot.starts for bot in bots] == [1, 1]
    assert checker.counted["records"] >= len(REPS) // 2


async def test_workers_and_redis_are_killed_while_an_engine_carries_the_lanes(
    own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    async def trouble(bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        for n in range(max(2, TIMES)):
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            if n % 2:
                await bots[1].end(signal.SIGKILL)
                bots[1].spawn()
                await bots[1].up(2)
            else:
                await asyncio.to_thread(own_redis.kill)
                await asyncio.sleep(dice.uniform(0.0, 2.0))
                await asyncio.to_thread(own_redis.start)

    checker, _ = await lives_through(
        trouble, "dingtalk", own_postgres.url("crash"), tmp_path, compiled, replicas=2, redis=own_redis.url, carrier="taskiq"
    )  # fmt: skip
    assert checker.counted["records"] >= len(REPS) // 2
    assert checker.repeats <= max(2, TIMES)


async def test_three_replicas_are_restarted_in_turn_under_load(
    own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    """An upgrade: each stops in order and starts again; one is killed instead. No answer was a 5xx but "not now"."""

    async def trouble(bots: list[BotProcess], _sim: Sim, dice: random.Random) -> None:
        for n in range(max(3, TIMES)):
            bot = bots[n % len(bots)]
            await asyncio.sleep(dice.uniform(0.3, 1.0))
            await bot.end(signal.SIGKILL if n % 4 == 3 else signal.SIGTERM)
            bot.spawn()
            await bot.up(len(bots))

    checker, bots = await lives_through(
        trouble, "dingtalk", own_postgres.url("crash"), tmp_path, compiled, replicas=3, redis=own_redis.url
    )
    assert sum(bot.starts for bot in bots) == 3 + max(3, TIMES)
    assert checker.counted["records"] >= len(REPS) // 2
    assert checker.repeats <= max(3, TIMES)
