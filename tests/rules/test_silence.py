"""One ladder per record: steps merge, one message a day, nothing early, nothing lost; no fixtures."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import hours, silence, sla
from rules.hours import Calendar
from rules.leads import Lead, Status
from rules.schedule import Run, late, next_run, policy
from rules.silence import Say, Track, decide, effective, is_silence, said_last, tracks
from rules.sla import Happened, Ladder, Rung, Stop, Wait

ZONE = ZoneInfo("Asia/Shanghai")
SHIFTS = ((time(9), time(12)), (time(13, 30), time(18)))
CALENDAR = Calendar(ZONE, SHIFTS, (time(20), time(8, 30)))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def rule(name: str, *rungs: Rung, statuses: tuple[str, ...] = (), starts: str = "status.intent") -> Ladder:
    return Ladder(name, starts, "followup.recorded", "calendar", rungs, statuses)


INTENT = rule(
    "意向客户未跟进", Rung(48 * HOUR, ("owner", "manager")), Rung(72 * HOUR, ("owner",)),
    Rung(5 * DAY, ("owner", "manager")), Rung(7 * DAY, ("owner", "manager"), do="downgrade"),
    Rung(15 * DAY, ("owner", "manager")), statuses=("intent", "quoting", "sample"),
)  # fmt: skip
OWN = rule("公司自己的", Rung(49 * HOUR, ("zhougong",), task="看一下"), Rung(7 * DAY, ("admin",)))
NOW = wall("2026-11-23 10:02")  # a Monday
LEAD = Lead(id=1024, customer=311, owner="wanglei", created_at=NOW, assigned_at=NOW, status=Status.INTENT)
BEGUN = (Happened(1, "followup.recorded", NOW), Happened(2, "status.intent", NOW))


def run(*ladders: Ladder, told: int = 0) -> list[Track]:
    return [Track(one, 2, NOW, told) for one in ladders]


def test_what_belongs_to_the_ladder() -> None:
    assert is_silence(INTENT)
    assert not is_silence(rule("快", Rung(2 * HOUR, ("owner",))))
    assert not is_silence(rule("重复", Rung(48 * HOUR, ("owner",), repeat=HOUR)))
    assert not is_silence(replace(INTENT, hours="working"))
    assert not is_silence(replace(INTENT, unless="lead.first_touch"))


def test_two_rules_are_one_message_to_all_whom_they_name() -> None:
    step = decide(CALENDAR, run(INTENT, OWN), None, wall("2026-11-25 11:30"))
    assert isinstance(step, Say)
    assert [one.ladder.name for one in step.steps] == ["公司自己的", "意向客户未跟进"]
    assert step.tell == ("zhougong", "owner", "manager")
    assert [subject for subject, _ in step.tasks] == ["看一下"]


def test_one_message_a_day() -> None:
    first = decide(CALENDAR, run(INTENT, OWN), None, wall("2026-11-25 10:02"))
    assert isinstance(first, Say)
    assert len(first.steps) == 1
    left = [Track(INTENT, 2, NOW, 1), Track(OWN, 2, NOW, 0)]
    later = decide(CALENDAR, left, wall("2026-11-25 10:02"), wall("2026-11-25 11:02"))
    assert later == Wait(wall("2026-11-26 09:00"), 0)


def test_a_step_in_the_weekend_waits_for_monday() -> None:
    started = wall("2026-11-26 10:00")  # a Thursday
    step = decide(CALENDAR, [Track(INTENT, 2, started)], None, started)
    assert step == Wait(wall("2026-11-30 09:00"), 0)


def test_the_ladder_ends_after_its_last_step() -> None:
    assert isinstance(decide(CALENDAR, run(INTENT, told=5), None, NOW + 30 * DAY), Stop)
    assert isinstance(decide(CALENDAR, [], None, NOW), Stop)


def test_a_level_that_the_ladder_took_does_not_end_it() -> None:
    down = Happened(9, silence.DOWNGRADED, NOW + 7 * DAY, {"from": "intent", "to": "contacted"})
    lower = replace(LEAD, status=Status.CONTACTED)
    assert effective(lower, (*BEGUN, down)).status is Status.INTENT
    assert effective(lower, BEGUN) == lower
    assert [one.ladder.name for one in tracks([INTENT], lower, (*BEGUN, down), {})] == ["意向客户未跟进"]
    assert tracks([INTENT], lower, BEGUN, {}) == []
    again = Happened(10, "followup.recorded", NOW + 8 * DAY)
    assert tracks([INTENT], lower, (*BEGUN, down, again), {}) == []


def test_a_running_climb_keeps_its_ladder() -> None:
    old = replace(INTENT, rungs=INTENT.rungs[:1])
    assert tracks([INTENT], LEAD, BEGUN, {INTENT.name: (old, 2)})[0].ladder == old
    assert tracks([INTENT], LEAD, BEGUN, {INTENT.name: (old, 1)})[0].ladder == INTENT
    assert silence.thaw(silence.freeze(run(INTENT))) == {INTENT.name: (INTENT, 2)}


@pytest.mark.parametrize(
    ("status", "lower"),
    [("sample", "intent"), ("quoting", "intent"), ("tech_confirm", "intent"), ("intent", "contacted")],
)
def test_one_level_down(status: str, lower: str) -> None:
    assert silence.lowered(Status(status)) == lower


def test_no_level_to_lose() -> None:
    assert {one for one in Status if silence.lowered(one) is None} == set(Status) - set(silence.LOWER)


# ── any interleaving ───────────────────────────────────────────────────────────────────────────────────
MOMENT = st.integers(min_value=1, max_value=40 * 24 * 60)
EVENTS = st.lists(
    st.tuples(MOMENT, st.sampled_from(["record", "snooze", "ack", "undo", "look", "waive"])), max_size=14
)
HOLIDAYS = st.sets(st.integers(min_value=0, max_value=45), max_size=25)
DOWN = st.lists(st.tuples(MOMENT, st.integers(min_value=1, max_value=6 * 24 * 60)), max_size=3)


def live(
    events: list[tuple[int, str]], off: set[int], down: list[tuple[int, int]]
) -> tuple[Calendar, list, list]:
    """A lead's forty days under the ladder, minute-exact: timers fire when due (after an outage late), people do things
    in between. Returns the calendar, what was said (when, steps, tracks), and the records."""
    begin = NOW.astimezone(ZONE).date()
    calendar = Calendar(ZONE, SHIFTS, None, frozenset(begin + timedelta(days=n) for n in off))
    happened = list(BEGUN)
    lead, said, records = LEAD, [], [NOW]
    number = 10
    timer: datetime | None = None

    def resting(at: datetime) -> datetime:
        for start, minutes in sorted(down):
            since = NOW + timedelta(minutes=start)
            if since <= at < since + timedelta(minutes=minutes):
                at = since + timedelta(minutes=minutes)
        return at

    def look(at: datetime) -> datetime | None:
        nonlocal number
        while True:
            standing = [one for one in happened if one is not None]
            running = tracks([INTENT, OWN], lead, standing, {})
            step = decide(calendar, running, said_last(standing), at)
            match step:
                case Stop():
                    return None
                case Wait():
                    assert step.due > at
                    return step.due
                case Say():
                    said.append((at, step.steps))
                    for one in step.steps:
                        number += 1
                        note = {"rule": one.ladder.name, "fact": one.fact, "rung": one.rung, "silence": True}
                        happened.append(Happened(number, sla.TOLD, at, note))

    timer = look(NOW)
    ends = NOW + 80 * DAY
    for minute, what in [*sorted(events), (80 * 24 * 60, "end")]:
        at = NOW + timedelta(minutes=minute)
        while timer is not None and resting(timer) <= min(at, ends):
            timer = look(resting(timer))
        number += 2
        match what:
            case "record":
                happened += [
                    Happened(number, "followup.recorded", at),
                    Happened(number + 1, "status.intent", at),
                ]
                records.append(at)
                number += 1  # two facts were written
            case "undo" if len(records) > 1:
                last = max(one.id for one in happened if one.name == "followup.recorded")
                happened[:] = [one for one in happened if one.id not in (last, last + 1)]
                records.pop()
            case "snooze" | "ack":
                lead = replace(lead, acked_at=at, snoozed_until=at + 30 * timedelta(minutes=1))
            case "waive":
                happened.append(Happened(number, sla.WAIVED, at))
        timer = look(resting(at)) if what != "end" else timer
    return calendar, said, [*happened]


@settings(max_examples=150, deadline=None)
@given(EVENTS, HOLIDAYS, DOWN)
def test_never_early_never_twice_one_a_day_and_nothing_lost(
    events: list[tuple[int, str]], off: set[int], down: list[tuple[int, int]]
) -> None:
    calendar, said, happened = live(events, off, down)
    days = [at.astimezone(ZONE).date() for at, _ in said]
    assert len(days) == len(set(days)), "one message a day"
    assert all(hours.is_workday(calendar, day) for day in days), "never on a day off"
    told = [(one.ladder.name, one.fact, one.rung) for _, steps in said for one in steps]
    assert len(told) == len(set(told)), "each step once"
    for at, steps in said:
        assert hours.working_at(calendar, at) == at, "in working time"
        assert all(one.due <= at for one in steps), "never before it is due"
    running = tracks([INTENT, OWN], LEAD, happened, {})
    assert all(one.told == len(one.ladder.rungs) for one in running), "nothing is lost"


# ── times of day ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("run", "after", "then"),
    [
        (Run(time(8, 50), "workdays"), "2026-11-23 08:49", "2026-11-23 08:50"),
        (Run(time(8, 50), "workdays"), "2026-11-23 08:50", "2026-11-24 08:50"),
        (Run(time(8, 50), "workdays"), "2026-11-27 09:00", "2026-11-30 08:50"),
        (Run(time(8, 50), "workdays"), "2026-10-09 09:00", "2026-10-10 08:50"),  # a make-up Saturday
        (Run(time(8, 40), "monday"), "2026-11-23 09:00", "2026-11-30 08:40"),
        (Run(time(8, 40), "monday"), "2026-09-28 09:00", "2026-10-08 08:40"),  # the week's first working day
        (Run(time(17, 40), "friday"), "2026-11-23 09:00", "2026-11-27 17:40"),
        (Run(time(17, 40), "friday"), "2026-09-28 09:00", "2026-09-30 17:40"),  # the day before the holidays
        (Run(time(17, 40), "friday"), "2026-10-05 09:00", "2026-10-10 17:40"),  # a make-up Saturday
        (Run(time(3, 0), "everyday"), "2026-11-28 03:00", "2026-11-29 03:00"),
    ],
)
def test_times_that_come_round(run: Run, after: str, then: str) -> None:
    assert next_run(CALENDAR, run, wall(after)) == wall(then)


def test_what_becomes_of_a_missed_run() -> None:
    due, within = wall("2026-11-23 08:50"), 6 * HOUR
    assert not late(due, due + timedelta(minutes=9))
    assert policy("skip", due, due, within) == ""
    assert policy("skip", due, due + HOUR, within) == "skip"
    assert policy("once", due, due + HOUR, within) == "once"
    assert policy("once", due, due + DAY, within) == "skip"
    assert policy("digest", due, due + 2 * DAY, within) == "digest"


def test_a_year_without_a_table_still_has_mondays() -> None:
    assert not hours.known_year(2031)
    then = next_run(CALENDAR, Run(time(8, 40), "monday"), wall("2031-01-01 00:00"))
    assert then == wall("2031-01-06 08:40")
