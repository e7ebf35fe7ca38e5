"""The days of holidays, solar terms and lunar dates by name."""

import re
from datetime import date, timedelta

import ahocorasick_rs

_FIXED = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八节": (3, 8), "植树节": (3, 12), "愚人节": (4, 1),
    "劳动节": (5, 1), "五一": (5, 1), "5.1": (5, 1), "青年节": (5, 4),
    "五四": (5, 4), "儿童节": (6, 1), "六一": (6, 1), "618": (6, 18),
    "建党节": (7, 1), "建军节": (8, 1), "八一": (8, 1), "教师节": (9, 10),
    "国庆": (10, 1), "国庆节": (10, 1), "十一": (10, 1), "10.1": (10, 1),
    "万圣节": (10, 31), "光棍节": (11, 11), "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12),
    "平安夜": (12, 24), "圣诞": (12, 25), "圣诞节": (12, 25),
}  # fmt: skip
_NTH = {"母亲节": (5, 6, 2), "父亲节": (6, 6, 3), "感恩节": (11, 3, 4)}  # month, weekday, which
_LUNAR = {
    "春节": (1, 1), "过年": (1, 1), "大年初一": (1, 1), "元宵": (1, 15), "元宵节": (1, 15), "端午": (5, 5), "端午节": (5, 5),
    "七夕": (7, 7), "七夕节": (7, 7), "中元节": (7, 15), "中秋": (8, 15), "中秋节": (8, 15), "重阳": (9, 9), "重阳节": (9, 9),
    "腊八": (12, 8), "腊八节": (12, 8), "小年": (12, 23),
}  # fmt: skip
_EVE = ("除夕", "年三十", "大年三十", "除夕夜")
# Solar terms of this century by the usual formula: month and constant.
_TERMS = {
    "小寒": (1, 5.4055), "大寒": (1, 20.12), "立春": (2, 3.87), "雨水": (2, 18.73), "惊蛰": (3, 5.63), "春分": (3, 20.646),
    "清明": (4, 4.81), "清明节": (4, 4.81), "谷雨": (4, 20.1),
    "立夏": (5, 5.52), "小满": (5, 21.04), "芒种": (6, 5.678), "夏至": (6, 21.37),
    "小暑": (7, 7.108), "大暑": (7, 22.83), "立秋": (8, 7.5), "处暑": (8, 23.13), "白露": (9, 7.646), "秋分": (9, 23.042),
    "寒露": (10, 8.318), "霜降": (10, 23.438), "立冬": (11, 7.438), "小雪": (11, 22.36), "大雪": (11, 7.18), "冬至": (12, 21.94),
}  # fmt: skip
# Terms that are also weather or a word: no day without 节气.
_UNSURE = frozenset(("雨水", "小雪", "大雪", "小满", "大寒", "小寒", "白露", "惊蛰"))
# The first day of each lunar year, its leap month (0: none) and the lengths of its months, + 30 and - 29 days:
# the published calendar, computed with the MIT-licensed library borax.
_YEARS = {
    2020: (1, 25, 4, "-+++-+--+-+-+"), 2021: (2, 12, 0, "-++-+-+-+-+-"), 2022: (2, 1, 0, "+-+-++-+-+-+"),
    2023: (1, 22, 2, "-+--++-++-+-+"), 2024: (2, 10, 0, "-+--+-++-++-"), 2025: (1, 29, 6, "+-+--+-+-+++-"),
    2026: (2, 17, 0, "+-+--+--+++-"), 2027: (2, 6, 0, "++-+--+--++-"), 2028: (1, 26, 5, "+++-+--+--++-"),
    2029: (2, 13, 0, "++-+-+-+--++"), 2030: (2, 3, 0, "-+-++-+-+-+-"), 2031: (1, 23, 3, "-++-+-++-+-+-"),
    2032: (2, 11, 0, "+--+-++-++-+"), 2033: (1, 31, 11, "-+--+-+-+++-+"), 2034: (2, 19, 0, "-+--+-+-++-+"),
    2035: (2, 8, 0, "+-+--+--++-+"), 2036: (1, 28, 6, "++-+--+--+-++"),
}  # fmt: skip

# A number is a holiday only when something says so: 十一放假, 5.1节后.
_NUMBERS = frozenset(("十一", "5.1", "10.1"))
ALL = sorted((*_FIXED, *_NTH, *_LUNAR, *_EVE, *(set(_TERMS) - _UNSURE)), key=lambda name: (-len(name), name))
PATTERN = "|".join(
    re.escape(name) + ("(?=节|假|长假|期间|放假|[以之]?[前后])" if name in _NUMBERS else "") for name in ALL
)

_NAMES = ahocorasick_rs.AhoCorasick(ALL)


def named(text: str) -> bool:
    """Does the text name any of them?"""
    return bool(_NAMES.find_matches_as_indexes(text))


def lunar(year: int, month: int, day: int) -> date | None:
    """The day of a lunar date (not in a leap month), None outside the table or when the month has no such day."""
    if year not in _YEARS or not 1 <= month <= 12:
        return None
    first_month, first_day, leap, lengths = _YEARS[year]
    before = month - 1 + (1 if 0 < leap < month else 0)
    if not 1 <= day <= (30 if lengths[before] == "+" else 29):
        return None
    passed = sum(30 if length == "+" else 29 for length in lengths[:before])
    return date(year, first_month, first_day) + timedelta(days=passed + day - 1)


def on(name: str, year: int) -> date | None:
    """The day of that holiday in that year, None when it is not in the tables."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _LUNAR:
        return lunar(year - 1 if _LUNAR[name][0] == 12 else year, *_LUNAR[name])
    if name in _NTH:
        month, weekday, which = _NTH[name]
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
    if name in _TERMS:
        month, constant = _TERMS[name]
        short = year % 100
        return date(year, month, int(short * 0.2422 + constant) - (short - (month < 3)) // 4)
    spring = lunar(year, 1, 1)
    return spring - timedelta(days=1) if spring else None


def coming(name: str, today: date) -> date | None:
    """The next such day, today included."""
    for year in (today.year, today.year + 1):
        day = on(name, year)
        if day is not None and day >= today:
            return day
    return None


# Days off around a holiday, as they usually fall, for years whose calendar is not published yet: before, after.
_USUALLY = {
    "元旦": (0, 0), "春节": (1, 6), "清明": (0, 0), "五一": (0, 4), "端午": (0, 0), "中秋": (0, 0), "国庆": (0, 6),
}  # fmt: skip


def usually_off(day: date) -> bool:
    """Is it one of the days that are off every year, make-up days aside?"""
    for name, (before, after) in _USUALLY.items():
        feast = on(name, day.year)
        if feast is not None and feast - timedelta(days=before) <= day <= feast + timedelta(days=after):
            return True
    return False
