"""Timers: what shall come back as an event at a time of the business clock, found again by kind and key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.statements import PerDialect
from store.tables import timer
from store.tx import Tx


@dataclass(frozen=True)
class Due:
    """A timer whose time has come. `payload`: what was stored with it, as JSON text; nobody reads it on its way."""

    id: int
    kind: str
    key: str
    due: datetime
    payload: str = "{}"


def _setting(insert: Any, *, keep_earlier: bool) -> Any:
    row = insert(timer)
    return row.on_conflict_do_update(
        index_elements=["kind", "key"], set_={"due": row.excluded.due, "payload": row.excluded.payload},
        where=row.excluded.due < timer.c.due if keep_earlier else None,
    )  # fmt: skip


_SET_TIMER = PerDialect(lambda insert: _setting(insert, keep_earlier=False))
_SET_EARLIER = PerDialect(lambda insert: _setting(insert, keep_earlier=True))


async def set_timer(
    tx: Tx, kind: str, key: str, due: datetime, payload: Mapping[str, Any], now: datetime, *,
    keep_earlier: bool = False,
) -> None:  # fmt: skip
    """Sets or moves the timer kind/key. With `keep_earlier` an earlier due time stays."""
    text = json.dumps(payload, ensure_ascii=False)
    await tx.execute(
        (_SET_EARLIER if keep_earlier else _SET_TIMER)[tx.dialect.name],
        {"kind": kind, "key": key, "due": due, "payload": text, "created_at": now},
    )


_DROP_TIMER = sa.delete(timer).where(timer.c.kind == sa.bindparam("of"), timer.c.key == sa.bindparam("about"))


async def drop_timer(tx: Tx, kind: str, key: str) -> None:
    """Removes a timer."""
    await tx.execute(_DROP_TIMER, {"of": kind, "about": key})


async def has_timer(tx: Tx, kind: str, key: str) -> bool:
    """Whether the timer is set."""
    found = await tx.execute(sa.select(timer.c.id).where(timer.c.kind == kind, timer.c.key == key))
    return found.first() is not None


_FIRST = sa.select(sa.func.min(timer.c.due))
_DUE_TIMERS = (
    sa.select(timer.c.id)
    .where(timer.c.due <= sa.bindparam("now", type_=timer.c.due.type))
    .order_by(timer.c.due)
    .limit(sa.bindparam("n"))
    .with_for_update(skip_locked=True)
    .cte("pick")
    .prefix_with("MATERIALIZED")
)
_FIRE = (
    sa.delete(timer)
    .where(timer.c.id.in_(sa.select(_DUE_TIMERS.c.id)))
    .returning(timer.c.id, timer.c.kind, timer.c.key, timer.c.due, timer.c.payload)
)


async def next_timer(tx: Tx) -> datetime | None:
    """When the next timer is due, None when there is none."""
    due: datetime | None = (await tx.execute(_FIRST)).scalar()
    return due


async def fire(tx: Tx, now: datetime, *, n: int) -> list[Due]:
    """Takes up to n due timers away, oldest first. The caller puts them into the inbox in the same transaction."""
    rows = (await tx.execute(_FIRE, {"now": now, "n": n})).all()
    return sorted((Due(*row) for row in rows), key=lambda one: (one.due, one.id))
