"""Touchpoints as rows: written once by their key, read by customer."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.touchpoints import Kind, Touch
from store.db import Tx
from store.tables_sources import touchpoint
from store.tx import upsert


async def add(
    tx: Tx, customer: int, one: Touch, now: datetime, *, contact: int | None = None, lead: int | None = None
) -> int:
    """Writes a touchpoint. Returns its id, 0 when this key was written before."""
    row = upsert(tx, touchpoint).values(
        customer=customer, contact=contact, lead=lead, kind=one.kind.value, direction=one.direction, member=one.member,
        source=one.source[:64], title=one.title[:200], body=one.body, dedup=one.dedup[:200], at=one.at, created_at=now,
        detail=json.dumps(dict(one.detail), ensure_ascii=False),
    )  # fmt: skip
    made = await tx.execute(row.on_conflict_do_nothing(index_elements=["dedup"]).returning(touchpoint.c.id))
    return int(made.scalar() or 0)


async def known(tx: Tx, dedup: str) -> bool:
    """Whether this key was written before."""
    query = sa.select(touchpoint.c.id).where(touchpoint.c.dedup == dedup[:200])
    return (await tx.execute(query)).first() is not None


async def remove(tx: Tx, id: int) -> None:
    """Strikes a touchpoint out."""
    await tx.execute(sa.delete(touchpoint).where(touchpoint.c.id == id))


async def of_customer(tx: Tx, customer: int, limit: int = 5) -> list[Touch]:
    """The customer's newest touchpoints, newest first."""
    query = sa.select(touchpoint).where(touchpoint.c.customer == customer)
    rows = await tx.execute(query.order_by(touchpoint.c.at.desc(), touchpoint.c.id.desc()).limit(limit))
    return [_touch(row) for row in rows]


async def of_lead(tx: Tx, lead: int, limit: int = 100) -> list[Touch]:
    """The lead's newest touchpoints, newest first."""
    query = sa.select(touchpoint).where(touchpoint.c.lead == lead)
    rows = await tx.execute(query.order_by(touchpoint.c.at.desc(), touchpoint.c.id.desc()).limit(limit))
    return [_touch(row) for row in rows]


def _touch(row: Any) -> Touch:
    return Touch(
        kind=Kind(row.kind), at=row.at, dedup=row.dedup, title=row.title, body=row.body, member=row.member,
        source=row.source, direction=row.direction, detail=json.loads(row.detail or "{}"),
    )  # fmt: skip
