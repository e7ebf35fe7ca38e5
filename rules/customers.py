"""Is it somebody we know? Same phone or mail, same firm, nearly the same name (B05, C.7 duplicates)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.leads import Customer

SURE, LIKELY = 90.0, 75.0
"""Name scores (0–100) from which two firms are taken for one, and for perhaps one."""


class Verdict(StrEnum):
    """What to do with a newcomer: join a known customer, ask the person, make a new one."""

    MERGE = "merge"
    MAYBE = "maybe"
    NEW = "new"


class Why(StrEnum):
    """What the likeness rests on, in the words of the card."""

    CODE = "信用代码相同"
    PHONE = "手机相同"
    EMAIL = "邮箱相同"
    COMPANY = "公司相同"
    SIMILAR = "公司相近"
    NONE = ""


@dataclass(frozen=True)
class Likeness:
    """The customer that a newcomer may be (None: nobody)."""

    verdict: Verdict
    customer: Customer | None = None
    why: Why = Why.NONE


def same(
    by_phone: Sequence[Customer],
    by_email: Sequence[Customer],
    by_name: Sequence[tuple[Customer, float]],
    by_code: Sequence[Customer] = (),
) -> Likeness:
    """Who a newcomer is: an equal phone, then an equal e-mail, then an equal credit code decide; a name alone only
    suggests.

    `by_name` holds (customer, name score 0–100), best first; 100 is an equal core name. A firm can have two
    customers of one name (branches), so that a name never merges by itself. A firm that has an owner goes before
    one without.
    """
    for found, why in ((by_phone, Why.PHONE), (by_email, Why.EMAIL), (by_code, Why.CODE)):
        if found:
            return Likeness(Verdict.MERGE, _owned_first(found), why)
    likely = [(customer, score) for customer, score in by_name if score >= LIKELY]
    if not likely:
        return Likeness(Verdict.NEW)
    best = max(score for _, score in likely)
    first = _owned_first([customer for customer, score in likely if score == best])
    return Likeness(Verdict.MAYBE, first, Why.COMPANY if best >= SURE else Why.SIMILAR)


def _owned_first(found: Sequence[Customer]) -> Customer:
    return next((customer for customer in found if customer.owner), found[0])


def mine_to_join(customer: Customer, member: str) -> bool:
    """Whether this member may add a contact and a lead to the customer: it is theirs or nobody's."""
    return customer.owner in ("", member)


def worth_saving(name: str, company: str, phone: str, email: str, wechat: str) -> bool:
    """Whether there is enough to know a customer by: a way to reach them, or a name or firm (R9)."""
    return any((name, company, phone, email, wechat))
