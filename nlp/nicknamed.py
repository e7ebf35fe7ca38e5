"""Companies called by a town and a short name alone: 我们是苏州迈为的采购, 苗总 / 苏州康力 / 138…."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from nlp import segment, told
from nlp.coined import is_coined
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.lexicon import known_companies, surname_letters
from nlp.places import regions
from nlp.plain import BLANK, Plain
from nlp.signs import sign

_SAID = re.compile(r"(?:我是|我们是|我这边是|我们这边是|来自)(?:那个|这个)?$")
_SHORT = re.compile(r"(?P<name>[一-龥]{2,4}?)的")
_BETWEEN = re.compile(r"[/|]\s?$")
_ALONE = late(r"(?P<name>[一-龥]{2,3})\s?(?=[/|])")
# 苏州瀚川 王磊 预算30万: alone in front of a person or a number, at the beginning.
_SPACED = late(rf"(?P<name>[一-龥]{{2,3}}) (?=[一-龥]{{2,3}}(?: |,|{BLANK}|$)|{BLANK})")
# Said of a place or of people, not of a firm.
_PLAIN_WORDS = late(
    r"本地|当地|过来|这边|那边|附近|市区|郊区|下面|周边|这里|那里|代理|一家|客户|总部|办事|分公司|地区|乡下|农村|工厂|仓库|"
    r"出差|参会|项目|现场|工地|团队|同事|朋友|老乡|市场|渠道|分部|用户|展厅|门店|公司|企业|厂家|经销|[区县镇村路街道市省州岛湾港站场馆院校园城人方]$|^[的那这一做搞开卖干跑搬来去从办管当学]"
)


# 绵阳九洲又下单了: what customers do, said of a town and two or three characters that are no word.
DEALS = sign("要单购标产货款约订采姓样价")
VISITS = sign("趟访系约")  # 拜访, 联系, 去一趟
PARTS = sign("部处科办心间室边儿单户项同采招款标")
_DEALING = late(
    r"(?P<name>[一-龥]{2,3}?)(?:(?:今年|去年|明年|最近|这次|上周|昨天|今天|又|也|还|已经?|刚|都|那边|这边)*"
    r"(?:下单|下了|想要|要的?货|招标|采购|扩产|投标|报价|询价|回款|付款|打款|订货|订了|续约|续签|签了|签约|复购|催货|催样|要样)|的[,，]?姓|(?=寄样|发货|送样|报价))"
)
_IN_FRONT = late(rf"(?:^|[\s,。;:!?、(\[{BLANK}]|客户|[跟给从的了和对])$")


def _dealing(words: Plain, towns: Sequence[tuple[int, int]], taken: Taken) -> Iterator[Found]:
    for start, end in towns:
        if _IN_FRONT.search(words.text, max(0, start - 2), start) is None:
            continue
        match = _DEALING.match(words.text, end)
        if match is None or _PLAIN_WORDS.search(match["name"]) or not told.may_follow_town(match["name"]):
            continue
        if taken.is_free(*words.place(start, match.end("name"))):
            yield words.found("companies", start, match.end("name"), 0.6, "town")


@cache
def _owned() -> re.Pattern[str]:
    single = surname_letters()
    return re.compile(
        rf"(?:[小老阿][{single}]|采购|销售|技术|供应商|质量|品质|设备|项目|工艺|研发|生产|物资|物流|财务|行政|老板|▫|"
        rf"[{single}](?:总(?![部体共])|工(?![程作厂])|经理|主任|女士|先生))"
    )


# 甘肃兰石那边的马处长, 厦门建霖的采购助理小汤: whose person is named with the firm.
_OF = r"(?:的(?:那[个位])?|[那这]边的?|那儿的)"
# What whole districts and small towns end in (中山小榄的李总 comes from there).
_PLACE_END = late(r"[榄桥镇港塘埠浦堰沟坝坪岭坑头山河湖圩寨屯庄店集墩铺滩陂埔堡营湾洲沙]$")
_FORM = r"(?:股份|集团|控股)"
# 做什么, 哪一类, 什么时候: whose boss he is, but of no firm.
_NOT_OF = late(
    r"^(?:[那这哪某几两每各该一做搞开卖干跑搬来去从办管当学住在跟和找给是有要说叫姓被把让我你他她它咱您上下前后昨今明新老大小]|隔壁|楼|公司|客户|同事|朋友|负责)"
    r"|[机器件品料城园店厂家人员友边里上下前后时次天年方头面期级班部处组了着过们这那市区县镇村]$|[的是跟与在]"
)


@cache
def _somebody() -> re.Pattern[str]:
    """Who stands behind the firm: 马处长, 小汤, 采购助理, 冼志豪."""
    single = surname_letters()
    return re.compile(
        rf"{_honoured()}|[小老阿][{single}](?=[,。;:!?、\s{BLANK}问说要想让在来发也又]|$)"
        r"|(?:常务)?副总(?!量|数)|[一-龥]{0,4}(?:采购员|业务员|专员|工程师|负责人)"
        r"|(?:采购|技术|设备|销售|财务|生产|供应链|物资|产品|项目|区域|客户|品质|质量|信息|市场|行政)(?:部|科|处|中心)?(?:的)?(?:副?经理|副?总监|主管|副?主任|副?[部科处]长|助理)"
        rf"|[一-龥]{{2,5}}·[一-龥]{{2,5}}"
    )


@cache
def _honoured() -> str:
    single = surname_letters()
    return (
        rf"[{single}](?:总(?![部体共经裁数量价])|工(?![程作业厂具人])|董(?!事)|"
        "经理|主任|主管|[部处科厂局院所校]长|先生|女士|小姐|老板)"
    )


@cache
def _boss() -> re.Pattern[str]:
    """罗博特科的戴总: only the head of a firm makes one of so many characters that no town stands in front of."""
    single = surname_letters()
    return re.compile(
        rf"(?:^|(?<=[\s,。;:!?、{BLANK}跟和给找约]))(?P<name>[一-龥]{{3,5}})的(?=[{single}](?:总(?![部体共经裁数量价])|董(?!事)))"
    )


_PLACED = late(rf"(?P<name>[一-龥]{{2,5}}?{_FORM}?){_OF}")
_VISITED = late(
    r"(?:(?:去|跑)(?:了|过)?(?:一|个)?趟|拜访(?:了|过)?|"
    r"走访(?:了|过)?|回访(?:了|过)?|联系(?:了|上了?)|约(?:了|好了))(?:一下)? ?$"
)
_CLOSED_NAME = late(rf"(?P<name>[一-龥]{{2,6}}?)(?=[,。;!?、\s{BLANK}]|$)")


def _of_somebody(words: Plain, towns: Sequence[tuple[int, int]], taken: Taken) -> Iterator[Found]:
    """A town and a short name whose person the text names, or where somebody went."""
    text = words.text
    visits = words.signs & VISITS
    for start, end in towns:
        match = _PLACED.match(text, end)
        if match is None or _somebody().match(text, match.end()) is None:
            match = None
            if visits and _VISITED.search(text, max(0, start - 8), start) is not None:
                match = _CLOSED_NAME.match(text, end)
        if match is None or not _is_short(match["name"]):
            continue
        if taken.is_free(*words.place(start, match.end("name"))):
            yield words.found("companies", start, match.end("name"), 0.7, "town")


def _is_short(name: str) -> bool:
    """May it be what a firm of that town is called for short?"""
    if _WORKS.fullmatch(name) is not None:
        return True
    if _PLAIN_WORDS.search(name) is not None or (len(name) == 2 and _PLACE_END.search(name) is not None):
        return False
    bare = _FORMS.sub("", name)
    return (
        len(bare) > 1
        and (bare != name or not segment.is_word(bare))
        and _NOT_OF.search(bare) is None
        and _unknown(bare)
    )


_WORKS = late(r"[一二三四五六][棉毛纺机建汽重拖化药钢印](?:厂|集团|股份)?")  # 无锡一棉
_FORMS = late(rf"{_FORM}$")


def _unknown(name: str) -> bool:
    """Does the dictionary take it to pieces, one character at least by itself (兰|石, 方|太)?"""
    pieces = segment.pieces(name)
    return is_coined(name) or (len(name) == 2 and len(pieces) == 2)


# 镇江鼎胜铝箔车间, 惠州亿纬那边, 乐清正泰这单, 湖州久立的采购换人了: what only a firm has or is asked for.
_PARTED = late(
    rf"(?P<name>[一-龥]{{2,6}}?{_FORM}?) ?(?:(?:采购|招标|生产|生产准备|设备|物资|物流|供应链?|质量|品质|技术|研发|工艺|"
    r"机动|动力|能源|财务|法务|行政|综合|人事|信息化?|市场|销售|营销|项目|工程|试验|实验|检测|安环|机电|[一-龥]{2}(?=车间))"
    r"(?:部(?!门|位|件|队)|处(?!理)|科(?!技)|办(?!法|理)|中心|车间|室)"
    r"|[那这]边|那儿|[这那]单|[这那]个(?:单子?|客户|项目|合同)|的(?:采购|招标|单子?|合同|订单|尾款|货款|标书|回款|设备部))"
)
_AT = late(rf"(?:^|[\s,。;:!?、(\[{BLANK}]|客户|[跟给从的了和对与是在去到找见约由开])$")
_WHERE = frozenset("在去到")
_IN_LIST = late(rf"(?P<name>[一-龥]{{2,4}}{_FORM}?)(?=[、,。;!?\s{BLANK}]|$)")


def _of_parts(words: Plain, towns: Sequence[tuple[int, int]], taken: Taken) -> Iterator[Found]:
    """A town and a coined name with a department behind it, or something that is asked of firms alone."""
    text = words.text
    for start, end in towns:
        match = _PARTED.match(text, end)
        if match is None or _AT.search(text, max(0, start - 2), start) is None:
            continue
        name = match["name"]
        if text[match.end("name") : match.end()].endswith(("边", "儿")) and text[start - 1 : start] in _WHERE:
            continue  # 在大理双廊这边
        known = name in known_companies()
        if not known and (regions(name) or not _is_short(name) or told.is_called_so(name)):
            continue
        if taken.is_free(*words.place(start, match.end("name"))):
            yield words.found("companies", start, match.end("name"), 0.65, "town")


def _in_list(words: Plain, towns: Sequence[tuple[int, int]], taken: Taken) -> Iterator[Found]:
    """保定长城、定兴华瑞: towns with short names, several in one list."""
    text, before = words.text, None
    for start, end in towns:
        match = _IN_LIST.match(text, end)
        if match is None or regions(match["name"]) or _PLAIN_WORDS.search(match["name"]):
            continue
        if not _is_short(match["name"]) and not told.may_follow_town(match["name"]):
            continue
        here = (start, match.end())
        if before is not None and text[before[1] : start] == "、":
            for place in (before, here):
                if taken.is_free(*words.place(*place)):
                    yield words.found("companies", *place, 0.6, "town")
        before = here


def _headed(words: Plain, taken: Taken) -> Iterator[Found]:
    for match in _boss().finditer(words.text):
        name = match["name"]
        if (
            _NOT_OF.search(name) is None
            and not regions(name)
            and is_coined(name)
            and not segment.is_word(name)
            and taken.is_free(*words.place(*match.span("name")))
        ):
            yield words.found("companies", *match.span("name"), 0.6, "boss")


def find(words: Plain, taken: Taken, towns: Sequence[tuple[int, int]]) -> Iterable[Found]:
    """A town and two to four characters, where the sentence says that a person is of it, or alone between two strokes.

    `towns`: the `places.regions` of the text.
    """
    if towns:
        return _behind_towns(words, taken, towns)
    return _headed(words, taken) if _may_be_headed(words.text) else ()


def _may_be_headed(text: str) -> bool:
    return "的" in text and ("总" in text or "董" in text)


def _behind_towns(words: Plain, taken: Taken, towns: Sequence[tuple[int, int]]) -> Iterator[Found]:
    text, held = words.text, words.signs
    said = "的" in text and ("是" in text or "来自" in text)
    stroked = ("/" in text or "|" in text) and BLANK in text
    if held & DEALS:
        yield from _dealing(words, towns, taken)
    if "的" in text or held & VISITS:
        yield from _of_somebody(words, towns, taken)
    if held & PARTS:
        yield from _of_parts(words, towns, taken)
    if "、" in text and len(towns) > 1:
        yield from _in_list(words, towns, taken)
    if _may_be_headed(text):
        yield from _headed(words, taken)
    first = towns[0]
    spaced = _SPACED.match(text, first[1]) if not text[: first[0]].strip(f"\n {BLANK}") else None
    if (
        spaced is not None
        and told.may_follow_town(spaced["name"])
        and not _PLAIN_WORDS.search(spaced["name"])
        and not regions(spaced["name"])
        and taken.is_free(*words.place(first[0], spaced.end("name")))
    ):
        yield words.found("companies", first[0], spaced.end("name"), 0.6, "town")
    for start, end in towns if said or stroked else ():
        match = None
        if said and _SAID.search(text, max(0, start - 7), start) is not None:
            match = _SHORT.match(text, end)
            match = match if match is not None and _owned().match(text, match.end()) else None
        elif stroked and _BETWEEN.search(text, max(0, start - 2), start) is not None:
            match = _ALONE.match(text, end)
        if match is None or _PLAIN_WORDS.search(match["name"]) is not None:
            continue
        if taken.is_free(*words.place(start, match.end("name"))):
            yield words.found("companies", start, match.end("name"), 0.65, "town")
