"""Who may see and move what (product C.1)."""

from dataclasses import replace

import pytest

from rules.access import (
    email_for,
    label_for,
    may_move,
    may_reveal,
    may_see,
    owners_in_sight,
    phone_for,
    sees_phone,
    wechat_for,
)
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


EVERYONE = (
    WANG,
    LI,
    ZHANG,
    CHEN,
    BOSS,
    OPS,
    CARE,
    PAY,
    TECH,
    LEFT,
    _member("zhao", Role.REP, team="华南", gone=True),
)


@pytest.mark.parametrize(
    ("who", "owners"),
    [
        (WANG, {"wanglei", ""}),
        (ZHANG, {"wanglei", "liqian", "zhangmin", ""}),
        (CHEN, {"chen", "zhao", ""}),
        (BOSS, None),
        (OPS, None),
        (CARE, {"care"}),
        (PAY, {"pay"}),
        (TECH, {"tech"}),
        (LEFT, set()),
        (replace(WANG, covers=frozenset({"liqian"})), {"wanglei", "liqian", ""}),
    ],
    ids=lambda v: v.id if isinstance(v, Member) else None,
)
def test_whose_records_a_list_may_show(who: Member, owners: set[str] | None) -> None:
    assert owners_in_sight(who, EVERYONE, TEAMS) == owners


@pytest.mark.parametrize("who", EVERYONE, ids=lambda one: one.id)
def test_a_list_shows_what_may_be_seen_one_by_one(who: Member) -> None:
    """No list is wider or narrower than the card of each of its records."""
    owners = owners_in_sight(who, EVERYONE, TEAMS)
    for one in EVERYONE:
        assert may_see(who, one, TEAMS) is (owners is None or one.id in owners), one.id
    assert may_see(who, None, TEAMS) is (owners is None or "" in owners)


@pytest.mark.parametrize(
    ("who", "own", "colleague", "pool"),
    [
        (WANG, True, False, False),
        (replace(WANG, covers=frozenset({"liqian"})), True, True, False),
        (ZHANG, True, True, False),
        (CHEN, False, False, False),
        (BOSS, True, True, False),
        (OPS, True, True, True),
        (CARE, False, False, False),
        (PAY, False, False, False),
        (TECH, False, False, False),
        (LEFT, False, False, False),
    ],
    ids=lambda v: v.id if isinstance(v, Member) else None,
)
def test_who_may_ask_for_a_full_number(who: Member, own: bool, colleague: bool, pool: bool) -> None:
    assert may_reveal(who, WANG, TEAMS) is own
    assert may_reveal(who, LI, TEAMS) is colleague
    assert may_reveal(who, None, TEAMS) is pool
    for owner in (WANG, LI, None):
        assert may_reveal(who, owner, TEAMS) or not sees_phone(who, owner, TEAMS)


def test_what_a_customer_is_called_is_told_to_those_who_may_see_it():
    mine, other = _member("a", Role.REP, team="华东"), _member("b", Role.REP, team="华东")
    boss, gone = _member("m", Role.MANAGER), _member("g", Role.REP, team="华南", gone=True)
    teams = (Team("华东", "m"),)
    label = "宁波恒达汽配有限公司"
    assert [label_for(one, mine, label, teams) for one in (mine, boss)] == [label, label]
    assert [label_for(one, mine, label, teams) for one in (other, None)] == ["宁波恒某", "宁波恒某"]
    assert label_for(other, gone, "陈立", teams) == "陈某"
    assert label_for(other, None, label, teams) == label, "the pool is everybody's"
