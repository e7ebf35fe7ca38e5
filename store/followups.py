"""Follow-ups as rows: what was recorded about a lead. One that was undone stays, marked."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from rules.checkins import FollowUp
from store.db import Conflict, Tx
from store.tables import followup as followups

_STANDING = followups.c.undone_at.is_(None)


async def add(tx: Tx, new: FollowUp) -> FollowUp:
    """Writes a follow-up (its id is given here)."""
    made = await tx.execute(
        insert(followups)
        .values(
            lead=new.lead, customer=new.customer, checkin=new.checkin, member=new.member, channel=new.channel,
            conclusion=new.conclusion, need=new.need, next_text=new.next_text, next_at=new.next_at,
            started_at=new.started_at, recorded_at=new.recorded_at, before=new.before,
        )
        .returning(followups.c.id)
    )  # fmt: skip
    return replace(new, id=int(made.scalar_one()))


async def find(tx: Tx, id: int) -> FollowUp | None:
    """The follow-up, or None."""
    row = (await tx.execute(select(followups).where(followups.c.id == id))).one_or_none()
    return _followup(row) if row else None


async def of_lead(tx: Tx, lead: int, limit: int = 5) -> list[FollowUp]:
    """The lead's newest standing follow-ups."""
    query = select(followups).where(followups.c.lead == lead, _STANDING)
    return [_followup(row) for row in await tx.execute(query.order_by(followups.c.id.desc()).limit(limit))]


async def of_customer(tx: Tx, customer: int, limit: int = 5) -> list[FollowUp]:
    """The customer's newest standing follow-ups, over all its leads."""
    query = select(followups).where(followups.c.customer == customer, _STANDING)
    return [_followup(row) for row in await tx.execute(query.order_by(followups.c.id.desc()).limit(limit))]


async def of_member(tx: Tx, member: str, since: datetime, until: datetime) -> list[FollowUp]:
    """What a member recorded in [since, until), oldest first."""
    query = select(followups).where(
        followups.c.member == member,
        _STANDING,
        followups.c.recorded_at >= since,
        followups.c.recorded_at < until,
    )
    return [_followup(row) for row in await tx.execute(query.order_by(followups.c.id))]


async def take_back(tx: Tx, id: int, now: datetime) -> None:
    """Marks a follow-up as undone. Raises Conflict when it is already."""
    done = await tx.execute(update(followups).where(followups.c.id == id, _STANDING).values(undone_at=now))
    if done.rowcount != 1:
        raise Conflict(f"follow-up {id} was taken back already")


def _followup(row: Any) -> FollowUp:
    return FollowUp(
        id=row.id, lead=row.lead, customer=row.customer, member=row.member, started_at=row.started_at,
        recorded_at=row.recorded_at, channel=row.channel, conclusion=row.conclusion, need=row.need,
        next_text=row.next_text, next_at=row.next_at, checkin=row.checkin, before=row.before,
        undone_at=row.undone_at,
    )  # fmt: skip
