"""Settings that live in the database: edited rules, the mark of this installation."""

from datetime import datetime

import sqlalchemy as sa

from store.db import Tx
from store.tables import setting
from store.tx import upsert

_VALUE = sa.select(setting.c.value).where(setting.c.key == sa.bindparam("wanted"))


async def get(tx: Tx, key: str) -> str | None:
    """The value, None when it was never set."""
    value: str | None = (await tx.execute(_VALUE, {"wanted": key})).scalar()
    return value


async def put(tx: Tx, key: str, value: str, by: str, now: datetime) -> None:
    """Sets a value and who did it."""
    values = {"value": value, "changed_by": by, "at": now}
    insert = upsert(tx, setting).values(key=key, **values)
    await tx.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values))


async def once(tx: Tx, key: str, value: str, now: datetime) -> str:
    """Sets a value if there is none yet; returns what stands."""
    insert = upsert(tx, setting).values(key=key, value=value, changed_by="", at=now)
    await tx.execute(insert.on_conflict_do_nothing(index_elements=["key"]))
    return await get(tx, key) or value


async def starting(tx: Tx, prefix: str) -> dict[str, str]:
    """All settings whose key begins with `prefix`."""
    query = sa.select(setting.c.key, setting.c.value).where(setting.c.key.startswith(prefix, autoescape=True))
    return {row.key: row.value for row in await tx.execute(query.order_by(setting.c.key))}


async def drop(tx: Tx, key: str) -> None:
    """Forgets a setting."""
    await tx.execute(sa.delete(setting).where(setting.c.key == key))
