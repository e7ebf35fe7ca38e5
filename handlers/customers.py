"""Customers: the profile (看详情, /客户), the check for duplicates (/查重), 是老客户. Merging two: handlers/merging.py."""

import re
from dataclasses import replace

from bot import twins
from bot.events import Kind, Message
from bot.router import Router
from bot.turn import Turn
from cards import customers as cards
from cards import leads as lead_cards
from cards.actions_leads import JoinCustomer, KnownCustomer, ShowCustomer, ShowLead
from cards.card import Card
from handlers import (
    along,
    covers,
    friend_moves,
    marks,
    merging,
    opportunity_views,
    pooling,
    touchpoints,
    transfer,
)
from handlers import leads as desk
from nlp import cores, phones, similar
from rules import access, credit_code, names
from rules.checkins import FollowUp
from rules.customers import LIKELY, SURE, mine_to_join
from rules.errors import Denied, Refused
from rules.leads import TITLES, Contact, Customer, Lead
from rules.team import Member, Role
from rules.text import clip, customer_id, lead_id, parse_id, when
from store import audit, customers, followups, leads, mergers, opportunities, origins, team
from store import marks as mark_rows

router = Router("customers")
FEW = "没有叫「{}」的客户。名称太短，可能查不全，请用全称或手机再查一次。"
SALES = (Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
RECEIPT = re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}")  # what a web form gave its visitor


# ── the profile ────────────────────────────────────────────────────────────────────────────────────────
@router.command("客户", usage="/客户 名称", about="看客户档案（也可以用 C-0311、L-1024）", may=SALES)
async def show(turn: Turn, words: str) -> None:
    """/客户 名称 | C-0311 | L-1024."""
    if not words:
        raise Refused("这样写：/客户 名称，或 /客户 C-0311")
    found = await which(turn, words)
    if len(found) > 1:
        await turn.answer(cards.which(words, [(one.id, one.label) for one in found]))
        return
    asked = parse_id(words)
    await turn.answer(await profile(turn, found[0], asked[1] if asked and asked[0] == "C" else 0))


def by_id(_turn: Turn, message: Message) -> bool:
    """Nothing but the id of a lead or a customer: L-1024."""
    found = parse_id(message.text) if message.kind is Kind.TEXT else None
    return found is not None and found[0] in ("L", "C")


@router.message(by_id)
async def show_by_id(turn: Turn, message: Message) -> None:
    """The same as /客户 with it."""
    await show(turn, message.text.strip())


async def which(turn: Turn, words: str) -> list[Customer]:
    """The customers that may be meant, best first: by id or phone, else by name among those the member may see.

    Raises Refused when there is none.
    """
    match parse_id(words):
        case ("L", number):
            return [await customers.get(turn.tx, (await leads.get(turn.tx, number)).customer)]
        case ("O", number):
            return [await customers.get(turn.tx, (await opportunities.get(turn.tx, number)).customer)]
        case ("", number) if not await customers.find(turn.tx, number) and (
            lead := await leads.find(turn.tx, number)
        ):  # most numbers that people know are of leads
            return [await customers.get(turn.tx, lead.customer)]
        case ("C" | "", number):
            return [await customers.get(turn.tx, number)]
    if RECEIPT.fullmatch(words.upper()) and (handed := await origins.by_ref(turn.tx, words.upper())):
        return [await customers.get(turn.tx, (await leads.get(turn.tx, handed[-1])).customer)]
    known = await _seen_names(turn)
    if phone := _phone(words):
        hits = {one.id: one for one, _ in await customers.by_phone(turn.tx, phone)}
        seen = [hits[id] for id in hits if id in {id for _, id in known}]
        if hits:  # of a stranger's customers only that there is one, and whose
            return seen or list(hits.values())[:1]
    exact = {id for label, id in known if label == words}
    ids = list(exact) if len(exact) == 1 else names.match(words, [(id, label) for label, id in known])
    if not ids:
        raise Refused(f"没有找到「{words}」。可以换个写法，或用 /查重 看公司里有没有。")
    return [await customers.get(turn.tx, id) for id in ids]


