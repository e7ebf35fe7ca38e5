"""Day words: 3月15日, 下周三, 后天, 月底, 国庆 … each as a stretch of days."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from nlp import dates, english_days, festivals, signs, spoken_days, year_parts
from nlp.late import late
from nlp.numbers import whole
from nlp.starts import matches
from nlp.stretch import (
    DAY,
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
    month_of,
    year_of,
)

_TENTH = r"(?:上旬|中旬|下旬|上半月|下半月|月?初|月?底|月?末|的?最后一[天日]|中)"
_RELATIVE = {
    "大大前": -4, "大前": -3, "前": -2, "昨": -1, "寻": -1, "琴": -1, "今": 0, "当": 0, "明": 1, "听": 1, "翌": 1, "次": 1,
    "后": 2, "大后": 3, "大大后": 4,
}  # fmt: skip
# What makes 3号 a building and not a day.
_NO_DAY = "楼线机门店仓库院房车位厅馆桌柜桥路街码座厂井桩床坑泵阀区栋单车间标样"


def find(text: str, now: datetime, held: int | None = None) -> list[Days]:
    """All day words in normalised text, in order, the longest where several begin together; `held`: its signs."""
    hits = list(_hits(text, now.date(), signs.of(text) if held is None else held))
    if len(hits) < 2:
        return hits
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[Days] = []
    for hit in hits:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
        elif hit.end - hit.start > kept[-1].end - kept[-1].start:
            kept[-1] = hit
    return kept


def _hits(text: str, today: date, held: int) -> Iterator[Days]:
    for begins, pattern, read in _readers(held >> _SHIFT & _ALL):
        first = begins.search(text) if begins is not None else None
        if begins is not None and first is None:
            continue  # by far the most often
        if read is spoken_days.festival and not festivals.named(text):
            continue
        at = first.start() if first is not None else 0
        for match in matches(begins, pattern, text, at) if begins is not None else pattern.finditer(text):
            try:
                hit = read(match, today)
            except (ValueError, OverflowError):  # 31 February, the year 9999: no day at all
                continue
            if hit is not None:
                yield hit


def _tenth(match: re.Match[str], year: int, month: int, word: str) -> Days:
    """上旬, 月底 … of a month."""
    end = month_end(year, month)
    if word.endswith("半月"):
        first, last = (1, 15) if word.startswith("上") else (16, end.day)
    elif word.endswith("中"):
        first = last = 15
    else:
        first, last = {
            "上": (1, 10), "初": (1, 5), "中": (11, 20), "下": (21, end.day), "底": (end.day, end.day), "末": (end.day, end.day),
            "最": (end.day, end.day),
        }[word.removeprefix("月").removeprefix("的")[0]]  # fmt: skip
    return days(match, date(year, month, first), date(year, month, last), approximate=first != last)


def _full(match: re.Match[str], today: date) -> Days | None:
    """2026年, 2026年3月, 2026年3月15日, 2026年3月底."""
    year = year_of(match["y"], today)
    return _in_year(match, year)


def _in_year(match: re.Match[str], year: int) -> Days | None:
    month, day = month_of(match["m"]), whole(match["d"] or "")
    if match["part"]:
        return year_parts.part(match, year, match["part"])
    if month is None:
        return days(match, date(year, 1, 1), date(year, 12, 31), "year")
    if match["t"]:
        return _tenth(match, year, month, match["t"])
    if day is None:
        last_month = month_of(match["m2"]) or month
        return (
            days(match, date(year, month, 1), month_end(year, last_month), "month")
            if last_month >= month
            else None
        )
    last = date(year, month, whole(match["d2"]) or day) if match["d2"] else None
    return days(match, date(year, month, day), last)


def _this_year(match: re.Match[str], today: date) -> Days | None:
    """明年, 明年3月, 今年年底, 去年下半年."""
    return _in_year(match, today.year + WHICH_YEAR[match["y"]])


def _month_day(match: re.Match[str], today: date) -> Days | None:
    """3月15日 without a year: the coming one, unless it has only just passed."""
    if match["m2"] and _LASTS.search(match.string, max(0, match.start() - 4), match.start()):
        return None
    month = month_of(match["m"]) or 0
    day = whole(match["d"] or "") or 1
    year = coming_year(month, day, today, whole_month=match["d"] is None)
    found = _in_year(match, year)
    return replace(found, how="month-day") if found else None


_LASTS = late(r"(?:工期|交期|周期|质保|账期|提前|大概|需要?|约|要)$")  # 工期3-5月 is how long it takes


def _iso(match: re.Match[str], today: date) -> Days | None:
    return days(match, date(int(match["y"]), int(match["m"]), int(match["d"])))


def _slash(match: re.Match[str], today: date) -> Days | None:
    month, day = int(match["m"]), int(match["d"])
    return days(match, date(coming_year(month, day, today, False), month, day), how="month-day")


def _relative(match: re.Match[str], today: date) -> Days | None:
    return days(match, today + timedelta(days=_RELATIVE[match["r"]]), how="relative")


def _two_days(match: re.Match[str], today: date) -> Days | None:
    """今明两天."""
    first = today if match[0].startswith("今") else today + timedelta(days=1)
    return days(match, first, first + timedelta(days=1), how="relative")


def _weekday(match: re.Match[str], today: date) -> Days | None:
    """周三 (the coming one), 本周三, 下周三 (of the week that begins next Monday)."""
    which, day = match["which"], WEEKDAYS[match["d"]]
    monday = today - timedelta(days=today.weekday())
    if which in WHICH:
        first = monday + timedelta(days=day + 7 * WHICH[which])
        return days(match, first, first + timedelta(days=1) if match["d"] == "末" else None, how="week")
    first = monday + timedelta(days=day)
    if match["d"] == "末" and today.weekday() >= 5:
        return days(match, today, monday + timedelta(days=6), how="weekday")
    unsure = first == today or which in ("每", "隔")  # 周五 said on a Friday: today or a week on?
    if first <= today:
        first += timedelta(days=7)
    last = first + timedelta(days=1) if match["d"] == "末" else None
    return days(match, first, last, approximate=unsure, how="weekday")


def _whole_week(match: re.Match[str], today: date) -> Days | None:
    """本周, 下周 and 下周初."""
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * WHICH[match["which"]])
    first, last = {"初": (0, 1), "中": (2, 2), "底": (4, 4)}.get(match["part"] or "", (0, 6))
    found = days(
        match,
        monday + timedelta(days=first),
        monday + timedelta(days=last),
        "day" if match["part"] else "week",
    )
    return replace(found, approximate=bool(match["part"]))


def _whole_month(match: re.Match[str], today: date) -> Days | None:
    """下个月, 下月15号, 本月底."""
    start = add_months(today.replace(day=1), WHICH[match["which"]])
    if match["t"]:
        return _tenth(match, start.year, start.month, match["t"])
    if match["d"]:
        return days(match, start.replace(day=whole(match["d"]) or 0))
    return days(match, start, month_end(start.year, start.month), "month")


def _quarter(match: re.Match[str], today: date) -> Days | None:
    """下季度, 本季度."""
    start = add_months(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), 3 * WHICH.get(match["which"], 0))
    end = add_months(start, 2)
    return year_parts.edge(days(match, start, month_end(end.year, end.month), "quarter"), match[0][-1])


def _bare_quarter(match: re.Match[str], today: date) -> Days | None:
    """三季度, Q3, 下半年 of this year."""
    return year_parts.part(match, today.year, match[0])


def _bare_tenth(match: re.Match[str], today: date) -> Days | None:
    """月底, 月中旬; a passed one is next month's."""
    word = match["t"] or match["t2"]
    found = _tenth(match, today.year, today.month, word)
    if found.last >= today:
        return found
    start = add_months(today.replace(day=1), 1)
    return _tenth(match, start.year, start.month, word)


