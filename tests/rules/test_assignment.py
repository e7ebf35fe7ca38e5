"""Who gets a lead, and why."""

from dataclasses import replace

import pytest

from rules.assignment import Ask, candidates, pick
from rules.team import Member, Role

WANG = Member("wanglei", "王磊", regions=("浙江",), tags=("汽配",))
LI = Member("liqian", "李倩", regions=("浙江", "江苏"), tags=("汽配", "阀块"))
SUN = Member("sunhao", "孙浩", regions=("广东",))
ZHANG = Member("zhangmin", "张敏", frozenset({Role.MANAGER}))
NINGBO = Ask(("宁波", "浙江"), ("宁波恒达汽配有限公司", "液压件"))


def test_region_and_trade_go_before_todays_load() -> None:
    found = candidates([SUN, WANG, ZHANG], NINGBO, {"wanglei": 2}, cap=20)
    assert [one.member.id for one in found] == ["wanglei", "sunhao"]
    best = pick(found)
    assert best is not None
    assert best.why == "浙江 / 汽配 / 今日第 3 条"


def test_among_equals_the_one_with_less_today_then_with_less_open() -> None:
    def first(today: dict[str, int], load: dict[str, int]) -> str:
        found = pick(candidates([WANG, LI], NINGBO, today, cap=20, open_leads=load))
        assert found is not None
        return found.member.id

    assert first({"wanglei": 1}, {}) == "liqian"
    assert first({"liqian": 1}, {}) == "wanglei"
    assert first({}, {"liqian": 4}) == "wanglei"
    assert first({}, {}) == "liqian"  # the id decides, so that the same question has the same answer


@pytest.mark.parametrize(
    ("who", "today", "line"),
    [
        (LI, 2, "李倩：浙江/汽配，今日 2 条，在岗"),
        (SUN, 0, "孙浩：今日 0 条，在岗"),
        (SUN, 20, "孙浩：今日 20 条（到上限）"),
        (replace(SUN, available=False), 0, "孙浩：今日 0 条，不在岗"),
        (replace(SUN, assignable=False), 0, "孙浩：今日 0 条，不在线索分配组"),
    ],
)
def test_every_candidate_has_reasons(who: Member, today: int, line: str) -> None:
    (only,) = candidates([who], NINGBO, {who.id: today}, cap=20)
    assert only.line == line
    assert (pick([only]) is None) is (line[-2:] != "在岗" or "不在岗" in line)


def test_who_has_it_now_is_not_offered_it() -> None:
    found = candidates([WANG, LI], NINGBO, {}, cap=20, leave_out="liqian")
    assert [(one.member.id, one.out) for one in found] == [("wanglei", ""), ("liqian", "已是负责人")]


def test_nobody_is_an_answer_too() -> None:
    assert pick(candidates([], NINGBO, {}, cap=20)) is None
    assert pick(candidates([replace(WANG, gone=True), ZHANG], NINGBO, {}, cap=20)) is None


def test_a_lead_without_a_place_fits_no_region() -> None:
    (only,) = candidates([WANG], Ask(("",), ()), {}, cap=20)
    assert only.fits == ()
    assert only.why == "今日第 1 条"


def test_an_open_check_in_comes_after_everybody_free_but_before_nobody() -> None:
    found = candidates([SUN, WANG, LI], NINGBO, {"liqian": 20}, cap=20, busy={"wanglei"})
    assert [(one.member.id, one.out) for one in found] == [
        ("sunhao", ""), ("wanglei", "还有未完成的打卡"), ("liqian", "到上限"),
    ]  # fmt: skip
    best = pick(found)
    assert best is not None
    assert best.member is SUN
    assert found[1].line == "王磊：浙江/汽配，今日 0 条，还有未完成的打卡"
    left = pick(candidates([WANG, LI], NINGBO, {"liqian": 20}, cap=20, busy={"wanglei", "liqian"}))
    assert left is not None
    assert left.member is WANG
