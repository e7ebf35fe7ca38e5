"""What somebody leaves behind, counted and moved as a whole: set by set, in one transaction (product C.4; B.3 #7)."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from rules.leads import CLOSED
from store.db import Tx
from store.tables import checkin, customer, draft, expectation, lead, task, timer
from store.tables_opportunities import opportunity

_OPEN = lead.c.status.not_in([status.value for status in CLOSED])


async def counts(tx: Tx, member: str) -> tuple[int, int, int, int, int, int]:
    """(open leads, customers, open opportunities, open tasks, open drafts, reminders that are set) of a member."""

    async def count(query: sa.Select[int]) -> int:
        return int((await tx.execute(query)).scalar() or 0)

    n = sa.func.count()
    owned = sa.select(sa.cast(lead.c.id, sa.String(20))).where(lead.c.owner == member, _OPEN)
    return (
        await count(sa.select(n).where(lead.c.owner == member, _OPEN)),
        await count(sa.select(n).where(customer.c.owner == member, customer.c.deleted_at.is_(None))),
        await count(sa.select(n).where(opportunity.c.owner == member, opportunity.c.outcome == "")),
        await count(sa.select(n).where(task.c.owner == member, task.c.done_at.is_(None))),
        await count(sa.select(n).where(draft.c.member == member, draft.c.state == "open")),
        await count(sa.select(n).where(timer.c.kind.in_(["next", "snooze"]), timer.c.key.in_(owned))),
    )


async def open_leads(tx: Tx, member: str) -> list[int]:
    """Ids of the member's open leads, oldest first."""
    query = sa.select(lead.c.id).where(lead.c.owner == member, _OPEN)
    return [int(row.id) for row in await tx.execute(query.order_by(lead.c.id))]


async def customers_with(tx: Tx, member: str) -> dict[int, list[int]]:
    """Customer → the member's open leads there: of every customer that is theirs or has such a lead."""
    owned = sa.select(customer.c.id).where(customer.c.owner == member, customer.c.deleted_at.is_(None))
    found: dict[int, list[int]] = {int(row.id): [] for row in await tx.execute(owned.order_by(customer.c.id))}
    theirs = sa.select(lead.c.id, lead.c.customer).where(lead.c.owner == member, _OPEN)
    for row in await tx.execute(theirs.order_by(lead.c.id)):
        found.setdefault(int(row.customer), []).append(int(row.id))
    return found


async def give_customers(tx: Tx, ids: Sequence[int], former: str, to: str, now: datetime) -> None:
    """These customers of `former` are somebody else's."""
    for at in range(0, len(ids), 500):
        moved = sa.update(customer).where(customer.c.owner == former, customer.c.id.in_(ids[at : at + 500]))
        await tx.execute(moved.values(owner=to, updated_at=now, version=customer.c.version + 1))


async def move_leads(tx: Tx, ids: Sequence[int], former: str, to: str, why: str, now: datetime) -> list[int]:
    """Gives these leads of `former` to somebody; who was never touched counts from now. Returns those that moved."""
    fresh = sa.case(
        (lead.c.first_touch_at.is_(None), sa.literal(now, lead.c.assigned_at.type)), else_=lead.c.assigned_at
    )
    found: list[int] = []
    for at in range(0, len(ids), 500):
        moved = (
            sa.update(lead)
            .where(lead.c.id.in_(ids[at : at + 500]), lead.c.owner == former, _OPEN)
            .values(
                owner=to, assigned_at=fresh, assigned_why=why, acked_at=None, snoozed_until=None, snoozes=0,
                version=lead.c.version + 1,
            )
            .returning(lead.c.id)
        )  # fmt: skip
        found += [int(row.id) for row in await tx.execute(moved)]
    return sorted(found)


async def move_rest(tx: Tx, former: str, to: str, now: datetime) -> None:
    """Customers, open tasks and drafts go to `to` ("": customers are nobody's; tasks and drafts stay, finished). Open
    check-ins are cancelled, an open question is dropped."""
    owned = sa.update(customer).where(customer.c.owner == former)
    await tx.execute(owned.values(owner=to, updated_at=now, version=customer.c.version + 1))
    todo = sa.update(task).where(task.c.owner == former, task.c.done_at.is_(None))
    kept = sa.update(draft).where(draft.c.member == former, draft.c.state == "open")
    if to:
        await tx.execute(todo.values(owner=to))
        await tx.execute(kept.values(member=to, updated_at=now, version=draft.c.version + 1))
    else:
        await tx.execute(todo.values(done_at=now, done_by=""))
        await tx.execute(kept.values(state="discarded", updated_at=now, version=draft.c.version + 1))
    await end_questions(tx, former, now)


async def end_questions(tx: Tx, former: str, now: datetime) -> None:
    """The member's open check-in and open question end."""
    running = sa.update(checkin).where(checkin.c.member == former, checkin.c.state == "open")
    await tx.execute(running.values(state="cancelled", closed_at=now, version=checkin.c.version + 1))
    await tx.execute(sa.delete(expectation).where(expectation.c.member == former))


async def customers_follow(tx: Tx, leads: Sequence[int], former: str, to: str, now: datetime) -> None:
    """The customers of these leads that were the former owner's go along."""
    for at in range(0, len(leads), 500):
        theirs = sa.select(lead.c.customer).where(lead.c.id.in_(leads[at : at + 500]))
        moved = sa.update(customer).where(customer.c.owner == former, customer.c.id.in_(theirs))
        await tx.execute(moved.values(owner=to, updated_at=now, version=customer.c.version + 1))


async def customers_of(tx: Tx, leads: Sequence[int], owner: str) -> list[int]:
    """Ids of this owner's customers among those of these leads."""
    found: set[int] = set()
    for at in range(0, len(leads), 500):
        of = sa.select(lead.c.customer).where(lead.c.id.in_(leads[at : at + 500]))
        rows = await tx.execute(
            sa.select(customer.c.id).where(customer.c.owner == owner, customer.c.id.in_(of))
        )
        found |= {int(row.id) for row in rows}
    return sorted(found)


async def tasks_follow(tx: Tx, leads: Sequence[int], former: str, to: str) -> None:
    """The open tasks about these leads go along."""
    for at in range(0, len(leads), 500):
        moved = sa.update(task).where(
            task.c.owner == former, task.c.done_at.is_(None), task.c.lead.in_(leads[at : at + 500])
        )
        await tx.execute(moved.values(owner=to))
