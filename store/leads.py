"""Leads as rows: one piece of demand each, guarded by a version."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, select, update

from rules import names, text
from rules.errors import Refused
from rules.leads import CLOSED, Lead, Status
from store.db import Conflict, Tx
from store.tables import contact, customer, lead, member

_OPEN = and_(*(lead.c.status != status.value for status in sorted(CLOSED)))
_ADD = insert(lead).returning(lead.c.id)


async def add(
    tx: Tx,
    *,
    customer: int,
    now: datetime,
    contact: int | None = None,
    owner: str = "",
    source: str = "",
    kind: str = "",
    need: str = "",
    note: str = "",
    created_by: str = "",
    assigned_why: str = "",
    next_text: str = "",
    next_at: datetime | None = None,
) -> Lead:
    """Writes a new lead. `owner` "" leaves it in the public pool; `now` is also when it was assigned."""
    new = Lead(
        id=0, customer=customer, owner=owner, created_at=now, contact=contact, source=source[:64], kind=kind[:40],
        need=need, note=note, created_by=created_by, assigned_at=now if owner else None, assigned_why=assigned_why,
        next_text=next_text, next_at=next_at,
    )  # fmt: skip
    values = {name: value for name, value in _values(new).items() if name != "version"}
    made = await tx.execute(_ADD, {**values, "created_at": now})
    return replace(new, id=int(made.scalar_one()))


async def get(tx: Tx, id: int) -> Lead:
    """The lead. Raises Refused when there is none."""
    found = await find(tx, id)
    if found is None:
        raise Refused("没有这条线索")
    return found


_FIND = select(lead).where(lead.c.id == bindparam("row"))
_SAVE = update(lead).where(lead.c.id == bindparam("row"), lead.c.version == bindparam("was"))


async def find(tx: Tx, id: int) -> Lead | None:
    """The lead, or None."""
    row = (await tx.execute(_FIND, {"row": id})).one_or_none()
    return of_row(row) if row else None


async def save(tx: Tx, changed: Lead) -> Lead:
    """Writes the lead back if nobody else did meanwhile and gives it with its new version. Raises Conflict."""
    now_saved = replace(changed, version=changed.version + 1)
    done = await tx.execute(_SAVE, {"row": changed.id, "was": changed.version, **_values(now_saved)})
    if done.rowcount != 1:
        raise Conflict(f"lead {changed.id} is not at version {changed.version} any more")
    return now_saved


_OF_OWNER = select(lead).where(lead.c.owner == bindparam("whose")).order_by(lead.c.id.desc())
_OPEN_OF_OWNER = _OF_OWNER.where(_OPEN)
_OF_CUSTOMER = select(lead).where(lead.c.customer == bindparam("whose")).order_by(lead.c.id.desc())
_OPEN_OF_CUSTOMER = _OF_CUSTOMER.where(_OPEN)


async def of_owner(tx: Tx, owner: str, open_only: bool = True) -> list[Lead]:
    """The member's leads, newest first. Owner "" lists the public pool."""
    query = _OPEN_OF_OWNER if open_only else _OF_OWNER
    return [of_row(row) for row in await tx.execute(query, {"whose": owner})]


async def of_ids(tx: Tx, ids: Sequence[int]) -> list[Lead]:
    """The leads of these ids, by id; what is not there is left out."""
    found = list[Lead]()
    for at in range(0, len(ids), 500):
        query = select(lead).where(lead.c.id.in_(ids[at : at + 500])).order_by(lead.c.id)
        found += [of_row(row) for row in await tx.execute(query)]
    return found


async def adrift(tx: Tx, owners: Sequence[str]) -> int:
    """How many open leads of these members were followed up and have no next step."""
    query = select(func.count()).where(
        lead.c.owner.in_(owners), _OPEN, lead.c.last_followup_at.is_not(None), lead.c.next_at.is_(None)
    )
    return int((await tx.execute(query)).scalar_one())


async def of_customer(tx: Tx, customer: int, open_only: bool = True) -> list[Lead]:
    """The customer's leads, newest first."""
    query = _OPEN_OF_CUSTOMER if open_only else _OF_CUSTOMER
    return [of_row(row) for row in await tx.execute(query, {"whose": customer})]


async def recent(tx: Tx, owners: Sequence[str] = (), *, limit: int = 20) -> list[Lead]:
    """The newest leads (of these owners; of anybody when none is named)."""
    query = select(lead).order_by(lead.c.id.desc()).limit(limit)
    if owners:
        query = query.where(lead.c.owner.in_(owners))
    return [of_row(row) for row in await tx.execute(query)]


