"""Leads come in (API form), are given to somebody (R1), and end early (号码无效)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot import twins
from bot.events import Form
from bot.router import Router
from bot.turn import Turn
from cards import leads as cards
from cards.actions_leads import BackToLead, BadNumber, MoreLead
from cards.actions_sla import Snooze
from cards.card import Card
from handlers import along, assigning, origins
from handlers.happened import happened
from handlers.undo import undoer
from handlers.words import current as words_to_read_with
from nlp import cores
from nlp.draft import read
from rules import access, sla
from rules.assignment import Decision
from rules.budget import Weight
from rules.customers import Likeness, same
from rules.errors import Denied, Refused
from rules.hours import deliver_at
from rules.leads import Contact, Customer, Lead, Status
from rules.team import Member, Role
from rules.text import customer_id, lead_id, mask_phone
from store import audit, customers, drafts, facts, leads, newcomers, receipts, screens, team, undo
from store.undo import Undoable

router = Router("leads")


# ── a lead as its owner reads it ───────────────────────────────────────────────────────────────────────
async def view(turn: Turn, lead: Lead, *hints: str) -> cards.LeadView:
    """The lead with its customer, masked, and the two marks of its first-touch clock."""
    customer, contact = await customers.of_lead(turn.tx, lead)
    target, latest = marks(turn, lead)
    return cards.LeadView(
        id=lead.id, version=lead.version, customer=customer.id, label=customer.label,
        person=_person(customer, contact), phone=_reach(contact), kind=lead.kind, source=lead.source,
        created_at=lead.created_at, need=lead.need, note=lead.note, why=lead.assigned_why, target=target,
        latest=latest, hints=hints, pages=await origins.line(turn, lead.id),
    )  # fmt: skip


async def card(turn: Turn, lead: Lead, *hints: str) -> Card:
    """R1 for the lead as it stands now."""
    return cards.new_lead(await view(turn, lead, *hints), turn.now, turn.zone)


async def announce(turn: Turn, lead: Lead, *hints: str) -> None:
    """Tells the owner that the lead is theirs (R1); in quiet hours with the morning bundle, in the morning's words."""
    if lead.owner:
        read_at = deliver_at(turn.calendar, turn.now)
        shown = cards.new_lead(await view(turn, lead, *hints), read_at, turn.zone)
        await turn.tell(shown, to=lead.owner, key=f"r1:{lead.id}:{turn.event_id}", weight=Weight.DUE)


async def refresh(turn: Turn, lead: Lead) -> None:
    """The cards of the new lead say what is known now."""
    fresh = await leads.get(turn.tx, lead.id)
    for screen in await screens.live(turn.tx, subject=lead_id(lead.id), kinds=("lead.new",)):
        await turn.update(await card(turn, fresh), screen=screen)


async def label(turn: Turn, lead: Lead) -> str:
    """What the lead is called in one phrase: "宁波恒达 · 陈工"."""
    customer, contact = await customers.of_lead(turn.tx, lead)
    return " · ".join(part for part in (customer.label, _person(customer, contact)) if part)


async def who(turn: Turn, lead: Lead) -> str:
    """Customer, person and masked number: "宁波恒达 · 陈工 · 138****5678"."""
    customer, contact = await customers.of_lead(turn.tx, lead)
    return cards.who_line(customer.label, _person(customer, contact), _reach(contact))


def marks(turn: Turn, lead: Lead) -> tuple[datetime | None, datetime | None]:
    """Target and last moment (UTC) of the first touch, by the first ladder that runs from the assignment to it."""
    ladders = (
        s.rule() for s in turn.config.sla if (s.starts, s.unless) == ("lead.assigned", "lead.first_touch")
    )
    ladder = next(ladders, None)
    if ladder is None or lead.assigned_at is None or lead.first_touch_at is not None:
        return None, None
    due = [sla.due(turn.calendar, ladder, lead.assigned_at, rung) for rung in range(len(ladder.rungs))]
    return (due[0], due[-1]) if len(due) > 1 else (None, due[0])


def _person(customer: Customer, contact: Contact | None) -> str:
    """The contact, unless the customer is that person."""
    if contact is None or contact.name == customer.label:
        return ""
    return contact.name


