"""Names as people say them of themselves and of others, and as they number them."""

from datetime import datetime

import pytest

from nlp.draft import as_dict, read

NOW = datetime.fromisoformat("2026-11-23T10:00")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我老耿啊，换号了，存一下", ["老耿"]),
        ("我老李，之前加过你", ["老李"]),
        ("我老公说太贵", []),
        ("我老家在徐州，过年回去", []),
        ("上次展会上跟你们小窦聊过", ["小窦"]),
        ("这批老苗长得不好", []),
        ("欧阳今天休息，有事明天说", ["欧阳"]),
        ("样机交给司徒，他懂", ["司徒"]),
        ("欧阳修是宋朝人吗", ["欧阳修"]),
        ("您好，我姓骆，骆秋，微信就这个", ["骆秋"]),
        ("她姓和，和静宜，电话留过了", ["和静宜"]),
        ("签到：1.臧文 2.扶明月 3.海涛 4.买买提", ["臧文", "扶明月", "海涛", "买买提"]),
        ("要三样：1.方案 2.单价 3.常规样品", []),
        ("尹护士长说用着还行", ["尹护士长"]),
        ("72岁的荀老汉拍了拍木屑", ["荀老汉"]),
        ("让武设计师改一版", ["武设计师"]),
        ("昨晚的方案米经理看过了", ["米经理"]),
        ("提高经理的水平", []),
        ("公园长椅坏了，和经理说一声", []),
        ("谢谢谢楠帮忙协调", ["谢楠"]),
        ("谢谢谢谢，收到", []),
        ("但春山，男，1957年生，大专学历", ["但春山"]),
        ("患者，男，58岁", []),
        ("麻烦江北辰签收一下样品", ["江北辰"]),
        ("江北新区那边催得紧", []),
        ("麻烦把报价单转给小敏，她那边统一做表", ["小敏"]),
        ("免贵姓黄，叫我阿斌就行", ["阿斌"]),
        ("分配给红姐，抄送阿水", ["红姐", "阿水"]),
        ("周四吃饭叫上老穆", ["老穆"]),
        ("义乌国际商贸城四区3楼 档口 慧姐", ["慧姐"]),
        ("接财务任姐电话，说发票重开", ["任姐"]),
        ("找小红书推广，跟小区物业说，问小票", []),
        ("让大姐来，跟学姐说，找小姐姐", []),
        ("找老板，跟老师说，给老客户打折", []),
        ("给阿里发货，找阿胶厂", []),
        ("报修人：卓越，楼栋：7栋1802", ["卓越"]),
        ("发货人：甘露 收货人：连胜利", ["甘露", "连胜利"]),
    ],
)
def test_who_is_named(text: str, names: list[str]) -> None:
    assert as_dict(text, NOW)["names"] == names


@pytest.mark.parametrize(
    "text",
    [
        "海尔冷柜和美的冷柜哪个省电",
        "雷克萨斯和沃尔沃都看过，没定",
        "工学硕士，法学博士，电话13800138000",
        "方便的话回个电话，有急事 13800138000",
    ],
)
def test_everyday_words_at_a_place_of_names_are_nobody(text: str) -> None:
    assert as_dict(text, NOW)["names"] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("您好，我姓秦，公司在廊坊，电话13800138000", "秦"),
        ("我姓储，储国平，宜兴做水处理的", "储国平"),
        ("免贵姓戚，想问下报价", "戚"),
        ("我姓名写错了，麻烦改一下", ""),
    ],
)
def test_a_bare_surname_is_a_contact_to_ask_about(text: str, name: str) -> None:
    draft = read(text, NOW)
    assert draft.name == name
    assert not name or len(name) > 1 or any(name in question for question in draft.questions)


def test_who_speaks_for_a_firm_is_no_contact() -> None:
    log = "展会客服 11/20 09:00\n您好，参展证需要实名\n车厘子 11/20 09:06\n好的，发您邮箱了"
    assert read(log, NOW).name == "车厘子"
