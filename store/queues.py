"""The tables that drive the bot: inbox, outbox, their lanes (mailboxes with lease and fence), and timers.

Two kinds of time meet here. Due times of timers and everything people see are business time (UTC datetimes). Leases,
retries and throttles are machine time: `ms`, milliseconds of the real clock, so that a rehearsal which jumps ahead
four hours does not lose its leases.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from store.db import Tx
from store.statements import PerDialect, insert_of
from store.tables import card as screen
from store.tables import inbox, lane, outbox, replica, timer
from store.tx import ALIVE, HANDLING, RAISED

Queue = Literal["inbox", "outbox"]
OPEN, DONE, DEAD = 0, 2, 3


class Fenced(Exception):
    """Another worker has this lane now: whatever was done here must be rolled back."""


@dataclass(frozen=True)
class Lease:
    """A claimed lane."""

    key: str
    epoch: int
    pending: int


@dataclass(frozen=True)
class Inrow:
    """An open inbox row. `body` is the event as JSON text."""

    id: int
    dedup: str
    body: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True)
class Outrow:
    """What a Turn wants sent. `body` is plain JSON and is sent again byte for byte; lane = the recipient."""

    dedup: str
    member: str
    way: str
    body: dict[str, Any]
    kind: str = ""
    card: int | None = None
    subject: str = ""
    priority: int = 1


@dataclass(frozen=True)
class Queued:
    """An open outbox row."""

    id: int
    member: str
    way: str
    body: dict[str, Any]
    card: int | None
    subject: str
    kind: str
    priority: int
    attempts: int
    ledger: str
    created_at: datetime
    error: str = ""
    next_at: int = 0
    platform: str = ""  # which one `next_at` is about


class _Incoming(Protocol):
    @property
    def dedup(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def event(self) -> Any: ...


def upsert(tx: Tx, table: sa.Table) -> Any:
    """INSERT with ON CONFLICT for whichever database this is."""
    return insert_of(tx.dialect.name)(table)


# One statement text whatever the number of rows: the batch travels as one JSON value.
_TAKE = {
    "sqlite": sa.text(
        "INSERT INTO inbox (dedup, lane, body, created_at) SELECT value->>0, value->>1, value->>2, :now"
        " FROM json_each(:rows) WHERE true ORDER BY key ON CONFLICT (dedup) DO NOTHING RETURNING lane"
    ),
    "postgresql": sa.text(
        "INSERT INTO inbox (dedup, lane, body, created_at) SELECT value->>0, value->>1, value->>2, :now"
        " FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS t(value, n) ORDER BY n"
        " ON CONFLICT (dedup) DO NOTHING RETURNING lane"
    ),
}
# A send wakes its lane even when an earlier one rests (perhaps on another platform); an event waits for its turn. Woken is
# "due now", not "due since ever": whoever waited for a moment of their own (bot/line.py) would be passed again and again.
# Three seconds before, because a replica's clock may be that much behind the database's.
_NOW = {
    "sqlite": "CAST(strftime('%s', 'now') AS integer) * 1000 - 3000",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) - 3000",
}
_LEAST = {"sqlite": "min", "postgresql": "least"}
_COUNTS = {
    "sqlite": "value->>0, value->>1, 0, 0 FROM json_each(:rows) WHERE true",
    "postgresql": "value->>0, CAST(value->>1 AS integer), 0, 0 FROM jsonb_array_elements(CAST(:rows AS jsonb))",
}


def _raising(dialect: str, q: Queue) -> sa.TextClause:
    wake = ""
    if q == "outbox":
        soon = f"{_LEAST[dialect]}(lane.due, {_NOW[dialect]})"
        wake = f" due = CASE WHEN lane.owner IS NULL THEN {soon} ELSE lane.due END,"
    return sa.text(
        f"INSERT INTO lane (q, key, pending, due, epoch) SELECT '{q}', {_COUNTS[dialect]}"
        f" ON CONFLICT (q, key) DO UPDATE SET{wake} pending = lane.pending + excluded.pending"
    )


_QUEUES: tuple[Queue, Queue] = ("inbox", "outbox")
_RAISE = {(dialect, q): _raising(dialect, q) for dialect in _NOW for q in _QUEUES}
_TAKE = {
    name: statement.bindparams(sa.bindparam("now", type_=inbox.c.created_at.type))
    for name, statement in _TAKE.items()
}


_BODY = b"inbox.body"


def _wake(tx: Tx, q: Queue, keys: Sequence[str]) -> None:
    """Notes that rows were put into lanes. Their counts are raised right before the commit: a lane's row is what intake,
    workers and senders all write, and a transaction that handles an event may take its time."""
    tx.woken.extend((q, key) for key in keys)
    tx.last["lanes"] = _raise_lanes


async def _raise_lanes(tx: Tx) -> None:
    tx.info.setdefault(RAISED, set()).update(tx.woken)
    for q in _QUEUES:
        # in one order everywhere: no deadlocks between replicas
        counts = sorted(Counter(key for queue, key in tx.woken if queue == q).items())
        if counts:
            await tx.execute(_RAISE[tx.dialect.name, q], {"rows": json.dumps(counts, ensure_ascii=False)})
    tx.woken.clear()


# ── inbox ──────────────────────────────────────────────────────────────────────────────────────────────
async def take(tx: Tx, incoming: Sequence[_Incoming], now: datetime, *, encode: Callable[[Any], str]) -> int:
    """Stores events that are not stored yet, in order. Returns how many were new (the rest are repeats)."""
    seal = tx.seals.seal  # the batch is one value, of which no column knows what is in it
    rows = json.dumps([(i.dedup, i.lane, seal(_BODY, encode(i.event))) for i in incoming], ensure_ascii=False)
    fresh = (await tx.execute(_TAKE[tx.dialect.name], {"rows": rows, "now": now})).scalars().all()
    if fresh:
        _wake(tx, "inbox", fresh)
    return len(fresh)


_OPEN_IN = (
    sa.select(inbox.c.id, inbox.c.dedup, inbox.c.body, inbox.c.attempts, inbox.c.created_at)
    .where(inbox.c.lane == sa.bindparam("lane"), inbox.c.state == OPEN)
    .order_by(inbox.c.id)
    .limit(sa.bindparam("n"))
)


async def open_events(tx: Tx, key: str, limit: int) -> list[Inrow]:
    """The next open events of a lane, oldest first."""
    return [Inrow(*row) for row in await tx.execute(_OPEN_IN, {"lane": key, "n": limit})]


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


# ── lanes ──────────────────────────────────────────────────────────────────────────────────────────────
_DUE = (
    lane.c.q == sa.bindparam("queue"),
    lane.c.pending > 0,
    lane.c.due <= sa.bindparam("ms", type_=sa.BigInteger),
)
_NEXT = sa.select(sa.func.min(lane.c.due)).where(lane.c.q == sa.bindparam("queue"), lane.c.pending > 0)
# Materialised: a LIMIT in a plain subquery may be run once per row, and then claims everything.
_PICK = sa.select(lane.c.key).where(*_DUE).order_by(lane.c.due).limit(sa.bindparam("n")).cte("pick")
_TAKEN: dict[str, Any] = {
    "owner": sa.bindparam("me"),
    "epoch": lane.c.epoch + 1,
    "due": sa.bindparam("ms", type_=sa.BigInteger) + sa.bindparam("lease", type_=sa.BigInteger),
}
_CLAIM = {
    "sqlite": sa.update(lane)
    .where(
        lane.c.q == sa.bindparam("queue"), lane.c.key.in_(sa.select(_PICK.prefix_with("MATERIALIZED").c.key))
    )
    .values(_TAKEN)
    .returning(lane.c.key, lane.c.epoch, lane.c.pending, sa.true().label("ok")),
    # A lease that ran out while its event is still being handled (see `handling`) stays with who has it.
    "postgresql": sa.text(
        "WITH pick AS MATERIALIZED (SELECT key, owner FROM lane WHERE q = :queue AND pending > 0"
        " AND due <= CAST(:ms AS bigint) ORDER BY due LIMIT :n FOR UPDATE SKIP LOCKED), free AS MATERIALIZED"
        f" (SELECT key, owner IS NULL OR pg_try_advisory_xact_lock({HANDLING}, hashtext(key)) AS ok FROM pick)"
        " UPDATE lane SET owner = CASE WHEN free.ok THEN CAST(:me AS varchar) ELSE lane.owner END,"
        " epoch = lane.epoch + CASE WHEN free.ok THEN 1 ELSE 0 END,"
        " due = CAST(:ms AS bigint) + CASE WHEN free.ok THEN CAST(:lease AS bigint) ELSE 1000 END"
        " FROM free WHERE lane.q = :queue AND lane.key = free.key"
        " RETURNING lane.key, lane.epoch, lane.pending, free.ok"
    ),
}
_HANDLING = sa.text(f"SELECT pg_advisory_xact_lock({HANDLING}, hashtext(:key))")


async def handling(tx: Tx, key: str) -> None:
    """Shows for the length of this transaction that an event of the lane is being handled. On PostgreSQL nobody else
    handles one meanwhile, even when the lease runs out because this process is slow, and intake does not have to wait, as
    it would for the lane's row. SQLite has one writer."""
    if tx.dialect.name == "postgresql":
        await tx.execute(_HANDLING, {"key": key})


