"""A name that is written slightly wrong still shares a key with the right one."""

from hypothesis import given
from hypothesis import strategies as st

from rules import name_keys

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)


@given(st.text(HAN, min_size=2, max_size=20), st.data())
def test_one_wrong_missing_or_added_character_anywhere(core: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(core) - 1))
    other = data.draw(HAN)
    for wrong in (
        core[:at] + other + core[at + 1 :],
        core[:at] + core[at + 1 :],
        core[:at] + other + core[at:],
    ):
        if not wrong:
            continue
        asked = name_keys.front(wrong) | set(name_keys.pairs(wrong))
        assert asked & name_keys.stored(core), (core, wrong)


def test_case_does_not_matter_and_nothing_has_no_keys() -> None:
    assert name_keys.stored("ABB电气") == name_keys.stored("abb电气")
    assert name_keys.stored("") == frozenset()
    assert name_keys.stored("李")


def test_keys_are_32_bits_and_never_change() -> None:
    assert all(-(2**31) <= key < 2**31 for key in name_keys.stored("恒力液压科技"))
    assert name_keys.pairs("恒力") == (1669906807,), "rows in the field were made with it"