def _bare_year_end(match: re.Match[str], today: date) -> Days | None:
    year = today.year + (match["t"] == "初" and today.month > 1)
    return year_parts.part(match, year, "年中" if match["t"] == "中" else match["t"])


def _day_of_month(match: re.Match[str], today: date) -> Days | None:
    """15号: this month's, or next month's when it has passed."""
    day = whole(match["d"]) or 0
    start = today.replace(day=1)
    if day < today.day:
        start = add_months(start, 1)
    for _ in range(2):  # the 31st may be missing from the first of them
        if day <= monthrange(start.year, start.month)[1]:
            break
        start = add_months(start, 1)
    last = start.replace(day=whole(match["d2"]) or day) if match["d2"] else None
    return days(match, start.replace(day=day), last, how="day-of-month")


def _year_month(match: re.Match[str], today: date) -> Days | None:
    """2026.12, 2026/12."""
    year, month = int(match["y"]), int(match["m"])
    return days(match, date(year, month, 1), month_end(year, month), "month")


def _each_month(match: re.Match[str], today: date) -> Days | None:
    """每月10号: the coming one."""
    return replace(found, approximate=True) if (found := _day_of_month(match, today)) else None


def _each_day(match: re.Match[str], today: date) -> Days | None:
    """每天早上9点: the coming one."""
    return days(match, today, how="relative", approximate=True)


