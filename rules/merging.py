"""Two customers that are one: what both say, what a person must choose, what comes of it. (C.7 merge; B59; B.3 #12)"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from rules import access
from rules.leads import Contact, Customer
from rules.team import Member, Role, Team

FIELDS = {
    "company": "公司", "name": "名称", "credit_code": "信用代码", "city": "城市", "level": "级别", "owner": "负责人",
}  # fmt: skip
"""What two customers are compared by, in the order it is asked, and how it is called."""


class Pick(StrEnum):
    """Whose value a field keeps: that of the customer which stays, or of the one which goes into it."""

    KEPT = "k"
    GONE = "g"


def different(kept: Customer, gone: Customer) -> tuple[str, ...]:
    """The fields that a person has to choose: both say something and it is not the same.

    Where a company is known the name is only how the first contact was called: nothing to ask about.
    """
    named = kept.company or gone.company
    return tuple(
        field
        for field in FIELDS
        if getattr(kept, field) and getattr(gone, field) and getattr(kept, field) != getattr(gone, field)
        and not (field == "name" and named)
    )  # fmt: skip


def joined(kept: Customer, gone: Customer, picks: Mapping[str, Pick]) -> Customer:
    """The customer that stays, with the chosen values, and the other's where it had none. Same id and version."""
    values: dict[str, Any] = {}
    for field in FIELDS:
        mine, theirs = getattr(kept, field), getattr(gone, field)
        takes = theirs if not mine or (theirs and picks.get(field) is Pick.GONE) else mine
        values[field] = takes
    core = kept.core if values["company"] == kept.company else gone.core
    return replace(kept, **values, core=core)


@dataclass(frozen=True)
class Folded:
    """A contact of the customer that goes, and the same person at the one that stays: `filled` has their `blanks` (names
    of fields) filled."""

    gone: Contact
    kept: Contact
    filled: Contact
    blanks: tuple[str, ...]


PERSONAL = ("name", "title", "phone", "email", "wechat")
"""What is known of a contact."""


def fold(kept: Sequence[Contact], gone: Sequence[Contact], key: Callable[[str], str]) -> list[Folded]:
    """Contacts who stand at both: the same phone (by `key`) or mail, and nothing that contradicts. Everybody else
    simply comes along."""
    found: list[Folded] = []
    here = {one.id: one for one in kept}
    for other in gone:
        twin = next((one for one in here.values() if _same(one, other, key)), None)
        if twin is None:
            continue
        blanks = {
            field: value
            for field in PERSONAL
            if (value := getattr(other, field)) and not getattr(twin, field)
        }
        filled = replace(twin, **blanks)
        found.append(Folded(other, twin, filled, tuple(blanks)))
        here[twin.id] = filled
    return found


def _same(one: Contact, other: Contact, key: Callable[[str], str]) -> bool:
    phones, mails = (key(one.phone), key(other.phone)), (one.email.lower(), other.email.lower())
    if not any(a and a == b for a, b in (phones, mails)):
        return False
    words = ((getattr(one, field), getattr(other, field)) for field in ("name", "title", "wechat"))
    pairs = [phones, mails, *words]
    return all(not a or not b or a == b for a, b in pairs)


def may_merge(member: Member, owners: Sequence[Member | None], teams: Sequence[Team]) -> bool:
    """Whether the member may make one of customers with these owners (None: nobody's): who owns both, the manager of
    their teams, directors and sales operations."""
    if member.gone or not owners:
        return False
    if member.has(Role.DIRECTOR, Role.ADMIN):
        return True
    return all(access.may_move(member, owner, teams) for owner in owners)


def back(before: Mapping[str, Any], after: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What an undo writes into the fields of the customer that stayed: its old values, but not over what somebody
    wrote since."""
    return {field: before[field] for field in before if after.get(field) == now.get(field)}
