"""Working hours: the calendar, deadlines counted in it, quiet hours, and how durations are written."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

import chinese_calendar

Hours = Literal["working", "calendar"]
Span = tuple[time, time]

MIDNIGHT: Final = time(0, 0)
LONGEST: Final = timedelta(days=3660)  # ten years: a longer promise is a slip of the pen
UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
WORDS: Final = {"秒": "s", "分": "m", "分钟": "m", "时": "h", "小时": "h", "天": "d", "日": "d"}


@dataclass(frozen=True)
class Calendar:
    """When the firm works: shifts of a working day and quiet hours, both wall clock in `zone`.

    A shift that ends at 00:00 ends at midnight. `holidays` and `workdays` are the firm's own days, which win over
    the national table. Raises ValueError for shifts that overlap or run backwards and for contradicting days.
    """

    zone: ZoneInfo
    shifts: tuple[Span, ...]
    quiet: Span | None = None
    holidays: frozenset[date] = field(default_factory=frozenset)
    workdays: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        check_shifts(self.shifts)
        if self.quiet is not None and self.quiet[0] == self.quiet[1]:
            raise ValueError(
                f"勿扰时段 {_span_text(self.quiet)} 的起止相同：要写两个不同的时间，不要勿扰就留空"
            )
        if both := sorted(self.holidays & self.workdays):
            raise ValueError(f"{both[0]} 同时写在 extra_holidays 和 extra_workdays 里：只能是其中一个")


def midnight(at: datetime) -> datetime:
    """The beginning of the day, on the clock that `at` shows."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


# ── days ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=256)
def known_year(year: int) -> bool:
    """Whether the national table of holidays and make-up days (调休) is published for this year."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except (NotImplementedError, ValueError):
        return False
    return True


@lru_cache(maxsize=8192)
def _national(day: date) -> bool:
    """By the national table; Monday to Friday in a year without one."""
    return bool(chinese_calendar.is_workday(day)) if known_year(day.year) else day.weekday() < 5


def is_workday(cal: Calendar, day: date) -> bool:
    """Whether people work on this day: the firm's own days, else the national table, else Mon–Fri. Never raises."""
    if day in cal.workdays:
        return True
    return day not in cal.holidays and _national(day)


