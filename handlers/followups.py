"""A complete check-in becomes a follow-up: record, lead, facts, reward, reminder; and all of it back again."""

import json
from dataclasses import replace
from datetime import timedelta

from bot.config import Config
from bot.router import Fact, Router, Timer
from bot.turn import Turn
from cards import checkins as cards
from cards.actions_checkins import MoreAfter, SnoozeNext, StartCheckin
from cards.card import Card, from_json
from handlers import forms, meetings, resources
from handlers.guard import ASKS, CHOOSES, due
from handlers.happened import happened
from handlers.undo import undoer
from rules.checkins import (
    CheckIn,
    Choices,
    Conclusion,
    FollowUp,
    State,
    before,
    remind_at,
    restore,
    settle,
    took,
)
from rules.errors import Refused
from rules.leads import TITLES, Contact, Customer, Lead
from rules.resources import fitting
from rules.text import lead_id, when
from store import checkins, customers, facts, followups, leads, screens, undo
from store.undo import Undoable

router = Router("checkins")
"""Shared with handlers/checkins.py, which joins it: one feature in two files."""

STARTED, RECORDED = "跟进中", "已跟进"
"""What a card says that asked to start, once that happened; an undo looks for these words."""
UNDO = "followup"
SNOOZE = timedelta(minutes=30)


def choices(config: Config) -> Choices:
    """What the check-in may be answered, as the rules see it."""
    return Choices(
        channels=config.checkin.channels,
        conclusions=tuple(
            Conclusion(one.name, one.status, one.touched, one.closes, one.form) for one in config.conclusion
        ),
        farthest=config.checkin.farthest,
    )


def label(customer: Customer, contact: Contact | None) -> str:
    """ "宁波某汽配 · 陈工" """
    person = contact.name if contact and contact.name != customer.label else ""
    return " · ".join(part for part in (customer.label, person) if part)


async def label_of(turn: Turn, lead: Lead) -> str:
    """What to call a lead in one phrase."""
    return label(*await customers.of_lead(turn.tx, lead))


# ── recording ──────────────────────────────────────────────────────────────────────────────────────────
async def record(turn: Turn, checkin: CheckIn, lead: Lead, *, deadline: bool = False) -> None:
    """A check-in that was just completed (and saved): everything that follows from it, and card R5.

    `deadline`: the next step is to be done before its time, not at it. Raises Conflict when the lead was changed.
    """
    customer, contact = await customers.of_lead(turn.tx, lead)
    conclusion = choices(turn.config).conclusion(checkin.conclusion)
    settled = settle(lead, checkin, conclusion, turn.now)
    followup = await followups.add(turn.tx, FollowUp(
        id=0, lead=lead.id, customer=customer.id, member=checkin.member, started_at=checkin.opened_at,
        recorded_at=turn.now, channel=checkin.channel, conclusion=checkin.conclusion, need=lead.need,
        next_text=checkin.next_text, next_at=checkin.next_at, checkin=checkin.id, before=json.dumps(before(lead)),
    ))  # fmt: skip
    saved = await leads.save(turn.tx, settled.lead)
    for name in settled.facts:
        await happened(turn, lead.id, name, followup=followup.id, by=checkin.member)
    await turn.forget("nudge", str(checkin.id))
    await turn.unexpect(ASKS, CHOOSES)
    await remind_next(turn, saved, deadline=deadline)
    request = await forms.prepare(turn, conclusion.form, saved, customer, contact, followup)
    offered = fitting(resources.known(turn.config), conclusion.name,
                      (lead.need, lead.kind, lead.note, checkin.next_text))  # fmt: skip
    back = await undo.remember(
        turn.tx, checkin.member, UNDO, lead_id(lead.id), {"followup": followup.id, "checkin": checkin.id},
        turn.now, turn.now + turn.config.checkin.undo,
    )  # fmt: skip
    form = forms.find(turn.config, conclusion.form)
    card = cards.done(cards.DoneView(
        followup=followup.id, lead=lead.id, label=label(customer, contact),
        took=took(checkin.opened_at, turn.now), channel=checkin.channel, conclusion=checkin.conclusion,
        next=cards.planned(checkin.next_text, checkin.next_at, turn.now, turn.zone, deadline=deadline),
        form=form.short if form else "", form_title=form.name if form else "", request=request.id if request else 0,
        resources=tuple((one.name, one.title) for one in offered), undo=back,
    ))  # fmt: skip
    await show(turn, checkin, card)


