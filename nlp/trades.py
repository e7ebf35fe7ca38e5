"""Companies that end in their trade and not in a legal form: 无锡华泰机械, 我是鑫源五金的老孙."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import ahocorasick_rs

from nlp.coined import is_coined
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.lexicon import known_companies, surname_letters, words
from nlp.plain import BLANK, Plain

LONGEST = 5  # characters of the name proper, between town and trade

# Who speaks or is spoken of; a town may be missing behind it.
_CUE = late(
    r"(?:我是|我系|我係|我事|我们是|我们这?边?是|(?:我|咱|我们)?这[边里儿]是|这是|来自|本人是|"
    r"(?:客户|公司|单位|厂家|买家|转给|拜访了?|回访了?|走访了?|联系了?|线索|"
    r"创办了?|创立了?|成立了?|加入了?|就职于|任职于|供职于)[:: ]{0,2}(?:是|(?:好像|名字|应该|大概|就)?叫(?:什么|做)?)?|"
    r"(?:厂子?|店)(?:好像|名字|应该|大概|就)?叫|名叫|叫(?:什么|做))"
    r"(?:那个|这个|你们)?\s?$"
)
_CUE_ENDS = frozenset("叫么做是系係事边里儿自户司位家给访了索个们办立入于: \n")
_OPEN = late(rf"(?:^|[\s,。;:!?、(（\[|/\"“'·>{BLANK}]\d?|^\d|\d[.)])$")
# Somebody is met, or the line begins: then a town and its trade are the company of the person behind them.
_MET = late(rf"(?:^|[\s,。;:!?、跟给找和见{BLANK}]\d?|\d[.)] ?)$")
_CLOSED = late(rf"$|[\s,。;:!?、()\[\]|/\"”'\-{BLANK}]|(?:那边|这边|公司|采购部|销售部|技术部|项目部)")
_LISTED = late(r"(?:客户|公司|单位|厂家)[:：] ?$")
_GOES_ON = late(
    r"一直|已经?|有|在|也|想|要(?!求)|说|报|让|派|来|去|就|没|还|都|刚|订|下单|合作|签|做|买|卖|给|问|是"
)
_CARD = re.compile(rf"(?:^|\n)[ ]*$|{BLANK}{{7,}}[^\n]{{0,3}}\n[ ]*$")
_CONTACT = re.compile(rf"{BLANK}{{7,}}")
_NAME = late(r"[一-龥A-Za-z0-9&·\-]*")
# A name proper holds none of these; 来, 家, 和, 大 do stand in names.
_NEVER = late(
    r"[的了完是在们我你您他她它这那哪想要买卖租请问给把被跟找去看说做搞干让就也都还吗呢吧呀啊啦]|[一几两每各该本贵某][家个台套]"
)
# Beginnings that make it a kind of goods and no name: 进口设备, 二手机床.
_GOODS = late(
    r"进口|出口|国产|二手|全自动|半自动|大型|小型|中型|微型|高端|低端|高档|新型|专业|专用|"
    r"通用|主要|各类|各种|相关|传统|现代化|本地|当地|周边|附近|市区|地区|区域|所有|部分|"
    r"从事|生产|负责|采购|销售|经营|主营|制作|加工|安装|定制|订制|需要|发货|发往|运到|寄到|"
    r"走|学习|学|干|开发|研发|代理|维修|仿古|办公|家用|商用|民用|工业用|医院|大学|学院|"
    r"公司|客户|项目|市场|展会|产品|价格|报价|工厂|外资|民营|国有|其他|其它|同行|行业|高新|高科|有关|"
    r"关于|以及|同城|跨境|整车|零担|第三方|一般|普通|标准|非标|环保型|老板|不锈钢|铸铁|塑料|铝合金|"
    r"碳钢|消费|上门|网上|线上"
)
_ROAD = late(r"[省市区县镇乡村路街道号楼室园]")
_JOB = (
    r"采购|销售|技术|项目|老板|负责人|业务|经理|工程师|总监|主任|财务|行政|设备|研发|供应链|生产|物资|质检|仓库|市场|"
    r"法务|人事|品质|工程部|办公室"
)


@cache
def _automaton() -> tuple[ahocorasick_rs.AhoCorasick, tuple[bool, ...]]:
    """The trades, and which of them are goods as well."""
    listed = words("trades")
    names = [word.removesuffix("?") for word in listed]
    automaton = ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    return automaton, tuple(word.endswith("?") for word in listed)


@cache
def _owner() -> re.Pattern[str]:
    """的 and a person or a job, or the end of the clause."""
    single = surname_letters()
    return re.compile(
        rf"(?:公司)?(?:的|那边|这边)(?:那[个位])?(?:[小老阿]?[{single}]|{_JOB}|我|[啊呀哈]|▫|[,。;!?\n ]|$|{BLANK})"
    )


@cache
def _addressed() -> re.Pattern[str]:
    """苏州恒力精密陈总: the person stands right behind."""
    single = surname_letters()
    return re.compile(
        rf" ?(?:[小老阿][{single}](?=$|[\s,。;!?{BLANK}])|"
        rf"[{single}](?:总(?![部体共经裁数量价])|工(?![程作业厂具])|经理|先生|女士|小姐|主任|师傅|老板|[科部处厂]长))|{_JOB}"
    )


def find(text: Plain, taken: Taken, towns: Sequence[tuple[int, int]]) -> Iterable[Found]:
    """Names of town, name proper and trade; without a town only behind a cue or as a line of a card.

    What is `taken` already (a name with its legal suffix) is passed over. `towns`: the `places.regions` of the text.
    """
    found = runs(text.text)
    if found:
        found = [run for run in found if taken.is_free(*text.place(run[0], run[1]))]
    return _named(text, found, towns) if found else ()


def _named(
    text: Plain, runs: Sequence[tuple[int, int, bool]], towns: Sequence[tuple[int, int]]
) -> Iterator[Found]:
    """Those of these trades that end a company's name."""
    ends = [end for _, end in towns]
    card = _CONTACT.search(text.text) is not None
    ranked = "名" in text.text or "标" in text.text or "选" in text.text or text.text.count("\n") > 1
    lines = text.text.count("\n") > 1
    for start, end, goods in runs:
        n = bisect_right(ends, start) - 1
        town = towns[n] if n >= 0 and start - towns[n][1] <= LONGEST else None
        if town is None and n >= 0 and start - towns[n][1] <= LONGEST + _PARTS:
            part = _PART.match(text.text, towns[n][1], start)  # 佛山顺德区容桂镇力泰五金
            town = (towns[n][0], part.end()) if part is not None and part.end() > towns[n][1] else None
        hit = _with_town(text.text, town, start, end, goods) if town is not None else None
        if hit is None:
            hit = _without_town(text.text, start, end, card and not goods, card)
        if hit is None and (not goods or _between_commas(text.text, start, end)):
            hit = _by_itself(text.text, start, end)
        if hit is None and lines and not goods:
            hit = _by_line(text.text, start, end)
        if hit is None and ranked:
            hit = _ranked(text.text, start, end)
        if hit is not None:
            first, confidence = hit
            yield text.found("companies", first, end, confidence, "trade")


