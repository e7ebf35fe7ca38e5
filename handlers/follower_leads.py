"""What a follower says later: into the record of their lead, and to its owner. (B04)"""

from dataclasses import replace
from datetime import datetime

from bot.turn import Turn
from handlers import leads as desk
from handlers import touchpoints
from nlp import cores
from nlp.draft import Draft
from rules import followers as rules
from rules.followers import Follower
from rules.leads import Contact, Customer, Lead
from rules.origins import Origin
from rules.text import customer_id
from rules.touchpoints import Kind, Touch
from store import audit, customers, leads

NAMELESS = "公众号粉丝"
"""Who told no name: the platform gives none either."""
NO_WAY = "还没有留联系方式，可以先在公众号后台的消息里回复"
"""In the note of a lead for as long as it is true."""


def left(found: Draft) -> str:
    """By what they can be reached now, in words; "" for nothing."""
    said = ("电话" if found.phone else "", "邮箱" if found.email else "", "微信号" if found.wechat else "")
    return "、".join(word for word in said if word)


async def first(turn: Turn, lead: Lead, origin: Origin, source: str, at: datetime) -> None:
    """The conversation that became the lead, as a touchpoint of which nobody need be told."""
    customer, contact = await customers.of_lead(turn.tx, lead)
    said = Touch(
        kind=Kind.OFFICIAL, at=at, dedup=f"{origin.ref}:lead:{lead.id}", title=origin.extra.get("title", ""),
        body=origin.extra["text"], source=source,
    )  # fmt: skip
    await touchpoints.add(turn, customer, contact, said)


async def tell(turn: Turn, lead: Lead, customer: Customer, one: Follower, found: Draft, source: str) -> None:
    """One touchpoint with all that was said, told to the owner; the record gets what it lacked."""
    before = await customers.contact(turn.tx, lead.contact)
    customer, contact, new = await _filled(turn, lead, customer, before, found)
    hints = await _alike(turn, customer, found) if new else ()
    title = rules.title(one.said, new)
    story = rules.story(one.said)
    touch = Touch(
        kind=Kind.OFFICIAL, at=one.said[-1].at, dedup=f"{one.ref}:{turn.event_id}", title=title, source=source,
        body="" if story == title else story,
    )  # fmt: skip
    await touchpoints.add(
        turn, customer, contact, touch, tell=await touchpoints.owner_of(turn, customer), hints=hints
    )


async def _filled(
    turn: Turn, lead: Lead, customer: Customer, contact: Contact | None, found: Draft
) -> tuple[Customer, Contact | None, str]:
    """(customer, contact, what was left in words) after what is new of phone, mail, WeChat id, name and company was
    written down. What is known already is not overwritten: another number is another contact."""
    known = await customers.contacts_of(turn.tx, customer.id)
    digits = customers.phone_key(found.phone)
    phone = "" if any(digits and customers.phone_key(one.phone) == digits for one in known) else found.phone
    email = "" if any(one.email == found.email.lower() for one in known) else found.email
    wechat = "" if any(one.wechat == found.wechat for one in known) else found.wechat
    new = left(replace(Draft(), phone=phone, email=email, wechat=wechat))
    filled: Contact | None = contact
    if contact is not None and not (phone and contact.phone) and not (email and contact.email):
        filled = replace(
            contact, name=found.name if found.name and contact.name in {"", NAMELESS} else contact.name,
            title=contact.title or found.title, phone=contact.phone or phone, email=contact.email or email,
            wechat=contact.wechat or wechat,
        )  # fmt: skip
        await customers.fill_contact(turn.tx, filled)
    elif new:
        filled = await desk.contact_for(
            turn, customer, name=found.name, phone=phone, email=email, title=found.title, wechat=wechat
        )
        if contact is None and filled is not None:
            await leads.save(turn.tx, replace(lead, contact=filled.id))
    fuller = replace(
        customer, name=found.name if found.name and customer.name == NAMELESS else customer.name,
        company=customer.company or found.company[:120],
        core=customer.core or (cores.core(found.company) if found.company else ""),
    )  # fmt: skip
    changed = fuller != customer or filled != contact
    if fuller != customer:
        customer = await customers.save(turn.tx, fuller, turn.now)
    if changed:
        if new and NO_WAY in lead.note:
            fresh = await leads.get(turn.tx, lead.id)
            await leads.save(turn.tx, replace(fresh, note=fresh.note.replace(NO_WAY, "").strip("；")))
        detail = {"left": new}
        await audit.add(
            turn.tx, turn.now, "", "wechat.filled", customer_id(customer.id), detail, turn.event_id
        )
        await desk.refresh(turn, lead)
    return customer, filled, new


async def _alike(turn: Turn, customer: Customer, found: Draft) -> tuple[str, ...]:
    """A line when the number that was left is known at another customer."""
    for other, _ in await customers.by_phone(turn.tx, found.phone):
        if other.id != customer.id:
            return (f"这个号码和客户 {customer_id(other.id)} 的一样，请核对是不是同一位",)
    return ()