def _reach(contact: Contact | None) -> str:
    if contact is None:
        return ""
    return mask_phone(contact.phone) if contact.phone else access.mask_email(contact.email)


async def close(turn: Turn, lead: int, word: str) -> None:
    """Greys out the cards about the lead, those of its draft too, but not the one that was just clicked: that one
    shows the result."""
    draft = await drafts.of_lead(turn.tx, lead)
    for subject in (lead_id(lead), cards.draft_subject(draft.id) if draft else ""):
        if subject:
            await turn.close(subject, word, but=turn.on.id if turn.on else 0)


async def acting(turn: Turn, id: int) -> Lead:
    """The lead, when it is open and the member's own or of somebody for whom they stand in: for what does not change
    its owner. Raises Refused."""
    lead = await leads.get(turn.tx, id)
    return lead if lead.open and lead.owner in turn.me.covers else await mine(turn, id)


async def mine(turn: Turn, id: int) -> Lead:
    """The lead, when it is open and the member's own. Raises Refused with what happened to it, Denied when it is of
    somebody whose records the member does not see."""
    lead = await leads.get(turn.tx, id)
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    if owner is not None and not access.may_see(turn.me, owner, turn.config.teams()):
        raise Denied(f"{lead_id(id)} 现在由{owner.name}负责", about=lead_id(id))
    if not lead.open:
        raise Refused(f"{lead_id(id)} 已经关闭")
    if lead.owner != turn.me.id:
        raise Refused(f"{lead_id(id)} 现在由{owner.name}负责" if owner else f"{lead_id(id)} 现在在公海里")
    return lead


# ── a lead comes in ────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Enquiry:
    """What was handed in, as the route checked it."""

    name: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""
    city: str = ""
    source: str = ""
    kind: str = ""
    group: str = ""
    need: str = ""
    note: str = ""
    owner: str = ""
    credit_code: str = ""


@router.form("lead")
async def take(turn: Turn, form: Form) -> None:
    """POST /api/v1/leads: customer, contact and lead, given to somebody. The receipt holds the answer."""
    receipt, digest = str(form.fields["receipt"]), str(form.fields["digest"])
    if await receipts.find(turn.tx, receipt):
        return  # the same key again; the route compares the bodies
    asked = enquiry(form.fields)
    lead, likely = await _keep(turn, asked)
    await origins.keep(turn, lead.id, form.fields)
    await happened(turn, lead.id, "lead.created", source=lead.source, by="")
    if lead.owner:
        await happened(
            turn, lead.id, "lead.assigned", owner=lead.owner, by="", why=lead.assigned_why, restart=True
        )
        await announce(turn, lead, *await _hint(turn, likely, lead))
    else:
        lead = await assign(turn, lead, likely)
    await audit.add(turn.tx, turn.now, "", "lead.created", lead_id(lead.id),
                    {"client": form.client, "owner": lead.owner}, turn.event_id)  # fmt: skip
    await receipts.put(turn.tx, receipt, digest, {"id": lead_id(lead.id)}, turn.now)


async def assign(turn: Turn, lead: Lead, likely: Likeness | None = None) -> Lead:
    """Gives a new lead that nobody has to whose turn it is and tells them; nobody there: the managers hear why."""
    given = await assigning.assign(turn, lead)
    if given.lead.owner:
        await announce(turn, given.lead, *(await _hint(turn, likely, given.lead) if likely else ()))
    else:
        await nobody(turn, given.lead, given.made)
    return given.lead


def enquiry(fields: Mapping[str, object]) -> Enquiry:
    """Plain JSON → Enquiry; what is missing is ""."""
    names = Enquiry.__dataclass_fields__
    return Enquiry(**{name: str(fields.get(name) or "").strip() for name in names})


async def likeness(turn: Turn, *, phone: str, email: str, company: str, code: str = "") -> Likeness:
    """Whom these may be among our customers: by phone, by e-mail, by credit code, by name (rules/customers.py)."""
    phones = [customer for customer, _ in await customers.by_phone(turn.tx, phone)]
    mails = [customer for customer, _ in await customers.by_email(turn.tx, email)]
    coded = await customers.by_code(turn.tx, code)
    named: list[tuple[Customer, float]] = []
    if company and not phones and not mails and not coded:
        named = await twins.similar(turn.tx, company)
    return same(phones, mails, named, coded)


