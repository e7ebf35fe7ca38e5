"""When a follower's words are a lead, and what they are answered at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules import followers
from rules.followers import Answers, Follower, Kind, LeadOn, Said

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TEXTS = Answers("欢迎", "请留电话", "谢谢")
ONE = Follower(id=1, account="main", openid="o1", since=NOW)


@pytest.mark.parametrize(
    ("lead_on", "reachable", "asks", "is_one"),
    [
        (LeadOn.CONTACT, False, True, False),
        (LeadOn.CONTACT, True, False, True),
        (LeadOn.MESSAGE, False, False, False),
        (LeadOn.MESSAGE, False, True, True),
        (LeadOn.MESSAGE, True, False, True),
        (LeadOn.SUBSCRIBE, False, False, True),
    ],
)
def test_what_makes_a_lead(lead_on: LeadOn, reachable: bool, asks: bool, is_one: bool) -> None:
    assert followers.wanted(lead_on, reachable=reachable, asks=asks) is is_one


def test_asked_once_a_day_thanked_once_and_never_asked_again() -> None:
    def said(one: Follower, kind: Kind = Kind.TEXT, *, left: bool = False) -> tuple[str, bool]:
        return followers.answer(one, kind, TEXTS, left=left, now=NOW, again=DAY)

    assert said(ONE, Kind.SUBSCRIBE) == ("欢迎", False)
    assert said(ONE) == ("请留电话", True)
    assert said(replace(ONE, asked_at=NOW - DAY / 2)) == ("", False)
    assert said(replace(ONE, asked_at=NOW - DAY)) == ("请留电话", True)
    assert said(ONE, left=True) == ("谢谢", False)
    assert said(replace(ONE, reached=True), left=True) == ("", False)
    assert said(replace(ONE, reached=True)) == ("", False)
    assert said(ONE, Kind.CLICK) == ("", False)
    assert followers.answer(ONE, Kind.TEXT, Answers(), left=False, now=NOW, again=DAY) == ("", False)


def test_what_was_said_is_kept_up_to_a_length_and_told_in_one_phrase() -> None:
    talk: tuple[Said, ...] = ()
    for n in range(40):
        talk = followers.heard(talk, Said(NOW, Kind.TEXT, f"第 {n} 句" + "长" * 3000))
    assert (len(talk), talk[-1].text[:4]) == (followers.MOST, "第 39")
    assert all(len(one.text) <= followers.LONGEST for one in talk)
    assert followers.heard((), Said(NOW, Kind.SCAN, "")) == ()
    two = (Said(NOW, Kind.TEXT, "我的电话 13812345678"), Said(NOW, Kind.CLICK, "点了菜单：报价"))
    assert followers.title(two, "") == "我的电话 138****5678"
    assert followers.title(two, "电话") == "留下了电话"
    assert followers.title((*two, two[0]), "") == "2 条消息"
    assert followers.title(two[1:], "") == ""
    assert followers.words((*two, Said(NOW, Kind.IMAGE, "［图片］"))) == "我的电话 13812345678"
    assert followers.own_words("你好\n想要 300 件阀块，急", "阀块") == "想要 300 件阀块，急"
    assert followers.own_words("阀块" * 40, "阀块") == "阀块"
    assert followers.own_words("你好", "") == ""
    assert (followers.news(two[1:]), followers.news(two)) == (False, True)
