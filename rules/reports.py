"""Business numbers: the formulas. One number, one formula, many faces (B12, B25, B41)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rules import hours, sla


@dataclass(frozen=True)
class Assigned:
    """A lead that was given to somebody: when, when it was first touched (UTC; None: not yet), and whether its
    message was proved undelivered, in which case it counts for nobody."""

    lead: int
    assigned_at: datetime
    first_touch_at: datetime | None
    undelivered: bool = False


@dataclass(frozen=True)
class FirstTouch:
    """First-touch rates of some leads. `decided`: those touched or past the last mark; shares are of these."""

    decided: int
    within_target: int
    within_latest: int

    @property
    def target_rate(self) -> int:
        """Per cent touched within the first mark (2 h); 0 when nothing is decided."""
        return round(100 * self.within_target / self.decided) if self.decided else 0

    @property
    def latest_rate(self) -> int:
        """Per cent touched within the last mark (4 h); 0 when nothing is decided."""
        return round(100 * self.within_latest / self.decided) if self.decided else 0


def first_touch(
    calendar: hours.Calendar, ladder: sla.Ladder, leads: Sequence[Assigned], now: datetime
) -> FirstTouch:
    """How many leads were touched within the first and the last mark of the first-touch ladder.

    A lead that is neither touched nor past its last mark is still open and counts nowhere.
    """
    decided = target = latest = 0
    for lead in leads:
        marks = [sla.due(calendar, ladder, lead.assigned_at, rung) for rung in range(len(ladder.rungs))]
        touched = lead.first_touch_at
        if lead.undelivered or (touched is None and now <= marks[-1]):
            continue
        decided += 1
        target += touched is not None and touched <= marks[0]
        latest += touched is not None and touched <= marks[-1]
    return FirstTouch(decided, target, latest)


@dataclass(frozen=True)
class Standing:
    """One place of a leaderboard: `rank` from 1 on, the same for equal counts; `decided` of `touch` may be 0."""

    rank: int
    name: str
    records: int
    touch: FirstTouch


def standings(people: Sequence[tuple[str, int, FirstTouch]], top: int) -> list[Standing]:
    """The first `top` places of (name, records, first touch): most records first, equal ones by the share that was
    touched within the last mark. Who has no record is not named: a board shows who is ahead, nobody who is behind."""
    ahead = sorted((one for one in people if one[1]), key=lambda one: (-one[1], -one[2].latest_rate, one[0]))
    places: list[Standing] = []
    for at, (name, records, touch) in enumerate(ahead, 1):
        same = bool(places) and places[-1].records == records
        places.append(Standing(places[-1].rank if same else at, name, records, touch))
    return places[:top]


def records_of(moments: Sequence[tuple[int, datetime]], zone: ZoneInfo) -> int:
    """How many follow-ups count: of (lead, recorded at), one for each lead and day of the business zone."""
    return len({(lead, at.astimezone(zone).date()) for lead, at in moments})


@dataclass(frozen=True)
class Punctual:
    """How many records there are, and how many of them were made in time."""

    records: int
    in_time: int

    @property
    def rate(self) -> int:
        """Per cent in time; 0 of nothing."""
        return round(100 * self.in_time / self.records) if self.records else 0


def punctual(records: Sequence[tuple[datetime, datetime]], within: timedelta) -> Punctual:
    """Of (begun, recorded): those recorded at most `within` after they were begun (B19)."""
    return Punctual(len(records), sum(recorded - begun <= within for begun, recorded in records))


def week_start(wall: datetime) -> datetime:
    """Monday 00:00 of the week (wall clock)."""
    return hours.midnight(wall - timedelta(days=wall.weekday()))