def is_trade(name: str) -> bool:
    """Is it nothing but trades (机械, 五金机电)?"""
    return any(end - start == len(name) for start, end, _ in runs(name))


@lru_cache(maxsize=4)
def runs(text: str) -> Sequence[tuple[int, int, bool]]:
    """Trades that follow one another as one stretch (食品机械); whether the last of them is goods as well."""
    automaton, goods = _automaton()
    found: list[tuple[int, int, bool]] = []
    trades = automaton.find_matches_as_indexes(text)
    if not trades:
        return found
    for index, start, end in trades:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end, goods[index])
        else:
            found.append((start, end, goods[index]))
    return found


_PARTS = 8  # characters of a district and a town of it
_PART = late(r"(?:[一-龥]{1,3}[区县])?(?:[一-龥]{1,3}(?:镇|街道|乡))?")


def _with_town(
    text: str, town: tuple[int, int], start: int, end: int, is_goods: bool
) -> tuple[int, float] | None:
    """Where it begins and how sure that is: 常州天合电气的钱工 is, 上海二手设备 is not."""
    first, behind = town
    cued = _cued(text, first)
    owned = _owner().match(text, end) is not None or _addressed().match(text, end) is not None
    proper = text[behind:start]
    if not proper:
        if (
            town[1] - town[0] > 3
            and _OPEN.search(text, max(0, first - 2), first)
            and _CLOSED.match(text, end)
        ):
            return first, 0.65  # 金华永康电动工具: the second town may be the name
        if _LISTED.search(text, max(0, first - 4), first) and _CLOSED.match(text, end):
            return first, 0.7  # 客户：南宁糖业
        if text[first - 1 : first] == "给" and _SUPPLIED.match(text, end):
            return first, 0.7  # 给邢台钢铁配套
        with_person = cued or _MET.search(text, max(0, first - 3), first) is not None
        return (first, 0.75) if with_person and owned else None  # 我是上海电气的王工
    if len(proper) < 2 or not is_proper(proper):
        return None
    if cued and (owned or _CLOSED.match(text, end)):
        return first, 0.9
    if owned:
        return first, 0.85
    if _OPEN.search(text, max(0, first - 2), first) and _CLOSED.match(text, end):
        return first, 0.8
    if _MET.search(text, max(0, first - 3), first) and _GOES_ON.match(text, end) and not is_goods:
        return first, 0.75  # 跟徐州恒顺泵业一直有合作
    return None


