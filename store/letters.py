"""Nurture mail as rows: consent by address, letters, and what came back of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.nurture import Standing
from store.db import Tx
from store.tables import outbox
from store.tables_mail import letter, mail_consent
from store.tx import upsert


@dataclass(frozen=True)
class Letter:
    """A letter. `links`: (words, address) in its order; `sent_at` from the ledger, `error` why it was given up."""

    id: int
    lead: int
    member: str
    address: str
    subject: str
    links: tuple[tuple[str, str], ...]
    at: datetime
    opened_at: datetime | None
    opens: int
    clicked_at: datetime | None
    clicks: int
    stopped_at: datetime | None
    bounced: str
    ledger: str = ""
    sent_at: datetime | None = None
    error: str = ""


async def agree(tx: Tx, address: str, how: str, now: datetime) -> None:
    """The address may get nurture mail; takes an earlier 退订 back."""
    values = {"given_at": now, "how": how[:64], "stopped_at": None}
    insert = upsert(tx, mail_consent).values(address=address.lower(), **values)
    await tx.execute(insert.on_conflict_do_update(index_elements=["address"], set_=values))


async def stop(tx: Tx, address: str, now: datetime) -> None:
    """退订."""
    insert = upsert(tx, mail_consent).values(address=address.lower(), stopped_at=now)
    await tx.execute(insert.on_conflict_do_update(index_elements=["address"], set_={"stopped_at": now}))


async def standing(tx: Tx, address: str, today: datetime) -> Standing:
    """What is known of an address; `today` is when the business day began (UTC)."""
    known = (
        await tx.execute(sa.select(mail_consent).where(mail_consent.c.address == address.lower()))
    ).first()
    last = sa.select(sa.func.max(letter.c.at)).where(letter.c.address == address.lower())
    count = sa.select(sa.func.count()).select_from(letter).where(letter.c.at >= today)
    return Standing(
        agreed=bool(known and known.given_at), stopped=bool(known and known.stopped_at),
        last_at=(await tx.execute(last)).scalar(), today=int((await tx.execute(count)).scalar_one()),
    )  # fmt: skip


async def add(tx: Tx, *, lead: int, member: str, address: str, subject: str, now: datetime) -> int:
    """A letter that is about to be written. Returns its id, which its links carry."""
    row = sa.insert(letter).values(
        lead=lead, member=member, address=address.lower(), subject=subject[:200], at=now
    )
    return int((await tx.execute(row.returning(letter.c.id))).scalar_one())


async def queued(tx: Tx, id: int, send: int, links: Sequence[tuple[str, str]]) -> None:
    """The letter is in the outbox, with these links."""
    text = json.dumps(links, ensure_ascii=False)
    await tx.execute(sa.update(letter).where(letter.c.id == id).values(outbox=send, links=text))


async def find(tx: Tx, id: int) -> Letter | None:
    """The letter with what the ledger says of it, or None."""
    query = sa.select(letter, outbox.c.ledger, outbox.c.sent_at, outbox.c.error).outerjoin(
        outbox, outbox.c.id == letter.c.outbox
    )
    row: Any = (await tx.execute(query.where(letter.c.id == id))).first()
    if row is None:
        return None
    return Letter(
        row.id, row.lead, row.member, row.address, row.subject,
        tuple((words, url) for words, url in json.loads(row.links or "[]")), row.at, row.opened_at, row.opens,
        row.clicked_at, row.clicks, row.stopped_at, row.bounced, row.ledger or "", row.sent_at, row.error or "",
    )  # fmt: skip


async def opened(tx: Tx, one: Letter, now: datetime) -> None:
    """One more open."""
    values = {"opens": letter.c.opens + 1, "opened_at": one.opened_at or now}
    await tx.execute(sa.update(letter).where(letter.c.id == one.id).values(**values))


async def clicked(tx: Tx, one: Letter, now: datetime) -> None:
    """One more click; who clicks has opened it."""
    values = {
        "clicks": letter.c.clicks + 1,
        "clicked_at": one.clicked_at or now,
        "opened_at": one.opened_at or now,
    }
    await tx.execute(sa.update(letter).where(letter.c.id == one.id).values(**values))


async def note(tx: Tx, id: int, **values: Any) -> None:
    """Writes `bounced` or `stopped_at`."""
    await tx.execute(sa.update(letter).where(letter.c.id == id).values(**values))
