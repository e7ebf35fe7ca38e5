"""A chat becomes a draft (R9): 同步至CRM, a forwarded record, a pasted text; then 存为新客户, 并入, 改一下, 丢弃. (B05)"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Any

from bot.events import Kind, Message
from bot.router import Router
from bot.turn import Turn
from cards import leads as cards
from cards.actions_leads import ChangeDraft, DropDraft, MergeDraft, SaveDraft
from cards.card import Card
from handlers import along, marks, pooling
from handlers import leads as desk
from handlers.happened import happened
from handlers.undo import undoer
from handlers.words import together
from nlp import cores, several
from nlp.corrected import FIELDS, addressed, lets_it_be
from nlp.draft import Draft, correct, has_lead, read
from nlp.evidence import Found
from rules.budget import Weight
from rules.customers import Likeness, mine_to_join, worth_saving
from rules.errors import Refused
from rules.leads import Contact, Customer, Lead, Status
from rules.opportunities import money
from rules.team import Role
from rules.text import customer_id, lead_id, mask_phone, mask_phones_in, opportunity_id, when
from rules.words import lessons
from store import (
    audit,
    background,
    corrections,
    customers,
    drafts,
    facts,
    leads,
    mergers,
    newcomers,
    opportunities,
    screens,
    team,
    undo,
)
from store import marks as mark_rows
from store.drafts import Kept, State
from store.undo import Undoable

router = Router("drafts")
SALES = (Role.REP, Role.MANAGER)
SYNC = re.compile(r"同步至\s*CRM[\s:：,，]*", re.IGNORECASE)
LONG = 2000  # characters from which reading leaves the event loop
HOW = "把客户的聊天内容放在「同步至CRM」后面一起发给我，例如：同步至CRM 我是宁波恒达的陈立，13900000001，想要报价"
SOURCES = {Kind.FORWARDED: "聊天转发", Kind.VOICE: "语音", Kind.LINK: "链接"}
SHOWN = ("draft", "draft.saved", "draft.noted")  # kinds of cards on which a draft stands
TAUGHT = ("name", "company", "title", "need", "rivals")  # fields whose correction teaches words


# ── what becomes a draft ───────────────────────────────────────────────────────────────────────────────
def asked_to_sync(_turn: Turn, message: Message) -> bool:
    """The message begins with 同步至CRM."""
    return message.kind in {Kind.TEXT, Kind.VOICE} and SYNC.match(message.text.strip()) is not None


def forwarded(_turn: Turn, message: Message) -> bool:
    """A merged chat record."""
    return message.kind is Kind.FORWARDED


def holds_lead(_turn: Turn, message: Message) -> bool:
    """A plain text, recognised speech or a link with a phone number, an e-mail or a chat log in it; a line that puts a saved
    record right (handlers/changing.py) is none."""
    if message.kind not in {Kind.TEXT, Kind.VOICE, Kind.LINK} or message.text[:1] in {"/", "／"}:
        return False
    return addressed(message.text) is None and has_lead(message.text)


@router.message(asked_to_sync)
async def sync(turn: Turn, message: Message) -> None:
    """同步至CRM and the text behind it."""
    text = SYNC.sub("", message.text.strip(), count=1).strip()
    if not text and message.quoted:
        text = message.quoted
    if not text:
        raise Refused(HOW)
    await _take(turn, text, "聊天转发")


@router.message(forwarded)
async def take_record(turn: Turn, message: Message) -> None:
    """A forwarded chat record, whole or in part."""
    text = "\n".join(f"{line.speaker}：{line.text}" for line in message.lines if line.text) or message.text
    hint = f"收到 {len(message.lines)} 条，可能不完整，可复制文本重发" if message.incomplete else ""
    if not text.strip():
        raise Refused(hint or "这份聊天记录里没有文字，可以把聊天内容复制成文本发给我")
    await _take(turn, text, SOURCES[Kind.FORWARDED], hint)


@router.message(holds_lead)
async def take_text(turn: Turn, message: Message) -> None:
    """A pasted text, recognised speech or a link that holds a lead."""
    await _take(turn, message.text, SOURCES.get(message.kind, "聊天粘贴"))


async def from_mail(turn: Turn, text: str, subject: str) -> None:
    """A mail that the member forwarded to us: a draft as from a chat; a mail that holds nobody is answered so."""
    try:
        await _take(turn, text, "邮件转发", f"邮件主题：{subject}" if subject else "")
    except Refused:
        await turn.answer(f"你转发的邮件「{subject[:40]}」里没有认出姓名、公司、手机或邮箱，没有建草稿。")


async def _take(turn: Turn, text: str, source: str, hint: str = "") -> None:
    """A draft of the text; of several customers in one paste a draft for each."""
    parts = several.split(text)
    if len(parts) > several.MOST:
        raise Refused(
            f"这里有 {len(parts)} 个客户，一次最多建 {several.MOST} 份草稿。名单请主管发 /导入，整张表一次导进来。"
        )
    for number, part in enumerate(parts, 1):
        which = f"第 {number} 位，共 {len(parts)} 位"
        await _one(turn, part, source, f"{hint}；{which}" if hint else which)
    if not parts:
        await _one(turn, text, source, hint)


async def _one(turn: Turn, text: str, source: str, hint: str) -> None:
    """Reads the text and shows what was found; nothing is a customer before the rep says so."""
    ground = await background.of(turn.tx, turn.me.id)
    reads = partial(
        read, text, turn.wall, known_companies=ground.companies, own_names=ground.own_names,
        vocabulary=together(turn, ground.heard),
    )  # fmt: skip
    found = reads() if len(text) <= LONG else await asyncio.to_thread(reads)
    if not worth_saving(found.name, found.company, found.phone, found.email, found.wechat):
        raise Refused("没有认出姓名、公司、手机或邮箱。" + HOW)
    alike = await _alike(turn, found)
    body = {"draft": pack(found), "hints": [hint] if hint else [], "likely": _id(alike)}
    kept = await drafts.add(turn.tx, member=turn.me.id, source=source, body=body, original=text, now=turn.now)
    await turn.unexpect("draft.change")
    await turn.answer(await card(turn, kept, alike, found))


# ── the card ───────────────────────────────────────────────────────────────────────────────────────────
async def _alike(turn: Turn, found: Draft) -> Likeness:
    """Whom the draft may be among our customers."""
    return await desk.likeness(
        turn, phone=found.phone, email=found.email, company=found.company, code=found.credit_code
    )


def _id(alike: Likeness) -> int:
    return alike.customer.id if alike.customer else 0


async def card(turn: Turn, kept: Kept, alike: Likeness | None = None, found: Draft | None = None) -> Card:
    """R9 for the draft as it stands, with whom it may be. `found`: what was kept, where it is at hand."""
    found = found or unpack(kept.body["draft"])
    alike = alike or await _alike(turn, found)
    likely = await _likely(turn, alike) if alike.customer else None
    return cards.draft(
        cards.DraftView(
            id=kept.id, version=kept.version, name=found.name, title=found.title, company=found.company,
            phone=mask_phone(found.phone) if found.phone else "", email=found.email, wechat=_masked(found.wechat),
            city=found.city, credit_code=found.credit_code, kind=found.kind,
            budget=_sum(found.budget), rivals=found.rivals, price=found.price, deciders=found.deciders,
            keywords=found.keywords[:5], need=mask_phones_in(found.need),
            next=next_step(turn, found),
            evidence=_evidence(found), question=found.questions[0] if found.questions else "",
            hints=tuple(kept.body.get("hints", ())), likely=likely,
            may_merge=alike.customer is None or alike.customer.id != kept.body.get("asked_owner_of"),
        )
    )  # fmt: skip


async def _likely(turn: Turn, alike: Likeness) -> cards.Likely:
    """Whom the draft may be, with the reader's own running lead of that customer."""
    view = await desk.likely_view(turn, alike, turn.member)
    if alike.customer is None or alike.customer.owner != turn.me.id:
        return view
    running = await leads.of_customer(turn.tx, alike.customer.id)
    return replace(view, lead=next((one.id for one in running if one.owner == turn.me.id), 0))


