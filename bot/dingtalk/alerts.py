"""What DingTalk tells of itself, as Alert events for admins, at most one for a cause and a time."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone

from bot.events import Alert, Incoming

PLATFORM = "dingtalk"
BILLING_ZONE = timezone(timedelta(hours=8))  # quotas are counted by the month of Beijing
HOUR, DAY, MONTH = "%Y%m%d%H", "%Y%m%d", "%Y%m"

Warn = Callable[[str, str, str], Awaitable[None]]
"""warn(code, text, window): tells the admins once for each code and window (HOUR, DAY, MONTH)."""


def alert(code: str, text: str, now: datetime, window: str = HOUR) -> Incoming:
    """An Alert on its way into the inbox; the same code in the same window is the same event."""
    stamp = now.astimezone(BILLING_ZONE).strftime(window)
    return Incoming(
        f"{PLATFORM}:alert:{code[:80]}:{stamp}", f"{PLATFORM}:alerts", Alert(PLATFORM, code, text, now)
    )


def until_next_month(now: datetime) -> float:
    """Seconds until the monthly quota starts anew (first of the month, 00:00 in Beijing)."""
    return (month(now)[1] - now).total_seconds()


def month(now: datetime) -> tuple[datetime, datetime]:
    """When the quota's month began that `now` lies in, and when the next one begins."""
    first = now.astimezone(BILLING_ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)