def _instant(zone: ZoneInfo, day: date, wall: time) -> datetime:
    """The first moment (UTC) at which the wall clock shows `wall` or later.

    Clocks that jump forward skip some times; those all mean the moment of the jump, so that order is kept.
    """
    shown = datetime.combine(day, wall)
    late = shown.replace(tzinfo=zone).astimezone(UTC)
    if _wall(late, zone) == shown:
        return late
    early = shown.replace(tzinfo=zone, fold=1).astimezone(UTC)  # before the jump; `late` is after it
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        early, late = (early, middle) if _wall(middle, zone) >= shown else (middle, late)
    return late


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _spans(cal: Calendar, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Working spans (UTC) that end after `at`, in order, until the end of the calendar."""
    day = at.astimezone(cal.zone).date()
    while True:
        if is_workday(cal, day):
            for begin, end in cal.shifts:
                until = _instant(cal.zone, day + timedelta(days=end == MIDNIGHT), end)
                if until > at and (since := _instant(cal.zone, day, begin)) < until:
                    yield since, until
        day += timedelta(days=1)


# ── deadlines ─────────────────────────────────────────────────────────────────────────────────────────────────────


def due(cal: Calendar, start: datetime, after: timedelta, hours: Hours) -> datetime:
    """When a promise of `after` falls due, counted from `start` (aware). Answers in UTC. (B12, B15)

    "working" counts shift time only: a start outside counts from the next shift, a result at a shift's end stays
    there. "calendar" is plain addition. Raises ValueError for a naive start, a negative or ten-year-long `after`.
    """
    start = _aware(start)
    if not timedelta(0) <= after <= LONGEST:
        raise ValueError(f"a deadline after {after} is out of range; expected 0 to {LONGEST.days} days")
    match hours:
        case "calendar":
            return start + after
        case "working":
            left = after
            for since, until in _spans(cal, start):
                begin = max(since, start)
                if left <= until - begin:
                    return begin + left
                left -= until - begin
            raise AssertionError("working spans never end")
        case _:
            raise ValueError(f'hours {hours!r} is unknown; expected "working" or "calendar"')


def worked(cal: Calendar, start: datetime, end: datetime) -> timedelta:
    """Working time between two moments (aware); nothing when `end` lies before `start`."""
    start, end = _aware(start), _aware(end)
    total = timedelta(0)
    if end <= start:
        return total
    for since, until in _spans(cal, start):
        if since >= end:
            break
        total += min(until, end) - max(since, start)
    return total


# ── delivery ──────────────────────────────────────────────────────────────────────────────────────────────────────


def deliver_at(cal: Calendar, at: datetime) -> datetime:
    """The first moment (UTC) not before `at` that lies outside quiet hours; `at` itself when there are none."""
    at = _aware(at)
    if cal.quiet is None:
        return at
    begin, end = cal.quiet
    local = at.astimezone(cal.zone)
    now = local.time()
    overnight = begin > end
    if not (now >= begin or now < end if overnight else begin <= now < end):
        return at
    day = local.date() + timedelta(days=overnight and now >= begin)
    until = _instant(cal.zone, day, end)
    if until < at:  # in the hour that a clock turned back shows twice, the first 01:30 is over already
        until = datetime.combine(day, end, cal.zone).replace(fold=1).astimezone(UTC)
    return until


def working_at(cal: Calendar, at: datetime) -> datetime:
    """The first moment (UTC) not before `at` that lies inside working time."""
    at = _aware(at)
    return max(next(_spans(cal, at))[0], at)


def next_working_morning(cal: Calendar, at: datetime) -> datetime:
    """The next time (UTC, after `at`) that a working day's first shift begins: what 明早 means."""
    at = _aware(at)
    day = at.astimezone(cal.zone).date()
    while True:
        if is_workday(cal, day) and (morning := _instant(cal.zone, day, cal.shifts[0][0])) > at:
            return morning
        day += timedelta(days=1)


# ── as it is written ──────────────────────────────────────────────────────────────────────────────────────────────


def parse_duration(text: str) -> timedelta:
    """ "30m", "2h", "48h", "7d", "3s", "1h30m", also "30分钟" and "2 小时". Raises ValueError for anything else."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()
    if not re.fullmatch(r"(?:\d{1,9}(?:分钟|小时|[smhd秒分时天日]))+", plain):
        raise ValueError(f'时长 {text!r} 看不懂，要写成 "30m"、"2h"、"48h"、"7d" 或 "3s"')
    parts = re.findall(r"(\d+)(\D+)", plain)
    total = timedelta(seconds=sum(int(number) * UNITS[WORDS.get(unit, unit)] for number, unit in parts))
    if total > LONGEST:
        raise ValueError(f"时长 {text!r} 太长，最多 {LONGEST.days} 天")
    return total


def show_duration(length: timedelta) -> str:
    """ "45 秒", "30 分钟", "1 小时 30 分钟", "72 小时", "7 天": its two biggest units; up to three days in hours."""
    seconds = max(0, int(length.total_seconds()))
    if seconds <= 72 * 3600:
        parts = [(seconds // 3600, "小时"), (seconds // 60 % 60, "分钟"), (seconds % 60, "秒")]
    else:
        parts = [(seconds // 86400, "天"), (seconds // 3600 % 24, "小时")]
    shown = [index for index, (number, _) in enumerate(parts) if number]
    if not shown:
        return "0 分钟"
    return " ".join(f"{number} {unit}" for number, unit in parts[shown[0] : shown[0] + 2] if number)


def parse_clock(text: str) -> Span:
    """ "20:00-08:30" → two wall-clock times; "24:00" is midnight. Raises ValueError when it is not such a pair."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    found = re.fullmatch(r"(\d{1,2}):(\d\d)[-–—~〜至到](\d{1,2}):(\d\d)", plain)
    wrong = ValueError(f'时段 {text!r} 看不懂，要写成 "09:00-12:00" 这样的两个时间')
    if found is None:
        raise wrong
    hour, minute, last_hour, last_minute = (int(part) for part in found.groups())
    if (last_hour, last_minute) == (24, 0):
        last_hour = 0
    try:
        span = time(hour, minute), time(last_hour, last_minute)
    except ValueError:
        raise wrong from None
    if span[0] == span[1]:
        raise ValueError(f"时段 {text!r} 的起止相同，要写两个不同的时间")
    return span


def parse_quiet(text: str) -> Span | None:
    """Quiet hours as in config: "20:00-08:30", or "" for none. Raises ValueError."""
    return parse_clock(text) if text.strip() else None


def parse_shifts(texts: Iterable[str]) -> tuple[Span, ...]:
    """["09:00-12:00", "13:30-18:00"] → the shifts of a day. Raises ValueError unless in order and apart."""
    shifts = tuple(parse_clock(text) for text in texts)
    check_shifts(shifts)
    return shifts


def check_shifts(shifts: tuple[Span, ...]) -> None:
    """Raises ValueError unless there is a shift and all run forward, in order, without overlap."""
    if not shifts:
        raise ValueError('工作日一个班次也没有，至少要有一个，例如 "09:00-18:00"')
    before = MIDNIGHT
    for number, (begin, end) in enumerate(shifts):
        if end != MIDNIGHT and end <= begin:
            raise ValueError(
                f"班次 {_span_text((begin, end))} 的结束早于开始；"
                f'跨夜的班次要写成两个："{begin:%H:%M}-24:00" 和 "00:00-{end:%H:%M}"'
            )
        if begin < before or (number and before == MIDNIGHT):
            raise ValueError(f"班次 {_span_text((begin, end))} 在前一个班次结束之前就开始了")
        before = end


def _span_text(span: Span) -> str:
    return f'"{span[0]:%H:%M}-{span[1]:%H:%M}"'


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"the time {at.isoformat()} has no zone; expected an aware datetime")
    return at.astimezone(UTC)


# ── rehearsal ─────────────────────────────────────────────────────────────────────────────────────────────────────


def due_line(cal: Calendar, line: Mapping[str, object], hours: Hours) -> dict[str, str]:
    """{"start": "2026-02-13T17:30", "after": "4h"} → {"due": "2026-02-14T14:00"}: business wall clock both ways.

    Seconds are shown when there are any. Raises ValueError when a key is missing or not understood.
    """
    start, after = line.get("start"), line.get("after")
    if not isinstance(start, str) or not isinstance(after, str):
        raise ValueError(
            'expected {"start": "2026-02-13T17:30", "after": "4h"}, found ' + repr(dict(line))[:200]
        )
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        raise ValueError(f'start {start!r} is not a time; expected for example "2026-02-13T17:30"') from None
    try:
        if moment.tzinfo is None:
            moment = _instant(cal.zone, moment.date(), moment.time())
        wall = _wall(due(cal, moment, parse_duration(after), hours), cal.zone)
    except OverflowError:
        raise ValueError(
            f"start {start!r} with {after!r} leaves the calendar; expected the years 1 to 9999"
        ) from None
    return {"due": wall.isoformat(timespec="auto" if wall.second or wall.microsecond else "minutes")}