_ONE = sa.update(lane).where(*_DUE, lane.c.key == sa.bindparam("one"))
_IDLE = sa.func.pg_try_advisory_xact_lock(HANDLING, sa.func.hashtext(lane.c.key), type_=sa.Boolean)
_CLAIM_ONE = {
    name: statement.values(_TAKEN).returning(lane.c.key, lane.c.epoch, lane.c.pending)
    for name, statement in (
        ("sqlite", _ONE),
        ("postgresql", _ONE.where(sa.or_(lane.c.owner.is_(None), _IDLE))),
    )
}


async def next_due(tx: Tx, q: Queue) -> int | None:
    """When the next lane can be claimed (ms), None when nothing waits."""
    due: int | None = (await tx.execute(_NEXT, {"queue": q})).scalar()
    return due


async def claim(tx: Tx, q: Queue, me: str, ms: int, *, n: int, lease_ms: int) -> list[Lease]:
    """Claims up to n lanes whose time has come. One owner per lane: that is what keeps a customer's order."""
    values = {"queue": q, "me": me, "ms": ms, "n": n, "lease": lease_ms}
    rows = await tx.execute(_CLAIM[tx.dialect.name], values)
    return [Lease(row.key, row.epoch, row.pending) for row in rows if row.ok]


async def claim_one(tx: Tx, q: Queue, key: str, me: str, ms: int, *, lease_ms: int) -> Lease | None:
    """Claims this lane, if its time has come and nobody has it."""
    found = await tx.execute(
        _CLAIM_ONE[tx.dialect.name], {"queue": q, "one": key, "me": me, "ms": ms, "lease": lease_ms}
    )
    row = found.first()
    return Lease(row.key, row.epoch, row.pending) if row else None


