"""Customers that became part of another: everything that was theirs is moved, noted, and can be put back. (C.7 merge)"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.leads import CLOSED, Contact, Customer
from rules.merging import FIELDS, PERSONAL, Folded, back
from store import name_keys, timeline
from store.customers import contact as contact_of
from store.customers import phone_key
from store.db import Conflict, Tx
from store.tables import contact, customer, followup, lead, meta, request, task
from store.tables_customers import merger
from store.tables_opportunities import opportunity
from store.tables_sources import touchpoint

NOT_MOVED = frozenset({"customer", "name_key", "name_near", "merger"})
"""Tables that name customers and are looked after one by one, here."""
CHUNK = 500
Moved = dict[str, list[list[Any]]]
"""Table → the keys (without the customer) of the rows that were moved."""


@dataclass(frozen=True)
class Merger:
    """`gone` became part of `kept`. `undo`: the row that can take it back until `until`."""

    id: int
    gone: int
    kept: int
    member: str
    at: datetime
    until: datetime
    undo: int = 0
    undone_at: datetime | None = None
    body: dict[str, Any] = field(default_factory=dict)


def holders() -> list[tuple[sa.Table, Any]]:
    """Every table whose rows belong to a customer, with the column that says to which, in a fixed order."""
    found = []
    for name, table in sorted(meta.tables.items()):
        columns = [
            one for one in table.columns
            if one.name == "customer" or any(key.column is customer.c.id for key in one.foreign_keys)
        ]  # fmt: skip
        if columns and name not in NOT_MOVED:
            found.append((table, columns[0]))
    return found


# ── what there is ──────────────────────────────────────────────────────────────────────────────────────
async def counts(tx: Tx, id: int) -> dict[str, int]:
    """How much belongs to a customer: contacts, leads, open (of them), followups, touches, opportunities, tasks,
    timers, forms."""

    async def count(query: sa.Select[Any]) -> int:
        return int((await tx.execute(query)).scalar() or 0)

    n = sa.func.count()
    theirs = sa.select(lead.c.id).where(lead.c.customer == id)
    is_open = lead.c.status.not_in([status.value for status in CLOSED])
    running = [int(row.id) for row in await tx.execute(theirs.where(is_open).order_by(lead.c.id))]
    return {
        "contacts": await count(sa.select(n).where(contact.c.customer == id, contact.c.deleted_at.is_(None))),
        "leads": await count(sa.select(n).where(lead.c.customer == id)),
        "open": len(running),
        "followups": await count(
            sa.select(n).where(followup.c.customer == id, followup.c.undone_at.is_(None))
        ),
        "touches": await count(sa.select(n).where(touchpoint.c.customer == id)),
        "opportunities": await count(
            sa.select(n).where(opportunity.c.customer == id, opportunity.c.outcome != "void")
        ),
        "tasks": await count(sa.select(n).where(task.c.lead.in_(theirs), task.c.done_at.is_(None))),
        "forms": await count(sa.select(n).where(request.c.lead.in_(theirs))),
        "timers": sum([len(await timeline.timers(tx, one)) for one in running]),
    }


async def standing(tx: Tx, gone: int) -> Merger | None:
    """The merger by which a customer became part of another, when it was not taken back."""
    query = sa.select(merger).where(merger.c.gone == gone, merger.c.undone_at.is_(None))
    row = (await tx.execute(query)).one_or_none()
    return _merger(row) if row else None


async def get(tx: Tx, id: int) -> Merger:
    """The merger of this number. Raises LookupError."""
    row = (await tx.execute(sa.select(merger).where(merger.c.id == id))).one_or_none()
    if row is None:
        raise LookupError(f"there is no merger {id}")
    return _merger(row)


async def into(tx: Tx, kept: int) -> list[Merger]:
    """What became part of a customer and still is, oldest first."""
    query = sa.select(merger).where(merger.c.kept == kept, merger.c.undone_at.is_(None))
    return [_merger(row) for row in await tx.execute(query.order_by(merger.c.id))]


async def joined_with(tx: Tx, id: int) -> int:
    """The `gone` of a merger that stands and has this customer on either side, 0 when there is none."""
    query = sa.select(merger.c.gone).where(
        sa.or_(merger.c.gone == id, merger.c.kept == id), merger.c.undone_at.is_(None)
    )
    return int((await tx.execute(query.order_by(merger.c.id.desc()).limit(1))).scalar() or 0)


async def once_were(tx: Tx, kept: int) -> list[int]:
    """The ids of all customers that are part of this one now, of those that came with them too."""
    found: list[int] = []
    todo = [kept]
    while todo:
        found += (more := [one.gone for id in todo for one in await into(tx, id)])
        todo = more
    return found


# ── one out of two ─────────────────────────────────────────────────────────────────────────────────────
async def lock(tx: Tx, ids: Sequence[int]) -> None:
    """Nobody else hangs anything on these customers until the transaction ends."""
    query = sa.select(customer.c.id).where(customer.c.id.in_(ids)).order_by(customer.c.id)
    await tx.execute(query.with_for_update())


async def merge(
    tx: Tx,
    kept: Customer,
    gone: Customer,
    after: Customer,
    folded: Sequence[Folded],
    *,
    member: str,
    now: datetime,
    until: datetime,
) -> Merger:
    """Makes `gone` a part of `kept`, which then says what `after` says. Raises Conflict when either changed meanwhile.

    Call `lock` before reading the two: what is written to `gone` by somebody who is slower is moved by `sweep`.
    """
    updated = [await _updated(tx, kept.id), await _updated(tx, gone.id)]
    await _save(tx, kept, _values(after), now)
    await _save(tx, gone, {"deleted_at": now, "merged_into": kept.id}, now)
    await name_keys.keep(tx, after)
    await name_keys.drop(tx, gone.id)
    hidden = [one.gone.id for one in folded]
    for one in folded:
        await _rewrite_contact(tx, one.filled)
    await tx.execute(sa.update(contact).where(contact.c.id.in_(hidden)).values(deleted_at=now))
    last = {table.name: await _last(tx, table) for table, _ in holders()}
    moved = await _move_all(tx, gone.id, kept.id, but={"contact": hidden})
    body = {
        "before": _values(kept), "after": _values(after), "moved": moved, "last": last,
        "folded": [[one.gone.id, one.kept.id, list(one.blanks)] for one in folded],
        "updated": [at.isoformat() if at else "" for at in updated],
    }  # fmt: skip
    made = await tx.execute(
        sa.insert(merger)
        .values(gone=gone.id, kept=kept.id, member=member, at=now, until=until, body=_json(body))
        .returning(merger.c.id)
    )
    return Merger(int(made.scalar_one()), gone.id, kept.id, member, now, until, body=body)


async def undoable_as(tx: Tx, one: Merger, undo: int) -> None:
    """Notes the undo row that takes it back."""
    await tx.execute(sa.update(merger).where(merger.c.id == one.id).values(undo=undo))


async def sweep(tx: Tx, one: Merger) -> int:
    """Moves what somebody wrote to `gone` who had read it before it became part of `kept`. Returns how many rows."""
    hidden = [folded[0] for folded in one.body["folded"]]
    late = await _move_all(tx, one.gone, one.kept, but={"contact": hidden})
    if not late:
        return 0
    moved = one.body["moved"]
    for name, keys in late.items():
        moved.setdefault(name, []).extend(keys)
    await tx.execute(sa.update(merger).where(merger.c.id == one.id).values(body=_json(one.body)))
    return sum(len(keys) for keys in late.values())


# ── and two again ──────────────────────────────────────────────────────────────────────────────────────
async def put_back(tx: Tx, one: Merger, kept: Customer, *, member: str, now: datetime) -> None:
    """What was `gone`'s is `gone`'s again, and what was written since about its leads and contacts; what else was written
    since stays. `kept` says what it said before, but for what somebody changed since. Raises Conflict."""
    done = await tx.execute(
        sa.update(merger).where(merger.c.id == one.id, merger.c.undone_at.is_(None)).values(undone_at=now, undone_by=member)
    )  # fmt: skip
    if done.rowcount != 1:
        raise Conflict(f"merger {one.id} was taken back already")
    values = back(one.body["before"], one.body["after"], _values(kept))
    stood, left = (datetime.fromisoformat(at) if at else None for at in one.body["updated"])
    whole = len(values) == len(one.body["before"]) and await _updated(tx, kept.id) == one.at
    await _save(tx, kept, values, stood if whole else now)
    await tx.execute(
        sa.update(customer)
        .where(customer.c.id == one.gone, customer.c.merged_into == one.kept)
        .values(deleted_at=None, merged_into=None, updated_at=left, version=customer.c.version + 1)
    )
    await _contacts_back(tx, one)
    for table, column in holders():
        keys = one.body["moved"].get(table.name, [])
        for at in range(0, len(keys), CHUNK):
            await _shift(tx, table, column, one.kept, one.gone, _these(table, column, keys[at : at + CHUNK]))
    await _what_came_since(tx, one)
    for id in (one.kept, one.gone):
        row = (await tx.execute(sa.select(customer).where(customer.c.id == id))).one()
        await name_keys.keep(tx, Customer(row.id, row.name, row.company, row.core))


async def _contacts_back(tx: Tx, one: Merger) -> None:
    """Contacts who were folded into another stand there again; the other loses what it got from them, unless changed."""
    for gone, kept, blanks in reversed(one.body["folded"]):
        await tx.execute(sa.update(contact).where(contact.c.id == gone).values(deleted_at=None))
        came, now_is = await contact_of(tx, gone), await contact_of(tx, kept)
        if came is not None and now_is is not None:
            same: dict[str, Any] = {
                name: "" for name in blanks if getattr(came, name) == getattr(now_is, name)
            }
            await _rewrite_contact(tx, replace(now_is, **same))


async def _what_came_since(tx: Tx, one: Merger) -> None:
    """Rows newer than the merger that are about a lead or a contact of `gone` belong to it."""
    tables = sorted(
        holders(), key=lambda pair: pair[0].name != "lead"
    )  # a contact's new lead takes its rows along
    for table, column in tables:
        if "id" not in table.c:
            continue
        about = [
            table.c[name].in_(sa.select(whose.c.id).where(whose.c.customer == one.gone))
            for name, whose in (("lead", lead), ("contact", contact))
            if name in table.c
        ]
        if about:
            newer = table.c.id > one.body["last"].get(table.name, 0)
            await _shift(tx, table, column, one.kept, one.gone, [newer, sa.or_(*about)])


# ── how rows move ──────────────────────────────────────────────────────────────────────────────────────
async def _move_all(tx: Tx, gone: int, kept: int, *, but: Mapping[str, Sequence[int]]) -> Moved:
    moved: Moved = {}
    for table, column in holders():
        free = [~_taken(table, column, names, kept) for names in _unique_with(table, column)]
        if hidden := but.get(table.name):
            free.append(table.c.id.not_in(hidden))
        if keys := await _shift(tx, table, column, gone, kept, free):
            moved[table.name] = keys
    return moved


async def _shift(
    tx: Tx, table: sa.Table, column: Any, was: int, to: int, only: Sequence[Any]
) -> list[list[Any]]:
    """Rows of `was` that fulfil all of `only` become `to`'s. Returns their keys in a fixed order."""
    values = {column.name: to} | ({"version": table.c.version + 1} if "version" in table.c else {})
    keys = _keys(table, column)
    query = sa.update(table).where(column == was, *only).values(**values)
    if keys:
        return sorted(list(row) for row in await tx.execute(query.returning(*keys)))
    done: Any = await tx.execute(query)
    return [[]] * done.rowcount


