"""What a process had in hand when it ended is handled by itself, counted, and put aside at last; its mailbox goes on."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from bot import inbox as worker
from bot import suspects
from bot.clock import Clock
from bot.events import Incoming, Message, encode
from bot.platform import SendFailed, Way
from bot.router import Router
from bot.suspects import PAUSES, REASON, STARTS, Gate, Room, Suspect
from bot.turn import Turn
from cards.card import Card, to_json
from store import inbox, lanes, screens
from store import outbox as queue
from store.db import Database
from store.outbox import Outrow
from store.tables import inbox as rows
from store.tables import lane, outbox
from tests.bot.kit import Recorder, config, running

AT = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
USERS = ("wanglei", "liqian")


class Handlers:
    """Answers what it was told; knows how many events were in hand at once."""

    def __init__(self, *, fails: bool = False) -> None:
        self.router, self.now, self.most, self.said, self.fails = Router("counting"), 0, 0, list[str](), fails

        @self.router.message(lambda turn, message: True)
        async def said(turn: Turn, message: Message) -> None:
            self.now += 1
            self.most = max(self.most, self.now)
            self.said.append(message.text)
            await asyncio.sleep(0.02)
            self.now -= 1
            if self.fails:
                raise ValueError("a bug")
            await turn.answer(f"hello {message.text}")


async def left_behind(db: Database, *, starts: int = 0) -> None:
    """A process took the mailboxes of two people and ended."""
    async with db.write() as tx:
        events = [
            Incoming(f"wecom:msg:{user}", f"wecom:{user}", Message("wecom", user, user, AT)) for user in USERS
        ]
        await inbox.take(tx, events, AT, encode=encode)
        await tx.finish()
        assert len(await lanes.claim(tx, "inbox", "gone", 2**45, n=8, lease_ms=1)) == len(USERS)
        await tx.execute(sa.update(lane).values(due=0))
        await tx.execute(sa.update(rows).values(starts=starts))


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def counted(db: Database) -> list[tuple[int, int, str]]:
    """(state, starts, reason) of every event."""
    async with db.read() as tx:
        found = await tx.execute(
            sa.select(rows.c.state, rows.c.starts, rows.c.error).where(rows.c.lane.like("wecom:%"))
        )
        return [tuple(row) for row in found]


async def test_what_was_in_hand_is_handled_one_by_one_and_what_came_since_side_by_side(db: Database) -> None:
    counting = Handlers()
    await left_behind(db)
    async with running(db, [counting.router]) as bench:
        await bench.idle()
        assert sorted(counting.said) == sorted(USERS)
        assert counting.most == 1
        assert sorted(bench.out.texts()) == ["hello liqian", "hello wanglei"]
        async with db.read() as tx:
            assert not (await tx.execute(sa.select(lane.c.key).where(lane.c.suspect))).all()


async def test_an_event_that_fails_by_itself_is_counted_as_a_failure_and_no_more(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda a, b: 0)
    counting = Handlers(fails=True)
    await left_behind(db)
    async with running(db, [counting.router]) as bench:
        await bench.idle()
        assert len(counting.said) == 5 * len(USERS)
    assert [(state, starts, why == REASON) for state, starts, why in await counted(db)] == 2 * [(3, 0, False)]


async def test_what_ended_the_process_too_often_is_put_aside_unread_and_can_be_run_again(
    db: Database,
) -> None:
    counting = Handlers()
    await left_behind(db, starts=STARTS)
    async with running(db, [counting.router]) as bench:
        await bench.idle()
        assert counting.said == []
        assert await counted(db) == 2 * [(3, STARTS, REASON)]
        assert all("编号 E-" in text for text in bench.out.texts())
        assert len(bench.out.texts()) == len(USERS)
        await bench.says("and now")
        async with db.write() as tx:
            for row in (await tx.execute(sa.select(rows.c.id).where(rows.c.state == 3))).scalars().all():
                await inbox.replay(tx, row)
        bench.engine.bells.ring("inbox")
        await bench.idle()
        assert counting.said[0] == "and now"
        assert sorted(counting.said[1:]) == sorted(USERS)


async def test_between_two_starts_alone_others_are_handled(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second start waits for ten seconds; the mailbox waits with it, the others do not."""
    monkeypatch.setattr(suspects, "PAUSES", (0, 10, 10, 10))
    counting = Handlers()
    await left_behind(db, starts=1)
    async with db.write() as tx:
        await tx.execute(sa.update(rows).where(rows.c.lane == "wecom:liqian").values(next_at=2**45))
    async with running(db, [counting.router]) as bench:
        await until(lambda: counting.said == ["wanglei"])
        said = Message("wecom", "wanglei", "later", AT)
        await bench.engine.intake([Incoming("later", "wecom:wanglei", said)])
        await until(lambda: "hello later" in bench.out.texts())
        assert counting.said == ["wanglei", "later"]


