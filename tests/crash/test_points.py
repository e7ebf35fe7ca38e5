"""Killed at every named place (store/failpoints.py) while people work: the same is compared as after any other kill.

`make crash` kills at all of them on each platform and each database; `make test` at each of them on one of two, in turn.
"""

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from alembic import command

from sim.phone import Gone
from sim.wecom_server import WecomServer
from store import migrate
from store.db import Database
from store.failpoints import SWITCH, At
from tests.crash.bot_process import REPS, ROOT, SPARE, BotProcess, Sim, user_of
from tests.crash.story import KILLS, SHORT, lives_through

REACHED_WITHIN = 300.0  # seconds, on a busy machine
SLOW = 1.5  # seconds of the platform for each answer, so that a lane is in hand whenever leases are renewed
MIGRATING = {At.MIGRATE_COPIED, At.MIGRATE_DONE}
ELSEWHERE = MIGRATING | {at for at in At if at.startswith("keys.")}  # tests/crash/test_rotation.py
STOPPING = {At.STOP_ASKED, At.STOP_WORKED, At.STOP_CLOSED}
TIMERS = {At.TIMERS_FIRED, At.TIMERS_COMMITTED}
MANY = {At.OUTBOX_HELD, At.OUTBOX_FOLDED}
FAILING = {At.OUTBOX_FAILED, At.LANE_RESTS, At.LANE_GIVEN_BACK}
OFTEN = (
    "intake.",
    "lanes.",
    "work.",
    "tx.",
    "outbox.picked",
    "outbox.leaving",
    "outbox.sent",
    "outbox.entered",
    "outbox.recorded",
)
"""Where every message comes by. There a life ends the n-th time, so that people get on with their work in between."""


HERE_ALONE = {At.OUTBOX_NOTED: "wecom", At.BEAT: "postgresql", At.WORK_ENDING: "postgresql"}
"""Only WeCom's updates use something up; only replicas show that they live and end several events in one statement."""
PAIRS = [("wecom", "sqlite"), ("dingtalk", "postgresql")]
if KILLS > SHORT:
    PAIRS += [("wecom", "postgresql"), ("dingtalk", "sqlite")]


def places(platform: str, store: str, *, all_of_them: bool) -> list[At]:
    """Every place that can be reached there, or every second one; those that move the clock come last."""
    mine = []
    for n, at in enumerate(at for at in At if at not in ELSEWHERE):
        in_turn = all_of_them or (n % 2 == 0) == (store == "sqlite")
        if HERE_ALONE[at] in (platform, store) if at in HERE_ALONE else in_turn:
            mine.append(at)
    return sorted(mine, key=lambda at: at in TIMERS)


def rare(at: At, store: str) -> bool:
    """Whether few come by there: on PostgreSQL nearly all that is queued raises its lanes in the statement that queues it."""
    return at is At.TX_FINISHED and store == "postgresql"


def test_between_them_both_databases_take_every_place() -> None:
    both = [
        *places("wecom", "sqlite", all_of_them=False),
        *places("dingtalk", "postgresql", all_of_them=False),
    ]
    assert sorted(both) == sorted(set(At) - ELSEWHERE)


