"""Text messages, the menu, JSON bodies: cut, marked and written as WeCom takes them."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wecom.api import encode
from bot.wecom.menu import Entry, menu_json
from bot.wecom.texts import MARKS, legible, mark, pieces


def test_a_short_text_is_one_message_with_a_mark() -> None:
    (text,) = pieces("已记录", 4401)
    assert text == "已记录" + mark(4401, 0)
    assert set(mark(4401, 0)) <= set(MARKS)
    assert all(unicodedata.category(char) == "Cf" for char in MARKS), "nothing of it is seen"


def test_equal_texts_of_two_rows_differ_and_of_one_row_do_not() -> None:
    assert pieces("好", 1) != pieces("好", 2)
    assert pieces("好", 7) == pieces("好", 7)
    assert len({mark(row, part) for row in range(60) for part in range(60)}) == 3600


def test_a_long_text_is_cut_at_lines() -> None:
    text = "\n".join(f"{n}. 宁波某汽配 · 陈工 · 138****5678" for n in range(100))
    parts = pieces(text, 9)
    assert len(parts) > 2
    assert all(len(part.encode()) <= 2048 for part in parts)
    assert "\n".join(part.rstrip(MARKS) for part in parts) == text


@given(st.text(alphabet="汉字🔔a é\n", min_size=1, max_size=3000), st.integers(0, 36**8))
def test_nothing_but_white_space_gets_lost(text: str, row: int) -> None:
    parts = pieces(text, row)
    assert all(len(part.encode()) <= 2048 for part in parts)
    joined = "".join(part.rstrip(MARKS) for part in parts)
    assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", text)


@given(st.text())
def test_a_body_has_no_escapes(text: str) -> None:
    body = encode({"text": {"content": text}, "list": [text], "n": 1, "no": None})
    assert not re.search(rb"(?<!\\)(\\\\)*\\u[0-9a-fA-F]{4}", body)
    assert json.loads(body)["n"] == 1


@given(st.text() | st.text(alphabet='汉\\u4e2d"\n\t\b\x1f\ud800'))
def test_a_body_says_what_is_legible_of_its_texts(text: str) -> None:
    said = json.loads(encode({"text": {"content": text}, "list": [text]}))
    wanted = legible(text).encode("utf-8", "replace").decode()
    assert said == {"text": {"content": wanted}, "list": [wanted]}


def test_a_typed_escape_is_no_escape() -> None:
    assert b"\\u4e2d" not in encode({"content": "看 \\u4e2d 这个"})


def test_chinese_stays_chinese() -> None:
    assert encode({"a": "线索"}) == '{"a":"线索"}'.encode()


MENU = (
    Entry("今日", "/今日"),
    Entry("打卡", "/打卡"),
    Entry("更多", under=(Entry("我的", "/我的"), Entry("帮助", "/帮助"), Entry("看板", link="https://a.cn"))),
)


def test_the_menu() -> None:
    assert menu_json(MENU) == {
        "button": [
            {"type": "click", "name": "今日", "key": "cmd:/今日"},
            {"type": "click", "name": "打卡", "key": "cmd:/打卡"},
            {
                "name": "更多",
                "sub_button": [
                    {"type": "click", "name": "我的", "key": "cmd:/我的"},
                    {"type": "click", "name": "帮助", "key": "cmd:/帮助"},
                    {"type": "view", "name": "看板", "url": "https://a.cn"},
                ],
            },
        ]
    }


@pytest.mark.parametrize(
    "entries",
    [
        (),
        MENU + MENU,
        (Entry("六个汉字太长"),),
        (Entry("六个汉字太长", "/x"),),
        (Entry("今日"),),
        (Entry("今日", "/" + "长" * 50),),
        (Entry("更多", under=(Entry("x", "/x"),) * 6),),
    ],
)
def test_a_menu_that_wecom_would_refuse(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(ValueError, match="菜单"):
        menu_json(entries)


@pytest.mark.parametrize(
    "link", ['<a href="https://evil.example">登录</a>', "<A HREF=x>", "< a href=x>", "</a >"]
)
def test_a_customer_s_name_is_no_link(link: str) -> None:
    (said,) = pieces(f"客户 {link} <abc> 1<2", 7)
    assert "<a" not in said.lower().replace("<abc>", "").replace(" ", "")
    assert "<abc> 1<2" in said