async def show(turn: Turn, checkin: CheckIn, card: Card) -> None:
    """Shows a card where the check-in's card is (the one that was pressed, else the last), or sends it anew; other
    cards that asked to start this or to go on with it are answered by a record."""
    screen = turn.on if turn.on is not None and _is_step(turn.on.body) else None
    if screen is None and checkin.card is not None:
        screen = await screens.get(turn.tx, checkin.card)
    if screen is None:
        await turn.answer(card)
        screen = await newest_card(turn, card)
    else:
        await turn.update(card, screen=screen)
    if screen is not None and screen.id != checkin.card:
        await checkins.shown_on(turn.tx, checkin.id, screen.id)
    if checkin.state is State.DONE:
        await _answer_others(turn, checkin, but=screen.id if screen else 0)


async def newest_card(turn: Turn, card: Card) -> screens.OnScreen | None:
    """Where a card that was just sent to me is."""
    mine = [one for one in await screens.live(turn.tx, subject=card.subject, kinds=(card.kind,))
            if one.member == turn.me.id]  # fmt: skip
    return mine[-1] if mine else None


def _is_step(body: str) -> bool:
    return from_json(body).kind == cards.STEP


async def _answer_others(turn: Turn, checkin: CheckIn, *, but: int) -> None:
    """Greys out what still asks for this record: 开始跟进 on the lead's cards, copies of the step."""
    start = StartCheckin(checkin.lead).pack()
    for screen in await screens.live(turn.tx, subject=lead_id(checkin.lead)):
        card = from_json(screen.body)
        asks = card.kind == cards.STEP or (
            not card.kind.startswith("customer") and any(b.action == start for b in card.buttons)
        )
        if asks and screen.id != but and screen.member == checkin.member:
            await turn.update(replace(card, closed=RECORDED), screen=screen)


@router.click(MoreAfter)
async def more(turn: Turn, action: MoreAfter) -> None:
    """更多 on R5: every resource that fits."""
    followup = await followups.find(turn.tx, action.followup)
    if followup is None or turn.on is None:
        await turn.again()
        return
    lead = await leads.get(turn.tx, followup.lead)
    words = (followup.need, lead.kind, lead.note, followup.next_text)
    offered = fitting(resources.known(turn.config), followup.conclusion, words)
    card = from_json(turn.on.body)
    await turn.update(cards.all_resources(card, [(one.name, one.title) for one in offered], lead.id))


# ── the next step falls due ────────────────────────────────────────────────────────────────────────────
async def remind_next(turn: Turn, lead: Lead, *, deadline: bool = False) -> None:
    """Sets the reminder of a lead's next step, or drops it when nothing is planned."""
    if lead.next_at is None or not lead.open:
        await turn.forget("next", str(lead.id))
        return
    at = remind_at(turn.calendar, lead.next_at, deadline=deadline, now=turn.now)
    await turn.remind("next", str(lead.id), at, lead=lead.id, at=lead.next_at.isoformat(), times=0,
                      deadline=deadline)  # fmt: skip
    await meetings.plan(turn, lead, deadline=deadline)


