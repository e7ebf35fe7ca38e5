"""Drafts as rows: what was recognised in a chat, until the rep keeps it or throws it away (B05)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import insert, select, update

from rules.errors import Refused
from rules.json_text import written
from store.db import Conflict, Tx
from store.tables import draft

State = Literal["open", "saved", "merged", "noted", "discarded"]


@dataclass(frozen=True)
class Kept:
    """A draft of `member`. `body`: the recognised fields as JSON; `original`: the words it came from; `lead`: what
    it became."""

    id: int
    member: str
    source: str
    body: dict[str, Any] = field(default_factory=dict)
    original: str = ""
    state: State = "open"
    lead: int | None = None
    version: int = 0


_ADD = insert(draft).returning(draft.c.id)


async def add(
    tx: Tx, *, member: str, source: str, body: Mapping[str, Any], original: str, now: datetime
) -> Kept:
    """Writes a new open draft."""
    new = Kept(0, member, source, dict(body), original)
    row = {"member": member, "source": source, "body": written(body), "original": original}
    made = await tx.execute(_ADD, {**row, "created_at": now, "updated_at": now})
    return replace(new, id=int(made.scalar_one()))


async def get(tx: Tx, id: int) -> Kept:
    """The draft. Raises Refused when there is none."""
    row = (await tx.execute(select(draft).where(draft.c.id == id))).one_or_none()
    if row is None:
        raise Refused("没有这份草稿")
    return _kept(row)


async def of_lead(tx: Tx, lead: int) -> Kept | None:
    """The draft that became this lead, or None."""
    became = select(draft).where(draft.c.lead == lead, draft.c.state != "noted")
    row = (await tx.execute(became.order_by(draft.c.id))).first()
    return _kept(row) if row else None


async def noted_with(tx: Tx, lead: int) -> bool:
    """Whether a further chat was noted with this lead."""
    noted = select(draft.c.id).where(draft.c.lead == lead, draft.c.state == "noted").limit(1)
    return (await tx.execute(noted)).first() is not None


async def save(tx: Tx, changed: Kept, now: datetime) -> Kept:
    """Writes the draft back if nobody else did meanwhile and gives it with its new version. Raises Conflict."""
    done = await tx.execute(
        update(draft)
        .where(draft.c.id == changed.id, draft.c.version == changed.version)
        .values(
            body=written(changed.body), state=changed.state, lead=changed.lead, version=changed.version + 1,
            updated_at=now,
        )
    )  # fmt: skip
    if done.rowcount != 1:
        raise Conflict(f"draft {changed.id} is not at version {changed.version} any more")
    return replace(changed, version=changed.version + 1)


def _kept(row: Any) -> Kept:
    return Kept(
        id=row.id, member=row.member, source=row.source, body=json.loads(row.body or "{}"), original=row.original,
        state=row.state, lead=row.lead, version=row.version,
    )  # fmt: skip
