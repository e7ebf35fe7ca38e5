"""The lines of a chat log that begin a message: a name and a stamp in one of the styles that programs write."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache, reduce
from itertools import pairwise
from operator import or_

from nlp.late import late
from nlp.odd_headers import alike, on_two_lines
from nlp.speakers import AGENDA, COMMON_KEYS, KEY, KEY_AT_END, NAME, Header, Lines, aliased, clean, is_no_name
from nlp.stamps import ANY, DATE, FULL, MONTH_DAY, NEAR, SHORT

# What may stand between a name and its stamp: blanks, a bar or a dot, a department in square brackets.
_GAP = r"(?:\s*[|·•,]\s*|\s+-\s+|\s*\[[^\[\]\d:]{1,20}\]\s*|\s+)"
_FROM = r"(?:\s*来自\s?[^\n:]{1,16}|\s*[(\[]?(?:[已未]读|\d{0,3}人?已读|已编辑|edited)[)\]]?)?"
_PLAIN_NAME = r"(?P<name>[^\s:,。;!?\[\]<>|=()/\d][^\s:,。;!?\[\]<>|=/]{0,15}(?: [A-Z][a-z.]{0,15}){0,2})"
# Before a colon alone, too: 7号技师, 林一 (客户).
_CALLED = (
    r"(?P<name>\d{0,3}[^\s:,。;!?\[\]<>|=()/\d][^\s:,。;!?\[\]<>|=/]{0,15}(?: [A-Z][a-z.]{0,15}){0,2}"
    r"(?: ?\([^()\n:]{1,20}\)| 说)?)"
)

# The styles, most telling first; the first group of a tie wins. `inline` styles have the text on the header's line.
_STYLES: tuple[tuple[str, re.Pattern[str], bool], ...] = tuple(
    (name, late(pattern), inline)
    for name, pattern, inline in (
        ("bracket inline", rf"\[(?P<stamp>{ANY})\]\s*{NAME}\s?: ?(?P<body>.*)$", True),
        ("paren inline", rf"\((?P<stamp>{ANY})\)\s*{NAME}\s?: ?(?P<body>.*)$", True),
        ("angle inline", rf"\[?(?P<stamp>{ANY})\]?\s*<(?P<name>[^<>\n]{{1,30}})>:? ?(?P<body>.*)$", True),
        ("bracket", rf"\[(?P<stamp>{ANY})\]\s*{NAME}:?\s*$", False),
        ("both in brackets", rf"\[{NAME}\s+(?P<stamp>{ANY})\]:?\s*$", False),
        ("name bracket inline", rf"{NAME}\s*\[(?P<stamp>{ANY})\]:?\s*(?P<body>\S.*)$", True),
        ("name bracket", rf"{NAME}\s*,?\s*\[(?P<stamp>{ANY})\]:?\s*$", False),
        ("bracketed name", rf"\[(?P<name>[^\[\]\n:]{{1,30}})\]\s*(?P<stamp>{ANY}):?\s*$", False),
        ("bar inline", rf"(?P<stamp>{ANY})\s*\|\s*{NAME}\s*\|\s*(?P<body>.*)$", True),
        ("dash inline", rf"(?P<stamp>{ANY})\s+-\s+{NAME}\s?: ?(?P<body>.*)$", True),
        ("stamp inline", rf"(?P<stamp>{ANY})\s+{_PLAIN_NAME}\s?: ?(?P<body>.*)$", True),
        ("full inline", rf"{NAME}{_GAP}(?P<stamp>{FULL}|{SHORT}):(?!\d) ?(?P<body>.*)$", True),
        ("clock inline", rf"{NAME}{_GAP}(?P<stamp>{NEAR}):(?!\d) ?(?P<body>.*)$", True),
        (
            "name paren inline",
            rf"(?P<name>[^\s(][^\n(]{{0,29}}?)\s*\((?P<stamp>{ANY})\)\s?: ?(?P<body>\S.*)$",
            True,
        ),
        ("full", rf"(?:From: ?)?{NAME}{_GAP}(?P<stamp>{FULL}){_FROM}:?\s*$", False),
        ("paren", rf"{NAME}\s*\((?P<stamp>{ANY})\):?\s*$", False),
        (
            "stamp first",
            rf"(?P<stamp>{FULL}){_GAP}{NAME}(?:\(\d{{4,12}}\)|<[^<>\s]{{3,40}}>)?:?\s*$",
            False,
        ),
        (
            "qq",
            rf"(?P<stamp>{FULL})\s+(?P<name>\S[^\n]{{0,39}}?)\s*(?:\(\d{{5,12}}\)|<[^<>\s]{{3,40}}>)\s*$",
            False,
        ),
        ("short", rf"(?:From: ?)?{NAME}{_GAP}(?P<stamp>{SHORT}){_FROM}:?\s*$", False),
        ("near", rf"(?:From: ?)?{NAME}{_GAP}(?P<stamp>{NEAR}){_FROM}:?\s*$", False),
        ("near first", rf"(?P<stamp>{SHORT}|{NEAR}){_GAP}{_PLAIN_NAME}:?\s*$", False),
        ("colon", rf"{_CALLED}:\s*$", False),
        ("colon inline", rf"{_CALLED}: ?(?P<body>\S.*)$", True),
    )
)
_COLON_STYLES = tuple(style for style in _STYLES if style[0].startswith("colon"))
_COLON_NAMES = frozenset(style[0] for style in _COLON_STYLES)
_STAMPED_ALONE = frozenset(
    ("bracket inline", "angle inline", "full inline", "full", "paren", "stamp first")
)  # one such line is enough
_CLOCK_HINT = re.compile(r"\d:\d\d")
DAY_LINE = late(
    rf"\s*-*\s*(?P<day>{DATE}|{MONTH_DAY})\s*(?P<weekday>(?:周|星期)[一二三四五六日天])?\s*-*\s*$"
)
# The same with an hour, as it stands between the bubbles of a chat on a phone.
CLOCK_LINE = late(rf"\s*-*\s*(?P<day>{ANY})\s*-*\s*$")


def best(lines: Lines) -> list[Header]:
    """The headers in the style that has most of them; [] when the text is no log."""
    stamped = [(n, start, line) for n, (start, line) in enumerate(lines) if ":" in line and len(line) < 2_000]
    if not stamped:
        return []
    clocked = [one for one in stamped if _CLOCK_HINT.search(one[2])]
    maybe = {n: _may_be(line) for n, _, line in stamped}
    any_bits, clocked_bits = (reduce(or_, [maybe[one[0]] for one in ones], 0) for ones in (stamped, clocked))
    winner: list[Header] = []
    who = cache(_who)
    for style, pattern, inline in _STYLES if clocked else _COLON_STYLES:
        bit, colon = _BITS[style], style in _COLON_NAMES
        if not (any_bits if colon else clocked_bits) & bit:
            continue
        if colon and winner:
            continue  # a stamp tells more than a colon
        able = [one for one in (stamped if colon else clocked) if maybe[one[0]] & bit]
        if len(able) <= len(winner):
            continue  # it cannot win
        found = [
            header
            for n, start, line in able
            if (header := _header(pattern, inline, n, start, line, who)) is not None
        ]
        if len(found) > len(winner) and _enough(style, found, lines):
            winner = found
    if len(clocked) > max(1, len(winner)):
        others = (on_two_lines(lines, [n for n, _, _ in clocked]), alike(clocked, lines))
        winner = max((winner, *others), key=len)
    return winner


_BITS = {style: 1 << n for n, (style, _, _) in enumerate(_STYLES)}


def _bits(*styles: str) -> int:
    return sum(map(_BITS.__getitem__, styles))


_IN_BRACKETS = _bits("bracket inline", "bracket", "bracketed name", "both in brackets")
_IN_ROUND = _bits("paren inline")
_STAMP_FIRST = _bits("stamp inline", "dash inline", "stamp first", "qq", "near first")
_STAMP_LAST = _bits("full", "short", "near")
_WITH_BODY = _bits("full inline", "clock inline")
_BODY_BEHIND = re.compile(r":(?!\d)")


def _may_be(line: str) -> int:
    """The styles whose characters the line holds, as the bits of a number. The patterns take much longer to say no."""
    bare = line.strip()
    first, last = bare[:1], bare[-1:]
    styles = _BITS["colon inline"]
    if first == "[":
        styles |= _IN_BRACKETS
    elif first == "(":
        styles |= _IN_ROUND
    elif first.isdecimal() or first in _STAMP_BEGINS:
        styles |= _STAMP_FIRST
    if "<" in line:
        styles |= _BITS["angle inline"]
    if "|" in line:
        styles |= _BITS["bar inline"]
    if "[" in line:
        styles |= _bits("name bracket", "name bracket inline")
    if "(" in line:
        styles |= _bits("name paren inline", "paren")
    if last == ":":
        styles |= _BITS["colon"]
    if last.isdecimal() or last in _STAMP_ENDS or "来自" in line:
        styles |= _STAMP_LAST
    if _BODY_BEHIND.search(line) is not None:
        styles |= _WITH_BODY
    return styles


_STAMP_BEGINS = frozenset("今昨前上周星礼下晚凌中早傍YTMWFSJADNO")
_STAMP_ENDS = frozenset(":mM.Zd)]读辑一二三四五六日天")


_Who = Callable[[str, bool], tuple[str, str] | None]


def _header(
    pattern: re.Pattern[str], inline: bool, number: int, start: int, line: str, who: _Who
) -> Header | None:
    """`who`: the same as `_who`, which need not be asked twice in one paste."""
    lead = _LEAD.match(line)
    match = pattern.match(line, lead.end() if lead is not None else 0)
    if match is None:
        return None
    stamp = match["stamp"] if "stamp" in pattern.groupindex else None
    named = who(match["name"], stamp is not None)
    if named is None:
        return None
    body = start + (match.start("body") if inline else len(line) + 1)
    return Header(number, start + match.start(), body, *named, stamp or "", start + match.start("name"))


def _who(said: str, stamped: bool) -> tuple[str, str] | None:
    """The name and what stands behind it; None when nobody who speaks is called so."""
    name, mark = clean(said)
    if not name or name in COMMON_KEYS or is_no_name(name):
        return None
    lettered = name in _LETTERS and not stamped
    key = KEY_AT_END if stamped else KEY
    return None if key.search(name) and not lettered and not aliased(name) else (name, mark)


# Quoted, in a list, or in bold.
_LEAD = re.compile(r"\s*(?:[>*•]\s*|-\s+)?\*{0,2}")


# A: 报个价 / B: 哪款: speakers without names, when nobody has one.
_LETTERS = frozenset("AB")


def _enough(style: str, found: list[Header], lines: Lines) -> bool:
    """Are these headers a log, or a form and a timetable that look like one?"""
    if style in _STAMPED_ALONE:
        return True
    if style.startswith("colon"):
        names = Counter(header.name for header in found)
        if not _LETTERS.isdisjoint(names) and (len(found) < 4 or not _LETTERS.issuperset(names)):
            return False
        if len(found) < 2 or len(names) > max(2, len(found) // 2 + 1):
            return False
        if style == "colon":
            return _followed(found, lines)
        known = max(names.values()) >= 2 or _two_sides(names) or _below_stamps(found, lines)
        return known and _covers(found, lines)
    if style == "near first":  # a timetable is written so too, but line upon line
        return len(found) >= 2 and _followed(found, lines) and _apart(found)
    if style in ("near", "short") and not found[0].mark and not _told(found, lines):
        return False
    if style == "name bracket inline" and len({header.name for header in found}) == len(found):
        return False
    if len(found) >= 2:
        return True
    return bool(found[0].mark)  # 张三@微信 1-5 10:23:45 by itself


def _told(found: list[Header], lines: Lines) -> bool:
    """No agenda, then: somebody comes back, or under nearly every name stands something, and no 签到 is among them."""
    if len({header.name for header in found}) < len(found):
        return True
    bare = sum(1 for one, later in pairwise(found) if later.line == one.line + 1)
    return bare * 3 <= len(found) and not all(AGENDA.search(header.name) for header in found[:2])


def _followed(found: list[Header], lines: Lines) -> bool:
    """A name and a colon alone on a line are a header when text follows, and the first line is one."""
    first = next((n for n, (_, line) in enumerate(lines) if line.strip() and not DAY_LINE.match(line)), 0)
    return found[0].line <= first + 1 and all(
        h.line + 1 < len(lines) and lines[h.line + 1][1].strip() for h in found
    )


_THEIRS = frozenset(("客户", "顾客", "买家", "用户", "访客", "家长", "患者"))
OURS = frozenset(("我", "我方", "销售", "客服", "商家", "卖家", "业务员", "顾问"))


def _two_sides(names: Counter[str]) -> bool:
    """客户 and 我 speak, if each of them but once."""
    return not _THEIRS.isdisjoint(names) and not OURS.isdisjoint(names)


def _below_stamps(found: list[Header], lines: Lines) -> bool:
    """An hour stands above most of them, as between the bubbles on a phone."""
    stamped = sum(1 for one in found if one.line and CLOCK_LINE.match(_above(one.line, lines)) is not None)
    return stamped >= 2 and stamped * 2 >= len(found)


def _above(line: int, lines: Lines) -> str:
    return next((lines[n][1] for n in range(line - 1, -1, -1) if lines[n][1].strip()), "")


def _apart(found: list[Header]) -> bool:
    return all(later.line > header.line + 1 for header, later in pairwise(found))


def _covers(found: list[Header], lines: Lines) -> bool:
    """Messages may have further lines, but not many."""
    written = sum(1 for _, line in lines if line.strip())
    return len(found) * 3 >= written
