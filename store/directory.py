"""What we saw of the platforms' directories: user ids, and what was decided about each. (B80)"""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.directory import Entry, Person
from store.db import Tx
from store.tables_directory import directory
from store.tx import upsert

NEW, MEMBER, NO = "new", "member", "no"


def _entry(row: Any) -> Entry:
    names = tuple(json.loads(row.departments or "[]"))
    return Entry(row.id, row.user_id, row.name, row.state, row.gone_at is not None, names)


async def entries(tx: Tx, platform: str) -> list[Entry]:
    """Everybody of a platform's directory, who left too, by id."""
    query = sa.select(directory).where(directory.c.platform == platform).order_by(directory.c.id)
    return [_entry(row) for row in await tx.execute(query)]


async def find(tx: Tx, id: int) -> tuple[str, Entry] | None:
    """(platform, entry) by its number, None when there is none."""
    row = (await tx.execute(sa.select(directory).where(directory.c.id == id))).first()
    return (row.platform, _entry(row)) if row else None


async def undecided(tx: Tx, *, upto: int = 0, platform: str = "") -> list[tuple[str, Entry]]:
    """(platform, entry) of those whom nobody decided about (with a number up to `upto`), oldest first."""
    query = sa.select(directory).where(directory.c.state == NEW, directory.c.gone_at.is_(None))
    if upto:
        query = query.where(directory.c.id <= upto)
    if platform:
        query = query.where(directory.c.platform == platform)
    return [(row.platform, _entry(row)) for row in await tx.execute(query.order_by(directory.c.id))]


async def see(tx: Tx, platform: str, one: Person, state: str, now: datetime) -> None:
    """Somebody stands in the directory; `state` is for who is seen for the first time."""
    values = {
        "name": one.name,
        "departments": json.dumps(one.departments, ensure_ascii=False),
        "seen_at": now,
        "gone_at": None,
    }
    insert = upsert(tx, directory).values(platform=platform, user_id=one.user, state=state, **values)
    await tx.execute(insert.on_conflict_do_update(index_elements=["platform", "user_id"], set_=values))


async def gone(tx: Tx, platform: str, user: str, now: datetime) -> bool:
    """Marks a user id as no longer there. False when it was not there before."""
    row = sa.update(directory).where(
        directory.c.platform == platform, directory.c.user_id == user, directory.c.gone_at.is_(None)
    )
    return bool((await tx.execute(row.values(gone_at=now).returning(directory.c.id))).first())


async def here(tx: Tx, pairs: Collection[tuple[str, str]]) -> bool:
    """Whether any of these (platform, user id) stands in a directory, or in one that we never saw."""
    for platform, user in pairs:
        query = sa.select(directory.c.gone_at).where(
            directory.c.platform == platform, directory.c.user_id == user
        )
        row = (await tx.execute(query)).first()
        if row is None or row.gone_at is None:
            return True
    return False


async def decide(tx: Tx, id: int, state: str) -> bool:
    """A decision about somebody new. False when it was made already or they are gone."""
    row = sa.update(directory).where(
        directory.c.id == id, directory.c.state == NEW, directory.c.gone_at.is_(None)
    )
    return bool((await tx.execute(row.values(state=state).returning(directory.c.id))).first())


async def reset(tx: Tx, platform: str, user: str) -> None:
    """Somebody who came back and is no member is asked about again."""
    row = sa.update(directory).where(directory.c.platform == platform, directory.c.user_id == user)
    await tx.execute(row.values(state=NEW))


async def left_at(tx: Tx, platform: str, user: str) -> datetime | None:
    """When somebody was first missing in the directory, None while they stand in it or were never seen."""
    query = sa.select(directory.c.gone_at).where(
        directory.c.platform == platform, directory.c.user_id == user
    )
    found: datetime | None = (await tx.execute(query)).scalar()
    return found
