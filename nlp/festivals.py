"""The days of holidays by name."""

from datetime import date, timedelta

_FIXED = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八节": (3, 8), "植树节": (3, 12), "愚人节": (4, 1),
    "劳动节": (5, 1), "五一": (5, 1), "青年节": (5, 4), "五四": (5, 4), "儿童节": (6, 1), "六一": (6, 1), "618": (6, 18),
    "建党节": (7, 1), "建军节": (8, 1), "八一": (8, 1), "教师节": (9, 10), "国庆": (10, 1), "国庆节": (10, 1),
    "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12),
    "平安夜": (12, 24), "圣诞": (12, 25), "圣诞节": (12, 25),
}  # fmt: skip
# Days of the lunar calendar, from the published calendars. 中秋 and 端午 by year.
_SPRING = {
    2020: (1, 25), 2021: (2, 12), 2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6),
    2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31), 2034: (2, 19), 2035: (2, 8),
}  # fmt: skip
_DRAGON_BOAT = {
    2020: (6, 25), 2021: (6, 14), 2022: (6, 3), 2023: (6, 22), 2024: (6, 10), 2025: (5, 31), 2026: (6, 19), 2027: (6, 9),
    2028: (5, 28), 2029: (6, 16), 2030: (6, 5),
}  # fmt: skip
_MID_AUTUMN = {
    2020: (10, 1), 2021: (9, 21), 2022: (9, 10), 2023: (9, 29), 2024: (9, 17), 2025: (10, 6), 2026: (9, 25), 2027: (9, 15),
    2028: (10, 3), 2029: (9, 22), 2030: (9, 12),
}  # fmt: skip
_LUNAR = {
    "春节": _SPRING,
    "过年": _SPRING,
    "大年初一": _SPRING,
    "端午": _DRAGON_BOAT,
    "端午节": _DRAGON_BOAT,
    "中秋": _MID_AUTUMN,
    "中秋节": _MID_AUTUMN,
}

NAMES = sorted(
    (*_FIXED, *_LUNAR, "除夕", "年三十", "大年三十", "元宵", "元宵节", "清明", "清明节"),
    key=len,
    reverse=True,
)


def on(name: str, year: int) -> date | None:
    """The day of that holiday in that year, None when it is not in the table."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _LUNAR:
        day = _LUNAR[name].get(year)
        return date(year, *day) if day else None
    if name.startswith("清明"):
        return date(
            year, 4, int(year % 100 * 0.2422 + 4.81) - year % 100 // 4
        )  # the usual formula of this century
    spring = _SPRING.get(year)
    if spring is None:
        return None
    return date(year, *spring) + timedelta(days=14 if name.startswith("元宵") else -1)


def coming(name: str, today: date) -> date | None:
    """The next such day, today included."""
    for year in (today.year, today.year + 1):
        day = on(name, year)
        if day is not None and day >= today:
            return day
    return None
