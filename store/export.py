"""Leads as a list to take along: whose, with contact and customer, oldest first. (C.4; A.2)"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from rules.marks import Sort, values
from rules.opportunities import Opportunity
from store import marks, opportunities
from store.db import Tx
from store.tables import contact, customer, lead


@dataclass(frozen=True)
class Row:
    """One lead as it is exported; `owner` is a member id, "" is the pool. Free text and numbers are as they are kept;
    `opportunities`: the open ones that came of it; `marks`: what holds of the customer now."""

    id: int
    customer: int
    owner: str
    company: str
    name: str
    phone: str
    email: str
    source: str
    kind: str
    need: str
    status: str
    created_at: datetime
    first_touch_at: datetime | None
    last_followup_at: datetime | None
    next_text: str
    next_at: datetime | None
    opportunities: tuple[Opportunity, ...] = ()
    marks: Mapping[Sort, str] = field(default_factory=dict)


async def rows(tx: Tx, owners: frozenset[str] | None, most: int) -> list[Row]:
    """The newest `most` leads of these owners (None: of everybody), oldest first; of customers that are there."""
    query = (
        sa.select(
            lead.c.id, lead.c.customer, lead.c.owner, customer.c.company,
            sa.func.coalesce(contact.c.name, customer.c.name).label("name"),
            sa.func.coalesce(contact.c.phone, "").label("phone"), sa.func.coalesce(contact.c.email, "").label("email"),
            lead.c.source, lead.c.kind, lead.c.need, lead.c.status, lead.c.created_at, lead.c.first_touch_at,
            lead.c.last_followup_at, lead.c.next_text, lead.c.next_at,
        )
        .select_from(lead.join(customer, customer.c.id == lead.c.customer)
                     .outerjoin(contact, sa.and_(contact.c.id == lead.c.contact, contact.c.deleted_at.is_(None))))
        .where(customer.c.deleted_at.is_(None))
        .order_by(lead.c.id.desc())
        .limit(most)
    )  # fmt: skip
    if owners is not None:
        query = query.where(lead.c.owner.in_(sorted(owners)))
    found = [Row(**row._mapping) for row in await tx.execute(query)]
    deals: dict[int, list[Opportunity]] = {}
    for one in await opportunities.of_leads(tx, [row.id for row in found]):
        deals.setdefault(one.lead or 0, []).append(one)
    said = await marks.of_customers(tx, list({row.customer for row in found}))
    return [
        replace(row, opportunities=tuple(deals.get(row.id, ())), marks=values(said[row.customer]))
        for row in reversed(found)
    ]
