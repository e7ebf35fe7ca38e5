"""When a lead goes back to the pool, and who may take it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config
from rules.errors import Refused
from rules.leads import Lead
from rules.pool import LAST_CALL, Look, PoolRules, Recycle, Warn, base, due, may_claim, step

CALENDAR = Config().calendar.calendar(Config().app.zone)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00
DAY = timedelta(days=1)
LEAD = Lead(1, 1, "wanglei", NOW - 9 * DAY, assigned_at=NOW - 8 * DAY)
WARN = (3 * DAY, DAY)


def test_the_period_counts_from_the_assignment_or_the_last_effective_follow_up() -> None:
    assert base(LEAD, None) == NOW - 8 * DAY
    assert base(LEAD, NOW - 2 * DAY) == NOW - 2 * DAY
    assert base(LEAD, NOW - 20 * DAY) == NOW - 8 * DAY  # somebody else's


def test_it_goes_back_in_working_time_and_not_while_it_is_held() -> None:
    assert due(CALENDAR, NOW, 5 * DAY, None) == NOW + 7 * DAY - timedelta(hours=1)  # Saturday: Monday 09:00
    assert due(CALENDAR, NOW, DAY, NOW + 3 * DAY) == NOW + 3 * DAY


def test_two_warnings_and_then_it_goes() -> None:
    at = NOW + 4 * DAY  # Friday
    assert step(CALENDAR, at, WARN, 0, None, NOW) == Look(NOW + DAY)
    assert step(CALENDAR, at, WARN, 0, None, NOW + DAY) == Warn(at, 1)
    assert step(CALENDAR, at, WARN, 1, NOW + DAY, NOW + DAY) == Look(NOW + 3 * DAY)
    assert step(CALENDAR, at, WARN, 1, NOW + DAY, NOW + 3 * DAY) == Warn(at, 2)
    assert step(CALENDAR, at, WARN, 2, NOW + 3 * DAY, at) == Recycle()
    assert step(CALENDAR, at, (), 0, None, at) == Recycle()


@given(st.integers(-40, 40), st.integers(0, 2), st.one_of(st.none(), st.integers(0, 400)))
def test_it_never_goes_without_a_warning_a_day_before(days: int, said: int, hours_ago: int | None) -> None:
    said_at = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    made = step(CALENDAR, NOW + days * DAY, WARN, said, said_at, NOW)
    match made:
        case Recycle():
            assert said_at is not None
            assert NOW - said_at >= LAST_CALL
            assert days <= 0
        case Warn(at, n):
            assert at >= NOW + min(LAST_CALL, max(days, 0) * DAY)
            assert n > said or said_at is None or days <= 0
        case Look(at):
            assert at > NOW


def test_the_cap_of_the_day_and_the_former_owner() -> None:
    rules = PoolRules(daily_claims=2, cooldown=7 * DAY)
    may_claim(rules, LEAD, "liqian", "wanglei", NOW, 1, NOW)
    with pytest.raises(Refused, match="到上限"):
        may_claim(rules, LEAD, "liqian", "wanglei", NOW, 2, NOW)
    with pytest.raises(Refused, match="7 天内不能再领"):
        may_claim(rules, LEAD, "wanglei", "wanglei", NOW - 6 * DAY, 0, NOW)
    may_claim(rules, LEAD, "wanglei", "wanglei", NOW - 7 * DAY, 0, NOW)
