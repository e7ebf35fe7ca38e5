"""Whom the customer weighs us against: competitors that are named, never what is only used or was used once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import ahocorasick_rs

from nlp.coined import is_coined
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import known_companies, no_rivals, not_names, platforms, software
from nlp.places import regions
from nlp.reading import Reading

MOST = 5  # that are shown

# 和科瑞比, 科瑞报的价低: used of firms that are known as such.
WITH = late(r"(?:和|跟|与|比|比起)\s?$")
WEIGHED = late(
    r"(?:那边|家|公司|的)?(?:比|相比|对比|比较|有什么(?:区别|优势|不同)|哪个好|便宜|贵|高|低|差不多)"
)
QUOTED = late(r"(?:那边|他们)?(?:报的价|报的[^,，。\n]{0,6}(?:低|高|便宜|贵)|报价[比更]?[低高便贵])")
AND = late(r"\s?(?:和|跟|与|及|、|,|，|还有)\s?")

_CUES = re.compile(
    "贵|供应商|比|竞品|对手|友商|在看|在谈|在聊|接触|考虑|报|换|才|只[要卖]|来[讲看谈演报量]|[问看比][过了]|合作的|账期|[拿进订]货|给[了我到]"
)
# A firm behind these is weighed: 也在看用友, 对比过欧派, 竞品：科瑞.
_BEFORE = late(
    r"(?:(?:[对相]比|比较)(?:了|过|一下)?|竞品(?:是|有|就是)?|竞争对手(?:是|有)?|友商|(?:也|还|同时|正)在?(?:看|谈|聊|接触|对比|考虑)(?:了|过|着)?"
    r"|换掉|替换掉?)[:：]?\s?$"
)
_ALSO, _IN_TALKS = (
    late(r"(?:还有|另外|同时)\s?$"),
    late(r"(?:那边|他们)?(?:也|都)?在?(?:谈|跟|报|看)"),
)  # 还有固德威在谈
_OUT_OF = late(r"(?:想|要|打算|准备|计划)?(?:把|从)\s?$")
_CHANGES = late(
    r"(?:那边|家)?(?:的)?[^,，。;；\n]{0,4}(?:换(?!货|班|人)|替|切到|迁)"
)  # 想把科瑞的换掉, 从科瑞换过来
_BEHIND = late(
    r"(?:那边|他们|那家|家)?(?:的)?(?:价格|报价|单价)?(?:比你们|比您[们家]|比贵司|(?:也|都|就|才|只|已经)?(?:报[了过到](?!名|警|销|备|[^,，。\n]{0,3}\d+[台套件个人名])|报价(?=[¥￥\d才只比更])|给了?报?价|给的价)(?!单)"
    r"|(?:也|都)(?:在(?:报|跟|谈|做方案|投)|来(?:讲|看|谈|演示|报|量)过)|(?:原厂)?(?:的)?(?:太|有点|偏)贵|说可以(?:账期|月结|包邮|免费|打\d折|送))"
)
# A name that nobody knows as a firm's, where nothing else can stand; in front what the text must hold one of.
_NAME = r"(?P<name>[一-龥]{2,4}?|[A-Za-z][A-Za-z0-9&]{1,14})"
_SIDE = r"(?:家|那边|那家|他们|的|他们家)"
_NAMED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "比",
        late(
            rf"(?:你们?家?[^,，。;；!！?？\n]{{0,10}}?|(?:^|[\s,，。;；!！?？:：])(?:价格?|报价|单价)?(?:还|都|要)?)比{_NAME}{_SIDE}?(?:的)?(?:价格|报价)?(?:还|要|都|整整|足足)?(?:贵|高|便宜|低|好|差)(?!端|层|新|速|压|温)"
        ),
    ),
    (
        "比你们",
        late(
            rf"(?:^|[\s,，。;；!！?？:：但而])(?:但是|可是|人家|现在)?{_NAME}{_SIDE}?(?:的)?(?:价格?|报价)?比你们(?:家)?(?:的)?(?:还|要|都)?(?:便宜|低|贵|高|好|快)"
        ),
    ),
    (
        "报 给",
        late(
            rf"(?:^|[\s,，。;；!！?？:：但而])(?:但是|可是|人家|现在|结果|昨天|今天)?{_NAME}(?:家|那边|那家)?(?:才|只|就|已经)?(?:报了?|报到|给(?:了|到|我们))(?:我们|我)?(?:才|只要?|的是)?[¥￥]?\d(?!\d*[台套件个人名])"
        ),
    ),
    # 虹泰才15万; 三元的报11800; 迈瑞和健麾也来讲过; 之前问过业之峰; 现在合作的中智收8%
    (
        "才 只 报",
        late(
            rf"(?:^|[\s,，。;；!！?？:：但而])(?:但是|可是|人家)?{_NAME}(?:家|那边)?的?(?:才(?:卖|要)?|只要|只卖|报)[¥￥]?\d(?!\d*[台套件个人名天])"
        ),
    ),
    (
        "过",
        late(
            rf"(?:^|[\s,，。;；!！?？:：])(?:另外|还有)?{_NAME}(?:(?:和|跟|、)[一-龥]{{2,4}}?)?(?:他们)?也?(?:都)?来(?:讲|看|谈|演示|报|量)过(?!电|信)"
        ),
    ),
    ("过", late(rf"(?:和|跟|、){_NAME}(?:他们)?(?:也|都)来(?:讲|看|谈|演示|报|量)过(?!电|信)")),
    (
        "过 了",
        late(
            rf"(?:(?:之前|已经|也|前面)问过|(?:之前|已经|也|前面|[\s,，。;；])[看比][过了]){_NAME}(?=[\s,，。;；、和跟]|家|那边|的(?:价|报|[,，])|$)"
        ),
    ),
    ("合作的", late(rf"(?:现在|目前|一直)?合作的(?:是)?{_NAME}(?:家)?(?=收|报|给|[,，。;；\s]|$)")),
    ("从", late(rf"从{_NAME}(?:那边|家)?(?:拿货|进货|订货|换过来|换到|转过来|迁过来|切过来)")),
    (
        "供应商",
        late(rf"(?:之前|原来|现在|目前)的?(?:供应商|厂家)(?:是|:|：)\s?{_NAME}(?=[\s,，。;；、和跟]|家|$)"),
    ),
    ("竞品 对手 友商", late(rf"(?:竞品|竞争对手|友商)(?:是|有|:|：)\s?{_NAME}(?=[\s,，。;；、和跟]|$)")),
    ("对比 比较", late(rf"(?:对比|比较)(?:了|过|一下)?{_NAME}(?=和|跟|与|、|[,，。;；\n]|家|那边|的|$)")),
    (
        "在看 在谈 在聊 在接触 在对比 在考虑",
        late(
            rf"(?:也|还)在(?:看|谈|聊|接触|对比|考虑){_NAME}(?:家|那边)?(?:的(?:方案|报价|产品|设备|系统|货|样品))?(?=[\s,，。;；、和跟]|$)"
        ),
    ),
)
_NEXT = late(rf"\s?(?:和|跟|与|及|、|还有)\s?{_NAME}(?=[\s,，。;；、和跟]|家|那边|的|$)")
_ONCE = late(
    r"(?:以前|之前|原来|原先|早先|过去|曾经|前几?年|去年|早年|当年)[^,，。;；\n]{0,8}(?:用过?|买过?|试过?|合作过?|做过?)(?:的)?(?:是|都是)?\s?$"
)
_STILL = late(
    r"[^。;；\n]{0,16}(?:想换|要换|打算换|准备换|考虑换|换成你们|换一?家|换国产|对比|比一下|比较一下)"
)
_DENIED = late(
    r"(?:没有?|未|从来?没|不)(?:去|再|怎么|打算|想|考虑)?(?:对比|比较|接触|联系|考虑|看|问|找|谈|用|是)过?[^,，。;；\n]{0,3}$"
)
_OURS = late(r"(?:你们|你家|您家|贵司|贵公司|咱们|我们|咱家)(?:家|公司)?(?:的)?\s?$")
_OURSELVES = late(r"(?:我们?(?:这边)?是|来自|我在|就职于|任职于)\s?$")


def find(
    reading: Reading, ours: Sequence[tuple[int, int]], listed: tuple[tuple[str, str], ...] = ()
) -> tuple[Found, ...]:
    """The competitors that the customer speaks of, each once, in the order of the text.

    `ours`: where our people speak; `listed`: how an installation's competitors are called in chats, each with its name.
    """
    text, named = reading.text, list(_listed(reading.text, listed))
    if _CUES.search(text) is not None:
        named += _firms(reading)
        named += _unknown(text, [*named, *(hit for hit in reading.names if hit.value[0] != "比")])
    once: dict[str, Found] = {}
    for hit in sorted(named, key=lambda one: one.start):
        if not (any(start <= hit.start < end for start, end in ours) or _no_rival(text, hit)):
            once.setdefault(hit.value, replace(hit, field="rivals"))
    return tuple(once.values())[:MOST]


def without(reading: Reading, weighed_against: Sequence[Found]) -> Reading:
    """The reading without what was taken for a person or an employer where a competitor is named."""
    if not weighed_against:
        return reading

    def free(hit: Found) -> bool:
        return not any(one.start < hit.end and hit.start < one.end for one in weighed_against)

    return replace(
        reading,
        names=tuple(filter(free, reading.names)),
        companies=tuple(filter(free, reading.companies)),
    )


def weighed(text: str, hit: Found) -> bool:
    """Is the firm compared with us here, or has it made an offer?"""
    before = max(0, hit.start - 10)
    if _ALSO.search(text, before, hit.start) and _IN_TALKS.match(text, hit.end):
        return True
    if _BEFORE.search(text, before, hit.start) or _BEHIND.match(text, hit.end) or QUOTED.match(text, hit.end):
        return True
    if _OUT_OF.search(text, before, hit.start) is not None:
        return _CHANGES.match(text, hit.end) is not None
    with_it = WITH.search(text, before, hit.start)
    if with_it is None or WEIGHED.match(text, hit.end) is None:
        return False
    return (
        not with_it[0].startswith("比")
        or _OF_US.search(text, max(0, with_it.start() - 20), with_it.start()) is not None
    )


# 你们比…, 价格比…; 小米的电视比华为的便宜 weighs two others.
_OF_US = late(
    r"(?:你们|你家|您家|您们|贵司|价格|报价|单价)[^,，。;；!！?？\n]{0,10}$|(?:^|[,，。;；!！?？:：\s])(?:还|都|要)?$"
)


def _no_rival(text: str, hit: Found) -> bool:
    """Our own brand, their own firm, what they did not look at, what they used once and left."""
    before = max(0, hit.start - 16)
    if _OURS.search(text, before, hit.start) or _OURSELVES.search(text, before, hit.start):
        return True
    if _DENIED.search(text, before, hit.start):
        return True
    return _ONCE.search(text, before, hit.start) is not None and _STILL.match(text, hit.end) is None


def _firms(reading: Reading) -> Iterator[Found]:
    """The firms of the text that are weighed against us; what stands in one list with such a firm is, too."""
    text, lists = reading.text, list[list[Found]]()
    for hit in reading.companies:
        if hit.rule == "speaker":
            continue
        if lists and _BOTH.fullmatch(text, lists[-1][-1].end, hit.start):
            lists[-1].append(hit)
        else:
            lists.append([hit])
    for listed in lists:
        if weighed(text, replace(listed[0], end=listed[-1].end)):
            yield from listed


_BOTH = late(r"\s?(?:和|跟|与|及|、|还有)\s?")


@lru_cache(maxsize=16)
def _automaton(listed: tuple[tuple[str, str], ...]) -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(
        [said for said, _ in listed], matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
    )


def _listed(text: str, listed: tuple[tuple[str, str], ...]) -> Iterator[Found]:
    """The competitors that the installation named; ABB is not found in ABBA."""
    if not listed:
        return
    for index, start, end in _automaton(listed).find_matches_as_indexes(text):
        said, name = listed[index]
        around = text[max(0, start - 1) : start] + text[end : end + 1]
        if not (said.isascii() and _LATIN.search(around)):
            yield Found("rivals", name, text[start:end], start, end, 0.95, "own word")


_LATIN = late(r"[A-Za-z0-9]")


def _unknown(text: str, known: Sequence[Found]) -> Iterator[Found]:
    """Names that are read as firms' only because of where they stand."""
    for cues, pattern in _NAMED:
        if not any(cue in text for cue in cues.split()):
            continue
        for match in pattern.finditer(text):
            listed: re.Match[str] | None = match
            while listed is not None and _may_be(listed["name"]):
                start, end = listed.span("name")
                if not any(hit.start < end and start < hit.end for hit in known):
                    yield Found("rivals", text[start:end], text[start:end], start, end, 0.7, "weighed")
                listed = _NEXT.match(text, end)


def _may_be(name: str) -> bool:
    """Wrong is worse than empty: what is an everyday word, a town or a person's way of being called is no firm."""
    if name in no_rivals() or name[:2] in no_rivals() or name in platforms() or regions(name):
        return False
    if name in known_companies() or name in software():
        return True
    if name in not_names():
        return False
    if name.isascii():
        return len(name) > 1 and not _UNIT.fullmatch(name)
    return _PLAIN.search(name) is None and is_coined(name)


_UNIT = late(r"(?i:kw|kg|mm|cm|rmb|usd|app|erp|crm|oem|odm|pc|pcs|vip|ai|it|ok)")
_PLAIN = late(r"[的了是我你他她它您们这那哪在有没要不说问看给到想还也都就才只很太第每]|[总工姐哥]$|^[老小阿]")
