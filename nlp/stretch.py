"""A stretch of days, the words a date is made of, and the arithmetic of months."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from nlp.numbers import whole


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Days:
    """A day or a stretch of days, [start, end) in the text. `how` says which rule wrote it; a range's end looks at it."""

    start: int
    end: int
    first: date
    last: date
    grain: str = "day"
    approximate: bool = False
    how: str = "date"


NUMERALS = "零〇一二两三四五六七八九十"

# What is said of a year and not of a number of years: 21年买的, 98年成立, 15年3月.
_OF_A_YEAR = (
    rf"(?=年(?:[\d{NUMERALS}]{{1,2}}月|第?[一二三四1-4]季|[Qq][1-4]|[上下]半年|年?[初底末](?!级)|[春夏秋冬]|[的就]?(?:买|签|成立|"
    r"开[始业工张]|建[成立]|装的|上[线市]|投产|出厂|入[职学行]|毕业|做的|那[会年批台]|到现在|至今)))"
)
# Two digits are a year when nobody counts so: 08, 95, 九八; not 50年老店, 七八年 (seven or eight).
_TWO_DIGITS = (
    r"0\d(?=年)|(?<!了)(?:[789][1-9](?=年(?![了多来历以之产老质]))"
    r"|(?:零[一二三四五六七八九]|九[一二三四五六七八]|一[一三四五六七八九]|二[零〇一二四五六七八九])(?=年(?![了多级]))"
    rf"|[1-9]\d{_OF_A_YEAR})"
)
YEAR = rf"(?:(?:1[6-9]|20|21)\d\d|[一二][{NUMERALS}]{{3}}|{_TWO_DIGITS})"

MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]|(?<![\d万千百十亿])元)"

DAY = (
    r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
)

WHICH_YEAR = {
    "大前年": -3, "前年": -2, "去年": -1, "上一年": -1, "今年": 0, "本年": 0, "明年": 1, "来年": 1, "下一年": 1,
    "后年": 2, "大后年": 3,
}  # fmt: skip

WHICH = {"上上": -2, "上": -1, "本": 0, "这": 0, "今": 0, "当": 0, "下": 1, "下下": 2}

WEEKDAYS = {
    "一": 0,
    "二": 1,
    "三": 2,
    "四": 3,
    "五": 4,
    "六": 5,
    "日": 6,
    "天": 6,
    "末": 5,
    **{str(n): n - 1 for n in range(1, 8)},
}

Reader = Callable[[re.Match[str], date], Days | None]


def days(
    match: re.Match[str],
    first: date,
    last: date | None = None,
    grain: str = "day",
    how: str = "date",
    approximate: bool = False,
) -> Days:
    """The stretch from `first` to `last` (one day without it) that these words name."""
    return Days(match.start(), match.end(), first, last or first, grain, approximate, how)


def month_end(year: int, month: int) -> date:
    """The last day of that month."""
    return date(year, month, monthrange(year, month)[1])


def add_months(day: date, count: int) -> date:
    """The same day `count` months on, or the last day of a shorter month."""
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def year_of(words: str, today: date) -> int:
    """The year of these digits; of two, those from 50 on are of the last century."""
    value = whole(words) or 0
    return value if value >= 100 else value + (1900 if value >= 50 else 2000)


def month_of(words: str | None) -> int | None:
    """The number of a month, 元月 is the first; None without a word."""
    return 1 if words == "元" else whole(words or "")


def coming_year(month: int, day: int, today: date, whole_month: bool) -> int:
    """A date within the last 30 days is most likely looked back upon; an older one is next year's."""
    if whole_month:
        gone = (today.year, today.month) > (today.year, month) and today.month - month > 1
        return today.year + 1 if gone else today.year
    day = min(day, monthrange(today.year, month)[1])
    passed = (today - date(today.year, month, day)).days
    if passed > 30:
        return today.year + 1
    if passed < -330:  # 12月30日 said in early January
        return today.year - 1
    return today.year
