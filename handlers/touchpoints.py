"""Touchpoints: a word of a customer is written down once and told to the owner. (B03, B06)"""

from bot.turn import Turn
from cards import touchpoints as cards
from rules import touchpoints as rules
from rules.budget import Weight
from rules.leads import Contact, Customer
from rules.team import Member
from rules.text import customer_id, mask_phone, mask_phones_in, when
from rules.touchpoints import Touch
from store import audit, leads, team, touchpoints


async def owner_of(turn: Turn, customer: Customer) -> Member | None:
    """Who has the customer and is still with us."""
    found = await team.get(turn.tx, customer.owner) if customer.owner else None
    return found if found and not found.gone else None


async def add(
    turn: Turn, customer: Customer, contact: Contact | None, touch: Touch, *, tell: Member | None = None,
    hints: tuple[str, ...] = (), lead: int | None = None,
) -> int:  # fmt: skip
    """Writes it down and tells `tell` (normally the owner), with `hints` on the card; numbers in its words are masked
    there. `lead`: the one it belongs to (None: the owner's newest that is open). Returns its id, 0 when it was written
    before."""
    if lead is None:
        mine = [one for one in await leads.of_customer(turn.tx, customer.id) if one.owner == customer.owner]
        lead = mine[0].id if mine else None
    made = await touchpoints.add(
        turn.tx, customer.id, touch, turn.now, contact=contact.id if contact else None, lead=lead
    )
    if not made:
        return 0
    await audit.add(turn.tx, turn.now, touch.member, f"touch.{touch.kind.value}", customer_id(customer.id),
                    {"source": touch.source}, turn.event_id)  # fmt: skip
    if tell:
        people = team.names(await team.everyone(turn.tx))
        name = contact.name if contact and contact.name != customer.label else ""
        number = mask_phone(contact.phone) if contact and contact.phone else ""
        card = cards.told(
            touch.kind, customer.id, " · ".join(part for part in (customer.label, name, number) if part),
            (rules.line(touch, people.get(touch.member, "")), mask_phones_in(touch.body)[:200], *hints,
             f"时间 {when(touch.at, turn.now, turn.zone)}"),
            lead=lead or 0,
        )  # fmt: skip
        await turn.tell(card, to=tell.id, key=f"touch:{made}", weight=Weight.DUE)
    return made


async def lines(turn: Turn, customer: int, *, private: bool) -> tuple[str, ...]:
    """The last touchpoints for the profile; the words of somebody else's customer stay out."""
    people = team.names(await team.everyone(turn.tx))
    return tuple(
        f"{when(one.at, turn.now, turn.zone)} · {rules.line(one, people.get(one.member, ''), private=private)}"
        for one in await touchpoints.of_customer(turn.tx, customer, 3)
    )
