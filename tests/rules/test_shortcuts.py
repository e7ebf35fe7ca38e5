"""`/跟进 1024 电话 需报价 周二发方案` in any order; no fixtures."""

import pytest

from rules.checkins import Choices, Conclusion
from rules.shortcuts import Shortcut, read

NAMES = ("需技术确认", "等待报价", "需要样品", "未接通", "无意向")
CHOICES = Choices(("电话", "微信", "面谈"), tuple(Conclusion(name) for name in NAMES))
LEADS = ("宁波恒达汽配有限公司", "陈工")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1024 电话 需报价 周二发方案", Shortcut("1024", "电话", "等待报价", "周二发方案")),
        ("周二发方案 需报价 电话 L-1024", Shortcut("L-1024", "电话", "等待报价", "周二发方案")),
        ("1024，微信，需要样品，周五前 寄样", Shortcut("1024", "微信", "需要样品", "周五前 寄样")),
        ("1024 电话 需要样品 周三发样品", Shortcut("1024", "电话", "需要样品", "周三发样品")),
        ("电话 技术确认 明天再联系", Shortcut("", "电话", "需技术确认", "明天再联系")),
        ("恒达 面谈 样品 下周一寄", Shortcut("恒达", "面谈", "需要样品", "下周一寄")),
        ("陈工 dh wjt 明天再打", Shortcut("陈工", "电话", "未接通", "明天再打")),
        ("1024 未接通", Shortcut("1024", "", "未接通", "")),
        ("1024", Shortcut("1024")),
        ("", Shortcut()),
    ],
)
def test_reading(line: str, said: Shortcut):
    assert read(line, CHOICES, LEADS) == said


ALL = Choices(CHOICES.channels, tuple(Conclusion(name) for name in (*NAMES, "有意向")))


@pytest.mark.parametrize(
    ("words", "conclusion"),
    [
        ("没有意向", "无意向"),
        ("没意向", "无意向"),
        ("不感兴趣", "无意向"),
        ("客户没有意向了", "无意向"),
        ("没接通", "未接通"),
        ("没人接", "未接通"),
        ("打不通", "未接通"),
        ("电话没接通", "未接通"),
        ("未接通", "未接通"),
        ("有意向", "有意向"),
        ("意向", "有意向"),
        ("需报价", "等待报价"),
        ("样品", "需要样品"),
        ("wjt", "未接通"),
    ],
)
def test_a_yes_and_a_no_mean_what_they_say(words: str, conclusion: str):
    assert read(words, ALL).conclusion == conclusion


@pytest.mark.parametrize(
    "words",
    [
        "不需要样品",
        "不要样品",
        "没有 样品",
        "没有 需要样品",
        "样品 不要",
        "昨天寄样品",
        "别报价",
        "接通",
        "不是没意向",
        "意向不大",
    ],
)
def test_a_no_is_never_a_yes_and_a_mention_no_conclusion(words: str):
    assert read(words, ALL).conclusion == ""


def test_a_negated_channel_is_none():
    assert read("不电话", CHOICES).channel == ""
