"""The end of an event: its row, its lane, and the lanes it wrote to go together or not at all."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from store import ends, inbox, lanes, outbox
from store.db import Database, Tx
from store.ends import Ending
from store.lanes import Fenced, Lease
from store.outbox import Outrow
from store.tables import inbox as events
from store.tables import lane

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
MS, LEASE = 1000, 30_000


@dataclass(frozen=True)
class Came:
    """An event as intake hands it over."""

    dedup: str
    lane: str
    event: str = "{}"


async def _take(tx: Tx, *came: Came) -> None:
    await inbox.take(tx, came, NOW, encode=str)


async def _claimed(db: Database, *came: Came) -> tuple[Lease, int]:
    """They are stored, the first one's lane is ours: the lease, and its oldest event."""
    async with db.write() as tx:
        await _take(tx, *came)
    async with db.write() as tx:
        lease = await lanes.claim_one(tx, "inbox", came[0].lane, "me", MS, lease_ms=LEASE)
        assert lease is not None
        return lease, (await inbox.open_events(tx, lease.key, 1))[0].id


async def _standing(db: Database) -> dict[tuple[str, str], tuple[int, str | None]]:
    """(queue, lane) → rows that wait, owner."""
    async with db.read() as tx:
        rows = await tx.execute(sa.select(lane.c.q, lane.c.key, lane.c.pending, lane.c.owner))
        return {(row.q, row.key): (row.pending, row.owner) for row in rows}


async def _ends(tx: Tx, row: int, lease: Lease) -> int:
    """The event writes to its own lane, to another and to two people, and ends."""
    await _take(tx, Came("fact 1", lease.key), Came("fact 2", "L-2"), Came("fact 3", "L-2"))
    for who in ("b", "a", "b"):
        one = Outrow(f"{row} {who} {len(tx.woken)}", who, "text", {"text": "x"})
        assert await outbox.put(tx, one, now=NOW, cause=row)
    return await ends.finish(tx, Ending(row, lease), NOW, "me", MS, lease_ms=LEASE)


async def test_what_an_event_wrote_is_counted_with_its_end_its_own_lane_too(db: Database) -> None:
    lease, row = await _claimed(db, Came("e1", "L-1"))
    async with db.write() as tx:
        left = await _ends(tx, row, lease)
    standing = await _standing(db)
    waits = {key: n for key, (n, _owner) in standing.items()}
    assert waits == {
        ("inbox", "L-1"): 1,
        ("inbox", "L-2"): 2,
        ("outbox", "m:a"): 1,
        ("outbox", "m:b"): 2,
    }
    # kept while there is more, or given back to be claimed at once: the fact is not left alone
    assert standing["inbox", "L-1"][1] == ("me" if left else None)
    if not left:
        async with db.write() as tx:
            assert await lanes.claim_one(tx, "inbox", "L-1", "other", MS, lease_ms=LEASE)


async def test_several_wait_and_the_lane_stays_until_the_last(db: Database) -> None:
    lease, _ = await _claimed(db, Came("e1", "L-1"), Came("e2", "L-1"))
    for left in (1, 0):
        async with db.write() as tx:
            row = (await inbox.open_events(tx, "L-1", 1))[0].id
            assert await ends.finish(tx, Ending(row, lease), NOW, "me", MS, lease_ms=LEASE) == left
    assert await _standing(db) == {("inbox", "L-1"): (0, None)}


@pytest.mark.parametrize("why", ["taken over", "handled already"])
async def test_nothing_of_it_is_kept_when_somebody_else_did_it(db: Database, why: str) -> None:
    lease, row = await _claimed(db, Came("e1", "L-1"), Came("e2", "L-1"))
    async with db.write() as tx:
        change: Any = sa.update(lane).values(owner="other", epoch=9)
        if why == "handled already":
            change = sa.update(events).where(events.c.id == row).values(state=2, done_at=NOW)
        await tx.execute(change)
    before = await _standing(db)
    with pytest.raises(Fenced):
        async with db.write() as tx:
            await _ends(tx, row, lease)
    assert await _standing(db) == before
    async with db.read() as tx:
        assert (await tx.execute(sa.select(sa.func.count()).select_from(events))).scalar() == 2
