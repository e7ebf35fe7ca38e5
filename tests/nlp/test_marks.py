"""Competitors, price and who decides, as customers say them; most rows are what must not be taken for one."""

from datetime import datetime

import pytest

from nlp.draft import Draft, correct, read
from nlp.vocabulary import parse
from rules.errors import Refused

NOW = datetime.fromisoformat("2026-11-23T10:00")
OURS = frozenset({"王磊"})

RIVALS = [
    ("你们比科瑞贵了快两成", "科瑞"),
    ("你们的阀块比科瑞贵，恒立那边报了3万2", "科瑞、恒立"),
    ("人家力诺报18万", "力诺"),
    ("目前用的是用友，合同年底到期，想换掉用友", "用友"),
    ("你们和纷享销客比有什么优势", "纷享销客"),
    ("之前对比过欧派和索菲亚，你们的板材好一点", "欧派、索菲亚"),
    ("另外还在看HubSpot和纷享销客", "HubSpot、纷享销客"),
    ("也在看华为的方案，下周定", "华为"),
    ("竞品是海天，他们给的价更低", "海天"),
    ("从金蝶换过来麻烦吗", "金蝶"),
    ("大金比你们贵", "大金"),
    ("客户：你们报价比迈瑞高了8万", "迈瑞"),
    # what is only used, was used once, was not looked at
    ("我们现在用的是西门子的PLC，想配你们的传感器", ""),
    ("以前用过科瑞的，早就不用了", ""),
    ("我们没有对比过欧派", ""),
    ("暂时不考虑用友", ""),
    # our own brand, their own firm, what others weigh
    ("你们欧派的柜子多少钱", ""),
    ("我是用友的采购，想看看你们的服务器", ""),
    ("小米的电视比华为的便宜", ""),
    # nobody's name
    ("你们比上次贵了", ""),
    ("比同行贵", ""),
    ("比国产的贵不少", ""),
    ("淘宝上比你们便宜", ""),
    ("比你们便宜的多的是", ""),
    ("杭州那边报了3万", ""),
    ("王总报了3万", ""),
    ("老刘那边报价10万，先这样", ""),
    ("我们对比了三家，你们价格居中", ""),
    ("在看房子", ""),
    ("奥的斯原厂太贵，之前的供应商是圣麦", "奥的斯、圣麦"),
    ("现在从攀华拿货", "攀华"),
    ("业务报了5台", ""),
    ("把剑谱的报价重新核一下，对比下来你们的质量好", ""),
]
PRICES = [
    ("太贵了，再考虑考虑", "敏感"),
    ("你们比科瑞贵", "敏感"),
    ("价格有点高，超预算了", "敏感"),
    ("能便宜点吗？最低多少", "敏感"),
    ("预算有限", "敏感"),
    ("要求再降3个点", "敏感"),
    ("同行比你们便宜", "敏感"),
    ("领导觉得报价高了", "敏感"),
    ("价格不是问题，要快", "不敏感"),
    ("贵一点没关系，质量要好", "不敏感"),
    ("主要看质量，不太在意价格", "不敏感"),
    # asked once it tells nothing; both is neither
    ("能便宜点吗", ""),
    ("有没有优惠", ""),
    ("价格不是问题，不过这个太贵了", ""),
    # not dear, and other words with 贵 and 高
    ("不贵，可以接受", ""),
    ("不算贵", ""),
    ("贵公司的产品怎么样，您贵姓", ""),
    ("贵州遵义的，楼层有点高", ""),
    ("李贵，电话13800138000，价格发我", ""),
    ("名贵药材比较多", ""),
    ("运费太贵了", ""),
]
DECIDERS = [
    ("老板拍板", "老板"),
    ("采购说了不算，得生产总监定", "生产总监"),
    ("我要问下领导", "领导"),
    ("这事刘总说了算", "刘总"),
    ("陈工先看方案，最后刘总拍板", "刘总"),
    ("价格我做不了主，要问张董", "张董"),
    ("要跟我们院长商量一下", "院长"),
    ("决策人是李建国", "李建国"),
    ("技术部选型，最终王厂长定", "王厂长"),
    ("等集团审批完", "集团"),
    ("得老婆点头才行", "老婆"),
    ("下单前要质量总监签字", "质量总监"),
    ("我自己就能定", "本人"),
    # who has no say, who is only asked about or asked
    ("我说了不算", ""),
    ("这个我做不了主", ""),
    ("你们老板拍板吗", ""),
    ("是老板说了算还是采购说了算？", ""),
    ("不用请示领导", ""),
    # other business with somebody
    ("跟王总确认一下时间", ""),
    ("问下张工参数", ""),
    ("问下你们老板能不能便宜", ""),
    ("老板定了周三来", ""),
    ("我们老板要求周五到货", ""),
    ("我们采购经理负责对接，批发价多少", ""),
    ("让老板看看", ""),
]


