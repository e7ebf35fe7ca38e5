"""What the customer says yes to, and who he is that has the say."""

from datetime import datetime

import pytest

from nlp.draft import read

NOW = datetime.fromisoformat("2026-11-23T10:00")
OURS = frozenset({"刘洋"})


@pytest.mark.parametrize(
    ("ask", "answer", "need"),
    [
        ("您是说激光打标机吗", "对，就那个，要两台", "激光打标机"),
        ("您需要三次元测量仪吗", "是的", "三次元测量仪"),
        ("王姐，上次您问的输送带还要吗", "要，尽快", "输送带"),
        ("您想看看新款贴标机吗", "不用了", ""),
        ("您要的封箱机报价发您了", "收到，太贵了", ""),
        ("您说的是什么时候", "对，周三", ""),
    ],
)
def test_the_thing_may_be_named_by_us(ask: str, answer: str, need: str) -> None:
    text = f"吴总 10:21\n你好\n刘洋 10:22\n{ask}\n吴总 10:23\n{answer}"
    assert read(text, NOW, own_names=OURS).need == need


def test_what_they_tell_of_themselves_is_no_need() -> None:
    assert read("我们这边是电子合同，你们那边是纸质的吗", NOW).need == ""
    assert read("我们采购是老周负责", NOW).need == ""


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("我们王总定，他说了算", "王总"),
        ("我老公管钱，他说了算", "老公"),
        ("这事他说了算", ""),
        ("老板不在，他说了算", ""),
        ("王总管设备，他说了不算", ""),
        ("找李工，他说了算吗", ""),
    ],
)
def test_he_is_who_was_spoken_of(text: str, who: str) -> None:
    assert read(text, NOW).deciders == who
