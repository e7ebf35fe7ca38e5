"""Everything that is known to have happened to a lead: facts, records, messages, what people wrote and pressed, timers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store import climbs
from store.db import Tx
from store.tables import audit, card, checkin, fact, followup, inbox, outbox, task, timer


@dataclass(frozen=True)
class Send:
    """A message about the lead and its place in the delivery ledger."""

    member: str
    kind: str
    way: str
    ledger: str
    platform: str
    title: str
    why: str
    created_at: datetime
    sent_at: datetime | None
    acted_at: datetime | None


@dataclass(frozen=True)
class Due:
    """A timer that is set about the lead."""

    kind: str
    key: str
    due: datetime
    payload: dict[str, Any]


async def facts(tx: Tx, lead: int) -> list[Any]:
    """(id, name, at, payload, undone_at) of every fact, those that were taken back too; oldest first."""
    query = sa.select(fact.c.id, fact.c.name, fact.c.at, fact.c.payload, fact.c.undone_at)
    return list((await tx.execute(query.where(fact.c.lead == lead).order_by(fact.c.id))).all())


async def followups(tx: Tx, lead: int) -> list[Any]:
    """Every record of the lead, those that were taken back too; oldest first."""
    query = sa.select(followup).where(followup.c.lead == lead).order_by(followup.c.id)
    return list((await tx.execute(query)).all())


async def checkins(tx: Tx, lead: int) -> list[Any]:
    """Every check-in on the lead, oldest first."""
    query = sa.select(checkin).where(checkin.c.lead == lead).order_by(checkin.c.id)
    return list((await tx.execute(query)).all())


async def tasks(tx: Tx, lead: int) -> list[Any]:
    """Every task about the lead, oldest first."""
    query = sa.select(task).where(task.c.lead == lead).order_by(task.c.id)
    return list((await tx.execute(query)).all())


async def sends(tx: Tx, subject: str, limit: int = 300) -> list[Send]:
    """The newest messages about the lead, oldest first; changes of cards on screens are left out."""
    query = (
        sa.select(outbox.c.member, outbox.c.kind, outbox.c.way, outbox.c.ledger, outbox.c.platform, outbox.c.body,
                  outbox.c.error, outbox.c.created_at, outbox.c.sent_at, outbox.c.acted_at)
        .where(outbox.c.subject == subject, outbox.c.way.not_in(("update", "todo_done")))
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )  # fmt: skip
    rows = (await tx.execute(query)).all()
    return [
        Send(row.member, row.kind, row.way, row.ledger, row.platform, _title(row.body), row.error, row.created_at,
             row.sent_at, row.acted_at)
        for row in reversed(rows)
    ]  # fmt: skip


async def shown_to(tx: Tx, subjects: Sequence[str]) -> list[tuple[datetime, str, str, str]]:
    """(when, member, kind, subject) of every card about these subjects that was put on a screen, newest first."""
    query = (
        sa.select(card.c.created_at, card.c.member, card.c.kind, card.c.subject)
        .where(card.c.subject.in_(subjects), card.c.platform != "")
        .order_by(card.c.id.desc())
        .limit(200)
    )
    return [(row.created_at, row.member, row.kind, row.subject) for row in await tx.execute(query)]


async def heard(tx: Tx, subject: str) -> list[tuple[int, str, datetime]]:
    """(event id, event as JSON, when) of everything people wrote or pressed that led to a message or an audit line about
    the lead, as long as the inbox remembers it; oldest first."""
    caused = sa.union(
        sa.select(outbox.c.cause).where(outbox.c.subject == subject),
        sa.select(audit.c.cause).where(audit.c.subject == subject),
    ).subquery()
    query = (
        sa.select(inbox.c.id, inbox.c.body, inbox.c.created_at)
        .where(inbox.c.id.in_(sa.select(caused.c.cause)))
        .order_by(inbox.c.id)
        .limit(300)
    )
    return [(row.id, row.body, row.created_at) for row in await tx.execute(query)]


async def label_of(tx: Tx, card: int, action: str) -> str:
    """What the button said that carried this action on a card, "" when nobody remembers."""
    query = sa.select(outbox.c.body).where(outbox.c.card == card).order_by(outbox.c.id.desc())
    for body in (await tx.execute(query)).scalars():
        kept = json.loads(body or "{}").get("card", "{}")
        shown = json.loads(kept) if isinstance(kept, str) else kept
        buttons = [*shown.get("buttons", ()), *([shown["submit"]] if shown.get("submit") else [])]
        for button in buttons:
            if button["action"] == action:
                return str(button["label"])
    return ""


async def timers(tx: Tx, lead: int) -> list[Due]:
    """The timers that are set about the lead, the next first: climbs, what was promised, what was put off."""
    query = sa.select(timer.c.kind, timer.c.key, timer.c.due, timer.c.payload).where(
        sa.or_(
            sa.and_(timer.c.kind.in_(("next", "snooze", "meeting")), timer.c.key == str(lead)),
            sa.and_(timer.c.kind == climbs.KIND, timer.c.key >= f"{lead}:", timer.c.key < f"{lead};"),
        )
    )
    rows = await tx.execute(query.order_by(timer.c.due))
    return [Due(row.kind, row.key, row.due, json.loads(row.payload or "{}")) for row in rows]


def _title(body: str) -> str:
    """The first line of a message."""
    kept = json.loads(body or "{}")
    if "card" in kept:
        inside = kept["card"]
        return str((json.loads(inside) if isinstance(inside, str) else inside).get("title", ""))
    return str(kept.get("text") or kept.get("filename") or "").split("\n")[0]
