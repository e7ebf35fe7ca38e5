"""Which WeCom customer has whom of ours as a friend, whole or half."""

from datetime import datetime

import sqlalchemy as sa

from store.db import Tx
from store.tables_sources import friend
from store.tx import upsert

HALF, FULL, GONE = "half", "full", "gone"


async def state(tx: Tx, external: str, user: str) -> str:
    """half, full, gone; "" when they never met."""
    query = sa.select(friend.c.state).where(friend.c.external == external, friend.c.user == user)
    return str((await tx.execute(query)).scalar() or "")


async def put(
    tx: Tx, external: str, user: str, state: str, now: datetime, *, channel: str = "", name: str = ""
) -> None:
    """Writes how it stands; an empty name or channel leaves what is known."""
    said = {key: value for key, value in (("name", name[:120]), ("channel", channel[:64])) if value}
    values = {"state": state, "at": now, **said}
    row = upsert(tx, friend).values(external=external, user=user, **values)
    await tx.execute(row.on_conflict_do_update(index_elements=["external", "user"], set_=values))
