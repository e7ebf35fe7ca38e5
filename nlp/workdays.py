"""Working days: the state calendar with its make-up days, Monday to Friday where it is not known yet."""

from datetime import date, timedelta

import chinese_calendar


def is_workday(day: date) -> bool:
    """Does one work on that day? The calendar of a year is published late in the year before."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def after(day: date, count: int) -> date:
    """The `count`-th working day after that day; `count` 1 is the next one. At most ten years ahead."""
    count = min(count, 2_500)
    while count > 0:
        day += timedelta(days=1)
        if is_workday(day):
            count -= 1
    return day


def before(day: date, count: int) -> date:
    """The `count`-th working day before that day."""
    count = min(count, 2_500)
    while count > 0:
        day -= timedelta(days=1)
        if is_workday(day):
            count -= 1
    return day
