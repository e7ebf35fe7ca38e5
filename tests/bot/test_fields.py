"""What is read without a parser is what the parser reads, and nothing that it refuses."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.envelope import Garbled, parse
from bot.fields import Flat, fields_of, flat

MESSAGE = (
    "<xml><ToUserName><![CDATA[wwcorp]]></ToUserName>\n<CreateTime>1795312800</CreateTime>\n"
    '<Content><![CDATA[[微笑] a<b & "c"]d]] \n 好]]></Content><MsgId>7391</MsgId><Empty></Empty></xml>\n'
)
NAMES = st.sampled_from(["a", "b", "MsgId", "_x1", "xml", "a:b", "1a", "a-b", "ä"])
PARTS = st.sampled_from([
    "<xml>", "</xml>", "<![CDATA[", "]]>", "]]", "]", "&amp;", "&", "<", ">", "\r\n", "\n", "\t", "\x00", "\x0b", "\x1f",
    "\x7f", "\u0085", "\u2028", "\ufffe", "\uffff", "\ufeff", "😀", "<!--c-->", "<?p?>", "<!DOCTYPE x>", "<a/>", "a='b'", " ",
])  # fmt: skip
TEXTS = st.lists(st.one_of(PARTS, st.sampled_from(["阀块", "abc", "7", "ÿ", "x y"])), max_size=4).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Nearly well-formed documents of one level."""
    fields = []
    for _ in range(draw(st.integers(0, 4))):
        name, text = draw(NAMES), draw(TEXTS)
        inside = f"<![CDATA[{text}]]>" if draw(st.booleans()) else text
        end = name if draw(st.integers(0, 9)) else draw(NAMES)
        fields.append(f"<{name}>{inside}</{end}>{draw(st.sampled_from(['', chr(10), ' ', 'x']))}")
    return draw(st.sampled_from(["", "", "", " ", "x"])) + "<xml>" + "".join(fields) + "</xml>" + draw(PARTS)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents().map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60))
@example(b"<xml><a>\xff</a></xml>")
@example(b"<xml><a>1</a><a>2</a></xml>")
@example(b"<xml> <a>1</a></xml></xml>")
@example(b"<xml><a>\xed\xa0\x80</a></xml>")
def test_it_reads_what_the_parser_reads(xml: bytes) -> None:
    found = flat(xml)
    if found is None:
        return
    root = parse(xml)  # raises when the parser refuses it
    assert root.tag == "xml"
    for one in root:
        assert not len(one)
        assert not one.attrib
        assert found.findtext(one.tag) == (root.findtext(one.tag) or "")
    assert {one.tag for one in root} == set(found._texts)


def test_a_message_of_the_platform_needs_no_parser() -> None:
    found = flat(MESSAGE.encode())
    assert isinstance(found, Flat)
    assert found.findtext("Content") == '[微笑] a<b & "c"]d]] \n 好'
    assert (found.findtext("Empty"), found.find("Empty"), found.findtext("Gone"), found.find("Gone")) == (
        "",
        "",
        None,
        None,
    )
    assert found.findall("SelectedItems/SelectedItem") == []


@pytest.mark.parametrize(
    "xml",
    [
        "<xml><SelectedItems><SelectedItem><QuestionKey>q</QuestionKey></SelectedItem></SelectedItems></xml>",
        "<xml><a>&lt;</a></xml>", "<xml><a b='c'>1</a></xml>", "<?xml version='1.0'?><xml><a>1</a></xml>", "<xml/>",
        "<xml><a>1\r\n2</a></xml>", "<doc><a>1</a></doc>",
    ],
)  # fmt: skip
def test_all_else_is_the_parsers(xml: str) -> None:
    assert flat(xml.encode()) is None
    assert not isinstance(_read(xml), Flat)


def _read(xml: str) -> object:
    try:
        return fields_of(xml.encode())
    except Garbled:
        return None
