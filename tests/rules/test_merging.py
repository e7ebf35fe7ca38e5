"""Two customers that are one: what is asked, what comes of it, who may."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rules.leads import Contact, Customer
from rules.merging import FIELDS, Pick, back, different, fold, joined, may_merge
from rules.team import Member, Role, Team

HERE = Customer(311, "陈工", "宁波恒达汽配有限公司", "恒达汽配", city="宁波", owner="wanglei", version=4)
THERE = Customer(
    298, "刘工", "恒达汽配厂", "恒达汽配厂", level="A", owner="liqian", credit_code="91350100M000100Y43"
)
TEAMS = (Team("华东", "zhangmin"),)
WANGLEI = Member("wanglei", "王磊", team="华东")
LIQIAN = Member("liqian", "李倩", team="华东")
ZHANGMIN = Member("zhangmin", "张敏", frozenset({Role.MANAGER}), team="华东")
SUNHAO = Member("sunhao", "孙浩", team="华南")


def test_only_what_both_say_differently_is_asked_about() -> None:
    assert different(HERE, THERE) == ("company", "owner")
    assert different(replace(HERE, company=""), replace(THERE, company="")) == ("name", "owner")
    assert different(HERE, replace(HERE, id=298)) == ()


def test_the_choice_and_what_was_missing_make_the_customer() -> None:
    after = joined(HERE, THERE, {"company": Pick.GONE, "owner": Pick.KEPT})
    assert (after.id, after.version) == (311, 4)
    assert (after.company, after.core) == ("恒达汽配厂", "恒达汽配厂")
    assert (after.city, after.level, after.owner) == ("宁波", "A", "wanglei")
    assert after.credit_code == THERE.credit_code
    assert joined(HERE, THERE, {}).core == "恒达汽配"


WORDS = st.sampled_from(["", "甲", "乙"])
CUSTOMERS = st.builds(
    Customer, st.just(1), WORDS, WORDS, city=WORDS, level=WORDS, owner=WORDS, credit_code=WORDS
)


@given(CUSTOMERS, CUSTOMERS, st.lists(st.sampled_from(Pick), min_size=6, max_size=6))
def test_nothing_is_lost_that_was_not_decided_against_and_the_way_back_is_exact(
    kept: Customer, gone: Customer, letters: list[Pick]
) -> None:
    asked = different(kept, gone)
    picks = dict(zip(asked, letters, strict=False))
    after = joined(kept, gone, picks)
    for field in FIELDS:
        said = {getattr(kept, field), getattr(gone, field)} - {""}
        assert getattr(after, field) in (said or {""})
        if field in asked:
            assert getattr(after, field) == getattr(kept if picks[field] is Pick.KEPT else gone, field)
    before, done = vars(kept), vars(after)
    assert back(before, done, done) == before
    changed = {**done, "city": "丙"}
    assert "city" not in back(before, done, changed)


def test_the_same_person_is_folded_and_a_namesake_is_not() -> None:
    chen = Contact(1, 311, "陈工", phone="13812345678")
    same = Contact(2, 298, "陈工", title="采购", phone="138-1234-5678", email="c@hd.cn")
    other = Contact(3, 298, "刘工", phone="138-1234-5678")
    third = Contact(4, 298, "陈工", phone="13900000000")

    def digits(phone: str) -> str:
        return "".join(filter(str.isdigit, phone))

    [found] = fold([chen], [same, other, third], digits)
    assert (found.gone, found.kept) == (same, chen)
    assert found.filled == Contact(1, 311, "陈工", title="采购", phone="13812345678", email="c@hd.cn")
    assert found.blanks == ("title", "email")
    assert fold([], [same], digits) == fold([chen], [], digits) == []


def test_who_owns_both_their_manager_and_those_above_may() -> None:
    assert may_merge(WANGLEI, [WANGLEI, WANGLEI], TEAMS)
    assert not may_merge(WANGLEI, [WANGLEI, LIQIAN], TEAMS)
    assert not may_merge(WANGLEI, [WANGLEI, None], TEAMS)
    assert may_merge(ZHANGMIN, [WANGLEI, LIQIAN], TEAMS)
    assert may_merge(ZHANGMIN, [WANGLEI, None], TEAMS)
    assert not may_merge(ZHANGMIN, [WANGLEI, SUNHAO], TEAMS)
    for role in (Role.DIRECTOR, Role.ADMIN):
        boss = Member("boss", "总", frozenset({role}))
        assert may_merge(boss, [WANGLEI, SUNHAO, None], TEAMS)
        assert not may_merge(replace(boss, gone=True), [WANGLEI], TEAMS)
    assert not may_merge(Member("it", "周", frozenset({Role.IT})), [WANGLEI], TEAMS)
