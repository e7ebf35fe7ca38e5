"""Into the public pool and the date when a lead goes back: what several handlers need of it (B14; C.7)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.turn import Turn
from handlers import along
from handlers.guard import cancel
from handlers.happened import happened
from rules import access, hours
from rules import pool as rules
from rules.errors import Denied
from rules.leads import Customer, Lead
from rules.text import customer_id, lead_id, when
from store import audit, checkins, covers, customers, leads, pool, team, timers
from store.pool import Pooled

RECYCLE, STALE, ALL = "pool.recycle", "pool.stale", "all"
CLAIMS = "claim"


async def put(turn: Turn, one: Pooled) -> None:
    """The lead is in the pool; somebody hears of it when it lies there too long."""
    await pool.put(turn.tx, one)
    await timers.set_timer(turn.tx, STALE, ALL, stale_at(turn, turn.now), {}, turn.now, keep_earlier=True)
    turn.rang.add("timers")


def pack(one: Pooled | None) -> dict[str, Any]:
    """A place in the pool as JSON, {} for none."""
    if one is None:
        return {}
    retry = one.retry_at.isoformat() if one.retry_at else ""
    return {**vars(one), "since": one.since.isoformat(), "retry_at": retry, "alarmed_at": None}


def unpack(kept: Mapping[str, Any]) -> Pooled | None:
    """And back."""
    if not kept:
        return None
    retry = datetime.fromisoformat(kept["retry_at"]) if kept["retry_at"] else None
    return Pooled(**{**kept, "since": datetime.fromisoformat(kept["since"]), "retry_at": retry})


def stale_at(turn: Turn, since: datetime) -> datetime:
    """When somebody hears of a lead that is there since then: in working time, on the full hour, so that those of an
    hour are one card."""
    at = since + turn.config.pool.stale
    if turn.config.pool.stale >= timedelta(hours=1):
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return hours.working_at(turn.calendar, at)


async def release(turn: Turn, lead: Lead, reason: str, why: str, *, by: str) -> Lead:
    """Takes a lead from its owner into the pool with a reason: its customer goes along when nothing else of it is the
    owner's, its opportunities go along, open check-ins end. The lead's cards are the caller's."""
    freed = await leads.save(turn.tx, replace(lead, owner="", acked_at=None, snoozed_until=None, snoozes=0))
    customer = await customers.get(turn.tx, lead.customer)
    others = [one for one in await leads.of_customer(turn.tx, customer.id) if one.owner == lead.owner]
    alone = customer.owner == lead.owner and not others
    if alone:
        await customers.save(turn.tx, replace(customer, owner=""), turn.now)
    await along.go(turn, lead, "", customer=alone, why=why)
    await put(turn, Pooled(lead.id, turn.now, reason, why, lead.owner, by))
    await pool.let_go(turn.tx, lead.id)
    for checkin in await checkins.open_on(turn.tx, lead.id):
        await cancel(turn, checkin, freed)
    await happened(turn, lead.id, "lead.pooled", by=by, why=why)
    await audit.add(turn.tx, turn.now, by, "lead.pooled", lead_id(lead.id),
                    {"from": lead.owner, "reason": reason, "why": why}, turn.event_id)  # fmt: skip
    return freed


async def claimed(turn: Turn) -> int:
    """The member takes up one more that nobody had: how many they took up today before."""
    return await pool.count(turn.tx, turn.me.id, f"{turn.wall:%Y-%m-%d}", CLAIMS) - 1


async def take_up(turn: Turn, customer: Customer) -> None:
    """A customer that nobody has is about to be the member's, with a lead of their own: its numbers are theirs then, so it
    counts like 领取. What a leaver had is not nobody's, it is handed over. Raises Refused, Denied."""
    owner = await team.get(turn.tx, customer.owner) if customer.owner else None
    if owner is not None and not access.may_see(turn.me, owner, turn.config.teams()):
        about = customer_id(customer.id)
        raise Denied(f"{about} 的负责人{owner.name}已离职，还没有交接。请主管先交接（/交接）", about=about)
    rules.within_cap(turn.config.pool.rules(), await claimed(turn))


async def goes_back(turn: Turn, lead: Lead) -> datetime | None:
    """When the lead goes back to the pool if nothing happens (UTC), None: never."""
    customer = await customers.get(turn.tx, lead.customer)
    period = turn.config.pool.rules(customer.level).recycle
    if not period or not lead.owner or not lead.open:
        return None
    followed = await pool.last_effective(turn.tx, lead.id, turn.config.pool.ineffective)
    since = rules.base(lead, followed)
    held = [await pool.hold_until(turn.tx, lead.id), await covers.until(turn.tx, lead.customer)]
    return rules.due(turn.calendar, since, period, max([one for one in held if one], default=None))


async def date_line(turn: Turn, lead: Lead, *, fresh: bool) -> str:
    """What a hand-over did to that date, said openly: "公海回收日 12-23，从今天重新算"; "" when it never goes back."""
    at = await goes_back(turn, lead)
    if at is None:
        return ""
    day = when(at, turn.now, turn.zone)
    return f"公海回收：{day}，" + ("从现在重新算" if fresh else "不因转交改变")