_SUPPLIED = late(r"做?(?:配套(?!设|件)|代工|供货)")
_OF_A_FIRM = "供应链"
# 凯达电机 0513-…, at the end of a mail; its first line says what is wanted.
_SIGNED = re.compile(r"[^\s]\s*\n[ ]*$")
_NUMBER = re.compile(rf"[ ]{{1,3}}{BLANK}{{7}}")


def _without_town(text: str, start: int, end: int, card: bool, signed: bool) -> tuple[int, float] | None:
    """Behind 我是 … with its person, or alone at the front of a line of a card."""
    numbered = signed and _NUMBER.match(text, end) is not None
    alone = card and _ends_line(text, end)
    if not numbered and not alone and _CUE_ENDS.isdisjoint(text[max(0, start - LONGEST - 1) : start - 2]):
        return None
    for length in range(2, min(LONGEST, start) + 1):
        first = start - length
        cued = _cued(text, first)
        front = length <= 4 and (
            (numbered and _SIGNED.search(text, max(0, first - 12), first) is not None)
            or (alone and _CARD.search(text, max(0, first - 16), first) is not None)
        )
        if not cued and not front:
            continue
        if not all(is_proper(text[start - n : start]) for n in range(2, length + 1)):
            return None
        if cued:
            if text[start:end] == _OF_A_FIRM and text[first : first + 2] in known_companies():
                return None  # 广汽埃安|供应链 is a department, see named.py
            return (first, 0.8) if _owner().match(text, end) or _closes(text, end) else None
        return first, 0.65
    return None


# 武船重工, 申洲针织: where a name that no dictionary knows stands free, with its trade.
_FREE_LEFT = late(
    rf"(?:^|[\s,。;:!?、(（\[|/\"“'·>{BLANK}]|[和与及跟给找去到了完为叫成由被对]|[方家都又]是|下午|上午|今天|昨天|刚|拜访|联系|旗下|那个|(?<![\d一-龥])\d[.)]?)$"
)
_FREE_RIGHT = late(
    rf"$|[\s,。;:!?、)\]|/\"”'\-{BLANK}]|[和与及](?=[一-龥])|的(?=采购|销售|技术|老板|负责人|经理|代理|客户|订单|项目|合同|人|设备|价格|报价|方案|▫|[一-龥]{{0,2}}(?:总|工)(?![部体]))|"
    r"那边|这边|现在|目前|归(?=谁|[我你])|同意|通知|回复|反馈|[涨降]价|全(?=在|是|都)|配套(?!设|件)|(?:今日|昨日|日前|近日)?(?:公告|宣布|发布|披露|推出)|又|已|均|都(?=约|有|在|是|要|想|已)|要(?!求)|想|说|作废|招标|中标|下单|报了|签了|[发寄送](?=合同|货|样|报价|资料|函)"
)


