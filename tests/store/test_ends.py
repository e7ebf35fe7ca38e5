"""Events that only read and answered end in one statement: each whole or not at all, whatever became of the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from store import ends, inbox, lanes, outbox
from store.db import Database, Tx
from store.ends import Ending
from store.lanes import Fenced, Lease
from store.outbox import Kept, Outrow
from store.screens import NewCard
from store.seals import SEALED, fresh
from store.tables import card, lane, member
from store.tables import inbox as events
from store.tables import outbox as sends

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
MS, LEASE = 1000, 30_000
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@dataclass(frozen=True)
class Came:
    """An event as intake hands it over."""

    dedup: str
    lane: str
    event: str = "{}"


async def _claimed(db: Database, *keys: str) -> list[tuple[int, Lease]]:
    """One event in each of these lanes, which are ours: (row, lease)."""
    async with db.write() as tx:
        await inbox.take(tx, [Came(f"of {key}", key) for key in keys], NOW, encode=str)
    async with db.write() as tx:
        held = {one.key: one for one in await lanes.claim(tx, "inbox", "me", MS, n=99, lease_ms=LEASE)}
        return [((await inbox.open_events(tx, key, 1))[0].id, held[key]) for key in keys]


def _text(row: int, n: int, who: str) -> Kept:
    return Kept(Outrow(f"e{row}.{n}", who, "text", {"text": f"{row} {n}"}, kind="text"), NOW, row)


def _card(row: int, n: int, who: str) -> Kept:
    shows = NewCard(who, '{"title": "一"}', "k", "L-7", live=True, instance="abc")
    return Kept(Outrow(f"e{row}.{n}", who, "card", {"card": "x"}, subject="L-7", priority=0), NOW, row, shows)


async def _together(db: Database, *some: Ending) -> dict[str, int]:
    async with db.write(late=True) as tx:
        found = await ends.together(tx, some, NOW, "me", MS, lease_ms=LEASE)
        assert not tx.begun, "it is a transaction by itself"  # type: ignore[attr-defined]
    return found


async def _all(db: Database, *columns: Any) -> list[tuple[Any, ...]]:
    async with db.read() as tx:
        return [tuple(row) for row in await tx.execute(sa.select(*columns).order_by(*columns))]


async def test_they_end_in_one_statement_with_all_that_they_said(db: Database) -> None:
    (a, held_a), (b, held_b), (c, held_c) = await _claimed(db, "L-1", "L-2", "L-3")
    found = await _together(
        db,
        Ending(b, held_b, "", [_card(b, 1, "x"), _text(b, 2, "x"), _text(b, 3, "y")]),
        Ending(a, held_a, "不行", [_text(a, 1, "x")]),
        Ending(c, held_c),
    )
    assert found == {"L-1": 0, "L-2": 0, "L-3": 0}
    assert await _all(db, events.c.id, events.c.state, events.c.error, events.c.done_at) == [
        (a, 2, "不行", NOW), (b, 2, "", NOW), (c, 2, "", NOW)
    ]  # fmt: skip
    # in the order in which each event said it
    said = await _all(
        db, sends.c.id, sends.c.cause, sends.c.dedup, sends.c.lane, sends.c.card, sends.c.priority
    )
    assert [row[1:4] for row in said if row[1] == b] == [
        (b, f"e{b}.1", "m:x"), (b, f"e{b}.2", "m:x"), (b, f"e{b}.3", "m:y")
    ]  # fmt: skip
    shown = await _all(db, card.c.id, card.c.track, card.c.member, card.c.subject, card.c.body, card.c.live)
    assert shown == [(shown[0][0], f"L-7-abc-{shown[0][0]}", "x", "L-7", '{"title": "一"}', True)]
    assert [row[4:] for row in said] == [(shown[0][0] if dedup == f"e{b}.1" else None, 0 if dedup == f"e{b}.1" else 1)
                                         for _, _, dedup, *_ in said]  # fmt: skip
    waits = await _all(db, lane.c.q, lane.c.key, lane.c.pending, lane.c.owner)
    assert waits == [
        ("inbox", "L-1", 0, None), ("inbox", "L-2", 0, None), ("inbox", "L-3", 0, None),
        ("outbox", "m:x", 3, None), ("outbox", "m:y", 1, None),
    ]  # fmt: skip


@pytest.mark.parametrize("why", ["taken over", "handled already"])
async def test_who_lost_the_lane_says_nothing_and_the_others_end(db: Database, why: str) -> None:
    (a, held_a), (b, held_b) = await _claimed(db, "L-1", "L-2")
    async with db.write() as tx:
        change: Any = sa.update(lane).where(lane.c.key == "L-1").values(owner="other", epoch=9)
        if why == "handled already":
            change = sa.update(events).where(events.c.id == a).values(state=2, done_at=NOW)
        await tx.execute(change)
    first, second = Ending(a, held_a, "", [_card(a, 1, "x")]), Ending(b, held_b, "", [_text(b, 1, "y")])
    found = await _together(db, first, second)
    assert ends.left(found, second) == 0
    with pytest.raises(Fenced):
        ends.left(found, first)
    assert await _all(db, sends.c.dedup) == [(f"e{b}.1",)]
    assert await _all(db, card.c.id) == []
    assert await _all(db, lane.c.q, lane.c.key, lane.c.pending) == [
        ("inbox", "L-1", 1), ("inbox", "L-2", 0), ("outbox", "m:y", 1)
    ]  # fmt: skip


async def test_a_lane_with_more_in_it_stays_ours(db: Database) -> None:
    ((row, held),) = await _claimed(db, "L-1")
    async with db.write() as tx:
        await inbox.take(tx, [Came("one more", "L-1")], NOW, encode=str)
    assert await _together(db, Ending(row, held)) == {"L-1": 1}
    assert await _all(db, lane.c.owner, lane.c.pending, lane.c.due) == [("me", 1, MS + LEASE)]


async def test_what_was_said_is_sealed_like_any_other(db: Database, migrated_url: str) -> None:
    keyed = Database(migrated_url, keys=[fresh()])
    try:
        ((row, held),) = await _claimed(keyed, "L-1")
        await _together(keyed, Ending(row, held, "", [_card(row, 1, "x")]))
        raw = sa.text("SELECT outbox.body, card.body FROM outbox JOIN card ON card.id = outbox.card")
        async with keyed.read() as tx:
            assert all(value.startswith(SEALED) for value in (await tx.execute(raw)).one())
            (waits,) = await outbox.open_sends(tx, "m:x", 9)
            assert waits.body == {"card": "x"}
    finally:
        await keyed.close()


@asynccontextmanager
async def _late(db: Database) -> AsyncIterator[Tx]:
    async with db.write(late=True) as tx:
        await lanes.handling(tx, "L-1")
        yield tx


async def test_a_transaction_that_is_late_begins_with_its_first_lock_or_write(db: Database) -> None:
    reads = sa.select(member.c.id)
    for begins in (
        sa.insert(member).values(id="a", name="甲"),
        reads.with_for_update(),
        sa.text("SELECT pg_advisory_xact_lock(1)"),
        sa.text("SELECT nextval('card_id_seq')"),
        sa.text("WITH gone AS (DELETE FROM member RETURNING id) SELECT id FROM gone"),
    ):
        async with _late(db) as tx:
            await tx.execute(reads)
            assert tx.late
            await tx.execute(begins)
            assert not tx.late
            locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid > 99"
            assert (await tx.execute(sa.text(locks))).scalar() == 1, "the event's lane is locked with it"


async def _taken_back(tx: Tx) -> None:
    async with tx.begin_nested():
        await outbox.say(tx, Outrow("e1.2", "x", "text", {"text": "b"}), now=NOW, cause=1)
        raise KeyError


async def test_what_is_kept_is_there_for_who_asks_and_goes_with_what_is_taken_back(db: Database) -> None:
    async with _late(db) as tx:
        await outbox.say(tx, Outrow("e1.1", "x", "text", {"text": "a"}), now=NOW, cause=1)
        assert tx.late
        found = await outbox.open_sends(tx, "m:x", 9)
        assert [one.body["text"] for one in found] == ["a"]
        with pytest.raises(KeyError):
            await _taken_back(tx)
        await outbox.say(tx, Outrow("e1.3", "x", "text", {"text": "c"}), now=NOW, cause=1)
    async with db.read() as tx:
        assert [one.body["text"] for one in await outbox.open_sends(tx, "m:x", 9)] == ["a", "c"]
    assert await _all(db, lane.c.key, lane.c.pending) == [("m:x", 2)]
