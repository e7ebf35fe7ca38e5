"""From a pasted text to a draft, its correction, and the JSON of the command line."""

import json
from datetime import datetime

import pytest

from nlp import draft
from rules.errors import Refused

NOW = datetime.fromisoformat("2026-01-05T10:00")
LOG = (
    "王总@微信 1-4 16:07\n你好，我是宁波恒力液压的王建国，想要一份伺服电机的报价，大概300件\n"
    "小李@公司 1-4 16:10\n好的王总，我的电话13911112222，您电话方便留一下吗\n"
    "王总@微信 1-4 16:12\n13800138000 微信同号，预算20万左右，明天下午3点联系我"
)


def read(text: str) -> draft.Draft:
    return draft.read(text, NOW, known_companies=("宁波恒力液压有限公司",), own_names=frozenset({"小李"}))


def test_one_line_makes_a_draft() -> None:
    found = read("同步至CRM 李四 13800138000 想买两台")
    assert (found.name, found.phone, found.need, found.keywords) == (
        "李四",
        "13800138000",
        "想买两台",
        ("采购", "两台"),
    )
    assert not found.noise
    assert found.company == found.email == found.city == ""


def test_the_customer_of_a_log_is_the_one_who_is_not_ours() -> None:
    found = read(LOG)
    assert (found.name, found.company, found.need) == (
        "王建国",
        "宁波恒力液压有限公司",
        "伺服电机的报价，大概300件",
    )
    assert (found.phone, found.wechat) == ("13800138000", "13800138000")  # not the rep's own number
    assert (found.budget, found.city, found.intent) == (200_000.0, "宁波", "询价")
    assert [turn.speaker for turn in found.turns] == ["王总", "小李", "王总"]


def test_tomorrow_in_a_log_is_the_day_after_the_message() -> None:
    assert read(LOG).next_at == datetime.fromisoformat("2026-01-05T15:00")


def test_every_field_has_its_evidence_in_the_text() -> None:
    found = read(LOG)
    fields = {hit.field for hit in found.evidence}
    assert {"name", "company", "phone", "wechat", "need", "budget", "next_at"} <= fields
    for hit in found.evidence:
        assert LOG[hit.start : hit.end] == hit.text


def test_a_card_is_read_line_by_line() -> None:
    found = read(
        "兰金电子有限公司\n\n欧阳晶\n采购经理\n手机：138-0013-8000\n邮箱：oy@example.com\n地址：无锡市吴路705号"
    )
    assert (found.company, found.name, found.title) == ("兰金电子有限公司", "欧阳晶", "采购经理")
    assert (found.phone, found.email, found.city) == ("13800138000", "oy@example.com", "无锡")


def test_the_kind_of_need_is_told() -> None:
    assert read("按图纸定做50套，电话13800138000").kind == "图纸定制"
    assert read("要现货，电话13800138000").kind == "现货采购"


def test_what_is_doubtful_is_asked_with_the_number_masked() -> None:
    questions = read("张三 13800138000 13900139000 周一联系").questions
    assert any("2 个手机号" in question and "138****8000" in question for question in questions)
    assert any("周一" in question for question in questions)
    assert not any("13800138000" in question for question in questions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("打13800138000", True),
        ("发 a@example.com", True),
        (LOG, True),
        ("你好在吗", False),
        ("订单号20260105123456", False),
        ("", False),
    ],
)
def test_what_makes_a_message_a_lead(text: str, expected: bool) -> None:
    assert draft.has_lead(text) is expected


def test_one_line_corrects_several_fields() -> None:
    fixed = draft.correct(
        read(LOG), "电话 139-0000-1111 公司 宁波甬江机械有限公司 姓名 陈立 预算 30万 时间 下周三上午10点", NOW
    )
    assert (fixed.phone, fixed.company, fixed.name, fixed.budget) == (
        "13900001111",
        "宁波甬江机械有限公司",
        "陈立",
        300_000.0,
    )
    assert fixed.next_at == datetime.fromisoformat("2026-01-14T10:00")
    assert fixed.need == read(LOG).need  # what was not named stays
    assert {hit.rule for hit in fixed.evidence if hit.field == "phone"} == {"corrected"}


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("姓名改成王五", "name", "王五"),
        ("公司：远景能源", "company", "远景能源"),
        ("13711112222", "phone", "13711112222"),
        ("需求 两台伺服电机", "need", "两台伺服电机"),
        ("邮箱 new@example.com", "email", "new@example.com"),
        ("城市 苏州，职位 采购经理", "title", "采购经理"),
        ("微信 abc12345", "wechat", "abc12345"),
    ],
)
def test_a_field_is_named_in_many_ways(line: str, field: str, value: str) -> None:
    assert getattr(draft.correct(draft.Draft(), line, NOW), field) == value


