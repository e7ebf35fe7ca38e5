"""Lanes, the mailboxes of both queues: what waits in each, who has it, until when.

Leases, retries and throttles are machine time: `ms`, milliseconds of the real clock, so that a rehearsal which jumps
ahead four hours does not lose its leases. Due times of timers and everything people see are business time.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from rules.json_text import written
from store.queues import Queue
from store.tables import lane
from store.tx import HANDLING, RAISED, Tx


class Fenced(Exception):
    """Another worker has this lane now: whatever was done here must be rolled back."""


@dataclass(frozen=True)
class Lease:
    """A lane that was claimed at `at_ms`. `suspect`: whoever had it before ended with it in hand, perhaps by what is in it."""

    key: str
    epoch: int
    pending: int
    at_ms: int
    suspect: bool = False


# A send wakes its lane even when an earlier one rests (perhaps on another platform); an event waits for its turn. Woken is
# "due now", not "due since ever": whoever waited for a moment of their own (bot/line.py) would be passed again and again.
# Three seconds before, because a replica's clock may be that much behind the database's.
_NOW = {
    "sqlite": "CAST(strftime('%s', 'now') AS integer) * 1000 - 3000",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) - 3000",
}
_LEAST = {"sqlite": "min", "postgresql": "least"}
_COUNTS = {
    "sqlite": "value->>0, value->>1, value->>2, 0, 0 FROM json_each(:raised)",
    "postgresql": "value->>0, value->>1, CAST(value->>2 AS integer), 0, 0"
    " FROM jsonb_array_elements(CAST(:raised AS jsonb))",
}


SOON = {
    dialect: "pending = lane.pending + excluded.pending, due = CASE WHEN excluded.q = 'outbox' AND lane.owner IS NULL"
    f" THEN {_LEAST[dialect]}(lane.due, {now}) ELSE lane.due END"
    for dialect, now in _NOW.items()
}
"""What becomes of a lane that stands when more is put into it."""
_RAISE = {
    dialect: sa.text(
        f"INSERT INTO lane (q, key, pending, due, epoch) SELECT {counts} WHERE true"
        f" ON CONFLICT (q, key) DO UPDATE SET {SOON[dialect]}"
    )
    for dialect, counts in _COUNTS.items()
}


def wake(tx: Tx, q: Queue, keys: Sequence[str]) -> None:
    """Notes that rows were put into lanes. Their counts are raised right before the commit: a lane's row is what intake,
    workers and senders all write, and a transaction that handles an event may take its time."""
    tx.woken.extend((q, key) for key in keys)
    tx.last["lanes"] = _raise_lanes


def raised(tx: Tx, *, but: tuple[str, str] = ("", "")) -> tuple[str, int]:
    """What was noted, as JSON: queue, lane, rows; in one order everywhere (inbox before outbox), so that replicas do not
    wait for each other in a circle. And how many rows went into the lane `but`, which is left out. It is noted no more:
    who asks counts it."""
    tx.last.pop("lanes", None)
    tx.info.setdefault(RAISED, set()).update(tx.woken)
    found = Counter(tx.woken)
    tx.woken.clear()
    own = found.pop(but, 0)
    return written([[*lane, n] for lane, n in sorted(found.items())]), own


async def _raise_lanes(tx: Tx) -> None:
    if tx.woken:
        await tx.execute(_RAISE[tx.dialect.name], {"raised": raised(tx)[0]})


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
    "suspect": sa.or_(lane.c.suspect, lane.c.owner.is_not(None)),
}
_CLAIM = {
    "sqlite": sa.update(lane)
    .where(
        lane.c.q == sa.bindparam("queue"), lane.c.key.in_(sa.select(_PICK.prefix_with("MATERIALIZED").c.key))
    )
    .values(_TAKEN)
    .returning(lane.c.key, lane.c.epoch, lane.c.pending, lane.c.suspect, sa.true().label("ok")),
    # A lease that ran out while its event is still being handled (see `handling`) stays with who has it.
    "postgresql": sa.text(
        "WITH pick AS MATERIALIZED (SELECT key, owner FROM lane WHERE q = :queue AND pending > 0"
        " AND due <= CAST(:ms AS bigint) ORDER BY due LIMIT :n FOR UPDATE SKIP LOCKED), free AS MATERIALIZED"
        f" (SELECT key, owner IS NULL OR pg_try_advisory_xact_lock({HANDLING}, hashtext(key)) AS ok FROM pick)"
        " UPDATE lane SET owner = CASE WHEN free.ok THEN CAST(:me AS varchar) ELSE lane.owner END,"
        " epoch = lane.epoch + CASE WHEN free.ok THEN 1 ELSE 0 END,"
        " suspect = lane.suspect OR (free.ok AND lane.owner IS NOT NULL),"
        " due = CAST(:ms AS bigint) + CASE WHEN free.ok THEN CAST(:lease AS bigint) ELSE 1000 END"
        # the list once more: joined alone, every lane is read for a few as soon as the planner believes they are few
        " FROM free WHERE lane.q = :queue AND lane.key = free.key AND lane.key = ANY(ARRAY(SELECT key FROM free))"
        " RETURNING lane.key, lane.epoch, lane.pending, lane.suspect, free.ok"
    ),
}


async def handling(tx: Tx, key: str) -> None:
    """Shows for the length of this transaction that an event of the lane is being handled. On PostgreSQL nobody else
    handles one meanwhile, even when the lease runs out because this process is slow, and intake does not have to wait, as
    it would for the lane's row. SQLite has one writer."""
    if (
        tx.dialect.name == "postgresql"
    ):  # said with BEGIN, where nothing can be bound: the key goes as hexadecimal digits
        text = f"convert_from(decode('{key.encode().hex()}', 'hex'), 'UTF8')"
        await tx.begin(f"SELECT pg_advisory_xact_lock({HANDLING}, hashtext({text}))")


