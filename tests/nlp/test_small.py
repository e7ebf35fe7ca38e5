"""Money, mails, WeChat ids, keywords, intent, noise, promises, numbers."""

from datetime import datetime

import pytest

from nlp import emails, intent, keywords, money, noise, phones, wechats
from nlp.draft import as_dict
from nlp.numbers import number

NOW = datetime.fromisoformat("2026-01-05T10:00")


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("预算48万", [480_000]),
        ("单价别超过12800元", [12_800]),
        ("8万左右", [80_000]),
        ("12w左右", [120_000]),
        ("1.2亿", [120_000_000]),
        ("￥3,500", [3_500]),
        ("一万五", [15_000]),
        ("3万5", [35_000]),
        ("总价9万8千", [98_000]),
        ("58万能不能做", [580_000]),
        ("十五万预算", [150_000]),
        ("15-20万", [150_000, 200_000]),
        ("人均150-500元", [150, 500]),
        ("预算5000", [5_000]),
        ("1.2w一台", [12_000]),
        ("9800一套，我电话给你", [9_800]),
        ("一万八能不能拿下来", [18_000]),
        ("两万三四吧，运费另算800", [23_000, 800]),
        ("大概三十来万的预算", [300_000]),
        ("1.5个亿的项目", [150_000_000]),
        ("尾款还差两千八没结", [2_800]),
        ("能不能便宜到八千五一台", [8_500]),
        ("尾款还差两万三千五", [23_500]),
        ("金额大写壹拾贰万伍仟元整", [125_000]),
        ("今年外贸总额达1.2万亿元", [1_200_000_000_000]),
        ("上次打了3万，这次先付2w", [30_000, 20_000]),
        ("预计要50万的货，月产能300万的工厂，粉丝100万的博主，库存20万", [500_000]),
        ("二十五六万能拿下，一百二三十万不行", [250_000, 260_000, 1_200_000, 1_300_000]),
        ("千把块的东西", [1_000]),
        ("一个接口8000，量大1100也能谈，再便宜100就定", [8_000, 1_100, 100]),
        ("打车费46.5，过路费85，住宿共1280", [46.5, 85, 1_280]),
        ("6块8一公斤，三块二一片", [6.8, 3.2]),
        ("现金叁仟，首付三成", [3_000]),
        ("客场2-1击败对手，独中两元，型号报的是3000W，2027年的费用，1000起批", []),
        ("现在7万卖，少于5万不做，加收200安装费", [70_000, 50_000, 200]),
        ("最低12.5万了", [125_000]),
        ("每个教室按1.2万算", [12_000]),
        ("打了5w定金，剩下的15w发货前付清", [50_000, 150_000]),
        ("现在是4350一吨", [4_350]),
        ("底薪5000加提成", [5_000]),
        ("九毛五一个", [0.95]),
        ("预算一学期3万以内", [30_000]),
        ("20吨304圆钢", []),
        ("单价从1280降到1150", [1_280, 1_150]),
        ("总共七万五对吧", [75_000]),
        ("代理价四五折", []),
        ("两万三千五百人", []),
        ("五百强企业，一天八千袋", []),
        ("拨打95588，报价 ③", []),
        ("3万台", []),
        ("12w电机", []),
        ("500美元", []),
        ("2万公里", []),
        ("13台PLC", []),
        ("定金30%", []),
    ],
)
def test_money_is_in_yuan(text: str, sums: list[float]) -> None:
    assert [money.yuan(found) for found in money.find(text)] == sums


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("li(at)163.com", ["li@163.com"]),
        ("邮箱lina艾特163点com", ["lina@163.com"]),
        ("zhang.san@ qq.com", ["zhang.san@qq.com"]),
        ("@小王 明天 @ 我一下", []),
        ("发到li32@example.net，收件人", ["li32@example.net"]),
        ("Z.Li+tag@mail.example.co.uk.", ["Z.Li+tag@mail.example.co.uk"]),
        ("ｌｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", ["li@example.com"]),
        ("a..b@example.com", []),
        ("a@ex_ample.com", []),
        ("@张三 看一下", []),
    ],
)
def test_emails(text: str, addresses: list[str]) -> None:
    assert [found.value for found in emails.find(text)] == addresses


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("手机13260308246，微信同号", ["13260308246"]),
        ("微信：abc_12345", ["abc_12345"]),
        ("wx13800138000", ["13800138000"]),
        ("微信同号", []),
        ("加个微信吧", []),
    ],
)
def test_wechat_ids(text: str, ids: list[str]) -> None:
    assert [found.value for found in wechats.find(text, phones.find(text))] == ids


