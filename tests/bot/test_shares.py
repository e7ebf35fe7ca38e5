"""One who gets far more than their part of what a platform takes in a day does not use up that of the others."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from bot import checks, shares
from bot import engine as engines
from bot.config import Config
from bot.events import Message
from bot.platform import Limits, Outgoing, Sent
from bot.quota import Quota, day_of
from bot.router import Router
from bot.turn import Turn
from store import usage
from store.db import Database
from tests.bot.kit import Bench, Recorder, config, running

CAP = 40  # of two people: twenty are one's part


@dataclass
class Counting(Recorder):
    """Counts its recipients, as a platform with a cap does."""

    quota: Quota | None = None

    async def send(self, out: Outgoing) -> Sent:
        sent = await super().send(out)
        assert self.quota is not None
        self.quota.meter(self.name)("recipients", 1)
        return sent


def talking() -> Router:
    router = Router("talking")

    @router.message(lambda turn, message: message.text.startswith("alarm"))
    async def alarm(turn: Turn, message: Message) -> None:
        await turn.send(f"! {message.text}", to=turn.me.id, priority=0)

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        await turn.answer(f"re {message.text}")

    return router


@pytest.fixture
async def bench(db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(shares, "LOOK_MS", 0)
    recorder = Counting(
        limits=replace(Limits(person_per_minute=60_000, app_per_second=1000), daily={"recipients": CAP})
    )
    async with running(db, [talking()], [recorder], config(messages={"per_minute": 30})) as made:
        recorder.quota = made.engine.quota
        monkeypatch.setattr(made.engine._sender, "_person", _no_wait)
        await made.says("I am here", "liqian")
        yield made


async def _no_wait(*_any: object) -> float:
    return 0.0


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def greedy(bench: Bench, n: int) -> None:
    """So many answers to one person, each wanted at once."""
    for one in range(n):
        await bench.says(f"{one}")


async def test_beyond_their_part_somebody_gets_one_message_for_many_and_others_get_theirs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "PACES", ((0.5, 3600.0),))
    await greedy(bench, 20)
    assert len(bench.out.texts()) == 21
    await greedy(bench, 1)  # the next one goes, and then there is a pause
    monkeypatch.setattr(Bench, "idle", _not_waited_for)
    await greedy(bench, 3)
    await bench.says("hello", "liqian")
    await until(lambda: "re hello" in bench.out.texts())
    await bench.says("alarm")
    await until(lambda: "! alarm" in bench.out.texts())
    assert len(bench.out.texts()) == 22 + 2


async def test_what_waited_comes_as_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "PACES", ((0.5, 0.5),))
    await greedy(bench, 21)
    await bench.says("x")
    monkeypatch.setattr(Bench, "idle", _not_waited_for)
    for text in ("a", "b", "c"):
        await bench.says(text)
    monkeypatch.undo()
    await bench.idle()
    said = " ".join(bench.out.texts()[22:])
    assert all(f"re {text}" in said for text in ("a", "b", "c"))


async def test_who_stays_within_their_part_is_not_held_however_much_is_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "PACES", ((0.5, 3600.0),))
    bench.engine.quota.meter("wecom")("recipients", 25)
    await greedy(bench, 10)
    assert len(bench.out.texts()) == 11


async def test_the_next_day_begins_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "PACES", ((0.5, 3600.0),))
    await greedy(bench, 21)
    bench.engine.clock.jump(timedelta(days=1))
    await bench.engine.quota.flush(bench.engine.clock.now())
    await greedy(bench, 5)
    assert bench.out.texts()[-5:] == [f"re {n}" for n in range(5)]


async def _not_waited_for(_bench: Bench, seconds: float = 0.0) -> None:
    await asyncio.sleep(0.05)


async def test_the_check_names_who_had_more_than_their_part(
    bench: Bench, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Config, "wecom_daily", lambda self: CAP)
    await greedy(bench, 20)
    engine = bench.engine
    await engine.quota.flush(engine.clock.now())
    real = {"enabled": True, "corp_id": "c", "agent_id": 1, "secret": "s", "token": "t", "aes_key": "k" * 43}
    async with db.read() as tx:
        (found,) = await checks._today(tx, config(wecom=real), engine.calendar, engine.clock.now())
    assert "21/40" in found.text
    assert "王磊" in found.text
    assert "李倩" not in found.text


async def test_a_process_that_only_sends_writes_down_what_it_used(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "FLUSH", 0.01)
    sending, roles = Recorder(limits=Limits(daily={"recipients": CAP})), {"roles": ["intake", "work"]}
    async with running(db, [talking()], [sending], config(app=roles)) as bench:
        engine = bench.engine
        engine.quota.meter("wecom")("recipients", 3)
        async with asyncio.timeout(60):
            while (await used(engine)) != 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def used(engine: engines.Engine) -> int:
    """What the database says of today."""
    async with engine.db.read() as tx:
        counted = await usage.of(tx, day_of(engine.clock.now(), engine.config.app.zone))
    return counted.get(("wecom", "recipients"), 0)
