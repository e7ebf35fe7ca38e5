"""Spans of time seen from now: 三天后, 半小时内, 3个工作日内, 两周前, 近三个月."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from nlp import workdays
from nlp.late import late
from nlp.numbers import number
from nlp.signs import sign
from nlp.starts import matches
from nlp.stretch import add_months


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Span:
    """A moment (or, with `until`, a stretch) at a distance from now, [start, end) in the text. `due`: at the latest."""

    start: int
    end: int
    at: datetime
    grain: str
    due: bool = False
    until: datetime | None = None
    approximate: bool = False


_N = "零〇一二两三四五六七八九十百"
_QUANTITY = rf"(?P<q>\d{{1,4}}(?:\.\d)?(?:[-~到至]\d{{1,4}})?|半|[{_N}]{{1,4}}|几|数)"
_UNIT = (
    r"(?P<ge>个)?(?P<half>半)?"
    r"(?P<u>秒钟|秒|分钟|分|刻钟|小时|钟头|钟|h(?![a-zA-Z])|工作日|天|日|周|星期|礼拜|月|年|季度|世纪)(?P<more>半(?!个))?(?:多|左右)?"
)
# 1小时20分钟, 三年零两个月; 十天半个月 is either of them.
_AND = rf"(?:[零又]?(?P<q2>\d{{1,3}}|[{_N}]{{1,3}}|半)(?:个(?P<ge2>))?(?P<u2>分钟|分|小时|钟头|天|日|周|星期|月))?"
_AHEAD = re.compile(
    rf"(?<![\d.{_N}第月])(?P<pre>再过|过|再等|等|近|最近|过去的?|未来的?|接下来的?|今后的?|还有|还剩|只剩|前|每隔|隔|每)?"
    rf"{_QUANTITY}(?P<some>[多来余几](?!半))? ?{_UNIT}{_AND} ?"
    rf"(?P<side>(?:之|以|过|往)?后(?!天)|(?:之|以)内|内(?!部|容|存)|之?里(?!面)|(?:之|以)?前(?!面|台|提|后)|以来)?"
)
# Where one may begin: at a number with its unit not far behind, or at a word that stands in front of one.
_STARTS = re.compile(
    rf"[\d{_N}半几数再过等近最未接今还只前每隔](?<![\d.{_N}第月].)(?:(?<=[\d{_N}半几数])"
    rf"(?=[\d{_N}.\-~到至 个半多来余几秒分刻小钟h工天日周星礼月年季世])|"
    rf"(?<=[过等近前每隔])(?=[\d{_N}半几数去隔])|(?<=[再最未接今还只])(?=[过等近来下后有剩]))"
)
UNITS = sign("秒分钟时头h天日周期拜月年度纪")
_EITHER = "一二两三四五六七八九"
_SECONDS = {
    "秒": 1,
    "秒钟": 1,
    "分": 60,
    "分钟": 60,
    "刻钟": 900,
    "小时": 3600,
    "钟头": 3600,
    "钟": 3600,
    "h": 3600,
}
_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}
_MONTHS = {"月": 1, "季度": 3, "年": 12, "世纪": 1200}
# How long each is in days, roughly: which of two is the longer?
_SIZES = {
    **{unit: seconds / 86_400 for unit, seconds in _SECONDS.items()}, "工作日": 1.4, **_DAYS, "月": 30.0, "季度": 91.0,
    "年": 365.0, "世纪": 36_500.0,
}  # fmt: skip
_ON_THE_WAY = late(r"(?:开车|坐车|打车|走路|骑车|高铁|火车|车程|飞机|路程|路上)(?:要|大概|差不多|只要|就)*$")
_SOON = late(
    r"(?:左右)?(?:就|便)?(?:能|可以)(?![用放存])|(?:左右)?就(?:出|到|好|交|给|发|回|行|截止|到期|开|要)"
)
_TO = late(r"[-~到至]")
_DONE_BEFORE = frozenset("干做待呆用学住开跑读当")
_VAGUE = {"几": 3.0, "数": 3.0}


def find(text: str, now: datetime) -> list[Span]:
    """All spans with a direction in normalised text; "三天" alone says nothing of when."""
    found = []
    for match in matches(_STARTS, _AHEAD, text):
        try:
            span = _read(match, now)
        except (OverflowError, ValueError):
            continue
        if span is not None:
            found.append(span)
    return found


def _read(match: re.Match[str], now: datetime) -> Span | None:
    side, pre, unit = match["side"] or "", (match["pre"] or "").removesuffix("的"), match["u"]
    if unit in ("月", "季度", "世纪", "工作日") and not match["ge"] and match["q"] != "半":
        return None  # 三月后 is after March
    if unit == "钟" and not match["ge"]:
        return None
    if pre.startswith("每") or (pre == "等" and not side) or (match["some"] and match["q"] in _VAGUE):
        return None
    if pre == "过" and match.string[max(0, match.start() - 1) : match.start()] in _DONE_BEFORE:
        return None  # 干过五年
    if match.string.endswith("之日起", 0, match.start()):
        return None  # 自收到之日起3日内: nobody knows from when
    amount = _amount(match)
    if amount is None or amount > 5_000:
        return None
    vague = match["q"] in _VAGUE or bool(match["some"]) or "多" in match[0]
    start = match.start() if pre not in ("前",) or not side else match.start("q")
    direction = _direction(side, pre)
    if (
        direction is None
        and _SOON.match(match.string, match.end())
        and not _ON_THE_WAY.search(match.string, max(0, start - 8), start)
    ):
        direction = (1, "due")  # 三五天就能出结果
    if direction is None:
        return None
    at, grain = shift(now, amount * direction[0], unit)
    if match["q2"] and match["q2"] != "半":
        more = _more(match, unit)
        if more is None:
            return None
        at, grain = shift(at, more * direction[0], match["u2"])
    if direction[1] == "stretch":
        first, last = (now, at) if direction[0] > 0 else (at, now)
        return Span(start, match.end(), first, grain, until=last, approximate=True)
    return Span(start, match.end(), at, grain, due=direction[1] == "due", approximate=vague)


def _more(match: re.Match[str], unit: str) -> float | None:
    """How many of the smaller unit stand behind the first; None where they are no part of one length."""
    if (match["u2"] == "月" and match["ge2"] is None) or _SIZES[match["u2"]] >= _SIZES[unit]:
        return None
    return number(match["q2"])


def _direction(side: str, pre: str) -> tuple[int, str] | None:
    """Forwards or back, and what it gives: a moment, a deadline or a stretch."""
    if "内" in side or "里" in side:
        return (-1, "stretch") if pre in ("近", "最近", "过去") else (1, "due")
    if "后" in side:
        return 1, "moment"
    if "前" in side:
        return -1, "moment"
    if side == "以来" or pre in ("近", "最近", "过去", "前"):
        return (-1, "stretch") if pre or side else None
    if pre in ("未来", "接下来", "今后"):
        return 1, "stretch"
    if pre in ("再过", "过", "再等", "隔"):
        return 1, "moment"
    return None


def _amount(match: re.Match[str]) -> float | None:
    words = _TO.split(match["q"])[-1]
    if len(words) == 2 and words[0] in _EITHER and words[1] in _EITHER:
        words = words[1]  # 三五天, 两三周: at most
    amount = _VAGUE.get(words) or number(words)
    if amount is None:
        return None
    return amount + (0.5 if match["half"] or match["more"] else 0.0)


def shift(now: datetime, amount: float, unit: str) -> tuple[datetime, str]:
    """`now` moved by so many units, and the grain: the clock counts for hours, the day for days and longer."""
    if unit in _SECONDS:
        return now + timedelta(seconds=round(amount * _SECONDS[unit])), "minute"
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "工作日":
        day = (
            workdays.after(now.date(), int(amount))
            if amount > 0
            else workdays.before(now.date(), int(-amount))
        )
        return datetime.combine(day, today.time()), "day"
    if unit in _DAYS:
        if abs(amount) == 0.5 and _DAYS[unit] == 1:
            return now + timedelta(hours=12 * amount), "minute"  # half a day is half a working day: 6 h
        return today + timedelta(days=round(amount * _DAYS[unit])), "day"
    months = amount * _MONTHS[unit]
    moved = add_months(today.date(), int(months)) + timedelta(days=round((months - int(months)) * 30))
    return datetime.combine(moved, today.time()), "day"
