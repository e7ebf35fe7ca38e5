"""How many sends go at once: as many as `messages.in_flight` says, each person's one after the other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.checks import gather
from bot.events import Incoming, Message
from bot.platform import Outgoing, Sent
from store import queues
from store.db import Database
from tests.bot.kit import Recorder, config, running
from tests.bot.test_engine import echo

PEOPLE = tuple({"id": f"u{n}", "name": f"销售{n}", "wecom": f"u{n}"} for n in range(7))


@dataclass
class Slow(Recorder):
    """Takes nothing until it is let; `at_once` holds whose messages are on their way."""

    let: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: list[str] = field(default_factory=list)
    most: int = 0

    async def send(self, out: Outgoing) -> Sent:
        assert out.user not in self.at_once, "two of one person's are on their way"
        self.at_once.append(out.user)
        self.most = max(self.most, len(self.at_once))
        await self.let.wait()
        self.at_once.remove(out.user)
        return await super().send(out)


def _says(user: str, text: str) -> Incoming:
    message = Message("wecom", user, text, datetime(2026, 11, 23, 2, 2, tzinfo=UTC))
    return Incoming(f"wecom:msg:{user}:{text}", f"wecom:{user}", message)


async def _until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not met():  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.005)


async def test_as_many_people_as_set_are_sent_to_at_once_and_the_others_wait(db: Database) -> None:
    settings = config(member=PEOPLE, messages={"in_flight": 4})
    slow = Slow()
    async with running(db, [echo()], [slow], settings) as bench:
        for n in range(2):
            await bench.engine.intake([_says(one["id"], str(n)) for one in PEOPLE])
        await _until(lambda: len(slow.at_once) == 4)
        async with asyncio.timeout(60):
            while True:  # all are handled, and wait to be sent
                async with db.read() as tx:
                    depth = await queues.depth(tx, "outbox")
                if (depth.open, depth.in_hand) == (14, 4):
                    break
                await asyncio.sleep(0.005)
        async with db.read() as tx:
            now = bench.engine.clock.now()
            said = await gather(tx, settings, bench.engine.calendar, now)
        assert [one.text for one in said if one.name == "发件队列" and "正在发给 4 人" in one.text]
        slow.let.set()
        await bench.idle()
        assert slow.most == 4
        for one in PEOPLE:
            assert [out.text for out in slow.sent if out.user == one["id"]] == ["you said 0", "you said 1"]
        async with db.read() as tx:
            assert (await queues.depth(tx, "outbox")).in_hand == 0
