"""Leave as rows."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.away import ASKED, ENDED, ON, Leave
from store.db import Tx
from store.tables_assignment import leave


async def add(tx: Tx, one: Leave, now: datetime) -> Leave:
    """Writes a leave (its id is given here)."""
    row = sa.insert(leave).values(
        member=one.member,
        start=one.start,
        until=one.until,
        delegate=one.delegate,
        state=one.state,
        put_by=one.by,
        at=now,
    )
    return replace(one, id=int((await tx.execute(row.returning(leave.c.id))).scalar_one()))


async def get(tx: Tx, id: int) -> Leave | None:
    """The leave, or None."""
    row = (await tx.execute(sa.select(leave).where(leave.c.id == id))).one_or_none()
    return _leave(row) if row else None


async def change(tx: Tx, one: Leave) -> None:
    """Writes it back."""
    values = {"start": one.start, "until": one.until, "delegate": one.delegate, "state": one.state}
    await tx.execute(sa.update(leave).where(leave.c.id == one.id).values(**values))


async def drop_asked(tx: Tx, member: str) -> None:
    """Forgets what was asked for a member and not confirmed."""
    query = sa.update(leave).where(leave.c.member == member, leave.c.state == ASKED)
    await tx.execute(query.values(state=ENDED))


# Asked on the path of every message: built once.
_ON = sa.select(leave).where(
    leave.c.state == ON, leave.c.start <= sa.bindparam("now", type_=leave.c.start.type),
    leave.c.until > sa.bindparam("now", type_=leave.c.start.type),
)  # fmt: skip
_COVERED = sa.select(leave.c.member).where(
    leave.c.delegate == sa.bindparam("who"), leave.c.state == ON,
    leave.c.start <= sa.bindparam("now", type_=leave.c.start.type),
    leave.c.until > sa.bindparam("now", type_=leave.c.start.type),
)  # fmt: skip


async def away(tx: Tx, now: datetime) -> dict[str, Leave]:
    """Member → the leave that covers them now."""
    return {row.member: _leave(row) for row in await tx.execute(_ON, {"now": now})}


async def covered_by(tx: Tx, member: str, now: datetime) -> frozenset[str]:
    """For whom the member stands in now."""
    return frozenset((await tx.execute(_COVERED, {"who": member, "now": now})).scalars())


async def coming(tx: Tx, member: str, now: datetime) -> list[Leave]:
    """The member's leaves that are not over, the nearest first."""
    query = sa.select(leave).where(leave.c.member == member, leave.c.state == ON, leave.c.until > now)
    return [_leave(row) for row in await tx.execute(query.order_by(leave.c.start))]


def _leave(row: Any) -> Leave:
    return Leave(row.id, row.member, row.start, row.until, row.delegate, row.state, row.put_by)
