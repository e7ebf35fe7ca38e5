"""Unasked messages of a day, counted for each person."""

import json
from datetime import datetime, timedelta

import sqlalchemy as sa

from rules.budget import Spent, heard
from store.db import Tx
from store.tables_watch import budget
from store.tx import upsert

_OF = sa.select(budget.c.day, budget.c.sent, budget.c.last_at, budget.c.muted_until, budget.c.about).where(
    budget.c.member == sa.bindparam("who")
)


async def of(tx: Tx, member: str) -> Spent:
    """What the person got on the last day on which they got anything."""
    row = (await tx.execute(_OF, {"who": member})).first()
    if row is None:
        return Spent()
    about = {one: datetime.fromisoformat(at) for one, at in json.loads(row.about or "{}").items()}
    return Spent(row.day, row.sent, row.last_at, row.muted_until, about)


async def spend(
    tx: Tx, member: str, day: str, now: datetime, *, subject: str = "", per_record: timedelta = timedelta(0)
) -> None:
    """One more unasked message on `day`, about the record `subject`; a new day begins at one."""
    about = heard((await of(tx, member)).about, subject, per_record, now)
    text = json.dumps({one: at.isoformat() for one, at in about.items()}) if about else ""
    insert = upsert(tx, budget).values(member=member, day=day, sent=1, last_at=now, about=text)
    count = sa.case((budget.c.day == day, budget.c.sent + 1), else_=1)
    changes = {"day": day, "sent": count, "last_at": now, "about": text}
    await tx.execute(insert.on_conflict_do_update(index_elements=["member"], set_=changes))


async def mute(tx: Tx, member: str, until: datetime | None) -> None:
    """Keeps quiet until then (None: no more)."""
    insert = upsert(tx, budget).values(member=member, muted_until=until)
    await tx.execute(insert.on_conflict_do_update(index_elements=["member"], set_={"muted_until": until}))
