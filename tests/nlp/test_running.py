"""Names that nothing but their characters and their place among the words give away, and everyday words that look like them."""

from datetime import datetime

import pytest

from nlp import likely
from nlp.reading import scan

NOW = datetime.fromisoformat("2026-11-23T10:00")


def names(text: str) -> list[str]:
    return [found.value for found in scan(text, NOW).names]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("今天跟陈坤合影了", "陈坤"),
        ("之前那批货是许立群报关的", "许立群"),
        ("图纸的事胡雪梅最清楚", "胡雪梅"),
        ("上次合同里写的是孙寅贵那家店", "孙寅贵"),
        ("给乔峰就行", "乔峰"),
        ("盐城大丰的老葛介绍来的", "老葛"),
        ("墨西哥的José让我们订柜子", "José"),
        ("花如锦 (Rujin Hua)\n采购经理\n0519-81602277", "Rujin Hua"),
        ("塔吉古丽·艾合买提你好，烤箱到货了", "塔吉古丽·艾合买提"),
    ],
)
def test_a_name_in_running_text(text: str, name: str) -> None:
    assert name in names(text)


@pytest.mark.parametrize(
    "text",
    [
        "房间的窗户就能看到南湖，很是写意",
        "说是海景房，但门口只有工地和水沟",
        "本人经常入住，对周边环境很熟",
        "外墙由于挂了竖幅，大风吹着响",
        "还是有必要的，调了一晚还是冷风",
        "和价格成正比，总台冷冰冰的",
        "强烈要求换货，古人说尽信书不如无书",
        "用Excel发给我，打开Word看一下",
        "我们去李家沟和红珠湖转了转",
    ],
)
def test_everyday_words_are_nobody(text: str) -> None:
    assert names(text) == []


def test_the_characters_of_a_given_name_weigh() -> None:
    assert likely.weight("雪梅") == 4
    assert likely.weight("雪梅") > likely.weight("开心") > likely.weight("入住")
    assert likely.given_of("欧阳修") == "修"