def draft(text: str) -> Draft:
    """What is read of a text."""
    return read(text, NOW, own_names=OURS)


@pytest.mark.parametrize(("text", "wanted"), RIVALS)
def test_competitors(text: str, wanted: str) -> None:
    assert draft(text).rivals == wanted


@pytest.mark.parametrize(("text", "wanted"), PRICES)
def test_price(text: str, wanted: str) -> None:
    assert draft(text).price == wanted


@pytest.mark.parametrize(("text", "wanted"), DECIDERS)
def test_who_decides(text: str, wanted: str) -> None:
    assert draft(text).deciders == wanted


@pytest.mark.parametrize("us", ["王磊", "我"])
def test_what_our_people_say_is_not_the_customers(us: str) -> None:
    log = (
        f"{us} 11-23 09:02\n这个价格太贵的话我得请示我们老板，科瑞那边报了3万\n"
        "何建国 11-23 09:10\n行，我电话13567581122，最后我们厂长拍板"
    )
    found = draft(log)
    assert (found.rivals, found.price, found.deciders) == ("", "", "厂长")


def test_the_words_behind_each_are_kept() -> None:
    text = "你们比科瑞贵，得生产总监定"
    hits = {hit.field: hit for hit in draft(text).evidence}
    assert {
        field: text[hits[field].start : hits[field].end] for field in ("rivals", "price", "deciders")
    } == {
        "rivals": "科瑞",
        "price": "比科瑞贵",
        "deciders": "得生产总监定",
    }


def test_who_decides_gives_the_writer_no_title() -> None:
    assert draft("我是恒达的陈立，13900010001，得生产总监定").title == ""
    assert draft("我是恒达的生产总监陈立，13900010001，这事我说了算").title == "生产总监"


def test_an_installation_names_its_competitors() -> None:
    words = parse('[[competitor]]\nname = "远帆科技"\naliases = ["远帆", "ABX"]')
    said = "远帆上周来过，ABX的样机也看了，ABXY没看"
    assert read(said, NOW, vocabulary=words).rivals == "远帆科技"
    assert read("我们没接触过远帆", NOW, vocabulary=words).rivals == ""
    assert read("我是远帆科技的陈立", NOW, vocabulary=words).rivals == ""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("竞品 没有", ("", "敏感", "生产总监")),
        ("没有竞品，决策人是刘总", ("", "敏感", "刘总")),
        ("竞品 海天、震雄 价格 不敏感", ("海天、震雄", "不敏感", "生产总监")),
        ("决策人去掉", ("科瑞", "敏感", "")),
        ("不是科瑞，是科锐", ("科锐", "敏感", "生产总监")),
    ],
)
def test_a_line_puts_them_right(line: str, wanted: tuple[str, str, str]) -> None:
    found = correct(draft("你们比科瑞贵，得生产总监定"), line, NOW)
    assert (found.rivals, found.price, found.deciders) == wanted


def test_a_sum_is_no_word_on_the_price() -> None:
    with pytest.raises(Refused, match="金额请写：预算"):
        correct(draft("你们比科瑞贵"), "价格 3万", NOW)
