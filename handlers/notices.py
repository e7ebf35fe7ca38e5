"""What waited to be said together: M1 for a manager, the held cards of a quiet night. (product M1, R10)"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.events import Timer
from bot.router import Router
from bot.turn import ALARM, DIGEST, NORMAL, Turn, weight_of
from cards import silent as silent_cards
from cards import sla as sla_cards
from cards import today as cards
from cards.card import Card, from_json
from handlers import leads as desk
from handlers import manager, silent
from handlers.silent import Row
from rules import silence, sla
from rules.budget import RESERVE, Weight, today
from rules.leads import Lead
from rules.sla import Overdue
from rules.team import Member
from rules.text import parse_id
from store import budget, climbs, leads, leave, screens, tasks, team, timers
from store.screens import Notice

router = Router("notices")

ONE_BY_ONE = 3
"""Up to so many held cards are said one by one; more become one digest."""
FOR_OWNER = (
    "lead.new", "checkin.due", "checkin.step", "sla.amber", "sla.breach", "sla.urged", "sla.snoozed", "silence.level",
)  # fmt: skip
"""Cards that ask the lead's owner to do something: void once it was done or is somebody else's."""


@router.timer("notices")
async def say(turn: Turn, timer: Timer) -> None:
    """Everything of one kind that waits for one person."""
    member, kind = str(timer.payload["member"]), str(timer.payload["kind"])
    free = await turn.free_at(member, weight=await _weightiest(turn, member, kind))
    if free > turn.now:
        await timers.set_timer(
            turn.tx, "notices", timer.key, free, timer.payload, turn.now, keep_earlier=True
        )
        turn.rang.add("timers")
        return
    found = await screens.take_notices(turn.tx, member, kind)
    person = await team.get(turn.tx, member)
    if person is None or person.gone or not found:
        return
    if kind == "breach":
        await _breaches(turn, person, found)
    elif kind in ("amber", "late"):
        await _own(turn, person, found)
    else:
        await _held(turn, person, found)


async def _weightiest(turn: Turn, member: str, kind: str) -> Weight:
    """What the budget has to know of a bundle: it waits as long as all that is in it may."""
    if kind in ("breach", "late"):
        return Weight.ALARM
    held = {_weight(payload) for payload in await screens.waiting_notices(turn.tx, member, kind)}
    return next((weight for weight in Weight if weight in held), Weight.REMINDER)


def _weight(payload: Mapping[str, Any]) -> Weight:
    return (
        Weight(payload["weight"]) if "weight" in payload else weight_of(int(payload.get("priority", NORMAL)))
    )


# ── M1 ─────────────────────────────────────────────────────────────────────────────────────────────────
async def _breaches(turn: Turn, person: Member, found: Sequence[Notice]) -> None:
    """One card for all leads that are silent still, some when there are many, and of very many the rest in short; those
    touched meanwhile drop out."""
    rows: dict[tuple[int, str], Row] = {}
    for notice in found:
        if (row := await _still(turn, notice)) is not None:
            rows[row.lead.id, row.late.ladder.name] = row
    lines = [await silent.line(turn, row, person) for row in rows.values()]
    full = silent_cards.FULL * sla_cards.MOST
    for at in range(0, min(len(lines), full), sla_cards.MOST):
        shown = sla_cards.bundle(lines[at : at + sla_cards.MOST])
        await turn.unasked(shown, to=person.id, priority=ALARM)
    for at in range(full, len(lines), silent_cards.PLENTY):
        shown = silent_cards.rest(lines[at : at + silent_cards.PLENTY])
        await turn.unasked(shown, to=person.id, priority=ALARM)


async def _still(turn: Turn, notice: Notice) -> Row | None:
    """The notice as a row of M1, None when its climb has ended."""
    kept = notice.payload
    lead = await leads.find(turn.tx, int(kept["lead"]))
    if lead is None:
        return None
    happened = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
    ladder = sla.thaw(kept["ladder"])
    start = next((one for one in happened if one.id == kept["fact"]), None)
    seen = silence.effective(lead, happened)
    if (
        start is None
        or sla.answered(ladder, start, happened)
        or not sla.stands(ladder, seen, start, happened)
    ):
        return None
    rung = max(0, sla.reached(turn.calendar, ladder, start.at, turn.now) - 1)
    late = Overdue(ladder, start, rung, timedelta(seconds=float(kept["silent"])))
    return Row(lead, late, silent.reason_of(start, happened))


# ── R7, R8 ──
async def _own(turn: Turn, person: Member, found: Sequence[Notice]) -> None:
    """The person's own leads that passed a mark within a minute: one as its card, several as one list."""
    fresh = [(card, notice) for notice in found if (card := await _fresh(turn, person, notice)) is not None]
    rows = {row.lead: row for card, notice in fresh if (row := _passed(card, notice)) is not None}
    if len(rows) < 2:
        for card, notice in fresh:
            await turn.unasked(card, to=person.id, priority=int(notice.payload["priority"]))
        return
    told = dict.fromkeys(name for _, notice in fresh for name in notice.payload["told"])
    priority = min(int(notice.payload["priority"]) for _, notice in fresh)
    await turn.unasked(
        sla_cards.several(list(rows.values()), told=list(told)), to=person.id, priority=priority
    )


