"""Days that people name by a feast or a week: 中秋前, 腊月二十, 年后, 下个月第二周, 过两天, next Friday."""

import re
from datetime import date, timedelta

from nlp import festivals, likely, segment, workdays
from nlp.late import late
from nlp.name_patterns import TIES
from nlp.numbers import whole
from nlp.stretch import (
    MONTH,
    NUMERALS,
    WEEKDAYS,
    WHICH,
    WHICH_YEAR,
    YEAR,
    Days,
    Reader,
    add_months,
    coming_year,
    days,
    month_end,
    year_of,
)


def festival(match: re.Match[str], today: date) -> Days | None:
    """国庆, 明年春节, 春节后, 中秋前一周."""
    name = match["name"]
    if name in _GIVEN and match.start() == match.start("name") and _is_person(match.string, match.start()):
        return None
    if match["side"]:
        feast = festivals.coming(name, today)
        count = (whole(match["count"]) or 1) * {"天": 1, "日": 1}.get(match["unit"], 7)
        ahead = timedelta(days=count if match["side"] == "后" else -count)
        return days(match, feast + ahead, approximate=True) if feast else None
    if not match["after"]:
        day = (
            festivals.on(name, today.year + WHICH_YEAR[match["y"]])
            if match["y"]
            else festivals.coming(name, today)
        )
        return days(match, day) if day else None
    return _after_festival(match, today, name)


_GIVEN = frozenset(
    ("国庆", "中秋", "重阳", "元旦", "立春", "立夏", "立秋", "立冬", "春分", "秋分", "谷雨", "夏至", "冬至", "清明", "元宵", "端午")
)  # fmt: skip
_PERSON = late(r"[人名叫表:][ ]?[一-龥]$")  # 收件人：党国庆
_NO_FAMILY = TIES | frozenset("贺时")  # 于国庆前, 贺元旦
_WEEKS = frozenset("这本下上每")  # 这周国庆


def _is_person(text: str, start: int) -> bool:
    """Does a surname stand in front of it that is not the end of a word: 找李国庆, but 江苏国庆?"""
    if _PERSON.search(text, max(0, start - 6), start):
        return True
    front = text[start - 1 : start]
    if front not in likely.COMMON or front in _NO_FAMILY:
        return False
    word = text[max(0, start - 2) : start]
    return not (word[0] in _WEEKS or segment.is_word(word))


def _new_year(match: re.Match[str], today: date) -> Days | None:
    """年后, 节后 (back at work) and 年前 (the last working day before)."""
    if match["after"] or match["after2"] or match["over"]:
        return _after_festival(match, today, "春节")
    day = festivals.coming("春节", today)
    return days(match, workdays.before(day, 1), approximate=True) if day else None


def _after_festival(match: re.Match[str], today: date, name: str) -> Days | None:
    """The first working day after it; said during the holiday itself, this holiday is meant."""
    day = festivals.coming(name, today)
    latest = festivals.on(name, today.year)
    if latest is not None and 0 <= (today - latest).days <= 7:
        day = latest
    return days(match, workdays.after(day, 1), approximate=True) if day else None


def _lunar(match: re.Match[str], today: date) -> Days | None:
    """腊月二十, 农历八月十五, 正月初八, 年初八: the coming one, or that of the year named."""
    month = _LUNAR_MONTHS.get(match["m"] or "正月") or whole((match["m"] or "").removesuffix("月")) or 1
    said = match["d"].removeprefix("初")
    if said in ("底", "末"):
        start = (
            festivals.lunar(today.year, month % 12 + 1, 1) if month < 12 else festivals.coming("春节", today)
        )
        return days(match, start - timedelta(days=1), approximate=True) if start else None
    day = whole(said.replace("廿", "二十")) or 0
    years = [year_of(match["y"], today)] if match["y"] else [today.year - 1, today.year, today.year + 1]
    dates = [on for year in years if (on := festivals.lunar(year, month, day)) is not None]
    coming = next((on for on in dates if on >= today - timedelta(days=30)), dates[-1] if dates else None)
    return days(match, coming) if coming else None


