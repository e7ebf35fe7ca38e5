"""One message, one send that ends the process each time: it is put aside after a few starts, and nothing else is."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.suspects import REASON, STARTS
from sim.wecom_server import WecomServer
from store.db import Database
from store.queues import DEAD
from store.tables import inbox, outbox
from tests.crash.bot_process import REPS, BotProcess, user_of
from tests.crash.poison import SWITCH
from tests.crash.story import people

pytestmark = [pytest.mark.crash, pytest.mark.timeout(0)]
PATIENCE = 240.0
ADMIN = '\n[[member]]\nid = "boss"\nname = "周工"\nwecom = "BOSS"\nroles = ["admin"]\n'


class Firm:
    """Some processes on one database that are started again whenever they end, and the people who write to them."""

    def __init__(self, sim: WecomServer, bots: Sequence[BotProcess]) -> None:
        self.sim, self.bots = sim, bots
        self.deaths = 0
        self.poison: dict[str, str] = {}
        self._minding: asyncio.Task[None] | None = None

    def mind(self) -> None:
        self._minding = asyncio.create_task(self._mind())

    async def _mind(self) -> None:
        while True:
            for bot in self.bots:
                if not bot.alive():
                    self.deaths += 1
                    bot.spawn(**self.poison)
            await asyncio.sleep(0.1)

    async def leave(self) -> None:
        """Nobody minds the processes any more; they stop in good order."""
        if self._minding is not None:
            self._minding.cancel()
            await asyncio.gather(self._minding, return_exceptions=True)
        for bot in self.bots:
            await bot.end(signal.SIGTERM)

    async def says(self, who: str, text: str) -> None:
        """Written and taken, however often it takes."""
        await self.sim.phones[user_of(self.sim, who)].says(text)

    async def sees(self, who: str, *fragments: str) -> None:
        await self.sim.phones[user_of(self.sim, who)].sees(*fragments, timeout=PATIENCE, after=0)


@contextlib.asynccontextmanager
async def firm(url: str, room: Path, compiled: Path, *, replicas: int, how: str) -> AsyncIterator[Firm]:
    """It runs, and cannot bear certain words."""
    sim = people("wecom")
    assert isinstance(sim, WecomServer)
    sim.faults.duplicate_callbacks = 0.0
    await sim.start()
    for name in (*REPS, "boss"):
        sim.person(user_of(sim, name), name)
    bots = []
    for n in range(replicas):
        (room / str(n)).mkdir()
        bots.append(
            BotProcess(sim, url, room / str(n), compiled=compiled, more={"GENJIN_WATCH__STUCK": "5s"})
        )
    sim.callback_url = f"{bots[0].url}/wecom/callback"
    here = Firm(sim, bots)
    here.poison = {SWITCH: how}
    try:
        for bot in bots:
            await asyncio.to_thread(bot.prepare)
            with (bot.room / "config.toml").open("a", encoding="utf-8") as config:
                config.write(ADMIN)
            bot.spawn(**here.poison)
            await bot.up()
        here.mind()
        yield here
    except BaseException as error:
        for bot in bots:
            error.add_note(bot.last_words())
        raise
    finally:
        if here._minding is not None:
            here._minding.cancel()
        for bot in bots:
            bot.close()
        await sim.stop()


async def put_aside(db: Database) -> list[str]:
    """Why, of each event that was."""
    async with db.read() as tx:
        return list((await tx.execute(sa.select(inbox.c.error).where(inbox.c.state == DEAD))).scalars())


async def until(what: Callable[[], Awaitable[object]]) -> None:
    end = time.monotonic() + PATIENCE
    while not await what():
        assert time.monotonic() < end, "it does not come"
        await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("store", "how", "replicas"), [("sqlite", "segv", 1), ("postgresql", "segv", 2), ("sqlite", "loop", 1)]
)
async def test_a_message_that_ends_the_process_is_put_aside_and_all_others_are_handled(
    store: str, how: str, replicas: int, crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    poisoned, innocent = REPS[0], REPS[1:9]
    async with firm(crash_url, tmp_path, compiled, replicas=replicas, how=how) as here:
        db = Database(crash_url)
        try:
            await asyncio.gather(
                here.says(poisoned, "/打卡 毒药信"),
                *(here.says(name, f"/打卡 7{n:03d}") for n, name in enumerate(innocent)),
            )
            late = 0

            async def aside() -> bool:
                nonlocal late
                late += 1  # people go on writing while it dies and comes back
                await here.says(innocent[late % len(innocent)], f"/打卡 8{late:03d}")
                return bool(await put_aside(db))

            await until(aside)
            assert await put_aside(db) == [REASON]
            assert here.deaths <= STARTS + replicas  # among others, then alone
            for n, name in enumerate(innocent):
                await here.sees(name, f"7{n:03d}")
            for n in range(1, late + 1):
                await here.sees(innocent[n % len(innocent)], f"8{n:03d}")
            await here.says(poisoned, "/打卡 7999")  # the chat goes on, and knows
            await here.sees(poisoned, "7999")
            await here.sees(poisoned, "编号 E-")
            await here.sees("boss", "死信")
            deaths = here.deaths
            here.poison = {}  # the bug is mended
            for bot in here.bots:
                await bot.end(signal.SIGTERM)
            await here.says("boss", "/重试队列 全部")
            await here.sees(poisoned, "毒药信")
            assert await put_aside(db) == []
            assert here.deaths == deaths + replicas
            await here.leave()
        finally:
            await db.close()


async def test_a_send_that_ends_the_process_is_given_up_and_all_others_arrive(
    crash_url: str, tmp_path: Path, compiled: Path
) -> None:
    poisoned, innocent = REPS[0], REPS[1:9]
    async with firm(crash_url, tmp_path, compiled, replicas=1, how="exit") as here:
        db = Database(crash_url)
        try:
            await asyncio.gather(
                here.says(poisoned, "/打卡 毒药件"),  # is quoted in the answer
                *(here.says(name, f"/打卡 7{n:03d}") for n, name in enumerate(innocent)),
            )

            async def given_up() -> list[str]:
                async with db.read() as tx:
                    found = await tx.execute(sa.select(outbox.c.error).where(outbox.c.state == DEAD))
                    return list(found.scalars())

            await until(given_up)
            assert await given_up() == [REASON]
            assert here.deaths <= STARTS + 1
            for n, name in enumerate(innocent):
                await here.sees(name, f"7{n:03d}")
            await here.says(poisoned, "/打卡 7999")
            await here.sees(poisoned, "7999")
            assert await put_aside(db) == []
            await here.leave()
        finally:
            await db.close()
