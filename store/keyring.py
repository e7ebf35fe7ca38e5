"""Which keys a database needs, how much is sealed with which, and the change to another key."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from store import replicas, settings
from store.customers import phone_key
from store.db import Database, Tx
from store.failpoints import At, reach
from store.seals import MARKED, SEALED, Sealed, Seals, key_of
from store.tables import meta

KNOWN, WRITING = "keys.known", "keys.writing"
"""Settings: the ids of all keys that may be in use, and of the one that the last start wrote with."""
AT_ONCE = 200
"""Rows of one transaction: a few milliseconds in which nobody else writes to SQLite."""
MARKS: Mapping[str, Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "contact": {"phone_key": ("phone", phone_key), "email_key": ("email", str.lower)},
    "follower": {"mark": ("openid", str), "union_mark": ("unionid", str)},
}
"""Table → its columns with marks: of which column, and how that is written to be found."""


class Missing(Exception):
    """Something was sealed with a key that is not given; the text names the key."""


class StillOld(Exception):
    """A running bot writes with another key; the text says what to do first."""


async def enter(tx: Tx, now: datetime) -> None:
    """At a start: all keys in use are there, and the one that writes now is kept in mind. Raises Missing."""
    needed = await known(tx)
    if missing := [one for one in needed if one not in tx.seals.keys]:
        raise Missing(
            f"[store] keys：数据库里有用密钥 {'、'.join(missing)} 加密的资料，配置里没有这把密钥"
            "（环境变量 GENJIN_DATA_KEY 没有传进来？）。说明见 docs/security.md"
        )
    mine = tx.seals.writing_id
    if mine and mine not in needed:
        await settings.put(tx, KNOWN, json.dumps([*needed, mine]), "", now)
    if await settings.get(tx, WRITING) != mine:
        await settings.put(tx, WRITING, mine, "", now)


async def known(tx: Tx) -> list[str]:
    """The ids of all keys that something here may be sealed with."""
    return [str(one) for one in json.loads(await settings.get(tx, KNOWN) or "[]")]


@lru_cache(maxsize=256)
def raw(table: sa.Table) -> sa.TableClause:
    """The same table with sealed values as they stand in the database."""
    return sa.table(
        table.name,
        *(sa.column(c.name, sa.Text() if isinstance(c.type, Sealed) else c.type) for c in table.c),
    )


@dataclass(frozen=True)
class Place:
    """A table with sealed columns."""

    table: sa.Table
    sealed: tuple[str, ...]
    marks: Mapping[str, tuple[str, Callable[[str], str]]]

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of its primary key."""
        return tuple(column.name for column in self.table.primary_key.columns)


def places() -> list[Place]:
    """Every table that holds something sealed."""
    found = []
    for table in meta.sorted_tables:
        sealed = tuple(c.name for c in table.c if isinstance(c.type, Sealed))
        if sealed:
            found.append(Place(table, sealed, MARKS.get(table.name, {})))
    return found


async def survey(tx: Tx) -> dict[str, Counter[str]]:
    """Key id ("": in clear) → table → how many of its values are kept so. Reads every row."""
    found: dict[str, Counter[str]] = {}
    for place in places():
        table = raw(place.table)
        for name in place.sealed:
            column = table.c[name]
            head = sa.case(
                (
                    sa.func.substr(column, 1, len(SEALED)) == SEALED,
                    sa.func.substr(column, 1, len(SEALED) + 8),
                ),
                else_="",
            ).label("head")
            counted = sa.select(head, sa.func.count().label("n")).where(column != "").group_by(head)
            for row in await tx.execute(counted):
                found.setdefault(key_of(f"{row.head}:"), Counter())[place.table.name] += int(row.n)
    return found


def _stale(place: Place, seals: Seals) -> sa.ColumnElement[bool]:
    """Rows in which something is not as the writing key would write it."""
    table, wrong = raw(place.table), []
    for name in place.sealed:
        wrong.append(_unlike(table.c[name], seals.writing.head if seals.writing else "", SEALED))
    for name, (source, _) in place.marks.items():
        wrong.append(_unlike(table.c[name], seals.writing.mark_head if seals.writing else "", MARKED))
        wrong.append(sa.and_(table.c[name] == "", table.c[source] != ""))
    return sa.or_(*wrong)


