"""Opportunities as rows: opened, moved stage by stage, handed on with the lead or the customer they hang on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.errors import Refused
from rules.leads import CLOSED
from rules.opportunities import Happened, Opportunity, Outcome, Stage, Step
from store.db import Conflict, Tx
from store.tables import customer, lead
from store.tables_opportunities import opportunity, opportunity_step

_OPEN = opportunity.c.outcome == Outcome.OPEN.value
_WITHOUT_LEAD = ~sa.exists().where(
    lead.c.id == opportunity.c.lead, lead.c.status.not_in([status.value for status in CLOSED])
)
"""An opportunity goes with the lead it came from while that is open, afterwards with the customer."""
CHUNK = 500


# ── one ────────────────────────────────────────────────────────────────────────────────────────────────
async def add(tx: Tx, new: Opportunity) -> Opportunity:
    """Writes a new one. Returns it with its id."""
    made = await tx.execute(sa.insert(opportunity).values(**_values(new)).returning(opportunity.c.id))
    return replace(new, id=int(made.scalar_one()))


async def find(tx: Tx, id: int) -> Opportunity | None:
    """The opportunity, or None."""
    row = (await tx.execute(sa.select(opportunity).where(opportunity.c.id == id))).one_or_none()
    return _of_row(row) if row else None


async def get(tx: Tx, id: int) -> Opportunity:
    """The opportunity. Raises Refused when there is none."""
    found = await find(tx, id)
    if found is None:
        raise Refused("没有这个商机")
    return found


async def save(tx: Tx, changed: Opportunity) -> Opportunity:
    """Writes it back if nobody else did meanwhile and gives it with its new version. Raises Conflict."""
    saved = replace(changed, version=changed.version + 1)
    row = sa.update(opportunity).where(
        opportunity.c.id == changed.id, opportunity.c.version == changed.version
    )
    done: Any = await tx.execute(row.values(**_values(saved)))
    if done.rowcount != 1:
        raise Conflict(f"opportunity {changed.id} is not at version {changed.version} any more")
    return saved


# ── lists ──────────────────────────────────────────────────────────────────────────────────────────────
async def of_owners(tx: Tx, owners: Sequence[str] | None) -> list[Opportunity]:
    """The open ones of these owners ("": the pool; None: everybody's), the furthest and oldest first."""
    query = sa.select(opportunity).where(_OPEN)
    if owners is not None:
        query = query.where(opportunity.c.owner.in_(sorted(owners)))
    return sorted(await _all(tx, query), key=_furthest)


async def of_customer(tx: Tx, id: int, *, open_only: bool = True) -> list[Opportunity]:
    """The customer's, the open ones first; those that were opened by mistake are left out."""
    query = sa.select(opportunity).where(
        opportunity.c.customer == id, opportunity.c.outcome != Outcome.VOID.value
    )
    found = await _all(tx, query.where(_OPEN) if open_only else query)
    return sorted(found, key=lambda one: (not one.open, *_furthest(one)))


async def of_leads(tx: Tx, ids: Sequence[int]) -> list[Opportunity]:
    """The open ones that came from these leads, oldest first."""
    found: list[Opportunity] = []
    for some in _chunks(ids):
        found += await _all(tx, sa.select(opportunity).where(_OPEN, opportunity.c.lead.in_(some)))
    return sorted(found, key=lambda one: one.id)


async def these(tx: Tx, ids: Sequence[int]) -> list[Opportunity]:
    """Opportunities by id, in the order of their ids."""
    found: list[Opportunity] = []
    for some in _chunks(sorted(ids)):
        found += await _all(tx, sa.select(opportunity).where(opportunity.c.id.in_(some)))
    return sorted(found, key=lambda one: one.id)


def _furthest(one: Opportunity) -> tuple[int, datetime, int]:
    return (-list(Stage).index(one.stage), one.stage_since, one.id)


async def _all(tx: Tx, query: sa.Select[Any]) -> list[Opportunity]:
    return [_of_row(row) for row in await tx.execute(query.order_by(opportunity.c.id))]


async def rehome(tx: Tx, of: int, customer: int) -> None:
    """The lead belongs to another customer now, and what came from it too."""
    row = sa.update(opportunity).where(opportunity.c.lead == of)
    await tx.execute(row.values(customer=customer, version=opportunity.c.version + 1))


# ── what happened ──────────────────────────────────────────────────────────────────────────────────────
async def note(
    tx: Tx, id: int, kind: Step, member: str, now: datetime, *, was: str = "", became: str = "", why: str = ""
) -> int:
    """Keeps a step. Returns its id, by which an undo takes it back."""
    row = sa.insert(opportunity_step).values(
        opportunity=id, at=now, member=member, kind=kind.value, was=was, became=became, why=why
    )
    return int((await tx.execute(row.returning(opportunity_step.c.id))).scalar_one())


async def untrue(tx: Tx, step: int, now: datetime) -> None:
    """The step was taken back."""
    await tx.execute(sa.update(opportunity_step).where(opportunity_step.c.id == step).values(undone_at=now))


async def steps(
    tx: Tx, *, of: int | None = None, lead: int | None = None, customer: int | None = None, limit: int = 200
) -> list[Happened]:
    """What happened to one opportunity, to those of a lead or to those of a customer, oldest first (the newest `limit`)."""
    query = sa.select(opportunity_step).join(opportunity, opportunity.c.id == opportunity_step.c.opportunity)
    for column, value in (
        (opportunity.c.id, of), (opportunity.c.lead, lead), (opportunity.c.customer, customer),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    rows = (await tx.execute(query.order_by(opportunity_step.c.id.desc()).limit(limit))).all()
    return [
        Happened(row.id, row.opportunity, row.at, row.member, Step(row.kind), row.was, row.became, row.why,
                 row.undone_at)
        for row in reversed(rows)
    ]  # fmt: skip


# ── into other hands ───────────────────────────────────────────────────────────────────────────────────
_OF_LEAD = sa.select(opportunity.c.id).where(
    _OPEN, opportunity.c.owner == sa.bindparam("whose"), opportunity.c.lead == sa.bindparam("of")
)
_OF_CUSTOMER = sa.select(opportunity.c.id).where(
    _OPEN,
    opportunity.c.owner == sa.bindparam("whose"),
    opportunity.c.customer == sa.bindparam("of"),
    _WITHOUT_LEAD,
)


async def with_leads(tx: Tx, leads: Iterable[int], former: str) -> list[int]:
    """Ids of the open ones of `former` ("": nobody's) that came from these leads."""
    return [int(row.id) for id in leads for row in await tx.execute(_OF_LEAD, {"whose": former, "of": id})]


async def with_customers(tx: Tx, customers: Iterable[int], former: str) -> list[int]:
    """Ids of the open ones of `former` at these customers that hang on no open lead."""
    return [
        int(row.id) for id in customers for row in await tx.execute(_OF_CUSTOMER, {"whose": former, "of": id})
    ]


async def left_with(tx: Tx, former: str) -> dict[int, str]:
    """Id → whose its customer is ("" for nobody's, and for `former`'s own), of every open one of `former`."""
    query = (
        sa.select(opportunity.c.id, customer.c.owner)
        .join(customer, customer.c.id == opportunity.c.customer)
        .where(_OPEN, opportunity.c.owner == former)
        .order_by(opportunity.c.id)
    )
    return {int(row.id): "" if row.owner == former else row.owner for row in await tx.execute(query)}


async def hand(tx: Tx, ids: Sequence[int], to: str, by: str, now: datetime, why: str = "") -> None:
    """These are somebody else's from now on ("": the pool's); each says so."""
    for some in _chunks(ids):
        was = {one.id: one.owner for one in await these(tx, some)}
        moved = sa.update(opportunity).where(opportunity.c.id.in_(some))
        await tx.execute(moved.values(owner=to, version=opportunity.c.version + 1))
        rows = [
            {"opportunity": id, "at": now, "member": by, "kind": Step.HANDED.value, "was": was[id], "became": to,
             "why": why}
            for id in some
        ]  # fmt: skip
        await tx.execute(sa.insert(opportunity_step), rows)


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]


def _values(one: Opportunity) -> dict[str, Any]:
    return {
        "customer": one.customer, "lead": one.lead, "title": one.title, "amount": one.amount,
        "amount_words": one.amount_words[:40], "stage": one.stage.value, "stage_since": one.stage_since,
        "owner": one.owner, "opened_by": one.opened_by, "opened_at": one.opened_at, "closed_at": one.closed_at,
        "outcome": one.outcome.value, "why": one.why, "version": one.version,
    }  # fmt: skip


def _of_row(row: Any) -> Opportunity:
    return Opportunity(
        id=row.id, customer=row.customer, owner=row.owner, title=row.title, opened_at=row.opened_at,
        stage_since=row.stage_since, lead=row.lead, amount=row.amount, amount_words=row.amount_words,
        stage=Stage(row.stage), outcome=Outcome(row.outcome), why=row.why, opened_by=row.opened_by,
        closed_at=row.closed_at, version=row.version,
    )  # fmt: skip
