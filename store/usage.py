"""Counters of what platforms bill by the month or cap by the day. A period is "2026-11" or "D261122"."""

import sqlalchemy as sa

from store.db import Tx
from store.tables import quota
from store.tx import upsert


async def add(tx: Tx, platform: str, month: str, name: str, n: int) -> int:
    """Adds n to a counter; returns the period's total."""
    insert = upsert(tx, quota).values(platform=platform, month=month, name=name, used=n)
    done = await tx.execute(
        insert.on_conflict_do_update(
            index_elements=["platform", "month", "name"], set_={"used": quota.c.used + n}
        ).returning(quota.c.used)
    )
    return int(done.scalar_one())


async def of(tx: Tx, month: str) -> dict[tuple[str, str], int]:
    """(platform, name) → used in that period."""
    rows = await tx.execute(
        sa.select(quota.c.platform, quota.c.name, quota.c.used).where(quota.c.month == month)
    )
    return {(row.platform, row.name): row.used for row in rows}


async def first_warning(tx: Tx, platform: str, month: str, name: str) -> bool:
    """Marks that the period's warning was given; False when it was given before."""
    done = await tx.execute(
        sa.update(quota)
        .where(
            quota.c.platform == platform, quota.c.month == month, quota.c.name == name, quota.c.warned == 0
        )
        .values(warned=1)
    )
    return done.rowcount == 1
