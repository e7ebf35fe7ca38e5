"""What only one replica may hold at a time: a lease by the clock that replicas share, and errands that others leave for it."""

from dataclasses import dataclass

import sqlalchemy as sa

from store.db import Tx
from store.replicas import machine_ms
from store.tables_sole import errand, keeper
from store.tx import upsert

OPEN, TAKEN, DONE = 0, 1, 2
APART_MS = 4_000
"""The most that the clocks of two replicas are apart (bot/engine.BEAT and what a beat takes)."""
KEPT_MS = 2 * 86_400_000
"""An errand's answer is kept longer than its outbox row is tried: a repeat finds it."""


@dataclass(frozen=True)
class Held:
    """Who holds it ("" nobody), what the holder says of itself, for how many more ms the lease runs, and until when."""

    owner: str
    about: str
    left: int = 0
    until: int = -1


async def take(tx: Tx, name: str, me: str, ms: int, *, lease_ms: int, about: str, stale: int = -1) -> bool:
    """Takes or renews the lease; False when somebody else has it. `about`: what the holder says of itself; `stale`: the
    end of a lease that did not move for two renewals (see `held`): without it, what just ran out by our clock may be
    the lease of somebody whose clock lags."""
    values = {"owner": me, "until": ms + lease_ms, "about": about}
    insert = upsert(tx, keeper).values(name=name, **values)
    over = sa.or_(keeper.c.until < ms - APART_MS, sa.and_(keeper.c.until < ms, keeper.c.until == stale))
    free = sa.or_(keeper.c.owner == me, keeper.c.owner.is_(None), over)
    made = await tx.execute(
        insert.on_conflict_do_update(index_elements=["name"], set_=values, where=free).returning(
            keeper.c.owner
        )
    )
    return made.first() is not None


async def release(tx: Tx, name: str, me: str) -> None:
    """Gives the lease back, so that another need not wait for its end."""
    await tx.execute(
        sa.update(keeper).where(keeper.c.name == name, keeper.c.owner == me).values(owner=None, until=0)
    )


async def held(tx: Tx, name: str, ms: int) -> Held:
    """Who holds it, as far as the lease goes."""
    row = (
        await tx.execute(
            sa.select(keeper.c.owner, keeper.c.until, keeper.c.about).where(keeper.c.name == name)
        )
    ).first()
    if row is None or row.owner is None or row.until < ms - APART_MS:
        return Held("", row.about if row else "")
    return Held(row.owner, row.about, row.until - ms, row.until)


async def leave(tx: Tx, name: str, key: str, body: str) -> None:
    """Leaves an errand. One that was left before under this key stays; one whose answer was "again" is opened anew."""
    now = await machine_ms(tx)
    insert = upsert(tx, errand).values(name=name, key=key, body=body, at=now)
    again = {"state": OPEN, "owner": None, "answer": "", "body": body, "at": now}
    await tx.execute(
        insert.on_conflict_do_update(
            index_elements=["key"], set_=again, where=sa.and_(errand.c.state == DONE, errand.c.answer == "")
        )
    )


async def answer_of(tx: Tx, key: str) -> tuple[int, str]:
    """(state, answer) of an errand."""
    row = (await tx.execute(sa.select(errand.c.state, errand.c.answer).where(errand.c.key == key))).first()
    return (row.state, row.answer) if row else (DONE, "")


async def withdraw(tx: Tx, key: str) -> bool:
    """Takes back an errand that nobody has begun; False when somebody has."""
    done = await tx.execute(sa.delete(errand).where(errand.c.key == key, errand.c.state == OPEN))
    return done.rowcount == 1


async def forget(tx: Tx, key: str) -> None:
    """The answer said "not done": the same errand may be left again."""
    await tx.execute(sa.delete(errand).where(errand.c.key == key, errand.c.state == DONE))


async def next_errands(tx: Tx, name: str, me: str, n: int) -> list[tuple[int, str]]:
    """Takes up to n open errands, oldest first → (id, body)."""
    pick = (
        sa.select(errand.c.id)
        .where(errand.c.name == name, errand.c.state == OPEN)
        .order_by(errand.c.id)
        .limit(n)
    )
    rows = await tx.execute(
        sa.update(errand)
        .where(errand.c.id.in_(pick.with_for_update(skip_locked=True)))
        .values(state=TAKEN, owner=me)
        .returning(errand.c.id, errand.c.body)
    )
    return sorted((row.id, row.body) for row in rows)


async def finish(tx: Tx, id: int, answer: str) -> None:
    """Writes the answer of an errand."""
    await tx.execute(sa.update(errand).where(errand.c.id == id).values(state=DONE, answer=answer))


async def orphans(tx: Tx, name: str, me: str, answer: str) -> None:
    """A new holder: what the one before had begun and not answered may have been done. Old answers go."""
    await tx.execute(
        sa.update(errand)
        .where(errand.c.name == name, errand.c.state == TAKEN, errand.c.owner != me)
        .values(state=DONE, answer=answer)
    )
    await tx.execute(
        sa.delete(errand).where(errand.c.state == DONE, errand.c.at < await machine_ms(tx) - KEPT_MS)
    )
