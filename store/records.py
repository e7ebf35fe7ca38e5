"""A lead with its customer, its contact and what was said of them: what /改 and the lead's page put right. (B05)"""

from rules.changing import KNOWN, Record
from rules.leads import Contact, Customer, Lead
from rules.marks import values
from store import customers, marks
from store.db import Tx


async def of_lead(tx: Tx, lead: Lead) -> Record:
    """The lead's own contact is meant, else the only one there is, else one who is not written down yet (id 0)."""
    customer, contact = await customers.of_lead(tx, lead)
    if contact is None:
        there = await customers.contacts_of(tx, customer.id)
        contact = there[0] if len(there) == 1 else Contact(id=0, customer=customer.id, name="")
    return Record(customer, contact, lead, await known(tx, customer))


async def known(tx: Tx, customer: Customer) -> dict[str, str]:
    """Competitors, price and who decides, by field."""
    held = values(await marks.of_customer(tx, customer.id))
    return {field: held.get(sort, "") for field, sort in KNOWN.items()}
