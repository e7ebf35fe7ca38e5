"""/改: what is known of a customer, a contact or a lead is put right after it was saved. (B05, product C.7)"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.events import Kind, Message
from bot.router import Router
from bot.turn import Turn
from cards import customers as cards
from handlers import customers as desk
from handlers import leads as lead_desk
from handlers import merging
from handlers.undo import undoer
from nlp import cores
from nlp import draft as drafts
from nlp.corrected import addressed
from nlp.draft import Draft, correct
from rules import access, changing
from rules.budget import Weight
from rules.changing import FIRM, KNOWN, NAMES, PERSON, Record
from rules.errors import Denied, Refused
from rules.leads import Contact, Customer, Lead
from rules.marks import put_right
from rules.team import Member
from rules.text import customer_id, lead_id, mask_phone, mask_phones_in, parse_id
from store import audit, customers, leads, marks, newcomers, records, team, undo
from store.undo import Undoable

router = Router("changing")
KIND = "record.changed"
SAID = (*PERSON, *FIRM, "need", "kind", *KNOWN)
"""The fields of a draft that are words."""
HOW = "这样写：/改 L-1024 电话 13900001111，或 /改 C-0311 公司 宁波某某有限公司 城市 宁波；也可以写：/改 L-1024 不是王总，是黄总"
NEXT = "下一步请记在跟进里：/跟进 {} 电话 需报价 周二发方案"


def says_so(_turn: Turn, message: Message) -> bool:
    """ "L-1024 电话改成 139…"."""
    return message.kind in {Kind.TEXT, Kind.VOICE} and addressed(message.text) is not None


@router.message(says_so)
async def said(turn: Turn, message: Message) -> None:
    """The same as /改, said without it."""
    found = addressed(message.text)
    if found is not None:
        await put(turn, *found)


@router.command(
    "改", usage="/改 1024 电话 13900001111", about="改客户、联系人、线索的资料，可撤销", may=desk.SALES
)
async def change(turn: Turn, words: str) -> None:
    """/改 L-1024 | C-0311 | 名称, and what is right."""
    who, _, line = words.strip().partition(" ")
    if not line.strip():
        raise Refused(HOW)
    await put(turn, who, line.strip())


async def put(turn: Turn, who: str, line: str) -> None:
    """Reads the line, writes what it says, shows it with the way back; an owner hears what somebody else changed."""
    record, owner, about = await _meant(turn, who, line)
    await _apply(turn, record, owner, about, _given(turn, record, line, about))


async def put_page(turn: Turn, number: int, stamp: str, fields: Mapping[str, str]) -> None:
    """The same by the fields of the lead's page, unless anything changed since it was drawn."""
    lead = await leads.get(turn.tx, number)
    record = await records.of_lead(turn.tx, lead)
    owner = await _owner(turn, record.customer, lead)
    about = lead_id(number)
    if changing.stamp(record) != stamp:
        raise Refused(f"{about} 的资料刚刚有变化，请看过最新情况再改")
    own = lead.owner == turn.me.id
    new = changing.typed(record, changing.as_read(record, own=own), fields)
    before = _draft(record)
    await _apply(turn, record, owner, about, _differs(before, drafts.put(before, new, turn.wall)))


async def _apply(
    turn: Turn, record: Record, owner: Member | None, about: str, given: Mapping[str, str]
) -> None:
    after = changing.put_right(record, given)
    changes = changing.differences(record, after)
    if not changes:
        raise Refused(f"{about} 已经是这样，没有要改的")
    await _free(turn, after, changes)
    after = await _save(turn, record, after)
    said = await _say(turn, record, after)
    back = await undo.remember(
        turn.tx, turn.me.id, KIND, about,
        {"customer": after.customer.id, "contact": after.contact.id, "made": not record.contact.id and after.contact.id,
         "lead": after.lead.id if after.lead else 0, "changes": changes, "marks": said},
        turn.now, turn.now + turn.config.checkin.undo,
    )  # fmt: skip
    await audit.add(turn.tx, turn.now, turn.me.id, "record.changed", customer_id(after.customer.id),
                    {"what": "、".join(NAMES[field] for field in changes)}, turn.event_id)  # fmt: skip
    lines = tuple(_line(turn, owner, field, *pair) for field, pair in changes.items())
    label = after.customer.label
    twins = tuple(await merging.alike(turn, after.customer, 2)) if {"company", "city"} & set(changes) else ()
    await turn.answer(cards.changed(after.customer.id, about, label, lines, undo=back, twins=twins))
    if owner is not None and owner.id != turn.me.id and not owner.gone:
        told = cards.changed(after.customer.id, about, label, _masked(changes), by=turn.me.name)
        await turn.tell(told, to=owner.id, weight=Weight.WORD)
    await _shown(turn, after.customer)


