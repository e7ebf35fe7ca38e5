"""Names by label, cue, honorific and place on a card; words that only begin like one."""

from datetime import datetime

import pytest

from nlp import people, titles
from nlp.draft import as_dict

NOW = datetime.fromisoformat("2026-01-05T10:00")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("联系人：刘女士", ["刘女士"]),
        ("姓名:欧阳晶;电话:13800138000", ["欧阳晶"]),
        ("麻烦寄给收件人宋淑英，谢谢", ["宋淑英"]),
        ("我是宁波恒力有限公司的华桂珍，想询价", ["华桂珍"]),
        ("跟陈海燕约了明天见", ["陈海燕"]),
        ("跟李莹约了下周三", ["李莹"]),
        ("给张宁打电话", ["张宁"]),
        ("发短信给王小明说晚点到", ["王小明"]),
        ("我要找张伟的号码", ["张伟"]),
        ("张总和李工都同意", ["张总", "李工"]),
        ("刘德华先生您好", ["刘德华"]),
        ("李明说要报价", ["李明"]),
        ("小王今天去拜访客户", ["小王"]),
        ("张三 13800138000 广东省深圳市龙华区", ["张三"]),
        ("胡杨 采购工程师\n兰金电子有限公司\nTEL 010-71419314", ["胡杨"]),
        ("运营主管 曹丽\n银嘉智能有限公司", ["曹丽"]),
        ("游淑兰 / 运营主管\n兰金电子有限公司", ["游淑兰"]),
        ("昨天和陈明聊了一下", ["陈明"]),
        ("浙江省杭州市西湖区文三路100号，吴敏收，电话13800138000", ["吴敏"]),
        ("请帮我接通陈佳佳的电话", ["陈佳佳"]),
        ("联系人: Jack Chen", ["Jack Chen"]),
        ("我叫Tom", ["Tom"]),
        ("爨思远\n供应链部 部长\n电话 0871-68201199", ["爨思远"]),
        ("李  想\n董事长助理\n手机 13302091234", ["李  想"]),
        ("扎西顿珠\n总经理\n电话（0891）6334455", ["扎西顿珠"]),
        ("尚可欣 13981100234", ["尚可欣"]),
        ("请帮我联系一下贺兰雪", ["贺兰雪"]),
        ("联系人小庄，15960571123", ["小庄"]),
        ("喂是小刘吗我跟你说", ["小刘"]),
        ("微信推荐：阿娟，做窗帘布的", ["阿娟"]),
        ("姓名 | 艾尼瓦尔·热合曼", ["艾尼瓦尔·热合曼"]),
        ("Grace Wu\nKey Account Manager\nMobile: 136 0188 7766", ["Grace Wu"]),
    ],
)
def test_a_name_is_found(text: str, names: list[str]) -> None:
    assert as_dict(text, NOW)["names"] == names


@pytest.mark.parametrize(
    "text",
    [
        "高精度的贵一些，平均差两成",
        "常规现货，严格按图纸做",
        "这个方案应该没问题，时间上来得及",
        "方便的话明确一下数量",
        "连续运转温升不超标",
        "司董说不行",
        "任总经理",
        "施工方案和年终总结",
        "海关总署",
        "员工宿舍，加工中心",
        "祝商祺",
        "马上给您报价",
    ],
)
def test_a_word_is_no_name(text: str) -> None:
    assert as_dict(text, NOW)["names"] == []


def test_an_alias_goes_when_its_full_name_is_there() -> None:
    assert people.joined(["王总", "王建国", "李工"]) == ["王建国", "李工"]
    assert people.joined(["王总", "王建国", "王小明"]) == ["王总", "王建国", "王小明"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("区域销售总监张淑华", ["区域销售总监"]),
        ("董事长助理赵桂芝", ["董事长助理"]),
        ("采购部经理", ["采购部经理"]),
        ("陈立\nIT主管\n电话", ["IT主管"]),
        ("任公司董事、副总经理、财务总监", ["董事", "副总经理", "财务总监"]),
        ("Key Account Manager", ["Key Account Manager"]),
        ("SENIOR SOURCING MANAGER", ["SENIOR SOURCING MANAGER"]),
        ("兼任首席运营官", ["首席运营官"]),
        ("the manager of a shop", []),
        ("型号BD-200的代表性强", []),
        ("王经理你好", []),
    ],
)
def test_titles(text: str, found: list[str]) -> None:
    assert [hit.value for hit in titles.find(text)] == found