def _by_itself(text: str, start: int, end: int) -> tuple[int, float] | None:
    """Two or three characters that are no word, and their trade, free on both sides."""
    if _FREE_RIGHT.match(text, end) is None:
        return None
    for length in (2, 3):
        first = start - length
        if first < 0 or _FREE_LEFT.search(text, max(0, first - 2), first) is None:
            continue
        proper = text[first:start]
        if not is_proper(proper) or proper in _PLACES or _NOT_FREE.search(proper):
            continue
        if is_coined(proper) or (text[first - 1 : first] in _QUOTES and text[end : end + 1] in _QUOTES):
            return first, 0.65
    return None


# 利群商贸⏎Liqun Trading⏎总经理 …: the first line of a card.
_FIRST_LINE = late(r"^[\s-]*$")
_SECOND_LINE = late(
    r" *\n *(?:[A-Z][A-Za-z&.,() ]+|[一-龥]{2,4}(?: *[|｜/ ] *[一-龥]{2,8})?|"
    r"[^\n]{0,12}(?:经理|总监|工程师|主管|专员|顾问|厂长|主任|助理|采购|销售|业务|董事|代表)[^\n]{0,8}) *(?=\n)"
)


def _by_line(text: str, start: int, end: int) -> tuple[int, float] | None:
    if _SECOND_LINE.match(text, end) is None:
        return None
    for length in (2, 3, 4):
        first = start - length
        if first >= 0 and _FIRST_LINE.match(text[:first]) is not None:
            return (first, 0.65) if is_proper(text[first:start]) else None
    return None


# 第二名 西电开关, 2 恒大市政 工期85天: in a list of bidders the name may be made of any words.
_RANK = late(
    r"(?:第[一二三四五六七八九十\d]{1,2}(?:名|中标候选人|候选人|标段)|候选人|中标(?:人|单位|方)|(?:^|\n)\d{1,2}(?:[.、)]| )) ?:? ?$"
)
_RANKED = late(r"$|[,;。\n]|\s+(?:[一-龥]{2,4}[\d▪]|[¥￥\d▪]|弃标|废标|未到|中标|投标|报价|工期|得分)|\(")


def _ranked(text: str, start: int, end: int) -> tuple[int, float] | None:
    if _RANKED.match(text, end) is None:
        return None
    for length in (2, 3, 4):
        first = start - length
        if first >= 0 and _RANK.search(text, max(0, first - 8), first) is not None:
            return (first, 0.65) if is_proper(text[first:start]) else None
    return None


def _between_commas(text: str, start: int, end: int) -> bool:
    """,宏宇陶瓷,: goods stand so as well, but then behind a word (see is_coined)."""
    return text[end : end + 1] == "," and text[start - 3 : start - 2] == ","


_NOT_FREE = late(r"[A-Za-z0-9和与及跟个]|^[听帮等让催问请把欠送租见替陪](?=..)")
_QUOTES = frozenset('“”"‘’「」[]')
_PLACES = ("中国", "我国", "全球", "世界", "亚洲", "欧洲", "北美", "海外", "国内", "国外")


def _cued(text: str, first: int) -> bool:
    return text[first - 1 : first] in _CUE_ENDS and _CUE.search(text, max(0, first - 10), first) is not None


_CLAUSE_END = late(rf"\s*(?:[,。;!\n{BLANK}]|$)|[\s]")
_LINE_END = late(r"\s*(?:\n|$)|\s+[一-龥]{2,3}(?:[\s▫]|$)|\s+▫")


def _closes(text: str, end: int) -> bool:
    """我是华泰机械,: the clause ends with the name."""
    return _CLAUSE_END.match(text[end : end + 2]) is not None


def _ends_line(text: str, end: int) -> bool:
    return _LINE_END.match(text[end : end + 8]) is not None


def is_proper(proper: str) -> bool:
    """May it be what a company calls itself?"""
    return (
        _NAME.fullmatch(proper) is not None
        and _NEVER.search(proper) is None
        and _GOODS.match(proper) is None
        and _ROAD.search(proper) is None
        and not proper.isdigit()
    )
