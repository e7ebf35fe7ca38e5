"""Deadlines, quiet hours and working days, as the firm's people would count them on a wall calendar."""

import os
import time as clock
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rules import hours
from rules.hours import Calendar, deliver_at, due, due_line, is_workday, known_year, worked, working_at

SHANGHAI = ZoneInfo("Asia/Shanghai")
SHIFTS = hours.parse_shifts(["09:00-12:00", "13:30-18:00"])
OFFICE = Calendar(SHANGHAI, SHIFTS, hours.parse_quiet("20:00-08:30"))
ODD_ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
)

moments = some.datetimes(
    datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2028-01-01"), timezones=some.just(UTC)
)
lengths = some.timedeltas(timedelta(0), timedelta(days=20))
calendars = some.sampled_from(
    [OFFICE]
    + [Calendar(ZoneInfo(zone), SHIFTS, OFFICE.quiet) for zone in ODD_ZONES]
    + [
        Calendar(
            ZoneInfo(zone), hours.parse_shifts(["00:30-02:30", "02:45-24:00"]), (time(1, 15), time(2, 30))
        )
        for zone in ODD_ZONES
    ]
)


def wall(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("start", "after", "expected"),
    [
        pytest.param("2026-11-23T10:00", "2h", "2026-11-23T12:00", id="plain"),
        pytest.param("2026-11-23T11:30", "2h", "2026-11-23T15:00", id="lunch"),
        pytest.param("2026-11-23T17:00", "4h", "2026-11-24T12:00", id="overnight"),
        pytest.param("2026-11-20T17:30", "4h", "2026-11-23T14:00", id="weekend"),
        pytest.param("2026-11-21T22:30", "4h", "2026-11-23T14:30", id="created on a rest day"),
        pytest.param("2026-02-13T17:30", "4h", "2026-02-14T14:00", id="make-up Saturday counts"),
        pytest.param("2026-02-14T15:00", "4h", "2026-02-24T10:00", id="nine days of Spring Festival"),
        pytest.param("2026-09-30T16:00", "4h", "2026-10-08T11:00", id="National Day"),
        pytest.param("2026-10-09T17:00", "2h", "2026-10-10T10:00", id="make-up Saturday after National Day"),
        pytest.param("2027-02-05T17:30", "4h", "2027-02-08T14:00", id="2027 has no table: Mon-Fri"),
    ],
)
def test_the_published_vectors(start: str, after: str, expected: str) -> None:
    line = {"start": start, "after": after}
    assert due_line(OFFICE, line, "working") == {"due": expected}
    length = hours.parse_duration(after)
    assert due(OFFICE, wall(start), length, "working") == wall(expected)
    assert worked(OFFICE, wall(start), wall(expected)) == length


def test_a_year_without_a_table_works_monday_to_friday_and_says_so() -> None:
    assert known_year(2026)
    assert not known_year(2027)
    assert not known_year(9999)
    week = [is_workday(OFFICE, date(2027, 10, 4) + timedelta(days=n)) for n in range(7)]
    assert week == [True] * 5 + [False] * 2
    assert due(OFFICE, wall("2026-12-31T17:00"), timedelta(hours=4), "working") == wall("2027-01-01T12:00")


def test_the_firms_own_days_win_over_the_table() -> None:
    monday, saturday, new_year = date(2026, 11, 23), date(2026, 11, 28), date(2026, 1, 1)
    firm = Calendar(
        SHANGHAI,
        SHIFTS,
        holidays=frozenset({monday}),
        workdays=frozenset({saturday, new_year, date(2027, 5, 1)}),
    )
    assert not is_workday(firm, monday)
    assert is_workday(firm, saturday)
    assert is_workday(firm, new_year)
    assert is_workday(firm, date(2027, 5, 1))
    assert due(firm, wall("2026-11-27T17:30"), timedelta(hours=4), "working") == wall("2026-11-28T14:00")
    assert due(firm, wall("2026-11-20T17:30"), timedelta(hours=4), "working") == wall("2026-11-24T14:00")


def test_calendar_hours_are_plain_time_whatever_the_day() -> None:
    assert due(OFFICE, wall("2026-02-14T15:00"), timedelta(hours=72), "calendar") == wall("2026-02-17T15:00")
    line = {"start": "2026-11-22T23:59:58", "after": "3s"}
    assert due_line(OFFICE, line, "calendar") == {"due": "2026-11-23T00:00:01"}


def test_a_start_at_the_end_of_a_shift_counts_from_the_next_one() -> None:
    assert due(OFFICE, wall("2026-11-23T12:00"), timedelta(minutes=1), "working") == wall("2026-11-23T13:31")
    assert due(OFFICE, wall("2026-11-23T12:00"), timedelta(0), "working") == wall("2026-11-23T13:30")
    assert due(OFFICE, wall("2026-11-23T11:00"), timedelta(hours=1), "working") == wall("2026-11-23T12:00")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-23T19:59:59", "2026-11-23T19:59:59"),
        ("2026-11-23T20:00", "2026-11-24T08:30"),
        ("2026-11-23T23:30", "2026-11-24T08:30"),
        ("2026-11-24T00:00", "2026-11-24T08:30"),
        ("2026-11-24T08:29", "2026-11-24T08:30"),
        ("2026-11-24T08:30", "2026-11-24T08:30"),
    ],
)
def test_a_night_message_waits_until_half_past_eight(at: str, expected: str) -> None:
    assert deliver_at(OFFICE, wall(at)) == wall(expected)
    loud = Calendar(SHANGHAI, SHIFTS, None)
    assert deliver_at(loud, wall(at)) == wall(at)


