"""What is put right in a saved record: whose field it is, what becomes of it, what nobody may take away. (B05, product C.7)"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2s
from typing import Any, Final

from rules.access import mask_email
from rules.errors import Refused
from rules.leads import Contact, Customer, Lead
from rules.marks import Sort
from rules.text import lead_id, mask_contacts_in, mask_phone

PERSON: Final = {"name": 64, "title": 64, "phone": 40, "email": 120, "wechat": 64}
"""Fields of the contact, and how long each may be."""
FIRM: Final = {"company": 120, "city": 40, "credit_code": 18}
WANT: Final = {"need": 500, "kind": 40, "budget": 40}
"""Fields of the lead; `budget` is yuan as it stands in its note ("300,000")."""
KNOWN: Final = {"rivals": Sort.RIVAL, "price": Sort.PRICE, "deciders": Sort.DECIDER}
"""Fields of what customers let us know (rules/marks.py)."""
NAMES: Final = {
    "name": "姓名", "title": "职务", "phone": "手机", "email": "邮箱", "wechat": "微信", "company": "公司", "city": "城市",
    "credit_code": "信用代码", "need": "需求", "kind": "类型", "budget": "预算",
    "rivals": "竞品", "price": "价格", "deciders": "决策人",
}  # fmt: skip
_BUDGET: Final = re.compile(r"预算 ¥([\d,.]+)")


@dataclass(frozen=True)
class Record:
    """A customer, the contact that is meant (id 0: none is written yet) and the lead that is meant, if any."""

    customer: Customer
    contact: Contact
    lead: Lead | None = None
    known: Mapping[str, str] = field(default_factory=dict)  # by the fields of KNOWN

    def values(self) -> dict[str, str]:
        """Field → what it says now."""
        said = {field: getattr(self.contact, field) for field in PERSON}
        said |= {field: getattr(self.customer, field) for field in FIRM}
        if self.lead is not None:
            said |= {"need": self.lead.need, "kind": self.lead.kind, "budget": budget_of(self.lead.note)}
        return said | {field: self.known.get(field, "") for field in KNOWN}


def budget_of(note: str) -> str:
    """ "预算 ¥300,000；急" → "300,000", "" without one."""
    found = _BUDGET.search(note)
    return found[1] if found else ""


def amount(yuan: float | None) -> str:
    """300000.0 → "300,000", "" for none."""
    return f"{yuan:,.2f}".removesuffix(".00") if yuan else ""


def _with_budget(note: str, budget: str) -> str:
    said = f"预算 ¥{budget}" if budget else ""
    if _BUDGET.search(note):
        return _BUDGET.sub(said, note, count=1).strip("；; ")
    return "；".join(part for part in (said, note) if part)


def put_right(record: Record, given: Mapping[str, str]) -> Record:
    """The record with these fields replaced, "" where one is emptied. Raises Refused when a field is of a lead and none is
    meant, or when nothing would be left to call or to reach them by."""
    if record.lead is None and (wanting := [NAMES[field] for field in WANT if field in given]):
        raise Refused(f"{'、'.join(wanting)}记在线索上，请写线索编号，例如：/改 L-1024 {wanting[0]} …")
    contact = replace(record.contact, **_clipped(given, PERSON))
    if record.contact.id and not any(
        getattr(contact, field) for field in ("name", "phone", "email", "wechat")
    ):
        raise Refused("这样联系人就什么都没有了，没有改。要删掉一位客户的资料，请找管理员")
    customer = _named(replace(record.customer, **_clipped(given, FIRM)), record, contact)
    lead = record.lead
    if lead is not None:
        kept: dict[str, Any] = {
            field: given[field][: WANT[field]] for field in ("need", "kind") if field in given
        }
        if "budget" in given:
            kept["note"] = _with_budget(lead.note, given["budget"])
        lead = replace(lead, **kept)
    known = {one: given[one] for one in KNOWN if one in given}
    return Record(customer, contact, lead, {**record.known, **known})


def _clipped(given: Mapping[str, str], fields: Mapping[str, int]) -> dict[str, Any]:
    return {field: given[field][:longest] for field, longest in fields.items() if field in given}


def _named(customer: Customer, was: Record, contact: Contact) -> Customer:
    """A customer that was called like its contact, or like its company, still is."""
    name = customer.name
    if name == was.customer.company:
        name = customer.company or contact.name
    elif name == was.contact.name:
        name = contact.name or name
    if not (customer.company or name):
        raise Refused("客户总要有个名称：没有公司时请写上姓名")
    return replace(customer, name=name)


def unwritten(customer: Customer) -> Contact:
    """Somebody of the customer's who is not written down yet (id 0)."""
    return Contact(id=0, customer=customer.id, name="")


