"""Sources that were defined on the page 接入, what they were before, and what came in by any source. (B07)"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.tables_sources import origin, source, source_state, source_version
from store.tx import Conflict, upsert

KEPT = 50
"""Versions of one source that are remembered."""


@dataclass(frozen=True)
class Defined:
    """A source as it stands. `kind`: connector or mailbox; `preset`: by which choice it was begun; `body`: its section
    as config.toml would have it, without the secret."""

    id: int
    kind: str
    name: str
    preset: str
    version: int
    enabled: bool
    body: dict[str, Any]
    secret: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Version:
    """What a source was from `at` on, by whom."""

    version: int
    body: dict[str, Any]
    by: str
    at: datetime


@dataclass(frozen=True)
class State:
    """What came in: when last, how much on `day`; and what went wrong last."""

    last_at: datetime | None = None
    day: str = ""
    today: int = 0
    error: str = ""
    error_at: datetime | None = None


def _defined(row: Any) -> Defined:
    return Defined(**{**row._mapping, "body": json.loads(row.body)})


def _dumped(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


# ── what is defined ────────────────────────────────────────────────────────────────────────────────────
async def get(tx: Tx, kind: str, name: str) -> Defined | None:
    """The source of this kind and name, None when there is none."""
    row = (
        await tx.execute(sa.select(source).where(source.c.kind == kind, source.c.name == name).limit(1))
    ).first()
    return _defined(row) if row else None


async def every(tx: Tx, kind: str = "") -> list[Defined]:
    """All of them (of one kind), by name."""
    query = sa.select(source).order_by(source.c.kind, source.c.name)
    return [_defined(row) for row in await tx.execute(query.where(source.c.kind == kind) if kind else query)]


async def add(tx: Tx, one: Defined) -> None:
    """A new one (`id` and `version` are given here)."""
    values = {
        "kind": one.kind, "name": one.name, "preset": one.preset, "enabled": one.enabled, "secret": one.secret,
        "body": _dumped(one.body), "by": one.by, "at": one.at,
    }  # fmt: skip
    id = (await tx.execute(sa.insert(source).values(**values).returning(source.c.id))).scalar_one()
    await _remember(tx, int(id), 1, one)


async def change(tx: Tx, one: Defined) -> None:
    """`one` as it was read, with other body and secret: saved as the next version. Raises Conflict."""
    values = {
        "version": one.version + 1, "secret": one.secret, "body": _dumped(one.body), "by": one.by, "at": one.at,
    }  # fmt: skip
    done = await tx.execute(
        sa.update(source).where(source.c.id == one.id, source.c.version == one.version).values(**values)
    )
    if done.rowcount != 1:
        raise Conflict
    await _remember(tx, one.id, one.version + 1, one)


async def _remember(tx: Tx, id: int, version: int, one: Defined) -> None:
    row = {"source": id, "version": version, "body": _dumped(one.body), "by": one.by, "at": one.at}
    await tx.execute(sa.insert(source_version).values(**row))
    old = sa.delete(source_version).where(
        source_version.c.source == id, source_version.c.version <= version - KEPT
    )
    await tx.execute(old)


async def switch(tx: Tx, id: int, on: bool) -> None:
    """启用 or 停用."""
    await tx.execute(sa.update(source).where(source.c.id == id).values(enabled=on))


async def remove(tx: Tx, one: Defined) -> None:
    """Forgets it with its secret and its versions, and what is known of its state."""
    await tx.execute(sa.delete(source_version).where(source_version.c.source == one.id))
    await tx.execute(sa.delete(source).where(source.c.id == one.id))
    here = sa.and_(source_state.c.kind == one.kind, source_state.c.name == one.name)
    await tx.execute(sa.delete(source_state).where(here))


async def versions(tx: Tx, id: int) -> list[Version]:
    """What it was, newest first."""
    query = sa.select(
        source_version.c.version, source_version.c.body, source_version.c.by, source_version.c.at
    ).where(source_version.c.source == id)
    rows = await tx.execute(query.order_by(source_version.c.version.desc()))
    return [Version(row.version, json.loads(row.body), row.by, row.at) for row in rows]


# ── what came in ───────────────────────────────────────────────────────────────────────────────────────
async def heard(tx: Tx, kind: str, name: str, day: str, now: datetime) -> None:
    """Something came in and was understood. `day`: today in the business zone, which the count is for."""
    insert = upsert(tx, source_state).values(kind=kind, name=name, last_at=now, day=day, today=1)
    count = sa.case((source_state.c.day == day, source_state.c.today + 1), else_=1)
    await tx.execute(
        insert.on_conflict_do_update(
            index_elements=["kind", "name"], set_={"last_at": now, "day": day, "today": count}
        )
    )


async def trouble(tx: Tx, kind: str, name: str, why: str, now: datetime) -> None:
    """Something was refused or could not be read; `why` "" when all is well again."""
    values = {"error": why, "error_at": now if why else None}
    insert = upsert(tx, source_state).values(kind=kind, name=name, **values)
    await tx.execute(insert.on_conflict_do_update(index_elements=["kind", "name"], set_=values))


async def states(tx: Tx) -> dict[tuple[str, str], State]:
    """(kind, name) → how it stands, of those that were ever heard of."""
    rows = await tx.execute(sa.select(source_state))
    return {
        (row.kind, row.name): State(row.last_at, row.day, row.today, row.error, row.error_at) for row in rows
    }


async def arrivals(tx: Tx, kind: str, since: datetime, day: datetime) -> dict[str, tuple[datetime, int]]:
    """Name → when the last lead of this kind of origin came in and how many did from `day` on; those since `since`."""
    today = sa.func.sum(sa.case((origin.c.at >= day, 1), else_=0))
    query = (
        sa.select(
            origin.c.name, sa.func.max(origin.c.at, type_=origin.c.at.type).label("last"), today.label("n")
        )
        .where(origin.c.kind == kind, origin.c.at >= since)
        .group_by(origin.c.name)
    )
    return {row.name: (row.last, int(row.n)) for row in await tx.execute(query)}
