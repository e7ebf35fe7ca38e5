"""Names that nothing but their characters and their place among the words give away, and everyday words that look like them."""

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from nlp import likely, odds, running
from nlp.plain import plain
from nlp.reading import scan

DATA = Path(__file__).parents[2] / "bench" / "data"

NOW = datetime.fromisoformat("2026-11-23T10:00")


def names(text: str) -> list[str]:
    return [found.value for found in scan(text, NOW).names]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("今天跟陈坤合影了", "陈坤"),
        ("找出殷素素的手机号码", "殷素素"),
        ("给我放一首张信哲的过火", "张信哲"),
        ("周三开会，林翠花讲进度，别迟到", "林翠花"),
        ("之前那批货是许立群报关的", "许立群"),
        ("图纸的事胡雪梅最清楚", "胡雪梅"),
        ("上次合同里写的是孙寅贵那家店", "孙寅贵"),
        ("给乔峰就行", "乔峰"),
        ("盐城大丰的老葛介绍来的", "老葛"),
        ("墨西哥的José让我们订柜子", "José"),
        ("花如锦 (Rujin Hua)\n采购经理\n0519-81602277", "Rujin Hua"),
        ("卡斯滕·迈尔先生，德国国籍，工学博士", "卡斯滕·迈尔"),
        ("据悉，彭宇航将在新片中出演警察", "彭宇航"),
        ("质检那边粟裕民拒了这批货", "粟裕民"),
        ("决赛里张宁远横扫对手晋级", "张宁远"),
        ("日方田中裕子说样品下周到", "田中裕子"),
        ("塔吉古丽·艾合买提你好，烤箱到货了", "塔吉古丽·艾合买提"),
        ("业主谈先生告诉记者，楼道灯坏了半年", "谈先生"),
        ("问过车师傅了，安装要两天", "车师傅"),
        ("蒯越敬上\n电话：0571-88670012", "蒯越"),
        ("Tony总说预算砍一半", "Tony总"),
        ("复核：柏延年，日期11.20", "柏延年"),
        ("老邱如此境遇，真让人揪心", "老邱"),
        ("省委书记安时来、省长卞勤会见了代表团一行", "安时来"),
        ("村支书迟大爷种上了蓝莓", "迟大爷"),
        ("哈米德·拉希米的律师提交了新证据", "哈米德·拉希米"),
    ],
)
def test_a_name_in_running_text(text: str, name: str) -> None:
    assert name in names(text)


@pytest.mark.parametrize(
    "text",
    [
        "胡萝卜、白菜、黄瓜各五十斤",
        "水仙、杜鹃、海棠都开了",
        "黄金、白银、石油都在涨",
        "家住丰台方庄，周末来试听",
        "房间的窗户就能看到南湖，很是写意",
        "说是海景房，但门口只有工地和水沟",
        "本人经常入住，对周边环境很熟",
        "外墙由于挂了竖幅，大风吹着响",
        "还是有必要的，调了一晚还是冷风",
        "和价格成正比，总台冷冰冰的",
        "强烈要求换货，古人说尽信书不如无书",
        "用Excel发给我，打开Word看一下",
        "我们去李家沟和红珠湖转了转",
        "去年在陆家嘴开了新店，人气一般",
        "安全带、康乃馨、文竹和金桔都有现货",
        "何况任凭他怎么说，于是只好再等",
        "基金经理们都在看好白酒",
        "孩子的班主任打电话来催学费",
    ],
)
def test_everyday_words_are_nobody(text: str) -> None:
    assert names(text) == []


def test_the_characters_of_a_given_name_weigh() -> None:
    assert likely.weight("雪梅") == 4
    assert likely.weight("雪梅") > likely.weight("开心") > likely.weight("入住")
    assert likely.given_of("欧阳修") == "修"


def test_what_was_learned_weighs_the_characters_and_the_neighbours() -> None:
    """Of the same characters those are likelier that stand where a person speaks."""

    def points(text: str, name: str) -> int:
        at = text.index(name)
        found = odds.find(text, frozenset(), [at], lambda _: True, re.compile("说"), -1_000)
        return next((one.points for one in found if text[one.start : one.end] == name), -1_000)

    assert (
        points("记者王建国说", "王建国") > points("买了王建国花", "王建国") > points("买了王的和花", "王的和")
    )
    assert points("记者王建国说", "王建国") > running.SURELY


@pytest.mark.parametrize("name", ["public", "own_fifth", "own_logs", "own_ninth"])
def test_a_part_of_a_text_is_cut_as_the_whole_is(name: str) -> None:
    for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines():
        text = plain(json.loads(line)["text"]).text
        edges, words = odds.cut(text)
        pieces = odds.Cut(text)
        for start in range(0, len(text), 2):
            end = min(start + 3, len(text))
            near, begun = pieces.around(start, end)
            assert [place in near for place in range(start, end + 1)] == [
                place in edges for place in range(start, end + 1)
            ], text
            assert [begun.get(place) for place in range(start, end)] == [
                words.get(place) for place in range(start, end)
            ], text