def stamp(record: Record) -> str:
    """What changes when anything in the record does: what a page was drawn from. It stays inside: with it, the hidden digits
    of a number would be found by trying."""
    return blake2s(json.dumps(record.values(), ensure_ascii=False).encode(), digest_size=12).hexdigest()


def as_read(record: Record, *, own: bool) -> dict[str, str]:
    """Field → what a page says of it: numbers and addresses masked for everybody (whole ones are asked for, and noted),
    the words around them for all but whose record it is (`own`)."""
    said = record.values()
    read = said if own else {one: mask_contacts_in(text) for one, text in said.items()}
    wechat = f"{said['wechat'][:1]}****" if said["wechat"] else ""
    return {**read, "phone": mask_phone(said["phone"]), "email": mask_email(said["email"]), "wechat": wechat}


def typed(record: Record, shown: Mapping[str, str], fields: Mapping[str, str]) -> dict[str, str]:
    """What of the fields of a page is not as it was shown. Raises Refused when a masked number would be written down."""
    held = record.values()
    new = {one: fields[one] for one in NAMES if one in held and one in fields and fields[one] != shown[one]}
    for one, text in new.items():
        if "*" in text and shown[one] != held[one]:
            raise Refused(f"「{NAMES[one]}」里打了码的号码不能留着一起改：请把这一项整个重写")
    return new


def differences(before: Record, after: Record) -> dict[str, tuple[str, str]]:
    """Field → (was, is), for what is not the same, in the order of NAMES."""
    was, now = before.values(), after.values()
    return {one: (was[one], now[one]) for one in NAMES if one in was and not _same(one, was[one], now[one])}


def _same(field: str, one: str, other: str) -> bool:
    """Competitors are the same in any order."""
    return set(one.split("、")) == set(other.split("、")) if field in KNOWN else one == other


def back(record: Record, changes: Mapping[str, tuple[str, str]], about: str) -> dict[str, str]:
    """What to give `put_right` so that these changes are undone. Raises Refused when something was changed since."""
    now = record.values()
    if any(not _same(one, now.get(one, ""), is_) for one, (_, is_) in changes.items()):
        raise Refused(f"{about} 之后又改过，不能撤销了")
    return {field: was for field, (was, _) in changes.items()}


def which_contact(
    contacts: tuple[Contact, ...], name: str, about: str, leads: tuple[Lead, ...]
) -> Contact | None:
    """The contact that a line about a customer means: the only one, or the one it names; None when there is none yet.
    Raises Refused when it may be several."""
    if len(contacts) <= 1:
        return contacts[0] if contacts else None
    called = [one for one in contacts if name and one.name == name]
    if len(called) == 1:
        return called[0]
    of = next((lead_id(one.id) for one in leads if one.contact), "")
    people = "、".join(one.name or "没有姓名的一位" for one in contacts[:5])
    other = f"，或写线索编号（{of}）" if of else ""
    raise Refused(
        f"{about} 有几位联系人：{people}。请写清是谁：/改 {about} 姓名 {contacts[0].name or '…'} 电话 …{other}"
    )
