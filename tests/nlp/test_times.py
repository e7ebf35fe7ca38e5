"""Times as people say them, seen from Monday 5 January 2026, ten o'clock."""

from datetime import date, datetime

import pytest

from nlp import festivals, times, workdays

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
    assert workdays.after(date(2031, 12, 31), 1) == date(2032, 1, 2)  # not published yet: the usual days off


def test_the_companys_own_calendar_wins_over_the_states() -> None:
    workdays.use(holidays=frozenset({date(2026, 1, 6)}), workdays=frozenset({date(2026, 1, 10)}))
    try:
        assert [workdays.after(date(2026, 1, 5), count).day for count in (1, 3, 4)] == [7, 9, 10]
        assert one("4个工作日内").due == datetime.fromisoformat("2026-01-10T00:00")
    finally:
        workdays.use(frozenset(), frozenset())


def test_impossible_dates_are_no_times() -> None:
    assert times.find("2月30日", NOW) == ()
    assert times.find("9999年12月31日后", datetime.fromisoformat("9999-12-31T00:00")) is not None
    assert times.find("5000年后", NOW) is not None


AUTUMN = datetime.fromisoformat("2026-11-23T10:00")  # a Monday


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("二零二六年第一季度的报表", "2026-01-01"),
        ("2027年元宵节晚上8点半", "2027-02-20T20:30"),
        ("一百天之后交付", "2027-03-03"),
        ("周四下午三点到五点", "2026-11-26T15:00"),
        ("今年清明节回去", "2026-04-05"),
        ("12号下午3点半开会", "2026-12-12T15:30"),
        ("农历二零二七年八月初七上午七点", "2027-09-07T07:00"),
        ("从2026年12月九号到十五号", "2026-12-09"),
        ("今明两年的计划", "2026-01-01"),
        ("2026年感恩节", "2026-11-26"),
        ("前两天联系过", "2026-11-21"),
        ("近半年的订单", "2026-05-23"),
        ("早上8点到下午5点", "2026-11-23T08:00"),
        ("去年三月签的", "2025-03-01"),
        ("上个月初", "2026-10-01"),
        ("下个月第二周", "2026-12-07"),
        ("12月的第三个周五", "2026-12-18"),
        ("本月最后一个工作日", "2026-11-30"),
        ("三个小时后", "2026-11-23T13:00"),
        ("半小时前", "2026-11-23T09:30"),
        ("两周后", "2026-12-07"),
        ("三个月后复查", "2027-02-23"),
        ("一年后", "2027-11-23"),
        ("上上个月", "2026-09-01"),
        ("前年五月", "2024-05-01"),
        ("三年前", "2023-11-23"),
        ("2026-12-01 08:30:00", "2026-12-01T08:30"),
        ("2026年12月1日星期二", "2026-12-01"),
        ("12月3日（周四）14:00—16:30", "2026-12-03T14:00"),
        ("明日上午10：00", "2026-11-24T10:00"),
        ("下周三下午2:30-4:00", "2026-12-02T14:30"),
        ("11/27(五) 15:00", "2026-11-27T15:00"),
        ("本周五下班前", "2026-11-27T18:00"),
        ("周五晚8点", "2026-11-27T20:00"),
        ("后天晚上十点一刻", "2026-11-25T22:15"),
        ("晚上12点", "2026-11-24T00:00"),
        ("中午十二点半", "2026-11-23T12:30"),
        ("今天早上六点", "2026-11-23T06:00"),
        ("下个月十五号左右", "2026-12-15"),
        ("二十号之前", "2026-12-20"),
        ("十二月初", "2026-12-01"),
        ("十一月底", "2026-11-30"),
        ("明年春节前", "2027-02-06"),
        ("这个周末", "2026-11-28"),
        ("下周末", "2026-12-05"),
        ("上周末", "2026-11-21"),
        ("今年年底", "2026-12-31"),
        ("下半年", "2026-07-01"),
        ("明年上半年", "2027-01-01"),
        ("后年", "2028-01-01"),
        ("聽日下晝三點", "2026-11-24T15:00"),
        ("下個禮拜三朝早", "2026-12-02T08:00"),
        ("后日朝早九点半", "2026-11-25T09:30"),
        ("15:00左右到", "2026-11-23T15:00"),
        ("三点三刻", "2026-11-23T15:45"),
        ("五分钟之内", "2026-11-23T10:05"),
        ("72小时内", "2026-11-26T10:00"),
        ("一周内", "2026-11-30"),
        ("本周之内", "2026-11-29"),
        ("10个工作日", ""),
        ("第三个工作日", ""),
        ("15个工作日内交货", "2026-12-14"),
        ("周内给你", "2026-11-29"),
        ("月内完成", "2026-11-30"),
        ("下月中", "2026-12-15"),
        ("下旬", "2026-11-21"),
        ("11月23日起", "2026-11-23"),
        ("截止12月15日", "2026-12-15"),
        ("2026年12月20日24点前", "2026-12-21"),
        ("26年12月8号", "2026-12-08"),
        ("2026.12", "2026-12-01"),
        ("2026/12", "2026-12-01"),
        ("2026年Q4", "2026-10-01"),
        ("27年一季度", "2027-01-01"),
        ("上午", "2026-11-23T09:00"),
        ("明天上午九点五十", "2026-11-24T09:50"),
        ("明天9点05分", "2026-11-24T09:05"),
        ("今天18时30分", "2026-11-23T18:30"),
        ("周二、周四上午", "2026-11-24"),
        ("星期二和星期五", "2026-11-24"),
        ("每月10号", "2026-12-10"),
        ("每周一上午", "2026-11-30T09:00"),
        ("次日", "2026-11-24"),
        ("当晚", "2026-11-23T19:00"),
        ("前天夜里", "2026-11-21T22:00"),
        ("昨晚11点", "2026-11-22T23:00"),
        ("大前天", "2026-11-20"),
        ("上星期四", "2026-11-19"),
        ("本礼拜日", "2026-11-29"),
        ("双十二", "2026-12-12"),
        ("圣诞节", "2026-12-25"),
        ("平安夜", "2026-12-24"),
        ("劳动节", "2027-05-01"),
        ("6月1号儿童节", "2027-06-01"),
        ("去年国庆", "2025-10-01"),
        ("父亲节", "2027-06-20"),
        ("夏至", "2027-06-21"),
        ("腊八", "2027-01-15"),
        ("小年", "2027-01-30"),
        ("正月十五", "2027-02-20"),
        ("大年初三", "2027-02-08"),
        ("这几天", "2026-11-23"),
        ("最近三个月", "2026-08-23"),
        ("未来一周", "2026-11-23"),
        ("过去两周", "2026-11-09"),
        ("十天左右", ""),
        ("等我三天", ""),
        ("三天两头", ""),
        ("一点问题都没有", ""),
        ("两点建议", ""),
        ("3号楼", ""),
        ("80后", ""),
        ("24小时营业", ""),
        ("质保三年", ""),
    ],
)
def test_times_seen_from_a_monday_in_november(text: str, start: str) -> None:
    found = times.find(text, AUTUMN)
    first = found[0].first if found else None
    assert (first.isoformat()[: len(start)] if first is not None else "") == start


@pytest.mark.parametrize("name", festivals.ALL)
def test_every_holiday_comes_within_two_years(name: str) -> None:
    day = festivals.coming(name, AUTUMN.date())
    assert day is not None
    assert 0 <= (day - AUTUMN.date()).days < 400


def test_lunar_dates_are_those_of_the_published_calendar() -> None:
    # 春节, 元宵, 端午 and 中秋 as the state published them.
    assert festivals.on("春节", 2025) == date(2025, 1, 29)
    assert festivals.on("元宵", 2026) == date(2026, 3, 3)
    assert festivals.on("端午", 2025) == date(2025, 5, 31)  # before the leap sixth month
    assert festivals.on("中秋", 2025) == date(2025, 10, 6)  # behind it
    assert festivals.on("腊八", 2027) == date(2027, 1, 15)
    assert festivals.on("除夕", 2027) == date(2027, 2, 5)
    assert festivals.lunar(2027, 2, 31) is None
    assert festivals.lunar(2050, 1, 1) is None


def test_a_solar_term_needs_no_other_word_of_time() -> None:
    assert [when.text for when in times.find("立秋再说", NOW)] == ["立秋"]
