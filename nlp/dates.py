"""Dates in figures alone, and decades: 26/3/5, 11/23/2026, 定在12-18, 12.8-12.10, 2027Q1, 90年代."""

import re
from datetime import date

from nlp.late import late
from nlp.numbers import whole
from nlp.stretch import NUMERALS, Days, Reader, coming_year, days, month_end


def _short_year(match: re.Match[str], today: date) -> Days | None:
    """26/3/5, 26.3.5, 26-03-05."""
    return days(match, date(2000 + int(match["y"]), int(match["m"]), int(match["d"])))


def _year_last(match: re.Match[str], today: date) -> Days | None:
    """11/23/2026; a first number beyond 12 is the day."""
    first, second = int(match["a"]), int(match["b"])
    month, day = (second, first) if first > 12 else (first, second)
    return days(match, date(int(match["y"]), month, day))


def _told(match: re.Match[str], today: date) -> Days | None:
    """12-18, 11.28 where something says that it is a date."""
    ahead = match.string[max(0, match.start() - 5) : match.start()]
    if not _DATED_BEFORE.search(ahead) and not _DATED_AFTER.match(match.string, match.end()):
        return None
    month, day = int(match["m"]), int(match["d"])
    return days(match, date(coming_year(month, day, today, False), month, day), how="month-day")


_DATED_BEFORE = late(
    r"(?:[定约改排推挪延移]在|[定约改排推挪延]到|日期是?:?|时间是?:?|定于|改为|(?<![低高大小等])于|截[止至]到?|最[晚迟]|就)\s?$"
)
_DATED_AFTER = late(
    r"那天|当天|之前|以前|前(?![面台])|(?:开始|开[会工业标展]|出发|到[货期]|[发交]货|截止|见面|放假|上班|出院|回来)"
)


def _from_to(match: re.Match[str], today: date) -> Days | None:
    """12.8-12.10, 12/8~1/10: two dates near each other; anything else written so is a size."""
    if (
        not match["sure"]
        and match["s"] == "."
        and (len(match["d"]) + len(match["d2"]) < 3 or _SIZE.match(match.string, match.end()))
    ):
        return None
    month, last_month = int(match["m"]), int(match["m2"])
    if (last_month - month) % 12 > 2:
        return None
    first = date(coming_year(month, int(match["d"]), today, False), month, int(match["d"]))
    last = date(first.year + (last_month < month), last_month, int(match["d2"]))
    return days(match, first, last, how="month-day") if first < last else None


_SIZE = late(r"\s?[米元块斤吨公厘毫寸度万千百倍个件台台折伏安瓦℃%a-zA-Z]")


def _quarter_of(match: re.Match[str], today: date) -> Days | None:
    """2027Q1."""
    year, month = int(match["y"]), 3 * int(match["q"])
    return days(match, date(year, month - 2, 1), month_end(year, month), "quarter")


def _decade(match: re.Match[str], today: date) -> Days | None:
    """90年代, 上世纪八十年代, 21世纪20年代."""
    tens = whole(match["tens"]) or 0
    year = (1900 if tens >= 40 and match["age"] not in _THIS_AGE else 2000) + tens
    return days(match, date(year, 1, 1), date(year + 9, 12, 31), "year")


_THIS_AGE = ("本世纪", "21世纪", "二十一世纪")
_SHORT = r"(?P<m>1[0-2]|0?[1-9])(?P=s)(?P<d>3[01]|[12]\d|0?[1-9])"

# The characters without which the pattern cannot match, the pattern, and who reads it.
READERS: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    (
        "/.-",
        late(
            rf"(?<![\w.\-/号本])(?P<y>2[3-9]|2[0-2](?=[/.]))(?P<s>[/.\-]){_SHORT}(?:日|号)?(?![\d:]|[./\-]\d|版)"
        ),
        _short_year,
    ),
    ("/", late(r"(?<![\w.\-/])(?P<a>[0-3]?\d)/(?P<b>[0-3]?\d)/(?P<y>20[0-4]\d|19\d\d)(?![\d/])"), _year_last),
    (
        ".-",
        late(r"(?<![\d./\-#a-zA-Z])(?P<m>1[0-2]|0?[1-9])[.\-](?P<d>3[01]|[12]\d|0?[1-9])(?![\d./\-%a-zA-Z])"),
        _told,
    ),
    (
        "./",
        late(
            r"(?<![\d./\-#a-zA-Z])(?P<m>1[0-2]|0?[1-9])(?P<s>[./])(?P<d>3[01]|[12]\d|0?[1-9])(?:日|号)?\s?[\-~到至]\s?"
            r"(?P<m2>1[0-2]|0?[1-9])(?P=s)(?P<d2>3[01]|[12]\d|0?[1-9])(?P<sure>日|号)?(?![\d./\-])"
        ),
        _from_to,
    ),
    ("Qq", late(r"(?<![\w.\-/])(?P<y>20\d\d)\s?[Qq](?P<q>[1-4])(?![\dA-Za-z])"), _quarter_of),
    (
        "代",
        late(
            rf"(?P<age>上个?世纪|本世纪|二十一?世纪|2[01]世纪)?(?<![\d{NUMERALS}])(?P<tens>[1-9]0|[一二三四五六七八九]?十)年代(?!表)"
        ),
        _decade,
    ),
)

# Where they may begin.
BEGIN: dict[Reader, str] = {
    _short_year: r"2(?=[0-9][/.\-])",
    _year_last: r"[0-9](?=[0-9]?/)",
    _told: r"[0-9](?=[0-9]?[.\-])",
    _from_to: r"[0-9](?=[0-9]?[./])",
    _quarter_of: r"2(?=0)",
    _decade: r"[上本二2\d一三四五六七八九十](?=[\d一个世十0年])",
}