async def only(turn: Turn, words: str, how: str) -> Customer:
    """The one customer that is meant; whether it is theirs to see is not asked (`seen`). `how`: what to write when they are
    several, "{}" for an id. Raises Refused."""
    found = await which(turn, words)
    if len(found) > 1:
        several = "、".join(f"{customer_id(one.id)} {one.label}" for one in found[:5])
        raise Refused(f"有几家：{several}。{how.format(customer_id(found[0].id))}")
    return found[0]


async def seen(turn: Turn, customer: Customer, otherwise: str = "你没有查看权限") -> Member | None:
    """The owner, None without one. Raises Denied, which names them, when the customer is not the member's to see.
    `otherwise`: how to go on."""
    owner = await team.get(turn.tx, customer.owner) if customer.owner else None
    if not access.may_see(turn.me, owner, turn.config.teams()):
        about = customer_id(customer.id)
        raise Denied(f"{about} 由{owner.name if owner else '别人'}负责，{otherwise}", about=about)
    return owner


def _phone(words: str) -> str:
    """The phone number that was written, "" when it is none."""
    found = phones.find(words)
    return found[0].value if found else words if re.fullmatch(r"[\d\s+()（）-]{7,}", words) else ""


async def _seen_names(turn: Turn) -> list[tuple[str, int]]:
    """(label, customer id) of everything the member may see, with their contacts' names."""
    if turn.me.has(Role.DIRECTOR, Role.ADMIN):
        return await customers.names(turn.tx)
    owners = ["", turn.me.id, *(one.id for one in await team.team_members(turn.tx, turn.me.id))]
    return await customers.names_of(turn.tx, owners)


@router.click(ShowLead)
async def show_lead(turn: Turn, action: ShowLead) -> None:
    """看详情: the profile of the lead's customer, as a card of its own."""
    lead = await leads.get(turn.tx, action.lead)
    await turn.answer(await profile(turn, await customers.get(turn.tx, lead.customer)))


@router.click(ShowCustomer)
async def show_customer(turn: Turn, action: ShowCustomer) -> None:
    """One out of several."""
    await turn.update(await profile(turn, await customers.get(turn.tx, action.customer)))


async def profile(turn: Turn, customer: Customer, asked: int = 0) -> Card:
    """The profile as the member may see it; full numbers are audited. `asked`: the id by which it was asked for, which
    may be that of a customer that is part of it now. Raises Refused when it is not for them."""
    owner, teams = await seen(turn, customer), turn.config.teams()
    contacts = await customers.contacts_of(turn.tx, customer.id)
    if access.sees_phone(turn.me, owner, teams) and any(one.phone for one in contacts):
        await audit.add(turn.tx, turn.now, turn.me.id, "customer.phone_shown", customer_id(customer.id), "",
                        turn.event_id)  # fmt: skip
    open_leads = await leads.of_customer(turn.tx, customer.id)
    people = team.names(await team.everyone(turn.tx))
    return cards.profile(
        cards.Profile(
            id=customer.id, label=access.words_for(turn.me, owner, customer.label, teams),
            owner=owner.name if owner else "", city=customer.city,
            level=customer.level, contacts=tuple(_contact(turn, one, owner) for one in contacts),
            leads=tuple(_open(turn, one, owner) for one in open_leads),
            followups=tuple(
                access.words_for(turn.me, owner, followup_line(turn, one, people), teams)
                for one in await followups.of_customer(turn.tx, customer.id, 5)
            ),
            touches=await touchpoints.lines(
                turn, customer.id, private=access.sees_phone(turn.me, owner, teams)
            ),
            start=next((one.id for one in open_leads if one.owner == turn.me.id), 0),
            cover=await covers.line(turn, customer.id),
            friends=await friend_moves.line(turn, customer.id),
            marks=access.words_for(turn.me, owner, await marks.line(turn, customer.id), teams),
            credit_code=customer.credit_code, twins=tuple(await merging.alike(turn, customer, 2)),
            merged=tuple(one.gone for one in await mergers.into(turn.tx, customer.id)),
            asked=asked if asked != customer.id else 0,
            opportunities=await opportunity_views.lines(turn, customer.id),
        )
    )  # fmt: skip


