"""The silence ladder: who is told, and when, if nothing happens (B12, B15, B16, B26, B27; product A.2 #1-#3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from rules import hours
from rules.leads import Lead

FACTS = frozenset(
    {
        "lead.created",
        "lead.assigned",
        "lead.first_touch",
        "lead.closed",
        "followup.recorded",
        "status.intent",
        "status.tech_confirm",
    }
)
"""What a rule may start from or end with. Facts are rows; a climb asks for them, it is not cancelled."""

ASSIGNED, TOUCHED, RECORDED = "lead.assigned", "lead.first_touch", "followup.recorded"
TOLD, WAIVED, REASON = "sla.told", "sla.waived", "sla.reason"
"""What the climbs themselves write down about a lead: a rung was said, a manager let it pass, a rep said why."""


@dataclass(frozen=True)
class Rung:
    """One step: `after` the start, tell these people ("owner", "manager", "admin" or a member id).

    `task`: subject of a task to create; `repeat`: say it again this often until somebody acknowledges; `do`: what else
    happens (rules/silence.py ACTIONS).
    """

    after: timedelta
    tell: tuple[str, ...]
    task: str = ""
    repeat: timedelta | None = None
    do: str = ""


@dataclass(frozen=True)
class Ladder:
    """A rule as data. `statuses`: climb only while the lead has one of these (empty: any open one). `missed`: what to
    do with a rung whose time passed while the bot was down (rules/schedule.py)."""

    name: str
    starts: str
    unless: str
    hours: Literal["working", "calendar"]
    rungs: tuple[Rung, ...]
    statuses: tuple[str, ...] = ()
    missed: str = "digest"


@dataclass(frozen=True)
class Happened:
    """A standing fact about a lead, as climbs see it. Ids grow with time, exact even within one instant."""

    id: int
    name: str
    at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


# ── where a climb starts and whether it still stands ───────────────────────────────────────────────────
def start_of(ladder: Ladder, lead: Lead, happened: Sequence[Happened]) -> Happened | None:
    """The fact that this lead's climb counts from, None when there is none.

    An assignment that keeps the clock (`restart` false in its payload) starts nothing; one that was taken back is
    recognised by the time the lead was assigned at, which was put back with it.
    """
    found = [one for one in happened if one.name == ladder.starts]
    if ladder.starts == ASSIGNED:
        if lead.assigned_at is not None:
            found = [one for one in found if one.at <= lead.assigned_at]
        found = [one for one in found if one.payload.get("restart", True)] or found[:1]
    return max(found, key=lambda one: one.id, default=None)


def answered(ladder: Ladder, start: Happened, happened: Sequence[Happened]) -> bool:
    """Whether the `unless` fact came after the start. First touch happens once in a lead's life."""
    if ladder.unless == TOUCHED and start.name == ASSIGNED:
        return any(one.name == TOUCHED for one in happened)
    return any(one.name == ladder.unless and one.id > start.id for one in happened)


def stands(ladder: Ladder, lead: Lead, start: Happened, happened: Sequence[Happened]) -> bool:
    """Whether the climb still has its reason: the start was not taken back, the lead is open, in one of the
    statuses, somebody's (where it is about the assigned one), and no manager let it pass."""
    if not any(one.id == start.id for one in happened):
        return False
    if not lead.open or (ladder.statuses and lead.status not in ladder.statuses):
        return False
    if ladder.starts == ASSIGNED and not lead.owner:
        return False
    return not any(one.name == WAIVED and one.id > start.id for one in happened)


def said(ladder: Ladder, start: Happened, happened: Sequence[Happened]) -> int:
    """How many rungs of this climb were said already: where it goes on after an undo or a restart."""
    return max(
        (int(one.payload["rung"]) + 1 for one in happened
         if one.name == TOLD and one.payload.get("rule") == ladder.name and one.payload.get("fact") == start.id),
        default=0,
    )  # fmt: skip


# ── climbing ───────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Tell:
    """Say it now: this rung, to these roles or ids; `tasks` to create."""

    rung: int
    tell: tuple[str, ...]
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Wait:
    """Not yet: look again then (UTC)."""

    due: datetime
    rung: int


@dataclass(frozen=True)
class Stop:
    """The climb is over; `why` is named in the ledger."""

    why: str


def due(calendar: hours.Calendar, ladder: Ladder, started: datetime, rung: int) -> datetime:
    """When a rung falls due (UTC): working ladders count shift time; calendar ladders of a day or more are
    delivered only inside working time, shorter ones at once (A.2 #3)."""
    after = ladder.rungs[rung].after
    at = hours.due(calendar, started, after, ladder.hours)
    if ladder.hours == "calendar" and after >= timedelta(hours=24):
        return hours.working_at(calendar, at)
    return at