def _keys(table: sa.Table, column: Any) -> list[Any]:
    """What tells a customer's rows of a table apart: the primary key without the customer."""
    return [one for one in table.primary_key.columns if one is not column]


def _these(table: sa.Table, column: Any, keys: Sequence[Sequence[Any]]) -> list[Any]:
    columns = _keys(table, column)
    if len(columns) == 1:
        return [columns[0].in_([key[0] for key in keys])]
    return (
        [sa.or_(*(sa.and_(*(c == v for c, v in zip(columns, key, strict=True))) for key in keys))]
        if columns
        else []
    )


def _unique_with(table: sa.Table, column: Any) -> list[list[str]]:
    """The other columns of everything that may be there once for each customer."""
    sets = [list(table.primary_key.columns)]
    sets += [list(one.columns) for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    sets += [list(one.columns) for one in table.indexes if one.unique]
    return [[c.name for c in some if c is not column] for some in sets if any(c is column for c in some)]


def _taken(table: sa.Table, column: Any, names: Sequence[str], kept: int) -> Any:
    """Whether `kept` has such a row already: the one of `gone` stays where it is then, out of sight."""
    other = table.alias()
    same = [other.c[name] == table.c[name] for name in names]
    return sa.exists().where(other.c[column.name] == kept, *same).correlate(table)


async def _last(tx: Tx, table: sa.Table) -> int:
    if "id" not in table.c:
        return 0
    return int((await tx.execute(sa.select(sa.func.max(table.c.id)))).scalar() or 0)


async def _updated(tx: Tx, id: int) -> datetime | None:
    found: datetime | None = (
        await tx.execute(sa.select(customer.c.updated_at).where(customer.c.id == id))
    ).scalar()
    return found


async def _save(tx: Tx, one: Customer, values: Mapping[str, Any], at: datetime | None) -> None:
    done = await tx.execute(
        sa.update(customer)
        .where(customer.c.id == one.id, customer.c.version == one.version)
        .values(**values, updated_at=at, version=one.version + 1)
    )
    if done.rowcount != 1:
        raise Conflict(f"customer {one.id} is not at version {one.version} any more")


async def _rewrite_contact(tx: Tx, one: Contact) -> None:
    values = {name: getattr(one, name) for name in PERSONAL}
    marks = {"phone_key": tx.seals.mark(phone_key(one.phone)), "email_key": tx.seals.mark(one.email)}
    await tx.execute(sa.update(contact).where(contact.c.id == one.id).values(**values, **marks))


def _values(one: Customer) -> dict[str, str]:
    return {name: getattr(one, name) for name in (*FIELDS, "core")}


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


def _merger(row: Any) -> Merger:
    return Merger(
        id=row.id, gone=row.gone, kept=row.kept, member=row.member, at=row.at, until=row.until, undo=row.undo,
        undone_at=row.undone_at, body=json.loads(row.body),
    )  # fmt: skip
