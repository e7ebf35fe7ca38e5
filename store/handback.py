"""What a handover changed, as it was before: kept to be put back while the handover can be undone. (product B.5 12)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.leads import CLOSED
from store import facts
from store.db import Tx
from store.tables import checkin, customer, draft, lead, task
from store.tables_assignment import hold
from store.tables_opportunities import opportunity, opportunity_step
from store.tx import upsert

_OPEN = lead.c.status.not_in([status.value for status in CLOSED])
CHUNK = 500
Picture = dict[str, Any]
"""JSON: `fact` the newest fact then; `leads`, `customers`, `opportunities`, `tasks`, `drafts`, `checkins`, `holds` of a
member, row by row. Rows of the first five end with whose they became ("": nobody's, or done), once `went` has looked;
`step` is the newest step of an opportunity by then."""


@dataclass(frozen=True)
class Before:
    """A lead as it was before the handover, and whose it became ("": the pool's)."""

    id: int
    assigned_at: datetime | None
    assigned_why: str
    acked_at: datetime | None
    snoozed_until: datetime | None
    snoozes: int
    went: str


async def picture(tx: Tx, member: str) -> Picture:
    """What of the member's a handover will move, as it is."""
    owned = sa.select(lead.c.id).where(lead.c.owner == member, _OPEN)
    columns = (
        lead.c.id,
        lead.c.assigned_at,
        lead.c.assigned_why,
        lead.c.acked_at,
        lead.c.snoozed_until,
        lead.c.snoozes,
    )
    return {
        "fact": await facts.newest(tx),
        "leads": await _rows(tx, sa.select(*columns).where(lead.c.owner == member, _OPEN).order_by(lead.c.id)),
        "customers": await _rows(tx, sa.select(customer.c.id).where(
            customer.c.owner == member, customer.c.deleted_at.is_(None)).order_by(customer.c.id)),
        "opportunities": await _rows(tx, sa.select(opportunity.c.id).where(
            opportunity.c.owner == member, opportunity.c.outcome == "").order_by(opportunity.c.id)),
        "tasks": await _rows(tx, sa.select(task.c.id).where(
            task.c.owner == member, task.c.done_at.is_(None)).order_by(task.c.id)),
        "drafts": await _rows(tx, sa.select(draft.c.id).where(
            draft.c.member == member, draft.c.state == "open").order_by(draft.c.id)),
        "checkins": await _rows(tx, sa.select(checkin.c.id, checkin.c.lead).where(
            checkin.c.member == member, checkin.c.state == "open").order_by(checkin.c.id)),
        "holds": await _rows(tx, sa.select(hold).where(hold.c.lead.in_(owned)).order_by(hold.c.lead)),
    }  # fmt: skip


async def went(tx: Tx, before: Picture) -> Picture:
    """The picture with whose everything is now, in the handover's own transaction."""
    done = sa.case((task.c.done_at.is_not(None), ""), else_=task.c.owner)
    dropped = sa.case((draft.c.state == "open", draft.c.member), else_="")
    whose = {
        "leads": (lead.c.id, lead.c.owner), "customers": (customer.c.id, customer.c.owner),
        "opportunities": (opportunity.c.id, opportunity.c.owner), "tasks": (task.c.id, done),
        "drafts": (draft.c.id, dropped),
    }  # fmt: skip
    newest = (await tx.execute(sa.select(sa.func.max(opportunity_step.c.id)))).scalar()
    found = {**before, "step": int(newest or 0)}
    for name, (id, owner) in whose.items():
        now: dict[int, str] = {}
        for ids in _chunks([row[0] for row in before[name]]):
            rows = await tx.execute(sa.select(id, owner.label("whose")).where(id.in_(ids)))
            now |= {row.id: row.whose for row in rows}
        found[name] = [[*row, now[row[0]]] for row in before[name]]
    return found


@dataclass(frozen=True)
class Part:
    """What one person got: ids."""

    leads: tuple[int, ...]
    customers: tuple[int, ...]
    opportunities: tuple[int, ...]


def shares(kept: Picture) -> dict[str, Part]:
    """Who got what, of a picture that knows where everything went."""
    by = {name: dict(_by_owner(kept[name])) for name in ("leads", "customers", "opportunities")}
    return {
        to: Part(*(tuple(by[name].get(to, ())) for name in ("leads", "customers", "opportunities")))
        for to in sorted({to for some in by.values() for to in some if to})
    }


def leads_of(kept: Picture) -> list[Before]:
    """The leads of a picture that knows where they went."""
    return [
        Before(id, _moment(assigned), why, _moment(acked), _moment(snoozed), snoozes, to)
        for id, assigned, why, acked, snoozed, snoozes, to in kept["leads"]
    ]


async def put_back(
    tx: Tx, kept: Picture, member: str, back: Iterable[int], stay: Iterable[int], now: datetime
) -> int:
    """What hung on the handover of `member` is theirs again: customers but those of leads that `stay`, open
    tasks, drafts, check-ins and holds of the leads that went `back`. Returns how many customers."""
    leads_back = set(back)
    held = await _customers_of(tx, list(stay))
    count = 0
    for to, ids in _by_owner(kept["customers"]):
        for some in _chunks([id for id in ids if id not in held]):
            theirs = sa.update(customer).where(
                customer.c.id.in_(some), customer.c.owner == to, customer.c.deleted_at.is_(None)
            )
            values = {"owner": member, "updated_at": now, "version": customer.c.version + 1}
            done: Any = await tx.execute(theirs.values(**values))
            count += done.rowcount
    await _tasks_back(tx, kept, member, set(stay))
    for to, ids in _by_owner(kept["drafts"]):
        for some in _chunks(ids):
            same = (
                (draft.c.member == to, draft.c.state == "open") if to
                else (draft.c.member == member, draft.c.state == "discarded")
            )  # fmt: skip
            values = {"member": member, "state": "open", "updated_at": now, "version": draft.c.version + 1}
            await tx.execute(sa.update(draft).where(draft.c.id.in_(some), *same).values(**values))
    for id, number in kept["checkins"]:
        if number in leads_back:
            await _again(tx, id, member)
    for number, until, why, asked_by, agreed_by, then in kept["holds"]:
        if number in leads_back:
            values = {
                "until": _moment(until),
                "why": why,
                "asked_by": asked_by,
                "agreed_by": agreed_by,
                "at": _moment(then),
            }
            row = upsert(tx, hold).values(lead=number, **values)
            await tx.execute(row.on_conflict_do_update(index_elements=["lead"], set_=values))
    return count


async def opportunities_back(tx: Tx, kept: Picture, stay: Sequence[int]) -> dict[str, list[int]]:
    """Opportunities that can go back, by who has them now: with whom nothing happened since, but not those of leads
    that `stay` or of their customers."""
    held = await _customers_of(tx, stay)
    found: dict[str, list[int]] = {}
    for to, ids in _by_owner(kept.get("opportunities", [])):
        for some in _chunks(ids):
            since = sa.exists().where(
                opportunity_step.c.opportunity == opportunity.c.id, opportunity_step.c.id > kept["step"]
            )
            query = sa.select(opportunity.c.id, opportunity.c.lead, opportunity.c.customer).where(
                opportunity.c.id.in_(some), opportunity.c.owner == to, opportunity.c.outcome == "", ~since
            )
            for row in await tx.execute(query.order_by(opportunity.c.id)):
                if row.lead not in stay and (row.lead is not None or row.customer not in held):
                    found.setdefault(to, []).append(int(row.id))
    return found


async def _customers_of(tx: Tx, leads: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for ids in _chunks(leads):
        rows = await tx.execute(sa.select(lead.c.customer).where(lead.c.id.in_(ids)))
        found |= {int(row.customer) for row in rows}
    return found


async def _tasks_back(tx: Tx, kept: Picture, member: str, stay: set[int]) -> None:
    """Tasks that are still open, or that only the handover closed; those about leads that stay are left there."""
    for to, ids in _by_owner(kept["tasks"]):
        for some in _chunks(ids):
            same = (
                (task.c.owner == to, task.c.done_at.is_(None)) if to
                else (task.c.owner == member, task.c.done_by == "")
            )  # fmt: skip
            about = sa.or_(task.c.lead.is_(None), task.c.lead.not_in(sorted(stay))) if stay else sa.true()
            theirs = sa.update(task).where(task.c.id.in_(some), *same, about)
            await tx.execute(theirs.values(owner=member, done_at=None))


async def _again(tx: Tx, id: int, member: str) -> None:
    """A check-in that the handover cancelled is open again, unless the member began another."""
    other = sa.select(checkin.c.id).where(checkin.c.member == member, checkin.c.state == "open").limit(1)
    if (await tx.execute(other)).first() is None:
        ended = sa.update(checkin).where(checkin.c.id == id, checkin.c.state == "cancelled")
        await tx.execute(ended.values(state="open", closed_at=None, version=checkin.c.version + 1))


async def _rows(tx: Tx, query: sa.Select[Any]) -> list[list[Any]]:
    """Rows as JSON: moments as ISO texts, "" for none."""
    return [[_plain(value) for value in row] for row in await tx.execute(query)]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else "" if value is None else value


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _by_owner(rows: Sequence[Sequence[Any]]) -> list[tuple[str, list[int]]]:
    """(whose it became, ids) of rows that begin with an id and end with an owner."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(str(row[-1]), []).append(int(row[0]))
    return sorted(found.items())


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]
