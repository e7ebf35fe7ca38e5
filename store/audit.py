"""The audit trail: who did, saw or tried what. Append only; each line is chained to the one before by its hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.tables import audit

NOTED = "audited"
"""Marks a transaction in which lines wait for their seal."""
LOCK = 7230919
BATCH = 500
_ADD = sa.insert(audit)


async def add(
    tx: Tx,
    now: datetime,
    member: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | str = "",
    cause: int = 0,
) -> None:
    """Writes one line. `detail` never holds a full phone number or a secret. `seal` chains it before the commit."""
    text = detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)
    row = {"at": now, "member": member, "action": action, "subject": subject, "detail": text, "cause": cause}
    await tx.execute(_ADD, row)
    tx.info[NOTED] = True


async def about(tx: Tx, subject: str, limit: int = 50) -> list[tuple[datetime, str, str, str]]:
    """(when, member, action, detail) about a subject, newest first."""
    return [(one.at, one.member, one.action, one.detail) for one in await lines(tx, [subject], limit=limit)]


@dataclass(frozen=True)
class Line:
    """One line of the trail. `seq`: its place in the chain (0: not sealed yet)."""

    id: int
    at: datetime
    member: str
    action: str
    subject: str
    detail: str
    cause: int
    seq: int

    def told(self, name: str) -> str:
        """A value of the detail, "" when it has none of that name."""
        try:
            found = json.loads(self.detail)
        except ValueError:
            return ""
        return str(found.get(name, "")) if isinstance(found, dict) else ""


async def lines(
    tx: Tx, subjects: Sequence[str] = (), *, actions: Sequence[str] = (), members: Sequence[str] | None = None,
    limit: int = 50, before: int = 0,
) -> list[Line]:  # fmt: skip
    """Lines about these subjects (of these actions; none named: all), newest first. `members`: only what these did;
    `before`: only those with a smaller id."""
    query = sa.select(audit.c.id, audit.c.at, audit.c.member, audit.c.action, audit.c.subject, audit.c.detail,
                      audit.c.cause, audit.c.seq)  # fmt: skip
    if subjects:
        query = query.where(audit.c.subject.in_(subjects))
    if actions:
        query = query.where(audit.c.action.in_(actions))
    if members is not None:
        query = query.where(audit.c.member.in_(members))
    if before:
        query = query.where(audit.c.id < before)
    rows = await tx.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [Line(**row._mapping) for row in rows]


# ── the chain ──────────────────────────────────────────────────────────────────────────────────────────
_FULL = (
    audit.c.id, audit.c.at, audit.c.member, audit.c.action, audit.c.subject, audit.c.detail, audit.c.cause,
    audit.c.seq, audit.c.prev, audit.c.hash,
)  # fmt: skip
_HEAD = sa.select(audit.c.seq, audit.c.hash).where(audit.c.seq > 0).order_by(audit.c.seq.desc()).limit(1)
_OPEN = sa.select(*_FULL).where(audit.c.seq == 0).order_by(audit.c.id).limit(BATCH)


def digest(row: Any, seq: int, prev: str) -> str:
    """The hash of a line at its place in the chain: of everything that it says and of the hash before it."""
    said = [seq, prev, row.id, row.at.astimezone(UTC).isoformat(), row.member, row.action, row.subject,
            row.detail, row.cause]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


async def seal(tx: Tx, *, always: bool = False) -> int:
    """Chains the lines of this transaction, right before its commit. Returns how many.

    Replicas take their places one after the other: the lock is the last one that a transaction takes, so nobody who
    holds it waits for anything but the disk. `always` looks for open lines even when this transaction wrote none.
    """
    if not tx.info.pop(NOTED, False) and not always:
        return 0
    if tx.dialect.name == "postgresql":
        await tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    rows = (await tx.execute(_OPEN)).all()
    if not rows:
        return 0
    head = (await tx.execute(_HEAD)).first()
    seq, prev = (head.seq, head.hash) if head else (0, "")
    for row in rows:
        seq += 1
        mark = digest(row, seq, prev)
        await tx.execute(sa.update(audit).where(audit.c.id == row.id).values(seq=seq, prev=prev, hash=mark))
        prev = mark
    return len(rows)


@dataclass(frozen=True)
class Chain:
    """How the chain stands. `broken`: the id of the first line that does not fit (0: none) and `why`; `head`: the last
    hash; `waiting`: lines that are not sealed yet."""

    length: int
    checked: int
    broken: int = 0
    why: str = ""
    head: str = ""
    waiting: int = 0


async def verify(tx: Tx, *, last: int = 0) -> Chain:
    """Recomputes every hash of the chain (of its newest `last` lines, when given)."""
    head = (await tx.execute(_HEAD)).first()
    waiting = int((await tx.execute(sa.select(sa.func.count()).where(audit.c.seq == 0))).scalar_one())
    if head is None:
        return Chain(0, 0, waiting=waiting)
    seq = max(0, head.seq - last) if last else 0
    prev, checked = "", 0
    if seq:
        prev = (await tx.execute(sa.select(audit.c.hash).where(audit.c.seq == seq))).scalar() or ""
    while True:
        query = sa.select(*_FULL).where(audit.c.seq > seq).order_by(audit.c.seq).limit(BATCH)
        rows = (await tx.execute(query)).all()
        for row in rows:
            why = _wrong(row, seq + 1, prev)
            if why:
                return Chain(head.seq, checked, row.id, why, head.hash, waiting)
            seq, prev, checked = row.seq, row.hash, checked + 1
        if len(rows) < BATCH:
            return Chain(head.seq, checked, head=head.hash, waiting=waiting)


def _wrong(row: Any, seq: int, prev: str) -> str:
    if row.seq != seq:
        return f"第 {seq} 条不见了"
    if row.prev != prev:
        return "和前一条接不上"
    return "" if row.hash == digest(row, seq, prev) else "内容被改过"