_MINE = (
    lane.c.q == sa.bindparam("q_"),
    lane.c.key == sa.bindparam("key_"),
    lane.c.owner == sa.bindparam("me_"),
    lane.c.epoch == sa.bindparam("epoch_"),
)
_FENCE = (
    sa.update(lane)
    .where(*_MINE)
    .values(
        pending=lane.c.pending - 1,
        # the last row gives the lane back in the same breath
        owner=sa.case((lane.c.pending <= 1, None), else_=lane.c.owner),
        due=sa.case(
            (lane.c.pending <= 1, sa.bindparam("ms", type_=sa.BigInteger)),
            else_=sa.bindparam("until", type_=sa.BigInteger),
        ),
    )
    .returning(lane.c.pending)
)
_RELEASE = sa.update(lane).where(*_MINE).values(owner=None, due=sa.bindparam("at", type_=sa.BigInteger))
_RENEW = sa.update(lane).where(*_MINE).values(due=sa.bindparam("at", type_=sa.BigInteger))


async def fence(tx: Tx, q: Queue, me: str, lease: Lease, ms: int, *, lease_ms: int) -> int:
    """In every completing transaction: one row of this lane is done, if the lane is still ours.

    It locks the lane's row, so it comes when nothing else is left to do: others want that row too, and whoever locked it
    before a card or a send could wait in a circle with a handler that does it the other way round. Returns how many rows
    remain (0: the lane was given back). Raises Fenced when somebody else has it.
    """
    if q == "outbox":  # lanes of the inbox are locked before lanes of the outbox, everywhere
        await tx.finish()
    found = (
        await tx.execute(
            _FENCE,
            {"q_": q, "key_": lease.key, "me_": me, "epoch_": lease.epoch, "ms": ms, "until": ms + lease_ms},
        )
    ).scalar()
    if found is None:
        raise Fenced(lease.key)
    return int(found)


