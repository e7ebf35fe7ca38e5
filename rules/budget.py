"""How many unasked messages a person gets in a day, and when the next may be said (C.7 message budget)."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from rules import hours

RESERVE = 4
"""The last quarter of the budget is spread over the rest of the day; what comes in between is said together."""


@dataclass(frozen=True)
class Spent:
    """What a person got today: `day` as their wall clock writes it, `last_at` and `muted_until` UTC."""

    day: str = ""
    sent: int = 0
    last_at: datetime | None = None
    muted_until: datetime | None = None


def today(calendar: hours.Calendar, at: datetime) -> str:
    """The business day of a moment, "2026-11-23"."""
    return at.astimezone(calendar.zone).date().isoformat()


def speak_at(calendar: hours.Calendar, spent: Spent, per_day: int, now: datetime, *, alarm: bool) -> datetime:
    """The first moment (UTC, not before `now`) at which the person may get another unasked message.

    Most of the budget goes out at once. The last quarter is rationed: it is spread evenly to the end of the working
    day, so that there is always a next time today and nobody gets more than `per_day` (0: no limit). After that
    tomorrow morning. Muted, only an `alarm` is said; it counts all the same.
    """
    if spent.muted_until is not None and spent.muted_until > now and not alarm:
        return spent.muted_until
    if not per_day or spent.day != today(calendar, now):
        return now
    left = per_day - spent.sent
    if left > max(1, per_day // RESERVE):
        return now
    if left <= 0:
        return _tomorrow(calendar, now)
    last = spent.last_at or now
    rest = max(timedelta(0), _evening(calendar, now) - last)
    return max(now, last + rest / left)


def _evening(calendar: hours.Calendar, now: datetime) -> datetime:
    """When today's last shift ends."""
    day = now.astimezone(calendar.zone).date()
    end = calendar.shifts[-1][1]
    if end == hours.MIDNIGHT:
        day += timedelta(days=1)
    return datetime.combine(day, end, calendar.zone).astimezone(UTC)


def _tomorrow(calendar: hours.Calendar, now: datetime) -> datetime:
    day = now.astimezone(calendar.zone).date() + timedelta(days=1)
    return hours.deliver_at(calendar, datetime.combine(day, time(8, 30), calendar.zone).astimezone(UTC))
