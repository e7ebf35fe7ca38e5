"""Customers that no lead leaves for the pool before a day (contract, won business), with who said so and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.tables_assignment import cover


@dataclass(frozen=True)
class Cover:
    """A customer covered `until` (UTC), `by` a member. `ended`: before its time."""

    id: int
    customer: int
    until: datetime
    why: str
    by: str
    ended: bool = False


async def add(tx: Tx, customer: int, until: datetime, why: str, by: str, now: datetime) -> int:
    """Covers a customer. Returns its id."""
    row = sa.insert(cover).values(customer=customer, until=until, why=why, by=by, at=now)
    return int((await tx.execute(row.returning(cover.c.id))).scalar_one())


async def get(tx: Tx, id: int) -> Cover | None:
    """One by its id, None when there is none."""
    row = (await tx.execute(sa.select(cover).where(cover.c.id == id))).first()
    return _cover(row) if row else None


async def of(tx: Tx, customer: int, now: datetime) -> Cover | None:
    """What covers a customer longest, None when nothing does any more."""
    query = sa.select(cover).where(
        cover.c.customer == customer, cover.c.ended_at.is_(None), cover.c.until > now
    )
    row = (await tx.execute(query.order_by(cover.c.until.desc(), cover.c.id).limit(1))).first()
    return _cover(row) if row else None


async def until(tx: Tx, customer: int) -> datetime | None:
    """Until when the customer is, or was last, covered; None: never."""
    query = sa.select(sa.func.max(cover.c.until)).where(
        cover.c.customer == customer, cover.c.ended_at.is_(None)
    )
    found: datetime | None = (await tx.execute(query)).scalar()
    return found


async def end(tx: Tx, customer: int, now: datetime) -> None:
    """Nothing covers the customer any more."""
    row = sa.update(cover).where(
        cover.c.customer == customer, cover.c.ended_at.is_(None), cover.c.until > now
    )
    await tx.execute(row.values(ended_at=now))


def _cover(row: Any) -> Cover:
    return Cover(row.id, row.customer, row.until, row.why, row.by, row.ended_at is not None)
