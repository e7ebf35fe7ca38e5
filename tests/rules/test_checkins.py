"""The check-in's steps, quick answers and what a complete one does to a lead; no fixtures."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.checkins import (
    Answer,
    CheckIn,
    Choices,
    Conclusion,
    State,
    Step,
    advance,
    before,
    filler,
    may_start,
    quick,
    quick_labels,
    remind_at,
    restore,
    settle,
    still_due,
    took,
)
from rules.errors import Refused
from rules.hours import Calendar
from rules.leads import Lead, Status

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(ZONE, ((time(9), time(12)), (time(13, 30), time(18))), (time(20), time(8, 30)))
NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)  # Monday 10:02
TECH = Conclusion("需技术确认", "tech_confirm")
QUOTE = Conclusion("等待报价", "quoting")
MISSED = Conclusion("未接通", touched=False)
LOST = Conclusion("无意向", "lost", closes=True)
CHOICES = Choices(("电话", "微信", "面谈"), (TECH, QUOTE, MISSED, LOST), timedelta(days=400))
LEAD = Lead(id=1024, customer=311, owner="wanglei", created_at=NOW)


def at(step: Step, **fields: object) -> CheckIn:
    return replace(CheckIn(7, 1024, "wanglei", NOW, step=step), **fields)  # type: ignore[arg-type]


THIRD = at(Step.NEXT, channel="电话", conclusion="等待报价")


def test_three_answers_make_it_complete():
    one = advance(at(Step.CHANNEL), Answer(Step.CHANNEL, "电话"), NOW, CHOICES)
    two = advance(one, Answer(Step.CONCLUSION, "需技术确认"), NOW, CHOICES)
    three = advance(two, Answer(Step.NEXT, "发测试报告", NOW + timedelta(days=1)), NOW, CHOICES)
    assert [(c.step, c.number, c.missing) for c in (one, two)] == [(Step.CONCLUSION, 2, 2), (Step.NEXT, 3, 1)]
    assert three.state is State.DONE
    assert three.closed_at == NOW
    assert (three.channel, three.conclusion, three.next_text) == ("电话", "需技术确认", "发测试报告")


@pytest.mark.parametrize(
    ("checkin", "answer", "sentence"),
    [
        (at(Step.CHANNEL), Answer(Step.CHANNEL, "飞鸽"), "没有「飞鸽」这种方式"),
        (at(Step.CHANNEL), Answer(Step.CONCLUSION, "等待报价"), "这一步已经填过了"),
        (at(Step.CONCLUSION), Answer(Step.CONCLUSION, "随便"), "没有「随便」这个结论"),
        (at(Step.CONCLUSION), Answer(Step.CHANNEL, "电话"), "这一步已经填过了"),
        (THIRD, Answer(Step.NEXT, "", None), "下一步做什么"),
        (THIRD, Answer(Step.NEXT, "谢谢", None), "下一步做什么？例如：周二前发测试报告"),
        (THIRD, Answer(Step.NEXT, "发方案", NOW), "已经过去了"),
        (THIRD, Answer(Step.NEXT, "发方案", NOW - timedelta(days=3)), "已经过去了"),
        (THIRD, Answer(Step.NEXT, "发方案", NOW + timedelta(days=401)), "最远可以约到 400 天"),
        (THIRD, Answer(Step.NEXT, ends=True), "还要有下一步"),
        (replace(THIRD, state=State.DONE), Answer(Step.NEXT, "x", NOW + timedelta(1)), "已经结束"),
        (replace(THIRD, state=State.CANCELLED), Answer(Step.NEXT, "x", NOW + timedelta(1)), "已经结束"),
    ],
)
def test_what_is_refused(checkin: CheckIn, answer: Answer, sentence: str):
    with pytest.raises(Refused, match=sentence):
        advance(checkin, answer, NOW, CHOICES)


def test_a_next_step_without_a_time_is_kept_and_its_time_completes_it():
    said = advance(THIRD, Answer(Step.NEXT, "发方案"), NOW, CHOICES)
    assert (said.state, said.step, said.next_text) == (State.OPEN, Step.NEXT, "发方案")
    done = advance(said, Answer(Step.NEXT, "", NOW + timedelta(days=2)), NOW, CHOICES)
    assert (done.state, done.next_text, done.next_at) == (State.DONE, "发方案", NOW + timedelta(days=2))


def test_a_time_alone_means_to_call_again():
    done = advance(THIRD, Answer(Step.NEXT, "", NOW + timedelta(days=2)), NOW, CHOICES)
    assert (done.state, done.next_text) == (State.DONE, "再联系")


def test_only_a_conclusion_that_closes_can_end_without_a_next_step():
    done = advance(replace(THIRD, conclusion="无意向"), Answer(Step.NEXT, ends=True), NOW, CHOICES)
    assert (done.state, done.next_text, done.next_at) == (State.DONE, "", None)
    assert quick_labels(LOST)[0] == "不再跟进"
    assert "不再跟进" not in quick_labels(TECH)


@given(st.lists(st.sampled_from(["电话", "等待报价", "无意向", "发方案", ""]), max_size=8), st.booleans())
def test_no_order_of_answers_completes_it_with_a_step_left_out(words: list[str], timed: bool):
    checkin = at(Step.CHANNEL)
    for word in words:
        for step in Step:
            try:
                checkin = advance(
                    checkin, Answer(step, word, NOW + timedelta(1) if timed else None), NOW, CHOICES
                )
            except Refused:
                continue
    if checkin.state is State.DONE:
        assert checkin.channel
        assert checkin.conclusion
        assert checkin.next_text
        assert checkin.next_at is not None


@pytest.mark.parametrize(
    ("now", "label", "wall"),
    [
        ("2026-11-23 10:02", "明天再联系", "2026-11-24 09:00"),
        ("2026-11-23 10:02", "3 天后", "2026-11-26 09:00"),
        ("2026-11-23 10:02", "下周一", "2026-11-30 09:00"),
        ("2026-11-27 16:00", "明天再联系", "2026-11-30 09:00"),  # Friday: not on Saturday
        ("2026-09-30 16:00", "明天再联系", "2026-10-08 09:00"),  # National Day
        ("2026-02-13 16:00", "明天再联系", "2026-02-14 09:00"),  # a Saturday that is worked
    ],
)
def test_quick_answers_fall_on_working_mornings(now: str, label: str, wall: str):
    moment = datetime.fromisoformat(now).replace(tzinfo=ZONE)
    answer = quick(label, moment, CALENDAR)
    assert answer.text == ""
    assert answer.at == datetime.fromisoformat(wall).replace(tzinfo=ZONE)


def test_a_deadline_is_reminded_of_in_the_morning_of_its_day_an_appointment_at_its_time():
    tuesday = datetime(2026, 11, 24, 18, tzinfo=ZONE)
    assert remind_at(CALENDAR, tuesday, deadline=True, now=NOW) == datetime(2026, 11, 24, 9, tzinfo=ZONE)
    assert remind_at(CALENDAR, tuesday, deadline=False, now=NOW) == tuesday
    today = datetime(2026, 11, 23, 18, tzinfo=ZONE)
    assert remind_at(CALENDAR, today, deadline=True, now=NOW) == NOW
    sunday = datetime(2026, 11, 29, 18, tzinfo=ZONE)  # no working morning before it: at its time
    assert remind_at(CALENDAR, sunday, deadline=True, now=NOW) == sunday


def done(conclusion: Conclusion, ends: bool = False) -> CheckIn:
    time_ = None if ends else NOW + timedelta(days=1)
    return replace(
        THIRD, conclusion=conclusion.name, state=State.DONE, next_text="" if ends else "发方案", next_at=time_
    )


@pytest.mark.parametrize(
    ("start", "conclusion", "ends", "status", "facts"),
    [
        (Status.NEW, TECH, False, Status.TECH_CONFIRM,
         ("followup.recorded", "lead.first_touch", "status.intent", "status.tech_confirm")),
        (Status.NEW, QUOTE, False, Status.QUOTING, ("followup.recorded", "lead.first_touch", "status.intent")),
        (Status.NEW, MISSED, False, Status.NEW, ("followup.recorded",)),
        (Status.NEW, Conclusion("未接通"), False, Status.CONTACTED, ("followup.recorded", "lead.first_touch")),
        (Status.INTENT, MISSED, False, Status.INTENT, ("followup.recorded", "status.intent")),
        (Status.NEW, LOST, True, Status.LOST, ("followup.recorded", "lead.first_touch", "lead.closed")),
        (Status.NEW, LOST, False, Status.CONTACTED, ("followup.recorded", "lead.first_touch")),
        (Status.QUOTING, replace(LOST, status=""), True, Status.LOST,
         ("followup.recorded", "lead.first_touch", "lead.closed")),
    ],
)  # fmt: skip
def test_what_a_record_does_to_the_lead(start, conclusion, ends, status, facts):
    settled = settle(replace(LEAD, status=start), done(conclusion, ends), conclusion, NOW)
    assert settled.lead.status is status
    assert settled.facts == facts
    assert settled.lead.open is not ends
    assert settled.lead.last_followup_at == NOW
    assert (settled.lead.first_touch_at == NOW) is ("lead.first_touch" in facts)


def test_the_first_touch_stays_the_first():
    earlier = NOW - timedelta(days=2)
    settled = settle(replace(LEAD, first_touch_at=earlier), done(TECH), TECH, NOW)
    assert settled.lead.first_touch_at == earlier
    assert "lead.first_touch" not in settled.facts


@pytest.mark.parametrize(
    "lead", [LEAD, replace(LEAD, next_text="报价", next_at=NOW, snoozes=2, snoozed_until=NOW)]
)
@pytest.mark.parametrize("conclusion", [TECH, MISSED, LOST])
def test_restoring_puts_back_what_a_record_changed_and_nothing_else(lead: Lead, conclusion: Conclusion):
    changed = settle(lead, done(conclusion, conclusion.closes), conclusion, NOW).lead
    moved_on = replace(changed, acked_at=NOW, version=9, note="别的")
    assert restore(moved_on, before(lead)) == replace(lead, acked_at=NOW, version=9, note="别的")


def test_who_may_start_and_when_it_still_makes_sense():
    may_start(LEAD, "wanglei", "王磊")
    for lead, sentence in (
        (replace(LEAD, status=Status.INVALID), "已结束（号码无效）"),
        (replace(LEAD, owner=""), "公海"),
        (replace(LEAD, owner="liqian"), "负责人是 李倩"),
    ):
        with pytest.raises(Refused, match=sentence):
            may_start(lead, "wanglei", "李倩")
        assert not still_due(THIRD, lead)
    assert still_due(THIRD, LEAD)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 秒"),
        (41, "41 秒"),
        (60, "1 分"),
        (185, "3 分 5 秒"),
        (3600, "1 小时"),
        (7860, "2 小时 11 分"),
        (86_399, "23 小时 59 分"),
        (86_400, "1 天"),
        (66 * 3600 + 37 * 60, "2 天"),
        (-5, "0 秒"),
    ],
)
def test_how_long_it_took(seconds: int, shown: str):
    assert took(NOW, NOW + timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    "words",
    ["谢谢", "谢谢！", "🙂", "👍👍", "不用了", "等再说吧", "再说吧", "好的，谢谢", "OK", "没有", "…", ""],
)
def test_words_that_plan_nothing(words: str):
    assert filler(words)


@pytest.mark.parametrize(
    "words",
    [
        "发方案",
        "再联系",
        "等客户回复",
        "寄样品",
        "不用寄样，发图纸",
        "谢总那边回访",
        "再打",
        "催款",
        "call back",
    ],
)
def test_words_that_plan_something(words: str):
    assert not filler(words)


def test_a_thank_you_beside_a_time_only_says_when_to_call_again():
    done = advance(THIRD, Answer(Step.NEXT, "等再说吧", NOW + timedelta(days=1)), NOW, CHOICES)
    assert (done.state, done.next_text) == (State.DONE, "再联系")
