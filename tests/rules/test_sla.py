"""Ladders: where a climb starts, what ends it, who hears of it and when; no fixtures."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Refused
from rules.hours import Calendar
from rules.leads import Lead, Status
from rules.sla import (
    Delivery,
    Happened,
    Ladder,
    Rung,
    Stop,
    Tell,
    Wait,
    answered,
    climb,
    due,
    freeze,
    next_look,
    overdue,
    repeat_at,
    said,
    stands,
    start_of,
    thaw,
)
from rules.snooze import once_more, until

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(ZONE, ((time(9), time(12)), (time(13, 30), time(18))), (time(20), time(8, 30)))
HOUR = timedelta(hours=1)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


NOW = wall("2026-11-23 10:02")  # a Monday
TOUCH = Ladder(
    "首次触达", "lead.assigned", "lead.first_touch", "working",
    (Rung(2 * HOUR, ("owner",)), Rung(4 * HOUR, ("owner", "manager"), task="看一下")),
)  # fmt: skip
TECH = Ladder(
    "技术确认未回音", "status.tech_confirm", "followup.recorded", "calendar", (Rung(72 * HOUR, ("owner", "manager")),),
    ("tech_confirm",),
)  # fmt: skip
LEAD = Lead(id=1024, customer=311, owner="wanglei", created_at=NOW, assigned_at=NOW)
ASSIGNED = Happened(1, "lead.assigned", NOW)
FIRST, SECOND = wall("2026-11-23 13:32"), wall("2026-11-23 15:32")


def step(now: datetime, told: int = 0, *, over: bool = False, standing: bool = True) -> object:
    return climb(CALENDAR, TOUCH, NOW, told, over, standing, now)


# ── climbing ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("now", "told", "expected"),
    [
        (NOW, 0, Wait(FIRST, 0)),
        (FIRST - timedelta(seconds=1), 0, Wait(FIRST, 0)),
        (FIRST, 0, Tell(0, ("owner",), ())),
        (FIRST, 1, Wait(SECOND, 1)),
        (SECOND, 1, Tell(1, ("owner", "manager"), ("看一下",))),
        (SECOND, 2, Stop("已通知所有人")),
        (SECOND + 9 * HOUR, 0, Tell(1, ("owner", "manager"), ("看一下",))),  # slept over the first: said once
    ],
)
def test_each_rung_is_said_at_its_time(now: datetime, told: int, expected: object):
    assert step(now, told) == expected


def test_a_touch_or_a_lost_reason_ends_it_at_any_height():
    for told in range(3):
        assert step(SECOND, told, over=True) == Stop("已跟进")
        assert step(SECOND, told, standing=False) == Stop("状态已变")


def test_a_calendar_rule_of_days_is_delivered_in_working_time():
    friday = wall("2026-11-20 19:00")
    assert due(CALENDAR, TECH, friday, 0) == wall("2026-11-24 09:00")  # 72 h later is Monday 19:00
    seconds = replace(TECH, rungs=(Rung(timedelta(seconds=2), ("owner",)),))
    assert due(CALENDAR, seconds, friday, 0) == friday + timedelta(seconds=2)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=4), st.integers(0, 60 * 24 * 20))
def test_looked_at_at_every_due_time_every_rung_is_said_once_and_in_order(hours: list[int], start: int):
    ladder = replace(TOUCH, rungs=tuple(Rung(h * HOUR, ("owner",)) for h in sorted(hours)))
    began, told, order = NOW + timedelta(minutes=start), 0, []
    while (at := next_look(CALENDAR, ladder, began, told, None)) is not None:
        verdict = climb(CALENDAR, ladder, began, told, False, True, at)
        assert isinstance(verdict, Tell)
        told = verdict.rung + 1
        order.append(at)
    assert told == len(hours)
    assert all(a <= b for a, b in pairwise(order))


# ── where it starts, what ends it ──────────────────────────────────────────────────────────────────────
def test_a_hand_over_that_keeps_the_clock_starts_nothing():
    kept = Happened(5, "lead.assigned", NOW + HOUR, {"restart": False})
    assert start_of(TOUCH, LEAD, [ASSIGNED, kept]) == ASSIGNED


def test_a_new_clock_counts_and_one_that_was_taken_back_does_not():
    anew = Happened(5, "lead.assigned", NOW + HOUR, {"restart": True})
    moved = replace(LEAD, assigned_at=NOW + HOUR)
    assert start_of(TOUCH, moved, [ASSIGNED, anew]) == anew
    assert start_of(TOUCH, LEAD, [ASSIGNED, anew]) == ASSIGNED  # undone: the lead was assigned at NOW again


def test_the_record_that_set_the_status_does_not_answer_it():
    recorded = Happened(7, "followup.recorded", NOW)
    status = Happened(8, "status.tech_confirm", NOW)  # the same instant, the id decides
    assert not answered(TECH, status, [recorded, status])
    assert answered(TECH, status, [recorded, status, Happened(9, "followup.recorded", NOW)])


def test_a_first_touch_stays_one_whoever_has_the_lead_later():
    touched = Happened(2, "lead.first_touch", NOW)
    anew = Happened(5, "lead.assigned", NOW + HOUR, {"restart": True})
    assert answered(TOUCH, anew, [ASSIGNED, touched, anew])


@pytest.mark.parametrize(
    ("lead", "extra"),
    [
        (replace(LEAD, status=Status.LOST), ()),
        (replace(LEAD, owner=""), ()),
        (LEAD, (Happened(9, "sla.waived", NOW),)),
    ],
)
def test_what_takes_its_reason_away(lead: Lead, extra: tuple[Happened, ...]):
    assert stands(TOUCH, LEAD, ASSIGNED, [ASSIGNED])
    assert not stands(TOUCH, lead, ASSIGNED, [ASSIGNED, *extra])
    assert not stands(TOUCH, LEAD, ASSIGNED, [])  # the start itself was taken back


def test_a_status_ladder_climbs_only_in_its_status():
    start = Happened(3, "status.tech_confirm", NOW)
    assert stands(TECH, replace(LEAD, status=Status.TECH_CONFIRM), start, [start])
    assert not stands(TECH, replace(LEAD, status=Status.QUOTING), start, [start])


def test_a_pass_before_a_new_start_does_not_cover_it():
    anew = Happened(12, "lead.assigned", NOW + HOUR)
    assert stands(TOUCH, LEAD, anew, [ASSIGNED, Happened(9, "sla.waived", NOW), anew])


def test_a_restart_goes_on_where_it_was():
    told = Happened(4, "sla.told", NOW, {"rule": "首次触达", "fact": 1, "rung": 0})
    other = Happened(5, "sla.told", NOW, {"rule": "首次触达", "fact": 99, "rung": 1})
    assert said(TOUCH, ASSIGNED, [ASSIGNED, told, other]) == 1
    assert said(TECH, ASSIGNED, [ASSIGNED, told, other]) == 0


def test_how_far_behind():
    late = overdue(CALENDAR, TOUCH, LEAD, [ASSIGNED], wall("2026-11-23 16:00"))
    assert late is not None
    assert (late.rung, late.escalated, late.silent) == (1, True, 4 * HOUR + timedelta(minutes=28))
    assert overdue(CALENDAR, TOUCH, LEAD, [ASSIGNED], FIRST - timedelta(minutes=1)) is None
    touched = Happened(2, "lead.first_touch", NOW)
    assert overdue(CALENDAR, TOUCH, LEAD, [ASSIGNED, touched], SECOND) is None


# ── repeats ────────────────────────────────────────────────────────────────────────────────────────────
NAGGING = replace(TOUCH, rungs=(replace(TOUCH.rungs[0], repeat=HOUR), TOUCH.rungs[1]))


def test_a_repeat_goes_on_until_somebody_has_seen_it_and_a_snooze_only_puts_it_off():
    again = repeat_at(CALENDAR, NAGGING, 1, FIRST, False, None)
    assert again == wall("2026-11-23 14:32")
    assert repeat_at(CALENDAR, NAGGING, 1, FIRST, True, None) is None
    assert repeat_at(CALENDAR, NAGGING, 2, SECOND, False, None) is None
    snoozed = wall("2026-11-23 17:00")
    assert repeat_at(CALENDAR, NAGGING, 1, FIRST, False, snoozed) == snoozed
    assert next_look(CALENDAR, NAGGING, NOW, 1, snoozed) == SECOND  # the climb does not wait for it


# ── kept with the timer; the ledger ────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("ladder", [TOUCH, TECH, NAGGING])
def test_a_frozen_ladder_thaws_to_itself(ladder: Ladder):
    assert thaw(freeze(ladder)) == ladder


@pytest.mark.parametrize(
    ("state", "failed"),
    [("accepted", False), ("acted", False), ("folded", False), ("unknown", False), ("refused", True),
     ("expired", True), ("queued", True), ("throttled", True)],
)  # fmt: skip
def test_only_what_is_proved_undelivered_excuses(state: str, failed: bool):
    assert Delivery(state).failed is failed
    assert not Delivery(state, read_at=NOW).failed


# ── putting off ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", "2026-11-23 10:32"),
        ("30分", "2026-11-23 10:32"),
        ("半小时后", "2026-11-23 10:32"),
        ("1小时", "2026-11-23 11:02"),
        ("2 个小时", "2026-11-23 12:02"),
        ("明早", "2026-11-24 09:00"),
        ("15:00", "2026-11-23 15:00"),
        ("下午3点", "2026-11-23 15:00"),
        ("下午3点半", "2026-11-23 15:30"),
        ("１５：２０", "2026-11-23 15:20"),
    ],
)
def test_until_when_a_lead_is_put_off(words: str, expected: str):
    assert until(words, NOW, CALENDAR) == wall(expected)


@pytest.mark.parametrize("words", ["9:00", "随便", "25:00", "4天", "0分"])
def test_what_is_over_unclear_or_too_far_is_refused(words: str):
    with pytest.raises(Refused):
        until(words, NOW, CALENDAR)


def test_twice_is_enough():
    once_more(replace(LEAD, snoozes=1), 2)
    with pytest.raises(Refused, match="已经推迟了 2 次"):
        once_more(replace(LEAD, snoozes=2), 2)