async def release(tx: Tx, q: Queue, me: str, lease: Lease, at_ms: int) -> None:
    """Gives a lane back; it can be claimed again at `at_ms`."""
    await tx.execute(_RELEASE, {"q_": q, "key_": lease.key, "me_": me, "epoch_": lease.epoch, "at": at_ms})


_EPOCH = sa.select(lane.c.epoch).where(lane.c.q == sa.bindparam("q_"), lane.c.key == sa.bindparam("key_"))


async def renew(tx: Tx, q: Queue, me: str, lease: Lease, until_ms: int) -> bool:
    """Keeps a lane for longer; False when somebody else has it now. One that was given back meanwhile is nobody's."""
    found = await tx.execute(
        _RENEW, {"q_": q, "key_": lease.key, "me_": me, "epoch_": lease.epoch, "at": until_ms}
    )
    if found.rowcount == 1:
        return True
    epoch = (await tx.execute(_EPOCH, {"q_": q, "key_": lease.key})).scalar()
    return epoch is None or epoch == lease.epoch


async def release_all(tx: Tx) -> int:
    """Embedded start: we are the only process, so every lease (and every rest, by a clock that may have been set
    back since) is of a former life. Returns how many lanes were in somebody's hand."""
    held = sa.select(sa.func.count()).where(lane.c.owner.is_not(None), lane.c.pending > 0)
    taken = int((await tx.execute(held)).scalar_one())
    await tx.execute(sa.update(lane).where(lane.c.pending > 0).values(owner=None, due=0))
    return taken


_BEAT = PerDialect(lambda insert: _beating(insert(replica)))
_GONE = sa.select(replica.c.id).where(
    replica.c.id != sa.bindparam("me"),
    sa.or_(
        replica.c.beat < sa.bindparam("since", type_=sa.BigInteger),
        # a living replica holds the lock of its name (store/postgres.py); a killed one lost it with its connection
        sa.func.pg_try_advisory_xact_lock(ALIVE, sa.func.hashtext(replica.c.id), type_=sa.Boolean),
    ),
)


def _beating(row: Any) -> Any:
    return row.on_conflict_do_update(index_elements=["id"], set_={"beat": row.excluded.beat})


async def beat(tx: Tx, me: str, ms: int, *, silent_ms: int = 10_000) -> int:
    """A sign of life of this replica (PostgreSQL); lanes of replicas that are gone, or were silent for too long, are free
    again. Returns how many lanes that freed."""
    await tx.execute(_BEAT[tx.dialect.name], {"id": me, "beat": ms})
    gone = (await tx.execute(_GONE, {"me": me, "since": ms - silent_ms})).scalars().all()
    if not gone:
        return 0
    # asked of each lane of theirs, and of no other: what a slow one of them is handling stays with it
    idle = sa.func.pg_try_advisory_xact_lock(HANDLING, sa.func.hashtext(lane.c.key), type_=sa.Boolean)
    held = sa.select(lane.c.q, lane.c.key, sa.or_(lane.c.q == "outbox", idle).label("idle"))
    theirs = held.where(lane.c.owner.in_(gone)).cte("theirs").prefix_with("MATERIALIZED")
    free = sa.select(theirs.c.q, theirs.c.key).where(theirs.c.idle)
    done = sa.update(lane).where(sa.tuple_(lane.c.q, lane.c.key).in_(free)).values(owner=None, due=0)
    freed = await tx.execute(done)
    await tx.execute(sa.delete(replica).where(replica.c.id.in_(gone)))
    return freed.rowcount


async def replicas(tx: Tx) -> int:
    """How many processes gave a sign of life lately (PostgreSQL; SQLite has one process)."""
    return int((await tx.execute(sa.select(sa.func.count()).select_from(replica))).scalar_one())


# ── outbox ─────────────────────────────────────────────────────────────────────────────────────────────
_PUT = PerDialect(
    lambda insert: insert(outbox).on_conflict_do_nothing(index_elements=["dedup"]).returning(outbox.c.id)
)


