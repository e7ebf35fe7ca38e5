"""Which WeCom friends can be handed on."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.friends import FriendRules, Step, chunks, hindrance, tally

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = FriendRules()


def test_in_service_each_friend_twice_in_ninety_days() -> None:
    assert hindrance(RULES, [NOW - 89 * DAY], False, None, NOW) == ""
    assert hindrance(RULES, [NOW - 89 * DAY, NOW - DAY], False, None, NOW) == "90 天内已转过 2 次"
    assert hindrance(RULES, [NOW - 90 * DAY, NOW - DAY], False, None, NOW) == ""


def test_who_left_can_be_followed_for_a_year_however_often() -> None:
    often = [NOW - DAY] * 5
    assert hindrance(RULES, often, True, NOW - 365 * DAY, NOW) == ""
    assert hindrance(RULES, often, True, None, NOW) == ""
    assert hindrance(RULES, [], True, NOW - 366 * DAY, NOW) == "离职超过 365 天"


def test_who_was_withdrawn_is_not_counted() -> None:
    counts = tally({"a": Step.DONE, "b": Step.WITHDRAWN, "c": Step.REFUSED, "d": Step.DONE})
    assert (counts[Step.DONE], counts[Step.REFUSED], sum(counts.values())) == (2, 1, 3)


@given(st.lists(st.text(max_size=3), max_size=50), st.integers(1, 10))
def test_calls_hold_everybody_once_and_never_too_many(ids: list[str], size: int) -> None:
    calls = chunks(ids, size)
    assert [id for call in calls for id in call] == ids
    assert all(0 < len(call) <= size for call in calls)
