"""Questions of the board: leads that are open, overdue or undelivered, counted by owner and listed page by page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules import search, sla, text
from rules.board import Mark, Sort, State
from rules.leads import CLOSED, Lead, Status
from store import ledger
from store.db import Tx
from store.leads import of_row
from store.tables import contact, customer, fact, lead, outbox
from store.tables_opportunities import opportunity

_OPEN = lead.c.status.not_in([status.value for status in CLOSED])
_TEXTS = (customer.c.company, customer.c.name.label("called"), contact.c.name.label("person"), lead.c.need)
_STANDING = fact.c.undone_at.is_(None)
ALARMS = ("sla.amber", "sla.breach")
"""What ladders themselves said: the ledger is asked for the newest message besides these."""


@dataclass(frozen=True)
class Ask:
    """What a list shows. `owners`: whose (None: everybody's; "" is the pool); `until`: the end of today (UTC);
    `words`: an id or part of a name or a need, numbers in them as `reader` reads them; `size` rows from page `page` (from
    0) on."""

    owners: frozenset[str] | None
    state: State = State.OPEN
    status: str = ""
    words: str = ""
    sort: Sort = Sort.LATE
    until: datetime | None = None
    page: int = 0
    size: int = 50
    reader: str = ""


@dataclass(frozen=True)
class Row:
    """A lead of a list. `since`: when the silence began that is too long now (None: it is not), `worst`: 1 past its first
    rung, 2 past its last."""

    lead: Lead
    label: str
    person: str
    since: datetime | None
    worst: int


@dataclass(frozen=True)
class Count:
    """The open leads of one owner ("": the pool): how many, how many of them late (past the first, past the last
    rung), untouched, promised for today or before."""

    owner: str
    open: int
    late: int
    worst: int
    new: int
    today: int


# ── who is late ────────────────────────────────────────────────────────────────────────────────────────
def _late(marks: Sequence[Mark]) -> Any:
    """(lead, since, worst) of every lead that is late by any ladder, as a subquery."""
    parts = [_assigned(mark) if mark.ladder.starts == sla.ASSIGNED else _from_fact(mark) for mark in marks]
    if not parts:
        parts = [sa.select(lead.c.id.label("lead"), lead.c.created_at.label("since"),
                           sa.literal(0).label("worst")).where(sa.false())]  # fmt: skip
    every = sa.union_all(*parts).subquery("climbs")
    return (
        sa.select(every.c.lead, sa.func.min(every.c.since).label("since"), sa.func.max(every.c.worst).label("worst"))
        .group_by(every.c.lead)
        .subquery("late")
    )  # fmt: skip


def _assigned(mark: Mark) -> Any:
    """Climbs from the assignment: its moment stands in the lead itself (rules/sla.start_of)."""
    query = sa.select(
        lead.c.id.label("lead"), lead.c.assigned_at.label("since"), _worst(lead.c.assigned_at, mark)
    ).where(_OPEN, lead.c.owner != "", lead.c.assigned_at <= mark.first)
    if mark.ladder.statuses:
        query = query.where(lead.c.status.in_(mark.ladder.statuses))
    over = [sla.WAIVED]
    if mark.ladder.unless == sla.TOUCHED:
        query = query.where(lead.c.first_touch_at.is_(None))
    else:
        over.append(mark.ladder.unless)
    after = sa.exists().where(
        fact.c.lead == lead.c.id, fact.c.name.in_(over), fact.c.at >= lead.c.assigned_at, _STANDING
    )
    return query.where(sa.not_(after))


def _from_fact(mark: Mark) -> Any:
    """Climbs from the newest fact of a name with no answer after it."""
    later = fact.alias("later")
    after = sa.exists().where(
        later.c.lead == fact.c.lead, later.c.id > fact.c.id, later.c.undone_at.is_(None),
        later.c.name.in_([mark.ladder.starts, mark.ladder.unless, sla.WAIVED]),
    )  # fmt: skip
    query = (
        sa.select(lead.c.id.label("lead"), fact.c.at.label("since"), _worst(fact.c.at, mark))
        .select_from(lead.join(fact, fact.c.lead == lead.c.id))
        .where(_OPEN, fact.c.name == mark.ladder.starts, fact.c.at <= mark.first, _STANDING, sa.not_(after))
    )
    return query.where(lead.c.status.in_(mark.ladder.statuses)) if mark.ladder.statuses else query


def _worst(since: Any, mark: Mark) -> Any:
    return sa.case((since <= mark.last, 2), else_=1).label("worst")


# ── counted ────────────────────────────────────────────────────────────────────────────────────────────
async def counts(
    tx: Tx, owners: frozenset[str] | None, marks: Sequence[Mark], until: datetime
) -> list[Count]:
    """The open leads of these owners, owner by owner."""
    late = _late(marks)
    query = (
        sa.select(
            lead.c.owner,
            sa.func.count().label("open"),
            sa.func.count(late.c.lead).label("late"),
            _sum(late.c.worst == 2, "worst"),
            _sum(lead.c.status == Status.NEW.value, "new"),
            _sum(lead.c.next_at < until, "today"),
        )
        .select_from(lead.outerjoin(late, late.c.lead == lead.c.id))
        .where(_OPEN, *_owned(owners))
        .group_by(lead.c.owner)
    )
    return [Count(**row._mapping) for row in await tx.execute(query)]


def _sum(condition: Any, name: str) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0).label(name)


def _owned(owners: frozenset[str] | None) -> list[Any]:
    return [] if owners is None else [lead.c.owner.in_(sorted(owners))]


# ── listed ─────────────────────────────────────────────────────────────────────────────────────────────
async def rows(tx: Tx, ask: Ask, marks: Sequence[Mark], lost: Collection[int] = ()) -> tuple[list[Row], int]:
    """One page of the list and how many there are in all. `lost`: the leads whose message did not arrive."""
    late = _late(marks)
    joined = (
        lead.join(customer, customer.c.id == lead.c.customer)
        .outerjoin(contact, contact.c.id == lead.c.contact)
        .outerjoin(late, late.c.lead == lead.c.id)
    )
    where = [*_owned(ask.owners), *_state(ask, late, lost), *_words(ask.words)]
    if ask.status:
        where.append(lead.c.status == ask.status)
    if search.prying(ask.words) and text.parse_id(ask.words) is None:
        where = [lead.c.id.in_(await _legible(tx, ask, joined, where))]
    total = (await tx.execute(sa.select(sa.func.count()).select_from(joined).where(*where))).scalar_one()
    query = (
        sa.select(lead, customer.c.company, customer.c.name.label("called"), contact.c.name.label("person"),
                  late.c.since, late.c.worst)
        .select_from(joined)
        .where(*where)
        .order_by(*_order(ask.sort, late))
        .limit(ask.size)
        .offset(ask.page * ask.size)
    )  # fmt: skip
    found = [
        Row(of_row(row), row.company or row.called, row.person or "", row.since, row.worst or 0)
        for row in await tx.execute(query)
    ]
    return found, int(total)


def _state(ask: Ask, late: Any, lost: Collection[int]) -> list[Any]:
    match ask.state:
        case State.OVERDUE:
            return [_OPEN, late.c.lead.is_not(None)]
        case State.UNDELIVERED:
            return [_OPEN, lead.c.id.in_(sorted(lost))]
        case State.NEW:
            return [lead.c.status == Status.NEW.value]
        case State.TODAY:
            return [_OPEN, lead.c.next_at < ask.until]
        case State.POOL:
            return [_OPEN, lead.c.owner == ""]
        case State.CLOSED:
            return [sa.not_(_OPEN)]
        case State.OPEN:
            return [_OPEN]


def _words(words: str) -> list[Any]:
    if not words:
        return []
    match text.parse_id(words):
        case ("C", number):
            return [lead.c.customer.in_(_now(number))]
        case ("O", number):
            whose = sa.select(opportunity.c.customer).where(opportunity.c.id == number)
            return [lead.c.customer.in_(whose)]
        case (_, number):
            return [lead.c.id == number]
    return [sa.or_(*(column.contains(words, autoescape=True) for column in _TEXTS))]


async def _legible(tx: Tx, ask: Ask, joined: Any, where: Sequence[Any]) -> list[int]:
    """The leads among these in which the reader can read the words: numbers in them are masked but in the reader's own."""
    query = sa.select(lead.c.id, lead.c.owner, *_TEXTS).select_from(joined).where(*where)
    rows = await tx.execute(query.order_by(lead.c.id.desc()).limit(search.MANY))
    return [
        int(row[0])
        for row in rows
        if (ask.reader and row[1] == ask.reader) or search.legible(ask.words, row[2:])
    ]


def _now(number: int) -> Any:
    """The customer of this number, and whatever it is part of by now."""
    here = sa.select(customer.c.id, customer.c.merged_into).where(customer.c.id == number).cte(recursive=True)
    further = sa.select(customer.c.id, customer.c.merged_into).where(customer.c.id == here.c.merged_into)
    return sa.select(here.union_all(further).c.id)


def _order(sort: Sort, late: Any) -> list[Any]:
    match sort:
        case Sort.LATE:
            return [late.c.since.is_(None), late.c.since, lead.c.id]
        case Sort.NEWEST:
            return [lead.c.id.desc()]
        case Sort.NEXT:
            return [lead.c.next_at.is_(None), lead.c.next_at, lead.c.id]
        case Sort.QUIET:
            quiet = sa.func.coalesce(lead.c.last_followup_at, lead.c.assigned_at, lead.c.created_at)
            return [quiet, lead.c.id]


# ── delivered ──────────────────────────────────────────────────────────────────────────────────────────
async def undelivered(tx: Tx, owners: frozenset[str] | None) -> dict[int, str]:
    """lead id → why, for open leads whose newest message to their owner did not arrive and who heard of it in no
    other way."""
    failed = (
        sa.select(outbox.c.subject)
        .distinct()
        .where(outbox.c.ledger.in_(("refused", "expired")), outbox.c.subject.like("L-%"))
    )
    ids = [found[1] for subject in (await tx.execute(failed)).scalars() if (found := text.parse_id(subject))]
    kept: dict[int, str] = {}
    for at in range(0, len(ids), 500):
        query = sa.select(lead.c.id, lead.c.owner, lead.c.last_followup_at).where(
            lead.c.id.in_(ids[at : at + 500]), _OPEN, lead.c.owner != "", *_owned(owners)
        )
        for row in (await tx.execute(query)).all():
            sent = await ledger.delivery(tx, text.lead_id(row.id), row.owner, but=ALARMS)
            if sent is None or not sent.failed:
                continue
            if row.last_followup_at and sent.sent_at and row.last_followup_at >= sent.sent_at:
                continue
            kept[row.id] = sent.why
    return kept


# ── pictures ───────────────────────────────────────────────────────────────────────────────────────────
async def touches(
    tx: Tx, owners: frozenset[str] | None, since: datetime, limit: int = 2000
) -> list[tuple[datetime, datetime]]:
    """(created, first touched) of the newest leads that came since then and were touched."""
    query = (
        sa.select(lead.c.created_at, lead.c.first_touch_at)
        .where(lead.c.created_at >= since, lead.c.first_touch_at.is_not(None), *_owned(owners))
        .order_by(lead.c.id.desc())
        .limit(limit)
    )
    return [(row.created_at, row.first_touch_at) for row in await tx.execute(query)]


async def statuses(tx: Tx, owners: frozenset[str] | None) -> dict[str, int]:
    """Open leads by status."""
    query = sa.select(lead.c.status, sa.func.count()).where(_OPEN, *_owned(owners)).group_by(lead.c.status)
    return {status: int(n) for status, n in await tx.execute(query)}
