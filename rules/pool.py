"""The public pool 公海: when a lead goes back, who is warned, who may take it (B14; C.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules import hours
from rules.errors import Refused
from rules.hours import Calendar, show_duration
from rules.leads import Lead
from rules.text import lead_id

UNASSIGNED, DECLINED, RELEASED, RECYCLED, HANDED = "unassigned", "declined", "released", "recycled", "handed"
REASONS = {
    UNASSIGNED: "没有人能接", DECLINED: "被退回", RELEASED: "放回", RECYCLED: "到期回收", HANDED: "离职交接",
}  # fmt: skip
LAST_CALL = timedelta(days=1)
"""Nothing goes back without a warning so long before: after downtime the warning comes first."""


@dataclass(frozen=True)
class PoolRules:
    """The pool's numbers. `recycle` 0: nothing goes back by itself; `warn`: so long before, longest first."""

    recycle: timedelta = timedelta(days=30)
    warn: tuple[timedelta, ...] = (timedelta(days=3), timedelta(days=1))
    daily_claims: int = 10
    cooldown: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Warn:
    """Say to the owner that the lead goes back at `at`; `said` is how many warnings that makes."""

    at: datetime
    said: int


@dataclass(frozen=True)
class Recycle:
    """The lead goes back now."""


@dataclass(frozen=True)
class Look:
    """Nothing yet: look again at `at`."""

    at: datetime


def base(lead: Lead, followed: datetime | None) -> datetime:
    """What the period counts from: the assignment that began the owner's clock, or their last effective follow-up.

    A hand-over that keeps the clock keeps this date too: it is never moved silently (B.3 红圈).
    """
    start = lead.assigned_at or lead.created_at
    return max(start, followed) if followed else start


def due(calendar: Calendar, since: datetime, period: timedelta, hold: datetime | None) -> datetime:
    """When it goes back (UTC): calendar days, done in working time; not while it is held."""
    at = max(since + period, hold) if hold else since + period
    return hours.working_at(calendar, at)


def step(
    calendar: Calendar,
    at: datetime,
    warn: Sequence[timedelta],
    said: int,
    said_at: datetime | None,
    now: datetime,
) -> Warn | Recycle | Look:
    """What to do about a lead that goes back `at`. `said`: how many warnings of this period were said, the last of
    them `said_at`. It never goes back before all were said, and not before LAST_CALL after the last: a warning that
    fell on a weekend, or while nobody looked, puts it off by a day."""
    marks = [hours.working_at(calendar, at - before) for before in sorted(warn, reverse=True)]
    passed = sum(mark <= now for mark in marks)
    if now < at:
        if passed > said:
            return Warn(at, passed)
        return Look(min([mark for mark in marks if mark > now], default=at))
    if not marks:
        return Recycle()
    if said_at is None or said < len(marks):
        return Warn(hours.working_at(calendar, now + LAST_CALL), len(marks))
    early = hours.working_at(calendar, said_at + min(LAST_CALL, *warn))
    return Recycle() if now >= early else Look(early)


def may_cover(until: datetime, now: datetime, longest: timedelta) -> None:
    """Raises Refused when a customer cannot be covered until then: a day that is over, or too far away."""
    if until <= now:
        raise Refused("这一天已经过去了，请写以后的日期")
    if until - now > longest + timedelta(days=1):
        raise Refused(f"最长保护 {show_duration(longest)}，到期前会提醒，可以再续")


def within_cap(rules: PoolRules, claimed_today: int) -> None:
    """Raises Refused when I took up as much today as a day allows."""
    if claimed_today >= rules.daily_claims:
        raise Refused(f"今天已领取 {claimed_today} 条，到上限了，明天再来")


def may_claim(
    rules: PoolRules, lead: Lead, me: str, former: str, since: datetime, claimed_today: int, now: datetime
) -> None:
    """Raises Refused when I may not take this lead from the pool: the day's cap, or I had it until lately."""
    within_cap(rules, claimed_today)
    until = since + rules.cooldown
    if former == me and now < until:
        raise Refused(
            f"{lead_id(lead.id)} 是你手里回到公海的，{show_duration(rules.cooldown)}内不能再领，可以先领别的"
        )