@pytest.mark.parametrize("line", ["啦啦啦", "", "电话 123", "邮箱 abc", "时间 随便", "预算 很多"])
def test_what_is_not_understood_is_refused_in_chinese(line: str) -> None:
    with pytest.raises(Refused) as refusal:
        draft.correct(draft.Draft(name="李四"), line, NOW)
    assert refusal.value.sentence.endswith(("。", "陈立"))


def test_the_json_is_the_contract() -> None:
    found = draft.as_dict(
        "王佳，采购工程师，手机13260308246微信同号，下周一上午九点前报价，预算48万，无锡",
        "2026-01-05T10:00:00",
    )
    assert set(found) == {
        "names", "companies", "titles", "cities", "phones", "emails", "wechats", "money", "noise", "intent", "keywords", "times",
        "commitments", "turns", "evidence",
    }  # fmt: skip
    assert json.loads(json.dumps(found, ensure_ascii=False)) == found
    assert found["phones"] == found["wechats"] == ["13260308246"]
    assert found["times"] == [
        {
            "text": "下周一上午九点前",
            "start": "2026-01-12T09:00:00",
            "end": None,
            "due": "2026-01-12T09:00:00",
            "grain": "minute",
        }
    ]
    assert found["money"] == [480_000.0]


@pytest.mark.parametrize(
    ("text", "name", "company", "need"),
    [
        ("小红书上看到你们的，想问下定制窗帘多少钱一米，电话13862114455 卞女士", "卞女士", "", "窗帘"),
        ("我是小红书的采购，要20台洗碗机，尤先生 13862114455", "尤先生", "小红书", "20台洗碗机"),
        ("李姐介绍的，做美容院的卜小姐，要订护理床6张", "卜小姐", "", "护理床6张"),
        ("客户：你们那个CRM多少钱一年\n我：3680\n客户：我姓仇，仇经理", "仇经理", "", "CRM"),
        (
            "王总🔧 2026/11/20 9:05\n你们减速机RV63有现货吗\n刘洋 2026/11/20 9:06\n有的",
            "王总",
            "",
            "减速机RV63",
        ),
    ],
)
def test_where_a_lead_comes_from_is_no_part_of_it(text: str, name: str, company: str, need: str) -> None:
    found = draft.read(text, NOW, own_names=frozenset({"刘洋"}))
    assert (found.name, found.company, found.need) == (name, company, need)


@pytest.mark.parametrize(
    "text",
    [
        "那来一台吧，型号按上次的，货到付款",
        "先要一份方案，预算大概一百二十万",
        "参数表第三页的功率写错了",
        "陈经理：报价收到了\n陈经理：太贵",
        "我们这边预算卡得紧，最多给到26万",
        "说再不给方案就换供应商",
        "我们在招标会上加的微信",
        "合同扫描件在邮箱，记得回传",
        "我是新来的采购",
        "报价有效期到几号",
        "那合同你",
        "采购那边还没批",
        "采购说了不算，得生产总监定",
        "我们采购姓王，你加他",
        "采购不做主，老板拍板",
    ],
)
def test_what_is_said_of_payment_or_paper_is_no_need(text: str) -> None:
    assert read(text).need == ""


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("陈立 13900010001：另外再要两台增压泵，预算30万", "两台增压泵"),
        ("陈立 13900010001，想再要两台增压泵", "两台增压泵"),
        ("陈立 13900010001 追加两台增压泵", "两台增压泵"),
        ("陈立说再加两台增压泵，13900010001", "两台增压泵"),
        ("陈立 13900010001，我要5台商用净水器", "5台商用净水器"),
        ("陈立 13900010001 说再加两天", ""),
        ("陈立 13900010001 加3个点税", ""),
        ("总监级别的都不参加，来的是专员", ""),
    ],
)
def test_who_has_bought_before_asks_for_more(text: str, need: str) -> None:
    assert read(text).need == need


