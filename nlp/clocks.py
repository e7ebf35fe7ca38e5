"""Clock words and parts of the day: 3点半, 15:00, 3pm, 下午, 晚上."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from nlp.late import late
from nlp.numbers import whole
from nlp.signs import sign
from nlp.starts import matches


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Part:
    """A part of the day, [start, end) in the text. `hour` is what a bare one stands for."""

    start: int
    end: int
    name: str
    hour: int


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Clock:
    """A time of day, not yet told whether morning or evening. `until` is the end of 9-10点."""

    start: int
    end: int
    hour: int
    minute: int
    second: int
    settled: bool  # am/pm written, or an hour above 12, or a leading zero
    until: int | None = None
    until_minute: int = 0


# A bare part stands for this hour.
PARTS = {
    "凌晨": 3, "清晨": 6, "晨": 6, "早晨": 8, "早上": 8, "一早": 8,
    "早": 8, "上午": 9, "朝早": 8, "朝": 8, "上昼": 9, "下昼": 14, "晏昼": 14,
    "黎明": 5, "拂晓": 5, "黄昏": 18, "早饭前": 7, "早饭后": 8, "午饭前": 11, "午饭后": 13, "中饭后": 13,
    "晚饭前": 17, "晚饭后": 19,
    "中午": 12, "正午": 12, "午间": 12, "下午": 14, "午后": 14, "傍晚": 18, "下班前": 18,
    "晚上": 19, "晚间": 19, "晚": 19, "夜里": 22, "夜间": 22, "夜": 22, "深夜": 22, "半夜": 23, "午夜": 23,
}  # fmt: skip
NIGHT = frozenset(("晚上", "晚间", "晚", "夜里", "夜间", "夜", "深夜", "半夜", "午夜", "晚饭后"))

_N = "零〇一二两三四五六七八九十"
_HOUR = r"(?:2[0-4]|1\d|0?\d|二十[一二三四]?|十[一二三四五六七八九]?|[零一二两三四五六七八九])"
_SIXTY = r"(?:[0-5]?\d|[二三四五]十[一二三四五六七八九]?|十[一二三四五六七八九]?|[零〇]?[一二三四五六七八九])"
_PART = re.compile(
    r"凌晨|清晨|早晨|早上|朝早|(?<![周期拜])一早|上昼|下昼|晏昼|上午|"
    r"中午|正午|午间|下午|午后|傍晚|晚上|晚间|夜里|夜间|半夜|深夜|午夜"
    r"|下班(?:之|以)?前|(?<=[天日号])黎明|黎明(?=时分|[前时])|拂晓|黄昏|[早午晚]饭[前后]|中饭后"
    rf"|(?:(?<=[今明昨后当天日号末听寻琴])|(?<=[周期拜初][一二三四五六]))(?:早(?![点些安会日期饭餐])|晚(?![点些安会报饭餐])|晨|夜)|(?<=[今听明])朝"
    rf"|[早晚](?=\s?{_HOUR}[点时:])"
)
PART_CHARS = sign("晨早晚午夜昼朝班明晓昏饭")
_PART_STARTS = re.compile("[凌清早朝一上下晏中正午傍晚夜半深晨拂]|黎(?=明)|黄(?=昏)")
CHARS = sign(":点时mM")  # without any of them a text names no hour
_COLON = late(
    r"(?<![\d:.比])(?P<h>2[0-4]|1\d|0?\d):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?![\d:])\s?(?P<ap>[ap]\.?m\b\.?)?",
    re.ASCII | re.I,
)
_SAID = re.compile(
    rf"(?:(?<![\d.{_N}第几周期拜])|(?<=[周期拜][一二三四五六]))(?:(?P<from>{_HOUR})(?:点|时)?[-~到至])?(?P<h>{_HOUR})(?:[二两三四五六七八九](?=点))?(?:点钟?|时(?!间|候|代|长|效|常|段|刻|尚|机|装|而))"
    rf"(?:(?P<half>半)(?:(?P<hs>{_SIXTY})秒)?|(?P<q>[一1三3])刻|整|过?(?P<m>{_SIXTY})"
    rf"(?:分(?!钟)|(?<=[\d{_N}]{{2}})(?![\d.{_N}个台件万百千%秒毫厘米倍吨]))(?:(?P<s>{_SIXTY})秒)?)?"
    r"\s?(?P<ap>[ap]\.?m\b\.?)?",
    re.I,
)
_LATIN = late(
    r"(?<![\d.:])(?P<h>1[0-2]|0?[1-9])(?:[.点](?P<m>[0-5]\d))?\s?(?P<ap>[ap]\.?m\b\.?)", re.ASCII | re.I
)
_COLON_STARTS = re.compile(r"[0-9](?=[0-9]?:)")
_SAID_STARTS = re.compile(rf"[\d{_N}](?=[\d{_N}\-~到至]{{0,7}}[点时])")
_LATIN_STARTS = late(r"[0-9](?=[0-9.点]{0,4}\s?[aApP])")
_TO = late(
    rf"差(?P<to>一刻钟?|{_SIXTY})(?:分钟?)?(?:就|到)?(?P<h>{_HOUR})点(?![\d{_N}])|"
    rf"(?<![\d.{_N}第几])(?P<h2>{_HOUR})点差(?P<to2>一刻钟?|{_SIXTY})(?:分钟?)?"
)
# After these a bare 三点 is a clock, whatever follows.
_SAID_BEFORE = re.compile(
    r"(?:午|晨|[早晚]上|[今明昨后当][早晚]|夜|[天日号]|[周期拜][一二三四五六日天])[ ,的]?$"
)
# 一点 is also "a little", 两点 also "two points".
_NO_CLOCK_BEFORE = late(r"(?:有|快|慢|大|小|多|少|好|差|高|低|这|那|了|便宜|优惠|说|提|补充|第|几)$")
_NO_CLOCK_AFTER = late(rf"[\d{_N}]|" r"[点式儿吧都也建意原想需内赞不没是:]|要[求点素注]|问题|说明|\d")


_NO_MIDNIGHT_AFTER = late(rf"[\d{_N}几漂校标误位温调]")  # 零点五, 零点漂移


_GREETED = re.compile(r"好(?!像|几|的话|不容易|一点)")


def parts(text: str) -> list[Part]:
    """All parts of the day in normalised text."""
    found = []
    for match in matches(_PART_STARTS, _PART, text):
        if _GREETED.match(text, match.end()) is not None:
            continue  # 晚上好
        name = match[0] if not match[0].startswith("下班") else "下班前"
        found.append(Part(match.start(), match.end(), name, PARTS[name]))
    return found


def clocks(text: str) -> list[Clock]:
    """All clock words in normalised text."""
    found: list[Clock] = []
    hits = list(_clocks(text))
    if len(hits) < 2:
        return hits
    for clock in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not found or clock.start >= found[-1].end:
            found.append(clock)
    return found


def _clocks(text: str) -> Iterator[Clock]:
    if ":" in text:
        yield from filter(None, map(_read, matches(_COLON_STARTS, _COLON, text)))
    if "差" in text and "点" in text:
        yield from filter(None, map(_short_of, _TO.finditer(text)))
    if "点" in text or "时" in text:
        for match in matches(_SAID_STARTS, _SAID, text):
            if not _counts(text, match):
                clock = _read(match)
                if clock is not None:
                    yield clock
    if "m" in text or "M" in text:
        yield from filter(None, map(_read, matches(_LATIN_STARTS, _LATIN, text)))


def _short_of(match: re.Match[str]) -> Clock | None:
    """差一刻九点, 九点差五分."""
    hour, short = whole(match["h"] or match["h2"]), (match["to"] or match["to2"])
    minutes = 15 if "刻" in short else whole(short)
    if hour is None or minutes is None or not 1 <= hour <= 24 or not 0 < minutes < 60:
        return None
    return Clock(match.start(), match.end(), hour - 1 or 12, 60 - minutes, 0, hour > 13)


def _counts(text: str, match: re.Match[str]) -> bool:
    """Is it 两点建议, 快一点, 一时 …, a count and no clock?"""
    bare = match.end() - match.end("h") == 1
    if not bare or _SAID_BEFORE.search(text, max(0, match.start() - 3), match.start()):
        return False
    if match["h"] == "零":
        return _NO_MIDNIGHT_AFTER.match(text, match.end()) is not None
    if match["h"] == "一":
        return True
    if _NO_CLOCK_AFTER.match(text, match.end()):
        return True
    return _NO_CLOCK_BEFORE.search(text, max(0, match.start() - 2), match.start()) is not None


def _read(match: re.Match[str]) -> Clock | None:
    groups = match.groupdict()
    hour = whole(groups["h"])
    if hour is None or hour > 24:
        return None
    minute = 30 if groups.get("half") else whole(groups.get("m") or "") or 0
    if groups.get("q"):
        minute = 15 * (whole(groups["q"]) or 1)
    second = whole(groups.get("s") or groups.get("hs") or "") or 0
    half = (groups.get("ap") or "").lower()[:1]
    if half == "p" and hour < 12:
        hour += 12
    elif half == "a" and hour == 12:
        hour = 0
    settled = bool(half) or hour > 12 or groups["h"].startswith("0")
    first = whole(groups.get("from") or "")
    minute, second = min(minute, 59), min(second, 59)
    if first is not None and first <= 24:  # 一点到三点半: what is beyond the hour is of the end
        return Clock(match.start(), match.end(), first, 0, 0, settled, hour, minute)
    return Clock(match.start(), match.end(), hour, minute, second, settled)


def settle(clock: Clock, part: str) -> tuple[int, time]:
    """Days to add and the time of day, once the part of the day is known ("" when nobody said)."""
    return _settle(clock.hour, clock.minute, clock.second, clock.settled, part)


def settle_until(clock: Clock, part: str) -> tuple[int, time]:
    """The same for the end of 9-10点."""
    return _settle(clock.until or 0, clock.until_minute, 0, clock.settled, part)


def _settle(hour: int, minute: int, second: int, settled: bool, part: str) -> tuple[int, time]:
    days = 0
    if hour == 24 or (hour == 12 and part in NIGHT):
        hour, days = 0, 1
    elif (
        (
            part in ("下午", "午后", "傍晚", "黄昏", "午饭后", "中饭后", "晚饭前", "下班前", "下昼", "晏昼")
            and hour < 12
        )
        or (part in ("中午", "正午", "午间") and hour < 4)
        or (part in NIGHT and 5 <= hour < 12)
    ):
        hour += 12
    elif part in ("晚上", "晚", "晚间") and hour < 5:
        days = 1
    elif part == "凌晨" and hour == 12:
        hour = 0
    elif not part and not settled and 1 <= hour <= 6:
        hour += 12  # nobody makes an appointment at three in the morning
    return days, time(hour % 24, minute, second)
