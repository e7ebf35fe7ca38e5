"""Climbs as rows: the standing facts that ladders are judged by, and the timer that keeps a climb going."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from rules.sla import Happened
from store.db import Tx
from store.tables import fact, timer

KIND = "sla"


def key(lead: int, rule: str) -> str:
    """The timer key of a lead's climb on a ladder."""
    return f"{lead}:{rule}"[:120]


async def happened(tx: Tx, leads: Sequence[int]) -> dict[int, list[Happened]]:
    """The standing facts of these leads, oldest first."""
    found: dict[int, list[Happened]] = {id: [] for id in leads}
    for at in range(0, len(leads), 500):
        query = sa.select(fact.c.id, fact.c.lead, fact.c.name, fact.c.at, fact.c.payload).where(
            fact.c.lead.in_(leads[at : at + 500]), fact.c.undone_at.is_(None)
        )
        for row in await tx.execute(query.order_by(fact.c.id)):
            found[row.lead].append(Happened(row.id, row.name, row.at, json.loads(row.payload or "{}")))
    return found


async def running(tx: Tx, key: str, *, kind: str = KIND) -> Mapping[str, Any] | None:
    """What the timer of a climb (or, by `kind`, of a record's silence ladder) carries, None when no timer is set."""
    query = sa.select(timer.c.payload).where(timer.c.kind == kind, timer.c.key == key)
    text = (await tx.execute(query)).scalar()
    return json.loads(text) if text else None
