"""A visit told in one line: whom, when, where, who was there, what came of it. (B06)"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from nlp import times

_PLACE = re.compile(r"(?:^|[\s,，;；。])(?:地点|地址|在哪)\s*[:：]?\s*([^\s,，;；。]+)")
_PEOPLE = re.compile(r"(?:^|[\s,，;；。])(?:参加人?|参会人?|与会|同去|对方|和)\s*[:：]?\s*([^\s,，;；。]+)")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)[一二三四五六日天]")


@dataclass(frozen=True)
class Visit:
    """`who`: the customer in the rep's words; `at`: naive wall clock, None when no time was said; `people`: those who took
    part, as written."""

    who: str
    at: datetime | None
    place: str = ""
    people: str = ""
    notes: str = ""


def read(text: str, now: datetime) -> Visit:
    """ "恒达 昨天15:00 看了样机 地点 宁波厂区 参加 陈工、刘总". The customer comes first. A weekday is the last one, for a
    visit is told when it is over."""
    who, _, rest = text.strip().partition(" ")
    place, rest = _out(_PLACE, rest)
    people, rest = _out(_PEOPLE, rest)
    found = next((when for when in times.find(rest[:2000], now) if when.first is not None), None)
    if found is None:
        return Visit(who, None, place, people, _tidy(rest))
    at = found.first
    assert at is not None
    if at > now and _WEEKDAY.match(found.text):
        at -= timedelta(days=7)
    return Visit(who, at, place, people, _tidy(rest[: found.at] + " " + rest[found.upto :]))


def _out(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """What the pattern names, and the text without it."""
    found = pattern.search(text)
    return (found[1], text[: found.start()] + " " + text[found.end() :]) if found else ("", text)


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" ,，。;；、:：")
