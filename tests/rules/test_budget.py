"""The day's budget: never more than it, always a next time, nothing before its time; no fixtures."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from rules.budget import COUNTED, Spent, Weight, again_at, heard, speak_at, today
from rules.hours import Calendar

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(ZONE, ((time(9), time(12)), (time(13, 30), time(18))), (time(20), time(8, 30)))


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


NOW = wall("2026-11-23 10:00")
REMINDER = Weight.REMINDER


def test_most_of_it_goes_out_at_once() -> None:
    assert speak_at(CALENDAR, Spent("2026-11-23", 14, NOW), 20, NOW, REMINDER) == NOW
    assert speak_at(CALENDAR, Spent("2026-11-22", 20, NOW), 20, NOW, REMINDER) == NOW
    assert speak_at(CALENDAR, Spent("2026-11-23", 900, NOW), 0, NOW, REMINDER) == NOW


def test_the_last_quarter_is_spread_over_the_day() -> None:
    at = speak_at(CALENDAR, Spent("2026-11-23", 15, NOW), 20, NOW, REMINDER)
    assert at == wall("2026-11-23 11:36")
    assert speak_at(CALENDAR, Spent("2026-11-23", 19, NOW), 20, NOW, REMINDER) == wall("2026-11-23 18:00")


def test_after_that_tomorrow_morning() -> None:
    assert speak_at(CALENDAR, Spent("2026-11-23", 20, NOW), 20, NOW, REMINDER) == wall("2026-11-24 08:30")


def test_muted_only_alarms_are_said() -> None:
    until = wall("2026-11-24 09:00")
    for weight in Weight:
        at = speak_at(CALENDAR, Spent(muted_until=until), 20, NOW, weight)
        assert at == (NOW if weight is Weight.ALARM else until)


def test_only_a_reminder_waits_for_the_budget() -> None:
    for sent in (15, 20, 900):
        for weight in set(Weight) - {REMINDER}:
            assert speak_at(CALENDAR, Spent("2026-11-23", sent, NOW), 20, NOW, weight) == NOW
        assert speak_at(CALENDAR, Spent("2026-11-23", sent, NOW), 20, NOW, REMINDER) > NOW


def test_what_may_not_wait_takes_nothing_from_the_rest() -> None:
    assert {Weight.ALARM, Weight.DUE}.isdisjoint(COUNTED)


@given(st.lists(st.integers(0, 23 * 60), max_size=80), st.integers(1, 30))
def test_nobody_gets_more_and_everything_is_said(minutes: list[int], per_day: int) -> None:
    """Messages wish to be said at these minutes; what must wait is said together at the next time allowed."""
    spent, said, waiting = Spent(), [], None
    begin = wall("2026-11-23 00:30")
    for wish in sorted(begin + timedelta(minutes=one) for one in minutes):
        while waiting is not None and waiting <= wish:
            spent, said, waiting = _say(spent, waiting, said), [*said, waiting], None
        at = speak_at(CALENDAR, spent, per_day, wish, REMINDER)
        assert at >= wish
        if at > wish:
            waiting = min(at, waiting) if waiting else at
        else:
            spent, said = _say(spent, wish, said), [*said, wish]
    if waiting is not None:
        assert speak_at(CALENDAR, spent, per_day, waiting, REMINDER) == waiting, "the time given holds"
    for day in {today(CALENDAR, at) for at in said}:
        assert sum(1 for at in said if today(CALENDAR, at) == day) <= per_day


def _say(spent: Spent, at: datetime, _said: list[datetime]) -> Spent:
    day = today(CALENDAR, at)
    return Spent(day, spent.sent + 1 if spent.day == day else 1, at)


HOUR = timedelta(hours=1)


def test_a_reminder_about_one_record_waits_for_the_end_of_the_hour() -> None:
    spent = Spent(about=heard({}, "L-1001", HOUR, NOW))
    later = NOW + timedelta(minutes=20)
    assert again_at(spent, "L-1001", HOUR, later, REMINDER) == NOW + HOUR
    assert again_at(spent, "L-1001", HOUR, NOW + HOUR, REMINDER) == NOW + HOUR
    assert again_at(spent, "L-1002", HOUR, later, REMINDER) == later
    assert again_at(spent, "L-1001", timedelta(0), later, REMINDER) == later
    for weight in set(Weight) - {REMINDER}:
        assert again_at(spent, "L-1001", HOUR, later, weight) == later


def test_what_is_an_hour_old_and_what_is_no_record_is_forgotten() -> None:
    about = heard({"L-1001": NOW - HOUR, "C-0301": NOW - HOUR / 2}, "L-1002", HOUR, NOW)
    assert about == {"C-0301": NOW - HOUR / 2, "L-1002": NOW}
    assert heard(about, "TODAY", HOUR, NOW) == about
    assert heard({}, "L-1001", timedelta(0), NOW) == {}


@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from(("L-1", "L-2"))), max_size=60))
def test_no_record_is_spoken_of_twice_in_an_hour(wishes: list[tuple[int, str]]) -> None:
    spent, said = Spent(), []
    waiting = [(NOW + timedelta(minutes=minute), subject) for minute, subject in wishes]
    while waiting:
        at, subject = min(waiting)
        waiting.remove((at, subject))
        free = again_at(spent, subject, HOUR, at, REMINDER)
        if free > at:
            waiting.append((free, subject))
            continue
        said.append((at, subject))
        spent = Spent(about=heard(spent.about, subject, HOUR, at))
    for subject in ("L-1", "L-2"):
        times = [at for at, about in said if about == subject]
        assert all(b - a >= HOUR for a, b in pairwise(times))
    assert len(said) == len(wishes)