def _passed(card: Card, notice: Notice) -> sla_cards.Passed | None:
    number = parse_id(card.subject)
    if number is None:
        return None
    return sla_cards.Passed(number[1], str(notice.payload["customer"]), str(notice.payload["what"]))


# ── the held cards ─────────────────────────────────────────────────────────────────────────────────────
async def _held(turn: Turn, person: Member, found: Sequence[Notice]) -> None:
    """Up to three one by one, more as one digest; what is void by now is not said."""
    fresh = [(card, notice) for notice in found if (card := await _fresh(turn, person, notice)) is not None]
    if len(fresh) > await _one_by_one(turn, person):
        titles = [card.title for card, _ in fresh]
        await turn.unasked(cards.digest(titles, morning=turn.wall.hour < 12), to=person.id, priority=DIGEST)
        return
    for card, notice in fresh:
        weight = _weight(notice.payload)
        acts = (
            card.kind in FOR_OWNER
        )  # what the owner has to do does not wait for a notice about the same record
        if not acts and (at := await turn.again_at(person.id, card.subject, weight=weight)) > turn.now:
            await _put_off(turn, person, notice, at)
            continue
        priority = int(notice.payload.get("priority", NORMAL))
        await turn.unasked(card, to=person.id, priority=priority, weight=weight)


async def _put_off(turn: Turn, person: Member, notice: Notice, at: datetime) -> None:
    """Its record was spoken of a moment ago: said with what else has piled up when the hour is over."""
    await screens.add_notice(
        turn.tx, member=person.id, kind="hour", subject=notice.subject, payload=notice.payload, now=notice.created_at
    )  # fmt: skip
    key, payload = f"{person.id}|hour", {"member": person.id, "kind": "hour"}
    await timers.set_timer(turn.tx, "notices", key, at, payload, turn.now, keep_earlier=True)
    turn.rang.add("timers")


async def _one_by_one(turn: Turn, person: Member) -> int:
    """How many cards may be said singly: fewer when most of the day's budget is gone."""
    spent, per_day = await budget.of(turn.tx, person.id), turn.config.messages.per_day
    if not per_day or spent.day != today(turn.calendar, turn.now):
        return ONE_BY_ONE
    left = per_day - spent.sent
    return min(ONE_BY_ONE, max(1, left - per_day // RESERVE))


async def _fresh(turn: Turn, person: Member, notice: Notice) -> Card | None:
    """The card as it reads now, None when nothing has to be said any more."""
    card = from_json(notice.payload["card"])
    match parse_id(card.subject), card.subject[:2]:
        case ("L", number), _:
            lead = await leads.find(turn.tx, number)
            return await _about(turn, person, card, lead, notice) if lead is not None else None
        case _, "T-" if card.kind == sla_cards.TASK and card.subject[2:].isdigit():
            task = await tasks.get(turn.tx, int(card.subject[2:]))
            return card if task.done_at is None else None
    return card


async def _about(turn: Turn, person: Member, card: Card, lead: Lead, notice: Notice) -> Card | None:
    touched = lead.last_followup_at is not None and lead.last_followup_at >= notice.created_at
    others = await leave.covered_by(turn.tx, person.id, turn.now)
    if card.kind in FOR_OWNER and (not lead.open or lead.owner not in {person.id, *others} or touched):
        return None
    match card.kind:
        case "lead.new":
            return await desk.card(turn, lead) if lead.first_touch_at is None else None
        case "lead.unassigned":
            return card if lead.open and not lead.owner else None
        case sla_cards.REASSIGN:
            return await manager.reassign_card(turn, lead, person) if lead.open and not touched else None
    return card
