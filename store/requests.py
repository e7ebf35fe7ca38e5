"""Linked forms as rows: drafts, handed in, cancelled."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from rules.forms import Request, RequestState
from store.db import Conflict, Tx
from store.tables import request as requests


async def add(
    tx: Tx, *, form: str, lead: int, member: str, fields: Sequence[tuple[str, str]], now: datetime,
    followup: int | None = None,
) -> Request:  # fmt: skip
    """Writes a new draft."""
    new = Request(
        id=0, form=form, lead=lead, member=member, created_at=now, fields=tuple(fields), followup=followup
    )
    made = await tx.execute(
        insert(requests)
        .values(form=form, lead=lead, member=member, followup=followup, fields=_dump(new), created_at=now)
        .returning(requests.c.id)
    )
    return replace(new, id=int(made.scalar_one()))


async def find(tx: Tx, id: int) -> Request | None:
    """The request, or None."""
    row = (await tx.execute(select(requests).where(requests.c.id == id))).one_or_none()
    return _request(row) if row else None


async def of_followup(tx: Tx, followup: int) -> list[Request]:
    """The requests that a follow-up opened, oldest first."""
    rows = await tx.execute(select(requests).where(requests.c.followup == followup).order_by(requests.c.id))
    return [_request(row) for row in rows]


async def drafts_of(tx: Tx, leads: Sequence[int]) -> list[Request]:
    """The requests of these leads that were not handed in yet, oldest first."""
    query = select(requests).where(requests.c.lead.in_(leads), requests.c.state == RequestState.DRAFT.value)
    return [_request(row) for row in await tx.execute(query.order_by(requests.c.id))] if leads else []


async def save(tx: Tx, changed: Request) -> Request:
    """Writes the request back if nobody else did meanwhile and gives it with its new version. Raises Conflict."""
    done = await tx.execute(
        update(requests)
        .where(requests.c.id == changed.id, requests.c.version == changed.version)
        .values(
            fields=_dump(changed), state=changed.state.value, submitted_at=changed.submitted_at,
            version=changed.version + 1,
        )
    )  # fmt: skip
    if done.rowcount != 1:
        raise Conflict(f"request {changed.id} is not at version {changed.version} any more")
    return replace(changed, version=changed.version + 1)


def _dump(request: Request) -> str:
    return json.dumps(request.fields, ensure_ascii=False)


def _request(row: Any) -> Request:
    return Request(
        id=row.id, form=row.form, lead=row.lead, member=row.member, created_at=row.created_at,
        fields=tuple((name, value) for name, value in json.loads(row.fields or "[]")), followup=row.followup,
        state=RequestState(row.state), submitted_at=row.submitted_at, version=row.version,
    )  # fmt: skip
