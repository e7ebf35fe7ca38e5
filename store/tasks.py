"""Tasks as rows: something a ladder asks for, ticked off once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.errors import Refused
from store.db import Conflict, Tx
from store.tables import task
from store.tx import upsert


@dataclass(frozen=True)
class Task:
    """Something to do. `outbox` is the send that made the native to-do (0: none)."""

    id: int
    lead: int | None
    subject: str
    owner: str
    rule: str
    created_at: datetime
    due: datetime | None = None
    done_at: datetime | None = None
    done_by: str = ""
    outbox: int = 0


async def add(
    tx: Tx, *, lead: int, subject: str, owner: str, rule: str, dedup: str, now: datetime
) -> Task | None:
    """Writes a task; None when `dedup` was used before (a climb creates its task once)."""
    values = {"lead": lead, "subject": subject, "owner": owner, "rule": rule, "dedup": dedup[:120]}
    insert = upsert(tx, task).values(**values, created_at=now)
    made = (
        await tx.execute(insert.on_conflict_do_nothing(index_elements=["dedup"]).returning(task.c.id))
    ).scalar()
    return None if made is None else Task(int(made), lead, subject, owner, rule, now)


async def get(tx: Tx, id: int) -> Task:
    """The task. Raises Refused when there is none."""
    row = (await tx.execute(sa.select(task).where(task.c.id == id))).one_or_none()
    if row is None:
        raise Refused("没有这个任务")
    return _task(row)


_OPEN_OF = (
    sa.select(task).where(task.c.owner == sa.bindparam("whose"), task.c.done_at.is_(None)).order_by(task.c.id)
)


async def open_of(tx: Tx, owners: Sequence[str]) -> list[Task]:
    """Open tasks of these members, oldest first."""
    owners = [one for one in owners if not tx.none("task", one)]
    if not owners:
        return []
    if len(owners) == 1:
        return [_task(row) for row in await tx.execute(_OPEN_OF, {"whose": owners[0]})]
    query = sa.select(task).where(task.c.owner.in_(owners), task.c.done_at.is_(None))
    return [_task(row) for row in await tx.execute(query.order_by(task.c.id))]


async def open_on(tx: Tx, lead: int) -> list[Task]:
    """Open tasks about a lead, oldest first."""
    query = sa.select(task).where(task.c.lead == lead, task.c.done_at.is_(None))
    return [_task(row) for row in await tx.execute(query.order_by(task.c.id))]


async def sent(tx: Tx, id: int, outbox: int) -> None:
    """Remembers the send that makes the native to-do."""
    await tx.execute(sa.update(task).where(task.c.id == id).values(outbox=outbox))


async def done(tx: Tx, id: int, by: str, now: datetime) -> None:
    """Ticks a task off. Raises Conflict when it was already."""
    ticked = await tx.execute(
        sa.update(task).where(task.c.id == id, task.c.done_at.is_(None)).values(done_at=now, done_by=by)
    )
    if ticked.rowcount != 1:
        raise Conflict(f"task {id} is done already")


def _task(row: Any) -> Task:
    return Task(row.id, row.lead, row.subject, row.owner, row.rule, row.created_at, row.due, row.done_at,
                row.done_by, row.outbox or 0)  # fmt: skip
