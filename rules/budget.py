"""How many unasked messages a person gets in a day, and when the next may be said (C.7 message budget)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from rules import hours

RESERVE = 4
"""The last quarter of the budget is spread over the rest of the day; what comes in between is said together."""


RECORDS = ("L-", "C-")
"""How the ids of leads and customers begin."""


class Weight(StrEnum):
    """What an unasked message is, as far as the budget goes."""

    ALARM = (
        "alarm"  # something is late, or broken: at once, even to somebody who asked for quiet; not counted
    )
    DUE = "due"  # work that is theirs from now on, or what they asked for: at once unless muted; not counted
    WORD = (
        "word"  # a colleague spoke through the bot: at once unless muted; counted, so that the bot says less
    )
    REMINDER = "reminder"  # all that the bot says of itself: within the budget, and counted


COUNTED = frozenset({Weight.WORD, Weight.REMINDER})
"""What uses the budget up. What may not wait cannot be kept within a number, so it takes nothing from the rest."""


@dataclass(frozen=True)
class Spent:
    """What counted of what a person got today: `day` as their wall clock writes it, `last_at` and `muted_until` UTC."""

    day: str = ""
    sent: int = 0
    last_at: datetime | None = None
    muted_until: datetime | None = None
    about: Mapping[str, datetime] = field(default_factory=dict)  # when each record was last spoken of, lately


def today(calendar: hours.Calendar, at: datetime) -> str:
    """The business day of a moment, "2026-11-23"."""
    return at.astimezone(calendar.zone).date().isoformat()


def speak_at(calendar: hours.Calendar, spent: Spent, per_day: int, now: datetime, weight: Weight) -> datetime:
    """The first moment (UTC, not before `now`) at which the person may get another unasked message.

    Only a reminder waits for the budget. Most of it goes out at once. The last quarter is rationed: it is spread
    evenly to the end of the working day, so that there is always a next time today and nobody gets more than `per_day`
    (0: no limit). After that tomorrow morning. Muted, only an alarm is said.
    """
    if spent.muted_until is not None and spent.muted_until > now and weight is not Weight.ALARM:
        return spent.muted_until
    if weight is not Weight.REMINDER or not per_day or spent.day != today(calendar, now):
        return now
    left = per_day - spent.sent
    if left > max(1, per_day // RESERVE):
        return now
    if left <= 0:
        return _tomorrow(calendar, now)
    last = spent.last_at or now
    rest = max(timedelta(0), _evening(calendar, now) - last)
    return max(now, last + rest / left)


def again_at(spent: Spent, subject: str, per_record: timedelta, now: datetime, weight: Weight) -> datetime:
    """The first moment (UTC, not before `now`) at which a reminder about this record may be said again: at most one in
    `per_record` (0: no limit). What may not wait for the budget does not wait for this either."""
    last = spent.about.get(subject)
    if weight is not Weight.REMINDER or not per_record or last is None:
        return now
    return max(now, last + per_record)


def heard(
    about: Mapping[str, datetime], subject: str, per_record: timedelta, now: datetime
) -> dict[str, datetime]:
    """The records spoken of within `per_record`, this one among them; only leads and customers have such a limit."""
    lately = {one: at for one, at in about.items() if now - at < per_record}
    return lately | ({subject: now} if subject.startswith(RECORDS) and per_record else {})


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
