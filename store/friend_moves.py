"""WeCom friends on their way from a leaver to somebody else: the handovers, and each friend's step (rules/friends.py)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.friends import OPEN, Step
from store.db import Tx
from store.tables_sources import friend, friend_batch, friend_move

CHUNK = 500


@dataclass(frozen=True)
class Batch:
    """The friends of one handover: who pressed, whose they were (member and user), whether those have `left` the firm,
    the `undo` that takes the handover back."""

    id: int
    member: str
    former: str
    user: str
    left: bool
    undo: int
    at: datetime
    settled_at: datetime | None = None


@dataclass(frozen=True)
class Move:
    """One of them: to which member and user, how far, why not. `name`: what they call themselves."""

    batch: int
    external: str
    taker: str
    user: str
    state: Step
    why: str
    name: str = ""


async def begin(
    tx: Tx,
    *,
    member: str,
    former: str,
    user: str,
    left: bool,
    undo: int,
    now: datetime,
    moves: Iterable[Move],
) -> Batch:
    """Writes a handover's friends down (the `batch` of each is not looked at)."""
    values = {"member": member, "former": former, "user": user, "left": left, "undo": undo, "at": now}
    made = await tx.execute(sa.insert(friend_batch).values(**values).returning(friend_batch.c.id))
    id = int(made.scalar_one())
    for one in moves:
        row = {"external": one.external, "taker": one.taker, "user": one.user, "state": one.state.value}
        await tx.execute(sa.insert(friend_move).values(batch=id, at=now, why=one.why[:200], **row))
    return Batch(id, member, former, user, left, undo, now)


async def get(tx: Tx, id: int) -> Batch | None:
    """A handover's friends, None when there is no such."""
    return await _batch(tx, friend_batch.c.id == id)


async def of_undo(tx: Tx, undo: int) -> Batch | None:
    """The friends of the handover that this undo takes back, None when it had none."""
    return await _batch(tx, friend_batch.c.undo == undo)


async def _batch(tx: Tx, which: Any) -> Batch | None:
    row = (await tx.execute(sa.select(friend_batch).where(which))).first()
    if row is None:
        return None
    return Batch(row.id, row.member, row.former, row.user, row.left, row.undo, row.at, row.settled_at)


_MOVES = (
    sa.select(
        friend_move.c.batch, friend_move.c.external, friend_move.c.taker, friend_move.c.user, friend_move.c.state,
        friend_move.c.why, friend.c.name,
    )
    .select_from(friend_move.join(friend_batch, friend_batch.c.id == friend_move.c.batch).outerjoin(
        friend, sa.and_(friend.c.external == friend_move.c.external, friend.c.user == friend_batch.c.user)))
    .order_by(friend_move.c.id)
)  # fmt: skip


def _move(row: Any) -> Move:
    return Move(row.batch, row.external, row.taker, row.user, Step(row.state), row.why, row.name or "")


async def moves(tx: Tx, batch: int, steps: Collection[Step] = ()) -> list[Move]:
    """The friends of a handover (at these steps, when given), in their order."""
    query = _MOVES.where(friend_move.c.batch == batch)
    if steps:
        query = query.where(friend_move.c.state.in_([one.value for one in steps]))
    return [_move(row) for row in await tx.execute(query)]


async def newest(tx: Tx, externals: Sequence[str]) -> Move | None:
    """How the latest handing-on of any of these stands, None when they were never handed on."""
    query = _MOVES.where(friend_move.c.external.in_(externals)).order_by(None)
    row = (await tx.execute(query.order_by(friend_move.c.id.desc()).limit(1))).first()
    return _move(row) if row else None


async def under_way(tx: Tx, user: str) -> set[str]:
    """The friends of a user who are on their way to somebody else, or about to be."""
    query = (
        sa.select(friend_move.c.external)
        .join(friend_batch, friend_batch.c.id == friend_move.c.batch)
        .where(
            friend_batch.c.user == user,
            friend_batch.c.settled_at.is_(None),
            friend_move.c.state.in_([one.value for one in OPEN]),
        )
    )
    return {str(external) for external in (await tx.execute(query)).scalars()}


async def running(tx: Tx, external: str) -> list[Move]:
    """The handings-on of somebody that the platform has or is about to get."""
    under_way = [Step.ASKED.value, Step.RUNNING.value]
    query = _MOVES.where(friend_move.c.external == external, friend_move.c.state.in_(under_way))
    return [_move(row) for row in await tx.execute(query)]


async def step(
    tx: Tx, batch: int, externals: Sequence[str], to: Step, now: datetime, *, why: str = ""
) -> None:
    """These friends are at this step now; RUNNING notes when the platform took them."""
    values: dict[str, object] = {"state": to.value, "why": why[:200], "at": now}
    if to is Step.RUNNING:
        values["taken_at"] = now
    for at in range(0, len(externals), CHUNK):
        some = friend_move.c.external.in_(externals[at : at + CHUNK])
        await tx.execute(sa.update(friend_move).where(friend_move.c.batch == batch, some).values(**values))


async def earlier(tx: Tx, externals: Sequence[str], since: datetime) -> dict[str, list[datetime]]:
    """When each of these was handed on since then by somebody who was in service."""
    found: dict[str, list[datetime]] = {}
    for at in range(0, len(externals), CHUNK):
        query = (
            sa.select(friend_move.c.external, friend_move.c.taken_at)
            .join(friend_batch, friend_batch.c.id == friend_move.c.batch)
            .where(
                friend_move.c.external.in_(externals[at : at + CHUNK]),
                friend_move.c.taken_at >= since,
                sa.not_(friend_batch.c.left),
            )
        )
        for external, taken in await tx.execute(query):
            found.setdefault(external, []).append(taken)
    return found


async def settle(tx: Tx, batch: int, now: datetime) -> bool:
    """Nothing of it is open any more. False when that was known."""
    row = sa.update(friend_batch).where(friend_batch.c.id == batch, friend_batch.c.settled_at.is_(None))
    return bool((await tx.execute(row.values(settled_at=now).returning(friend_batch.c.id))).first())
