"""Both queues looked at from outside: the states of their rows, how much waits, and what is kept no longer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from store.tables import inbox, lane, outbox
from store.tx import Tx

Queue = Literal["inbox", "outbox"]
OPEN, DONE, DEAD = 0, 2, 3


@dataclass(frozen=True)
class Depth:
    """How a queue stands: open and dead rows, when the oldest open one came, how many mailboxes somebody has in hand."""

    open: int
    dead: int
    oldest: datetime | None
    in_hand: int = 0


_OPENED = {
    q: sa.select(sa.func.count(), sa.func.min(table.c.created_at)).where(table.c.state == OPEN)
    for q, table in (("inbox", inbox), ("outbox", outbox))
}
_DEAD = {
    q: sa.select(sa.func.count()).where(table.c.state == DEAD)
    for q, table in (("inbox", inbox), ("outbox", outbox))
}
_IN_HAND = sa.select(sa.func.count()).where(
    lane.c.q == sa.bindparam("queue"), lane.c.pending > 0, lane.c.owner.is_not(None)
)


async def depth(tx: Tx, q: Queue) -> Depth:
    """Counts of a queue, for /诊断 and /metrics."""
    opened = (await tx.execute(_OPENED[q])).one()
    dead = (await tx.execute(_DEAD[q])).scalar_one()
    in_hand = (await tx.execute(_IN_HAND, {"queue": q})).scalar_one()
    return Depth(opened[0], dead, opened[1], in_hand)


async def sweep(
    tx: Tx, now: datetime, ms: int, *, keep: timedelta = timedelta(days=7), n: int = 1000
) -> bool:
    """Retention, one batch: handled events and closed sends older than `keep`, dead ones older than a month, lanes
    idle for a day. Returns whether there may be more.

    Seven days is longer than any platform's last retry, so a repeat never finds its key gone.
    """
    more = False
    for table in (inbox, outbox):
        for state, age in ((DONE, keep), (DEAD, timedelta(days=30))):
            old = sa.select(table.c.id).where(table.c.state == state, table.c.done_at < now - age).limit(n)
            gone = (await tx.execute(sa.delete(table).where(table.c.id.in_(old)))).rowcount
            more = more or gone == n
    idle = lane.c.due < ms - 86_400_000
    await tx.execute(sa.delete(lane).where(lane.c.pending <= 0, lane.c.owner.is_(None), idle))
    return more
