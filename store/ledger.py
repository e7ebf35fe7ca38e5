"""The delivery ledger, read: did a card reach its person, was it acted on, what could not be sent lately."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.sla import Delivery
from store.db import Tx
from store.queues import DEAD
from store.tables import card, member, outbox


async def delivery(tx: Tx, subject: str, member: str, *, but: Sequence[str] = ()) -> Delivery | None:
    """What became of the newest card about `subject` (not of these kinds) to a member; None when none was sent."""
    query = sa.select(
        outbox.c.ledger, outbox.c.sent_at, outbox.c.done_at, outbox.c.acted_at, outbox.c.error
    ).where(outbox.c.subject == subject, outbox.c.member == member, outbox.c.way == "card")
    if but:
        query = query.where(outbox.c.kind.not_in(but))
    row = (await tx.execute(query.order_by(outbox.c.id.desc()).limit(1))).first()
    if row is None:
        return None
    return Delivery(row.ledger, row.sent_at or row.done_at, row.acted_at, reason(row.error))


async def acted_since(tx: Tx, subject: str, member: str, since: datetime) -> bool:
    """Whether the member pressed anything on a card about `subject` since then."""
    query = sa.select(outbox.c.id).where(
        outbox.c.subject == subject, outbox.c.member == member, outbox.c.acted_at >= since
    )
    return (await tx.execute(query.limit(1))).first() is not None


async def ref(tx: Tx, id: int) -> str:
    """The platform's id of what an outbox row sent, "" while it has none."""
    found: str | None = (await tx.execute(sa.select(outbox.c.ref).where(outbox.c.id == id))).scalar()
    return found or ""


@dataclass(frozen=True)
class Undelivered:
    """Sends to one member that were given up for one reason."""

    member: str
    why: str
    count: int


async def undelivered(tx: Tx, since: datetime, limit: int = 5) -> list[Undelivered]:
    """What was given up since then, the most frequent first."""
    query = (
        sa.select(outbox.c.member, outbox.c.error, sa.func.count().label("n"))
        .where(outbox.c.state == DEAD, outbox.c.done_at >= since)
        .group_by(outbox.c.member, outbox.c.error)
        .order_by(sa.func.count().desc(), outbox.c.member)
        .limit(limit)
    )
    return [Undelivered(row.member, reason(row.error), row.n) for row in await tx.execute(query)]


@dataclass(frozen=True)
class Sending:
    """One row of the ledger as it can be shown: `title` is the first line of what was said; times are UTC."""

    id: int
    member: str
    name: str  # who that is; "" for somebody outside the team
    platform: str
    way: str
    title: str
    subject: str
    ledger: str
    attempts: int
    error: str
    ref: str  # the platform's id of the message
    track: str  # by what the card on the screen can be changed; "" for what is no card
    at: datetime


async def newest(tx: Tx, limit: int) -> list[Sending]:
    """The newest rows of the ledger, newest first."""
    columns = (
        outbox.c.id, outbox.c.member, outbox.c.platform, outbox.c.way, outbox.c.body, outbox.c.subject, outbox.c.ledger,
        outbox.c.attempts, outbox.c.error, outbox.c.ref, outbox.c.created_at,
    )  # fmt: skip
    query = (
        sa.select(*columns, member.c.name, card.c.track)
        .join(member, member.c.id == outbox.c.member, isouter=True)
        .join(card, card.c.id == outbox.c.card, isouter=True)
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    return [_sending(row) for row in await tx.execute(query)]


def _sending(row: Any) -> Sending:
    return Sending(
        row.id, row.member, row.name or "", row.platform, row.way, _title(json.loads(row.body)), row.subject,
        row.ledger, row.attempts, reason(row.error), row.ref, row.track or "", row.created_at,
    )  # fmt: skip


def _title(body: dict[str, Any]) -> str:
    """What a send says first: a card's title, the first line of a text, a file's name."""
    shown = body.get("card")
    shown = json.loads(shown) if isinstance(shown, str) else shown
    said = (
        shown.get("title", "") if isinstance(shown, dict) else body.get("text") or body.get("filename") or ""
    )
    return str(said).strip().partition("\n")[0][:60]


def reason(error: str) -> str:
    """The words of an error; "refused:wecom 账号未激活" keeps the platforms that were tried in front."""
    return error.partition(" ")[2] if error.startswith("refused:") else error
