"""Working days: the state calendar with its make-up days and the company's own, the usual holidays where it is not known yet."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from nlp import festivals


@dataclass(slots=True)
class _Own:
    """What the company's calendar adds (calendar.extra_holidays and extra_workdays of the configuration)."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


_own = _Own()


def use(holidays: frozenset[date], workdays: frozenset[date]) -> None:
    """Take the company's own days off and make-up days into account from now on; they win over the state's."""
    _own.holidays, _own.workdays = holidays, workdays


def is_workday(day: date) -> bool:
    """Does one work on that day? The calendar of a year is published late in the year before."""
    if day in _own.workdays:
        return True
    if day in _own.holidays:
        return False
    import chinese_calendar  # 0.04 s that a text without working days does not need

    with suppress(NotImplementedError):
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5 and not festivals.usually_off(day)


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