def test_quiet_hours_within_one_day() -> None:
    napping = Calendar(SHANGHAI, SHIFTS, hours.parse_quiet("12:00-13:30"))
    assert deliver_at(napping, wall("2026-11-23T12:10")) == wall("2026-11-23T13:30")
    assert deliver_at(napping, wall("2026-11-23T23:10")) == wall("2026-11-23T23:10")


def test_a_silence_found_on_sunday_is_told_on_monday_morning() -> None:
    assert working_at(OFFICE, wall("2026-11-22T11:00")) == wall("2026-11-23T09:00")
    assert working_at(OFFICE, wall("2026-11-23T12:30")) == wall("2026-11-23T13:30")
    assert working_at(OFFICE, wall("2026-11-23T14:30")) == wall("2026-11-23T14:30")


def test_tomorrow_morning_is_the_next_working_one() -> None:
    assert hours.next_working_morning(OFFICE, wall("2026-11-20T10:00")) == wall("2026-11-23T09:00")
    assert hours.next_working_morning(OFFICE, wall("2026-02-13T19:00")) == wall("2026-02-14T09:00")
    assert hours.next_working_morning(OFFICE, wall("2026-11-23T01:00")) == wall("2026-11-23T09:00")
    assert hours.next_working_morning(OFFICE, wall("2026-11-23T09:00")) == wall("2026-11-24T09:00")


@settings(deadline=None)
@given(calendars, moments, lengths)
def test_the_work_until_a_deadline_is_what_was_promised(
    cal: Calendar, start: datetime, after: timedelta
) -> None:
    end = due(cal, start, after, "working")
    assert end >= start
    assert worked(cal, start, end) == after
    assert end.tzinfo is UTC


@settings(deadline=None)
@given(calendars, moments, moments, lengths, lengths)
def test_later_starts_and_longer_promises_never_fall_due_earlier(
    cal: Calendar, one: datetime, other: datetime, short: timedelta, long: timedelta
) -> None:
    one, other = sorted((one, other))
    short, long = sorted((short, long))
    assert due(cal, one, short, "working") <= due(cal, one, long, "working")
    assert due(cal, one, short, "working") <= due(cal, other, short, "working")


@settings(deadline=None)
@given(calendars, moments)
def test_delivery_is_the_first_moment_allowed_in_every_zone(cal: Calendar, at: datetime) -> None:
    assert cal.quiet is not None
    begin, end = cal.quiet

    def quiet(moment: datetime) -> bool:
        now = moment.astimezone(cal.zone).time()
        return begin <= now < end if begin < end else now >= begin or now < end

    sent = deliver_at(cal, at)
    assert sent >= at
    assert not quiet(sent)
    assert deliver_at(cal, sent) == sent
    if sent != at:
        assert quiet(at)
        assert quiet(sent - timedelta(seconds=1)) or sent - timedelta(seconds=1) < at
    working = working_at(cal, at)
    assert working >= at
    assert working_at(cal, working) == working
    assert worked(cal, at, working) == timedelta(0)


@settings(deadline=None)
@given(moments, lengths, some.sampled_from(ODD_ZONES))
def test_the_zone_a_moment_is_written_in_changes_nothing(
    start: datetime, after: timedelta, zone: str
) -> None:
    elsewhere = start.astimezone(ZoneInfo(zone))
    assert due(OFFICE, elsewhere, after, "working") == due(OFFICE, start, after, "working")
    assert deliver_at(OFFICE, elsewhere) == deliver_at(OFFICE, start)


@pytest.fixture(params=["UTC", "America/Los_Angeles", "Asia/Shanghai"])
def server_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    clock.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    clock.tzset()


def test_the_zone_of_the_server_changes_nothing(server_zone: str) -> None:
    assert os.environ["TZ"] == server_zone
    line = {"start": "2026-02-13T17:30", "after": "4h"}
    assert due_line(OFFICE, line, "working") == {"due": "2026-02-14T14:00"}


def test_clocks_that_jump_do_not_lose_or_add_work() -> None:
    night = Calendar(ZoneInfo("America/New_York"), hours.parse_shifts(["01:00-04:00"]))
    before = wall("2024-03-08T01:00", night.zone)  # Friday; the jump is on Sunday 10 March, a rest day
    assert due(night, before, timedelta(hours=4), "working") == wall("2024-03-11T02:00", night.zone)
    sunday = Calendar(night.zone, night.shifts, workdays=frozenset({date(2024, 3, 10), date(2024, 11, 3)}))
    start, end = wall("2024-03-10T00:00", night.zone), wall("2024-03-10T12:00", night.zone)
    assert worked(sunday, start, end) == timedelta(hours=2)
    start, end = wall("2024-11-03T00:00", night.zone), wall("2024-11-03T12:00", night.zone)
    assert worked(sunday, start, end) == timedelta(hours=4)


