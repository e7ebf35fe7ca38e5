"""会前必读: what is known of a customer, told to the owner a little before they meet, and to whoever asks by /会前. (B60)"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.events import Message, Timer
from bot.router import Router
from bot.turn import Turn
from cards import meetings as cards
from cards import opportunities as deals
from cards.actions_leads import AddToBrief, ReadBrief
from cards.card import Card, from_json
from handlers import changing, customers, opportunity_views
from nlp.corrected import lets_it_be
from nlp.meetings import meets
from rules import access, meetings, touchpoints
from rules import changing as fields
from rules.budget import Weight
from rules.checkins import FollowUp, remind_at
from rules.errors import Refused
from rules.leads import Customer, Lead
from rules.marks import told
from rules.team import Member
from rules.text import customer_id, lead_id, when
from store import customers as firms
from store import followups, leads, marks, opportunities, requests, tasks, team
from store import touchpoints as touch_rows

router = Router("meetings")
KIND = "meeting"
ADDS = "meeting.add"
HOW = "这样写：/会前 恒达、/会前 L-1024；只发 /会前 看自己下一次约好的见面"
TOUCHES = 2


# ── when it is time ────────────────────────────────────────────────────────────────────────────────────
async def plan(turn: Turn, lead: Lead, *, deadline: bool = False) -> None:
    """Sets (or moves) the timer of the card, when the lead's next step is to meet; the timer looks before it speaks, so
    nothing else is to be done when a meeting is called off. `deadline`: it is only said by when, so it is read that morning.
    Who agrees in quiet hours on one that is over before they end reads it at once: they are at it."""
    before = turn.config.meeting.before
    if not before or not _agreed(lead) or lead.next_at is None:
        return
    begins = remind_at(turn.calendar, lead.next_at, deadline=deadline, now=turn.now)
    at = meetings.read_at(turn.calendar, begins, before, turn.now)
    if at is not None:
        await turn.remind(KIND, str(lead.id), at, at=lead.next_at.isoformat(), deadline=deadline)
    elif lead.next_at > turn.now and turn.member is not None and turn.me.id == lead.owner:
        customer = await firms.get(turn.tx, lead.customer)
        card = await brief(turn, turn.me, customer, lead, deadline=deadline)
        await turn.send(card, to=lead.owner, key=_once(lead, lead.owner))


def _once(lead: Lead, owner: str) -> str:
    """The key of the card about this meeting at this time."""
    return f"meeting:{lead.id}:{lead.next_at.isoformat() if lead.next_at else ''}:{owner}"


def _agreed(lead: Lead) -> bool:
    return lead.open and bool(lead.owner) and lead.next_at is not None and meets(lead.next_text)


@router.timer(KIND)
async def before_meeting(turn: Turn, timer: Timer) -> None:
    """The card to the owner, once for this time of this meeting, unless it was moved, called off or has begun. While
    they want quiet it waits, as long as it comes in time."""
    lead = await leads.find(turn.tx, int(timer.key))
    if lead is None or not _agreed(lead) or lead.next_at is None:
        return
    if timer.payload["at"] != lead.next_at.isoformat() or turn.now >= lead.next_at:
        return
    free = await turn.free_at(lead.owner, weight=Weight.DUE)
    if turn.now < free < lead.next_at:
        await turn.remind(KIND, timer.key, free, **timer.payload)
    owner = await team.get(turn.tx, lead.owner)
    if free > turn.now or owner is None or owner.gone:
        return
    customer, deadline = await firms.get(turn.tx, lead.customer), bool(timer.payload.get("deadline"))
    card = await brief(turn, owner, customer, lead, deadline=deadline)
    await turn.tell(card, to=owner.id, key=_once(lead, owner.id), weight=Weight.DUE, prompt=True)


# ── on request ─────────────────────────────────────────────────────────────────────────────────────────
@router.command(
    "会前", usage="/会前 客户", about="见客户前必读：竞品、价格、决策人、上次说的、没做的",
    may=customers.SALES, aliases=("会前必读", "必读"),
)  # fmt: skip
async def on_request(turn: Turn, words: str) -> None:
    """/会前 名称 | C-0311 | L-1024; alone: of my next meeting."""
    if words:
        customer = await customers.only(turn, words, "请写编号：/会前 {}")
        running = await leads.of_customer(turn.tx, customer.id)
        lead = next((one for one in running if lead_id(one.id) in words.upper()), None) or _likely(
            turn, running
        )
    else:
        lead = await _next_of_mine(turn)
        customer = await firms.get(turn.tx, lead.customer)
    if lead is None or lead.owner not in whose(turn):
        await customers.seen(turn, customer)
    await turn.answer(await brief(turn, turn.me, customer, lead))


def _likely(turn: Turn, running: Sequence[Lead]) -> Lead | None:
    """Of several leads the one with my next meeting, else my newest, else the newest."""
    mine = [one for one in running if one.owner == turn.me.id] or running
    return next((one for one in mine if _ahead(turn, one)), None) or next(iter(mine), None)


def _ahead(turn: Turn, lead: Lead) -> bool:
    return _agreed(lead) and lead.next_at is not None and lead.next_at > turn.now


def whose(turn: Turn) -> tuple[str, ...]:
    """Mine, and whose leads I look after."""
    return (turn.me.id, *sorted(turn.me.covers))


async def _next_of_mine(turn: Turn) -> Lead:
    found = [
        (lead.next_at, lead)
        for who in whose(turn)
        for lead in await leads.of_owner(turn.tx, who)
        if _ahead(turn, lead) and lead.next_at
    ]
    if not found:
        raise Refused(f"你没有约好的见面。{HOW}")
    return min(found, key=lambda one: one[0])[1]


# ── what it says ───────────────────────────────────────────────────────────────────────────────────────
async def brief(
    turn: Turn, reader: Member, customer: Customer, lead: Lead | None, *, deadline: bool = False
) -> Card:
    """The card as this reader may see it; that they may see the customer is asked before."""
    owner = await team.get(turn.tx, customer.owner) if customer.owner else None
    running = await leads.of_customer(turn.tx, customer.id)
    window = turn.config.meeting.window
    teams, since = turn.config.teams(), turn.now - window

    def seen(text: str) -> str:
        return access.words_for(reader, owner, text, teams)

    known = meetings.lately(await marks.of_customer(turn.tx, customer.id), since)
    return cards.brief(cards.Brief(
        about=lead_id(lead.id) if lead else customer_id(customer.id), lead=lead.id if lead else 0, days=window.days,
        label=customer.label if lead and lead.owner == reader.id else access.label_for(reader, owner, customer.label, teams),
        meeting=seen(_meeting(turn, lead, deadline=deadline)), marks=seen(told(known, turn.now, turn.zone)),
        asked=seen(_asked(lead)),
        touches=[seen(one) for one in await _touches(turn, reader, customer, owner, since, lead)],
        promises=[seen(one) for one in await _promises(turn, running, lead)],
        deals=await _deals(turn, reader, customer),
    ))  # fmt: skip


def _meeting(turn: Turn, lead: Lead | None, *, deadline: bool) -> str:
    if lead is None or lead.next_at is None or not _agreed(lead):
        return ""
    return f"{when(lead.next_at, turn.now, turn.zone)} {'前 ' if deadline else ''}{lead.next_text}"


def _asked(lead: Lead | None) -> str:
    if lead is None:
        return ""
    budget = fields.budget_of(lead.note)
    return " · ".join(part for part in (lead.need or lead.kind, f"预算 ¥{budget}" if budget else "") if part)


async def _touches(
    turn: Turn, reader: Member, customer: Customer, owner: Member | None, since: datetime, lead: Lead | None
) -> list[str]:
    """The last touch whenever it was, and what else was lately; the words of somebody else's customer stay out, and the
    next step that is the meeting itself is told already."""
    people = team.names(await team.everyone(turn.tx))
    private = access.sees_phone(reader, owner, turn.config.teams())
    found = [
        (
            one.recorded_at,
            customers.followup_line(turn, replace(one, next_text="") if _is(one, lead) else one, people),
        )
        for one in await followups.of_customer(turn.tx, customer.id, TOUCHES)
    ]
    for one in await touch_rows.of_customer(turn.tx, customer.id, TOUCHES):
        line = touchpoints.line(one, people.get(one.member, ""), private=private)
        found.append((one.at, f"{when(one.at, turn.now, turn.zone)} · {line}"))
    newest = sorted(found, reverse=True)[:TOUCHES]
    return [line for n, (at, line) in enumerate(newest) if not n or at >= since]


def _is(one: FollowUp, lead: Lead | None) -> bool:
    """Whether what this record planned is what the lead stands at."""
    return lead is not None and (one.lead, one.next_text) == (lead.id, lead.next_text)


async def _promises(turn: Turn, running: Sequence[Lead], meant: Lead | None) -> list[str]:
    """What somebody still has to do for this customer: next steps but for the meeting itself, tasks, forms not handed in."""
    found = []
    for lead in running:
        if lead.next_at is not None and not (meant and lead.id == meant.id and _agreed(lead)):
            at = when(lead.next_at, turn.now, turn.zone)
            found.append(f"{lead_id(lead.id)} {at} {lead.next_text or '再联系'}")
        found += [f"T-{task.id} {task.subject}" for task in await tasks.open_on(turn.tx, lead.id)]
    found += [
        f"{one.form}（没有提交）" for one in await requests.drafts_of(turn.tx, [one.id for one in running])
    ]
    return found[:4]


async def _deals(turn: Turn, reader: Member, customer: Customer) -> list[str]:
    people = {each.id: each for each in await team.roster(turn.tx)}
    return [
        deals.row(deals.Row(one, opportunity_views.words(one, reader, one.title), "", opportunity_views.rested(turn, one)))
        for one in await opportunities.of_customer(turn.tx, customer.id)
        if access.may_see(reader, people.get(one.owner), turn.config.teams())
    ][:2]  # fmt: skip


# ── its buttons ────────────────────────────────────────────────────────────────────────────────────────
@router.click(ReadBrief)
async def read(turn: Turn, _action: ReadBrief) -> None:
    """已读."""
    if turn.on is not None:
        await turn.update(replace(from_json(turn.on.body), closed=cards.READ))


@router.click(AddToBrief)
async def add(turn: Turn, action: AddToBrief) -> None:
    """补充: what is written next is put right in the record."""
    await turn.expect(ADDS, minutes=24 * 60, about=action.about)
    await turn.answer(cards.HOW_TO_ADD)


@router.answer(ADDS)
async def added(turn: Turn, message: Message) -> None:
    """The same as /改 with it."""
    if lets_it_be(message.text):
        await turn.answer("好的，没有改。")
        return
    await changing.put(turn, str(turn.expected["about"]), message.text.strip())
