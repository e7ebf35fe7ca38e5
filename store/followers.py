"""Followers of Official Accounts as rows: found by a mark of their OpenID, guarded by a version."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.followers import Follower, Kind, Said
from store.db import Conflict, Tx
from store.tables_sources import follower


async def find(tx: Tx, account: str, openid: str) -> Follower | None:
    """The follower, None when they never wrote to the account."""
    query = sa.select(follower).where(
        follower.c.account == account, follower.c.mark.in_(tx.seals.marks(openid))
    )
    row = (await tx.execute(query.order_by(follower.c.id).limit(1))).first()
    return _follower(row) if row else None


async def get(tx: Tx, id: int) -> Follower | None:
    """The follower of that number, None when they were forgotten."""
    row = (await tx.execute(sa.select(follower).where(follower.c.id == id))).one_or_none()
    return _follower(row) if row else None


async def add(tx: Tx, account: str, openid: str, now: datetime) -> Follower:
    """Writes a new follower."""
    values = {"account": account, "openid": openid, "mark": tx.seals.mark(openid), "since": now, "at": now}
    made = await tx.execute(sa.insert(follower).values(**values).returning(follower.c.id))
    return Follower(id=int(made.scalar_one()), account=account, openid=openid, since=now)


async def save(tx: Tx, one: Follower, now: datetime) -> Follower:
    """Writes the follower back if nobody else did meanwhile, and gives it with its new version. Raises Conflict."""
    values = {
        "unionid": one.unionid, "union_mark": tx.seals.mark(one.unionid), "here": one.here, "channel": one.channel[:64],
        "said": _packed(one), "lead": one.lead, "handed": one.handed, "reached": one.reached, "asked_at": one.asked_at,
        "answer_key": one.answer_key[:80], "answer": one.answer, "at": now, "version": one.version + 1,
    }  # fmt: skip
    mine = sa.update(follower).where(follower.c.id == one.id, follower.c.version == one.version)
    if (await tx.execute(mine.values(**values))).rowcount != 1:
        raise Conflict(f"follower {one.id} is not at version {one.version} any more")
    return replace(one, version=one.version + 1)


async def remove(tx: Tx, id: int) -> None:
    """Strikes a follower out."""
    await tx.execute(sa.delete(follower).where(follower.c.id == id))


async def same_person(tx: Tx, unionid: str, but: int) -> list[Follower]:
    """Who else among the followers is this person (accounts of one firm share the UnionID), oldest first."""
    if not unionid:
        return []
    query = sa.select(follower).where(
        follower.c.union_mark.in_(tx.seals.marks(unionid)), follower.c.id != but
    )
    return [_follower(row) for row in await tx.execute(query.order_by(follower.c.id))]


async def answered(tx: Tx, account: str, openid: str, key: str) -> str:
    """What the event `key` of a follower is answered, "" for nothing."""
    one = await find(tx, account, openid)
    return one.answer if one and one.answer_key == key else ""


def _packed(one: Follower) -> str:
    if not one.said:
        return ""
    said = [[entry.at.isoformat(), entry.kind.value, entry.text] for entry in one.said]
    return json.dumps(said, ensure_ascii=False)


def _follower(row: Any) -> Follower:
    said = tuple(
        Said(datetime.fromisoformat(at), Kind(kind), text) for at, kind, text in json.loads(row.said or "[]")
    )
    return Follower(
        id=row.id, account=row.account, openid=row.openid, since=row.since, unionid=row.unionid, here=row.here,
        channel=row.channel, said=said, lead=row.lead, handed=row.handed, reached=row.reached, asked_at=row.asked_at,
        answer_key=row.answer_key, answer=row.answer, version=row.version,
    )  # fmt: skip