def test_a_shift_until_midnight_runs_into_the_next_day() -> None:
    late = Calendar(SHANGHAI, hours.parse_shifts(["00:00-06:00", "18:00-24:00"]))
    assert due(late, wall("2026-11-23T22:00"), timedelta(hours=3), "working") == wall("2026-11-24T01:00")


def test_ten_years_are_counted_quickly() -> None:
    began = perf_counter()
    start = wall("2020-01-01T00:00")
    end = due(OFFICE, start, timedelta(hours=7.5 * 2500), "working")
    assert end > wall("2029-06-01T00:00")
    assert worked(OFFICE, start, end) == timedelta(hours=7.5 * 2500)
    assert perf_counter() - began < 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3s", 3),
        ("30m", 1800),
        ("2h", 7200),
        ("48h", 172800),
        ("7d", 604800),
        ("1h30m", 5400),
        ("0m", 0),
        ("30分", 1800),
        ("30 分钟", 1800),
        ("2小时", 7200),
        ("２Ｈ", 7200),
        ("3天", 259200),
    ],
)
def test_durations_are_read(text: str, seconds: int) -> None:
    assert hours.parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "2 weeks", "1.5h", "两小时", "99999999d", "2h,"])
def test_a_duration_that_is_not_one_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"时长 .*(要写成|最多)"):
        hours.parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 分钟"),
        (45, "45 秒"),
        (90, "1 分钟 30 秒"),
        (1800, "30 分钟"),
        (7200, "2 小时"),
        (5400, "1 小时 30 分钟"),
        (172800, "48 小时"),
        (259200, "72 小时"),
        (604800, "7 天"),
        (619200, "7 天 4 小时"),
        (-5, "0 分钟"),
        (3605, "1 小时"),
    ],
)
def test_durations_are_shown(seconds: int, shown: str) -> None:
    assert hours.show_duration(timedelta(seconds=seconds)) == shown


def test_hours_of_the_day_are_read() -> None:
    assert hours.parse_clock("20:00-08:30") == (time(20), time(8, 30))
    assert hours.parse_clock("9：00 — 24:00") == (time(9), time(0))
    assert hours.parse_quiet("  ") is None


@pytest.mark.parametrize(
    "text", ["", "20:00", "20:00-25:00", "20:61-21:00", "8-9", "08:00-08:00", "24:00-08:00"]
)
def test_hours_that_are_not_such_are_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"时段 .*要写"):
        hours.parse_clock(text)


@pytest.mark.parametrize(
    ("shifts", "complaint"),
    [
        ([], "一个班次也没有"),
        (["13:00-18:00", "09:00-12:00"], "在前一个班次结束之前"),
        (["09:00-12:00", "11:00-18:00"], "在前一个班次结束之前"),
        (["09:00-24:00", "10:00-11:00"], "在前一个班次结束之前"),
        (["22:00-06:00"], r'写成两个："22:00-24:00" 和 "00:00-06:00"'),
    ],
)
def test_shifts_that_do_not_fit_are_explained(shifts: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        hours.parse_shifts(shifts)
    with pytest.raises(ValueError, match=complaint):
        Calendar(SHANGHAI, tuple(hours.parse_clock(text) for text in shifts))


def test_a_calendar_that_contradicts_itself_is_refused() -> None:
    day = frozenset({date(2026, 11, 23)})
    with pytest.raises(ValueError, match="2026-11-23 同时写在"):
        Calendar(SHANGHAI, SHIFTS, holidays=day, workdays=day)
    with pytest.raises(ValueError, match="勿扰时段"):
        Calendar(SHANGHAI, SHIFTS, (time(8), time(8)))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({}, "expected"),
        ({"start": "2026-02-13T17:30"}, "expected"),
        ({"start": 5, "after": "4h"}, "expected"),
        ({"start": "tomorrow", "after": "4h"}, "start 'tomorrow' is not a time"),
        ({"start": "2026-02-13T17:30", "after": "soon"}, "时长 'soon'"),
        ({"start": "9999-12-31T17:30", "after": "10d"}, "leaves the calendar"),
        ({"start": "0001-01-01T00:00", "after": "4h"}, "leaves the calendar"),
    ],
)
def test_a_rehearsal_line_that_cannot_be_read_is_named(line: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        due_line(OFFICE, line, "working")


def test_moments_without_a_zone_and_unknown_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        due(OFFICE, datetime.fromisoformat("2026-11-23T10:00"), timedelta(hours=2), "working")
    with pytest.raises(ValueError, match="unknown"):
        due(OFFICE, wall("2026-11-23T10:00"), timedelta(hours=2), "holiday")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="out of range"):
        due(OFFICE, wall("2026-11-23T10:00"), timedelta(seconds=-1), "working")
