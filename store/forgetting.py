"""A customer's personal data is erased: from their records at once, from kept messages a few rows at a time.

What stays: that there was a customer with this number, how many leads they had, whose, when, how these ended; and the
audit trail. What is counted goes on being right; who it was is gone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from rules.leads import CLOSED, Status
from rules.opportunities import Outcome
from rules.text import customer_id, lead_id, mask_phone, opportunity_id
from store import audit, name_keys, sole
from store.customers import phone_key
from store.db import Database, Tx
from store.queues import DEAD, DONE
from store.tables import (
    card,
    checkin,
    claim,
    contact,
    customer,
    draft,
    expectation,
    fact,
    followup,
    inbox,
    lead,
    notice,
    outbox,
    request,
    task,
    undo,
)  # fmt: skip
from store.tables_assignment import cover, hold, pool
from store.tables_customers import mark, merger
from store.tables_mail import letter, mail_consent
from store.tables_opportunities import opportunity, opportunity_step
from store.tables_sole import errand
from store.tables_sources import batch_row, follower, friend, friend_move, origin, touchpoint

ERASED = "已删除的客户"
LOG = "log"
"""Counted when SQLite's log could not be emptied: what was erased stands in it until it is written back."""
ACTION = "customer.erased"
AT_ONCE = 500
_NO_DRAFT = {
    "body": "", "original": "", "state": sa.case((draft.c.state == "open", "discarded"), else_=draft.c.state),
}  # fmt: skip
LEAST = 6
"""Characters of a number or address from which on it is looked for in messages; shorter ones stand for too much."""
UNSUCCESSFUL = (Status.LOST.value, Status.INVALID.value)


@dataclass(frozen=True)
class Person:
    """Who is to be forgotten. `words`: numbers, addresses and the company, by which they are found in kept messages."""

    id: int
    label: str
    contacts: int
    leads: tuple[int, ...]
    words: tuple[str, ...]
    parts: tuple[int, ...] = ()  # customers that are one with this one now
    opportunities: tuple[int, ...] = ()

    @property
    def subjects(self) -> tuple[str, ...]:
        """The short ids that rows about them carry."""
        return (
            *(customer_id(one) for one in self.all), *(lead_id(one) for one in self.leads),
            *(opportunity_id(one) for one in self.opportunities),
        )  # fmt: skip

    @property
    def all(self) -> tuple[int, ...]:
        """The customer's number and those of its parts."""
        return (self.id, *self.parts)


async def look(tx: Tx, id: int) -> Person | None:
    """The customer with what belongs to them, None when there is none, or nothing is left of them. By the number of one
    that became part of another it is that other, with all its parts: they are one person."""
    row = (await tx.execute(sa.select(customer).where(customer.c.id == id))).first()
    while row is not None and row.merged_into is not None:
        row = (await tx.execute(sa.select(customer).where(customer.c.id == row.merged_into))).first()
    if row is None or row.name == ERASED:
        return None
    family = [row]
    for one in family:
        query = sa.select(customer).where(customer.c.merged_into == one.id).order_by(customer.c.id)
        family += (await tx.execute(query)).all()
    id, *parts = (int(one.id) for one in family)
    people = (await tx.execute(sa.select(contact).where(contact.c.customer.in_([id, *parts])))).all()
    of_all = lead.c.customer.in_([id, *parts])
    ids = (await tx.execute(sa.select(lead.c.id).where(of_all).order_by(lead.c.id))).scalars()
    numbers = [int(one) for one in ids]
    followed = (await tx.execute(await _followers(tx, numbers))).all()
    theirs = sa.select(opportunity.c.id).where(opportunity.c.customer.in_([id, *parts]))
    deals = (await tx.execute(theirs.order_by(opportunity.c.id))).scalars()
    words = {word for one in people for word in (one.phone, phone_key(one.phone), one.email, one.wechat)}
    words |= {word for one in followed for word in (one.openid, one.unionid)}
    words |= {mask_phone(one.phone) for one in people}  # cards show it so to most
    words |= {one.company for one in family}
    long = tuple(sorted(word for word in words if len(word) >= LEAST))
    return Person(
        id, row.company or row.name, len(people), tuple(numbers), long, tuple(parts),
        tuple(int(one) for one in deals),
    )  # fmt: skip


