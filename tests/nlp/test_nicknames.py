"""People without their surname or with a short office behind it, and words that only look like one."""

from datetime import datetime

import pytest

from nlp.draft import as_dict

NOW = datetime.fromisoformat("2026-11-23T10:00")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("婷婷下午来拿样布", ["婷婷"]),
        ("刷子要圆圆的那种", []),
        ("让圆圆把快递收一下", ["圆圆"]),
        ("天天加班，明明说好的", []),
        ("大吴说吊车租好了", ["大吴"]),
        ("大张的砂纸要五十", []),
        ("跟磊子约了晚上吃饭", ["磊子"]),
        ("亮子工程验收", []),
        ("小鹿姐，尾款打了吗", ["小鹿姐"]),
        ("让志强把样品带来", ["志强"]),
        ("让明天送货的早点来", []),
        ("@小丸子 @麦穗 发票抬头发我", ["小丸子", "麦穗"]),
        ("@所有人 @大家 明天盘点", []),
        ("张局那边我去跑，你盯着工期", ["张局"]),
        ("袁队刚打来电话，停水了", ["袁队"]),
        ("问下何科什么时候批", ["何科"]),
        ("高处作业要系安全绳", []),
        ("何处可以停车", []),
        ("顾主席明天到厂里看看", ["顾主席"]),
        ("主席台铺红毯", []),
        ("麻烦姚大夫看下片子", ["姚大夫"]),
        ("徐主编在吗", ["徐主编"]),
        ("李总在吗，合同要盖章", ["李总"]),
        ("我们陈总觉得有点贵", ["陈总"]),
        ("客户总要便宜的", []),
        ("钱总要付的，早晚而已", []),
        ("您的姓名*：托合提\n手机*：18999990000", ["托合提"]),
        ("以上请知悉\n于文娟 售后服务部经理", ["于文娟"]),
        ("民宿主理人\n云上见山·客栈\n微信同号 15912345678", []),
        ("带鱼、白菜、金针菇各五十斤", []),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert as_dict(text, NOW)["names"] == names


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("投诉人陈娟，店长陈海龙一直推", ["店长"]),
        ("选举徐淑华先生为公司第四届董事会独立董事", ["独立董事"]),
        ("店长不在，明天再来", []),
    ],
)
def test_titles(text: str, titles: list[str]) -> None:
    assert as_dict(text, NOW)["titles"] == titles


def test_who_is_elected_is_no_firm() -> None:
    found = as_dict("选举徐淑华先生为公司第四届董事会独立董事", NOW)
    assert found["names"] == ["徐淑华"]
    assert found["companies"] == []