async def put(tx: Tx, row: Outrow, *, now: datetime, cause: int) -> int:
    """Queues something to send. Returns its id, or 0 when `dedup` was used before."""
    made = (
        await tx.execute(
            _PUT[tx.dialect.name],
            {
                "dedup": row.dedup,
                "lane": f"m:{row.member}",
                "member": row.member,
                "way": row.way,
                "body": json.dumps(row.body, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
                "priority": row.priority,
                "card": row.card,
                "subject": row.subject,
                "kind": row.kind,
                "created_at": now,
                "cause": cause,
            },
        )
    ).scalar()
    if made is None:
        return 0
    _wake(tx, "outbox", [f"m:{row.member}"])
    return int(made)


_OUT_COLUMNS = (
    outbox.c.id, outbox.c.member, outbox.c.way, outbox.c.body, outbox.c.card, outbox.c.subject, outbox.c.kind,
    outbox.c.priority, outbox.c.attempts, outbox.c.ledger, outbox.c.created_at, outbox.c.error, outbox.c.next_at,
    outbox.c.platform,
)  # fmt: skip
_OPEN_OUT = (
    sa.select(*_OUT_COLUMNS)
    .where(outbox.c.lane == sa.bindparam("lane"), outbox.c.state == OPEN)
    .order_by(outbox.c.id)
    .limit(sa.bindparam("n"))
)


def _queued(row: Any) -> Queued:
    values = list(row)
    values[3] = json.loads(values[3])
    return Queued(*values)


async def open_sends(tx: Tx, key: str, limit: int) -> list[Queued]:
    """The next open sends of a lane: alarms first, else in the order they were said."""
    rows = [_queued(row) for row in await tx.execute(_OPEN_OUT, {"lane": key, "n": limit})]
    return (
        sorted(rows, key=lambda row: (row.priority, row.id)) if any(r.priority == 0 for r in rows) else rows
    )


_SHOWN = (
    sa.select(outbox.c.body)
    .where(
        outbox.c.card == sa.bindparam("of"),
        outbox.c.id < sa.bindparam("before"),
        outbox.c.state == DONE,
        outbox.c.ledger.in_(("accepted", "acted")),
    )
    .order_by(outbox.c.id.desc())
    .limit(1)
)


async def last_shown(tx: Tx, card: int, before: int) -> dict[str, Any] | None:
    """The body of the newest send of a card that a platform took, before the row `before`; None when there is none."""
    text = (await tx.execute(_SHOWN, {"of": card, "before": before})).scalar()
    return json.loads(text) if text else None


_SPENT = sa.select(outbox.c.id).where(
    outbox.c.card == sa.bindparam("of"),
    outbox.c.id < sa.bindparam("before"),
    outbox.c.ledger == "folded",
    outbox.c.sent_at >= sa.bindparam("since", type_=outbox.c.sent_at.type),
)


async def tried_before(tx: Tx, card: int, before: int, since: datetime) -> bool:
    """Whether an update of the card, earlier than the row `before`, was tried since then and then folded into a later one:
    what it used up is not the later one's doing."""
    return (await tx.execute(_SPENT, {"of": card, "before": before, "since": since})).first() is not None


_OPEN_SEND = sa.update(outbox).where(outbox.c.id == sa.bindparam("row"), outbox.c.state == OPEN)


async def end_send(tx: Tx, row: int, now: datetime, **values: Any) -> None:
    """Closes an outbox row with its place in the delivery ledger (accepted, refused, expired, unknown, folded)."""
    values.setdefault("state", DONE)
    done = await tx.execute(_OPEN_SEND, {"row": row, "done_at": now, **values})
    if done.rowcount != 1:
        raise Fenced(f"send {row} is closed already")


async def note_send(tx: Tx, row: int, **values: Any) -> None:
    """Writes a step of an open row into the ledger (throttled, sent, another attempt)."""
    await tx.execute(_OPEN_SEND, {"row": row, **values})


_ACTED = sa.update(outbox).where(
    outbox.c.card == sa.bindparam("of"), outbox.c.way == "card", outbox.c.acted_at.is_(None)
)


async def acted(tx: Tx, card: int, now: datetime) -> None:
    """The recipient pressed something on this card: proof that it arrived."""
    await tx.execute(_ACTED, {"of": card, "acted_at": now, "ledger": "acted"})


# ── timers ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Due:
    """A timer whose time has come."""

    id: int
    kind: str
    key: str
    due: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


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
_FIRE = sa.delete(timer).where(timer.c.id.in_(sa.select(_DUE_TIMERS.c.id))).returning(timer)


async def next_timer(tx: Tx) -> datetime | None:
    """When the next timer is due, None when there is none."""
    due: datetime | None = (await tx.execute(_FIRST)).scalar()
    return due


async def fire(tx: Tx, now: datetime, *, n: int) -> list[Due]:
    """Takes up to n due timers away, oldest first. The caller puts them into the inbox in the same transaction."""
    rows = (await tx.execute(_FIRE, {"now": now, "n": n})).all()
    due = [Due(row.id, row.kind, row.key, row.due, json.loads(row.payload or "{}")) for row in rows]
    return sorted(due, key=lambda one: (one.due, one.id))


# ── looking after ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Depth:
    """How a queue stands: open and dead rows, when the oldest open one came."""

    open: int
    dead: int
    oldest: datetime | None


_OPENED = {
    q: sa.select(sa.func.count(), sa.func.min(table.c.created_at)).where(table.c.state == OPEN)
    for q, table in (("inbox", inbox), ("outbox", outbox))
}
_DEAD = {
    q: sa.select(sa.func.count()).where(table.c.state == DEAD)
    for q, table in (("inbox", inbox), ("outbox", outbox))
}


async def depth(tx: Tx, q: Queue) -> Depth:
    """Counts of a queue, for /诊断 and /metrics."""
    opened = (await tx.execute(_OPENED[q])).one()
    dead = (await tx.execute(_DEAD[q])).scalar_one()
    return Depth(opened[0], dead, opened[1])


@dataclass(frozen=True)
class DeadLetter:
    """An event that could not be handled."""

    id: int
    lane: str
    error: str
    attempts: int
    created_at: datetime


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
        .values(state=OPEN, attempts=0, done_at=None)
        .returning(inbox.c.lane)
    )
    key = found.scalar()
    if key is None:
        return False
    _wake(tx, "inbox", [key])
    return True


