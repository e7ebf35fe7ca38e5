"""By which door a lead came in: the form or connector, the receipt, the consent, the pages seen before."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.origins import Origin, Page
from store.db import Tx
from store.tables_sources import origin


async def add(tx: Tx, lead: int, one: Origin, now: datetime) -> None:
    """Writes where a lead came from."""
    await tx.execute(
        sa.insert(origin).values(
            lead=lead, kind=one.kind, name=one.name, ref=one.ref, visitor=one.visitor, at=now,
            consent=_json(one.consent), extra=_json(one.extra),
            pages=json.dumps([[page.title, page.url, page.at] for page in one.pages], ensure_ascii=False),
        )
    )  # fmt: skip


def _json(value: Mapping[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


async def of_lead(tx: Tx, lead: int) -> Origin | None:
    """Where the lead came from, None when nobody wrote it down."""
    row = (await tx.execute(sa.select(origin).where(origin.c.lead == lead).limit(1))).first()
    return _origin(row) if row else None


async def by_ref(tx: Tx, ref: str) -> list[int]:
    """The leads behind a receipt number or a foreign id, oldest first."""
    query = sa.select(origin.c.lead).where(origin.c.ref == ref).order_by(origin.c.id)
    return [int(lead) for lead in (await tx.execute(query)).scalars()] if ref else []


def _origin(row: Any) -> Origin:
    return Origin(
        kind=row.kind, name=row.name, ref=row.ref, visitor=row.visitor,
        consent=json.loads(row.consent or "{}"), extra=json.loads(row.extra or "{}"),
        pages=tuple(Page(*one) for one in json.loads(row.pages or "[]")),
    )  # fmt: skip