def climb(
    calendar: hours.Calendar,
    ladder: Ladder,
    started: datetime,
    told: int,
    answered: bool,
    standing: bool,
    now: datetime,
) -> Tell | Wait | Stop:
    """What to do about one climb at `now`.

    `told`: how many rungs were said already; `answered`: the `unless` fact came after the start; `standing`: the
    lead is still open, in one of the ladder's statuses and its start fact was not taken back. An
    acknowledgement is not an argument: it stops repeats, never the climb (A.2 #2). When several rungs fell due
    while nobody looked, the highest is said once, to everybody whom any of them names.
    """
    if answered:
        return Stop("已跟进")
    if not standing:
        return Stop("状态已变")
    if told >= len(ladder.rungs):
        return Stop("已通知所有人")
    passed = reached(calendar, ladder, started, now)
    if passed <= told:
        return Wait(due(calendar, ladder, started, told), told)
    rungs = ladder.rungs[told:passed]
    people = dict.fromkeys(who for rung in rungs for who in rung.tell)
    return Tell(passed - 1, tuple(people), tuple(rung.task for rung in rungs if rung.task))


def reached(calendar: hours.Calendar, ladder: Ladder, started: datetime, now: datetime) -> int:
    """How many rungs have fallen due."""
    return sum(1 for rung in range(len(ladder.rungs)) if due(calendar, ladder, started, rung) <= now)


def repeat_at(
    calendar: hours.Calendar,
    ladder: Ladder,
    told: int,
    told_at: datetime | None,
    acked: bool,
    snoozed_until: datetime | None,
) -> datetime | None:
    """When the rung that was said last is said again (UTC), None when it is not: no repeat, or somebody saw it.

    A snooze puts repeats off; it never moves a rung (C.7 ack / snooze).
    """
    if not 0 < told <= len(ladder.rungs) or told_at is None or acked:
        return None
    every = ladder.rungs[told - 1].repeat
    if every is None:
        return None
    at = hours.due(calendar, told_at, every, ladder.hours)
    return max(at, snoozed_until) if snoozed_until else at


def next_look(
    calendar: hours.Calendar, ladder: Ladder, started: datetime, told: int, repeat: datetime | None
) -> datetime | None:
    """When a climb has to be looked at again (UTC), None when all was said."""
    rung = due(calendar, ladder, started, told) if told < len(ladder.rungs) else None
    return min((at for at in (rung, repeat) if at is not None), default=None)


def elapsed(calendar: hours.Calendar, ladder: Ladder, started: datetime, now: datetime) -> timedelta:
    """How long the lead has been silent, in the ladder's own hours."""
    return hours.worked(calendar, started, now) if ladder.hours == "working" else now - started


# ── who is behind ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Overdue:
    """A climb of which at least one rung has fallen due. `rung`: the highest of them; `silent`: in ladder hours."""

    ladder: Ladder
    start: Happened
    rung: int
    silent: timedelta

    @property
    def after(self) -> timedelta:
        """What the rung allows."""
        return self.ladder.rungs[self.rung].after

    @property
    def escalated(self) -> bool:
        """Whether the rung concerns anybody but the owner."""
        return any(who != "owner" for who in self.ladder.rungs[self.rung].tell)


def overdue(
    calendar: hours.Calendar, ladder: Ladder, lead: Lead, happened: Sequence[Happened], now: datetime
) -> Overdue | None:
    """How far a lead is behind by one ladder, None when it is not (B16, `/超时`)."""
    start = start_of(ladder, lead, happened)
    if start is None or answered(ladder, start, happened) or not stands(ladder, lead, start, happened):
        return None
    passed = reached(calendar, ladder, start.at, now)
    if not passed:
        return None
    return Overdue(ladder, start, passed - 1, elapsed(calendar, ladder, start.at, now))


# ── was it delivered ───────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Delivery:
    """What the delivery ledger says of a message: its state, when it was taken and acted on (UTC), and why not."""

    state: str
    sent_at: datetime | None = None
    read_at: datetime | None = None
    why: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is proved that the message did not arrive: nobody is blamed then (C.9 b)."""
        return self.read_at is None and self.state in {"refused", "expired", "queued", "throttled"}


# ── as it is kept with a timer ─────────────────────────────────────────────────────────────────────────
def freeze(ladder: Ladder) -> dict[str, Any]:
    """A ladder as plain JSON: a climb keeps to the ladder as it stood at the start."""
    return {
        "name": ladder.name, "starts": ladder.starts, "unless": ladder.unless, "hours": ladder.hours,
        "statuses": list(ladder.statuses), "missed": ladder.missed,
        "rungs": [
            {"after": rung.after.total_seconds(), "tell": list(rung.tell), "task": rung.task,
             "repeat": rung.repeat.total_seconds() if rung.repeat else 0, "do": rung.do}
            for rung in ladder.rungs
        ],
    }  # fmt: skip


def thaw(kept: Mapping[str, Any]) -> Ladder:
    """What `freeze` made → the ladder. Raises KeyError on a foreign shape."""
    return Ladder(
        name=kept["name"], starts=kept["starts"], unless=kept["unless"],
        hours="working" if kept["hours"] == "working" else "calendar", statuses=tuple(kept["statuses"]),
        missed=kept.get("missed", "digest"),
        rungs=tuple(
            Rung(timedelta(seconds=rung["after"]), tuple(rung["tell"]), rung["task"],
                 timedelta(seconds=rung["repeat"]) if rung["repeat"] else None, rung.get("do", ""))
            for rung in kept["rungs"]
        ),
    )  # fmt: skip
