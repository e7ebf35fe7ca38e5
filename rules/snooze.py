"""Putting a lead off: until when, and how often (C.7 ack / snooze). It never stops an escalation."""

import re
import unicodedata
from datetime import datetime, timedelta

from rules.errors import Refused
from rules.hours import Calendar, next_working_morning, parse_duration
from rules.leads import Lead

HALF_HOUR = timedelta(minutes=30)
LONGEST = timedelta(days=3)
HOW = "这样写：/稍后 1024 30分（也可以写 1小时、明早、15:00）"
CLOCK = re.compile(r"(今天)?(上午|早上|中午|下午|晚上)?(\d{1,2})(?::(\d{2})|点(?:(半)|(\d{1,2})分?)?)")


def until(words: str, now: datetime, calendar: Calendar) -> datetime:
    """ "30分", "半小时", "1小时", "明早", "15:00", "下午3点" → when to remind again (UTC). Empty: in half an hour.

    Raises Refused when it is not understood, over already, or more than three days ahead.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", words)).removesuffix("后").removesuffix("以后")
    at = _at(plain, now, calendar)
    if at <= now:
        raise Refused(f"{words.strip()} 已经过了。{HOW}")
    if at - now > LONGEST and plain not in {"明早", "明天"}:
        raise Refused("最多推迟 3 天，更久请打卡时写好下一步的时间")
    return at


def _at(plain: str, now: datetime, calendar: Calendar) -> datetime:
    if not plain:
        return now + HALF_HOUR
    if plain in {"明早", "明天", "明天早上", "明早上"}:
        return next_working_morning(calendar, now)
    if plain in {"半小时", "半个小时"}:
        return now + HALF_HOUR
    if found := CLOCK.fullmatch(plain):
        hour, minute = int(found[3]), 30 if found[5] else int(found[4] or found[6] or 0)
        hour += 12 if found[2] in {"下午", "晚上"} and hour < 12 else 0
        if hour > 23 or minute > 59:
            raise Refused(HOW)
        wall = now.astimezone(calendar.zone).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return wall.astimezone(now.tzinfo)
    try:
        return now + parse_duration(plain.replace("个小时", "小时"))
    except ValueError:
        raise Refused(f"没看懂「{plain}」。{HOW}") from None


def once_more(lead: Lead, most: int) -> None:
    """Raises Refused when the lead was put off often enough at this step."""
    if lead.snoozes >= most:
        raise Refused(f"这一步已经推迟了 {lead.snoozes} 次，不能再推迟。现在跟进，或请主管转派。")
