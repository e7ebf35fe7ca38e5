"""Who may see and move what (product C.1)."""

import pytest

from rules.access import email_for, may_move, may_see, phone_for, wechat_for
from rules.team import Member, Role, Team


def _member(id: str, *roles: Role, team: str = "", gone: bool = False) -> Member:
    return Member(id, id, frozenset(roles), team, gone=gone)


WANG = _member("wanglei", Role.REP, team="华东")
LI = _member("liqian", Role.REP, team="华东")
ZHANG = _member("zhangmin", Role.MANAGER, team="华东")
CHEN = _member("chen", Role.MANAGER, team="华南")
BOSS = _member("boss", Role.DIRECTOR)
OPS = _member("ops", Role.ADMIN)
CARE = _member("care", Role.SERVICE)
PAY = _member("pay", Role.FINANCE)
TECH = _member("tech", Role.IT)
LEFT = _member("left", Role.ADMIN, gone=True)
TEAMS = (Team("华东", "zhangmin"), Team("华南", "chen"))


@pytest.mark.parametrize(
    ("who", "own", "colleague", "pool"),
    [
        (WANG, True, False, True),
        (ZHANG, True, True, True),
        (CHEN, False, False, True),
        (BOSS, True, True, True),
        (OPS, True, True, True),
        (CARE, False, False, False),
        (PAY, False, False, False),
        (TECH, False, False, False),
        (LEFT, False, False, False),
    ],
    ids=lambda v: v.id if isinstance(v, Member) else None,
)
def test_what_each_role_may_see(who: Member, own: bool, colleague: bool, pool: bool) -> None:
    assert may_see(who, WANG, TEAMS) is own
    assert may_see(who, LI, TEAMS) is colleague
    assert may_see(who, None, TEAMS) is pool


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        (WANG, "138 1234 5678"),
        (ZHANG, "138 1234 5678"),
        (LI, "138****5678"),
        (CHEN, "138****5678"),
        (BOSS, "138****5678"),
        (OPS, "138****5678"),
    ],
    ids=lambda v: v.id if isinstance(v, Member) else None,
)
def test_the_full_phone_is_for_the_owner_and_their_manager(who: Member, shown: str) -> None:
    assert phone_for(who, WANG, "13812345678", TEAMS) == shown


def test_a_number_in_the_pool_is_masked_for_everybody() -> None:
    for who in (WANG, ZHANG, BOSS, OPS):
        assert phone_for(who, None, "13812345678", TEAMS) == "138****5678"
    assert phone_for(WANG, None, "", TEAMS) == ""


def test_other_ways_to_reach_somebody_are_masked_alike() -> None:
    assert wechat_for(LI, WANG, "chenli88", TEAMS) == "c****"
    assert wechat_for(WANG, WANG, "chenli88", TEAMS) == "chenli88"
    assert email_for(LI, WANG, "chenli@hengda.cn", TEAMS) == "c****@hengda.cn"
    assert email_for(ZHANG, WANG, "chenli@hengda.cn", TEAMS) == "chenli@hengda.cn"
    assert email_for(LI, WANG, "", TEAMS) == ""


def test_who_may_hand_over() -> None:
    assert may_move(WANG, WANG, TEAMS)
    assert not may_move(LI, WANG, TEAMS)
    assert may_move(ZHANG, WANG, TEAMS)
    assert not may_move(CHEN, WANG, TEAMS)
    assert may_move(OPS, WANG, TEAMS)
    assert not may_move(BOSS, WANG, TEAMS)
    assert may_move(ZHANG, None, TEAMS)
    assert not may_move(WANG, None, TEAMS)
