"""Imports as rows: the batch with its link, and each row of the file with what became of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.tables import contact, customer
from store.tables_sources import batch, batch_row


@dataclass(frozen=True)
class Batch:
    """An import. `state`: empty, ready (looked at), running, done, undone; `mode`: pool or assign."""

    id: int
    member: str
    filename: str
    state: str
    mode: str
    columns: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """One row of the file: `n` as the spreadsheet counts, `cells` as written, `fields` as understood, `errors` by field."""

    n: int
    cells: tuple[str, ...]
    fields: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    state: str = "new"
    why: str = ""
    lead: int | None = None
    customer: int | None = None


@dataclass(frozen=True)
class Known:
    """A customer that a row may be: who has it, who wrote it down, when."""

    customer: int
    label: str
    owner: str
    created_by: str
    created_at: datetime


async def open(tx: Tx, token: str, member: str, now: datetime, until: datetime) -> int:
    """A new batch behind a link; `token` is the hash of what stands in the link."""
    row = sa.insert(batch).values(token=token, member=member, created_at=now, expires_at=until)
    return int((await tx.execute(row.returning(batch.c.id))).scalar_one())


async def by_token(tx: Tx, token: str) -> Batch | None:
    """The batch behind a link (by its hash), also when its time is over."""
    row = (await tx.execute(sa.select(batch).where(batch.c.token == token))).first()
    return _batch(row) if row else None


async def get(tx: Tx, id: int) -> Batch | None:
    """A batch by its number."""
    row = (await tx.execute(sa.select(batch).where(batch.c.id == id))).first()
    return _batch(row) if row else None


async def of(tx: Tx, member: str, limit: int) -> list[Batch]:
    """A member's batches, the newest first."""
    query = sa.select(batch).where(batch.c.member == member).order_by(batch.c.id.desc()).limit(limit)
    return [_batch(row) for row in await tx.execute(query)]


async def relink(tx: Tx, id: int, token: str, until: datetime) -> None:
    """Another link leads to a batch (`token`: its hash), until then; the one before ends."""
    await tx.execute(sa.update(batch).where(batch.c.id == id).values(token=token, expires_at=until))


async def same_file(tx: Tx, digest: str, but: int) -> Batch | None:
    """A batch that imported the very same file before and was not undone."""
    query = sa.select(batch).where(
        batch.c.digest == digest, batch.c.id != but, batch.c.state.in_(["running", "done"])
    )
    row = (await tx.execute(query.order_by(batch.c.id.desc()).limit(1))).first()
    return _batch(row) if row else None


async def move(tx: Tx, id: int, was: Sequence[str], to: str, **values: Any) -> bool:
    """Moves a batch on; False when it is not where it was thought to be."""
    done: Any = await tx.execute(
        sa.update(batch).where(batch.c.id == id, batch.c.state.in_(was)).values(state=to, **values)
    )
    return bool(done.rowcount == 1)


async def fill(tx: Tx, id: int, rows: Sequence[Row]) -> None:
    """Writes the rows of the file, in place of those of an earlier try."""
    await tx.execute(sa.delete(batch_row).where(batch_row.c.batch == id))
    for start in range(0, len(rows), 500):
        values = [
            {"batch": id, "n": row.n, "cells": _json(row.cells), "fields": _json(row.fields),
             "errors": _json(row.errors), "state": row.state, "why": row.why}
            for row in rows[start : start + 500]
        ]  # fmt: skip
        await tx.execute(sa.insert(batch_row), values)


async def rows(tx: Tx, id: int, states: Sequence[str] = (), limit: int = 0) -> list[Row]:
    """Rows in the file's order, of these states (of all when none is named)."""
    query = sa.select(batch_row).where(batch_row.c.batch == id).order_by(batch_row.c.n)
    if states:
        query = query.where(batch_row.c.state.in_(states))
    if limit:
        query = query.limit(limit)
    return [_row(row) for row in await tx.execute(query)]


async def note(
    tx: Tx, id: int, n: int, state: str, *, why: str = "", lead: int | None = None, customer: int | None = None
) -> None:  # fmt: skip
    """What became of a row."""
    values: dict[str, Any] = {"state": state, "why": why}
    if lead is not None:
        values |= {"lead": lead, "customer": customer}
    await tx.execute(sa.update(batch_row).where(batch_row.c.batch == id, batch_row.c.n == n).values(**values))


async def counts(tx: Tx, id: int) -> dict[str, int]:
    """How many rows are in each state."""
    query = sa.select(batch_row.c.state, sa.func.count()).where(batch_row.c.batch == id)
    return {state: int(n) for state, n in await tx.execute(query.group_by(batch_row.c.state))}


async def known(tx: Tx, column: str, values: Sequence[str]) -> dict[str, Known]:
    """Which of these are customers of ours: `column` is "phone", "email", "core" or "credit_code". One question
    for 500 values."""
    key = {
        "phone": contact.c.phone_key, "email": contact.c.email_key, "core": customer.c.core,
        "credit_code": customer.c.credit_code,
    }[column]  # fmt: skip
    joined = customer.outerjoin(
        contact, (contact.c.customer == customer.c.id) & contact.c.deleted_at.is_(None)
    )
    columns = [customer.c[name] for name in ("id", "company", "name", "owner", "created_by", "created_at")]
    named = {value for value in values if value}
    if column in ("core", "credit_code"):
        meant = {value: value for value in named}
    else:  # by each key that a row may be marked with
        meant = {mark: value for value in named for mark in tx.seals.marks(value)}
    wanted, found = sorted(meant), dict[str, Known]()
    for start in range(0, len(wanted), 500):
        query = sa.select(key.label("found"), *columns).select_from(joined)
        query = query.where(key.in_(wanted[start : start + 500]), customer.c.deleted_at.is_(None))
        for row in await tx.execute(query.order_by(customer.c.id)):
            one = Known(row.id, row.company or row.name, row.owner, row.created_by, row.created_at)
            value = meant[row.found]
            if value not in found or (one.owner and not found[value].owner):
                found[value] = one
    return found


def _json(value: Mapping[str, str] | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _batch(row: Any) -> Batch:
    return Batch(
        id=row.id, member=row.member, filename=row.filename, state=row.state, mode=row.mode,
        columns=tuple(json.loads(row.columns or "[]")), created_at=row.created_at, expires_at=row.expires_at,
        finished_at=row.finished_at,
    )  # fmt: skip


def _row(row: Any) -> Row:
    return Row(
        n=row.n, cells=tuple(json.loads(row.cells)), fields=json.loads(row.fields), errors=json.loads(row.errors),
        state=row.state, why=row.why, lead=row.lead, customer=row.customer,
    )  # fmt: skip
