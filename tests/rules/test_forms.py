"""Linked forms: filling, one line of corrections, handing in once; no fixtures."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Refused
from rules.forms import Form, FormField, Request, RequestState, cancel, fill, missing, put, read_line, submit

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
FORM = Form(
    "样品申请单",
    (
        FormField("客户", "customer.company", True),
        FormField("联系人", "contact.name"),
        FormField("数量", required=True),
        FormField("收货地址", required=True),
    ),
)
REQUEST = Request(101, FORM.name, 1024, "wanglei", NOW, fill(FORM, {"customer.company": " 宁波恒达 "}))


def test_it_is_filled_with_what_is_known_and_knows_what_is_missing():
    assert REQUEST.fields == (("客户", "宁波恒达"), ("联系人", ""), ("数量", ""), ("收货地址", ""))
    assert missing(FORM, REQUEST) == ("数量", "收货地址")
    assert (FORM.short, REQUEST.label) == ("样品单", "S-0101")


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("数量 5 件 收货地址 宁波江北区 8 号", {"数量": "5 件", "收货地址": "宁波江北区 8 号"}),
        ("收货地址：宁波，数量：5", {"收货地址": "宁波", "数量": "5"}),
        ("数量5件", {"数量": "5件"}),
        ("5 件", {}),
        ("他说数量还没定", {}),
        ("数量", {}),
    ],
)
def test_one_line_of_corrections(line: str, values: dict[str, str]):
    assert read_line(FORM, line) == values


@given(st.text())
def test_any_line_is_read_without_raising(line: str):
    assert set(read_line(FORM, line)) <= {field.name for field in FORM.fields}


def test_it_is_handed_in_once_and_complete():
    with pytest.raises(Refused, match="还缺：数量、收货地址"):
        submit(FORM, REQUEST, NOW)
    full = put(FORM, REQUEST, {"数量": "5 件", "收货地址": "宁波"})
    done = submit(FORM, full, NOW)
    assert (done.state, done.submitted_at) == (RequestState.SUBMITTED, NOW)
    for again in (
        lambda: submit(FORM, done, NOW),
        lambda: put(FORM, done, {"数量": "6"}),
        lambda: cancel(done),
    ):
        with pytest.raises(Refused, match="已提交"):
            again()
    assert cancel(full).state is RequestState.CANCELLED
    with pytest.raises(Refused, match="没有「颜色」"):
        put(FORM, REQUEST, {"颜色": "红"})
