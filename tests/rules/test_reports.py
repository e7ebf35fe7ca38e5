"""Business numbers: places of a leaderboard."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rules import reports


def test_equal_counts_share_a_place_and_a_lead_counts_once_a_day() -> None:
    half, whole = reports.FirstTouch(2, 1, 1), reports.FirstTouch(2, 2, 2)
    people = [("甲", 3, half), ("乙", 3, whole), ("丙", 5, half), ("丁", 0, whole), ("戊", 1, half)]
    found = [(one.rank, one.name) for one in reports.standings(people, 4)]
    assert found == [(1, "丙"), (2, "乙"), (2, "甲"), (4, "戊")]


def test_a_lead_counts_once_for_a_day_of_the_business_zone() -> None:
    late = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    moments = [(1, late - timedelta(hours=8)), (1, late), (2, late), (1, late + timedelta(hours=1))]
    assert reports.records_of(moments, ZoneInfo("Asia/Shanghai")) == 3
