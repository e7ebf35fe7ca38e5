"""The public pool as rows: open leads that nobody has, since when, why, and when they are tried again (B14, B85)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.queues import upsert
from store.tables import lead
from store.tables_assignment import pool


@dataclass(frozen=True)
class Pooled:
    """A lead in the pool. `reason` is one of rules/pool.py's; `former` whose it was; `put_by` who put it there ("" for
    the machine); `retry_at`: when it is tried again (None: it waits for somebody to take it)."""

    lead: int
    since: datetime
    reason: str = ""
    why: str = ""
    former: str = ""
    put_by: str = ""
    tries: int = 0
    retry_at: datetime | None = None
    alarmed_at: datetime | None = None


async def put(tx: Tx, one: Pooled) -> None:
    """The lead is in the pool, or stays there for another reason; how long it has been there does not change."""
    values = {
        "reason": one.reason, "why": one.why[:500], "former": one.former, "put_by": one.put_by, "tries": one.tries,
        "retry_at": one.retry_at,
    }  # fmt: skip
    insert = upsert(tx, pool).values(lead=one.lead, since=one.since, **values)
    await tx.execute(insert.on_conflict_do_update(index_elements=["lead"], set_=values))


async def get(tx: Tx, lead: int) -> Pooled | None:
    """The lead's place in the pool, None when it is not there."""
    row = (await tx.execute(sa.select(pool).where(pool.c.lead == lead))).one_or_none()
    return _pooled(row) if row else None


async def take(tx: Tx, lead: int) -> None:
    """The lead is in the pool no more."""
    await tx.execute(sa.delete(pool).where(pool.c.lead == lead))


async def to_retry(tx: Tx, now: datetime, limit: int) -> list[Pooled]:
    """Leads whose next try is due, the longest waiting first."""
    query = sa.select(pool).where(pool.c.retry_at <= now).order_by(pool.c.since, pool.c.lead).limit(limit)
    return [_pooled(row) for row in await tx.execute(query)]


async def next_retry(tx: Tx) -> datetime | None:
    """When the next try is due, None when none is."""
    found: datetime | None = (await tx.execute(sa.select(sa.func.min(pool.c.retry_at)))).scalar()
    return found


async def waiting(tx: Tx) -> int:
    """How many leads wait to be tried again."""
    query = sa.select(sa.func.count()).select_from(pool).where(pool.c.retry_at.is_not(None))
    return int((await tx.execute(query)).scalar_one())


async def adrift(tx: Tx, open_statuses: tuple[str, ...], limit: int = 200) -> list[int]:
    """Open leads that nobody has and that are not in the pool either. There must be none; the machine looks."""
    query = (
        sa.select(lead.c.id)
        .outerjoin(pool, pool.c.lead == lead.c.id)
        .where(lead.c.owner == "", lead.c.status.in_(open_statuses), pool.c.lead.is_(None))
    )
    return [int(row.id) for row in await tx.execute(query.limit(limit))]


def _pooled(row: Any) -> Pooled:
    return Pooled(
        row.lead,
        row.since,
        row.reason,
        row.why,
        row.former,
        row.put_by,
        row.tries,
        row.retry_at,
        row.alarmed_at,
    )