HELD = draft.Draft(
    name="王总", company="苏州恒昌塑胶", phone="13812340077", city="苏州", need="两台注塑机机械手", keywords=("采购", "两台"),
    budget=200_000.0, next_at=NOW, next_text="回电话",
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("不是王总，是黄总", "name", "黄总"),
        ("不是王总是黄总", "name", "黄总"),
        ("王总改成黄志华", "name", "黄志华"),
        ("他叫黄志华", "name", "黄志华"),
        ("黄志华", "name", "黄志华"),
        ("黄志华 13862228888", "name", "黄志华"),
        ("黄志华 13862228888", "phone", "13862228888"),
        ("电话错了，是13862229999", "phone", "13862229999"),
        ("没有电话", "phone", ""),
        ("电话去掉", "phone", ""),
        ("没有电话，公司 苏州恒强", "company", "苏州恒强"),
        ("没有电话，公司 苏州恒强", "phone", ""),
        ("公司错了，应该是苏州恒强", "company", "苏州恒强"),
        ("把公司改成苏州恒强", "company", "苏州恒强"),
        ("公司叫苏州恒强", "company", "苏州恒强"),
        ("不是苏州恒昌塑胶，是苏州恒强塑料有限公司", "company", "苏州恒强塑料有限公司"),
        ("城市 昆山", "city", "昆山"),
        ("昆山", "city", "昆山"),
        ("不要城市", "city", ""),
        ("预算改成30万", "budget", 300_000.0),
        ("预算没有", "budget", None),
        ("需求：要三台", "need", "要三台"),
        ("不是两台，是三台", "need", "三台注塑机机械手"),
        ("数量5台", "need", "5台注塑机机械手"),
        ("要三台", "need", "三台注塑机机械手"),
        ("数量5台", "keywords", ("采购", "5台")),
        ("需求 两台没有微信的手机", "wechat", ""),
        ("需求 两台没有微信的手机", "need", "两台没有微信的手机"),
        ("类型 设备采购", "kind", "设备采购"),
        ("明天下午3点发报价", "next_text", "发报价"),
        ("时间去掉", "next_at", None),
    ],
)  # fmt: skip
def test_a_rep_puts_a_draft_right_in_his_own_words(line: str, field: str, value: object) -> None:
    fixed = draft.correct(HELD, line, NOW)
    assert getattr(fixed, field) == value
    named = {"keywords": {"need"}, "wechat": {"need"}}.get(field, {field})
    if " " in line or "，" in line:
        named |= {"phone", "name", "company"}
    for other in ("name", "company", "phone", "city", "need", "budget"):  # what was not named stays
        assert other in named or getattr(fixed, other) == getattr(HELD, other)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("公司不对", "公司应该是什么？请这样写：公司 正确的内容；没有就写：没有公司"),
        (
            "不是李总，是黄总",
            "这里没有写着「李总」的一项。可以这样写：电话 13900001111 公司 宁波某某有限公司 姓名 陈立",
        ),
    ],
)
def test_a_correction_without_its_value_is_asked_about(line: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        draft.correct(HELD, line, NOW)
    assert refusal.value.sentence == sentence


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("您好，我叫徐志远，应聘销售工程师岗位，手机15850501234", "像是求职的，不像客户，要存吗？"),
        (
            "智联招聘提醒：候选人 陶然 投递了 华东区销售经理，电话 13262345678",
            "像是求职的，不像客户，要存吗？",
        ),
        (
            "【鑫融贷】专业办理企业信用贷，当天放款！详询李经理 13666668888 退订回T",
            "像是广告，不像客户，要存吗？",
        ),
    ],
)
def test_who_wants_no_goods_is_asked_about(text: str, question: str) -> None:
    assert draft.read(text, NOW).questions[0] == question


@pytest.mark.parametrize(
    "text", ["我是恒达的陈立 13900010001，要两台打印机打简历", "周三回T恤样品，李四 13800138000", LOG]
)
def test_a_customer_is_not_taken_for_an_advertisement(text: str) -> None:
    assert not any("不像客户" in question for question in read(text).questions)


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ("时代新材的经销商，姓韩，要12吨卷板", ""),
        ("老客户刘总（时代新材）介绍的，他朋友要找人做线束", ""),
        ("时代新材的采购，姓韩，要12吨卷板", "时代新材"),
    ],
)
def test_whose_dealer_or_friend_somebody_is_does_not_employ_them(text: str, company: str) -> None:
    assert read(text).company == company


@pytest.mark.parametrize(
    ("company", "city"),
    [
        ("烟台东方彩印有限公司", "烟台"),
        ("深圳永康医疗有限公司", "深圳"),
        ("浙江永康五金有限公司", "永康"),
        ("海南东方水泥有限公司", "东方"),
        ("江苏无锡华泰机械有限公司", "无锡"),
        ("苏州昆山立讯有限公司", "昆山"),
    ],
)
def test_a_town_that_is_called_as_firms_are_gives_way_to_another(company: str, city: str) -> None:
    assert read(f"公司：{company} 电话13800138000").city == city
