"""Where a firm's full name begins inside a sentence, and what ends like one and is any firm of its kind."""

import pytest

from nlp import companies


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("安排顺发物流有限公司明早来装", "顺发物流有限公司"),
        ("刚陪无锡华光环能科技有限公司的人吃完饭", "无锡华光环能科技有限公司"),
        ("等恒达传动有限公司回函再说", "恒达传动有限公司"),
        ("老东家东莞市长安镇鸿泰模具厂倒闭了", "东莞市长安镇鸿泰模具厂"),
        ("隔壁新科电子有限公司也买了两台", "新科电子有限公司"),
        ("起诉宏润建设集团的事法务在办", "宏润建设集团"),
        ("麻烦查下惠州市德赛电池有限公司有没有欠款", "惠州市德赛电池有限公司"),
        ("先找利达贸易商行拿两箱", "利达贸易商行"),
        ("今年重点攻中国船舶集团", "中国船舶集团"),
        ("上次那家万达轴承有限公司又来了", "万达轴承有限公司"),
        ("除隆鑫通用动力股份有限公司外都签了", "隆鑫通用动力股份有限公司"),
        ("由于康鑫药业有限公司资金紧张", "康鑫药业有限公司"),
        ("转投深圳前海微众银行", "深圳前海微众银行"),
        # What is part of a name although it is said of firms as well.
        ("联合利华有限公司", "联合利华有限公司"),
        ("胜利石油管理局钻井工艺研究院", "胜利石油管理局钻井工艺研究院"),
        ("上海我爱我家房地产经纪有限公司的人", "上海我爱我家房地产经纪有限公司"),
        ("维他奶(上海)有限公司", "维他奶(上海)有限公司"),
        ("任丘市华北石油工程有限公司询价", "任丘市华北石油工程有限公司"),
        ("大同煤矿集团有限责任公司", "大同煤矿集团有限责任公司"),
        ("中国电建集团华东勘测设计研究院有限公司", "中国电建集团华东勘测设计研究院有限公司"),
        ("北京中关村科技发展(控股)股份有限公司", "北京中关村科技发展(控股)股份有限公司"),
        ("超越科技有限公司", "超越科技有限公司"),
    ],
)
def test_a_full_name_begins_behind_the_words_of_its_sentence(text: str, name: str) -> None:
    assert [hit.value for hit in companies.find(text)] == [name]


def test_two_firms_with_a_link_between_them_are_two() -> None:
    found = companies.find("武汉烽火通信和长飞光纤光缆股份有限公司都投了")
    assert found[-1].value == "长飞光纤光缆股份有限公司"
    assert [hit.value for hit in companies.find("泰和电子机械有限公司")] == ["泰和电子机械有限公司"]


@pytest.mark.parametrize(
    "text",
    [
        "皮包公司，别理他",
        "检测公司说要重做",
        "自来水公司来抄表",
        "总包公司压着款不放",
        "主机厂要求降本",
        "钢厂、焦化厂都在限产",
        "客户是个食品厂，做月饼的",
        "老家有个砖厂",
        "会计事务所出报告要一周",
        "美国公司不认这个证书",
        "想注册个公司",
        "被告人系某建材公司原出纳",
    ],
)
def test_any_firm_of_its_kind_is_none(text: str) -> None:
    assert companies.find(text) == ()


@pytest.mark.parametrize("text", ["微软公司的授权", "洛阳轴承厂的老客户", "泰安供电公司招标", "恒瑞公司那边"])
def test_a_short_form_with_a_name_of_its_own_stays(text: str) -> None:
    assert len(companies.find(text)) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("需方：立新机械\n数量：3台", "立新机械"),
        ("供方：三花", "三花"),
        ("受托方：诚信检测", "诚信检测"),
        ("品牌方：李宁", "李宁"),
        ("客户简称：瑞晟", "瑞晟"),
    ],
)
def test_who_takes_part_in_a_contract_is_named_behind_a_label(text: str, name: str) -> None:
    assert [hit.value for hit in companies.find(text)] == [name]


def test_a_person_behind_such_a_label_is_no_firm() -> None:
    assert companies.find("委托方：王建国") == ()
