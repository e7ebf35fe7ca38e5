"""kill -9 at random moments while people work: nothing that was acknowledged is lost, nothing happens twice."""

import asyncio
import random
import signal
from pathlib import Path

import pytest

from sim.dingtalk_server import DingtalkServer
from sim.wecom_server import WecomServer
from tests.crash.bot_process import REPS, BotProcess
from tests.crash.story import KILLS, lives_through
from tests.servers import Postgres


async def kills(bots: list[BotProcess], _sim: WecomServer | DingtalkServer, dice: random.Random) -> None:
    """Ends the bot without warning KILLS times, now and then while it is still starting."""
    bot = bots[0]
    for _ in range(KILLS):
        if dice.random() < 0.15:
            await asyncio.sleep(dice.uniform(0.0, 0.6))
        else:
            await bot.up()
            await asyncio.sleep(dice.uniform(0.02, 2.5))
        await bot.end(signal.SIGKILL)
        bot.spawn()
    await bot.up()


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_killed_at_random_moments(
    platform: str, crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    checker, bots = await lives_through(kills, platform, crash_url, tmp_path, compiled)
    bot = bots[0]
    assert bot.starts == KILLS + 1
    assert checker.counted["records"] >= len(REPS) // 2
    # DingTalk takes no key for a text: at most the one that was in hand for each person at each kill
    assert checker.repeats <= KILLS * len(REPS)
    assert "Traceback" not in bot.log.read_text("utf-8"), bot.last_words()


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_the_database_is_killed_under_it(
    own_postgres: Postgres, tmp_path: Path, compiled: Path
) -> None:
    number = max(2, KILLS // 4)

    async def trouble(
        _bots: list[BotProcess], _sim: WecomServer | DingtalkServer, dice: random.Random
    ) -> None:
        for _ in range(number):
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            await asyncio.to_thread(own_postgres.kill)
            await asyncio.sleep(dice.uniform(0.0, 0.5))
            await asyncio.to_thread(own_postgres.start)

    checker, bots = await lives_through(trouble, "wecom", own_postgres.url("crash"), tmp_path, compiled)
    assert bots[0].starts == 1
    assert checker.counted["records"] >= number // 2  # work went on in between
