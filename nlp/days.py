"""Day words: 3月15日, 下周三, 后天, 月底, 国庆 … each as a stretch of days."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from nlp import festivals, workdays
from nlp.numbers import whole


@dataclass(frozen=True, slots=True)
class Days:
    """A day or a stretch of days, [start, end) in the text. `how` says which rule wrote it; a range's end looks at it."""

    start: int
    end: int
    first: date
    last: date
    grain: str = "day"
    approximate: bool = False
    how: str = "date"


_N = "零〇一二两三四五六七八九十"
_YEAR = rf"(?:(?:19|20)\d\d|[一二][{_N}]{{3}}|\d\d(?=年\d))"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = (
    r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
)
_TENTH = r"(?:上旬|中旬|下旬|月?初|月?底|月?末|中)"
_WHICH_YEAR = {"大前年": -3, "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1, "来年": 1, "后年": 2}
_WHICH = {"上上": -2, "上": -1, "本": 0, "这": 0, "今": 0, "当": 0, "下": 1, "下下": 2}
_WEEKDAYS = {
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
_RELATIVE = {"大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "明": 1, "翌": 1, "次": 1, "后": 2, "大后": 3}
# What makes 3号 a building and not a day.
_NO_DAY = "楼线机门店仓库院房车位厅馆桌柜桥路街码座厂井桩床坑泵阀区栋单车间标样"

Reader = Callable[[re.Match[str], date], Days | None]


def find(text: str, now: datetime) -> list[Days]:
    """All day words in normalised text, in order, the longest where several begin together."""
    hits = list(_hits(text, now.date()))
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[Days] = []
    for hit in hits:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
        elif hit.end - hit.start > kept[-1].end - kept[-1].start:
            kept[-1] = hit
    return kept


def _hits(text: str, today: date) -> Iterator[Days]:
    for needs, pattern, read in _READERS:
        if not any(char in text for char in needs):
            continue
        for match in pattern.finditer(text):
            try:
                hit = read(match, today)
            except (ValueError, OverflowError):  # 31 February, the year 9999: no day at all
                continue
            if hit is not None:
                yield hit


def _days(
    match: re.Match[str], first: date, last: date | None = None, grain: str = "day", how: str = "date"
) -> Days:
    return Days(match.start(), match.end(), first, last or first, grain, how=how)


def month_end(year: int, month: int) -> date:
    """The last day of that month."""
    return date(year, month, monthrange(year, month)[1])


def add_months(day: date, count: int) -> date:
    """The same day `count` months on, or the last day of a shorter month."""
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _tenth(match: re.Match[str], year: int, month: int, word: str) -> Days:
    """上旬, 月底 … of a month."""
    end = month_end(year, month)
    first, last = {
        "上": (1, 10), "初": (1, 5), "中": (11, 20), "下": (21, end.day), "底": (end.day, end.day), "末": (end.day, end.day),
    }[word.removeprefix("月")[0]]  # fmt: skip
    if word.endswith("中"):
        first = last = 15
    return replace(_days(match, date(year, month, first), date(year, month, last)), approximate=first != last)


def _year(words: str, today: date) -> int:
    value = whole(words) or 0
    return value + 2000 if value < 100 else value


def _full(match: re.Match[str], today: date) -> Days | None:
    """2026年, 2026年3月, 2026年3月15日, 2026年3月底."""
    year = _year(match["y"], today)
    return _in_year(match, year)


def _in_year(match: re.Match[str], year: int) -> Days | None:
    month, day = whole(match["m"] or ""), whole(match["d"] or "")
    if match["part"]:
        return _part_of_year(match, year, match["part"])
    if month is None:
        return _days(match, date(year, 1, 1), date(year, 12, 31), "year")
    if match["t"]:
        return _tenth(match, year, month, match["t"])
    if day is None:
        return _days(match, date(year, month, 1), month_end(year, month), "month")
    last = date(year, month, whole(match["d2"]) or day) if match["d2"] else None
    return _days(match, date(year, month, day), last)


def _part_of_year(match: re.Match[str], year: int, word: str) -> Days:
    if word in ("底", "末"):
        return replace(_days(match, date(year, 12, 31)), approximate=True)
    if word == "初":
        return replace(_days(match, date(year, 1, 1), date(year, 1, 31)), approximate=True)
    if word.startswith(("上半", "下半")):
        first = 1 if word.startswith("上") else 7
        return _days(match, date(year, first, 1), month_end(year, first + 5), "half")
    quarter = whole(re.sub(r"[第季度qQ个]", "", word)) or 1
    return _days(match, date(year, quarter * 3 - 2, 1), month_end(year, quarter * 3), "quarter")


def _this_year(match: re.Match[str], today: date) -> Days | None:
    """明年, 明年3月, 今年年底, 去年下半年."""
    return _in_year(match, today.year + _WHICH_YEAR[match["y"]])


def _month_day(match: re.Match[str], today: date) -> Days | None:
    """3月15日 without a year: the coming one, unless it has only just passed."""
    month = whole(match["m"]) or 0
    day = whole(match["d"] or "") or 1
    year = _coming_year(month, day, today, whole_month=match["d"] is None)
    found = _in_year(match, year)
    return replace(found, how="month-day") if found else None


def _coming_year(month: int, day: int, today: date, whole_month: bool) -> int:
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


def _iso(match: re.Match[str], today: date) -> Days | None:
    return _days(match, date(int(match["y"]), int(match["m"]), int(match["d"])))


def _slash(match: re.Match[str], today: date) -> Days | None:
    month, day = int(match["m"]), int(match["d"])
    return replace(_days(match, date(_coming_year(month, day, today, False), month, day)), how="month-day")


def _relative(match: re.Match[str], today: date) -> Days | None:
    return _days(match, today + timedelta(days=_RELATIVE[match["r"]]), how="relative")


def _two_days(match: re.Match[str], today: date) -> Days | None:
    """今明两天."""
    first = today if match[0].startswith("今") else today + timedelta(days=1)
    return _days(match, first, first + timedelta(days=1), how="relative")


def _weekday(match: re.Match[str], today: date) -> Days | None:
    """周三 (the coming one), 本周三, 下周三 (of the week that begins next Monday)."""
    which, day = match["which"], _WEEKDAYS[match["d"]]
    monday = today - timedelta(days=today.weekday())
    if which in _WHICH:
        first = monday + timedelta(days=day + 7 * _WHICH[which])
        return _days(match, first, first + timedelta(days=1) if match["d"] == "末" else None, how="week")
    first = monday + timedelta(days=day)
    if match["d"] == "末" and today.weekday() >= 5:
        return replace(_days(match, today, monday + timedelta(days=6)), how="weekday")
    unsure = first == today or which in ("每", "隔")  # 周五 said on a Friday: today or a week on?
    if first <= today:
        first += timedelta(days=7)
    last = first + timedelta(days=1) if match["d"] == "末" else None
    return replace(_days(match, first, last), approximate=unsure, how="weekday")


def _whole_week(match: re.Match[str], today: date) -> Days | None:
    """本周, 下周 and 下周初."""
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * _WHICH[match["which"]])
    first, last = {"初": (0, 1), "中": (2, 2), "底": (4, 4)}.get(match["part"] or "", (0, 6))
    found = _days(
        match,
        monday + timedelta(days=first),
        monday + timedelta(days=last),
        "day" if match["part"] else "week",
    )
    return replace(found, approximate=bool(match["part"]))


def _whole_month(match: re.Match[str], today: date) -> Days | None:
    """下个月, 下月15号, 本月底."""
    start = add_months(today.replace(day=1), _WHICH[match["which"]])
    if match["t"]:
        return _tenth(match, start.year, start.month, match["t"])
    if match["d"]:
        return _days(match, start.replace(day=whole(match["d"]) or 0))
    return _days(match, start, month_end(start.year, start.month), "month")


def _quarter(match: re.Match[str], today: date) -> Days | None:
    """下季度, 本季度."""
    start = add_months(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), 3 * _WHICH[match["which"]])
    end = add_months(start, 2)
    return _days(match, start, month_end(end.year, end.month), "quarter")


def _bare_quarter(match: re.Match[str], today: date) -> Days | None:
    """三季度, Q3, 下半年 of this year."""
    return _part_of_year(match, today.year, match[0])


def _bare_tenth(match: re.Match[str], today: date) -> Days | None:
    """月底, 月中旬; a passed one is next month's."""
    found = _tenth(match, today.year, today.month, match["t"])
    if found.last >= today:
        return found
    start = add_months(today.replace(day=1), 1)
    return _tenth(match, start.year, start.month, match["t"])


def _bare_year_end(match: re.Match[str], today: date) -> Days | None:
    year = today.year + (match["t"] == "初" and today.month > 1)
    return _part_of_year(match, year, match["t"])


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
    return replace(_days(match, start.replace(day=day), last), how="day-of-month")


def _festival(match: re.Match[str], today: date) -> Days | None:
    """国庆, 明年春节, 春节后."""
    name = match["name"]
    if not match["after"]:
        day = (
            festivals.on(name, today.year + _WHICH_YEAR[match["y"]])
            if match["y"]
            else festivals.coming(name, today)
        )
        return _days(match, day) if day else None
    return _after_festival(match, today, name)


def _new_year(match: re.Match[str], today: date) -> Days | None:
    """年后, 节后 (back at work) and 年前 (the last working day before)."""
    if match["after"] or match["after2"]:
        return _after_festival(match, today, "春节")
    day = festivals.coming("春节", today)
    return replace(_days(match, workdays.before(day, 1)), approximate=True) if day else None


def _after_festival(match: re.Match[str], today: date, name: str) -> Days | None:
    """The first working day after it; said during the holiday itself, this holiday is meant."""
    day = festivals.coming(name, today)
    latest = festivals.on(name, today.year)
    if latest is not None and 0 <= (today - latest).days <= 7:
        day = latest
    return replace(_days(match, workdays.after(day, 1)), approximate=True) if day else None


def _next_workday(match: re.Match[str], today: date) -> Days | None:
    return _days(match, workdays.after(today, 1))


def _few_days(match: re.Match[str], today: date) -> Days | None:
    """过两天, 过几天, 这几天: nobody means exactly two."""
    if match[0].startswith(("这", "近", "最近")):
        return replace(_days(match, today, today + timedelta(days=2)), approximate=True)
    ahead = {"两": 2, "几": 3, "些": 5}[match["n"]]
    return replace(_days(match, today + timedelta(days=ahead)), approximate=True)


# The rest of a date once its year is known: a month, its day or days or tenth; or a part of the year.
_IN_YEAR = (
    rf"(?:[,\s的]{{0,2}}(?P<m>{_MONTH})月(?:份)?"
    rf"(?:(?P<t>{_TENTH})|[,\s]?(?P<d>{_DAY})(?:(?:日|号)?[-~到至](?P<d2>{_DAY})(?=日|号))?(?:日|号|(?![\d个年月季台件%点:])))?"
    r"|[,\s的]?年?(?P<part>初|底|末|上半年|下半年|第?[一二三四1-4]季度|[Qq][1-4]))?"
)
_MONTH_AND_DAY = (
    rf"(?<![\d{_N}.年个第/])(?<!\d-)(?P<m>{_MONTH})月(?:份)?(?![饼亮薪租费结卡票嫂供球台])"
    rf"(?:(?P<t>{_TENTH})(?!国)|[,\s]?(?P<d>{_DAY})(?:(?:日|号)?[-~到至](?P<d2>{_DAY})(?=日|号))?(?:日|号|(?![\d个年月季台件%点:])))?"
    r"(?P<part>(?!))?"
)
_CLOCK_AHEAD = r"(?=\s*(?:上午|下午|晚上|早上|中午|\d{1,2}[:点]))"
_SLASHED = rf"(?<![\d./\-])(?P<m>1[0-2]|0?[1-9])/(?P<d>3[01]|[12]\d|0?[1-9])(?:日|号|{_CLOCK_AHEAD}|(?<=\d\d)(?![\d台件个套%./\-]))"
_DOTTED = rf"(?<![\d./\-])(?P<m>1[0-2]|0?[1-9])[.\-](?P<d>3[01]|[12]\d|0?[1-9])(?:日|号|{_CLOCK_AHEAD})"
_WEEKDAY = (
    r"(?<![\d一二两三四五六七八九十几半多百])(?P<which>上上|下下|上|下|本|这|那|每|隔)?一?个?(?:周|星期|礼拜)"
    r"(?:的?(?:周|星期|礼拜))?(?P<d>[一二三四五六日天末1-7])(?![\d年岁边期报次])"
)
_WHOLE_WEEK = (
    r"(?P<which>上上|下下|上|下|本|这)一?个?(?:周|星期|礼拜)(?![一二三四五六日天末1-7边])(?P<part>初|中|底)?"
)
_WHOLE_MONTH = (
    rf"(?P<which>上上|下下|上|下|本|这|当)一?个?月(?:份)?的?(?:(?P<t>{_TENTH})|(?P<d>{_DAY})(?:日|号))?"
)
_DAY_ALONE = (
    rf"(?<![\d月年A-Za-z第.#路街弄栋区幢座楼层\-/:~{_N}])(?P<d>{_DAY})(?:[-~到至](?P<d2>{_DAY}))?"
    rf"(?:号(?![{_NO_DAY}])|(?<=\d)日(?![本元均产耗常志韩内]))"
)
_FESTIVAL = (
    rf"(?:(?P<y>去年|今年|明年|后年)的?)?(?<![\\d{_N}])(?P<name>{'|'.join(festivals.NAMES)})(?![\\d{_N}]|路|大道|广场|街|店|村)节?"
    r"(?:假期|期间|当天|放假|长假)?(?P<after>节?(?:之后|以后|后)(?:第一(?:天|个工作日))?(?:上班)?)?"
)
_NEW_YEAR = (
    rf"(?<![\d{_N}今明去前后半本来几数多这青成中两])(?:年|(?<=[过等])节)"
    r"(?:(?P<after>之后|以后|后)|(?P<before>之前|以前|前))(?![\d])|(?<![\w])节(?P<after2>后)"
)
_RELATIVE_DAY = r"(?P<r>大前|大后|今|明|翌|次|昨|当|(?<![以之落])前|(?<![以之落])后)(?:[天日](?![气津然线])|儿(?![子童])个?)"
_RELATIVE_PART = r"(?<![透发说表证声分])(?P<r>今|明|昨|当|后)(?=[早晚晨夜])(?!晚[会礼]|早[会期])"

# The characters without which the pattern cannot match, the pattern, and who reads it.
_READERS: tuple[tuple[str, re.Pattern[str], Reader], ...] = (
    ("年", re.compile(rf"(?<![\d{_N}])(?P<y>{_YEAR})年(?!前|后|内|以|之|的?经验){_IN_YEAR}"), _full),
    ("年", re.compile(rf"(?P<y>大前年|前年|去年|今年|本年|明年|来年|后年)(?:度)?{_IN_YEAR}"), _this_year),
    ("月", re.compile(_MONTH_AND_DAY), _month_day),
    (
        "-/.",
        re.compile(
            r"(?<![\d./\-])(?P<y>20\d\d|19\d\d)(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?:日|号)?(?![\d./\-]\d|\d)"
        ),
        _iso,
    ),
    ("/", re.compile(_SLASHED), _slash),
    (".-", re.compile(_DOTTED), _slash),
    ("天日儿", re.compile(_RELATIVE_DAY), _relative),
    ("早晚晨夜", re.compile(_RELATIVE_PART), _relative),
    ("明", re.compile(r"(?:今明|明后)[两2二]?[天日]"), _two_days),
    ("周期拜", re.compile(_WEEKDAY), _weekday),
    ("周期拜", re.compile(_WHOLE_WEEK), _whole_week),
    ("月", re.compile(_WHOLE_MONTH), _whole_month),
    ("季", re.compile(r"(?P<which>上|下|本|这)一?个?季度?"), _quarter),
    (
        "季半Qq",
        re.compile(r"(?<![年\d])(?:第?[一二三四1-4]季度|(?<![A-Za-z])[Qq][1-4](?![\dA-Za-z])|[上下]半年)"),
        _bare_quarter,
    ),
    (
        "月",
        re.compile(r"(?<![\d一二三四五六七八九十上下本个这当])月(?P<t>初|底|末|中旬|上旬|下旬|中)(?!国)"),
        _bare_tenth,
    ),
    ("年", re.compile(rf"(?<![\d{_N}今明去前后本来])年(?P<t>初|底|末)"), _bare_year_end),
    ("号日", re.compile(_DAY_ALONE), _day_of_month),
    ("节夕宵明午秋庆旦一四六八诞1夜年三", re.compile(_FESTIVAL), _festival),
    ("年节", re.compile(_NEW_YEAR), _new_year),
    ("工", re.compile(r"下(?:一|1)?个工作日"), _next_workday),
    (
        "天日",
        re.compile(r"(?:过|等)(?P<n>两|几|些)[天日](?!后|以|之)|(?:这|近|最近)(?P<k>两|几)[天日]"),
        _few_days,
    ),
)
