"""Hospitals, schools, offices and societies are customers as well; any of their kind is none."""

from datetime import datetime

import pytest

from nlp import companies
from nlp.draft import as_dict

NOW = datetime.fromisoformat("2026-11-23T10:00")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("扬州第三医院设备科来电话，要两台雾化器", ["扬州第三医院"]),
        ("上午从西南石油大学石工院回来，方案要改", ["西南石油大学"]),
        ("太仓市水务局的流量计招标下周挂网", ["太仓市水务局"]),
        ("泰州市姜堰区市场监督管理局\n办公室 0523-88120011", ["泰州市姜堰区市场监督管理局"]),
        ("南通大学附属第二医院的检验科主任换了", ["南通大学附属第二医院"]),
        ("山东省立医院（集团）鲁东医院", ["山东省立医院（集团）鲁东医院"]),
        ("兼任中国锻压协会理事、常州大学客座教授", ["中国锻压协会", "常州大学"]),
        ("晨光小学和朝晖中学都要换直饮水机", ["晨光小学", "朝晖中学"]),
        ("明天去仁和医院装机", ["仁和医院"]),
        ("就是那个第一人民医院你知道吧", ["第一人民医院"]),
        ("帮我查一下徐州同济医院的订单", ["徐州同济医院"]),
        ("第二人民医院的检验科要招标", ["第二人民医院"]),
        ("我是宿迁经济技术开发区管委会的", ["宿迁经济技术开发区管委会"]),
        ("他毕业于浙江大学，后来读了复旦大学的硕士", []),
        ("孩子上小学，我们学校门口新开了一家店", []),
        ("我们做宠物医院的，三甲医院也用过", []),
        ("昨天去医院看了一下，附近小学也放学了", []),
        ("开发区管委会的人来了，教育局的也来了", []),
        ("收货地址：如皋市福寿路县医院家属院3栋", []),
        ("北京市公安局发布通告，今晚限行", []),
        ("学会了没有，委托书发我，大学生也可以", []),
    ],
)
def test_an_institution_has_a_name_or_a_place(text: str, names: list[str]) -> None:
    assert [hit.value or hit.text for hit in companies.find(text)] == names


def test_an_institution_stands_where_its_name_says() -> None:
    found = as_dict("扬州市广陵区五金机电商会\n秘书长 13800138000", NOW)
    assert found["companies"] == ["扬州市广陵区五金机电商会"]
    assert found["cities"] == ["扬州"]
