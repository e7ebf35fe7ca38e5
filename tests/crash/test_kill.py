"""kill -9 at random moments while people work: nothing that was acknowledged is lost, nothing happens twice."""

import asyncio
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sim.dingtalk_server import DingtalkServer
from sim.wecom_server import WecomServer
from sim.wire import Wire
from store import migrate
from store.db import Database
from tests.crash.bot_process import REPS, BotProcess
from tests.crash.checker import Checker, at_rest
from tests.crash.drivers import Rep, Told, WebForm
from tests.servers import Postgres

KILLS = int(os.environ.get("GENJIN_CRASH_RUNS", "6"))
SEED = int(os.environ.get("GENJIN_CRASH_SEED", "0")) or time.time_ns() % 1_000_000
DRAIN = 90.0  # seconds for the last life to come to rest


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled modules are kept: a start should cost what it costs in an installation."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL that may be killed, with a migrated database "crash"."""
    with Postgres(own=True) as server:
        _migrate(server.create("crash"))
        yield server


@pytest.fixture
def crash_url(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A migrated, empty database that nobody else uses."""
    if store == "postgresql":
        server: Postgres = request.getfixturevalue("own_postgres")
        return server.url("crash")
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "genjin.db")
    return f"sqlite:///{tmp_path}/genjin.db"


def _migrate(url: str) -> None:
    async def go() -> None:
        db = Database(url)
        await migrate.migrate(db)
        await db.close()

    asyncio.run(go())


def people(platform: str) -> WecomServer | DingtalkServer:
    """A pretend platform that repeats what was not acknowledged, and some of the rest, and has no limits of its own."""
    sim: WecomServer | DingtalkServer
    if platform == "wecom":
        sim = WecomServer(callback_url="http://127.0.0.1:9/wecom/callback")
        sim.retries, sim.retry_pause = 150, 0.1
        sim.per_minute = sim.per_hour = 1_000_000
        sim.faults.duplicate_callbacks = 0.1
    else:
        sim = DingtalkServer()
        sim.stream.repush, sim.stream.repush_times = 1.0, 30
        sim.faults.duplicate_pushes = 0.1
    sim.faults.latency = 0.08  # as a real one: what is killed while it waits has been delivered
    sim.wire = Wire(keep=10_000_000)
    return sim


Trouble = Callable[[BotProcess, random.Random], Awaitable[None]]


async def kills(bot: BotProcess, dice: random.Random) -> None:
    """Ends the bot without warning KILLS times, now and then while it is still starting."""
    for _ in range(KILLS):
        if dice.random() < 0.15:
            await asyncio.sleep(dice.uniform(0.0, 0.6))
        else:
            await bot.up()
            await asyncio.sleep(dice.uniform(0.02, 2.5))
        await bot.end(signal.SIGKILL)
        bot.spawn()
    await bot.up()


async def lives_through(
    trouble: Trouble, platform: str, url: str, room: Path, compiled: Path
) -> tuple[Checker, BotProcess]:
    """People work while `trouble` happens; afterwards everything is compared."""
    dice, told, stop = random.Random(SEED), Told(), asyncio.Event()
    sim = people(platform)
    await sim.start()
    for rep in REPS:
        sim.person(rep.upper() if platform == "wecom" else f"d-{rep}", rep)
    bot = BotProcess(sim, url, room, compiled=compiled)
    if isinstance(sim, WecomServer):
        sim.callback_url = f"{bot.url}/wecom/callback"
    try:
        await asyncio.to_thread(bot.prepare)
        bot.spawn()
        await bot.up()
        reps, begun = [Rep(phone, told, stop) for phone in sim.phones.values()], time.monotonic()
        async with asyncio.TaskGroup() as group:
            for rep in reps[2:]:
                group.create_task(rep.live())
            for rep in reps[:2]:
                group.create_task(WebForm(bot, told, stop, rep).live())
            await trouble(bot, dice)
            stop.set()
        checker = Checker(sim, told)
        db = Database(url)
        try:
            await drained(db, bot)
            await bot.end(signal.SIGTERM)
            await checker.check(db)
        finally:
            await db.close()
    except BaseException as error:
        error.add_note(bot.last_words())
        raise
    finally:
        bot.close()
        await sim.stop()
    said = f"{platform}, seed {SEED}: {bot.starts} starts in {time.monotonic() - begun:.0f} s; tried again {told.again}, "
    said += f"reposted {told.reposted}, repeated texts {checker.repeats}; {dict(checker.counted)}"
    sys.stderr.write(said + "\n")
    assert not checker.wrong, "\n".join([said, *checker.wrong])
    return checker, bot


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_killed_at_random_moments(
    platform: str, crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    checker, bot = await lives_through(kills, platform, crash_url, tmp_path, compiled)
    assert bot.starts == KILLS + 1
    assert checker.counted["records"] >= len(REPS) // 2
    assert checker.repeats <= KILLS  # DingTalk takes no key for a text: at most the one in hand at each kill
    assert "Traceback" not in bot.log.read_text("utf-8"), bot.last_words()


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_the_database_is_killed_under_it(
    own_postgres: Postgres, tmp_path: Path, compiled: Path
) -> None:
    number = max(2, KILLS // 4)

    async def trouble(bot: BotProcess, dice: random.Random) -> None:
        for _ in range(number):
            await asyncio.sleep(dice.uniform(0.3, 1.5))
            await asyncio.to_thread(own_postgres.kill)
            await asyncio.sleep(dice.uniform(0.0, 0.5))
            await asyncio.to_thread(own_postgres.start)

    checker, bot = await lives_through(trouble, "wecom", own_postgres.url("crash"), tmp_path, compiled)
    assert bot.starts == 1
    assert checker.counted["records"] >= number // 2  # work went on in between


async def drained(db: Database, bot: BotProcess) -> None:
    """Waits until nothing is open."""
    until, calm = time.monotonic() + DRAIN, 0
    while calm < 3:
        async with db.read() as tx:
            calm = calm + 1 if await at_rest(tx, datetime.now(UTC)) else 0
        assert time.monotonic() < until, f"still something open:\n{bot.last_words()}"
        await asyncio.sleep(0.2)
