"""Times in a text: day words, clocks and spans put together, seen from a reference clock."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from nlp import clocks, days, spans
from nlp.clocks import Clock, Part
from nlp.late import late
from nlp.plain import Plain, plain
from nlp.spans import Span
from nlp.stretch import Days

Token = Days | Part | Clock | Span


@dataclass(slots=True, unsafe_hash=True)  # see Found
class When:
    """One time. Naive wall clock of the business zone.

    `start`/`end`: the moment or stretch itself. `due`: "by then" (周五前, 三天内), and `start` is then None.
    `grain`: second, minute, daypart, day, week, month, quarter, half or year: how exactly it was said.
    `at`, `upto`: character offsets in the original text. `approximate`: a guess that a person should see.
    """

    text: str
    start: datetime | None
    end: datetime | None
    due: datetime | None
    grain: str
    at: int
    upto: int
    approximate: bool

    @property
    def first(self) -> datetime | None:
        """The moment to look at: the start, or the deadline when only that is known."""
        return self.start or self.due


@dataclass(slots=True, unsafe_hash=True)  # see Found
class _Group:
    """Tokens that stand together and make one time."""

    start: int
    end: int
    days: Days | None = None
    part: Part | None = None
    clock: Clock | None = None
    span: Span | None = None


# A weekday in brackets repeats the date: 11/27(五) 15:00.
_BETWEEN = re.compile(r"(?:\s?\((?:周|星期|礼拜)?[一二三四五六日天]\))?(?:[ ,的()]{0,2}(?:在|是)?|T| at )")
_TO = re.compile(r"\)? ?(?:到|至|-|~|--) ?")
_BY = re.compile(
    r"(?:\))?(?:的)?(?:之前|以前|前(?!面|台|提(?![交供前出报货])|后|期|端|天)|之内|以内|内(?!部|容|存)|为止|截止)"
)
_FROM = re.compile(r"(?:之后|以后|后(?!天|续|面|台|期)|起|开始)")
_ABOUT = re.compile(r"\s?(?:左右|前后|上下|附近)")
_LATEST = late(r"(?:截止|截至|最晚|最迟|不晚于|赶在|deadline)[到在是:]?\s?$", re.I)
_LATEST_CHARS = frozenset("截最晚赶dD")
MIDNIGHT = time()


def find(text: str | Plain, now: datetime) -> tuple[When, ...]:
    """Every time in the text, in order. Bare weekdays and dates that have passed are taken as the coming ones."""
    words = plain(text) if isinstance(text, str) else text
    if " " in words.text:
        words = _tight(words)
    tokens = _tokens(words, now)
    if not tokens:
        return ()
    groups = _groups(words.text, tokens)
    found: list[When] = []
    n = 0
    while n < len(groups):
        group, following = groups[n], groups[n + 1] if n + 1 < len(groups) else None
        until = None
        if following is not None and _TO.fullmatch(words.text, group.end, following.start):
            until = _same_kind(group, following)
        try:
            found.append(_when(words, group, until, now))
        except (OverflowError, ValueError):  # the end of the calendar
            until = None
        n += 2 if until is not None else 1
    return tuple(found)


# 12 月 5 号下午 3 点: blanks that only set the figures off.
_SET_OFF = re.compile(
    r" (?:(?<=\d.)(?=[年月日号点时周天]|个(?:月|工作日|小时|半|礼拜|星期)|分钟|小时|季度)"
    r"|(?<=[年月日号点时午晚早晨间下].)(?=\d{1,2}\s?[年月日号点时分周天:]))"
)


def _tight(words: Plain) -> Plain:
    """The same text without such blanks; each character still knows its place."""
    blanks = {match.start() for match in _SET_OFF.finditer(words.text)}
    if not blanks:
        return words
    kept = [n for n in range(len(words.text)) if n not in blanks]
    places = tuple(kept) if words.at is None else tuple(words.at[n] for n in kept)
    return Plain("".join(words.text[n] for n in kept), words.source, places)


def _tokens(words: Plain, now: datetime) -> list[Token]:
    """All tokens, the longest where they overlap; what no character of the text can begin is not looked for."""
    text, held = words.text, words.signs
    found: list[Token] = []
    if held & days.ANY:
        found += days.find(text, now, held)
    if held & spans.UNITS:
        found += spans.find(text, now)
    if held & clocks.PART_CHARS:
        found += clocks.parts(text)
    if held & clocks.CHARS:
        found += clocks.clocks(text)
    if len(found) < 2:
        return found
    found.sort(key=lambda token: (token.start, -token.end))
    kept: list[Token] = []
    for token in found:
        if not kept or token.start >= kept[-1].end:
            kept.append(token)
        elif token.end - token.start > kept[-1].end - kept[-1].start:
            kept[-1] = token
    return kept


def _groups(text: str, tokens: list[Token]) -> list[_Group]:
    """Day word, part of the day and clock that follow each other belong together."""
    groups: list[_Group] = []
    for token in tokens:
        if groups:
            last = groups[-1]
            near = token.start - last.end <= 8 and _BETWEEN.fullmatch(text, last.end, token.start) is not None
            joined = _join(last, token) if near else None
            if joined is not None:
                groups[-1] = joined
                continue
        groups.append(_alone(token))
    return groups


def _alone(token: Token) -> _Group:
    match token:
        case Days():
            return _Group(token.start, token.end, days=token)
        case Part():
            return _Group(token.start, token.end, part=token)
        case Clock():
            return _Group(token.start, token.end, clock=token)
        case Span():
            return _Group(token.start, token.end, span=token)


def _join(group: _Group, token: Token) -> _Group | None:
    """The group with this token added, None when it does not go with it."""
    match token:
        case Part() if group.part is None and group.clock is None and _day_like(group):
            return _Group(group.start, token.end, group.days, token, group.clock, group.span)
        case Clock() if group.clock is None and (group.part is not None or _day_like(group)):
            return _Group(group.start, token.end, group.days, group.part, token, group.span)
        case Days() if group.part is None and group.clock is None and group.days is not None:
            if token.how == "weekday" and group.days.grain == "day" and _same_weekday(group.days, token):
                return replace(group, end=token.end)  # 12月3日(周四)
            if token.how != "weekday" and group.days.how == "weekday" and _same_weekday(token, group.days):
                return replace(group, end=token.end, days=token)  # 周二(1号): the date says which
            if token.grain == "day" and _narrows(group.days, token):  # 下周三(1月14日), 今年国庆
                return replace(group, end=token.end, days=token if group.days.grain != "day" else group.days)
            return None
        case Days() if (
            group.days is None and group.part is not None and group.clock is None and group.span is None
        ):
            return None
        case _:
            return None


def _same_weekday(first: Days, second: Days) -> bool:
    return first.first == first.last and first.first.weekday() == second.first.weekday()


def _narrows(first: Days, second: Days) -> bool:
    return first.first <= second.first <= second.last <= first.last


def _day_like(group: _Group) -> bool:
    """Can a clock or a part of the day be said of it? A day can, a month cannot, half an hour cannot."""
    if group.days is not None:
        return group.days.grain == "day"
    return (
        group.span is not None
        and group.span.grain == "day"
        and group.span.until is None
        and not group.span.due
    )


def _same_kind(group: _Group, following: _Group) -> _Group | None:
    """The end of a range, with what it leaves out taken from the beginning; None when it is none."""
    if following.span is not None or group.span is not None:
        return None
    day = following.days
    if day is not None and group.days is not None:
        if day.how in ("day-of-month",) and group.days.how != "day-of-month":
            wanted = group.days.first.replace(day=1)
            day = replace(day, first=wanted.replace(day=day.first.day), last=wanted.replace(day=day.last.day))
        while day.last < group.days.first and day.how in ("weekday", "week"):
            day = replace(day, first=day.first + timedelta(days=7), last=day.last + timedelta(days=7))
        return replace(following, days=day)
    if following.clock is None and following.part is None:
        return None
    return replace(following, days=day or group.days, part=following.part or group.part)


def _when(words: Plain, group: _Group, until: _Group | None, now: datetime) -> When:
    start, end = group.start, (until or group).end
    by = _BY.match(words.text, end) if group.span is None or group.clock is not None else None
    after = _FROM.match(words.text, end) if by is None and group.span is None else None
    about = _ABOUT.match(words.text, end)
    ahead = words.text[max(0, start - 10) : start]
    latest = None if _LATEST_CHARS.isdisjoint(ahead) else _LATEST.search(ahead)
    first, last, grain, approximate = _moments(group, now)
    if until is not None:
        began, ended, _, _ = _moments(until, now)
        last = ended or began
        if until.clock is not None and last < first and until.days == group.days:
            last += timedelta(hours=12) if last + timedelta(hours=12) > first else timedelta(days=1)
    due = by is not None or latest is not None or (group.span is not None and group.span.due)
    end = max([end, *(match.end() for match in (by, after, about) if match is not None)])
    at, upto = words.place(start, end)
    return When(
        text=words.words(start, end),
        start=None if due else first,
        end=None if due else last,
        due=first
        if due and grain not in ("week", "month", "quarter", "half", "year")
        else (last or first)
        if due
        else None,
        grain=grain,
        at=at,
        upto=upto,
        approximate=approximate or about is not None,
    )


def _moments(group: _Group, now: datetime) -> tuple[datetime, datetime | None, str, bool]:
    """Start, end (of a stretch), grain and whether it is a guess."""
    span, day, part, clock = group.span, group.days, group.part, group.clock
    if span is not None and part is None and clock is None:
        return span.at, span.until, span.grain, span.approximate
    base = span.at.date() if span is not None else day.first if day is not None else now.date()
    guess = day.approximate if day is not None else False
    name = part.name if part is not None else ""
    if clock is not None:
        ahead, moment = clocks.settle(clock, name)
        start = datetime.combine(base + timedelta(days=ahead), moment)
        end = None
        if clock.until is not None:
            ahead, moment = clocks.settle_until(clock, name)
            end = datetime.combine(base + timedelta(days=ahead), moment)
            if end < start:
                end += timedelta(hours=12)
        unsure = not clock.settled and not name and 1 <= clock.hour <= 6
        return start, end, "minute", guess or unsure
    if part is not None:
        return datetime.combine(base, time(part.hour)), None, "daypart", True
    assert day is not None  # a group holds at least one token, and it is none of the others
    last = datetime.combine(day.last, MIDNIGHT) if day.last != day.first else None
    return datetime.combine(day.first, MIDNIGHT), last, day.grain, guess
