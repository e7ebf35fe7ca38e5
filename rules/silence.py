"""One silence ladder per record: overlapping rules climb together, one message per step and per day (A.2 #13, B26-B28)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rules import hours, sla
from rules.leads import Lead, Status
from rules.sla import RECORDED, TOLD, Happened, Ladder

DAY = timedelta(hours=24)
DOWNGRADED = "silence.downgraded"
"""What the ladder itself did to a lead; taken back, the fact no longer stands."""
DOWNGRADE, MAIL = "downgrade", "mail"
ACTIONS = frozenset({DOWNGRADE, MAIL})
"""What a step may do besides speaking."""

LOWER = {
    Status.SAMPLE: Status.INTENT,
    Status.QUOTING: Status.INTENT,
    Status.TECH_CONFIRM: Status.INTENT,
    Status.INTENT: Status.CONTACTED,
}
"""One level down (B28); what is not in it has no level to lose."""


def lowered(status: Status) -> Status | None:
    """The next lower level of an intent status, None when there is none."""
    return LOWER.get(status)


def is_silence(ladder: Ladder) -> bool:
    """Whether a rule belongs to the one silence ladder of its record: it ends with a record, is counted by the
    calendar, and no step comes before a day or repeats. Quicker rules climb by themselves (rules/sla.py)."""
    return (
        ladder.unless == RECORDED
        and ladder.hours == "calendar"
        and all(rung.after >= DAY and rung.repeat is None for rung in ladder.rungs)
    )


# ── tracks ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Track:
    """One rule's part in the ladder of a record: from which fact it counts, how many of its steps were said."""

    ladder: Ladder
    fact: int
    started: datetime
    told: int = 0


@dataclass(frozen=True)
class Step:
    """A step of a rule: its place in the ladder and when it is due (UTC)."""

    ladder: Ladder
    rung: int
    due: datetime
    fact: int
    started: datetime

    @property
    def after(self) -> timedelta:
        return self.ladder.rungs[self.rung].after


@dataclass(frozen=True)
class Say:
    """Say it now, in one message: these steps (the longest silence first), to these roles or ids; `tasks` to create,
    `do` what else happens."""

    steps: tuple[Step, ...]
    tell: tuple[str, ...]
    tasks: tuple[tuple[str, Step], ...]
    do: frozenset[str]


def effective(lead: Lead, happened: Sequence[Happened]) -> Lead:
    """The lead as its rules see it: a level that the ladder itself took does not end the ladder."""
    for one in reversed(happened):
        if one.name == RECORDED:
            return lead
        if one.name == DOWNGRADED and lead.status == one.payload.get("to"):
            return replace(lead, status=Status(one.payload["from"]))
    return lead


def tracks(
    ladders: Sequence[Ladder],
    lead: Lead,
    happened: Sequence[Happened],
    kept: Mapping[str, tuple[Ladder, int]],
) -> list[Track]:
    """The rules that run for a lead now. `kept`: the ladder and start fact of those that were running: a climb keeps
    to the ladder as it stood when it began. What was answered, closed, moved on or waived has no track."""
    seen = effective(lead, happened)
    found = []
    for ladder in ladders:
        start = sla.start_of(ladder, seen, happened)
        if start is None:
            continue
        if ladder.name in kept and kept[ladder.name][1] == start.id:
            ladder = kept[ladder.name][0]
        if sla.answered(ladder, start, happened) or not sla.stands(ladder, seen, start, happened):
            continue
        found.append(Track(ladder, start.id, start.at, sla.said(ladder, start, happened)))
    return found


def steps(calendar: hours.Calendar, track: Track) -> list[Step]:
    """The steps of a rule that were not said yet, with when each is due (inside working time)."""
    return [
        Step(
            track.ladder,
            rung,
            sla.due(calendar, track.ladder, track.started, rung),
            track.fact,
            track.started,
        )
        for rung in range(track.told, len(track.ladder.rungs))
    ]


def said_last(happened: Sequence[Happened]) -> datetime | None:
    """When the silence ladder of the record spoke last (UTC)."""
    return max((one.at for one in happened if one.name == TOLD and one.payload.get("silence")), default=None)


def may_speak_at(calendar: hours.Calendar, last: datetime | None, at: datetime) -> datetime:
    """The first moment (UTC) not before `at` at which the ladder may speak: in working time, on another day than it
    spoke `last`."""
    if last is not None:
        day = last.astimezone(calendar.zone).date() + timedelta(days=1)
        midnight = datetime.combine(day, hours.MIDNIGHT, calendar.zone).astimezone(at.tzinfo)
        at = max(at, midnight)
    return hours.working_at(calendar, at)


def decide(
    calendar: hours.Calendar, running: Sequence[Track], last: datetime | None, now: datetime
) -> Say | sla.Wait | sla.Stop:
    """What to do about the ladder of one record at `now`.

    Steps that fell due since the last message are said together; on a day that had its message they wait for the
    next working day. Nothing is said before it is due, nothing is left out.
    """
    open_steps = [one for track in running for one in steps(calendar, track)]
    if not open_steps:
        return sla.Stop("都说过了" if running else "没有在跟的规则")
    passed = sorted((one for one in open_steps if one.due <= now), key=lambda one: (-one.after, one.due))
    if not passed:
        first = min(one.due for one in open_steps)
        return sla.Wait(may_speak_at(calendar, last, first), 0)
    if (at := may_speak_at(calendar, last, now)) > now:
        return sla.Wait(at, 0)
    rungs = [one.ladder.rungs[one.rung] for one in passed]
    return Say(
        steps=tuple(passed),
        tell=tuple(dict.fromkeys(who for rung in rungs for who in rung.tell)),
        tasks=tuple((rung.task, one) for rung, one in zip(rungs, passed, strict=True) if rung.task),
        do=frozenset(rung.do for rung in rungs if rung.do),
    )


# ── as it is kept with the timer ───────────────────────────────────────────────────────────────────────
def freeze(running: Sequence[Track]) -> dict[str, Any]:
    """The rules that run, as plain JSON."""
    return {"rules": [{"ladder": sla.freeze(one.ladder), "fact": one.fact} for one in running]}


def thaw(kept: Mapping[str, Any]) -> dict[str, tuple[Ladder, int]]:
    """What `freeze` made → rule name → (ladder, start fact)."""
    found = ((sla.thaw(one["ladder"]), int(one["fact"])) for one in kept.get("rules", ()))
    return {ladder.name: (ladder, fact) for ladder, fact in found}
