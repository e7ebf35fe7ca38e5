"""Foreign names as they are written by sound, and the lands, towns and brands that are written in the same way."""

from datetime import datetime

import pytest

from nlp import foreign, odds
from nlp.reading import scan

NOW = datetime.fromisoformat("2026-11-23T10:00")


def names(text: str) -> list[str]:
    return [found.value for found in scan(text, NOW).names]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("昨晚卡杰里诺夫说，合同条款可以再谈", ["卡杰里诺夫"]),
        ("德国工程师克劳斯曼下周来厂里调试", ["克劳斯曼"]),
        ("边锋贝尔纳多与中场托雷斯先后破门", ["贝尔纳多", "托雷斯"]),
        ("教练范德萨尔对球员们的表现感到满意", ["范德萨尔"]),
        ("市长奥尔森在记者会上否认了这一说法", ["奥尔森"]),
        ("美国总统克林顿会见了内塔尼亚胡", ["克林顿", "内塔尼亚胡"]),
    ],
)
def test_a_foreign_name_in_running_text(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "伊拉克和科威特的订单要先付款",
        "巴塞罗那与塞维利亚的比赛推迟到周日",
        "奥迪、特斯拉、玛莎拉蒂的展台挨着",
        "阿里巴巴国际站上的询盘不多",
        "塔吉克斯坦的客户想要两台拖拉机",
        "西安、海安、泰安三地的库存都够",
        "这款巧克力威化和马卡龙卖得最好",
    ],
)
def test_lands_towns_and_brands_are_nobody(text: str) -> None:
    assert names(text) == []


def test_no_row_reaches_more_than_was_hoped_before_the_dictionary_was_asked() -> None:
    text = "主帅佩莱格里对蒂亚戈罗的表现大加赞赏，阿森纳与切尔西却没有出价。"
    table = foreign._weights()
    edges, words = odds.cut(text)
    spans = list(foreign.spans_of(text, table.sounds, table.row))
    assert spans
    for span in spans:
        listed = foreign.listed(text, *span, edges, words)
        assert sum(table.signs.get(one, 0) for one in listed) <= table.most
