"""Back to the pool by itself: a lead is looked at when its time comes, its owner warned, then it goes (B14; C.7)."""

from datetime import datetime, timedelta

from bot.events import Fact, Timer
from bot.router import Router
from bot.turn import Turn
from cards import pool as cards
from cards.card import Card, to_json
from handlers import leads as desk
from handlers import pooling
from handlers.pooling import RECYCLE, release
from rules import pool as rules
from rules.hours import show_duration
from rules.leads import Lead
from store import customers, leads, timers

router = Router("recycling")
IDLE = timedelta(days=7)
"""While nothing goes back by itself, each lead is looked at so often, so that switching the rule on finds all."""


@router.fact("lead.assigned")
async def watched(turn: Turn, fact: Fact) -> None:
    """From now on the lead is looked at when its time comes; a date that is set already stays with its warnings."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if (
        lead is None
        or not lead.owner
        or not lead.open
        or await timers.has_timer(turn.tx, RECYCLE, str(lead.id))
    ):
        return
    await turn.remind(RECYCLE, str(lead.id), turn.now + _first(turn))


def _first(turn: Turn) -> timedelta:
    """How long after an assignment a lead can need a look at the earliest."""
    settings = turn.config.pool
    periods = [one for one in (settings.recycle, *settings.levels.values()) if one]
    return min([IDLE, *(one - max(settings.warn, default=timedelta(0)) for one in periods)])


@router.timer(RECYCLE)
async def look(turn: Turn, timer: Timer) -> None:
    """Is it time for a warning, or to go back? It looks before it speaks; follow-ups since have moved the date."""
    lead = await leads.find(turn.tx, int(timer.key))
    if lead is None or not lead.open or not lead.owner:
        return
    at = await pooling.goes_back(turn, lead)
    if at is None:
        await turn.remind(RECYCLE, timer.key, turn.now + IDLE)
        return
    kept = (
        timer.payload
        if timer.payload.get("owner") == lead.owner and timer.payload.get("at") == at.isoformat()
        else {}
    )
    said_at = datetime.fromisoformat(kept["said_at"]) if kept.get("said_at") else None
    made = rules.step(turn.calendar, at, turn.config.pool.warn, int(kept.get("said", 0)), said_at, turn.now)
    keep = {
        "owner": lead.owner,
        "at": at.isoformat(),
        "said": kept.get("said", 0),
        "said_at": kept.get("said_at", ""),
    }
    match made:
        case rules.Look(next_at):
            await turn.remind(RECYCLE, timer.key, next_at, **keep)
        case rules.Warn(goes, said):
            await _warn(turn, lead, goes)
            keep |= {"said": said, "said_at": turn.now.isoformat()}
            after = rules.step(turn.calendar, at, turn.config.pool.warn, said, turn.now, turn.now)
            next_at = after.at if isinstance(after, rules.Look) else goes
            await turn.remind(RECYCLE, timer.key, next_at, **keep)
        case rules.Recycle():
            await _recycle(turn, lead)


async def _silent_for(turn: Turn, lead: Lead) -> str:
    customer = await customers.get(turn.tx, lead.customer)
    return f"{show_duration(turn.config.pool.rules(customer.level).recycle)}没有有效跟进"


async def _warn(turn: Turn, lead: Lead, at: datetime) -> None:
    """Several leads of one owner in one minute are said together."""
    shown = cards.warning(
        lead.id, await desk.label(turn, lead), at, await _silent_for(turn, lead), turn.now, turn.zone
    )
    await _together(turn, shown, lead.owner)


async def _recycle(turn: Turn, lead: Lead) -> None:
    former, why = lead.owner, await _silent_for(turn, lead)
    label = await desk.label(turn, lead)
    await release(turn, lead, rules.RECYCLED, why, by="")
    await desk.close(turn, lead.id, "已回到公海")
    await _together(turn, cards.recycled(lead.id, label, why, turn.config.pool.cooldown), former)


async def _together(turn: Turn, card: Card, to: str) -> None:
    """Kept for a minute: what concerns several leads of one person is said together."""
    await turn.later(
        to, "pool", card.subject, {"card": to_json(card), "priority": 1}, within=turn.config.messages.merge
    )
