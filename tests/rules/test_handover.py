"""Several take over what one leaves behind."""

from hypothesis import given
from hypothesis import strategies as st

from rules.handover import split


def test_each_customer_goes_whole_to_one() -> None:
    assert split({1: 3, 2: 1, 3: 1, 4: 1}, ["anna", "bert"]) == {"anna": [1], "bert": [2, 3, 4]}
    assert split({}, ["anna", "bert"]) == {"anna": [], "bert": []}
    assert split({1: 0, 2: 0, 3: 0}, ["anna", "bert"]) == {"anna": [1, 3], "bert": [2]}


@given(
    st.dictionaries(st.integers(1, 999), st.integers(0, 9)),
    st.lists(st.sampled_from("abcde"), min_size=1, unique=True),
)
def test_nothing_is_left_over_and_nobody_gets_much_more(leads: dict[int, int], takers: list[str]) -> None:
    given = split(leads, takers)
    assert sorted(id for some in given.values() for id in some) == sorted(leads)
    loads = [sum(leads[id] for id in given[one]) for one in takers]
    assert max(loads) - min(loads) <= max(leads.values(), default=0)