# ── which record, and what is said of it ───────────────────────────────────────────────────────────────────────────
async def _meant(turn: Turn, who: str, line: str) -> tuple[Record, Member | None, str]:
    """The record that is meant, its owner, and the id it goes by. Raises Refused, Denied."""
    number = parse_id(who)
    lead: Lead | None = None
    if number and (number[0] == "L" or (number[0] == "" and not await customers.find(turn.tx, number[1]))):
        lead = await leads.get(turn.tx, number[1])
        customer = await customers.get(turn.tx, lead.customer)
    else:
        customer = await desk.only(turn, who, f"请写编号：/改 {{}} {line}")
    owner = await _owner(turn, customer, lead)
    about = lead_id(lead.id) if lead else customer_id(customer.id)
    under = await leads.of_customer(turn.tx, customer.id)
    contact = await _contact(turn, customer, lead, line, under)
    if lead is None and len(under) == 1 and under[0].owner == customer.owner:
        lead = under[0]
    known = await records.known(turn.tx, customer)
    return Record(customer, contact, lead, known), owner, about


async def _owner(turn: Turn, customer: Customer, lead: Lead | None) -> Member | None:
    """Whose record it is. Raises Denied when the member may not change it."""
    ids = (lead.owner, customer.owner) if lead else (customer.owner,)
    owners = [await team.get(turn.tx, id) if id else None for id in ids]
    for one in owners:
        if access.may_change(turn.me, one, turn.config.teams()):
            return one
    about = lead_id(lead.id) if lead else customer_id(customer.id)
    if owners[0] is None:
        raise Denied(f"{about} 在公海，先领取再改", about=about)
    raise Denied(f"{about} 由{owners[0].name}负责，请他改，或请主管改", about=about)


async def _contact(
    turn: Turn, customer: Customer, lead: Lead | None, line: str, under: list[Lead]
) -> Contact:
    found = await customers.contact(turn.tx, lead.contact) if lead else None
    if found is None:
        known = tuple(await customers.contacts_of(turn.tx, customer.id))
        name = correct(Draft(), line, turn.wall, HOW).name if len(known) > 1 else ""
        about = customer_id(customer.id)
        found = changing.which_contact(known, name, about, tuple(under))
    return found or changing.unwritten(customer)


def _given(turn: Turn, record: Record, line: str, about: str) -> dict[str, str]:
    """Field → its new value, as the line says. Raises Refused with how to say it."""
    before = _draft(record)
    after = correct(before, line, turn.wall, f"没看懂要改什么。{HOW}")
    if (after.next_at, after.next_text) != (None, ""):
        raise Refused(NEXT.format(record.lead.id if record.lead else about))
    return _differs(before, after)


def _draft(record: Record) -> Draft:
    """The record as a draft, which knows how each field is written."""
    held = record.values()
    budget = float(held["budget"].replace(",", "")) if held.get("budget") else None
    said: dict[str, Any] = {field: held.get(field, "") for field in SAID}
    return Draft(**said, budget=budget)


def _differs(before: Draft, after: Draft) -> dict[str, str]:
    given = {
        field: getattr(after, field) for field in SAID if getattr(after, field) != getattr(before, field)
    }
    if after.budget != before.budget:
        given["budget"] = changing.amount(after.budget)
    return given


async def _free(turn: Turn, after: Record, changes: Mapping[str, tuple[str, str]]) -> None:
    """Raises Refused when a new number, address or credit code is another customer's: who that is must be decided first;
    Denied when that one is not the member's to see."""
    new = {field: changes[field][1] for field in ("phone", "email", "credit_code") if field in changes}
    phone, email, code = (new.get(field, "") for field in ("phone", "email", "credit_code"))
    if not (phone or email or code):
        return
    await newcomers.alone(turn.tx, [phone], [email], [code])
    held = await customers.by_phone(turn.tx, phone) if phone else []
    held += await customers.by_email(turn.tx, email) if email else []
    others = [customer for customer, _ in held] + (await customers.by_code(turn.tx, code) if code else [])
    mine = customer_id(after.customer.id)
    for other in others:
        if other.id != after.customer.id:
            owner = await team.get(turn.tx, other.owner) if other.owner else None
            whose = f"负责人 {owner.name}" if owner else "在公海"
            theirs = customer_id(other.id)
            said = f"{theirs} 已经有了（{whose}），没有改。其实是同一家就发：/合并 {mine} {theirs}"
            if access.may_see(turn.me, owner, turn.config.teams()):
                raise Refused(said)
            raise Denied(said, about=theirs)  # as with /查重 the trail says who asked whose a number is
    for _, contact in held:
        if contact.id != after.contact.id:
            raise Refused(f"{mine} 的另一位联系人{contact.name and f'（{contact.name}）'}已经是这个，没有改")


