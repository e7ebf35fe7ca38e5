"""Firms by a coined name and its trade in the middle of a sentence, and goods that look alike."""

import pytest

from nlp import companies


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("泰尔重工的杨工进群了", ["泰尔重工"]),
        ("那家鑫盛陶瓷机械又来询价了", ["鑫盛陶瓷机械"]),
        ("建霖家居年会要一百份礼品", ["建霖家居"]),
        ("铭利达精密卡着不付款", ["铭利达精密"]),
        ("听永高管业的人讲要涨价", ["永高管业"]),
        ("下午见力合微电子的研发", ["力合微电子"]),
        ("机械设备出口到越南", []),
        ("智能家居方案要重做", []),
        ("新材料补贴政策出来了", []),
        ("需要激光切割机两台", []),
        ("三甲医院的采购流程慢", []),
        ("华东地区建材行情不好", []),
        # What two names of firms make, and what does not.
        ("工作单位：中粮可口可乐", ["中粮可口可乐"]),
        ("海信日立验厂", ["海信日立"]),
        ("奔驰宝马都坐过", []),
        ("用的格力空调", []),
    ],
)
def test_firms_by_their_trade(text: str, names: list[str]) -> None:
    assert [hit.value for hit in companies.find(text)] == names
