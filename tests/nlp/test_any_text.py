"""Nothing raises on any text, evidence always points at itself, and long pastes stay fast."""

import time
from datetime import datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nlp import chat, draft, next_step, phones
from nlp.warm import warm
from rules.errors import Refused

NOW = datetime.fromisoformat("2026-01-05T10:00")
PIECES = [
    "张三", "王总", "欧阳晶", "13800138000", "0755-26881234转801", "一三八零零一三八零零零", "有限公司",
    "集团", "宁波", "（江苏）", "周三", "下午", "3点半", "1月15-20日", "前", "三天后", "预算", "48万",
    "￥", "元", "微信同号", "@微信 1-4 16:07\n", " 2026-01-04 10:23\n", "：", ":", "\n", "，", "。", " ",
    "[", "]", "(", ")", "采购经理", "姓名", "我是", "的", "好的", "谢谢", "a@b.cn", "..", "1️⃣",
    "\u200b", "▪", "２", "Tom", "Co., Ltd.", "报价", "样品", "不", "半", "十", "万", "-", "/", "9999年",
    "2月30日",
]  # fmt: skip
texts = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
relaxed = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module", autouse=True)
def _warmed() -> None:
    warm()


@relaxed
@given(texts)
@example("1月5\x0c²\ufe0e@0 1/1 0:00")  # the last message is empty
def test_any_text_can_be_read(text: str) -> None:
    found = draft.as_dict(text, NOW)
    for hit in found["evidence"]:
        assert text[hit["start"] : hit["end"]] == hit["text"]
    read = draft.read(text, NOW, known_companies=("宁波恒力液压有限公司",), own_names=frozenset({"张三"}))
    assert all(text[hit.start : hit.end] == hit.text for hit in read.evidence)
    assert draft.has_lead(text) in (True, False)
    for turn in chat.split(text, NOW):
        assert text[turn.start : turn.end] == turn.text


@relaxed
@given(texts)
def test_any_line_corrects_or_is_refused(line: str) -> None:
    try:
        fixed = draft.correct(draft.Draft(), line, NOW)
    except Refused:
        pass
    else:
        assert fixed != draft.Draft()


@relaxed
@given(
    texts,
    st.datetimes(datetime.fromisoformat("0001-01-01T00:00"), datetime.fromisoformat("9999-12-31T00:00")),
)
def test_any_next_step_can_be_read_on_any_day(text: str, now: datetime) -> None:
    step = next_step.read_next(text, now)
    assert step.text == text
    assert step.at is None or step.at > now


@given(st.text(max_size=40))
def test_a_mask_never_shows_seven_digits(number: str) -> None:
    assert sum(char.isdigit() for char in phones.mask(number)) <= 8


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "一",
        "公司",
        "王总",
        "张三 10:23\n好\n",
        "13800138000 ",
        "下周",
        "哈",
        "(",
        "a@",
        "姓名：",
        "\n",
        "10:00 ",
    ],
)
def test_a_long_paste_takes_seconds_at_most(piece: str) -> None:
    text = (piece * 100_000)[:100_000]
    start = time.process_time()
    draft.as_dict(text, NOW)
    assert time.process_time() - start < 5