# ── writing, and the way back ──────────────────────────────────────────────────────────────────────────────────────
async def _save(turn: Turn, before: Record, after: Record) -> Record:
    customer, contact, lead = after.customer, after.contact, after.lead
    if customer != before.customer:
        core = cores.core(customer.company) if customer.company else ""
        customer = await customers.save(turn.tx, replace(customer, core=core), turn.now)
    if contact != before.contact:
        if contact.id:
            await customers.fill_contact(turn.tx, contact)
        else:
            contact = await customers.add_contact(
                turn.tx, customer.id, now=turn.now, name=contact.name, title=contact.title, phone=contact.phone,
                email=contact.email, wechat=contact.wechat,
            )  # fmt: skip
    if lead is not None and lead.contact is None and not before.contact.id and contact.id:
        lead = replace(lead, contact=contact.id)
    if lead is not None and lead != before.lead:
        lead = await leads.save(turn.tx, lead)
    return Record(customer, contact, lead, after.known)


async def _say(turn: Turn, before: Record, after: Record) -> list[int]:
    """Writes down what is new of competitors, price and who decides, and what is not so any more; the ids of the rows."""
    held = await marks.of_customer(turn.tx, after.customer.id)
    said = [
        mark
        for field, sort in KNOWN.items()
        if before.known.get(field) != after.known.get(field)
        for mark in put_right(held, sort, after.known[field], turn.now)
    ]
    lead = after.lead.id if after.lead else None
    return await marks.add(turn.tx, after.customer.id, said, lead=lead, draft=None, member=turn.me.id)


@undoer(KIND)
async def undo_change(turn: Turn, undoable: Undoable) -> str:
    """What was changed is as before, unless somebody changed it again."""
    payload = undoable.payload
    customer = await customers.get(turn.tx, payload["customer"])
    contact = await customers.contact(turn.tx, payload["contact"])
    lead = await leads.get(turn.tx, payload["lead"]) if payload["lead"] else None
    await _owner(turn, customer, lead)  # again: it may be in other hands by now
    record = Record(
        customer, contact or changing.unwritten(customer), lead, await records.known(turn.tx, customer)
    )
    changes = {field: (was, now) for field, (was, now) in payload["changes"].items()}
    given = changing.back(record, changes, undoable.subject)
    if payload["made"]:
        given = {field: value for field, value in given.items() if field not in PERSON}
        await customers.remove_contact(turn.tx, payload["made"], turn.now)
    after = changing.put_right(record, given)
    if payload["made"] and after.lead is not None and after.lead.contact == payload["made"]:
        after = replace(after, lead=replace(after.lead, contact=None))
    after = await _save(turn, record, after)
    await marks.strike(turn.tx, payload.get("marks", ()))  # what held before holds again, with its date
    await _shown(turn, after.customer)
    return f"{undoable.subject} 的{'、'.join(NAMES[field] for field in changes)}"


async def _shown(turn: Turn, customer: Customer) -> None:
    """The cards of its new leads say what is known now."""
    for lead in await leads.of_customer(turn.tx, customer.id):
        await lead_desk.refresh(turn, lead)


# ── as lines ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _line(turn: Turn, owner: Member | None, field: str, was: str, now: str) -> str:
    """ "手机 136****1234 → 139 0000 1111": to whoever may read the number; the old one stays masked."""
    if field == "phone":
        now = access.phone_for(turn.me, owner, now, turn.config.teams())
    return _pair(field, was, now)


def _masked(changes: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        _pair(field, was, mask_phone(now) if field == "phone" else now)
        for field, (was, now) in changes.items()
    )


def _pair(field: str, was: str, now: str) -> str:
    hidden = {"phone": mask_phone, "email": access.mask_email}.get(field, mask_phones_in)
    return f"{NAMES[field]} {hidden(was) if was else '（空）'} → {now or '（空）'}"
