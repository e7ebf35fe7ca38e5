"""When a message was sent: the stamps that chat programs write beside a name, and the moment they mean."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from nlp.late import late

DATE = (
    r"(?:(?:19|20)?\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]20\d\d|\d/\d{1,2}/\d\d(?!\d)"
    r"|(?:19|20)\d\d年\d{1,2}月\d{1,2}[日号])"
)
WEEKDAY = r"(?:周|星期|礼拜)[一二三四五六日天]"
MONTH_DAY = r"(?:\d{1,2}[-/]\d{1,2}|\d{1,2}月\d{1,2}[日号])"
_ENGLISH_DAY = r"(?:Yesterday|Today|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)(?: at)?"
NEAR_DAY = rf"(?:今天|昨天|前天|(?:上?(?:周|星期|礼拜))[一二三四五六日天]|{_ENGLISH_DAY})"
_CLOCK = r"(?:(?:上午|下午|晚上|凌晨|中午|早上|傍晚)\s?)?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d{3})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.?"
_ENGLISH_DATE = rf"(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH}),? 20\d\d"
# A weekday may follow the date; the clock is set off by a blank or begins with its part of the day.
_TO_CLOCK = r"(?:\s*(?=[上下晚凌中早傍])|\s+)"
FULL = (
    rf"(?:{DATE}(?:\s?\(?{WEEKDAY}\)?)?,?(?:{_TO_CLOCK}|T){_CLOCK}(?:Z|\+08:?00)?"
    rf"|{_ENGLISH_DATE},?(?: at)? {_CLOCK})"
)
SHORT = rf"{MONTH_DAY}(?:\s?{WEEKDAY})?{_TO_CLOCK}{_CLOCK}"
NEAR = rf"(?:{NEAR_DAY}\s*)?{_CLOCK}(?: {WEEKDAY})?"
ANY = rf"(?:{FULL}|{SHORT}|{NEAR})"


def moments(stamps: list[str], above: list[str | None], now: datetime | None) -> list[datetime | None]:
    """When each message was sent, as naive wall clock: its own stamp, with the day of the divider `above` it where it has
    none itself, else the day of `now` (the day before for an hour still to come). None where that cannot be told."""
    return [
        _at(stamp, _day(day, now) if day is not None else None, now)
        for stamp, day in zip(stamps, above, strict=True)
    ]


_WEEKDAY_LAST = late(rf"^({_CLOCK}) ({WEEKDAY})$")  # 14:02 周三
_WEEKDAY_ENDS = tuple("一二三四五六日天")
_CLOCK_LAST = re.compile(_CLOCK + r"$")
_HOUR = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_LATE = re.compile(r"下午|晚上|傍晚|[Pp]\.?[Mm]")
_EARLY = re.compile(r"上午|凌晨|早上|[Aa]\.?[Mm]")


def _at(stamp: str, day: date | None, now: datetime | None) -> datetime | None:
    if stamp.endswith(_WEEKDAY_ENDS):
        stamp = _WEEKDAY_LAST.sub(r"\2 \1", stamp)
    clock_match = _CLOCK_LAST.search(stamp)
    if clock_match is None:
        return None
    moment = _clock(clock_match[0])
    words = stamp[: clock_match.start()].removesuffix(" at ").strip(" ,").removesuffix("T")
    own = _day(words, now) if words else None
    if words and own is None:
        return None
    if own is None:
        own = day if day is not None else now.date() if now is not None else None
    if own is None or moment is None:
        return None
    at = datetime.combine(own, moment)
    return at - timedelta(days=1) if now is not None and not words and day is None and at > now else at


def _clock(words: str) -> time | None:
    match = _HOUR.search(words)
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    bare = words[0].isdigit() and words[-1].isdigit()  # no part of the day
    late, early = not bare and _LATE.search(words) is not None, not bare and _EARLY.search(words) is not None
    hour = hour + 12 if late and hour < 12 else 0 if early and hour == 12 else hour
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


_NEAR_DAYS: dict[str, Callable[[date], date]] = {
    "今天": lambda today: today,
    "昨天": lambda today: today - timedelta(days=1),
    "前天": lambda today: today - timedelta(days=2),
    "Today": lambda today: today,
    "Yesterday": lambda today: today - timedelta(days=1),
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NAME = re.compile("|".join(_MONTHS))


def _dated(first: int, month: int, last: int, now: datetime | None) -> date:
    """2026-11-20, 26-11-20, 20.11.2026, 11/20/2026; 20.11.26 is the day that lies nearer. Raises ValueError."""
    if first >= 100:
        return date(first, month, last)
    if month > 12:  # the month first
        first, month = month, first
    if last >= 100:
        return date(last, month, first)
    backwards = date(2000 + last, month, first) if last and first <= 31 else None
    if last > 31 or (now is not None and backwards is not None and abs((backwards - now.date()).days) < 60):
        return backwards or date(2000 + first, month, last)
    return date(2000 + first, month, last)


def _day(words: str, now: datetime | None) -> date | None:
    """The day of a stamp: written out, or the latest one it can mean."""
    numbers = [int(number) for number in re.findall(r"\d+", words)]
    named = _MONTH_NAME.search(words) if words[:1].isascii() or words[-1:].isascii() else None
    try:
        if named is not None and len(numbers) == 2:
            return date(numbers[1], _MONTHS.index(named[0]) + 1, numbers[0])
        if len(numbers) >= 3:
            return _dated(numbers[0], numbers[1], numbers[2], now)
        if now is None:
            return None
        if len(numbers) == 2:
            found = date(now.year, numbers[0], numbers[1])
            return found if found <= now.date() else found.replace(year=now.year - 1)
    except ValueError:
        return None
    near = re.match(NEAR_DAY, words)
    if near is None or now is None:
        return None
    if (named_day := near[0].removesuffix(" at")) in _NEAR_DAYS:
        return _NEAR_DAYS[named_day](now.date())
    weekday = (
        _WEEKDAYS.index(named_day)
        if named_day in _WEEKDAYS
        else "一二三四五六日".index(near[0][-1].replace("天", "日"))
    )
    back = (now.weekday() - weekday) % 7 or 7
    return now.date() - timedelta(days=back)