def _sum(yuan: float | None) -> str:
    """300000.0 → "¥300,000", "" for none."""
    return money(round(yuan * 100)) if yuan else ""


def budget(found: Draft) -> str:
    """The lead's note of it: "预算 ¥300,000", "" for none."""
    return f"预算 {_sum(found.budget)}" if found.budget else ""


def wanted(found: Draft) -> str:
    """What the customer wants, in a few words."""
    return found.need or "、".join(found.keywords)


def next_step(turn: Turn, found: Draft) -> str:
    """When the chat says that it goes on, and with what: "周三 12-02 09:00 给他回电话", "" for nothing; numbers masked."""
    at = when(turn.utc(found.next_at), turn.now, turn.zone) if found.next_at else ""
    return " ".join(part for part in (at, mask_phones_in(found.next_text)) if part)


def _masked(wechat: str) -> str:
    """A WeChat id that is a phone number is masked like one."""
    return mask_phone(wechat) if wechat.isdigit() else wechat


def _evidence(found: Draft) -> tuple[tuple[str, str], ...]:
    """(field, exact words) behind what the card shows, each once; first those that the card does not show as they
    were written (a date, a spoken number). A correction rests on no words."""
    hits = [one for one in found.evidence if one.field in FIELDS and one.text and one.start >= 0]
    hits.sort(key=lambda one: (one.text == one.value, one.start))
    return tuple(dict.fromkeys((FIELDS[one.field], mask_phones_in(one.text)) for one in hits))