async def meet(turn: Turn, *, phone: str, email: str, company: str, code: str = "") -> Likeness:
    """The same for somebody who is about to be written down: whoever comes with the same phone, e-mail or code at this
    instant waits until it is done, and finds them."""
    await newcomers.alone(turn.tx, [phone], [email], [code])
    return await likeness(turn, phone=phone, email=email, company=company, code=code)


async def completed(turn: Turn, customer: Customer, *, owner: str = "", code: str = "") -> Customer:
    """The known customer with what it lacked so far: an owner, a credit code."""
    fuller = replace(customer, owner=customer.owner or owner, credit_code=customer.credit_code or code)
    if fuller.owner != customer.owner:
        await along.taken_up(turn, customer.id, fuller.owner)
    return customer if fuller == customer else await customers.save(turn.tx, fuller, turn.now)


async def _keep(turn: Turn, asked: Enquiry) -> tuple[Lead, Likeness]:
    """The rows of an enquiry. A known phone or mail joins its customer; a new one gets a customer. Its owner is the
    one named or the known customer's; else it has none yet."""
    likely = await meet(
        turn, phone=asked.phone, email=asked.email, company=asked.company, code=asked.credit_code
    )
    known = likely.customer if likely.verdict == "merge" else None
    owner, why = await _owner(turn, asked, known)
    customer = known or await customers.add(
        turn.tx, name=asked.name or asked.company, company=asked.company, core=cores.core(asked.company),
        city=asked.city, owner=owner, credit_code=asked.credit_code, now=turn.now,
    )  # fmt: skip
    if known:
        customer = await completed(turn, known, owner=owner, code=asked.credit_code)
    contact = await contact_for(turn, customer, name=asked.name, phone=asked.phone, email=asked.email)
    lead = await leads.add(
        turn.tx, customer=customer.id, contact=contact.id if contact else None, owner=owner, now=turn.now,
        source=asked.source or "接口", need=asked.need, note=_noted(asked, contact), assigned_why=why,
        kind=asked.kind or asked.group or await _kind(turn, asked),
    )  # fmt: skip
    return lead, likely


def _noted(asked: Enquiry, contact: Contact | None) -> str:
    """The enquiry's note. A number that is known under another name: who wrote this time is not lost."""
    other = contact.name if contact else ""
    if not (asked.name and other) or asked.name in other or other in asked.name:
        return asked.note
    told = f"这次留的姓名是{asked.name}（这个号码原来是{other}）"
    return f"{told}；{asked.note}" if asked.note else told


async def _kind(turn: Turn, asked: Enquiry) -> str:
    """需求类型 as the words of the enquiry tell it, the installation's own among them."""
    if not asked.need:
        return ""
    text = f"{asked.need}\n{asked.note}"[:2000]
    return read(text, turn.wall, vocabulary=await words_to_read_with(turn)).kind


async def contact_for(
    turn: Turn,
    customer: Customer,
    *,
    name: str,
    phone: str,
    email: str = "",
    title: str = "",
    wechat: str = "",
) -> Contact | None:
    """The customer's contact of that phone, mail or (without both) name; a new one when there is none yet."""
    key = customers.phone_key(phone)
    for one in await customers.contacts_of(turn.tx, customer.id):
        if key and customers.phone_key(one.phone) == key:
            return one
        if email and one.email == email.lower():
            return one
        if name and one.name == name and not phone and not email:
            return one
    if not (name or phone or email or wechat):
        return None
    return await customers.add_contact(
        turn.tx, customer.id, now=turn.now, name=name, title=title, phone=phone, email=email, wechat=wechat
    )


async def _owner(turn: Turn, asked: Enquiry, known: Customer | None) -> tuple[str, str]:
    """(owner, why): the one named, the known customer's, else "": the turn decides (handlers/assigning.py)."""
    if asked.owner:
        if await _here(turn, asked.owner) is None:
            raise Refused(f"没有成员 {asked.owner}")
        return asked.owner, "指定给你"
    if known and known.owner and await _here(turn, known.owner):
        return known.owner, f"你的老客户 {customer_id(known.id)}"
    return "", ""


async def _here(turn: Turn, id: str) -> Member | None:
    found = await team.get(turn.tx, id)
    return found if found and not found.gone else None