# The rest of a date once its year is known: a month, its day or days or tenth; or a part of the year.
_IN_YEAR = (
    rf"(?:[,\s的]{{0,2}}(?P<m>{MONTH})(?:[-~到至](?P<m2>{MONTH}))?月(?:份)?"
    rf"(?:(?P<t>{_TENTH})|[,\s]?(?P<d>{DAY})(?:(?:日|号)?[-~到至](?P<d2>{DAY})(?=日|号))?(?:日|号|(?![\d个年月季台件%点:])))?"
    rf"|[,\s的]?(?P<part>{year_parts.PART}))?"
)
_MONTH_AND_DAY = (
    rf"(?:(?<![\d{NUMERALS}.年个第/])(?<!\d-)|(?<=每年))(?P<m>{MONTH})(?:[-~到至](?P<m2>{MONTH}))?月(?:份)?(?![饼亮薪租费结卡票嫂供球台])"
    rf"(?:(?P<t>{_TENTH})(?!国)|[,\s]?(?P<d>{DAY})(?:(?:日|号)?[-~到至](?P<d2>{DAY})(?=日|号))?(?:日|号|(?![\d个年月季台件%点:])))?"
    r"(?P<part>(?!))?"
)
_CLOCK_AHEAD = r"(?=\s*(?:上午|下午|晚上|早上|中午|\d{1,2}[:点]))"
# 下周二(12.1), 12.1(周二): the day of the week beside it says that it is a date.
_IN_BRACKETS = r"(?:(?P<in>(?<=[周期拜][一二三四五六日天]\())|(?<![\d./\-]))"
_WEEKDAY_BEHIND = r"(?=\s?\((?:周|星期|礼拜)[一二三四五六日天]\))"
_SLASHED = (
    rf"{_IN_BRACKETS}(?P<m>1[0-2]|0?[1-9])/(?P<d>3[01]|[12]\d|0?[1-9])"
    rf"(?(in)(?=\))|(?:日|号|{_CLOCK_AHEAD}|{_WEEKDAY_BEHIND}|(?<=\d\d)(?![\d台件个套%./\-])))"
)
_DOTTED = (
    rf"{_IN_BRACKETS}(?P<m>1[0-2]|0?[1-9])[.\-](?P<d>3[01]|[12]\d|0?[1-9])"
    rf"(?(in)(?=\))|(?:日|号|{_CLOCK_AHEAD}|{_WEEKDAY_BEHIND}))"
)
_WEEKDAY = (
    r"(?:(?<![\d一二两三四五六七八九十几半多百])|(?<=[周期拜][一二三四五六])"
    r")(?P<which>上上|下下|上|下|本|这|那|每|隔)?一?个?(?:周|星期|礼拜)"
    r"(?:的?(?:周|星期|礼拜))?(?P<d>[一二三四五六日天末]|[1-7](?!\d))(?!\d{3}|[年岁边期报次])"
)
_WHOLE_WEEK = (
    r"(?P<which>上上|下下|上|下|本|这)一?个?(?:周|星期|礼拜)(?![一二三四五六日天末1-7边])(?P<part>初|中|底)?"
)
_WHOLE_MONTH = (
    rf"(?P<which>上上|下下|上|下|本|这|当)一?个?月(?:份)?的?(?:(?P<t>{_TENTH})|(?P<d>{DAY})(?:日|号))?"
)
_DAY_ALONE = (
    rf"(?<![\d月年A-Za-z第.#路街弄栋区幢座楼层\-/:~{NUMERALS}])(?P<d>{DAY})(?:[-~到至](?P<d2>{DAY}))?"
    rf"(?:号(?![{_NO_DAY}])|(?<=\d)日(?![本元均产耗常志韩内]))"
)
_RELATIVE_DAY = (
    r"(?P<r>大大前|大大后|大前|大后|今|明|翌|次|昨|当|听|寻|琴|(?<![以之落])前|(?<![以之落])后)"
    r"(?:[天日](?![气津然线])|儿(?![子童])个?)"
)
_RELATIVE_PART = r"(?<![透发说表证声分])(?P<r>今|明|昨|当|后|听|寻|琴)(?=[早晚晨夜朝])(?!晚[会礼]|早[会期])"

