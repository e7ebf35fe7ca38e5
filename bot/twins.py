"""Which customers may be the same one: asked by chat and pages alike. (C.7 duplicates)"""

from nlp import cores
from nlp.similar import nearest
from rules.customers import LIKELY, SURE, Why
from rules.leads import Contact, Customer
from store import customers, name_keys
from store.db import Tx

CONTACTS = 10
"""How many contacts of a customer are compared."""


async def similar(tx: Tx, company: str) -> list[tuple[Customer, float]]:
    """Customers whose company is called the same or nearly the same, with scores (0–100), best first."""
    known = await name_keys.candidates(tx, cores.core(company), company)
    best = nearest(company, [(one.label, one.id) for one in known], [one.core for one in known], limit=5)
    met = await customers.some(tx, [id for id, _ in best])
    return [(met[id], score) for id, score in best if id in met]


async def of(tx: Tx, customer: Customer, contacts: list[Contact]) -> list[tuple[Customer, Why]]:
    """Other customers with the same credit code, phone or mail, or nearly the same name, surest first, each once."""
    found: list[tuple[Customer, Why]] = [
        (one, Why.CODE) for one in await customers.by_code(tx, customer.credit_code)
    ]
    for one in contacts[:CONTACTS]:
        found += [(other, Why.PHONE) for other, _ in await customers.by_phone(tx, one.phone)]
        found += [(other, Why.EMAIL) for other, _ in await customers.by_email(tx, one.email)]
    if customer.company:
        found += [
            (other, Why.COMPANY if score >= SURE else Why.SIMILAR)
            for other, score in await similar(tx, customer.company)
            if score >= LIKELY
        ]
    order = list(Why)
    best: dict[int, tuple[Customer, Why]] = {}
    for other, why in sorted(found, key=lambda pair: order.index(pair[1])):
        if other.id != customer.id and not _other_code(customer, other):
            best.setdefault(other.id, (other, why))
    return list(best.values())


def _other_code(one: Customer, other: Customer) -> bool:
    """Two codes are two firms, whatever they are called."""
    return bool(one.credit_code and other.credit_code and one.credit_code != other.credit_code)
