"""Firms named in passing: what stands around them and what they look like, and what looks alike and is none."""

import pytest

from nlp import companies, passing
from nlp.lexicon import firm_odds
from nlp.plain import plain


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("兆丰那边说要等两周才能给答复", ["兆丰"]),
        ("永贵的订单已经排到下个月", ["永贵"]),
        ("瑞鸿又来询价了", ["瑞鸿"]),
        ("跟科瑞的王总吃了个饭", ["科瑞"]),
        ("今日拜访：兰石重装、甘肃电投", ["兰石重装", "甘肃电投"]),
        ("客户：奥联，需求：换挡器检具", ["奥联"]),
        ("恒力和荣盛都在问，先报给谁", ["恒力", "荣盛"]),
        ("给凯腾做的夹具返了两回工", ["凯腾"]),
        ("从瑞升拉回来八托，有两托受潮", ["瑞升"]),
        ("盛隆还欠着七万多，催了三回", ["盛隆"]),
        ("他在佳润干了四年品管", ["佳润"]),
        ("给客户做的夹具返了两回工", []),
        ("从新安装一遍，再试", []),
        ("今天顺丰发出，后天到", []),
        # Listed firms whose names are words as well, before what is told of firms alone.
        ("花旗分析师上调了目标价", ["花旗"]),
        ("江淮又要样", ["江淮"]),
        ("花旗松木板有现货", []),
        ("今天阳光很好", []),
        ("理想的方案还没出来", []),
        # Departments, people, places, goods, and whoever else is spoken of in the same words.
        ("仓库那边说没货了", []),
        ("张伟那边说没货了", []),
        ("跟厂里的王总说一声", []),
        ("上个月的订单排到年底", []),
        ("轴承的采购周期大概六周", []),
        ("广西和贵州都在要货", []),
        ("参会：鲁直、武二、郝思文", []),
        ("跟金桂花约了明天", []),
    ],
)
def test_firms_in_passing(text: str, names: list[str]) -> None:
    assert [hit.value for hit in companies.find(text)] == names


def test_one_place_is_weighed_by_what_stands_around_it() -> None:
    """The same two characters: 那边 and 的项目 speak for a firm, a label of persons does not."""
    signs = {
        text: one.signs
        for text in ("瑞鸿那边", "瑞鸿的项目", "姓名:瑞鸿")
        for one in passing.candidates(plain(text).text)
        if text[one.start : one.end] == "瑞鸿"
    }
    assert {text: found[:2] for text, found in signs.items()} == {
        "瑞鸿那边": ("L^", "RT"),
        "瑞鸿的项目": ("L^", "RO"),
        "姓名:瑞鸿": ("Lp", "RE"),
    }


def test_every_likely_beginning_is_looked_at() -> None:
    table = firm_odds()
    firsts, seconds = ({**table[kind], "龥": table[kind]["*"]} for kind in ("first", "second"))
    one_of_each = {points: char for char, points in seconds.items() if char != "*"}
    for first, lack in firsts.items():
        for points, second in one_of_each.items():
            if first != "*" and lack >= -15 and points >= -20 and lack + points >= 0:
                assert passing._pair().match(first + second), first + second
