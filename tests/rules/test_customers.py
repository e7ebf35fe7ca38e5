"""Is it somebody we know?"""

import pytest

from rules.customers import Verdict, Why, mine_to_join, same, worth_saving
from rules.leads import Customer

HENGDA = Customer(311, "陈立", "宁波恒达汽配有限公司", owner="liqian")
HENGLI = Customer(312, "刘工", "宁波恒力液压有限公司")
OLD = Customer(290, "陈立", "宁波恒达汽配有限公司")


def test_nobody_alike_is_new() -> None:
    assert same([], [], []).verdict is Verdict.NEW


def test_the_same_phone_decides_over_everything_else() -> None:
    found = same([HENGDA], [HENGLI], [(HENGLI, 100.0)])
    assert (found.verdict, found.customer, found.why) == (Verdict.MERGE, HENGDA, Why.PHONE)


def test_the_same_mail_decides_over_the_name() -> None:
    found = same([], [HENGLI], [(HENGDA, 100.0)])
    assert (found.verdict, found.customer, found.why) == (Verdict.MERGE, HENGLI, Why.EMAIL)


@pytest.mark.parametrize(
    ("score", "verdict", "why"),
    [
        (100.0, Verdict.MAYBE, Why.COMPANY),
        (90.0, Verdict.MAYBE, Why.COMPANY),
        (89.9, Verdict.MAYBE, Why.SIMILAR),
        (75.0, Verdict.MAYBE, Why.SIMILAR),
        (74.9, Verdict.NEW, Why.NONE),
    ],
)
def test_a_name_only_suggests_however_alike(score: float, verdict: Verdict, why: Why) -> None:
    found = same([], [], [(HENGDA, score)])
    assert (found.verdict, found.why) == (verdict, why)


def test_of_two_with_the_same_phone_the_one_that_has_an_owner_is_meant() -> None:
    assert same([OLD, HENGDA], [], []).customer == HENGDA
    assert same([], [], [(OLD, 95.0), (HENGDA, 95.0)]).customer == HENGDA
    assert same([], [], [(OLD, 96.0), (HENGDA, 80.0)]).customer == OLD


def test_only_ones_own_and_nobodys_customers_can_be_joined() -> None:
    assert mine_to_join(HENGDA, "liqian")
    assert not mine_to_join(HENGDA, "wanglei")
    assert mine_to_join(HENGLI, "wanglei")


def test_something_to_know_a_customer_by() -> None:
    assert not worth_saving("", "", "", "", "")
    for at in range(5):
        assert worth_saving(*("x" if n == at else "" for n in range(5)))