_SINCE = (lead.c.assigned_at >= bindparam("since", type_=lead.c.assigned_at.type), lead.c.owner != "")
_WHOSE = lead.c.owner + ""
"""Grouped by the bare column, SQLite would walk through all leads in the order of their owners."""
_ASSIGNED_SINCE = select(_WHOSE, func.count()).where(*_SINCE).group_by(_WHOSE)
_SOME_OPEN = (
    select(lead.c.id).where(lead.c.owner == member.c.id, _OPEN).limit(bindparam("most")).correlate(member)
)
_HAS_OPEN = select(
    member.c.id, select(func.count()).select_from(_SOME_OPEN.subquery()).correlate(member).scalar_subquery()
)


async def assigned_counts(tx: Tx, since: datetime) -> dict[str, int]:
    """Leads assigned since `since`, by owner; for choosing among many candidates in one question."""
    return {owner: int(count) for owner, count in await tx.execute(_ASSIGNED_SINCE, {"since": since})}


async def open_counts(tx: Tx, most: int) -> dict[str, int]:
    """Open leads of each member who has any, counted up to `most` (a cap): what is open beyond it is not looked at."""
    return {one: int(count) for one, count in await tx.execute(_HAS_OPEN, {"most": most}) if count}


async def open_count(tx: Tx, owner: str) -> int:
    """How many open leads the member has."""
    query = select(func.count()).where(lead.c.owner == owner, _OPEN)
    return int((await tx.execute(query)).scalar_one())


async def labels(tx: Tx, owners: Sequence[str] = (), *, open_only: bool = True) -> list[tuple[int, str]]:
    """(lead id, "company" or "contact name") of these owners' leads, newest first, for rules.names.match."""
    query = (
        select(lead.c.id, customer.c.company, customer.c.name, contact.c.name.label("person"))
        .join(customer, customer.c.id == lead.c.customer)
        .outerjoin(contact, contact.c.id == lead.c.contact)
        .order_by(lead.c.id.desc())
    )
    if owners:
        query = query.where(lead.c.owner.in_(owners))
    if open_only:
        query = query.where(_OPEN)
    found: list[tuple[int, str]] = []
    for row in await tx.execute(query):
        found += [
            (int(row.id), label) for label in dict.fromkeys((row.company, row.name, row.person)) if label
        ]
    return found


async def by_id_or_name(tx: Tx, words: str, owners: Sequence[str] = (), *, limit: int = 5) -> list[Lead]:
    """What a person may mean by `words`: an id (L-1024, 1024, of anybody), else the names of these owners' open leads.

    Best first; several when the name is ambiguous; empty when nothing fits.
    """
    number = text.parse_id(words.strip())
    if number is not None and number[0] in ("", "L"):
        found = await find(tx, number[1])
        return [found] if found else []
    ids = names.match(words.strip(), await labels(tx, owners), limit=limit * 2)
    return [await get(tx, id) for id in list(dict.fromkeys(ids))[:limit]]


def _values(value: Lead) -> dict[str, Any]:
    return {
        "customer": value.customer, "contact": value.contact, "owner": value.owner, "source": value.source,
        "kind": value.kind, "need": value.need, "note": value.note, "status": value.status.value,
        "created_by": value.created_by, "assigned_at": value.assigned_at, "assigned_why": value.assigned_why,
        "first_touch_at": value.first_touch_at, "last_followup_at": value.last_followup_at,
        "next_text": value.next_text, "next_at": value.next_at, "closed_at": value.closed_at,
        "acked_at": value.acked_at, "snoozed_until": value.snoozed_until, "snoozes": value.snoozes,
        "version": value.version,
    }  # fmt: skip


def of_row(row: Any) -> Lead:
    """A row that has the columns of the table → the lead."""
    return Lead(
        id=row.id, customer=row.customer, owner=row.owner, created_at=row.created_at, contact=row.contact,
        source=row.source, kind=row.kind, need=row.need, note=row.note, status=Status(row.status),
        created_by=row.created_by, assigned_at=row.assigned_at, assigned_why=row.assigned_why,
        first_touch_at=row.first_touch_at, last_followup_at=row.last_followup_at, next_text=row.next_text,
        next_at=row.next_at, closed_at=row.closed_at, acked_at=row.acked_at, snoozed_until=row.snoozed_until,
        snoozes=row.snoozes, version=row.version,
    )  # fmt: skip
