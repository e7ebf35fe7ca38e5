"""The code of a firm: its check character catches what was typed wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.credit_code import ALPHABET, find, read, valid

REAL = ("91350100M000100Y43", "9144030071526726XG", "914403001922038216", "91330100799655058B")


@pytest.mark.parametrize("code", REAL)
def test_real_codes_fit_and_every_slip_of_one_character_does_not(code: str) -> None:
    assert valid(code)
    for at in range(18):
        for other in ALPHABET:
            if other != code[at]:
                assert not valid(code[:at] + other + code[at + 1 :])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("９１３５０１００m000100y43", REAL[0]),
        ("9135 0100 M000 100Y 43", REAL[0]),
        ("9135-0100-M000-100Y-43", REAL[0]),
        ("91350100M000100Y4", ""),
        ("91350100M000100Y44", ""),
        ("91350100I000100Y43", ""),
        ("", ""),
    ],
)
def test_however_it_is_written(written: str, code: str) -> None:
    assert read(written) == code


def test_in_a_text_it_is_found_and_an_order_number_is_not() -> None:
    assert find(f"开票：宁波恒达汽配有限公司 税号{REAL[0]}，电话 0574-88880001") == REAL[0]
    assert find("税号：9144 0300 7152 6726 XG 开户行") == REAL[1]
    assert find("订单 202611230001234567 已发货") == ""
    assert find("X" + REAL[0]) == ""


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert read(text) == "" or valid(read(text))
    assert find(text) == "" or valid(find(text))
