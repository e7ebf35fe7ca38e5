"""Texts are cut and tagged as by the segmenter that the tables come from."""

import json
from pathlib import Path

import pytest
import rjieba

from bench import dictionary as tables
from nlp import dictionary, kinds, segment, unknown

ROOT = Path(__file__).parent.parent.parent
ODD = [
    "", "A", "3", "\r\n\r\n a　b", "𠮷野家的𠮷", "江南style 你好", "8848米%", "卡拉OK厅", "囧囧囍龘龘", "3.14%的人 2.5kg", "Ωβ射线",
    "AT&T公司 c++语言", "zhao-lin-007", "B3-21展位", "2026-11-20 09:30",
    "林曉彤會聯繫您", "中华人民共和国国务院办公厅", "一一一一一一一一",
]  # fmt: skip


def texts() -> list[str]:
    files = [
        ROOT / "tests/nlp/chats.jsonl",
        ROOT / "bench/data/public.jsonl",
        ROOT / "bench/data/own_dev.jsonl",
    ]
    rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    return [*ODD, *(row["text"] for row in rows)]


@pytest.fixture(scope="module")
def theirs() -> rjieba.Jieba:
    """The same dictionary and models in Rust, with our words added."""
    made = rjieba.Jieba()
    for word in tables.people():
        made.add_word(word, tables.OFTEN, "nr")
    return made


def test_the_dictionary_alone_cuts_alike(theirs: rjieba.Jieba) -> None:
    assert [segment.pieces(text) for text in texts()] == [theirs.cut(text, False) for text in texts()]


def test_words_that_are_not_listed_are_cut_alike(theirs: rjieba.Jieba) -> None:
    assert [segment.cut(text) for text in texts()] == [theirs.cut(text) for text in texts()]


def test_words_are_tagged_alike(theirs: rjieba.Jieba) -> None:
    assert [segment.tag(text) for text in texts()] == [theirs.tag(text) for text in texts()]


def test_what_is_not_listed_has_no_kind() -> None:
    words = dictionary.dictionary()
    assert ("张总" in words, "阿斌" in words, "𠮷" in words) == (True, False, False)
    assert [words.kind(word) for word in ("张总", "宁波", "中华人民共和国", "中华人民共和", "阿斌")] == [
        "nr",
        "ns",
        "ns",
        "",
        "",
    ]


def test_the_tables_are_those_that_would_be_written_today() -> None:
    """After a change of nlp/words/surnames.txt: `make bench BENCH=bench/dictionary.py`."""
    assert dictionary.FILE.read_text("utf-8") == tables.of_words(tables.listed())
    assert unknown.FILE.read_text("utf-8") == tables.of_unknown()
    assert kinds.FILE.read_text("utf-8") == tables.of_kinds()