async def _followers(tx: Tx, leads: Sequence[int]) -> Any:
    """Finds those who follow an Official Account and became one of these leads, or write into it."""
    made = sa.select(origin.c.ref).where(origin.c.lead.in_(leads), origin.c.kind == "wechat")
    refs = [str(ref).partition(":")[2] for ref in (await tx.execute(made)).scalars()]
    ids = [int(ref) for ref in refs if ref.isdigit()]
    return sa.select(follower).where(sa.or_(follower.c.id.in_(ids), follower.c.lead.in_(leads)))


async def forget(db: Database, person: Person, now: datetime, by: str, blank: str) -> dict[str, int]:
    """Erases everything about the person, beside a running bot; `by` stands in the audit line, `blank` in the place of
    events that named them. Returns table → how many rows were emptied or removed.

    Kept messages first: as long as the contacts are there, a second call goes on after a kill.
    """
    counts: dict[str, int] = {}
    for table, columns in _KEPT.items():
        counts[table.name] = await _in_kept(db, table, columns, person, blank)
    async with db.write() as tx:
        for name, n in (await erase(tx, person, now, by)).items():
            counts[name] = counts.get(name, 0) + n
        await audit.seal(tx)
    if not await db.emptied():
        counts[LOG] = 1
    return {name: n for name, n in counts.items() if n}


async def erase(tx: Tx, person: Person, now: datetime, by: str) -> dict[str, int]:
    """Their records, in one transaction; the caller seals the audit line. Returns table → rows."""
    counts: dict[str, int] = {}

    async def run(statement: Any) -> None:
        name = statement.table.name
        counts[name] = counts.get(name, 0) + (await tx.execute(statement)).rowcount

    mine, leads, about = list(person.all), list(person.leads), list(person.subjects)
    addresses = [word for word in person.words if "@" in word]
    await run(
        sa.update(customer).where(customer.c.id.in_(mine))
        .values(name=ERASED, company="", core="", city="", credit_code="", deleted_at=now, version=customer.c.version + 1)
    )  # fmt: skip
    for one in mine:
        await name_keys.drop(tx, one)
    merged = sa.or_(merger.c.gone.in_(mine), merger.c.kept.in_(mine))
    ended = sa.func.coalesce(merger.c.undone_at, now)
    await run(sa.update(merger).where(merged).values(body="{}", undone_at=ended))
    empty = {
        "name": "",
        "title": "",
        "phone": "",
        "phone_key": "",
        "email": "",
        "email_key": "",
        "wechat": "",
    }
    await run(sa.update(contact).where(contact.c.customer.in_(mine)).values(**empty, deleted_at=now))
    of_leads = lead.c.id.in_(leads)
    still = sa.and_(of_leads, lead.c.status.not_in([one.value for one in CLOSED]))
    await run(sa.update(lead).where(still).values(status=Status.LOST.value, closed_at=now))
    words = {"need": "", "note": "", "next_text": "", "assigned_why": ""}
    await tx.execute(
        sa.update(lead).where(of_leads).values(**words, next_at=None, version=lead.c.version + 1)
    )
    deals, silent = list(person.opportunities), {"title": "", "amount_words": "", "why": ""}
    await run(
        sa.update(opportunity).where(opportunity.c.id.in_(deals), opportunity.c.outcome == "")
        .values(outcome=Outcome.LOST.value, closed_at=now)
    )  # fmt: skip
    await tx.execute(
        sa.update(opportunity)
        .where(opportunity.c.id.in_(deals))
        .values(**silent, version=opportunity.c.version + 1)
    )
    await run(sa.update(opportunity_step).where(opportunity_step.c.opportunity.in_(deals)).values(why=""))
    await run(sa.delete(cover).where(cover.c.customer.in_(mine)))
    for table in (pool, hold):
        await run(sa.delete(table).where(table.c.lead.in_(leads)))
    await run(
        sa.update(followup).where(followup.c.customer.in_(mine)).values(need="", next_text="", before="")
    )
    await run(sa.update(fact).where(fact.c.lead.in_(leads)).values(payload="{}"))
    await run(
        sa.update(checkin).where(checkin.c.lead.in_(leads), checkin.c.state == "open")
        .values(state="cancelled", closed_at=now, version=checkin.c.version + 1)
    )  # fmt: skip
    await tx.execute(sa.update(checkin).where(checkin.c.lead.in_(leads)).values(next_text=""))
    await run(sa.update(request).where(request.c.lead.in_(leads)).values(fields="[]", state="cancelled"))
    await run(sa.update(task).where(task.c.lead.in_(leads), task.c.done_at.is_(None)).values(done_at=now))
    await tx.execute(sa.update(task).where(task.c.lead.in_(leads)).values(subject=""))
    await run(sa.update(claim).where(claim.c.lead.in_(leads)).values(lead=None))
    await run(sa.delete(touchpoint).where(touchpoint.c.customer.in_(mine)))
    await run(sa.delete(mark).where(mark.c.customer.in_(mine)))
    added = sa.select(origin.c.ref).where(
        origin.c.lead.in_(leads), origin.c.kind == "wecom", origin.c.ref != ""
    )
    await run(sa.delete(friend_move).where(friend_move.c.external.in_(added)))
    await run(sa.delete(friend).where(friend.c.external.in_(added)))
    followed = [int(one.id) for one in await tx.execute(await _followers(tx, leads))]
    await run(sa.delete(follower).where(follower.c.id.in_(followed)))
    nothing = {"visitor": "", "pages": "[]", "extra": "", "ref": ""}
    await run(sa.update(origin).where(origin.c.lead.in_(leads)).values(**nothing))
    await run(
        sa.update(letter)
        .where(letter.c.lead.in_(leads))
        .values(address="", subject="", links="[]", bounced="")
    )
    if addresses:  # a 退订 stays: it is there so that they are left in peace
        agreed = sa.and_(mail_consent.c.address.in_(addresses), mail_consent.c.stopped_at.is_(None))
        await run(sa.delete(mail_consent).where(agreed))
    await run(sa.update(draft).where(draft.c.lead.in_(leads)).values(**_NO_DRAFT))
    taken = sa.or_(batch_row.c.customer.in_(mine), batch_row.c.lead.in_(leads))
    await run(sa.update(batch_row).where(taken).values(cells="[]", fields="{}", errors="{}", why=""))
    for of_subject in (card, notice, undo):
        await run(sa.delete(of_subject).where(of_subject.c.subject.in_(about)))
    closed = sa.and_(outbox.c.subject.in_(about), outbox.c.state.in_((DONE, DEAD)))
    await run(sa.update(outbox).where(closed).values(body="{}"))
    detail = {"contacts": person.contacts, "leads": len(leads), "by": by}
    for one in mine:
        await audit.add(tx, now, "", ACTION, customer_id(one), detail)
    return counts


