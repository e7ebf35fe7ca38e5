"""Who gets a lead, and why."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.assignment import (
    Ask,
    Group,
    Past,
    Standing,
    Weights,
    candidates,
    decide,
    kind_of,
    nobody_free,
    pick,
    rehearse,
    win_rates,
)
from rules.fairness import WHOLE, Share, gini, parts, report
from rules.team import Member, Role

WANG = Member("wanglei", "王磊", regions=("浙江",), tags=("汽配",))
LI = Member("liqian", "李倩", regions=("浙江", "江苏"), tags=("汽配", "阀块"))
SUN = Member("sunhao", "孙浩", regions=("广东",))
ZHANG = Member("zhangmin", "张敏", frozenset({Role.MANAGER}))
NINGBO = Ask(("宁波", "浙江"), ("宁波恒达汽配有限公司", "液压件"))
PLAIN = Weights()


def test_region_and_trade_go_before_todays_load() -> None:
    found = candidates([SUN, WANG, ZHANG], NINGBO, {"wanglei": Standing(today=2)}, PLAIN)
    assert [one.member.id for one in found] == ["wanglei", "sunhao"]
    best = pick(found)
    assert best is not None
    assert best.why == "浙江 / 汽配 / 今日第 3 条"


def test_among_equals_who_is_owed_more_then_who_had_less_today() -> None:
    def first(**standings: Standing) -> str:
        found = pick(candidates([WANG, LI], NINGBO, standings, PLAIN))
        assert found is not None
        return found.member.id

    assert first(wanglei=Standing(today=1)) == "liqian"
    assert first(liqian=Standing(today=1)) == "wanglei"
    assert first(liqian=Standing(today=1, credit=1)) == "liqian"
    assert first() == "liqian"  # the id decides, so that the same question has the same answer


@pytest.mark.parametrize(
    ("who", "has", "line"),
    [
        (LI, Standing(today=2), "李倩：浙江/汽配，今日 2 条，在岗"),
        (SUN, Standing(), "孙浩：今日 0 条，在岗"),
        (SUN, Standing(today=20), "孙浩：今日 20 条（到上限）"),
        (SUN, Standing(open=9), "孙浩：今日 0 条，在跟线索到上限"),
        (SUN, Standing(away="休假到 11-27"), "孙浩：今日 0 条，休假到 11-27"),
        (SUN, Standing(declined=True), "孙浩：今日 0 条，已退回过"),
        (replace(SUN, available=False), Standing(), "孙浩：今日 0 条，不在岗"),
        (replace(SUN, assignable=False), Standing(), "孙浩：今日 0 条，不在线索分配组"),
    ],
)
def test_every_candidate_has_reasons(who: Member, has: Standing, line: str) -> None:
    (only,) = candidates([who], NINGBO, {who.id: has}, Weights(open_cap=9))
    assert only.line == line
    assert (pick([only]) is None) is not line.endswith("，在岗")


def test_who_has_it_now_is_not_offered_it() -> None:
    found = candidates([WANG, LI], NINGBO, {}, PLAIN, leave_out="liqian")
    assert [(one.member.id, one.out) for one in found] == [("wanglei", ""), ("liqian", "已是负责人")]


def test_nobody_is_an_answer_too() -> None:
    assert pick(candidates([], NINGBO, {}, PLAIN)) is None
    assert decide([replace(WANG, gone=True), ZHANG], NINGBO, {}, PLAIN).chosen is None


def test_a_lead_without_a_place_fits_no_region() -> None:
    (only,) = candidates([WANG], Ask(("",), ()), {}, PLAIN)
    assert (only.fits, only.region, only.trade) == ((), 1.0, 1.0)
    assert only.why == "今日第 1 条"


def test_an_open_check_in_comes_after_everybody_free_but_before_nobody() -> None:
    standings = {"liqian": Standing(today=20), "wanglei": Standing(busy=True)}
    found = candidates([SUN, WANG, LI], NINGBO, standings, PLAIN)
    assert [(one.member.id, one.out) for one in found] == [
        ("sunhao", ""), ("wanglei", "还有未完成的打卡"), ("liqian", "到上限"),
    ]  # fmt: skip
    assert decide([SUN, WANG, LI], NINGBO, standings, PLAIN).chosen == found[0]
    left = decide([WANG, LI], NINGBO, standings, PLAIN).chosen
    assert left is not None
    assert left.member is WANG


def test_who_is_out_of_their_own_shift_comes_last_but_before_nobody() -> None:
    standings = {"wanglei": Standing(off_shift=True), "liqian": Standing(busy=True)}
    for people, who in (([WANG, LI], LI), ([WANG], WANG)):
        made = decide(people, NINGBO, standings, PLAIN).chosen
        assert made is not None
        assert made.member is who


def test_nobody_free_tells_why_and_only_when_there_is_really_nobody() -> None:
    full, gone = Standing(today=99), Standing(away="休假02-13 一天")
    assert nobody_free([WANG, LI], {"wanglei": full, "liqian": gone}, PLAIN) == ("到上限", "休假02-13 一天")
    assert nobody_free([WANG, LI], {"wanglei": full, "liqian": full}, PLAIN) == ("到上限",)
    for last in (Standing(), Standing(busy=True), Standing(off_shift=True)):
        assert nobody_free([WANG, LI], {"wanglei": full, "liqian": last}, PLAIN) == ()
    assert nobody_free([], {}, PLAIN) == ("没有销售",)


def test_a_group_takes_its_kind_and_overflows_only_when_it_may() -> None:
    drawings = Group("图纸定制", ("liqian",), needs=("图纸", "定制"))
    ask = Ask((), ("按图纸加工", ""))
    made = decide([WANG, LI], ask, {}, PLAIN, [drawings])
    assert made.chosen is not None
    assert (made.chosen.member, made.group, made.why) == (LI, "图纸定制", "图纸定制 / 今日第 1 条")
    assert [one.out for one in made.candidates] == ["", "不在「图纸定制」组"]
    full = {"liqian": Standing(today=20)}
    widened = decide([WANG, LI], ask, full, PLAIN, [drawings])
    assert widened.chosen is not None
    assert (widened.chosen.member, widened.widened) == (WANG, True)
    assert decide([WANG, LI], ask, full, PLAIN, [replace(drawings, overflow=False)]).chosen is None
    other = decide([WANG, LI], Ask((), ("现货",)), {"liqian": Standing(today=1)}, PLAIN, [drawings]).chosen
    assert other is not None
    assert other.member is WANG
    assert kind_of([drawings], ("想按图纸做", "")) == "图纸"
    assert kind_of([drawings], ("现货",)) == ""


def test_win_rates_are_smoothed_and_a_small_sample_counts_as_the_team() -> None:
    has = {
        "a": Standing(won=30, decided=40),
        "b": Standing(won=0, decided=40),
        "c": Standing(won=3, decided=3),
    }
    rates = win_rates(has, Weights(sample=10, prior=0.2))
    team = (33 + 2) / (83 + 10)
    assert rates["c"] == pytest.approx(team)  # three of three proves nothing
    assert rates["a"] == pytest.approx((30 + 10 * team) / 50)
    assert 0 < rates["b"] < team < rates["a"] < 0.75


def test_a_new_rep_has_the_floor_and_never_more_than_an_equal_part() -> None:
    old = [Member(f"old{n}", f"老{n}") for n in range(3)]
    new = Member("new", "新人")
    has = {one.id: Standing(won=45, decided=50) for one in old} | {"new": Standing(won=0, decided=1)}
    weights = Weights(floor=0.2, prior=0.0)
    found = {one.member.id: one.share for one in candidates([*old, new], Ask(), has, weights)}
    assert found["new"] >= 0.2 * WHOLE
    many = candidates([*old, new], Ask(), has, replace(weights, floor=0.9))
    assert {one.member.id: one.share for one in many}["new"] == WHOLE // 4


PEOPLE = [
    Member(f"m{n}", f"人{n}", regions=(("浙江",), ("广东",), ())[n % 3], tags=(("汽配",), ())[n % 2])
    for n in range(8)
]


@given(
    st.lists(
        st.tuples(
            st.sets(st.integers(0, 7)),  # who is away
            st.sets(st.integers(0, 7), max_size=3),  # who has a check-in open
            st.sampled_from(["宁波|浙江", "深圳|广东", ""]),
            st.sampled_from(["汽配", "图纸定制", ""]),
        ),
        max_size=120,
    ),
    st.integers(1, 30),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_day_assigns_or_explains_each_lead_once_and_fairly(
    day: list[tuple[set[int], set[int], str, str]], cap: int, elsewhere: float, overflow: bool
) -> None:
    """Each lead has exactly one owner or a reason for everybody; nobody above the cap; credits are a ledger that adds
    up to nothing and stays within a few leads of what was owed."""
    weights = Weights(elsewhere=elsewhere, cap=cap)
    groups = [Group("图纸", ("m0", "m3"), needs=("图纸",), overflow=overflow)]
    credit = {one.id: 0 for one in PEOPLE}
    owed = dict.fromkeys(credit, 0)
    got = dict.fromkeys(credit, 0)
    for away, busy, place, word in day:
        has = {
            one.id: Standing(today=got[one.id], credit=credit[one.id], busy=n in busy, away="休假" if n in away else "")
            for n, one in enumerate(PEOPLE)
        }  # fmt: skip
        ask = Ask(tuple(place.split("|")), (word,))
        made = decide(PEOPLE, ask, has, weights, groups)
        assert made == decide(PEOPLE, ask, has, weights, groups)
        if made.chosen is None:
            assert all(one.out for one in made.candidates)
            assert len(made.candidates) == len(PEOPLE)
            assert made.settled() == {}
            continue
        id = made.chosen.member.id
        assert not has[id].away
        assert sum(one.share for one in made.candidates) == WHOLE
        assert sum(made.settled().values()) == 0
        for one in made.candidates:
            owed[one.member.id] += one.share
        for who, change in made.settled().items():
            credit[who] += change
        got[id] += 1
        assert got[id] <= cap
    assert sum(credit.values()) == 0
    for id in credit:
        assert credit[id] == owed[id] - got[id] * WHOLE
        assert abs(credit[id]) <= len(PEOPLE) / 2 * WHOLE


def test_shares_hold_over_many_leads() -> None:
    """Constant weights: nobody is ever a whole lead away from what was owed."""
    people = [Member(f"m{n}", "") for n in range(5)]
    has = {f"m{n}": Standing(won=10 * n, decided=60) for n in range(5)}
    for _ in range(400):
        made = decide(people, Ask(), has, PLAIN)
        for id, change in made.settled().items():
            has[id] = replace(has[id], credit=has[id].credit + change)
        assert all(abs(one.credit) < WHOLE for one in has.values())


def test_a_rehearsal_follows_the_cap_of_the_day_and_who_was_away() -> None:
    past = [Past(n, "2026-11-23" if n < 6 else "2026-11-24", NINGBO, "wanglei") for n in range(8)]
    past[7] = replace(past[7], away=frozenset({"wanglei", "liqian"}))
    given_to = [who for _, who in rehearse(past, [WANG, LI], {}, Weights(cap=2))]
    assert given_to == ["liqian", "wanglei", "liqian", "wanglei", "", "", "wanglei", ""]


# ── how fair it was ────────────────────────────────────────────────────────────────────────────────────
@given(st.dictionaries(st.text(min_size=1, max_size=4), st.floats(1e-6, 1e6), min_size=1, max_size=50))
def test_parts_add_up_exactly(weights: dict[str, float]) -> None:
    found = parts(weights)
    assert sum(found.values()) == WHOLE
    total = sum(weights.values())
    assert all(abs(found.get(id, 0) - weight / total * WHOLE) <= 1 for id, weight in weights.items())


def test_nobody_weighs_anything() -> None:
    with pytest.raises(ValueError, match="weighs"):
        parts({"a": 0.0})


def test_the_report_names_the_largest_deviation_and_gini() -> None:
    made = report([Share("a", 10, 5 * WHOLE, 5), Share("b", 10, 5 * WHOLE, 5)])
    assert (made.leads, made.worst, made.gini) == (10, 0.0, 0.0)
    made = report([Share("a", 10, 5 * WHOLE, 10), Share("b", 10, 5 * WHOLE, 0)])
    assert (made.rows[0].member, made.worst, made.gini) == ("a", 5.0, 0.5)
    assert gini([]) == 0.0
    assert gini([1, 1, 1, 1]) == pytest.approx(0)
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)
