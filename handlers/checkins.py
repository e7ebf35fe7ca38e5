"""The forced check-in: opening it, its three steps, the shortcut, the nudges, and its end when the lead is gone."""

from collections.abc import Sequence
from dataclasses import replace

from bot.events import Fact, Message, Timer
from bot.turn import Turn
from cards import checkins as cards
from cards.actions_checkins import CheckinStep, StartCheckin, short
from cards.card import Card, from_json
from handlers import drafts
from handlers.followups import RECORDED, STARTED, choices, label, label_of, newest_card, record, router, show
from handlers.guard import ASKS, CHOOSES, cancel, current, due, guard, hold
from nlp import times
from nlp.next_step import read_next
from rules.checkins import (
    ORDER,
    Answer,
    CheckIn,
    State,
    Step,
    advance,
    filler,
    may_start,
    quick,
    quick_labels,
)
from rules.errors import Refused
from rules.hours import deliver_at
from rules.leads import Lead
from rules.shortcuts import Shortcut, read
from rules.text import grouped_phone, lead_id, parse_id
from store import audit, checkins, customers, leads, team

__all__ = ["guard", "router"]

WAITS = 365 * 24 * 60
"""Minutes that words answer the open step: as good as always; a record or a cancellation ends it."""


# ── starting ───────────────────────────────────────────────────────────────────────────────────────────
@router.click(StartCheckin)
async def start(turn: Turn, action: StartCheckin) -> None:
    """开始跟进: opens the check-in, or shows the step at which it stands."""
    checkin, _ = await begin(turn, await leads.get(turn.tx, action.lead))
    if turn.on is not None:
        card = from_json(turn.on.body)
        if card.kind.startswith(("lead.", "draft.", "sla.", "checkin.")):
            await turn.update(replace(card, closed=STARTED))
        else:  # a list or a profile stays of use
            await turn.again()
    await send_step(turn, checkin)


@router.command("打卡", usage="/打卡 1024", about="开始跟进一条线索，三步记完")
async def start_by_name(turn: Turn, words: str) -> None:
    """/打卡 alone shows the open step; with an id or a name it starts."""
    running = await current(turn)
    if not words and running is not None:
        await send_step(turn, running)
        return
    lead = await _meant(turn, words)
    if lead is not None:
        checkin, _ = await begin(turn, lead)
        await send_step(turn, checkin)


@router.step("checkin")
async def show_open_step(turn: Turn, _refused: Refused) -> None:
    """After a refusal: the step that has to be finished first."""
    running = await current(turn)
    if running is not None:
        await send_step(turn, running)


async def begin(turn: Turn, lead: Lead) -> tuple[CheckIn, Lead]:
    """My check-in on this lead: the open one, else a new one. Raises Refused when another lead's is open, or when the
    lead is not mine to check in on."""
    running = await current(turn)
    if running is not None:
        if running.lead != lead.id:
            raise hold(running)
        return running, lead
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    may_start(lead, turn.me.id, owner.name if owner else "", turn.me.covers)
    checkin = await checkins.add(turn.tx, lead.id, turn.me.id, turn.now)
    if lead.acked_at is None:  # having seen it stops repeats; only a record stops the climb (A.2 #2)
        lead = await leads.save(turn.tx, replace(lead, acked_at=turn.now))
    await _next_nudge(turn, checkin)
    return checkin, lead


async def _meant(turn: Turn, words: str) -> Lead | None:
    """The lead that the words mean among mine; several: a card to pick from, and None."""
    if not words:
        mine = await leads.of_owner(turn.tx, turn.me.id)
        if not mine:
            raise Refused("你现在没有在跟的线索")
        await _offer(turn, mine)
        return None
    found = await leads.by_id_or_name(turn.tx, words, [turn.me.id])
    if not found and (id := parse_id(words)):
        raise Refused(f"没有 {lead_id(id[1])} 这条线索")
    if not found:
        raise Refused(f"没有找到「{words}」，请写线索编号，例如 /打卡 1024")
    if len(found) > 1:
        await _offer(turn, found)
        return None
    return found[0]


async def _offer(turn: Turn, found: Sequence[Lead]) -> None:
    await turn.answer(cards.pick([(lead.id, await label_of(turn, lead)) for lead in found[:5]]))


# ── the steps ──────────────────────────────────────────────────────────────────────────────────────────
@router.click(CheckinStep)
async def step(turn: Turn, action: CheckinStep) -> None:
    """A button of a step. A stale one gets the card as it is now and changes nothing."""
    checkin = await checkins.find(turn.tx, action.checkin)
    if checkin is None or checkin.member != turn.me.id:
        await turn.again()
    elif checkin.state is not State.OPEN or action.version != checkin.version:
        await _refresh(turn, checkin)
    else:
        await take(turn, checkin, _answer(turn, checkin, action))


def _answer(turn: Turn, checkin: CheckIn, action: CheckinStep) -> Answer:
    """The button's value back into the words that it stands for. Raises Refused when they are gone."""
    word = next((one for one in options(turn, checkin) if short(one) == action.value), "")
    if not word:
        raise Refused("这个选项已经改了，请看最新的卡片", step="checkin")
    return quick(word, turn.now, turn.calendar) if checkin.step is Step.NEXT else Answer(checkin.step, word)