# ── kept messages ──────────────────────────────────────────────────────────────────────────────────────
_KEPT: dict[sa.Table, tuple[str, ...]] = {
    inbox: ("body",), outbox: ("body",), card: ("body",), draft: ("body", "original"), batch_row: ("cells", "fields"),
    notice: ("payload",), expectation: ("payload",), undo: ("payload",), errand: ("body", "answer"),
}  # fmt: skip
"""Where somebody may be named whose record it is not: these are looked through for numbers and addresses."""


async def _in_kept(db: Database, table: sa.Table, columns: Sequence[str], person: Person, blank: str) -> int:
    """Looks through a table, a few hundred rows at a time, and removes or empties rows that name the person."""
    (key,) = table.primary_key.columns
    query = sa.select(key, *(table.c[name] for name in columns)).order_by(key).limit(AT_ONCE)
    after: Any = None
    count = 0
    while person.words:
        async with db.read(slow=True) as tx:
            rows = (await tx.execute(query if after is None else query.where(key > after))).all()
        if not rows:
            break
        after = rows[-1][0]
        named = [row[0] for row in rows if names(person.words, row[1:])]
        if named:
            async with db.write() as tx:
                count += (await tx.execute(_gone(table, key.in_(named), blank))).rowcount
        await asyncio.sleep(0)
    return count


