"""The inbox: events that came, in the order of their lanes, until they are handled or put aside as dead letters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from rules.json_text import written
from store.lanes import SOON, Fenced, wake
from store.queues import DEAD, DONE, OPEN
from store.statements import among, listed
from store.tables import inbox
from store.tx import RAISED, Tx


@dataclass(frozen=True)
class Inrow:
    """An open inbox row. `body` is the event as JSON text; `next_at`: not before then (ms); `starts`: see store/suspects.py."""

    id: int
    dedup: str
    body: str
    attempts: int
    created_at: datetime
    next_at: int = 0
    starts: int = 0


class _Incoming(Protocol):
    @property
    def dedup(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def event(self) -> Any: ...


_PUT = sa.text(
    "INSERT INTO inbox (dedup, lane, body, created_at) VALUES (:dedup, :lane, :body, :at) ON CONFLICT (dedup) DO NOTHING"
)
_NEWEST = sa.select(inbox.c.lane).order_by(inbox.c.id.desc()).limit(sa.bindparam("n"))
# For PostgreSQL one statement text whatever the number of rows: the batch travels as one JSON value.
_INSERT = (
    "INSERT INTO inbox (dedup, lane, body, created_at) SELECT value->>0, value->>1, value->>2, :now"
    " FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS t(value, n) ORDER BY n"
    " ON CONFLICT (dedup) DO NOTHING RETURNING lane"
)
_RAISED = (
    "INSERT INTO lane (q, key, pending, due, epoch) SELECT 'inbox', lane, count(*), 0, 0 FROM fresh GROUP BY lane"
    f" ORDER BY lane ON CONFLICT (q, key) DO UPDATE SET {SOON['postgresql']}"
)
_TAKE, _STORE = (
    sa.text(text).bindparams(sa.bindparam("now", type_=inbox.c.created_at.type))
    for text in (_INSERT, f"WITH fresh AS ({_INSERT}), more AS ({_RAISED}) SELECT lane FROM fresh")
)
_BODY = b"inbox.body"


async def take(tx: Tx, incoming: Sequence[_Incoming], now: datetime, *, encode: Callable[[Any], str]) -> int:
    """Stores events that are not stored yet, in order. Returns how many were new (the rest are repeats)."""
    rows = _rows(tx, incoming, encode)
    fresh = await (_put if tx.dialect.name == "sqlite" else _take)(tx, rows, now)
    if fresh:
        wake(tx, "inbox", fresh)
    return len(fresh)


async def store(
    tx: Tx, incoming: Sequence[_Incoming], now: datetime, *, encode: Callable[[Any], str]
) -> None:
    """The same in a transaction that does nothing else; on PostgreSQL it is one statement."""
    if tx.dialect.name == "sqlite":
        await take(tx, incoming, now, encode=encode)
        return
    found = await tx.only(_STORE, {"rows": written(_rows(tx, incoming, encode)), "now": now})
    tx.info.setdefault(RAISED, set()).update(("inbox", lane) for lane in found.scalars())


def _rows(tx: Tx, incoming: Sequence[_Incoming], encode: Callable[[Any], str]) -> list[tuple[str, str, str]]:
    seal = tx.seals.seal  # no column of these statements knows what is in it
    return [(one.dedup, one.lane, seal(_BODY, encode(one.event))) for one in incoming]


async def _put(tx: Tx, rows: list[tuple[str, str, str]], now: datetime) -> list[str]:
    """The lanes of those that are new, on SQLite."""
    stored_as: Any = inbox.c.created_at.type.bind_processor(tx.dialect)
    at = stored_as(now)
    done = await tx.execute(
        _PUT, [{"dedup": key, "lane": lane, "body": body, "at": at} for key, lane, body in rows]
    )
    if done.rowcount == len(rows):
        return [lane for _, lane, _ in rows]
    # ids only grow, and nobody else writes: the newest are those of this statement
    return list((await tx.execute(_NEWEST, {"n": done.rowcount})).scalars())


async def _take(tx: Tx, rows: list[tuple[str, str, str]], now: datetime) -> list[str]:
    """The same on PostgreSQL."""
    said = written(rows)
    return (await tx.execute(_TAKE, {"rows": said, "now": now})).scalars().all()


_ROW = (
    inbox.c.id, inbox.c.dedup, inbox.c.body, inbox.c.attempts, inbox.c.created_at, inbox.c.next_at, inbox.c.starts
)  # fmt: skip
_OPEN_IN = (
    sa.select(*_ROW)
    .where(inbox.c.lane == sa.bindparam("lane"), inbox.c.state == OPEN)
    .order_by(inbox.c.id)
    .limit(sa.bindparam("n"))
)


async def open_events(tx: Tx, key: str, limit: int) -> list[Inrow]:
    """The next open events of a lane, oldest first."""
    return [Inrow(*row) for row in await tx.execute(_OPEN_IN, {"lane": key, "n": limit})]


_OPEN_OF = {
    dialect: sa.select(inbox.c.lane, *_ROW)
    .where(among(dialect, inbox.c.lane, "lanes"), inbox.c.state == OPEN)
    .order_by(inbox.c.lane, inbox.c.id)
    .limit(sa.bindparam("n"))
    for dialect in ("sqlite", "postgresql")
}


async def open_events_of(tx: Tx, keys: Sequence[str], limit: int) -> dict[str, list[Inrow]]:
    """The same for several lanes at once, `limit` rows in all."""
    found: dict[str, list[Inrow]] = {}
    for row in await tx.execute(_OPEN_OF[tx.dialect.name], {"lanes": listed(tx, keys), "n": limit}):
        found.setdefault(row[0], []).append(Inrow(*row[1:]))
    return found


_END_IN = (
    sa.update(inbox)
    .where(inbox.c.id == sa.bindparam("row"), inbox.c.state == OPEN)
    .values(state=sa.bindparam("to"), error=sa.bindparam("why"), done_at=sa.bindparam("at"))
)


async def end_event(tx: Tx, row: int, now: datetime, *, error: str = "", dead: bool = False) -> None:
    """Marks an event as handled (or, with `dead`, as a dead letter with the reason)."""
    done = await tx.execute(_END_IN, {"row": row, "to": DEAD if dead else DONE, "why": error, "at": now})
    if done.rowcount != 1:
        raise Fenced(f"event {row} is handled already")


async def retry_event(tx: Tx, row: int, error: str, next_ms: int, *, counts: bool) -> None:
    """Keeps an event open for another try; `counts` is False when the database was at fault, not the event."""
    await tx.execute(
        sa.update(inbox)
        .where(inbox.c.id == row, inbox.c.state == OPEN)
        .values(attempts=inbox.c.attempts + (1 if counts else 0), error=error, next_at=next_ms)
    )


_OUTCOME = sa.select(inbox.c.id, inbox.c.state, inbox.c.error).where(inbox.c.dedup == sa.bindparam("key"))


async def outcome(tx: Tx, dedup: str) -> tuple[int, int, str] | None:
    """(id, state, error) of an event, for whoever waits for it; None when it was never stored."""
    row = (await tx.execute(_OUTCOME, {"key": dedup})).first()
    return (row.id, row.state, row.error) if row else None


@dataclass(frozen=True)
class DeadLetter:
    """An event that could not be handled."""

    id: int
    lane: str
    error: str
    attempts: int
    created_at: datetime


NEWEST = 200
"""So many of the newest events are looked at for the last of a platform."""
_LAST = (
    sa.select(inbox.c.lane, inbox.c.created_at)
    .where(inbox.c.id > sa.select(sa.func.max(inbox.c.id)).scalar_subquery() - NEWEST)
    .order_by(inbox.c.id.desc())
)


async def last_from(tx: Tx, platform: str) -> datetime | None:
    """When somebody's latest message or press came in by this platform, None when none of the newest events is one."""
    rows = (await tx.execute(_LAST)).all()
    return next((row.created_at for row in rows if row.lane.startswith(f"{platform}:")), None)


async def dead_letters(tx: Tx, limit: int = 10) -> list[DeadLetter]:
    """The newest dead letters."""
    rows = await tx.execute(
        sa.select(inbox.c.id, inbox.c.lane, inbox.c.error, inbox.c.attempts, inbox.c.created_at)
        .where(inbox.c.state == DEAD)
        .order_by(inbox.c.id.desc())
        .limit(limit)
    )
    return [DeadLetter(*row) for row in rows]


async def replay(tx: Tx, row: int) -> bool:
    """Opens a dead letter again; False when it is none."""
    found = await tx.execute(
        sa.update(inbox)
        .where(inbox.c.id == row, inbox.c.state == DEAD)
        .values(state=OPEN, attempts=0, starts=0, next_at=0, done_at=None)
        .returning(inbox.c.lane)
    )
    key = found.scalar()
    if key is None:
        return False
    wake(tx, "inbox", [key])
    return True