async def _refresh(turn: Turn, checkin: CheckIn) -> None:
    if turn.on is None:
        return
    if checkin.state is State.OPEN:
        await turn.update(await step_card(turn, checkin))
    else:
        word = RECORDED if checkin.state is State.DONE else "已取消"
        await turn.update(replace(from_json(turn.on.body), closed=word))


@router.answer(ASKS)
@router.answer(CHOOSES)
async def step_said(turn: Turn, message: Message) -> None:
    """The open step in words. Without one (it was finished on another device) the question is dropped."""
    if not await answered(turn, message):
        await turn.unexpect(ASKS, CHOOSES)
        await turn.answer("这次跟进已经记完了。要做别的，发 /帮助 看看。")


async def answered(turn: Turn, message: Message) -> bool:
    """Takes the words as the answer to my open check-in's step; False when there is none.

    Somebody's pasted chat is a draft all the same. Raises Refused when the words answer nothing.
    """
    checkin = await checkins.open_of(turn.tx, turn.me.id)
    if checkin is None:
        return False
    lead = await leads.get(turn.tx, checkin.lead)
    if not await due(turn, checkin, lead):
        await cancel(turn, checkin, lead)
    elif checkin.step is Step.NEXT:
        await _next_said(turn, checkin, message)
    else:
        await _choice_said(turn, checkin, lead, message)
    return True


async def _next_said(turn: Turn, checkin: CheckIn, message: Message) -> None:
    """The third step in one sentence: what and when."""
    answer, deadline = understood(turn, checkin, message.text)
    if drafts.holds_lead(turn, message) and (answer.at is None or "\n" in message.text):
        await drafts.take_text(turn, message)
        return
    await take(turn, checkin, answer, deadline=deadline)


async def _choice_said(turn: Turn, checkin: CheckIn, lead: Lead, message: Message) -> None:
    """The first two steps in words ("电话", or all three in one line). Anything else meets the open step (A.3)."""
    if drafts.holds_lead(turn, message):
        await drafts.take_text(turn, message)
        return
    moved, deadline = fill(turn, checkin, read(message.text[:500], choices(turn.config)))
    if moved == checkin:
        raise hold(checkin)
    await _go_on(turn, await checkins.save(turn.tx, moved), lead, deadline=deadline)


def understood(turn: Turn, checkin: CheckIn, text: str) -> tuple[Answer, bool]:
    """A sentence → the answer to the third step, and whether its time is a deadline ("周二前")."""
    if text.strip() in options(turn, checkin):
        return quick(text.strip(), turn.now, turn.calendar), False
    said = read_next(text, turn.wall)
    # a time that is over is no time for the reader; for the member it is a slip worth naming
    over = (when.first for when in times.find(text[:2000], turn.wall) if when.first is not None)
    at = said.at or next(over, None)
    action = _whole(said.action, text) or ("" if at else text)
    return Answer(Step.NEXT, action[:200], turn.utc(at) if at else None), said.due


def _whole(action: str, text: str) -> str:
    """The action, or the whole sentence when its time was cut out of the middle: 给王工明天发报价."""
    sentence = " ".join(text.split())
    return action if filler(action) or action in sentence else sentence


async def take(turn: Turn, checkin: CheckIn, answer: Answer, *, deadline: bool = False) -> None:
    """An answer to the open step: the next step on the same card, or the record."""
    lead = await leads.get(turn.tx, checkin.lead)
    if not await due(turn, checkin, lead):
        await cancel(turn, checkin, lead)
        return
    after = await checkins.save(turn.tx, advance(checkin, answer, turn.now, choices(turn.config)))
    await _go_on(turn, after, lead, deadline=deadline)


async def _go_on(turn: Turn, after: CheckIn, lead: Lead, *, deadline: bool) -> None:
    if after.state is State.DONE:
        await record(turn, after, lead, deadline=deadline)
        return
    await show(turn, after, await step_card(turn, after))
    await _expect(turn, after)


async def _expect(turn: Turn, checkin: CheckIn) -> None:
    kind = ASKS if checkin.step is Step.NEXT else CHOOSES
    await turn.expect(kind, minutes=WAITS, checkin=checkin.id)


def options(turn: Turn, checkin: CheckIn) -> tuple[str, ...]:
    """The buttons of the open step."""
    may = choices(turn.config)
    match checkin.step:
        case Step.CHANNEL:
            return may.channels
        case Step.CONCLUSION:
            return tuple(one.name for one in may.conclusions)
        case Step.NEXT:
            return quick_labels(may.conclusion(checkin.conclusion))