def _unlike(column: sa.ColumnElement[str], head: str, sealed: str) -> sa.ColumnElement[bool]:
    if head:
        return sa.and_(column != "", sa.func.substr(column, 1, len(head)) != head)
    return sa.func.substr(column, 1, len(sealed)) == sealed


async def _step(tx: Tx, place: Place, after: tuple[Any, ...]) -> tuple[tuple[Any, ...], int]:
    """Seals the next rows anew. Returns the last row's key (empty: there were none) and how many were changed; one that
    somebody else changed meanwhile is left to them."""
    table, seals = raw(place.table), tx.seals
    key = [table.c[name] for name in place.key]
    names = (*place.sealed, *place.marks)
    query = sa.select(*key, *(table.c[name] for name in names)).where(_stale(place, seals))
    if after:
        query = query.where(sa.tuple_(*key) > sa.tuple_(*map(sa.literal, after)))
    rows = (await tx.execute(query.order_by(*key).limit(AT_ONCE))).all()
    changed = 0
    for row in rows:
        was = row._mapping
        clear = {name: seals.open(f"{place.table.name}.{name}".encode(), was[name]) for name in place.sealed}
        values = {
            name: seals.seal(f"{place.table.name}.{name}".encode(), clear[name]) for name in place.sealed
        }
        for name, (source, written) in place.marks.items():
            values[name] = seals.mark(written(clear[source]))
        same = [table.c[name] == was[name] for name in (*place.key, *names)]
        changed += (await tx.execute(sa.update(table).where(*same).values(**values))).rowcount
    return (tuple(rows[-1][: len(key)]) if rows else ()), changed


async def rotate(
    db: Database,
    now: datetime,
    *,
    pause: float = 0.02,
    said: Callable[[str, int], None] = lambda _t, _n: None,
) -> int:
    """Seals everything with the key that writes (in clear when there is none), a few rows at a time, beside a running
    bot. A kill in between loses nothing: what is not done yet is found again. Returns how many rows were changed.

    `pause`: seconds between two transactions; `said` hears of each table and how many of its rows so far.
    Raises Missing, Unreadable, StillOld.
    """
    async with db.write() as tx:
        if await settings.get(tx, WRITING) != db.seals.writing_id and not await _alone(db, tx):
            raise StillOld("机器人还在用别的密钥写：先用这份配置重启它（每一个副本），再来。")
        await enter(tx, now)
        reach(At.KEYS_ENTERED)
    total = 0
    for _ in range(10):
        changed = 0
        for place in places():
            changed += await _whole(db, place, pause, said)
        total += changed
        if changed == 0:
            break
    else:
        raise StillOld("一直有新的资料用别的密钥写进来：用这份配置重启每一个副本，再来。")
    async with db.write() as tx:
        if await settings.get(tx, WRITING) != db.seals.writing_id:
            raise StillOld("换密钥的时候，有人用别的密钥启动了机器人：用这份配置重启它，再来。")
        mine = [db.seals.writing_id] if db.seals.writing_id else []
        await settings.put(tx, KNOWN, json.dumps(mine), "", now)
        reach(At.KEYS_LEFT)
    reach(At.KEYS_DONE)
    return total


async def _whole(db: Database, place: Place, pause: float, said: Callable[[str, int], None]) -> int:
    after: tuple[Any, ...] = ()
    total = 0
    while True:
        async with db.write() as tx:
            after, changed = await _step(tx, place, after)
            if changed:
                reach(At.KEYS_SEALED)
        if not after:
            return total
        reach(At.KEYS_STEP)
        total += changed
        said(place.table.name, total)
        await asyncio.sleep(pause)


async def _alone(db: Database, tx: Tx) -> bool:
    """Whether no bot runs on this database."""
    if db.sqlite:
        return db.free()
    return not await replicas.here(tx)