_ONE = sa.update(lane).where(*_DUE, lane.c.key == sa.bindparam("one"))
_IDLE = sa.func.pg_try_advisory_xact_lock(HANDLING, sa.func.hashtext(lane.c.key), type_=sa.Boolean)
_CLAIM_ONE = {
    name: statement.values(_TAKEN).returning(lane.c.key, lane.c.epoch, lane.c.pending, lane.c.suspect)
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
    rows = await tx.only(_CLAIM[tx.dialect.name], values)
    return [Lease(row.key, row.epoch, row.pending, ms, row.suspect) for row in rows if row.ok]


async def claim_one(tx: Tx, q: Queue, key: str, me: str, ms: int, *, lease_ms: int) -> Lease | None:
    """Claims this lane, if its time has come and nobody has it."""
    found = await tx.only(
        _CLAIM_ONE[tx.dialect.name], {"queue": q, "one": key, "me": me, "ms": ms, "lease": lease_ms}
    )
    row = found.first()
    return Lease(row.key, row.epoch, row.pending, ms, row.suspect) if row else None


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
        suspect=False,
        # the last row gives the lane back in the same breath
        owner=sa.case((lane.c.pending <= 1, None), else_=lane.c.owner),
        due=sa.case(
            (lane.c.pending <= 1, sa.bindparam("ms", type_=sa.BigInteger)),
            else_=sa.bindparam("until", type_=sa.BigInteger),
        ),
    )
    .returning(lane.c.pending)
)
_RELEASE = (
    sa.update(lane)
    .where(*_MINE)
    .values(owner=None, due=sa.bindparam("at", type_=sa.BigInteger), suspect=False)
)
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


async def hold(tx: Tx, q: Queue, me: str, lease: Lease, until_ms: int) -> None:
    """Keeps a lane for longer. Raises Fenced when it is not ours any more, whoever has it."""
    values = {"q_": q, "key_": lease.key, "me_": me, "epoch_": lease.epoch, "at": until_ms}
    if (await tx.execute(_RENEW, values)).rowcount != 1:
        raise Fenced(lease.key)


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


_FREED = sa.text(
    "UPDATE lane SET due = CASE WHEN owner IS NULL THEN min(due, :ms) ELSE :ms END, owner = NULL,"
    " suspect = CASE WHEN owner IS NULL THEN suspect ELSE 1 END WHERE pending > 0"
)


async def release_all(tx: Tx, ms: int) -> int:
    """Embedded start: we are the only process, so every lease (and every rest, by a clock that may have been set
    back since) is of a former life. What nobody had in hand goes first, as long as it waits: whoever ends this process
    again and again must not keep the others waiting for ever. Returns how many lanes were in somebody's hand."""
    held = sa.select(sa.func.count()).where(lane.c.owner.is_not(None), lane.c.pending > 0)
    taken = int((await tx.execute(held)).scalar_one())
    await tx.execute(_FREED, {"ms": ms})
    return taken