_FIELDS = tuple(one.name for one in fields(Draft))
_HIT = tuple(one.name for one in fields(Found))


def pack(found: Draft) -> dict[str, Any]:
    """Draft → plain JSON. The turns stay in the original text."""
    # not asdict, which copies every word of it
    kept = {name: getattr(found, name) for name in _FIELDS}
    evidence = tuple({name: getattr(one, name) for name in _HIT} for one in found.evidence)
    at = found.next_at.isoformat() if found.next_at else None
    return {**kept, "turns": (), "evidence": evidence, "next_at": at}


def unpack(kept: Mapping[str, Any]) -> Draft:
    """Plain JSON → Draft."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()
    }
    values["evidence"] = tuple(Found(**one) for one in kept["evidence"])
    values["next_at"] = datetime.fromisoformat(kept["next_at"]) if kept["next_at"] else None
    return Draft(**values)


async def opened(turn: Turn, id: int, version: int) -> Kept | None:
    """The draft when it is still as it was on the card; else shows the card again and gives None."""
    kept = await drafts.get(turn.tx, id)
    if kept.member != turn.me.id or kept.state != "open" or kept.version != version:
        await turn.again()
        return None
    return kept


@dataclass(frozen=True)
class Made:
    """What saving a draft made or changed beside the lead: an undo takes back just that."""

    customer: bool = False
    contact: bool = False
    claimed: bool = False
    opportunities: tuple[int, ...] = ()


# ── 存为新客户, 并入 ───────────────────────────────────────────────────────────────────────────────────
@router.click(SaveDraft, may=SALES)
async def save(turn: Turn, action: SaveDraft) -> None:
    """存为新客户: customer, contact and lead, owned by the rep; the first-touch clock runs."""
    kept = await opened(turn, action.draft, action.version)
    if kept is None:
        return
    found = unpack(kept.body["draft"])
    if await _met_since(turn, kept, found):
        return
    customer = await customers.add(
        turn.tx, name=found.name or found.company or found.wechat or found.email or mask_phone(found.phone),
        company=found.company, core=cores.core(found.company) if found.company else "", city=found.city,
        owner=turn.me.id, created_by=turn.me.id, credit_code=found.credit_code, now=turn.now,
    )  # fmt: skip
    contact = await _contact(turn, customer, found)
    await _become_lead(turn, kept, found, customer, contact, Made(customer=True, contact=contact is not None))


async def _met_since(turn: Turn, kept: Kept, found: Draft) -> bool:
    """Whether this very customer was saved after the card was shown (the chat pasted twice, a colleague in the same minute):
    the card then says who it is, and the next 存为新客户 is meant."""
    alike = await desk.meet(turn, phone=found.phone, email=found.email, company="", code=found.credit_code)
    if alike.customer is None or _id(alike) in {kept.body.get("likely"), kept.body.get("asked_owner_of")}:
        return False
    kept = await drafts.save(turn.tx, replace(kept, body={**kept.body, "likely": _id(alike)}), turn.now)
    await turn.update(await card(turn, kept, alike))
    there = f"这期间已有{alike.why}的客户 {customer_id(_id(alike))}，还没有存。"
    await turn.answer(f"{there}请看更新后的卡片：并入它；确实是另一位，再点一次「存为新客户」")
    return True


@router.click(MergeDraft, may=SALES)
async def merge(turn: Turn, action: MergeDraft) -> None:
    """并入 C-0311: contact and lead go to the customer that is there; a colleague's customer is the colleague's."""
    kept = await opened(turn, action.draft, action.version)
    if kept is None:
        return
    found = unpack(kept.body["draft"])
    await newcomers.alone(turn.tx, [found.phone], [found.email], [found.credit_code])
    customer = await customers.get(turn.tx, action.customer)
    owner = await team.get(turn.tx, customer.owner) if customer.owner else None
    if owner and not owner.gone and not mine_to_join(customer, turn.me.id):
        await _tell_owner(turn, kept, customer, owner.id, owner.name)
        return
    claimed = customer.owner != turn.me.id
    if claimed:
        await pooling.take_up(turn, customer)
    fuller = replace(customer, owner=turn.me.id, credit_code=customer.credit_code or found.credit_code)
    deals = await along.taken_up(turn, customer.id, turn.me.id) if not customer.owner else []
    if fuller != customer:
        customer = await customers.save(turn.tx, fuller, turn.now)
    contact, fresh = await joined(turn, customer, found)
    made = Made(contact=fresh, claimed=claimed, opportunities=tuple(deals))
    await _become_lead(turn, kept, found, customer, contact, made)


async def _tell_owner(turn: Turn, kept: Kept, customer: Customer, owner: str, name: str) -> None:
    """The customer is a colleague's: they hear that somebody met it, nothing of what was met."""
    body = {**kept.body, "asked_owner_of": customer.id}
    kept = await drafts.save(turn.tx, replace(kept, body=body), turn.now)
    await audit.add(
        turn.tx, turn.now, turn.me.id, "customer.met", customer_id(customer.id), "", turn.event_id
    )
    await turn.tell(
        cards.asked_owner(customer.id, customer.label, turn.me.name), to=owner, weight=Weight.WORD
    )
    await turn.update(await card(turn, kept))
    await turn.answer(f"{customer_id(customer.id)} 的负责人是 {name}，已转告")