def _lunar_month(match: re.Match[str], today: date) -> Days | None:
    """腊月, 农历八月: the whole month, the coming one."""
    said = match["m"] or match["m2"]
    month = _LUNAR_MONTHS.get(said) or whole(said.removesuffix("月")) or 0
    for year in (today.year - 1, today.year, today.year + 1):
        first = festivals.lunar(year, month, 1)
        if first is not None and first + timedelta(days=29) >= today:
            return days(match, first, first + timedelta(days=28), "month", approximate=True)
    return None


def _lunar_day(match: re.Match[str], today: date) -> Days | None:
    """初八: of the first month while the Spring Festival is near; else, and as 农历初八, the next of any month."""
    day = whole(match["said"] or match["d"]) or 0
    dates = [
        festivals.lunar(year, month, day) for year in (today.year - 1, today.year) for month in range(1, 13)
    ]
    near = [on for year in (today.year, today.year + 1) if (on := festivals.lunar(year, 1, day)) is not None]
    first = next((on for on in near if match["d"] and 0 <= (on - today).days <= 90), None)
    first = first or next((on for on in dates if on is not None and on >= today), None)
    return days(match, first, approximate=True) if first else None


def _this_day(match: re.Match[str], today: date) -> Days | None:
    """去年今天, 明年的今天, 去年同期."""
    return days(match, add_months(today, 12 * WHICH_YEAR[match["y"]]))


_LUNAR_MONTHS = {"正月": 1, "冬月": 11, "腊月": 12}


def _nth_week(match: re.Match[str], today: date) -> Days | None:
    """下个月第二周, 3月第三个周五, 12月最后一个工作日."""
    if match["m"]:
        month = whole(match["m"]) or 0
        start = date(coming_year(month, 1, today, True), month, 1)
    else:
        start = add_months(today.replace(day=1), WHICH.get(match["which"], 0))
    end = month_end(start.year, start.month)
    if match["workday"]:
        first = match["workday"].startswith("第一")
        day = (
            workdays.after(start - timedelta(days=1), 1)
            if first
            else workdays.before(end + timedelta(days=1), 1)
        )
        return days(match, day)
    last, count = match["nth"] == "最后一", whole(match["nth"].removeprefix("第")) or 1
    if match["d"]:
        weekday = WEEKDAYS[match["d"]]
        if last:
            return days(match, end - timedelta(days=(end.weekday() - weekday) % 7))
        day = start + timedelta(days=(weekday - start.weekday()) % 7 + 7 * (count - 1))
        return days(match, day) if day <= end else None
    monday = (
        end - timedelta(days=end.weekday())
        if last
        else start + timedelta(days=7 * (count - 1) - start.weekday())
    )
    return days(match, max(start, monday), min(end, monday + timedelta(days=6)), "week")


def _within(match: re.Match[str], today: date) -> Days | None:
    """年内, 月内, 周内: from today to the end of it."""
    last = {
        "年": date(today.year, 12, 31),
        "月": month_end(today.year, today.month),
        "周": today + timedelta(days=6 - today.weekday()),
    }[match["unit"]]
    return days(match, last, approximate=True)


def _two_years(match: re.Match[str], today: date) -> Days | None:
    """今明两年."""
    return days(match, date(today.year, 1, 1), date(today.year + 1, 12, 31), "year")


def _next_workday(match: re.Match[str], today: date) -> Days | None:
    """下个工作日; 每个工作日 is today or the next one."""
    if match[0].startswith("每"):
        return days(match, workdays.after(today - timedelta(days=1), 1), how="relative", approximate=True)
    return days(match, workdays.after(today, 1))


def _few_days(match: re.Match[str], today: date) -> Days | None:
    """过两天, 过几天, 这几天: nobody means exactly two."""
    if match[0].startswith(("近", "最近")):
        count = {"两": 2, "几": 3}[match["k"]]
        return days(match, today - timedelta(days=count), today, approximate=True)
    if match[0].startswith("这"):
        return days(match, today, today + timedelta(days=2), approximate=True)
    ahead = {"两": 2, "几": 3, "些": 5}[match["n"]]
    return days(match, today + timedelta(days=ahead), approximate=True)


_FESTIVAL = (
    rf"(?:(?P<y>去年|今年|明年|后年)的?)?(?<![\d{NUMERALS}双百千万])"
    rf"(?P<name>{festivals.PATTERN})(?<![块毛角元百千万][五八]一)(?![\d{NUMERALS}]|路|大道|广场|街|店|村)节?"
    r"(?:假期|期间|当天|放假|长假)?(?:(?P<side>前|后)的?(?P<count>\d{1,2}|[一两二三四五六七八九十])"
    r"个?(?P<unit>天|日|周|星期|礼拜)|(?P<after>节?(?:之后|以后|后)(?:第一(?:天|个工作日))?(?:上班)?))?"
)