@dataclass(frozen=True)
class GivenUp:
    """A send that was given up and could still be wanted."""

    id: int
    member: str
    kind: str
    error: str
    created_at: datetime


_GIVEN_UP = outbox.c.state == DEAD, outbox.c.ledger.in_(("expired", "refused", "unknown"))


async def given_up(tx: Tx, since: datetime, limit: int = 10) -> list[GivenUp]:
    """The newest sends that were given up since then."""
    rows = await tx.execute(
        sa.select(outbox.c.id, outbox.c.member, outbox.c.kind, outbox.c.error, outbox.c.created_at)
        .where(*_GIVEN_UP, outbox.c.created_at >= since)
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    return [GivenUp(*row) for row in rows]


async def resend(tx: Tx, row: int, now: datetime) -> bool:
    """Opens a send again that was given up, with all its tries; False when it is none."""
    found = await tx.execute(
        sa.update(outbox)
        .where(outbox.c.id == row, *_GIVEN_UP)
        .values(state=OPEN, ledger="queued", attempts=0, error="", next_at=0, done_at=None, created_at=now)
        .returning(outbox.c.lane, outbox.c.card)
    )
    sent = found.first()
    if sent is None:
        return False
    if sent.card:  # its buttons work again
        await tx.execute(_REVIVE, {"one": sent.card})
    _wake(tx, "outbox", [sent.lane])
    return True


_REVIVE = sa.update(screen).where(screen.c.id == sa.bindparam("one")).values(live=True)


async def sweep(
    tx: Tx, now: datetime, ms: int, *, keep: timedelta = timedelta(days=7), n: int = 1000
) -> bool:
    """Retention, one batch: handled events and closed sends older than `keep`, dead ones older than a month, lanes
    idle for a day. Returns whether there may be more.

    Seven days is longer than any platform's last retry, so a repeat never finds its key gone.
    """
    more = False
    for table in (inbox, outbox):
        for state, age in ((DONE, keep), (DEAD, timedelta(days=30))):
            old = sa.select(table.c.id).where(table.c.state == state, table.c.done_at < now - age).limit(n)
            gone = (await tx.execute(sa.delete(table).where(table.c.id.in_(old)))).rowcount
            more = more or gone == n
    idle = lane.c.due < ms - 86_400_000
    await tx.execute(sa.delete(lane).where(lane.c.pending <= 0, lane.c.owner.is_(None), idle))
    return more


_KNOWN = sa.select(outbox.c.id).where(outbox.c.dedup == sa.bindparam("key"))


async def known(tx: Tx, dedup: str) -> bool:
    """Whether something with this key was queued to send before."""
    return (await tx.execute(_KNOWN, {"key": dedup})).first() is not None


async def machine_ms(tx: Tx) -> int:
    """The database server's clock in milliseconds (PostgreSQL): what replicas measure leases by."""
    found = await tx.execute(sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"))
    return int(found.scalar_one())
