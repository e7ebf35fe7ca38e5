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


@given(st.text(HAN, min_size=3, max_size=20), st.sampled_from(["", "科技", "实业发展"]), st.data())
def test_the_near_keys_alone_find_it(front: str, form: str, data: st.DataObject) -> None:
    core = front + form
    at = data.draw(st.integers(0, len(core)))
    other = data.draw(HAN)
    wrong = [core[:at] + other + core[at:], core[:at] + other + core[at + 1 :], core[:at] + core[at + 1 :]]
    for asked in (core, front, *wrong):
        assert set(name_keys.near(asked)) & set(name_keys.near(core)), (core, asked)
    assert len(name_keys.near(core)) <= 2 * (name_keys.HEAD + 1)


def test_the_place_is_that_in_front_of_the_core() -> None:
    here = name_keys.place("宁波恒力液压有限公司", "恒力液压")
    assert 0 < here < 2**15
    assert name_keys.place("浙江省宁波市恒力液压有限公司", "恒力液压") == here
    assert name_keys.place("上海恒力液压有限公司", "恒力液压") != here
    assert name_keys.place("恒力液压（宁波）有限公司", "恒力液压") == 0
    assert name_keys.place("恒力", "恒力液压") == name_keys.place("恒力液压", "") == 0


def test_case_does_not_matter_and_nothing_has_no_keys() -> None:
    assert name_keys.stored("ABB电气") == name_keys.stored("abb电气")
    assert name_keys.stored("") == frozenset()
    assert name_keys.stored("李")


def test_keys_are_32_bits_and_never_change() -> None:
    assert all(-(2**31) <= key < 2**31 for key in name_keys.stored("恒力液压科技"))
    assert name_keys.pairs("恒力") == (1669906807,), "rows in the field were made with it"
    assert name_keys.near("恒力科技") == (
        153883054, -2037220552, -334254336, 493668928, 105406618, 1292923056, -1432496346, 854788112,
    )  # fmt: skip
    assert name_keys.place("宁波恒力", "恒力") == 17202