def names(words: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether one of these texts holds one of the words, however a number is grouped."""
    for text in texts:
        low = text.lower()
        packed = low.replace(" ", "").replace("-", "")
        if any(word.lower() in low or word.lower().replace("-", "") in packed for word in words):
            return True
    return False


def _gone(table: sa.Table, these: Any, blank: str) -> Any:
    """Rows that a key or a queue still needs are emptied, the others removed. What waits to be handled or sent is left."""
    if table is inbox:
        return sa.update(inbox).where(these, inbox.c.state.in_((DONE, DEAD))).values(body=blank, state=DONE)
    if table is outbox:
        return sa.update(outbox).where(these, outbox.c.state.in_((DONE, DEAD))).values(body="{}")
    if table is errand:
        return sa.delete(errand).where(these, errand.c.state == sole.DONE)
    if table is draft:
        return sa.update(draft).where(these).values(**_NO_DRAFT)
    if table is batch_row:
        return sa.update(batch_row).where(these).values(cells="[]", fields="{}", errors="{}", why="")
    return sa.delete(table).where(these)


# ── retention ──────────────────────────────────────────────────────────────────────────────────────────
AT_A_TIME = 20_000
"""So many customers, and so many drafts, are looked at in one pass; the next pass goes on behind them."""


@dataclass(frozen=True)
class Place:
    """How far the retention has come: the ids up to which this round has looked."""

    customer: int = 0
    draft: int = 0


async def outlived(tx: Tx, before: datetime, after: int = 0, limit: int = 20) -> list[Person]:
    """Customers all of whose leads and opportunities ended without success before this moment, and who were not heard of
    since; of the AT_A_TIME ids behind `after`."""
    waiting = sa.or_(
        lead.c.status.not_in(UNSUCCESSFUL), lead.c.closed_at.is_(None), lead.c.closed_at >= before,
        lead.c.last_followup_at >= before,
    )  # fmt: skip
    heard = sa.select(touchpoint.c.id).where(
        touchpoint.c.customer == customer.c.id, touchpoint.c.at >= before
    )
    ended_since = sa.or_(opportunity.c.outcome.in_(("", "won")), opportunity.c.closed_at >= before)
    deal = sa.select(opportunity.c.id).where(opportunity.c.customer == customer.c.id, ended_since)
    query = (
        sa.select(customer.c.id)
        .where(
            customer.c.id > after, customer.c.id <= after + AT_A_TIME,
            customer.c.created_at < before, customer.c.name != ERASED,
            sa.exists(sa.select(lead.c.id).where(lead.c.customer == customer.c.id)),
            ~sa.exists(sa.select(lead.c.id).where(lead.c.customer == customer.c.id, waiting)), ~sa.exists(heard),
            ~sa.exists(deal),
        )
        .order_by(customer.c.id)
        .limit(limit)
    )  # fmt: skip
    found = [await look(tx, int(id)) for id in (await tx.execute(query)).scalars()]
    return [one for one in found if one is not None]


async def expire(
    tx: Tx, now: datetime, *, lost: timedelta, drafts: timedelta, place: Place | None = None, limit: int = 20
) -> tuple[Place, bool]:
    """Retention, one batch behind `place`: what is older than these spans (zero: keeps it for ever). Returns where the
    next batch begins, and whether there may be more at this place."""
    at, again = place or Place(), Place()
    more = False
    if lost:
        people = await outlived(tx, now - lost, at.customer, limit)
        for person in people:
            await erase(tx, person, now, "retention")
        await audit.seal(tx)
        full = len(people) == limit
        again, more = replace(again, customer=await _next(tx, customer, at.customer, full)), full
    if drafts:
        since = sa.func.coalesce(draft.c.updated_at, draft.c.created_at)
        kept = sa.or_(draft.c.body != "", draft.c.original != "")
        here = sa.and_(draft.c.id > at.draft, draft.c.id <= at.draft + AT_A_TIME)
        old = sa.select(draft.c.id).where(here, since < now - drafts, kept).order_by(draft.c.id).limit(limit)
        gone = (await tx.execute(sa.update(draft).where(draft.c.id.in_(old)).values(**_NO_DRAFT))).rowcount
        idle = sa.and_(follower.c.lead.is_(None), follower.c.handed == 0, follower.c.at < now - drafts)
        await tx.execute(sa.delete(follower).where(idle))  # who never became a lead
        full = gone == limit
        again, more = replace(again, draft=await _next(tx, draft, at.draft, full)), more or full
    return again, more


async def _next(tx: Tx, table: sa.Table, at: int, full: bool) -> int:
    """Behind which id the next batch looks: the same when this one was full, from the beginning behind the last id."""
    if full:
        return at
    newest = (await tx.execute(sa.select(sa.func.max(table.c.id)))).scalar() or 0
    return at + AT_A_TIME if at + AT_A_TIME < newest else 0
