"""Receipts of API calls: the same key and body get the same answer, the same key with another body is a mistake."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from store.db import Conflict, Tx
from store.tables import receipt
from store.tx import upsert


@dataclass(frozen=True)
class Receipt:
    """What a call was answered. `digest`: of its body."""

    key: str
    digest: str
    answer: dict[str, Any]


async def find(tx: Tx, key: str) -> Receipt | None:
    """The receipt of a key, or None."""
    row = (await tx.execute(select(receipt).where(receipt.c.key == key))).one_or_none()
    return Receipt(row.key, row.digest, json.loads(row.answer)) if row else None


async def put(tx: Tx, key: str, digest: str, answer: Mapping[str, Any], now: datetime) -> None:
    """Writes a receipt. Raises Conflict when the key was used meanwhile."""
    text = json.dumps(answer, ensure_ascii=False)
    row = upsert(tx, receipt).values(key=key, digest=digest, answer=text, at=now)
    made = await tx.execute(row.on_conflict_do_nothing(index_elements=["key"]).returning(receipt.c.key))
    if made.scalar() is None:
        raise Conflict(f"receipt {key[:12]}… exists")
