"""The processes that work on one PostgreSQL: their signs of life, their common clock."""

from typing import Any

import sqlalchemy as sa

from store.statements import PerDialect
from store.tables import lane, replica
from store.tx import ALIVE, HANDLING, Tx

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
    done = (
        sa.update(lane)
        .where(sa.tuple_(lane.c.q, lane.c.key).in_(free))
        .values(owner=None, due=0, suspect=True)
    )
    freed = await tx.execute(done)
    # who still handles something is looked at again at the next beat: the server may not have missed it yet
    left = sa.exists().where(lane.c.owner == replica.c.id)
    await tx.execute(sa.delete(replica).where(replica.c.id.in_(gone), ~left))
    return freed.rowcount


async def living(tx: Tx) -> int:
    """How many processes gave a sign of life lately (PostgreSQL; SQLite has one process)."""
    return int((await tx.execute(sa.select(sa.func.count()).select_from(replica))).scalar_one())


_COMMON = sa.text(
    f"WITH alive AS MATERIALIZED (SELECT max(beat) AS beat FROM replica WHERE NOT pg_try_advisory_xact_lock({ALIVE},"
    " hashtext(id))), server AS (SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) AS ms)"
    " SELECT CASE WHEN alive.beat IS NULL THEN (SELECT greatest(max(beat), server.ms) FROM replica)"
    " WHEN server.ms BETWEEN alive.beat AND alive.beat + 10000 THEN server.ms ELSE alive.beat END FROM alive, server"
)


async def common_ms(tx: Tx) -> int:
    """The milliseconds that replicas measure leases by (PostgreSQL): the server's clock as long as it goes on from what the
    living ones said last; when it was set, what the furthest of them said, up to one beat ago. So setting it frees no
    lease and freezes none. The first one begins at the server's clock, or where the one before it ended if that is later."""
    return int((await tx.execute(_COMMON)).scalar_one())


async def here(tx: Tx) -> int:
    """How many processes run (PostgreSQL): those that hold the lock of their name, whatever any clock says."""
    found = sa.text(
        f"SELECT count(*) FROM replica WHERE NOT pg_try_advisory_xact_lock({ALIVE}, hashtext(id))"
    )
    return int((await tx.execute(found)).scalar_one())


async def machine_ms(tx: Tx) -> int:
    """The database server's clock in milliseconds (PostgreSQL): for what is kept for days."""
    found = await tx.execute(sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"))
    return int(found.scalar_one())