async def test_a_process_that_has_not_lived_long_begins_nothing_that_ended_one_while_it_was_alone(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed again and again from outside, soon after each start, puts it down to no row."""
    lived = 0.0
    monkeypatch.setattr(suspects, "monotonic", lambda: lived)
    room, clock = Room(db, Clock()), Clock()
    for starts, pause in enumerate(PAUSES[:STARTS]):
        one = Suspect("inbox", 1, starts, 0)
        lived = pause / 1000 - 0.5
        assert (room.rests(one) > clock.ms()) == (starts > 0)
        lived = pause / 1000
        assert room.rests(one) == 0


async def test_a_send_that_was_in_hand_and_fails_is_not_counted(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspects, "PAUSES", (0, 10, 10, 10))
    tries = 0

    def fail(_out: object) -> SendFailed | None:
        nonlocal tries
        tries += 1
        return SendFailed("busy", retry=True, after=0.01) if tries <= STARTS + 1 else None

    async with db.write() as tx:
        await queue.put(tx, Outrow("x", "wanglei", "text", {"text": "hello"}), now=AT, cause=0)
        await tx.finish()
        assert len(await lanes.claim(tx, "outbox", "gone", 2**45, n=8, lease_ms=1)) == 1
        await tx.execute(sa.update(lane).values(due=0))
        await tx.execute(sa.update(outbox).values(starts=STARTS - 1))
    async with running(db, [], [Recorder(fail=fail)], config(messages={"give_up": "3650d"})) as bench:
        await bench.idle()
        assert bench.out.texts() == ["hello"]
    async with db.read() as tx:
        assert (await tx.execute(sa.select(outbox.c.starts))).scalar_one() == 0


async def test_what_comes_after_a_send_that_waits_for_its_next_start_does_not_overtake_it(
    db: Database,
) -> None:
    """Else the card would say at last what it said first."""

    def state(title: str) -> Outrow:
        said = to_json(Card(kind="checkin", title=title, subject="L-1001"))
        return Outrow(title, "wanglei", Way.UPDATE, {"card": said}, card=shown)

    async with db.write() as tx:
        shown = await screens.add(tx, screens.NewCard("wanglei", "{}", "checkin", "L-1001", True, "k"), AT)
        await screens.arrived(tx, shown, platform="wecom", track="t-1", used=None, code="", now=AT)
        await queue.put(tx, state("2/3"), now=AT, cause=0)
        await tx.finish()
        assert len(await lanes.claim(tx, "outbox", "gone", 2**45, n=8, lease_ms=1)) == 1
        await tx.execute(sa.update(lane).values(due=0))
        await tx.execute(sa.update(outbox).values(starts=1, next_at=2**45))
    async with running(db, []) as bench:
        async with db.write() as tx:
            await queue.put(tx, state("3/3"), now=AT, cause=0)
        bench.engine.bells.ring("outbox")
        await asyncio.sleep(0.3)
        assert bench.out.texts() == []
        async with db.write() as tx:
            await tx.execute(sa.update(outbox).values(starts=0, next_at=0))
            await tx.execute(sa.update(lane).values(due=0))
        bench.engine.bells.ring("outbox")
        await bench.idle()
        assert bench.out.texts()[-1] == "3/3"


async def test_who_wants_to_be_alone_waits_for_who_is_there_and_goes_before_who_comes() -> None:
    gate, order = Gate(), list[str]()

    async def among(name: str) -> None:
        async with gate.among():
            order.append(f"{name} in")
            await asyncio.sleep(0.01)
            order.append(f"{name} out")

    async def alone(name: str) -> None:
        async with gate.alone():
            order.append(f"{name} in")
            await asyncio.sleep(0.01)
            order.append(f"{name} out")

    async with asyncio.TaskGroup() as group:
        group.create_task(among("a"))
        await asyncio.sleep(0)
        lost = asyncio.create_task(alone("lost"))
        group.create_task(alone("x"))
        group.create_task(alone("y"))
        await asyncio.sleep(0)
        group.create_task(among("b"))
        await asyncio.sleep(0)
        lost.cancel()
    assert order == ["a in", "a out", "x in", "x out", "y in", "y out", "b in", "b out"]


async def test_an_event_that_takes_too_long_is_put_aside_and_the_chat_goes_on(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONGEST", 0.05)
    monkeypatch.setattr("random.uniform", lambda a, b: 0)
    router = Router("slow")

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        if message.text == "slow":
            await asyncio.Event().wait()
        await turn.answer(f"hello {message.text}")

    async with running(db, [router]) as bench:
        await bench.says("slow")
        assert [(state, "处理了" in why) for state, _, why in await counted(db)] == [(3, True)]
        await bench.says("and now")
        assert bench.out.texts()[-1] == "hello and now"
