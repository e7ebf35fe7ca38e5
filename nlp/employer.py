"""Of the firms of a text the one that the customer works for, and the town that its name gives."""

from collections.abc import Iterator
from dataclasses import replace

from nlp import cores
from nlp.choose import best, theirs
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import platforms
from nlp.reading import Reading
from nlp.rivals import AND, QUOTED, WEIGHED, WITH


def company(reading: Reading, ours: list[tuple[int, int]]) -> Found | None:
    """The surest company of those that are not only spoken of."""
    held = [hit for hit in _of_customers(reading) if hit.rule != "speaker" or theirs([hit], ours)]
    return best(held, ours)  # what stands beside our reps' names is ours


def _of_customers(reading: Reading) -> Iterator[Found]:
    """The firms that are not named in passing, as a source, a competitor or a place."""
    text, rival = reading.text, -1
    for hit in reading.companies:
        if _competes(text, hit) or (0 <= rival < hit.start and AND.fullmatch(text, rival, hit.start)):
            rival = hit.end
        elif not (
            hit.rule == "mentioned"
            or _where_from(text, hit)
            or _only_a_place(text, hit)
            or _BESIDE_IT.match(text, hit.end)
        ):
            yield hit


# 小红书上看到的, 快手客户, 【58同城】 tell where a lead comes from; an employer is it only where the text says so.
_SURELY = r"公司|集团|总部|那边|的[一-龥]{0,4}[总工]|的?(?:采购|经理|总监|员工|项目部)"
_EMPLOYS_SURELY = late(_SURELY)
_EMPLOYS = late(rf"{_SURELY}|(?:的)?[\s,，。、)）]|$")
_IN_IT = late(r"(?:我是|我们是|来自|就职于?|任职于?|公司|单位|客户)[:：是叫]?\s?$")
_SHOP = late(r"[-_ ·]?[^,，。\s]{0,12}(?:旗舰店|专营店|专卖店|官方店)$")


def _where_from(text: str, hit: Found) -> bool:
    if hit.value not in platforms():
        return _SHOP.search(hit.value) is not None and hit.value.startswith(
            tuple(platforms())
        )  # our own shop
    employed = _IN_IT.search(text, max(0, hit.start - 6), hit.start) is not None
    return not (employed and _EMPLOYS.match(text, hit.end)) and _EMPLOYS_SURELY.match(text, hit.end) is None


# 现在用的是西门子的, 对比过欧派和索菲亚, 你们和纷享销客比, 比科瑞高了3万, 恒立报的价低: whose things they use or weigh.
_USES = late(
    r"(?:(?:电机|电控|轴承|系统|压缩机|芯片|配件|元件|品牌|PLC|变频器|发动机|核心|主机|机芯|控制器|材料|面料|钢材)(?:都|用的)?是|在用的?|用的(?:都|还)?是|用过|一直用|买过|[对相]比[了过]?|比较[了过]|对标|竞品(?:是|有)?|同行|换掉|替换掉?|不如)[:：]?\s?$"
)


# 太钢不锈的经销商, 刘总（安徽合力）介绍的: of another firm, or sent by one.
_BESIDE_IT = late(
    r"的?(?:一级|授权|区域|省)?(?:经销商|代理商|代理(?=[,，。\s]|$)|分销商|渠道商|供应商)(?!大会|管理|平台)|[)）]\s?(?:给我|帮忙)?(?:介绍|推荐)"
)


def _competes(text: str, hit: Found) -> bool:
    before = max(0, hit.start - 8)
    if _USES.search(text, before, hit.start) or QUOTED.match(text, hit.end):
        return True
    return WITH.search(text, before, hit.start) is not None and WEIGHED.match(text, hit.end) is not None


# 送到盐城大丰, 万达那边那个健身房, 【家长咨询】: a short name without a legal form that is a place or a heading.
_UNSURE = frozenset(("passing", "trade", "known"))
_SENT_TO = late(r"(?:送|发|寄|运|拉|送货|发货)(?:到|至|往)\s?$")
_NEARBY = late(
    r"(?:那边|那里)?(?:开会|参会|看展|出差)|(?:那边|那里|里面?|楼[上下]|附近|旁边|对面|广场)?(?:的|那个|那家|一家|那)?(?:健身房|门店|商铺|小?店铺?|超市|商场|小区|旁边|附近|对面|楼[上下])"
)
_HEADING = late(r"[【\[]\s?$")


def _only_a_place(text: str, hit: Found) -> bool:
    if hit.rule not in _UNSURE:
        return False
    if hit.text.endswith(("咨询", "留言", "线索", "询盘")) and _HEADING.search(
        text, max(0, hit.start - 2), hit.start
    ):
        return text[hit.end : hit.end + 1] in ("】", "]")
    sent = hit.rule != "known" and _SENT_TO.search(text, max(0, hit.start - 5), hit.start) is not None
    return sent or _NEARBY.match(text, hit.end) is not None


# Towns that are called as firms like to be.
_ALSO_NAMES = frozenset(
    ("东方", "大同", "永康", "安康", "吉安", "文昌", "海安", "永安", "长乐", "福安", "兴化", "长兴", "泰兴")
)


def home(company: Found | None) -> Found | None:
    """The city a company's name gives, when the text names no other."""
    place = cores.where(company.value) if company is not None else ""
    if company is None or len(place) < 2:
        return None
    known = cores.cities()
    ends = [place[n:] for n in range(len(place) - 1)]  # 江苏无锡 is in 无锡, 烟台东方 in 烟台
    parts = (
        *(end for end in ends if end not in _ALSO_NAMES),
        *(place[:n] for n in range(len(place) - 1, 1, -1)),
        *ends,
    )
    city = next((part for part in parts if part in known), "")
    return replace(company, field="cities", value=city, confidence=0.6, rule="company") if city else None
