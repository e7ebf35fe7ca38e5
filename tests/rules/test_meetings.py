"""When a card is read before a meeting: in time, and never in quiet hours. (B60)"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.hours import Calendar
from rules.marks import Mark, Sort, put_right, standing, values
from rules.meetings import lately, read_at

ZONE = ZoneInfo("Asia/Shanghai")
SHIFTS = ((time(9), time(18)),)
NIGHT = Calendar(ZONE, SHIFTS, (time(20), time(8, 30)))
NOON = Calendar(ZONE, SHIFTS, (time(12), time(13)))
OPEN = Calendar(ZONE, SHIFTS)
QUARTER = timedelta(minutes=15)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("calendar", "begins", "now", "read"),
    [
        (NIGHT, "24 15:00", "23 10:00", "24 14:45"),
        (NIGHT, "24 15:00", "24 14:50", "24 14:50"),  # agreed at short notice
        (NIGHT, "24 08:40", "23 10:00", "24 08:30"),  # as soon as one may speak
        (NIGHT, "24 08:00", "23 10:00", "23 19:45"),  # on the evening before
        (NIGHT, "23 21:00", "23 10:00", "23 19:45"),
        (NIGHT, "24 02:00", "23 10:00", "23 19:45"),
        (NIGHT, "24 08:00", "23 21:00", ""),  # agreed in the night for the early morning
        (NOON, "24 13:00", "24 09:00", "24 11:45"),
        (NOON, "24 12:30", "24 11:50", ""),
        (OPEN, "24 07:00", "23 10:00", "24 06:45"),
        (OPEN, "23 09:00", "23 10:00", ""),  # it has begun
    ],
)  # fmt: skip
def test_when_it_is_read(calendar: Calendar, begins: str, now: str, read: str) -> None:
    assert read_at(calendar, wall(begins), QUARTER, wall(now)) == (wall(read) if read else None)


def test_competitors_of_long_ago_do_not_count_and_who_decides_does() -> None:
    old, new = wall("01 10:00"), wall("20 10:00")
    said = [Mark(Sort.RIVAL, "科瑞", old), Mark(Sort.RIVAL, "海天", new), Mark(Sort.DECIDER, "刘总", old)]
    assert values(lately(said, wall("10 00:00"))) == {Sort.RIVAL: "海天", Sort.DECIDER: "刘总"}


@pytest.mark.parametrize(
    ("sort", "held", "text", "after"),
    [
        (Sort.RIVAL, ("科瑞", "海天"), "海天、恒立", {"海天", "恒立"}),
        (Sort.RIVAL, ("科瑞",), "", set()),
        (Sort.DECIDER, ("陈工", "刘总"), "刘总", {"刘总"}),
        (Sort.PRICE, ("敏感",), "不敏感", {"不敏感"}),
        (Sort.PRICE, ("敏感",), "", set()),
        (Sort.DECIDER, (), "刘总", {"刘总"}),
    ],
)
def test_what_is_put_right_holds_and_what_it_replaces_does_not(
    sort: Sort, held: tuple[str, ...], text: str, after: set[str]
) -> None:
    said = [Mark(sort, value, wall("10 10:00")) for value in held]
    put = put_right(said, sort, text, wall("20 10:00"))
    assert {one.value for one in standing([*said, *put]).get(sort, ())} == after
    assert put_right([*said, *put], sort, text, wall("21 10:00")) == []
    assert {one.value for one in standing(said).get(sort, ())} == set(held), "taken back, it stands again"


def test_what_was_gone_and_is_said_again_holds_again() -> None:
    said = [Mark(Sort.RIVAL, "科瑞", wall("01 10:00")), Mark(Sort.RIVAL, "科瑞", wall("02 10:00"), gone=True)]
    assert values(said) == {}
    assert values([*said, Mark(Sort.RIVAL, "科瑞", wall("03 10:00"))]) == {Sort.RIVAL: "科瑞"}
