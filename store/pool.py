"""The public pool as rows: open leads that nobody has, since when, why, and when they are tried again (B14, B85)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules import search
from rules.leads import CLOSED
from store.db import Tx
from store.tables import customer, followup, lead
from store.tables_assignment import hold, pool, tally
from store.tx import upsert


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


async def retry_now(tx: Tx, now: datetime) -> int:
    """Every lead that waits for a later try is due now. Returns how many."""
    waits = sa.update(pool).where(pool.c.retry_at.is_not(None), pool.c.retry_at > now).values(retry_at=now)
    await tx.execute(waits)
    return await waiting(tx)


async def put_off(tx: Tx, now: datetime, until: datetime) -> None:
    """Every lead whose try is due was tried in vain, and is tried again `until` then."""
    due = sa.update(pool).where(pool.c.retry_at <= now)
    await tx.execute(due.values(tries=pool.c.tries + 1, retry_at=until))


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


# ── what is there ──────────────────────────────────────────────────────────────────────────────────────
_OPEN = lead.c.status.not_in([status.value for status in CLOSED])


async def listed(
    tx: Tx, *, words: str = "", after: tuple[datetime, int] | None = None, limit: int = 5
) -> list[Pooled]:
    """Open leads of the pool, the longest there first, from the place `after` on; `words`: in firm, city or need."""
    texts = (customer.c.company, customer.c.name, customer.c.city, lead.c.need, lead.c.kind, lead.c.source)
    masked = search.prying(words)
    query = (
        sa.select(pool, *(texts if masked else ()))
        .join(lead, lead.c.id == pool.c.lead)
        .where(_OPEN, lead.c.owner == "")
    )
    if words:
        query = query.join(customer, customer.c.id == lead.c.customer).where(
            sa.or_(*(column.contains(words, autoescape=True) for column in texts))
        )
    if after is not None:
        query = query.where(sa.tuple_(pool.c.since, pool.c.lead) > sa.tuple_(*after))
    rows = await tx.execute(query.order_by(pool.c.since, pool.c.lead).limit(search.MANY if masked else limit))
    found = [row for row in rows if not masked or search.legible(words, row[-len(texts) :])]
    return [_pooled(row) for row in found[:limit]]


async def counts(tx: Tx, stale_before: datetime) -> tuple[int, int]:
    """(open leads in the pool, of those there since before then)."""
    stale = sa.func.sum(sa.case((pool.c.since <= stale_before, 1), else_=0))
    query = sa.select(sa.func.count(), stale).select_from(pool.join(lead, lead.c.id == pool.c.lead))
    row = (await tx.execute(query.where(_OPEN, lead.c.owner == ""))).one()
    return int(row[0]), int(row[1] or 0)


async def stale(tx: Tx, before: datetime, limit: int = 500) -> list[Pooled]:
    """Leads there since before then of which nobody was told, the longest there first; they are told of now."""
    query = sa.select(pool).where(pool.c.since <= before, pool.c.alarmed_at.is_(None))
    return [_pooled(row) for row in await tx.execute(query.order_by(pool.c.since, pool.c.lead).limit(limit))]


async def alarmed(tx: Tx, ids: Sequence[int], now: datetime) -> None:
    """Somebody was told of these."""
    await tx.execute(sa.update(pool).where(pool.c.lead.in_(ids)).values(alarmed_at=now))


async def next_stale(tx: Tx) -> datetime | None:
    """Since when the longest of which nobody was told has been there."""
    query = sa.select(sa.func.min(pool.c.since)).where(pool.c.alarmed_at.is_(None))
    found: datetime | None = (await tx.execute(query)).scalar()
    return found


# ── held ───────────────────────────────────────────────────────────────────────────────────────────────
async def hold_until(tx: Tx, lead: int) -> datetime | None:
    """Until when the lead is held, None when it is not."""
    found: datetime | None = (await tx.execute(sa.select(hold.c.until).where(hold.c.lead == lead))).scalar()
    return found


async def keep(
    tx: Tx, lead: int, until: datetime, why: str, asked_by: str, agreed_by: str, now: datetime
) -> None:
    """Holds a lead."""
    values = {"until": until, "why": why[:200], "asked_by": asked_by, "agreed_by": agreed_by, "at": now}
    insert = upsert(tx, hold).values(lead=lead, **values)
    await tx.execute(insert.on_conflict_do_update(index_elements=["lead"], set_=values))


async def let_go(tx: Tx, lead: int) -> None:
    """Holds it no more."""
    await tx.execute(sa.delete(hold).where(hold.c.lead == lead))


# ── by the day ─────────────────────────────────────────────────────────────────────────────────────────
async def tally_of(tx: Tx, member: str, day: str, name: str) -> int:
    """How often the member did it on that day."""
    query = sa.select(tally.c.n).where(tally.c.member == member, tally.c.day == day, tally.c.name == name)
    return int((await tx.execute(query)).scalar() or 0)


async def count(tx: Tx, member: str, day: str, name: str, n: int = 1) -> int:
    """The member did it n times more; tallies of other days go. Returns how often by now: whoever counts at the same time
    waits here and gets the sum, so a cap is looked at after counting, and what is over it rolled back."""
    await tx.execute(
        sa.delete(tally).where(tally.c.member == member, tally.c.name == name, tally.c.day < day)
    )
    insert = upsert(tx, tally).values(member=member, day=day, name=name, n=n)
    more = insert.on_conflict_do_update(
        index_elements=["member", "day", "name"], set_={"n": tally.c.n + insert.excluded.n}
    )
    return int((await tx.execute(more.returning(tally.c.n))).scalar_one())


async def last_effective(tx: Tx, lead: int, ineffective: Sequence[str]) -> datetime | None:
    """When the lead was last followed up with a conclusion that counts (UTC), None: never."""
    query = sa.select(sa.func.max(followup.c.recorded_at)).where(
        followup.c.lead == lead,
        followup.c.undone_at.is_(None),
        followup.c.conclusion.not_in(list(ineffective)),
    )
    found: datetime | None = (await tx.execute(query)).scalar()
    return found
