"""What the tables tell about the machine itself: shares, types, times, locks; changed settings; the canary's lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from rules.leads import Lead
from rules.watch import Share
from store.db import Tx
from store.tables import customer, inbox, lead, member, outbox
from store.tables_watch import config_change

CANARY = -1
"""The id of the canary's lead and customer. It is never committed."""
PROBE = "@canary:probe"


# ── is anything given out ──────────────────────────────────────────────────────────────────────────────
SAMPLE = 5000
"""So many leads say what share is usual; a look every minute need not read all of two busy weeks."""
_GIVEN = sa.case((sa.or_(lead.c.owner != "", lead.c.assigned_at.is_not(None)), 1), else_=0)
_CAME = (
    sa.select(_GIVEN.label("given"))
    .where(
        lead.c.created_at >= sa.bindparam("since", type_=lead.c.created_at.type),
        lead.c.created_at < sa.bindparam("until", type_=lead.c.created_at.type),
    )
    .order_by(lead.c.created_at.desc())
    .limit(SAMPLE)
    .subquery()
)
_SHARE = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_CAME.c.given), 0)).select_from(_CAME)


async def share(tx: Tx, since: datetime, until: datetime) -> Share:
    """Leads that came in during [since, until), the newest SAMPLE of them, and how many were given to somebody."""
    created, assigned = (await tx.execute(_SHARE, {"since": since, "until": until})).one()
    return Share(int(created), int(assigned))


async def ahead(tx: Tx, now: datetime, limit: int = 50) -> list[float]:
    """By how many seconds the newest leads lie in the future."""
    query = sa.select(lead.c.created_at).where(lead.c.created_at > now + timedelta(minutes=5))
    rows = (await tx.execute(query.order_by(lead.c.created_at.desc()).limit(limit))).scalars()
    return [(at - now).total_seconds() for at in rows]


BOOLEANS = ("available", "assignable", "gone")


async def booleans(tx: Tx) -> dict[str, list[object]]:
    """The distinct raw values in the yes-or-no columns of members, as the database holds them."""
    found: dict[str, list[object]] = {}
    for name in BOOLEANS:
        column: sa.ColumnElement[object] = sa.literal_column(name)
        found[name] = list((await tx.execute(sa.select(column).select_from(member).distinct())).scalars())
    return found


async def locked(tx: Tx) -> tuple[int, float]:
    """(how many statements stand at a lock now, seconds the longest has waited) on PostgreSQL; SQLite has none."""
    if tx.dialect.name == "sqlite":
        return 0, 0.0
    query = sa.text(
        "SELECT count(*), coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    count, longest = (await tx.execute(query)).one()
    return int(count), float(longest)


async def zones(tx: Tx) -> tuple[str, int | None]:
    """(the zone that the database server is set to, its most connections); ("", None) on SQLite."""
    if tx.dialect.name == "sqlite":
        return "", None
    zone = (await tx.execute(sa.text("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'"))).scalar()
    file = (await tx.execute(sa.text("SELECT boot_val FROM pg_settings WHERE name = 'TimeZone'"))).scalar()
    most = (await tx.execute(sa.text("SHOW max_connections"))).scalar()
    return str(zone or file or ""), int(str(most or 0))


@dataclass(frozen=True)
class Retrying:
    """Events that failed and are tried again: how many, since when, why the last."""

    count: int
    oldest: datetime | None
    why: str = ""


_FAILED = sa.select(sa.func.count(), sa.func.min(inbox.c.created_at), sa.func.min(inbox.c.id)).where(
    inbox.c.state == 0, inbox.c.error != ""
)


async def retrying(tx: Tx) -> Retrying:
    """The retry queue of events."""
    count, oldest, first = (await tx.execute(_FAILED)).one()
    why = (await tx.execute(sa.select(inbox.c.error).where(inbox.c.id == first))).scalar() if count else ""
    return Retrying(int(count), oldest, str(why or "").strip().splitlines()[-1] if why else "")


async def dead_events(tx: Tx) -> list[int]:
    """Ids of all dead letters, oldest first."""
    return list(
        (await tx.execute(sa.select(inbox.c.id).where(inbox.c.state == 3).order_by(inbox.c.id))).scalars()
    )


_ALERTS = (
    sa.select(sa.func.count())
    .select_from(outbox)
    .where(
        outbox.c.kind == "alert", outbox.c.created_at >= sa.bindparam("since", type_=outbox.c.created_at.type)
    )
)
_ALERTS_LOST = _ALERTS.where(outbox.c.state == 3)
_ALERTS_OPEN = _ALERTS.where(
    outbox.c.state == 0, outbox.c.created_at < sa.bindparam("before", type_=outbox.c.created_at.type)
)


async def alerts_stuck(tx: Tx, since: datetime, before: datetime) -> int:
    """Alarms to people that were made since `since` and were given up, or still wait since `before`."""
    given_up = (await tx.execute(_ALERTS_LOST, {"since": since})).scalar_one()
    waiting = (await tx.execute(_ALERTS_OPEN, {"since": since, "before": before})).scalar_one()
    return int(given_up) + int(waiting)


# ── the canary ─────────────────────────────────────────────────────────────────────────────────────────
async def canary_lead(tx: Tx, now: datetime) -> Lead:
    """A lead with an id of its own, in the caller's savepoint, which takes it back: no number is used up, nobody and
    no report ever sees it."""
    await tx.execute(sa.insert(customer).values(id=CANARY, name="金丝雀", created_at=now, updated_at=now))
    await tx.execute(
        sa.insert(lead).values(id=CANARY, customer=CANARY, source="canary", status="new", created_at=now)
    )
    return Lead(id=CANARY, customer=CANARY, owner="", created_at=now, source="canary")


async def canary_arrived(tx: Tx, key: str) -> tuple[str, datetime | None] | None:
    """(ledger, when it was sent) of the canary's message, None when it was never queued."""
    row = (
        await tx.execute(sa.select(outbox.c.ledger, outbox.c.sent_at).where(outbox.c.dedup == key))
    ).first()
    return (row.ledger, row.sent_at) if row else None


# ── settings ───────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Change:
    """A setting that was changed. `source`: "file" (seen at a start) or "chat"."""

    id: int
    at: datetime
    who: str
    key: str
    old: str
    new: str
    source: str


async def changed(tx: Tx, at: datetime, who: str, key: str, old: str, new: str, source: str) -> int:
    """Writes a change down. Returns its id."""
    row = sa.insert(config_change).values(at=at, who=who, key=key[:120], old=old, new=new, source=source)
    return int((await tx.execute(row.returning(config_change.c.id))).scalar_one())


async def changes(tx: Tx, limit: int = 10, *, key: str = "", since: datetime | None = None) -> list[Change]:
    """The newest changes (of one setting; since then)."""
    query = sa.select(config_change).order_by(config_change.c.id.desc()).limit(limit)
    if key:
        query = query.where(config_change.c.key == key)
    if since is not None:
        query = query.where(config_change.c.at >= since)
    return [Change(**row._mapping) for row in await tx.execute(query)]


async def change(tx: Tx, id: int) -> Change | None:
    """One change, or None."""
    row = (await tx.execute(sa.select(config_change).where(config_change.c.id == id))).first()
    return Change(**row._mapping) if row else None


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
    """(key, before, after) of every setting that differs; "" for one that was not there."""
    keys = sorted({*old, *new})
    return [(key, old.get(key, ""), new.get(key, "")) for key in keys if old.get(key, "") != new.get(key, "")]
