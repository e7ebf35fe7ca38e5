"""What happened to a lead, as rows: what ladders start from and end with. Undoing takes facts back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.leads import CLOSED
from store.db import Tx
from store.tables import fact, lead


@dataclass(frozen=True)
class Happened:
    """One fact about a lead."""

    id: int
    lead: int
    name: str
    at: datetime
    payload: dict[str, Any]


_ADD = sa.insert(fact).returning(fact.c.id)


async def add(
    tx: Tx,
    lead: int,
    name: str,
    at: datetime,
    *,
    payload: Mapping[str, Any] | None = None,
    followup: int | None = None,
) -> int:
    """Writes a fact. `followup` ties it to the record that made it, so that undoing one undoes the other."""
    text = json.dumps(payload or {}, ensure_ascii=False)
    row = {"lead": lead, "name": name, "at": at, "payload": text, "followup": followup}
    return int((await tx.execute(_ADD, row)).scalar_one())


_LAST = (
    sa.select(fact.c.id, fact.c.lead, fact.c.name, fact.c.at, fact.c.payload)
    .where(
        fact.c.lead == sa.bindparam("of"), fact.c.name == sa.bindparam("called"), fact.c.undone_at.is_(None)
    )
    .order_by(fact.c.id.desc())
    .limit(1)
)


async def last(tx: Tx, lead: int, name: str) -> Happened | None:
    """The newest standing fact of this name, None when there is none."""
    row = (await tx.execute(_LAST, {"of": lead, "called": name})).first()
    return Happened(row.id, row.lead, row.name, row.at, json.loads(row.payload)) if row else None


_STANDS = sa.select(fact.c.undone_at).where(fact.c.id == sa.bindparam("row"))


async def stands(tx: Tx, id: int) -> bool:
    """Whether a fact was not taken back."""
    row = (await tx.execute(_STANDS, {"row": id})).first()
    return row is not None and row.undone_at is None


_SINCE = (
    sa.select(fact.c.id)
    .where(
        fact.c.lead == sa.bindparam("of"),
        fact.c.name == sa.bindparam("called"),
        fact.c.id > sa.bindparam("after"),
        fact.c.undone_at.is_(None),
    )
    .limit(1)
)


async def since(tx: Tx, lead: int, name: str, after: int) -> bool:
    """Whether a standing fact of this name came after the fact `after` (by id: exact even within one instant)."""
    return (await tx.execute(_SINCE, {"of": lead, "called": name, "after": after})).first() is not None


async def undo(tx: Tx, followup: int, now: datetime) -> None:
    """Takes back every fact that this follow-up made."""
    await tx.execute(
        sa.update(fact).where(fact.c.followup == followup, fact.c.undone_at.is_(None)).values(undone_at=now)
    )


async def undo_one(tx: Tx, id: int, now: datetime) -> None:
    """Takes one fact back."""
    await tx.execute(sa.update(fact).where(fact.c.id == id).values(undone_at=now))


async def newest(tx: Tx) -> int:
    """The id of the newest fact of all, 0 when there is none."""
    return int((await tx.execute(sa.select(sa.func.max(fact.c.id)))).scalar() or 0)


async def undo_after(tx: Tx, lead: int, names: Sequence[str], after: int, now: datetime) -> None:
    """Takes back the facts of these names that a lead got after the fact `after` (by id)."""
    those = (fact.c.lead == lead, fact.c.name.in_(names), fact.c.id > after, fact.c.undone_at.is_(None))
    await tx.execute(sa.update(fact).where(*those).values(undone_at=now))


async def count(tx: Tx, name: str, owners: Sequence[str], since: datetime, until: datetime) -> int:
    """How many standing facts of this name the open leads of these members have in [since, until)."""
    mine = sa.and_(lead.c.owner.in_(owners), *(lead.c.status != one.value for one in sorted(CLOSED)))
    query = (
        sa.select(sa.func.count())
        .select_from(lead.join(fact, fact.c.lead == lead.c.id))
        .where(mine, fact.c.name == name, fact.c.at >= since, fact.c.at < until, fact.c.undone_at.is_(None))
    )
    return int((await tx.execute(query)).scalar_one())