async def _hint(turn: Turn, likely: Likeness, lead: Lead) -> tuple[str, ...]:
    """A line for R1 when the customer may be known under another id."""
    if likely.customer is None or likely.customer.id == lead.customer:
        return ()
    reader = await team.get(turn.tx, lead.owner) if lead.owner else None
    return (cards.likely_line(await likely_view(turn, likely, reader)),)


async def likely_view(turn: Turn, likely: Likeness, reader: Member | None) -> cards.Likely:
    """The customer that somebody may be, as this reader may know it, with its owner's name."""
    assert likely.customer is not None
    owner = await team.get(turn.tx, likely.customer.owner) if likely.customer.owner else None
    label = access.label_for(reader, owner, likely.customer.label, turn.config.teams())
    return cards.Likely(likely.customer.id, label, owner.name if owner else "", likely.why)


async def nobody(turn: Turn, lead: Lead, made: Decision) -> None:
    """Nobody can take it: the managers (else the admins) hear why, at once in working time."""
    told = await team.with_role(turn.tx, Role.MANAGER) or await team.with_role(turn.tx, Role.ADMIN)
    shown = cards.nobody(lead.id, await label(turn, lead), [candidate.line for candidate in made.candidates])
    for member in told:
        await turn.tell(shown, to=member.id, key=f"nobody:{lead.id}:{member.id}", prompt=True)


# ── what else one can do with a new lead ───────────────────────────────────────────────────────────────
@router.click(MoreLead)
async def more(turn: Turn, action: MoreLead) -> None:
    """更多: R1b on the same card."""
    lead = await acting(turn, action.lead)
    await turn.update(_more(turn, await view(turn, lead)))


@router.click(BackToLead)
async def back(turn: Turn, action: BackToLead) -> None:
    """返回: R1 again."""
    await turn.unexpect("lead.known")
    await turn.update(await card(turn, await acting(turn, action.lead)))


def _more(turn: Turn, shown: cards.LeadView) -> Card:
    return cards.more(shown, Snooze(shown.id, shown.version), turn.now, turn.zone)


@router.click(BadNumber)
async def bad_number(turn: Turn, action: BadNumber) -> None:
    """号码无效: the lead is closed, the manager hears it, ten minutes to take it back."""
    lead = await acting(turn, action.lead)
    if lead.version != action.version:
        await turn.update(_more(turn, await view(turn, lead)))
        return
    closed = await leads.save(turn.tx, replace(lead, status=Status.INVALID, closed_at=turn.now))
    fact = await happened(turn, lead.id, "lead.closed", by=turn.me.id, why="号码无效")
    taken = await undo.remember(
        turn.tx, turn.me.id, "lead.invalid", lead_id(lead.id),
        {"lead": lead.id, "status": lead.status, "fact": fact, "version": closed.version},
        turn.now, turn.now + turn.config.checkin.undo,
    )  # fmt: skip
    await audit.add(turn.tx, turn.now, turn.me.id, "lead.invalid", lead_id(lead.id), "", turn.event_id)
    name = await label(turn, lead)
    await close(turn, lead.id, "已关闭：号码无效")
    await turn.update(cards.invalid(lead.id, name, undo=taken))
    manager = await team.manager_of(turn.tx, turn.me.id)
    if manager:
        await turn.tell(cards.invalid_notice(lead.id, name, turn.me.name, lead.source), to=manager)


@undoer("lead.invalid")
async def undo_bad_number(turn: Turn, kept: Undoable) -> str:
    """号码无效 taken back: the lead is open again, with its clock."""
    lead = await leads.get(turn.tx, kept.payload["lead"])
    if lead.version != kept.payload["version"]:
        raise Refused(f"{lead_id(lead.id)} 之后又有变化，不能撤销了")
    opened = await leads.save(turn.tx, replace(lead, status=Status(kept.payload["status"]), closed_at=None))
    await facts.undo_one(turn.tx, kept.payload["fact"], turn.now)
    await turn.record("lead.undone", lead_id(lead.id), lead=lead.id)
    await turn.close(lead_id(lead.id), "已撤销", kinds=("lead.invalid",))
    await turn.answer(await card(turn, opened))
    return f"{lead_id(lead.id)} 恢复为进行中"
