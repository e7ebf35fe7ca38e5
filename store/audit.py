"""The audit trail: who did, saw or tried what. Append only."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.tables import audit


async def add(
    tx: Tx,
    now: datetime,
    member: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | str = "",
    cause: int = 0,
) -> None:
    """Writes one line. `detail` never holds a full phone number or a secret."""
    text = detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)
    await tx.execute(
        sa.insert(audit).values(
            at=now, member=member, action=action, subject=subject, detail=text, cause=cause
        )
    )


async def about(tx: Tx, subject: str, limit: int = 50) -> list[tuple[datetime, str, str, str]]:
    """(when, member, action, detail) about a subject, newest first."""
    rows = await tx.execute(
        sa.select(audit.c.at, audit.c.member, audit.c.action, audit.c.detail)
        .where(audit.c.subject == subject)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [(row.at, row.member, row.action, row.detail) for row in rows]