# The characters without which the pattern cannot match, the pattern, and who reads it.
_READERS: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    ("年", late(rf"(?<![\d{NUMERALS}])(?P<y>{YEAR})年(?!前|后|内|以|之|的?经验){_IN_YEAR}"), _full),
    (
        "年",
        late(rf"(?P<y>大前年|前年|去年|上一年|今年|本年|明年|来年|下一年|大后年|后年)(?:度)?{_IN_YEAR}"),
        _this_year,
    ),
    ("月", late(_MONTH_AND_DAY), _month_day),
    (
        "-/.",
        late(
            r"(?<![\d./\-])(?P<y>20\d\d|19\d\d)(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?:日|号)?(?![\d./\-]\d|\d)"
        ),
        _iso,
    ),
    (
        "2",
        late(
            r"(?<![\w.\-/#])(?P<y>20[23]\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?=\s?(?:日|号(?!楼)|之?前|以前|前后|截止|到期|交货|到货|开标|上午|下午|晚上|早上|\d{1,2}[:点]))"
        ),
        _iso,
    ),
    ("/", late(_SLASHED), _slash),
    (".-", late(_DOTTED), _slash),
    ("天日儿", late(_RELATIVE_DAY), _relative),
    ("早晚晨夜朝", late(_RELATIVE_PART), _relative),
    ("明", late(r"(?:今明|明后)[两2二]?[天日]"), _two_days),
    ("周期拜", late(_WEEKDAY), _weekday),
    ("周期拜", late(_WHOLE_WEEK), _whole_week),
    ("月", late(_WHOLE_MONTH), _whole_month),
    ("季", late(r"(?P<which>上|下|本|这|每(?=个?季度[初末底]))一?个?季(?:度[初末底]?)?(?!节)"), _quarter),
    (
        "季半Qq",
        late(
            r"(?<![年\d])(?:前[两二三2-3]个?季度|第?[一二三四1-4]季度[初末底]?|(?<![A-Za-z])[Qq][1-4](?![\dA-Za-z])|[上下]半年)"
        ),
        _bare_quarter,
    ),
    (
        "月旬",
        late(
            r"(?:每个?|(?<![\d一二三四五六七八九十上下本个这当]))月(?P<t>初|底|末|中旬|"
            r"上旬|下旬|中|的?最后一[天日])(?!国)|(?<![\w])(?P<t2>[上中下]旬)"
        ),
        _bare_tenth,
    ),
    ("年", late(rf"(?<![\d{NUMERALS}今明去前后本来全])年(?P<t>初|底|末|中(?![秋国间午]))"), _bare_year_end),
    ("号日", late(_DAY_ALONE), _day_of_month),
    ("./-", late(r"(?<![\w./\-])(?P<y>20[12]\d)[./\-](?P<m>1[0-2]|0?[1-9])(?![\w./\-])"), _year_month),
    ("月", late(rf"每个?月的?(?P<d>{DAY})(?P<d2>(?!))?[号日]"), _each_month),
    (
        "每",
        late(r"每[天日](?=早|上午|中午|下午|晚|凌晨|\d{1,2}[点:]|[一二两三四五六七八九十]{1,3}点)"),
        _each_day,
    ),
    *spoken_days.READERS,
    *dates.READERS,
    *english_days.READERS,
)

# Where the slow ones may begin. A pattern that opens with a look-behind is tried in every place otherwise.
_BEGIN: dict[Reader, str] = {
    _full: rf"[\d{NUMERALS}](?=[\d{NUMERALS}]{{1,3}}年)",
    _month_day: r"[0-9元一二三四五六七八九十](?=[0-9一二]?(?:[-~到至][0-9一二三四五六七八九十]{1,2})?月)",
    _iso: r"[12](?=[09]\d)",
    _slash: r"[0-9](?<![\d./\-].)(?=[0-9]?[/.\-])",
    _relative: r"[大今明翌次昨当听寻琴前后](?=[大前后天日儿早晚晨夜朝])",
    _weekday: r"[上下本这那每隔一个周星礼](?=[上下一个周星礼期拜的二三四五六日天末1-7])",
    _bare_quarter: r"[第前一二三四1-4Qq上下]",
    _bare_tenth: r"[每月上中下](?=[个月初底末中上下的旬最])",
    _bare_year_end: r"年(?=[初底末中])",
    _day_of_month: (
        rf"[\d{NUMERALS}](?<![\d月年A-Za-z第.#路街弄栋区幢座楼层\-/:~{NUMERALS}].)"
        rf"(?=[\d{NUMERALS}]{{0,2}}[号日\-~到至])"
    ),
    _year_month: r"2(?=0[12]\d[./\-])",
    **spoken_days.BEGIN,
    **dates.BEGIN,
    **english_days.BEGIN,
}
_BEGINS = {pattern: late(_BEGIN[read]) for _, pattern, read in _READERS if read in _BEGIN}
# Character → the readers that may find something where it stands, as the bits of a number.
_SHIFT = signs.table(
    {
        char: sum(1 << n for n, (needs, _, _) in enumerate(_READERS) if char in needs)
        for char in frozenset().union(*(needs for needs, _, _ in _READERS))
    },
    len(_READERS),
)
_ALL = (1 << len(_READERS)) - 1
ANY = _ALL << _SHIFT  # without any of these signs a text names no day


@lru_cache(maxsize=4_096)
def _readers(wanted: int) -> tuple[tuple[re.Pattern[str] | None, re.Pattern[str], Reader], ...]:
    """Where they begin, the patterns whose bits are set, in their order, and who reads them."""
    return tuple(
        (_BEGINS.get(pattern), pattern, read)
        for n, (_, pattern, read) in enumerate(_READERS)
        if wanted >> n & 1
    )
