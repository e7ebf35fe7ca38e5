"""Who stands in for whom."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.away import ON, Leave, check, stand_in
from rules.errors import Refused

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def leave(member: str, delegate: str) -> Leave:
    return Leave(1, member, NOW - timedelta(days=1), NOW + timedelta(days=1), delegate, ON)


def test_a_leave_covers_its_days_and_only_when_it_was_confirmed() -> None:
    one = leave("a", "b")
    assert one.covers(NOW)
    assert not one.covers(one.until)
    assert not Leave(1, "a", one.start, one.until).covers(NOW)


@pytest.mark.parametrize(
    ("away", "who"),
    [
        ({}, "a"),
        ({"a": "b"}, "b"),
        ({"a": ""}, "a"),
        ({"a": "b", "b": "c"}, "c"),
        ({"a": "b", "b": ""}, "a"),
        ({"a": "b", "b": "a"}, "a"),
        ({"a": "b", "b": "c", "c": "b"}, "a"),
    ],
)
def test_somebody_always_hears(away: dict[str, str], who: str) -> None:
    assert stand_in("a", {member: leave(member, delegate) for member, delegate in away.items()}) == who


def test_what_cannot_be_meant() -> None:
    today, longest = date(2026, 11, 25), timedelta(days=30)
    check(today, today, today, longest, "a", "b")
    for first, last, delegate in (
        (date(2026, 11, 27), date(2026, 11, 26), ""),
        (date(2026, 11, 20), date(2026, 11, 24), ""),
        (date(2026, 11, 26), date(2027, 11, 26), ""),
        (today, today, "a"),
    ):
        with pytest.raises(Refused):
            check(first, last, today, longest, "a", delegate)