async def joined(turn: Turn, customer: Customer, found: Draft) -> tuple[Contact | None, bool]:
    """The contact of a known customer whom the draft speaks of, and whether it is new."""
    before = {one.id for one in await customers.contacts_of(turn.tx, customer.id)}
    contact = await _contact(turn, customer, found)
    return contact, contact is not None and contact.id not in before


async def _contact(turn: Turn, customer: Customer, found: Draft) -> Contact | None:
    return await desk.contact_for(
        turn, customer, name=found.name, phone=found.phone, email=found.email, title=found.title,
        wechat=found.wechat,
    )  # fmt: skip


async def _become_lead(
    turn: Turn, kept: Kept, found: Draft, customer: Customer, contact: Contact | None, made: Made
) -> None:
    """The lead of a draft, its facts, the way back for ten minutes, and the card that says so."""
    lead = await leads.add(
        turn.tx, customer=customer.id, contact=contact.id if contact else None, owner=turn.me.id, now=turn.now,
        source=kept.source, kind=found.kind, need=wanted(found), created_by=turn.me.id,
        assigned_why="你自己录入", next_text=found.next_text,
        next_at=turn.utc(found.next_at) if found.next_at else None,
        note=budget(found),
    )  # fmt: skip
    state: State = "saved" if made.customer else "merged"
    kept = await drafts.save(turn.tx, replace(kept, state=state, lead=lead.id), turn.now)
    await marks.keep(turn, customer.id, lead.id, kept.id, found)
    created = await happened(turn, lead.id, "lead.created", source=lead.source, by=turn.me.id)
    given = await happened(
        turn, lead.id, "lead.assigned", owner=turn.me.id, by=turn.me.id, why="自己录入", restart=True
    )
    taken = await undo.remember(
        turn.tx, turn.me.id, "draft.saved", lead_id(lead.id),
        {"draft": kept.id, "lead": lead.id, "facts": [created, given],
         "customer": customer.id if made.customer else 0, "claimed": customer.id if made.claimed else 0,
         "contact": contact.id if contact and made.contact else 0, "opportunities": made.opportunities},
        turn.now, turn.now + turn.config.checkin.undo,
    )  # fmt: skip
    await audit.add(turn.tx, turn.now, turn.me.id, f"draft.{state}", lead_id(lead.id),
                    {"draft": kept.id, "customer": customer.id}, turn.event_id)  # fmt: skip
    await turn.unexpect("draft.change")
    await turn.update(
        cards.saved(
            customer.id, lead.id, label=await desk.label(turn, lead), undo=taken, merged=not made.customer
        )
    )


# ── 改一下, 丢弃 ───────────────────────────────────────────────────────────────────────────────────────
@router.click(ChangeDraft)
async def change(turn: Turn, action: ChangeDraft) -> None:
    """改一下: the next line corrects the draft."""
    kept = await opened(turn, action.draft, action.version)
    if kept is None:
        return
    await turn.expect("draft.change", draft=kept.id, card=turn.on.id if turn.on else 0)
    await turn.answer(
        "请用一行写要改的内容，例如：电话 13900000001 公司 宁波恒达 姓名 陈立；不是王总，是黄总；没有电话"
    )


