"""What can be taken back for a while, as rows (C.7: ten minutes for one's own actions)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from store.db import Conflict, Tx
from store.tables import undo as undos


@dataclass(frozen=True)
class Undoable:
    """Something a member did. `kind` finds the undoer, `subject` is the short id people know (L-1024)."""

    id: int
    member: str
    kind: str
    subject: str
    payload: dict[str, Any]
    at: datetime
    expires_at: datetime
    used_at: datetime | None = None


async def remember(
    tx: Tx, member: str, kind: str, subject: str, payload: Mapping[str, Any], now: datetime, expires: datetime
) -> int:
    """Keeps what an undo of `kind` will need until `expires`. Returns its id, for the button (actions Undo)."""
    text = json.dumps(payload, ensure_ascii=False)
    made = await tx.execute(
        insert(undos)
        .values(member=member, kind=kind, subject=subject, payload=text, at=now, expires_at=expires)
        .returning(undos.c.id)
    )
    return int(made.scalar_one())


async def find(tx: Tx, id: int) -> Undoable | None:
    """What can be undone under this id, or None."""
    row = (await tx.execute(select(undos).where(undos.c.id == id))).one_or_none()
    return _undoable(row) if row else None


async def newest(tx: Tx, member: str) -> Undoable | None:
    """The member's last action that was not taken back yet, whether or not its time is over."""
    query = select(undos).where(undos.c.member == member, undos.c.used_at.is_(None))
    row = (await tx.execute(query.order_by(undos.c.id.desc()).limit(1))).one_or_none()
    return _undoable(row) if row else None


async def use(tx: Tx, id: int, now: datetime) -> None:
    """Marks it as taken back. Raises Conflict when it is already."""
    done = await tx.execute(
        update(undos).where(undos.c.id == id, undos.c.used_at.is_(None)).values(used_at=now)
    )
    if done.rowcount != 1:
        raise Conflict(f"undo {id} was used already")


def _undoable(row: Any) -> Undoable:
    return Undoable(
        id=row.id, member=row.member, kind=row.kind, subject=row.subject, payload=json.loads(row.payload or "{}"),
        at=row.at, expires_at=row.expires_at, used_at=row.used_at,
    )  # fmt: skip
