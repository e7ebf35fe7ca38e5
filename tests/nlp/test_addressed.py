"""Which lines put a saved record right, and which only begin like one."""

import pytest

from nlp.corrected import LINE, addressed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("L-1024 电话改成13900001111", ("L-1024", "电话改成13900001111")),
        ("l1024：公司 宁波恒达", ("l1024", "公司 宁波恒达")),
        ("C-0311的手机是13900001111", ("C-0311", "手机是13900001111")),
        (" #L-1024，不是王总，是黄总 ", ("#L-1024", "不是王总，是黄总")),
        ("C-0311 把公司改成宁波恒达", ("C-0311", "把公司改成宁波恒达")),
        ("L-1024 没有电话", ("L-1024", "没有电话")),
        ("L-200系列阀门要50个，刘敏13700002222", None),
        ("L-1024 客户说下周定", None),
        ("L-1024", None),
        ("1024 电话 13900001111", None),  # a bare number may be anything
        ("O-55 电话 13900001111", None),
        ("L-1024 电话 13900001111\n陈立：你好", None),  # a chat
        ("L-1024 需求 " + "泵" * LINE, None),
    ],
)
def test_a_line_that_names_a_record_and_what_is_right(text: str, found: tuple[str, str] | None) -> None:
    assert addressed(text) == found
