"""Today's list and the week's numbers; no fixtures."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rules.hours import Calendar
from rules.leads import Lead, Status
from rules.reports import Assigned, first_touch, week_start
from rules.sla import Ladder, Rung
from rules.today import Item, Todo, What, place, plan

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
END = NOW + 14 * HOUR
LEAD = Lead(id=1, customer=1, owner="wanglei", created_at=NOW)
TOUCHED = replace(LEAD, status=Status.QUOTING, first_touch_at=NOW)


def test_the_order_of_a_day():
    leads = [
        replace(TOUCHED, id=2, next_at=NOW + HOUR, next_text="发报价"),
        replace(TOUCHED, id=3, next_at=NOW - HOUR, next_text="回电"),
        replace(LEAD, id=4),
        replace(LEAD, id=5),
        replace(TOUCHED, id=6, next_at=END + HOUR),
        replace(LEAD, id=7, status=Status.LOST),
        replace(TOUCHED, id=8),
    ]
    marks = {4: (NOW + 3 * HOUR, NOW + 5 * HOUR), 5: (NOW - HOUR, NOW + HOUR)}
    items = plan(leads, marks, [Todo(9, 3, "出方案")], 8, NOW, END)
    assert items == [
        Item(What.CHECKIN, 8),
        Item(What.TOUCH, 5, at=NOW + HOUR),  # the target is over, the last mark is not
        Item(What.TOUCH, 4, at=NOW + 3 * HOUR),
        Item(What.OVERDUE, 3, "回电", NOW - HOUR, True),
        Item(What.DUE, 2, "发报价", NOW + HOUR),
        Item(What.TASK, 3, "出方案", task=9),
    ]


def test_a_lead_past_its_last_mark_is_late():
    (item,) = plan([LEAD], {1: (NOW - 3 * HOUR, NOW - HOUR)}, [], 0, NOW, END)
    assert item.late


def test_the_next_thing_is_not_skipped_when_one_was_done():
    items = [Item(What.TOUCH, 4), Item(What.TOUCH, 5), Item(What.TOUCH, 6)]
    assert place(items, 0, 0) == 0
    assert place(items, 1, 4) == 1  # 4 is still there
    assert place(items[1:], 1, 4) == 0  # 4 was done and has left the list
    assert place(items, 3, 6) == 3


ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(ZONE, ((time(9), time(12)), (time(13, 30), time(18))))
LADDER = Ladder(
    "首次触达", "lead.assigned", "lead.first_touch", "working",
    (Rung(2 * HOUR, ("owner",)), Rung(4 * HOUR, ("owner", "manager"))),
)  # fmt: skip


def test_rates_are_of_what_is_decided_and_blame_nobody_for_lost_messages():
    given = [
        Assigned(1, NOW, NOW + HOUR),
        Assigned(2, NOW, NOW + 5 * HOUR),  # past the target (lunch not counted), before the last mark
        Assigned(3, NOW, None),
        Assigned(4, NOW, None, undelivered=True),
        Assigned(5, NOW + 20 * HOUR, None),  # not due yet
    ]
    rate = first_touch(CALENDAR, LADDER, given, NOW + 7 * HOUR)
    assert (rate.decided, rate.within_target, rate.within_latest) == (3, 1, 2)
    assert (rate.target_rate, rate.latest_rate) == (33, 67)
    assert first_touch(CALENDAR, LADDER, [], NOW).latest_rate == 0


@pytest.mark.parametrize("day", ["2026-11-23T00:00", "2026-11-26T12:00", "2026-11-29T23:59"])
def test_a_week_starts_on_monday(day: str):
    assert week_start(datetime.fromisoformat(day)) == datetime.fromisoformat("2026-11-23T00:00")
