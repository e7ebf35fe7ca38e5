"""The story that people live through while something goes wrong underneath, and what is compared afterwards."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sim.dingtalk_server import DingtalkServer
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from sim.wire import Wire
from store import team
from store.db import Database
from tests.crash.bot_process import REPS, SPARE, BotProcess, Sim, user_of
from tests.crash.checker import Checker, at_rest
from tests.crash.drivers import Rep, Told, WebForm

SHORT = 6  # kills in `make test`
KILLS = int(os.environ.get("GENJIN_CRASH_RUNS", f"{SHORT}"))
SEED = int(os.environ.get("GENJIN_CRASH_SEED", "0")) or time.time_ns() % 1_000_000
DRAIN = 300.0  # seconds for the last life to come to rest


def people(platform: str) -> Sim:
    """A pretend platform that repeats what was not acknowledged, and some of the rest, where it is one that does; it has no
    limits of its own."""
    sim: Sim
    if platform == "wecom":
        sim = WecomServer(callback_url="http://127.0.0.1:9/wecom/callback")
        sim.retries, sim.retry_pause = 150, 0.1
        sim.per_minute = sim.per_hour = 1_000_000
        sim.faults.duplicate_callbacks = 0.1
    elif platform == "wecom_aibot":
        sim = WecomAibotServer()
        sim.limits.per_minute = sim.limits.per_hour = sim.limits.subscribes_per_minute = 1_000_000
    else:
        sim = DingtalkServer()
        sim.stream.repush, sim.stream.repush_times = 1.0, 30
        sim.faults.duplicate_pushes = 0.1
    sim.faults.latency = 0.08  # as a real one: what is killed while it waits has been delivered
    sim.wire = Wire(keep=10_000_000)
    return sim


Trouble = Callable[[list[BotProcess], Sim, random.Random], Awaitable[None]]


async def lives_through(
    trouble: Trouble,
    platform: str,
    url: str,
    room: Path,
    compiled: Path,
    *,
    replicas: int = 1,
    redis: str = "",
    carrier: str = "",
    steady: bool = True,
    roles: Sequence[Sequence[str]] = (),
    lines: Callable[[Sim], Awaitable[Mapping[str, str]]] | None = None,
) -> tuple[Checker, list[BotProcess]]:
    """People work on one platform and one database while `trouble` happens; afterwards everything is compared.

    With several `replicas` (PostgreSQL; DingTalk, which spreads its pushes itself) the web forms go to the first, and WeCom's
    callbacks. `roles`: what each of them does; the first takes in. Not `steady`: the trouble sets the clock back. `lines` makes
    settings for the last replica, when the platform has its address.
    """
    dice, told, stop = random.Random(SEED), Told(), asyncio.Event()
    sim = people(platform)
    await sim.start()
    for name in (*REPS, SPARE):
        sim.person(user_of(sim, name), name)
    bots = []
    for n in range(replicas):
        (room / str(n)).mkdir()
        own = await lines(sim) if lines is not None and n == replicas - 1 else {}
        does = roles[n] if roles else ()
        bots.append(
            BotProcess(
                sim, url, room / str(n), compiled=compiled, redis=redis, carrier=carrier, more=own, roles=does
            )
        )
    if isinstance(sim, WecomServer):
        sim.callback_url = f"{bots[0].url}/wecom/callback"
    try:
        for n, bot in enumerate(bots, 1):
            await asyncio.to_thread(bot.prepare)
            bot.spawn()
            await bot.up(n)
        if isinstance(sim, WecomAibotServer):
            await all_have_written(sim, url)
        reps = [Rep(sim.phones[user_of(sim, name)], told, stop) for name in REPS]
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for rep in reps[2:]:
                group.create_task(rep.live())
            for rep in reps[:2]:
                group.create_task(WebForm(bots[0], told, stop, rep).live())
            await trouble(bots, sim, dice)
            stop.set()
        checker = Checker(sim, told, steady)
        db = Database(url)
        try:
            await drained(db, bots[0])
            for bot in bots:
                await bot.end(signal.SIGTERM)
            await checker.check(db)
        finally:
            await db.close()
    except BaseException as error:
        for bot in bots:
            error.add_note(bot.last_words())
        raise
    finally:
        for bot in bots:
            bot.close()
        await sim.stop()
    starts = "+".join(str(bot.starts) for bot in bots)
    said = f"{platform}, seed {SEED}: {starts} starts in {time.monotonic() - begun:.0f} s; tried again {told.again}, "
    said += f"reposted {told.reposted}, repeated texts {checker.repeats}; {dict(checker.counted)}"
    sys.stderr.write(said + "\n")
    assert not checker.wrong, "\n".join([said, *checker.wrong])
    return checker, bots


async def all_have_written(sim: WecomAibotServer, url: str) -> None:
    """A bot may not speak first: here everybody wrote to it some day."""
    sim.wrote |= set(sim.phones)
    db = Database(url)
    async with db.write() as tx:
        for name in REPS:
            await team.set_reach(tx, name, "wecom_aibot", "ok", "", datetime.now(UTC))
    await db.close()


async def drained(db: Database, bot: BotProcess) -> None:
    """Waits until nothing is open."""
    until, calm = time.monotonic() + DRAIN, 0
    while calm < 3:
        async with db.read() as tx:
            calm = calm + 1 if await at_rest(tx, datetime.now(UTC)) else 0
        assert time.monotonic() < until, f"still something open:\n{bot.last_words()}"
        await asyncio.sleep(0.2)
