"""What customers let us know beside what they want, as rows: one for each thing that a chat said. (B60)"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from rules.marks import Mark, Sort
from store.db import Tx
from store.tables_customers import mark

LONGEST = 120  # characters of a value


async def add(
    tx: Tx, customer: int, marks: Iterable[Mark], *, lead: int | None, draft: int | None, member: str
) -> list[int]:
    """Writes down what a draft or a colleague (`draft` None) says of a customer; the ids of the rows."""
    rows = [
        {"customer": customer, "lead": lead, "draft": draft, "sort": one.sort.value, "value": one.value[:LONGEST],
         "words": one.words, "member": member, "at": one.at, "gone": one.gone}
        for one in marks
    ]  # fmt: skip
    written = sa.insert(mark).returning(mark.c.id)
    return [int((await tx.execute(written, row)).scalar_one()) for row in rows]


async def of_customers(tx: Tx, customers: Sequence[int]) -> dict[int, list[Mark]]:
    """Customer → all that was written down, oldest first; each of `customers` is there."""
    found: dict[int, list[Mark]] = {one: [] for one in customers}
    for at in range(0, len(customers), _AT_ONCE):
        some = mark.c.customer.in_(customers[at : at + _AT_ONCE])
        for row in await tx.execute(sa.select(mark).where(some).order_by(mark.c.id)):
            found[row.customer].append(Mark(Sort(row.sort), row.value, row.at, row.words, row.gone))
    return found


async def of_customer(tx: Tx, customer: int) -> list[Mark]:
    """The same of one."""
    return (await of_customers(tx, [customer]))[customer]


async def remove(tx: Tx, draft: int) -> None:
    """Takes back what a draft said."""
    await tx.execute(sa.delete(mark).where(mark.c.draft == draft))


async def strike(tx: Tx, ids: Sequence[int]) -> None:
    """Takes back what a colleague said, row by row."""
    await tx.execute(sa.delete(mark).where(mark.c.id.in_(ids)))


async def rehome(tx: Tx, lead: int, customer: int) -> None:
    """What came with a lead goes with it to another customer."""
    await tx.execute(sa.update(mark).where(mark.c.lead == lead).values(customer=customer))


_AT_ONCE = 500
