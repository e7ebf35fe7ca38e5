"""A lead with its customer, its contact and what was said of them: what /改 and the lead's page put right. (B05)"""

from collections.abc import Iterable

from rules.changing import KNOWN, Record, unwritten
from rules.leads import Contact, Customer, Lead
from rules.marks import Mark, values
from store import customers, marks
from store.db import Tx


async def of_lead(tx: Tx, lead: Lead) -> Record:
    """The lead's own contact is meant, else the only one there is, else one who is not written down yet (id 0)."""
    customer, contact = await customers.of_lead(tx, lead)
    return await of_read(tx, lead, customer, contact, await marks.of_customer(tx, customer.id))


async def of_read(
    tx: Tx, lead: Lead, customer: Customer, contact: Contact | None, said: Iterable[Mark]
) -> Record:
    """The same where the customer, the lead's own contact and what was said of them have been read already."""
    if contact is None:
        there = await customers.contacts_of(tx, customer.id)
        contact = there[0] if len(there) == 1 else unwritten(customer)
    return Record(customer, contact, lead, _by_field(said))


async def known(tx: Tx, customer: Customer) -> dict[str, str]:
    """Competitors, price and who decides, by field."""
    return _by_field(await marks.of_customer(tx, customer.id))


def _by_field(said: Iterable[Mark]) -> dict[str, str]:
    held = values(said)
    return {field: held.get(sort, "") for field, sort in KNOWN.items()}
