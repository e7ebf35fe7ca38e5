"""Which resources were taken, by whom, for which lead (B23)."""

from datetime import datetime

from sqlalchemy import insert, select

from store.db import Tx
from store.tables import claim as claims


async def claim(tx: Tx, resource: str, member: str, now: datetime, lead: int | None = None) -> None:
    """Logs that a member took a resource."""
    await tx.execute(insert(claims).values(resource=resource[:120], lead=lead, member=member, at=now))


async def claimed(tx: Tx, member: str, lead: int) -> list[str]:
    """Names of the resources that the member took for a lead, oldest first."""
    query = select(claims.c.resource).where(claims.c.member == member, claims.c.lead == lead)
    return list((await tx.execute(query.order_by(claims.c.id))).scalars())
