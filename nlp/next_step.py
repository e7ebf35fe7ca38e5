"""The next step in one sentence: what will be done, and by when (step 3/3 of the check-in, B20)."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from nlp import emails, phones, times
from nlp.late import late
from nlp.plain import plain
from nlp.times import When

MORNING = time(9)  # a day named for a plan
EVENING = time(18)  # a day named as a deadline


@dataclass(frozen=True, slots=True)
class NextStep:
    """`action`: what will be done in the user's words, "" when only a time was given. `at`: naive wall clock, None
    when no time was found. `due`: `at` is a deadline. `text`: the sentence as it came."""

    action: str
    at: datetime | None
    due: bool
    text: str


_GLUE = late(
    r"^[\s,，、。;；:：的就再要于在]*(?:之前|以前|前|之后|以后|内)?[\s,，、。;；:：的]*|[\s,，、。;；!！~]+$"
)
_KEEP = late(r"^[\s,，]*再(?=[一-龥])")
_TRAILING = late(r"(?:[,，、]|在|于|到|约在|定在|改到|安排在|时间是?)+$")


def read_next(text: str, now: datetime) -> NextStep:
    """ "周二前发测试报告" → 发测试报告, that Tuesday 18:00. The first time still ahead counts; a passed hour is tomorrow's."""
    words = plain(text[:2_000])
    known = words.without_found((*emails.find(words), *phones.find(words)))
    whens = [when for when in times.find(known, now) if when.first is not None]
    ahead = [(when, moment(when, now)) for when in whens]
    chosen = next(((when, at) for when, at in ahead if at > now), None)
    if chosen is None:
        return NextStep(_tidy(text), None, False, text)
    when, at = chosen
    return NextStep(_without(text, when), at, when.due is not None, text)


_ASKS = late(
    r"^(?:请问|请|麻烦|希望|期望|要求|务必|让我们?|能不能|能否|可不可以|可否|可以|是否|"
    r"方便的话|方便|于|於|請|能|你们?|您|贵司|贵公司|帮我们?|给我们?(?=[一-龥]{2})|[\s,，])+"
)
_ASKED = late(r"(?:,?(?:可以|行|好|可不可以|行不行|好不好|可以不))?[吗么嘛呢吧不]?[\s?？~!！]*$")


def doing(text: str, when: When) -> str:
    """The action in a clause around a time: "下周三前能给报价吗" → 给报价; "" when only the time is in it."""
    return request(re.sub(r"^约了?(?=[一-龥]{2})", "", _without(text, when)))


def request(text: str) -> str:
    """What a question or a wish asks for: 能给报价吗 → 给报价; any other sentence as it is."""
    asks = _ASKS.match(text)
    if asks is None and not text.endswith(("吗", "吗?", "吗？", "吧")):
        return text
    bare = _tidy(_ASKED.sub("", _ASKS.sub("", text)))
    return bare if len(bare) >= 2 else text


def moment(when: When, now: datetime) -> datetime:
    """The hour to remember it at: a day becomes 9:00, a deadline of a day 18:00, a week's deadline its Friday.

    A clock without a day that has passed is tomorrow's; today as a whole is today 18:00, or in an hour when that is over.
    """
    first = when.first
    assert first is not None
    if when.grain in ("minute", "second", "daypart"):
        return (
            first + timedelta(days=1)
            if first <= now and first.date() == now.date() and not _names_a_day(when)
            else first
        )
    if when.due is not None:
        day = first - timedelta(days=max(0, first.weekday() - 4)) if when.grain == "week" else first
        return _not_passed(datetime.combine(day.date(), EVENING), now)
    if first.date() <= now.date() and when.end is not None and when.end.date() >= now.date():
        friday = when.end - timedelta(days=2)
        if when.grain == "week" and friday.date() >= now.date():
            return _not_passed(
                datetime.combine(friday.date(), EVENING), now
            )  # 这周就下单: nobody orders on a Sunday
        return _not_passed(datetime.combine(when.end.date(), EVENING), now)  # 本周, 这两天: until its end
    return _not_passed(
        datetime.combine(first.date(), EVENING if first.date() == now.date() else MORNING), now
    )


def _not_passed(at: datetime, now: datetime) -> datetime:
    return now + timedelta(hours=1) if at <= now and at.date() == now.date() else at


_DAY_WORD = late(r"[今明昨后前]|周|星期|礼拜|[月日号]|\d[-/]\d")


def _names_a_day(when: When) -> bool:
    return _DAY_WORD.search(when.text) is not None


def _without(text: str, when: When) -> str:
    """The sentence without the time and what tied it in."""
    before, after = text[: when.at], text[when.upto :]
    kept = "再" if _KEEP.match(after) else ""
    after = _GLUE.sub("", after)
    return _tidy(_TRAILING.sub("", before.strip()) + kept + after)


_FACE = re.compile(r"\[[一-龥A-Za-z]{1,5}\]")  # [抱拳]


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", _FACE.sub("", text) if "[" in text else text).strip(" ,，。;；、:：!！~")
