"""Times as people say them, seen from Monday 5 January 2026, ten o'clock."""

from datetime import date, datetime

import pytest

from nlp import times, workdays

NOW = datetime.fromisoformat("2026-01-05T10:00")


def one(text: str) -> times.When:
    (when,) = times.find(text, NOW)
    return when


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("明天再联系", "2026-01-06T00:00"),
        ("大后天", "2026-01-08T00:00"),
        ("周三", "2026-01-07T00:00"),
        ("周一", "2026-01-12T00:00"),  # said on a Monday: the coming one
        ("本周一", "2026-01-05T00:00"),
        ("下周一上午九点", "2026-01-12T09:00"),
        ("下下周三", "2026-01-21T00:00"),
        ("下礼拜五", "2026-01-16T00:00"),
        ("下週三下午3點半", "2026-01-14T15:30"),
        ("周3下午2:30", "2026-01-07T14:30"),
        ("1月12日", "2026-01-12T00:00"),
        ("2.6号", "2026-02-06T00:00"),
        ("1/12下午3点", "2026-01-12T15:00"),
        ("2026-01-12 15:00", "2026-01-12T15:00"),
        ("二零二六年三月十五日", "2026-03-15T00:00"),
        ("3月15", "2026-03-15T00:00"),
        ("12月30日", "2025-12-30T00:00"),  # only just passed
        ("10月8号", "2026-10-08T00:00"),
        ("3号", "2026-02-03T00:00"),
        ("15号上午10点半", "2026-01-15T10:30"),
        ("下个月15号", "2026-02-15T00:00"),
        ("月底", "2026-01-31T00:00"),
        ("明年3月", "2027-03-01T00:00"),
        ("三季度", "2026-07-01T00:00"),
        ("半小时后", "2026-01-05T10:30"),
        ("两个半小时后", "2026-01-05T12:30"),
        ("3 天后", "2026-01-08T00:00"),
        ("三天后上午10点", "2026-01-08T10:00"),
        ("2星期前", "2025-12-22T00:00"),
        ("一个月后", "2026-02-05T00:00"),
        ("后天晚上七点", "2026-01-07T19:00"),
        ("明早9点", "2026-01-06T09:00"),
        ("晚8点", "2026-01-05T20:00"),
        ("晚上12点", "2026-01-06T00:00"),
        ("下午一点", "2026-01-05T13:00"),
        ("6点30pm", "2026-01-05T18:30"),
        ("周五下午", "2026-01-09T14:00"),
        ("国庆", "2026-10-01T00:00"),
        ("春节", "2026-02-17T00:00"),
        ("下周三(1月14日)下午3点", "2026-01-14T15:00"),
    ],
)
def test_the_moment_is_found(text: str, start: str) -> None:
    assert one(text).start == datetime.fromisoformat(start)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("周二前发测试报告", "2026-01-06T00:00"),
        ("1月12日之前给答复", "2026-01-12T00:00"),
        ("3个工作日内", "2026-01-08T00:00"),
        ("48h内", "2026-01-07T10:00"),
        ("最晚周五给", "2026-01-09T00:00"),
        ("月底前付款", "2026-01-31T00:00"),
        ("本周内", "2026-01-11T00:00"),
        ("周五下班前", None),
    ],
)
def test_a_deadline_is_no_start(text: str, due: str | None) -> None:
    when = one(text)
    if due is None:
        assert when.first == datetime.fromisoformat("2026-01-09T18:00")
    else:
        assert (when.start, when.due) == (None, datetime.fromisoformat(due))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("周四下午三点到五点", "2026-01-08T15:00", "2026-01-08T17:00"),
        ("上午9-10点", "2026-01-05T09:00", "2026-01-05T10:00"),
        ("1月15-20日", "2026-01-15T00:00", "2026-01-20T00:00"),
        ("3月8日-3月10日", "2026-03-08T00:00", "2026-03-10T00:00"),
        ("下周一至周三", "2026-01-12T00:00", "2026-01-14T00:00"),
        ("周六-周一", "2026-01-10T00:00", "2026-01-12T00:00"),
        ("1月15日到20号", "2026-01-15T00:00", "2026-01-20T00:00"),
    ],
)
def test_a_range_takes_its_day_from_the_beginning(text: str, start: str, end: str) -> None:
    when = one(text)
    assert (when.start, when.end) == (datetime.fromisoformat(start), datetime.fromisoformat(end))


@pytest.mark.parametrize(
    "text",
    ["我有两点建议", "快一点", "3号楼5楼", "一点意见", "三天", "3台", "第3点说明", "后天线坏了", "没有时间"],
)
def test_what_only_looks_like_a_time(text: str) -> None:
    assert times.find(text, NOW) == ()


def test_a_guess_says_so() -> None:
    assert one("周一").approximate
    assert one("过两天").approximate
    assert not one("下周一").approximate


def test_offsets_are_those_of_the_original() -> None:
    text = "会议　改到１月１２日　了"
    when = one(text)
    assert text[when.at : when.upto] == when.text == "１月１２日"


def test_working_days_know_the_make_up_day_and_survive_the_end_of_the_calendar() -> None:
    assert workdays.is_workday(date(2026, 1, 4))  # a Sunday that is worked
    assert not workdays.is_workday(date(2026, 1, 1))
    assert workdays.after(date(2031, 12, 31), 1) == date(2032, 1, 1)  # not published yet: Monday to Friday


def test_impossible_dates_are_no_times() -> None:
    assert times.find("2月30日", NOW) == ()
    assert times.find("9999年12月31日后", datetime.fromisoformat("9999-12-31T00:00")) is not None
    assert times.find("5000年后", NOW) is not None
