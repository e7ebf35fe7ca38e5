"""What a correction teaches, and who must agree before it is used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.words import Heard, Kind, Stage, Word, entries, learnable, lessons

FULL = "宁波鼎捷激光装备有限公司"
ALIAS = Word(Kind.COMPANY, "鼎捷", FULL)


@pytest.mark.parametrize(
    ("field", "before", "after", "text", "taught"),
    [
        ("company", "", FULL, "鼎捷那边的邱工来电", [ALIAS]),
        ("company", "鼎捷", FULL, "鼎捷那边的邱工来电", [ALIAS]),
        ("company", "别家", FULL, "别家那边的邱工来电", []),  # unrelated letters: no alias
        ("company", "", FULL, "邱工来电", []),
        ("company", "", "老友记火锅", "老友记火锅的王姐", [Word(Kind.COMPANY, "老友记火锅", "老友记火锅")]),
        ("name", "高斯", "爨亮", "爨亮说高斯计要两台", [Word(Kind.NAME, "爨亮", "爨亮"), Word(Kind.NOT_NAME, "高斯", "高斯")]),
        ("name", "王总", "王建国", "王总来电", []),  # known from elsewhere
        ("title", "", "跟单", "张三 跟单", [Word(Kind.TITLE, "跟单", "跟单")]),
        ("need", "", "激光除锈", "要做激光除锈", [Word(Kind.NEED, "激光除锈", "激光除锈")]),
        ("phone", "", "13900010001", "13900010001", []),
        ("name", "陈立", "陈立", "陈立", []),
    ],
)  # fmt: skip
def test_what_a_correction_teaches(
    field: str, before: str, after: str, text: str, taught: list[Word]
) -> None:
    assert list(lessons(field, before, after, text, "鼎捷激光装备" if after == FULL else "")) == taught


@pytest.mark.parametrize("said", ["13900010001", "a@b.cn", "好", "要两台，下周送", "x" * 40, "…… "])
def test_numbers_addresses_and_sentences_are_never_learned(said: str) -> None:
    assert not learnable(Word(Kind.NAME, said, said))


def test_two_members_must_agree_and_an_admin_decides() -> None:
    one = Heard(1, ALIAS, "wanglei")
    again = Heard(2, ALIAS, "liqian")
    assert [entry.used for entry in entries([one], 2)] == [False]
    assert [entry.used for entry in entries([one, one], 2)] == [False]
    assert [entry.used for entry in entries([one, again], 2)] == [True]
    assert [entry.used for entry in entries([Heard(1, ALIAS, "wanglei", Stage.TAKEN)], 2)] == [True]
    assert [entry.used for entry in entries([one, again, Heard(3, ALIAS, "sunhao", Stage.OFF)], 2)] == [False]


def test_two_meanings_with_as_many_voices_are_both_left_out() -> None:
    other = Word(Kind.COMPANY, "鼎捷", "苏州鼎捷软件有限公司")
    heard = [
        Heard(n, word, member)
        for n, (word, member) in enumerate(((ALIAS, "a"), (ALIAS, "b"), (other, "c"), (other, "d")))
    ]
    assert [entry.used for entry in entries(heard, 2)] == [False, False]
    assert [entry.used for entry in entries([*heard, Heard(9, ALIAS, "e")], 2)] == [True, False]
    assert [
        entry.used for entry in entries([*heard, Heard(9, ALIAS, "e"), Heard(10, other, "f", Stage.TAKEN)], 2)
    ] == [False, True]


@given(
    st.sampled_from(["company", "name", "title", "need"]),
    st.text(max_size=40),
    st.text(max_size=40),
    st.text(max_size=80),
)
def test_whatever_is_written_nothing_unlearnable_is_taught(
    field: str, before: str, after: str, text: str
) -> None:
    assert all(learnable(word) for word in lessons(field, before, after, text, after[:6]))


def counted(words: int) -> int:
    """How often words were compared while so many were looked through."""
    compared = 0

    class Counted(Word):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

        __hash__ = Word.__hash__

    entries([Heard(n, Counted(Kind.NEED, f"词{n}", f"词{n}"), "a") for n in range(words)], 2)
    return compared


def test_a_thousand_words_are_not_compared_each_with_each() -> None:
    assert counted(1000) <= 10 * max(100, counted(100))
