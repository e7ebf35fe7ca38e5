"""What a search by words may find."""

import pytest

from rules.search import legible, prying


@pytest.mark.parametrize("words", ["137", "打 1371", "１２３４", "一三七", "七", "li.gong", "@"])
def test_what_could_ask_for_a_piece_of_a_number_or_an_address(words: str):
    assert prying(words)


def test_other_words_ask_for_none():
    assert not prying("液压阀块 宁波")


@pytest.mark.parametrize(
    ("words", "found"),
    [("300 件", True), ("打 137", True), ("9876", True), ("1371", False), ("12349876", False), ("１３７１", False),
     ("13712349876", False), ("gong", False), ("@hengli", True), ("DN50", True), ("dn50", True)],
)  # fmt: skip
def test_words_are_found_as_they_are_read(words: str, found: bool):
    assert legible(words, [None, "", "要 300 件 DN50，打 13712349876 或发 li.gong@hengli.cn"]) is found
