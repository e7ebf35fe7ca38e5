"""Questions behind the business numbers; the formulas are in rules/reports.py."""

from datetime import datetime

import sqlalchemy as sa

from rules.reports import Assigned
from rules.sla import TOLD
from store.db import Tx
from store.tables import fact, lead


async def assigned_since(tx: Tx, owner: str, since: datetime) -> list[Assigned]:
    """Leads that are the owner's and were assigned since then, closed ones too; oldest first."""
    silent = sa.exists().where(
        fact.c.lead == lead.c.id, fact.c.name == TOLD, fact.c.at >= lead.c.assigned_at,
        fact.c.payload.contains('"undelivered": true'),
    )  # fmt: skip
    query = sa.select(
        lead.c.id, lead.c.assigned_at, lead.c.first_touch_at, silent.label("undelivered")
    ).where(lead.c.owner == owner, lead.c.assigned_at >= since)
    return [
        Assigned(row.id, row.assigned_at, row.first_touch_at, bool(row.undelivered))
        for row in await tx.execute(query.order_by(lead.c.id))
    ]