@router.answer("draft.change")
async def changed(turn: Turn, message: Message) -> None:
    """ "电话 139… 公司 …": the draft and its card change in place."""
    kept = await drafts.get(turn.tx, int(turn.expected["draft"]))
    if kept.state != "open":
        raise Refused("这份草稿已经处理过了")
    if lets_it_be(message.text):
        await turn.unexpect("draft.change")
        await turn.answer("好的，草稿不变")
        return
    before = unpack(kept.body["draft"])
    corrected = correct(before, message.text, turn.wall)
    for field in TAUGHT:
        after = getattr(corrected, field)
        core = cores.core(after) if field == "company" and after else ""
        taught = lessons(field, getattr(before, field), after, kept.original, core)
        await corrections.hear(turn.tx, taught, turn.me.id, kept.id, turn.now)
    alike = await _alike(turn, corrected)
    body = {**kept.body, "draft": pack(corrected), "likely": _id(alike)}
    kept = await drafts.save(turn.tx, replace(kept, body=body), turn.now)
    await turn.unexpect("draft.change")
    screen = await screens.get(turn.tx, int(turn.expected["card"]))
    await turn.update(await card(turn, kept, alike, corrected), screen=screen)


@router.click(DropDraft)
async def drop(turn: Turn, action: DropDraft) -> None:
    """丢弃: the draft is closed; nothing else was ever written."""
    kept = await opened(turn, action.draft, action.version)
    if kept is None:
        return
    dropped = await drafts.save(turn.tx, replace(kept, state="discarded"), turn.now)
    await turn.unexpect("draft.change")
    await turn.update(replace(await card(turn, dropped), closed="已丢弃"))


# ── back ───────────────────────────────────────────────────────────────────────────────────────────────
async def reopen(turn: Turn, kept: Kept, *subjects: str) -> None:
    """The draft is as before the click, and so are its cards, which stand under these subjects."""
    kept = await drafts.save(turn.tx, replace(kept, state="open", lead=None), turn.now)
    for subject in subjects:
        for screen in await screens.live(turn.tx, subject=subject, kinds=SHOWN):
            await turn.update(await card(turn, kept), screen=screen)


@undoer("draft.saved")
async def undo_saved(turn: Turn, undoable: Undoable) -> str:
    """存为新客户 or 并入 taken back: the lead ends, the new customer and contact go, the draft is open again."""
    payload = undoable.payload
    lead = await leads.get(turn.tx, payload["lead"])
    if payload["customer"] and (other := await mergers.joined_with(turn.tx, payload["customer"])):
        raise Refused(f"{customer_id(payload['customer'])} 之后合并过，请先发 /撤销合并 {customer_id(other)}")
    if not lead.open or lead.owner != turn.me.id:
        raise Refused(f"{lead_id(lead.id)} 之后又有变化，不能撤销了")
    if lead.last_followup_at is not None:
        raise Refused(f"{lead_id(lead.id)} 已有跟进记录，请先撤销跟进")
    if await drafts.noted_with(turn.tx, lead.id):
        raise Refused(f"{lead_id(lead.id)} 之后又记了一段聊天，请先撤销它")
    if deals := await opportunities.of_leads(turn.tx, [lead.id]):
        raise Refused(f"{lead_id(lead.id)} 已开商机 {opportunity_id(deals[0].id)}，请先撤销或丢单")
    await _end(turn, lead, payload["facts"])
    if payload["customer"]:
        others = [
            one
            for one in await leads.of_customer(turn.tx, payload["customer"], open_only=False)
            if one.id != lead.id
        ]
        if others:
            raise Refused(f"{customer_id(payload['customer'])} 之后又有新线索，不能撤销了")
        await customers.remove(turn.tx, payload["customer"], turn.now)
    elif payload["contact"]:
        await customers.remove_contact(turn.tx, payload["contact"], turn.now)
    if payload["claimed"]:
        customer = await customers.get(turn.tx, payload["claimed"])
        await customers.save(turn.tx, replace(customer, owner=""), turn.now)
        await along.back(turn, payload.get("opportunities", ()), turn.me.id, "")
    kept = await drafts.get(turn.tx, payload["draft"])
    await mark_rows.remove(turn.tx, kept.id)
    await reopen(turn, kept, cards.draft_subject(kept.id), lead_id(lead.id))
    await turn.close(lead_id(lead.id), "已撤销")
    return f"{lead_id(lead.id)}，草稿还在，可以重新存"


async def _end(turn: Turn, lead: Lead, made: list[int]) -> None:
    """The lead never was: it is closed, what it started is taken back."""
    await leads.save(turn.tx, replace(lead, status=Status.INVALID, closed_at=turn.now, note="已撤销"))
    for fact in made:
        await facts.undo_one(turn.tx, fact, turn.now)
    await happened(turn, lead.id, "lead.closed", by=turn.me.id, why="撤销录入")
