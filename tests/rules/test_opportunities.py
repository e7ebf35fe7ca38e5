"""Opportunities: no stage is jumped, a reason where one is due, money as people read it. (B47, B48)"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Refused
from rules.leads import Lead
from rules.opportunities import (
    STAGES,
    Opportunity,
    Outcome,
    Stage,
    Step,
    asks_why,
    before,
    fen,
    following,
    may_move,
    money,
    step,
    title_of,
    total,
)
from rules.team import Member, Role, Team

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
ONE = Opportunity(55, 311, "wanglei", "液压阀块年单", NOW, NOW, lead=1024, amount=12_000_000)
TEAMS = (Team("华东", "zhangmin"), Team("华南", "lizong"))
WANGLEI = Member("wanglei", "王磊", team="华东")


def test_a_stage_goes_one_forward_or_one_back() -> None:
    moved = step(ONE, Step.FORWARD, LATER)
    assert (moved.stage, moved.stage_since) == (Stage.TECH, LATER)
    assert step(moved, Step.BACK, LATER, "换了对接人").stage is Stage.TALK
    with pytest.raises(Refused, match="O-55 已在第一个阶段「初步沟通」"):
        step(ONE, Step.BACK, LATER, "换了对接人")
    with pytest.raises(Refused, match="已在最后一个阶段「合同审批」"):
        step(replace(ONE, stage=Stage.CONTRACT), Step.FORWARD, LATER)


@pytest.mark.parametrize("stage", STAGES[:-1])
def test_nothing_is_won_before_the_last_stage(stage: Stage) -> None:
    with pytest.raises(Refused, match=r"不能直接赢单：后面还有「.*合同审批」，请一步一步推进"):
        step(replace(ONE, stage=stage), Step.WON, LATER, "签了")


def test_an_end_has_its_reason_and_is_the_end() -> None:
    won = step(replace(ONE, stage=Stage.CONTRACT), Step.WON, LATER, "  价格 和交期都合适 ")
    assert (won.outcome, won.why, won.closed_at) == (Outcome.WON, "价格 和交期都合适", LATER)
    lost = step(ONE, Step.LOST, LATER, "选了别家")
    assert lost.standing == "已丢单"
    for what in (Step.FORWARD, Step.BACK, Step.WON, Step.LOST):
        with pytest.raises(Refused, match="O-55 已丢单，不能再改"):
            step(lost, what, LATER, "又来了")
    for what, one in ((Step.LOST, ONE), (Step.BACK, replace(ONE, stage=Stage.DEMO))):
        with pytest.raises(Refused, match="要写一句理由"):
            step(one, what, LATER, " x ")


@given(st.lists(st.sampled_from([Step.FORWARD, Step.BACK, Step.WON, Step.LOST]), max_size=30))
def test_however_it_moves_a_won_one_was_in_every_stage(steps: list[Step]) -> None:
    one, seen = ONE, [ONE.stage]
    for what in steps:
        try:
            one = step(one, what, NOW, "因为如此")
        except Refused:
            continue
        assert abs(STAGES.index(one.stage) - STAGES.index(seen[-1])) <= 1
        seen.append(one.stage)
    if one.outcome is Outcome.WON:
        assert set(seen) == set(STAGES)


def test_who_may_and_who_has_to_say_why() -> None:
    boss = Member("zhangmin", "张敏", frozenset({Role.MANAGER}), team="华东")
    assert may_move(WANGLEI, WANGLEI, TEAMS)
    assert may_move(boss, WANGLEI, TEAMS)
    assert not may_move(Member("lizong", "李总", frozenset({Role.MANAGER})), WANGLEI, TEAMS)
    assert not may_move(Member("admin", "周工", frozenset({Role.ADMIN})), WANGLEI, TEAMS)
    assert not may_move(replace(WANGLEI, gone=True), WANGLEI, TEAMS)
    assert not may_move(WANGLEI, None, TEAMS)
    assert not asks_why(Step.FORWARD, "wanglei", "wanglei")
    assert asks_why(Step.FORWARD, "zhangmin", "wanglei")
    assert asks_why(Step.LOST, "wanglei", "wanglei")


def test_stages_stand_in_a_row() -> None:
    assert [following(one) for one in STAGES] == [*STAGES[1:], None]
    assert [before(one) for one in STAGES] == [None, *STAGES[:-1]]


def test_money_as_people_read_it() -> None:
    assert [money(one) for one in (None, 0, 12_000_000, 123_450, 100)] == [
        "",
        "¥0",
        "¥120,000",
        "¥1,234.50",
        "¥1",
    ]
    assert total([ONE, replace(ONE, amount=None)]) == "¥120,000（1 个没有金额）"
    assert total([replace(ONE, amount=None)]) == "没有金额"
    assert (fen(120_000), fen(0.1 + 0.2)) == (12_000_000, 30)
    for wrong in (0, -1, 1e14):
        with pytest.raises(Refused, match="金额不对"):
            fen(wrong)


def test_it_is_called_as_said_or_as_what_the_lead_wants() -> None:
    lead = Lead(1024, 311, "wanglei", NOW, need="液压阀块，月 300 件")
    assert title_of(" 年度  框架 ", lead) == "年度 框架"
    assert title_of("", lead) == "液压阀块，月 300 件"
    assert title_of("", None) == "商机"
    assert len(title_of("长" * 200, None)) == 60
