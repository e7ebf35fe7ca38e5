"""What the board asks: who is late by which ladder, said as moments that a table can be compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rules import sla
from rules.hours import Calendar

LONGEST_HOLIDAY = timedelta(days=30)
"""No run of days off is longer: how far back a start is looked for, beyond the ladder's own hours."""
GRAIN = timedelta(seconds=1)


class State(StrEnum):
    """Which leads a list shows."""

    OPEN = "open"
    OVERDUE = "overdue"
    UNDELIVERED = "undelivered"
    NEW = "new"  # nobody has touched it
    TODAY = "today"  # something was promised for today or earlier
    POOL = "pool"
    CLOSED = "closed"


STATES = {
    State.OPEN: "在跟", State.OVERDUE: "超时", State.UNDELIVERED: "未送达", State.NEW: "待首触",
    State.TODAY: "今天要做", State.POOL: "公海", State.CLOSED: "已关闭",
}  # fmt: skip


class Sort(StrEnum):
    """The order of a list."""

    LATE = "late"  # the longest silent first
    NEWEST = "newest"
    NEXT = "next"  # what was promised first
    QUIET = "quiet"  # the oldest follow-up first


SORTS = {
    Sort.LATE: "超时最久", Sort.NEWEST: "最新进来", Sort.NEXT: "下一步最近", Sort.QUIET: "最久没跟进",
}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """A ladder as moments: a climb that began at or before `first` is past its first rung now, at or before `last`
    past its last one (UTC)."""

    ladder: sla.Ladder
    first: datetime
    last: datetime


def marks(calendar: Calendar, ladders: Sequence[sla.Ladder], now: datetime) -> tuple[Mark, ...]:
    """Every ladder as moments, so that overdue leads are found without looking at each."""
    return tuple(
        Mark(
            one,
            latest_start(calendar, one, 0, now),
            latest_start(calendar, one, len(one.rungs) - 1, now),
        )
        for one in ladders
    )


def latest_start(calendar: Calendar, ladder: sla.Ladder, rung: int, now: datetime) -> datetime:
    """The latest start (UTC, to the second) whose rung has fallen due by `now`: a later start falls due later."""
    early = now - 6 * ladder.rungs[rung].after - LONGEST_HOLIDAY
    late = now
    if sla.due(calendar, ladder, early, rung) > now:
        return early
    while late - early > GRAIN:
        middle = early + (late - early) / 2
        if sla.due(calendar, ladder, middle, rung) <= now:
            early = middle
        else:
            late = middle
    return early


def median(numbers: Sequence[float]) -> float | None:
    """The median of some numbers, None of none: what "usually" means on the board."""
    ordered = sorted(numbers)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
