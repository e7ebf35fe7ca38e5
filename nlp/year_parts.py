"""Parts of a year whose number is known: 年底, 上半年, 第三季度, 前三季度, 夏天, 第20周, 第100天."""

import re
from dataclasses import replace
from datetime import date, timedelta

from nlp.numbers import whole
from nlp.stretch import NUMERALS, Days, add_months, days, month_end

# What may stand behind a year, or behind 去年; 季度 alone is read in days.py.
PART = (
    r"(?:年?(?:初|底|末|上半年|下半年|前[两二三2-3]个?季度|第?[一二三四1-4]季度[初末底]?|[Qq][1-4])|年中(?![秋国间午])"
    rf"|[春夏秋冬](?:[天季]|(?=[,。;!?\s]|$))(?!节)|第(?:\d{{1,3}}|[百{NUMERALS}]{{1,6}})个?(?:周(?![一二三四五六日末年])|星期|礼拜|天))"
)
_SEASONS = {"春": 3, "夏": 6, "秋": 9, "冬": 12}  # the month each begins in
_NO_DIGITS = re.compile(r"[年前第季度qQ个初底末]")


def part(match: re.Match[str], year: int, word: str) -> Days:
    """The stretch of `year` that `word` (PART) names; ValueError when the year has no such day."""
    if word[0] == "第" and "季" not in word:
        return _counted(match, year, word)
    if word == "年中":
        return days(match, date(year, 6, 15), date(year, 7, 15), approximate=True)
    if word[0] in _SEASONS:
        return _from_month(match, year, _SEASONS[word[0]], 3, approximate=True)
    word = word.removeprefix("年")
    if word in ("底", "末"):
        return days(match, date(year, 12, 31), approximate=True)
    if word == "初":
        return days(match, date(year, 1, 1), date(year, 1, 31), approximate=True)
    if word.startswith(("上半", "下半")):
        return replace(_from_month(match, year, 1 if word.startswith("上") else 7, 6), grain="half")
    quarter = whole(_NO_DIGITS.sub("", word)) or 1
    if word[0] == "前":
        return _from_month(match, year, 1, 3 * quarter)
    return edge(_from_month(match, year, quarter * 3 - 2, 3), word[-1])


def edge(found: Days, word: str) -> Days:
    """季度初, 季度末: a stretch cut to its first ten days or its last day; the stretch itself for any other word."""
    if word == "初":
        return replace(found, last=found.first + timedelta(days=9), grain="day", approximate=True)
    if word in ("底", "末"):
        return replace(found, first=found.last, grain="day", approximate=True)
    return found


def _from_month(match: re.Match[str], year: int, month: int, count: int, approximate: bool = False) -> Days:
    """`count` whole months; a winter reaches into the next year."""
    start = date(year, month, 1)
    end = add_months(start, count - 1)
    return days(match, start, month_end(end.year, end.month), "quarter", approximate=approximate)


def _counted(match: re.Match[str], year: int, word: str) -> Days:
    """第20周 (the first week is the one with 4 January, as in ISO 8601), 第100天."""
    count = whole(word.strip("第个天周星期礼拜")) or 0
    if word.endswith("天"):
        day = date(year, 1, 1) + timedelta(days=count - 1)
        if not 1 <= count <= 366 or day.year != year:
            raise ValueError(word)
        return days(match, day)
    monday = date.fromisocalendar(year, count, 1)
    return days(match, max(monday, date(year, 1, 1)), monday + timedelta(days=6), "week")
