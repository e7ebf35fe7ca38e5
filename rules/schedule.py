"""Times of day that come round, and what to do with those that passed while the bot was down (C.7 missed schedule)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from rules import hours

Missed = Literal["skip", "once", "digest"]
SKIP, ONCE, DIGEST = "skip", "once", "digest"
"""Say nothing; say it once if it is not too old; say it together with all else that was missed."""
LATE = timedelta(minutes=10)
"""What is said later than this after its time was missed (the bot was down), not merely busy."""
Days = Literal["workdays", "monday", "friday", "everyday"]


def late(due: datetime, now: datetime) -> bool:
    """Whether a time was missed."""
    return now - due > LATE


def policy(missed: Missed, due: datetime, now: datetime, within: timedelta) -> str:
    """What to do with a run that was due at `due`: "" as always, else SKIP, ONCE or DIGEST.

    "once" is said when it is at most `within` old, else it is skipped: nobody needs Monday's list on Thursday.
    """
    if not late(due, now):
        return ""
    if missed == ONCE and now - due > within:
        return SKIP
    return missed


@dataclass(frozen=True)
class Run:
    """A time of day that comes round: `days` "workdays" (by the calendar, make-up days too), "monday" (only when it
    is a working day, else the week's first one), "friday" (the week's last one) or "everyday"."""

    at: time
    days: Days


def next_run(calendar: hours.Calendar, run: Run, after: datetime) -> datetime:
    """The first time (UTC) after `after` at which it comes round."""
    day = after.astimezone(calendar.zone).date()
    while True:
        moment = datetime.combine(day, run.at, calendar.zone).astimezone(UTC)
        if moment > after and _fits(calendar, run, day):
            return moment
        day += timedelta(days=1)


def _fits(calendar: hours.Calendar, run: Run, day: date) -> bool:
    week = [day + timedelta(days=n - day.weekday()) for n in range(7)]
    working = [one for one in week if hours.is_workday(calendar, one)]
    match run.days:
        case "everyday":
            return True
        case "workdays":
            return day in working
        case "monday":
            return working[:1] == [day]
        case "friday":
            return working[-1:] == [day]