@router.fact("lead.created")
async def plan_from_the_start(turn: Turn, fact: Fact) -> None:
    """A lead that came with a next time (found in a chat) is reminded of like any other."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if (
        lead is not None
        and lead.next_at is not None
        and lead.next_at > turn.now
        and not lead.last_followup_at
    ):
        await remind_next(turn, lead)


@router.timer("next")
async def next_due(turn: Turn, timer: Timer) -> None:
    """The next step's time has come: says so, unless it was done, moved or closed meanwhile."""
    lead = await leads.find(turn.tx, int(timer.key))
    if lead is None or not lead.open or not lead.owner or lead.next_at is None:
        return
    if timer.payload.get("at", lead.next_at.isoformat()) != lead.next_at.isoformat():
        return
    if any([await due(turn, one, lead) for one in await checkins.open_on(turn.tx, lead.id)]):
        return
    times = int(timer.payload.get("times", 0))
    shown = when(lead.next_at, turn.now, turn.zone) + (" 前" if timer.payload.get("deadline") else "")
    card = cards.due(
        lead.id, await label_of(turn, lead), lead.next_text or "再联系", shown, times=times,
        may_snooze=times < turn.config.assignment.snooze_max,
    )  # fmt: skip
    await turn.tell(
        card,
        to=lead.owner,
        key=f"next:{lead.id}:{timer.payload.get('at', '')}:{times}:{turn.event_id}",
        prompt=True,
    )


@router.click(SnoozeNext)
async def snooze_next(turn: Turn, action: SnoozeNext) -> None:
    """稍后 30 分钟: the same reminder again; the next step itself keeps its time."""
    lead = await leads.get(turn.tx, action.lead)
    if turn.on is None or lead.owner not in {turn.me.id, *turn.me.covers} or lead.next_at is None:
        await turn.again()
        return
    at = turn.now + SNOOZE
    await turn.remind(
        "next", str(lead.id), at, lead=lead.id, at=lead.next_at.isoformat(), times=action.times + 1
    )
    again_at = when(at, turn.now, turn.zone).removeprefix("今天 ")
    await turn.update(replace(from_json(turn.on.body), closed=f"{again_at} 再提醒"))


# ── and back ───────────────────────────────────────────────────────────────────────────────────────────
@undoer(UNDO)
async def undo_record(turn: Turn, what: Undoable) -> str:
    """A record taken back: the lead as it was, its facts, its form, its reminder, its cards. Raises Refused when
    something newer stands on it."""
    followup = await followups.find(turn.tx, int(what.payload["followup"]))
    if followup is None or followup.undone_at is not None:
        raise Refused("这条跟进已经撤销过了")
    lead = await leads.get(turn.tx, followup.lead)
    newest = await followups.of_lead(turn.tx, lead.id, limit=1)
    if not newest or newest[0].id != followup.id:
        raise Refused(f"{lead_id(lead.id)} 之后又有新的跟进，这一条不能撤销了")
    if lead.owner not in {followup.member, *turn.me.covers}:
        raise Refused(f"{lead_id(lead.id)} 已不归你负责，不能撤销了")
    await forms.call_off(turn, followup.id)
    await followups.take_back(turn.tx, followup.id, turn.now)
    await facts.undo(turn.tx, followup.id, turn.now)
    lead = await leads.save(turn.tx, restore(lead, json.loads(followup.before)))
    if lead.next_at is not None and lead.next_at > turn.now:
        await remind_next(turn, lead)
    else:
        await turn.forget("next", str(lead.id))
    await _repair_cards(turn, followup, int(what.payload["checkin"]))
    await turn.record("lead.undone", lead_id(lead.id), lead=lead.id, followup=followup.id)
    return f"{lead_id(lead.id)} 的跟进记录，线索恢复为「{TITLES[lead.status]}」"


async def _repair_cards(turn: Turn, followup: FollowUp, checkin: int) -> None:
    """R5 says that it is void; the cards that this record had answered ask again."""
    done = await checkins.find(turn.tx, checkin)
    shown = await screens.get(turn.tx, done.card) if done and done.card else None
    if shown is not None:
        await turn.update(replace(from_json(shown.body), closed="已撤销"), screen=shown)
    start = StartCheckin(followup.lead).pack()
    for screen in await checkins.greyed_cards(
        turn.tx, lead_id(followup.lead), followup.member, followup.started_at
    ):
        card = from_json(screen.body)
        if card.closed in (STARTED, RECORDED) and any(b.action == start for b in card.buttons):
            await turn.update(replace(card, closed=""), screen=screen)