async def step_view(turn: Turn, checkin: CheckIn) -> cards.StepView:
    """The open step as its member reads it; only the first one holds the full number (its reveal is audited)."""
    lead = await leads.get(turn.tx, checkin.lead)
    customer, contact = await customers.of_lead(turn.tx, lead)
    reach: tuple[str, ...] = ()
    if checkin.step is Step.CHANNEL and contact is not None:
        ways = (("☎", f"{grouped_phone(contact.phone)}（点按拨打）" if contact.phone else ""),
                ("微信", contact.wechat), ("邮箱", contact.email if not contact.phone else ""))  # fmt: skip
        reach = tuple(f"{name} {value}" for name, value in ways if value)
    return cards.StepView(
        checkin=checkin.id, version=checkin.version, lead=lead.id, label=label(customer, contact),
        step=checkin.step, options=options(turn, checkin), missing=checkin.missing, reach=reach,
        channel=checkin.channel, conclusion=checkin.conclusion, next_text=checkin.next_text,
    )  # fmt: skip


async def step_card(turn: Turn, checkin: CheckIn) -> Card:
    """R2, R3 or R4 as it stands."""
    view = await step_view(turn, checkin)
    if view.reach:
        await audit.add(turn.tx, turn.now, checkin.member, "lead.phone_shown", lead_id(checkin.lead),
                        {"checkin": checkin.id}, turn.event_id)  # fmt: skip
    return cards.step(view)


async def send_step(turn: Turn, checkin: CheckIn) -> None:
    """Sends the open step as a new card and waits for its answer."""
    card = await step_card(turn, checkin)
    await turn.answer(card)
    screen = await newest_card(turn, card)
    if screen is not None:
        await checkins.shown_on(turn.tx, checkin.id, screen.id)
    await _expect(turn, checkin)


# ── everything in one line ─────────────────────────────────────────────────────────────────────────────
@router.command("跟进", usage="/跟进 1024 电话 需报价 周二发方案", about="一句话记完一次跟进")
async def in_one_line(turn: Turn, words: str) -> None:
    """Arguments in any order; what is missing is asked by the card of the first missing step."""
    names = tuple(name for _, name in await leads.labels(turn.tx, [turn.me.id]))
    said = read(words, choices(turn.config), names)
    running = await current(turn)
    if said.lead or running is None:
        lead = await _meant(turn, said.lead)
    else:
        lead = await leads.get(turn.tx, running.lead)
    if lead is None:
        return
    checkin, lead = await begin(turn, lead)
    moved, deadline = fill(turn, checkin, said)
    if moved != checkin:
        moved = await checkins.save(turn.tx, moved)
    if moved.state is State.DONE:
        await record(turn, moved, lead, deadline=deadline)
    else:
        await send_step(turn, moved)


def fill(turn: Turn, checkin: CheckIn, said: Shortcut) -> tuple[CheckIn, bool]:
    """As many steps as the line answers, in order, and whether the next step's time is a deadline."""
    may, deadline = choices(turn.config), False
    answers = {Step.CHANNEL: said.channel, Step.CONCLUSION: said.conclusion, Step.NEXT: said.next_text}
    for step in ORDER:
        if step is not checkin.step or not answers[step]:
            continue
        if step is Step.NEXT and filler(answers[step]):
            continue
        answer = Answer(step, answers[step])
        if step is Step.NEXT:
            answer, deadline = understood(turn, checkin, answers[step])
        checkin = advance(checkin, answer, turn.now, may)
    return checkin, deadline


# ── left standing ──────────────────────────────────────────────────────────────────────────────────────
async def _next_nudge(turn: Turn, checkin: CheckIn) -> None:
    waits = turn.config.checkin.nudges
    if checkin.nudges < len(waits):
        at = deliver_at(turn.calendar, checkin.opened_at + waits[checkin.nudges])
        await turn.remind("nudge", str(checkin.id), max(at, turn.now))


@router.timer("nudge")
async def nudge(turn: Turn, timer: Timer) -> None:
    """10, 20, 30 minutes after the start: the open step again. It looks first: done or moved, nothing is said."""
    checkin = await checkins.find(turn.tx, int(timer.key))
    if checkin is None or checkin.state is not State.OPEN:
        return
    lead = await leads.find(turn.tx, checkin.lead)
    if lead is None or not await due(turn, checkin, lead):
        return
    waits = turn.config.checkin.nudges
    at = await turn.free_at(checkin.member)
    if at > turn.now:  # quiet hours, or the day's budget is used up: look again then
        await turn.remind("nudge", timer.key, at)
        return
    elapsed = turn.now - checkin.opened_at
    said = max(
        checkin.nudges + 1, sum(1 for wait in waits if wait <= elapsed)
    )  # slept over some: say one only
    await checkins.nudged(turn.tx, checkin, said)
    view = replace(await step_view(turn, checkin), reach=())
    minutes = int(elapsed.total_seconds() // 60)
    await turn.unasked(cards.nudge(view, minutes, last=said >= len(waits)), to=checkin.member)
    await _next_nudge(turn, replace(checkin, nudges=said))


# ── the lead is gone ───────────────────────────────────────────────────────────────────────────────────
@router.fact("lead.assigned")
@router.fact("lead.closed")
async def lead_moved(turn: Turn, fact: Fact) -> None:
    """A lead was handed over or closed: check-ins on it that no longer make sense are cancelled, with a sentence."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if lead is None:
        return
    for checkin in await checkins.open_on(turn.tx, lead.id):
        if not await due(turn, checkin, lead):
            await cancel(turn, checkin, lead)