@pytest.mark.crash
@pytest.mark.timeout(0)
@pytest.mark.parametrize(("platform", "store"), PAIRS)
async def test_killed_at_every_place(
    platform: str, store: str, crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    missed: list[At] = []
    chosen = places(platform, store, all_of_them=KILLS > SHORT)

    async def trouble(bots: list[BotProcess], sim: Sim, dice: random.Random) -> None:
        bot, ahead = bots[0], 0.0
        for at in chosen:
            await bot.end(signal.SIGKILL)
            times = dice.randint(4, 12) if at.startswith(OFTEN) and not rare(at, store) else 1
            bot.spawn(**{SWITCH: f"{at}:{times}", "GENJIN_DEV_CLOCK_AHEAD": str(ahead)})
            provoking = asyncio.create_task(provoke(at, bot, sim))
            if not await bot.gone(REACHED_WITHIN) or f"killed at {at}\n" not in bot.last_words():
                missed.append(at)
            if at in TIMERS:
                ahead = max(ahead, await provoking)
            provoking.cancel()  # nobody presses on while nobody is there
            await asyncio.gather(provoking, return_exceptions=True)
            sim.skew, sim.faults.latency = ahead, 0.08
        await bot.end(signal.SIGKILL)
        bot.spawn(GENJIN_DEV_CLOCK_AHEAD=str(ahead))
        await bot.up()

    checker, bots = await lives_through(trouble, platform, crash_url, tmp_path, compiled)
    assert not missed, f"never came by {', '.join(missed)}"
    assert bots[0].starts == len(chosen) + 2
    assert checker.counted["records"] >= len(REPS) // 2
    assert checker.repeats <= len(chosen) * len(REPS)
    assert "Traceback" not in bots[0].log.read_text("utf-8"), bots[0].last_words()


async def provoke(at: At, bot: BotProcess, sim: Sim) -> float:
    """What has to happen for the bot to come by; most happens by itself. Returns by how many seconds its clock is ahead now."""
    if at in FAILING and isinstance(sim, WecomServer):
        sim.faults.fail_next.append((-1, "system busy", "message/"))
    elif at in FAILING:
        sim.faults.http_500_next += 1
    elif at is At.LANE_RENEWED:
        sim.faults.latency = SLOW
    elif at is At.OUTBOX_CLOSED:
        await double_clicks(bot, sim)
    elif at in MANY:
        phone = sim.phones[user_of(sim, SPARE)]
        until = time.monotonic() + REACHED_WITHIN
        for n in itertools.count():  # more than anybody gets in a minute, however slow the machine
            if not bot.alive() or time.monotonic() > until:
                break
            await phone.says(f"/打卡 {80_000 + n}")
            await asyncio.sleep(0.02)
    elif at in STOPPING or at in TIMERS:
        await bot.up()
        if at in STOPPING:
            while not listens(bot):  # noqa: ASYNC110 - before, SIGTERM is as good as SIGKILL
                await asyncio.sleep(0.02)
            os.kill(bot.pid, signal.SIGTERM)
        else:
            until, ahead = time.monotonic() + REACHED_WITHIN, 0.0
            while (
                bot.alive() and time.monotonic() < until
            ):  # what was due next may have been called off meanwhile
                ahead = await to_the_next_timer(bot, sim)
                await asyncio.sleep(1)
            return ahead
    return 0.0


def listens(bot: BotProcess) -> bool:
    """Whether the process waits for SIGTERM (as Linux tells; elsewhere it is taken to)."""
    status = Path(f"/proc/{bot.pid}/status")
    if not status.exists():
        return True
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))


async def double_clicks(bot: BotProcess, sim: Sim) -> None:
    """Everybody presses twice what they would press next, until the bot is gone: the second press brings nothing new. A draft
    of somebody who was saved meanwhile is left alone: pressing it again would mean a second customer."""
    until = time.monotonic() + REACHED_WITHIN
    while bot.alive() and time.monotonic() < until:
        for phone in sim.phones.values():
            for label in ("存为新客户", "开始跟进", "电话", "需要样品"):
                pressable = (
                    one
                    for one in reversed(phone.seen)
                    if not one.mine and one.button(label) and not one.button("并入")
                )
                card = next(pressable, None)
                if card is not None:
                    with contextlib.suppress(Gone):  # the first press may have changed it
                        await phone.clicks(label, on=card, times=2)
        await asyncio.sleep(0.1)


async def to_the_next_timer(bot: BotProcess, sim: Sim) -> float:
    """Sets the clocks to where something is due. Returns by how many seconds they are ahead."""
    url, ahead = f"{bot.url}/dev/clock", sim.skew
    with contextlib.suppress(aiohttp.ClientError):  # it may be gone before it has answered
        async with aiohttp.ClientSession() as session:
            found = await asked(session, url)
            while found["next_timer_seconds"] is None:
                found = await asked(session, url)
            ahead = float(found["ahead_seconds"]) + max(0.0, found["next_timer_seconds"]) + 1
            sim.skew = ahead
            async with session.post(url, json={"ahead_seconds": ahead}) as answer:
                await answer.read()
    return ahead


async def asked(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """What a GET answers."""
    async with session.get(url) as answer:
        found: dict[str, Any] = await answer.json()
        return found


@pytest.mark.crash
@pytest.mark.parametrize("at", sorted(MIGRATING))
async def test_killed_while_migrating(
    at: At, store: str, database_url: str, tmp_path: Path, compiled: Path
) -> None:
    """The database is as before; the second try brings it up to date."""
    if at is At.MIGRATE_COPIED and store == "postgresql":
        pytest.skip("the copy is the deployer's there")
    db = Database(database_url)
    await db.schema(lambda c: command.upgrade(migrate._config(c), "0001"))
    await db.close()
    shutil.copy(ROOT / "config.toml", tmp_path / "config.toml")
    words = [sys.executable, str(ROOT / "main.py"), "migrate", "--config", str(tmp_path / "config.toml")]
    env = {**os.environ, "GENJIN_STORE__DATABASE": database_url, "PYTHONPYCACHEPREFIX": str(compiled)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=ROOT, env={**env, **more}, capture_output=True, text=True, check=False
        )

    killed = await asyncio.to_thread(run, **{SWITCH: at})
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    db = Database(database_url)
    try:
        assert await migrate.version(db) == "0001"
        again = await asyncio.to_thread(run)
        assert again.returncode == 0, again.stderr
        assert await migrate.version(db) == migrate.head()
        assert await migrate.differences(db) == []
    finally:
        await db.close()