def _contact(turn: Turn, one: Contact, owner: Member | None) -> cards.ContactLine:
    teams = turn.config.teams()
    return cards.ContactLine(
        name=access.words_for(turn.me, owner, one.name, teams), title=access.words_for(turn.me, owner, one.title, teams),
        phone=access.phone_for(turn.me, owner, one.phone, teams),
        wechat=access.wechat_for(turn.me, owner, one.wechat, teams),
        email=access.email_for(turn.me, owner, one.email, teams),
    )  # fmt: skip


def _open(turn: Turn, lead: Lead, owner: Member | None) -> cards.OpenLead:
    promised = " ".join(
        part
        for part in (when(lead.next_at, turn.now, turn.zone) if lead.next_at else "", lead.next_text)
        if part
    )
    return cards.OpenLead(
        lead.id, TITLES[lead.status], access.words_for(turn.me, owner, promised, turn.config.teams())
    )


def followup_line(turn: Turn, one: FollowUp, people: dict[str, str]) -> str:
    """ "昨天 15:00 · 王磊 · 电话 · 等待报价 · 发方案"."""
    at = when(one.recorded_at, turn.now, turn.zone)
    return " · ".join(
        part for part in (at, people.get(one.member, ""), one.channel, one.conclusion, one.next_text) if part
    )


# ── duplicates ─────────────────────────────────────────────────────────────────────────────────────────
@router.command("查重", usage="/查重 手机或公司", about="看客户是否已有人负责", may=SALES)
async def check(turn: Turn, words: str) -> None:
    """/查重: says whether somebody has it and who; never what we know of it (C.1, C.7)."""
    if not words:
        raise Refused("这样写：/查重 手机号，或 /查重 公司名称、统一社会信用代码")
    phone = _phone(words)
    if not phone and not re.search(r"[^\W\d_]", words):
        raise Refused(
            f"「{clip(words, 20)}」既不是完整的电话号码，也不是公司名称。这样写：/查重 手机号，或 /查重 公司名称"
        )
    if code := credit_code.read(words):
        hits = [(customer, "信用代码相同") for customer in await customers.by_code(turn.tx, code)]
    elif phone:
        hits = [(customer, "手机相同") for customer, _ in await customers.by_phone(turn.tx, phone)]
    elif "@" in words:
        hits = [(customer, "邮箱相同") for customer, _ in await customers.by_email(turn.tx, words)]
    else:
        hits = [
            (customer, "公司相同" if score >= SURE else "公司相近")
            for customer, score in await twins.similar(turn.tx, words)
            if score >= LIKELY
        ]
    found = "、".join(dict.fromkeys(customer_id(one.id) for one, _ in hits[:20]))
    await audit.add(
        turn.tx,
        turn.now,
        turn.me.id,
        "customer.checked",
        "",
        {"hits": len(hits), "found": found},
        turn.event_id,
    )
    if not hits:
        few = not phone and not code and "@" not in words and len(cores.core(words)) < similar.SHORT
        await turn.answer(FEW.format(clip(words, 20)) if few else "没有重复，可以录入。")
        return
    people = team.names(await team.everyone(turn.tx))
    lines = dict.fromkeys(
        f"{customer_id(customer.id)} {why}，"
        + (f"负责人 {people.get(customer.owner, '已离开的同事')}" if customer.owner else "在公海，暂无负责人")
        for customer, why in hits
    )
    await turn.answer("已有：\n" + "\n".join(list(lines)[:5]))


