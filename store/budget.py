"""Unasked messages of a day, counted for each person."""

from datetime import datetime

import sqlalchemy as sa

from rules.budget import Spent
from store.db import Tx
from store.tables_watch import budget
from store.tx import upsert

_OF = sa.select(budget.c.day, budget.c.sent, budget.c.last_at, budget.c.muted_until).where(
    budget.c.member == sa.bindparam("who")
)


async def of(tx: Tx, member: str) -> Spent:
    """What the person got on the last day on which they got anything."""
    row = (await tx.execute(_OF, {"who": member})).first()
    return Spent(*row) if row else Spent()


async def spend(tx: Tx, member: str, day: str, now: datetime) -> None:
    """One more unasked message on `day`; a new day begins at one."""
    insert = upsert(tx, budget).values(member=member, day=day, sent=1, last_at=now)
    count = sa.case((budget.c.day == day, budget.c.sent + 1), else_=1)
    changes = {"day": day, "sent": count, "last_at": now}
    await tx.execute(insert.on_conflict_do_update(index_elements=["member"], set_=changes))


async def mute(tx: Tx, member: str, until: datetime | None) -> None:
    """Keeps quiet until then (None: no more)."""
    insert = upsert(tx, budget).values(member=member, muted_until=until)
    await tx.execute(insert.on_conflict_do_update(index_elements=["member"], set_={"muted_until": until}))