_NEW_YEAR = (
    rf"(?<![\d{NUMERALS}今明去前后半本来几数多这青成中两小])(?:年|(?<=[过等])节)"
    r"(?:(?P<after>之后|以后|后)|(?P<before>之前|以前|前))(?![\d])|"
    r"(?<![\w])节(?P<after2>后)|过完了?(?P<over>春?节|年)(?:之后|以后|后)?"
)

_LUNAR_DAY = (
    r"(?:初[一二三四五六七八九十]|[廿二]十?[一二三四五六七八九十]|三十|十[一二三四五六七八九]?|底|末)"
)

_LUNAR_DATE = (
    rf"(?:(?:[农阴旧]历的?(?:(?P<y>{YEAR})年)?(?=[正冬腊十一二三四五六七八九\d]{{1,2}}月)"
    rf"|(?=正月|冬月|腊月|[大新过]?年初[一-十]|正月初))"
    rf"(?:(?P<m>正月|冬月|腊月|{MONTH}月)|[大新过]?年))(?P<d>{_LUNAR_DAY})[日号]?(?![一二三四五六七八九十])"
)

_LUNAR_MONTH = (
    r"(?:(?:[农阴旧]历的?)(?P<m>(?:十[一二]?|[正冬腊一二三四五六七八九])月)|"
    r"(?<![\w])(?P<m2>[正腊]月))(?![\d初廿二三])"
)

# 初一 to 初三 are forms of a school, too.
_LUNAR_DAY_ALONE = (
    r"(?:[农阴旧]历的?初(?P<said>[一二三四五六七八九十])|(?<![月年最当起之始高大])初(?P<d>[四五六七八九十]))"
    r"(?![中年级班期代步一二三四五六七八九十])"
)

_NTH_WEEK = (
    rf"(?:(?<![\d.])(?P<m>{MONTH})月份?|(?P<which>上|下下|下|本|这|每)一?个?月)的?"
    r"(?:(?P<nth>第[一二三四五1-5]|最后一)个?(?:周|星期|礼拜)(?P<d>[一二三四五六日天])?|(?P<workday>(?:第一|最后一)个?工作日))"
)

# The characters without which the pattern cannot match, the pattern, and who reads it.
READERS: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    ("".join(sorted({name[-1] for name in festivals.ALL})), late(_FESTIVAL), festival),
    ("年节", late(_NEW_YEAR), _new_year),
    ("月年初", late(_LUNAR_DATE), _lunar),
    ("月", late(_LUNAR_MONTH), _lunar_month),
    ("初", late(_LUNAR_DAY_ALONE), _lunar_day),
    ("天日期", late(rf"(?P<y>{'|'.join(WHICH_YEAR)})的?(?:今[天日]|同期)"), _this_day),
    ("周期拜工", late(_NTH_WEEK), _nth_week),
    ("内", late(r"(?<![\w本这上下个])(?P<unit>[年月周])内(?!容|部)"), _within),
    ("年", late(r"今明两年"), _two_years),
    ("工", late(r"(?:下(?:一|1)?|每)个?工作日"), _next_workday),
    (
        "天日",
        late(r"(?:过|等)(?P<n>两|几|些)[天日](?!后|以|之)|(?:这|近|最近)(?P<k>两|几)[天日]"),
        _few_days,
    ),
)

# Where the slow ones may begin.
BEGIN: dict[Reader, str] = {
    festival: f"[{''.join(sorted({name[0] for name in (*festivals.ALL, *WHICH_YEAR)}))}]",
    _new_year: r"[年节过](?=[之以后前完])",
    _lunar: r"[农阴旧正冬腊大新过年](?=[历月新过年初])",
    _lunar_month: r"[农阴旧正腊](?=[历月])",
    _lunar_day: r"[农阴旧初](?=[历一二三四五六七八九十])",
    _this_day: r"[大前去上今本明来下后](?=[年前后一])",
    _nth_week: r"[0-9一二三四五六七八九十上下本这每](?=[0-9一二]?月|[上下一个])",
    _within: r"[年月周](?=内)",
}