# ── 是老客户 ───────────────────────────────────────────────────────────────────────────────────────────
@router.click(KnownCustomer)
async def known(turn: Turn, action: KnownCustomer) -> None:
    """是老客户: which one? Those that look alike have a button; a name or id can be written."""
    lead = await desk.mine(turn, action.lead)
    if lead.version != action.version:
        await turn.update(await desk.card(turn, lead))
        return
    alike = await _alike(turn, lead)
    await turn.expect("lead.known", lead=lead.id)
    await turn.update(lead_cards.known_customer(await desk.view(turn, lead), alike))


async def _alike(turn: Turn, lead: Lead) -> list[lead_cards.Likely]:
    """Other customers with the same credit code, phone, mail or nearly the same name."""
    customer, contact = await customers.of_lead(turn.tx, lead)
    called = replace(customer, company=customer.label)
    people, teams = {one.id: one for one in await team.roster(turn.tx)}, turn.config.teams()

    def owner(id: str) -> str:
        return people[id].name if id in people and not people[id].gone else ""

    return [
        lead_cards.Likely(
            one.id, access.label_for(turn.me, people.get(one.owner), one.label, teams), owner(one.owner), why
        )
        for one, why in await twins.of(turn.tx, called, [contact] if contact else [])
    ]


@router.click(JoinCustomer)
async def join(turn: Turn, action: JoinCustomer) -> None:
    """并入 C-0311: the lead belongs to that customer from now on."""
    lead = await desk.mine(turn, action.lead)
    if lead.version != action.version:
        await turn.update(await desk.card(turn, lead))
        return
    await _join(turn, lead, await customers.get(turn.tx, action.customer))


@router.answer("lead.known")
async def known_by_name(turn: Turn, message: Message) -> None:
    """The name or id of the known customer, written."""
    lead = await desk.mine(turn, int(turn.expected["lead"]))
    await _join(turn, lead, await only(turn, message.text, "请回复编号，例如 {}"))


async def _join(turn: Turn, lead: Lead, customer: Customer) -> None:
    """Puts a lead to a known customer. Where that has another owner, the lead goes to them (they know the firm)."""
    await turn.unexpect("lead.known")
    if customer.id == lead.customer:
        raise Refused(f"{lead_id(lead.id)} 已经在 {customer_id(customer.id)} 名下")
    owner = await team.get(turn.tx, customer.owner) if customer.owner else None
    mine = owner is None or owner.gone or mine_to_join(customer, turn.me.id)
    if mine and customer.owner != turn.me.id:
        await pooling.take_up(turn, customer)
    contact = await customers.contact(turn.tx, lead.contact)
    joined = contact and await desk.contact_for(
        turn, customer, name=contact.name, phone=contact.phone, email=contact.email, title=contact.title,
        wechat=contact.wechat,
    )  # fmt: skip
    moved = await leads.save(
        turn.tx, replace(lead, customer=customer.id, contact=joined.id if joined else lead.contact)
    )
    await opportunities.rehome(turn.tx, lead.id, customer.id)
    await mark_rows.rehome(turn.tx, lead.id, customer.id)
    await audit.add(turn.tx, turn.now, turn.me.id, "lead.joined", lead_id(lead.id),
                    {"from": customer_id(lead.customer), "to": customer_id(customer.id)}, turn.event_id)  # fmt: skip
    if owner is None or mine:
        if customer.owner != turn.me.id:
            await customers.save(turn.tx, replace(customer, owner=turn.me.id), turn.now)
        if not customer.owner:
            await along.taken_up(turn, customer.id, turn.me.id)
        await turn.update(await desk.card(turn, moved, f"已并入 {customer_id(customer.id)}"))
        return
    await transfer.move(turn, moved, owner, turn.me, f"老客户 {customer_id(customer.id)} 由{owner.name}负责")
