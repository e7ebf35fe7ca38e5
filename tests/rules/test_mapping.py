"""Paths, constants and templates over any message: what is found, what is missing, what was left over."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import PutAside
from rules.mapping import at, mapped, path_ok

MESSAGE: dict[str, Any] = {
    "name": " 陈工 ", "data": {"tel": 13812345678, "items": [{"sku": "FK-20", "n": 2.0}], "tags": ["急", "老客户"]},
    "empty": None, "flag": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("$.name", "陈工"), ("name", "陈工"), ("$.data.tel", "13812345678"), ("$.data.items[0].sku", "FK-20"),
        ("$.data.items[0].n", "2"), ("$.data.items[3].sku", ""), ("$.empty", ""), ("$.name.first", ""),
        ("$.data.tags", "急、老客户"), ("=抖音", "抖音"), ("型号 {data.items[0].sku} × {data.items[0].n}", "型号 FK-20 × 2"),
        ("广告 {ad}", ""), (["$.none", "$.empty", "=兜底"], "兜底"), ("$.flag", "true"),
    ],
)  # fmt: skip
def test_where_a_field_comes_from(source: Any, found: str) -> None:
    assert mapped({"x": source}, MESSAGE).fields == {"x": found}


def test_what_is_missing_is_said_with_what_there_is() -> None:
    with pytest.raises(
        PutAside, match=r"缺少 phone 或 email（找的是 \$\.tel；收到的字段：data、empty、flag、name）"
    ):
        mapped({"phone": "$.tel"}, MESSAGE, must=[["phone", "email"]])


def test_what_nobody_asked_for_is_left() -> None:
    assert mapped({"phone": "$.data.tel", "need": "{name}"}, MESSAGE).left == ("empty", "flag")


messages = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_size=4,
)


@given(messages, st.text(max_size=20))
def test_any_path_into_any_message_gives_a_text(message: dict[str, Any], path: str) -> None:
    assert isinstance(at(message, path), str)
    if path_ok(path):
        assert isinstance(mapped({"x": path}, message).fields["x"], str)


@pytest.mark.parametrize(
    ("source", "ok"),
    [("$.a.b[0].c", True), ("a", True), ("=x{", True), ("问 {a.b}", True), ("{a", False), ("$.a..b", False), ("", False)],
)  # fmt: skip
def test_a_source_that_cannot_be_read_is_known_at_the_start(source: str, ok: bool) -> None:
    assert path_ok(source) is ok
