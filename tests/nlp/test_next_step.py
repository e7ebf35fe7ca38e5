"""Step 3/3 of the check-in: one sentence becomes an action and an hour."""

from datetime import datetime

import pytest

from nlp.next_step import read_next

NOW = datetime.fromisoformat("2026-01-05T10:00")  # a Monday


@pytest.mark.parametrize(
    ("text", "action", "at", "due"),
    [
        ("周二前发测试报告", "发测试报告", datetime.fromisoformat("2026-01-06T18:00"), True),
        ("明天再联系", "再联系", datetime.fromisoformat("2026-01-06T09:00"), False),
        ("3 天后", "", datetime.fromisoformat("2026-01-08T09:00"), False),
        ("下周一", "", datetime.fromisoformat("2026-01-12T09:00"), False),
        ("给王总发报价，周五前", "给王总发报价", datetime.fromisoformat("2026-01-09T18:00"), True),
        ("1月12日下午3点上门演示", "上门演示", datetime.fromisoformat("2026-01-12T15:00"), False),
        ("约在下周三下午3点半看样机", "看样机", datetime.fromisoformat("2026-01-14T15:30"), False),
        ("本周内出方案", "出方案", datetime.fromisoformat("2026-01-09T18:00"), True),
        ("今天发资料", "发资料", datetime.fromisoformat("2026-01-05T18:00"), False),
        (
            "早上8点打电话",
            "打电话",
            datetime.fromisoformat("2026-01-06T08:00"),
            False,
        ),  # eight has passed: tomorrow
        ("发样品", "发样品", None, False),
        ("上周五已经发了", "上周五已经发了", None, False),
        ("", "", None, False),
    ],
)
def test_a_sentence_becomes_a_step(text: str, action: str, at: datetime | None, due: bool) -> None:
    step = read_next(text, NOW)
    assert (step.action, step.at, step.due, step.text) == (action, at, due, text)


def test_today_after_hours_is_in_an_hour() -> None:
    late = datetime.fromisoformat("2026-01-05T20:00")
    assert read_next("今天发资料", late).at == datetime.fromisoformat("2026-01-05T21:00")