def test_keywords_come_in_order_with_the_quantity() -> None:
    found = keywords.find("想要300件的报价，有图纸，再报个价")
    assert [hit.value for hit in found] == ["300件", "报价", "图纸"]


def test_what_is_denied_is_no_keyword() -> None:
    assert [hit.value for hit in keywords.find("不需要样品，只要现货")] == ["现货"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这个多少钱，能便宜点吗", "询价"),
        ("先寄个样品试试", "索样"),
        ("设备坏了，漏油，安排维修", "售后"),
        ("不需要了，别再打电话", "无意向"),
        ("今天天气不错", ""),
    ],
)
def test_intent(text: str, expected: str) -> None:
    assert intent.find(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "好的收到谢谢",
        "嗯",
        "OK，辛苦啦",
        "[图片]",
        "👍",
        "不客气~",
        "晓得了，妥妥的",
        "行，那就这么定了",
        "好的，期待合作",
        "没关系，慢慢来",
        "我先看看",
        "Thx bro, noted",
        "那太感谢你了，帮我省了好多时间",
        "没有其他问题了，祝您生活愉快",
        "收到，我这边安排",
        "您客气了，有需要再找我",
        "没问题，包在我身上",
        "哦这样啊，那好吧",
        "（微笑）",
        "收到[抱拳]稍后看",
        "行，太感谢你了，帮我解答这么多的问题。",
        "好的王总",
        "亲，在的呢",
        "蟹蟹啦",
        "么得问题噻",
        "不好意思回复晚了",
        "好的，保持联系哈",
        "按您说的来",
        "路上注意安全",
        "通话时长 05:10",
        "你已添加了小何，现在可以开始聊天了。",
        "能帮到您是我的荣幸",
        "Good morning, noted with thanks",
        "",
    ],
)
def test_noise_is_nothing_to_store(text: str) -> None:
    assert noise.is_noise(text)


@pytest.mark.parametrize(
    "text",
    [
        "好的，明天见",
        "不用了，谢谢",
        "收到，报价单里漏了运费",
        "谢谢，另外问下交期",
        "嗯，先来50个试试",
        "谢谢，麻烦再发一份",
        "好的，价格多少",
        "连续运转温升不超标",
        "收到，我马上安排发货",
        "好吧，那就来两箱",
        "可以，就按这个发",
        "不需要，谢谢",
        "不了，暂时没需求",
        "可以，发我吧",
        "哪里",
        "有问题",
        "先试试",
        "我是老张",
        "退订",
        "谢谢，我再考虑考虑",
        "样品收到了",
        "好，找张经理拿",
        "感恩节当天不上班",
        "对公客户经理",
        "是" * 100,
    ],
)
def test_what_says_something_is_no_noise(text: str) -> None:
    assert not noise.is_noise(text)


@pytest.mark.parametrize(
    ("text", "promises"),
    [
        ("刘总说预算48万，半小时后给他报价", ["半小时后给他报价"]),
        ("周二前发测试报告", ["周二前发测试报告"]),
        ("下周一上午九点方便的话联系我", []),
        ("周三能给报价吗？", []),
        ("今天拜访了客户", []),
        ("上周五发了样品", []),
        ("图纸晚点给你，最晚明天中午", ["最晚明天中午"]),
        ("三天内退款到账，您放心", ["三天内退款到账"]),
        ("I will send the quotation by Friday", ["I will send the quotation by Friday"]),
        ("周五之前必须给我", []),
        ("客户要求下周二送样", []),
        ("昨天说好的今天给，结果又拖", []),
        ("12月开工的项目", []),
        ("周三开会", []),
    ],
)
def test_promises(text: str, promises: list[str]) -> None:
    assert as_dict(text, NOW)["commitments"] == promises


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("25", 25),
        ("二十五", 25),
        ("十", 10),
        ("一百零二", 102),
        ("一万五", 15_000),
        ("两百三", 230),
        ("二零一六", 2016),
        ("半", 0.5),
        ("3,500", 3500),
        ("三x", None),
        ("", None),
    ],
)
def test_numbers(words: str, value: float | None) -> None:
    assert number(words) == value
