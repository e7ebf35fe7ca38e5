"""When what is known of a customer is read before a meeting, and how far back it looks. (B60)"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from rules import hours
from rules.marks import Mark, Sort


def read_at(calendar: hours.Calendar, begins: datetime, before: timedelta, now: datetime) -> datetime | None:
    """When to show it (UTC, not before `now`): so long before, or when quiet hours end if that is in time, else on the
    evening before; None when there is no such moment any more."""
    at = hours.deliver_at(calendar, max(begins - before, now))
    if at < begins:
        return at
    if calendar.quiet is None:
        return None
    evening = datetime.combine(
        begins.astimezone(calendar.zone).date(), calendar.quiet[0], calendar.zone
    ).astimezone(begins.tzinfo)
    while evening >= begins:
        evening -= timedelta(days=1)
    at = evening - before
    return at if at >= now else None


def lately(marks: Iterable[Mark], since: datetime) -> list[Mark]:
    """What still counts: competitors named since then; the price and who decides hold until they are told anew."""
    return [one for one in marks if one.sort is not Sort.RIVAL or one.at >= since]
