"""Companies called by a town and a short name alone: 我们是苏州迈为的采购, 苗总 / 苏州康力 / 138…."""

import re
from collections.abc import Iterator
from functools import cache

from nlp import told
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.lexicon import surnames
from nlp.places import regions
from nlp.plain import BLANK, Plain

_SAID = re.compile(r"(?:我是|我们是|我这边是|我们这边是|来自)(?:那个|这个)?$")
_SHORT = re.compile(r"(?P<name>[一-龥]{2,4}?)的")
_BETWEEN = re.compile(r"[/|]\s?$")
_ALONE = late(r"(?P<name>[一-龥]{2,3})\s?(?=[/|])")
# Said of a place or of people, not of a firm.
_PLAIN_WORDS = late(
    r"本地|当地|过来|这边|那边|附近|市区|郊区|下面|周边|这里|那里|代理|一家|客户|总部|办事|分公司|地区|乡下|农村|工厂|仓库|"
    r"出差|参会|项目|现场|工地|团队|同事|朋友|老乡|市场|渠道|分部|用户|展厅|门店|公司|企业|厂家|经销|[区县镇村路街道市省州岛湾港站场馆院校园城人方]$|^[的那这一做搞开卖干跑搬来去从办管当学]"
)


# 绵阳九洲又下单了: what customers do, said of a town and two or three characters that are no word.
DEALS = frozenset("要单购标产货款约订采姓样价")
_DEALING = late(
    r"(?P<name>[一-龥]{2,3}?)(?:(?:今年|去年|明年|最近|这次|上周|昨天|今天|又|也|还|已经?|刚|都|那边|这边)*"
    r"(?:下单|下了|想要|要的?货|招标|采购|扩产|投标|报价|询价|回款|付款|打款|订货|订了|续约|续签|签了|签约|复购|催货|催样|要样)|的[,，]?姓|(?=寄样|发货|送样|报价))"
)
_IN_FRONT = late(rf"(?:^|[\s,。;:!?、(\[{BLANK}]|客户|[跟给从的了和对])$")


def _dealing(words: Plain, towns: list[tuple[int, int]], taken: Taken) -> Iterator[Found]:
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
    single = "".join(sorted(surnames().single))
    return re.compile(
        rf"(?:[小老阿][{single}]|采购|销售|技术|供应商|质量|品质|设备|项目|工艺|研发|生产|物资|物流|财务|行政|老板|▫|"
        rf"[{single}](?:总(?![部体共])|工(?![程作厂])|经理|主任|女士|先生))"
    )


def find(words: Plain, taken: Taken) -> Iterator[Found]:
    """A town and two to four characters, where the sentence says that a person is of it, or alone between two strokes."""
    text = words.text
    deals = not DEALS.isdisjoint(words.chars)
    said = "的" in text and ("是" in text or "来自" in text)
    stroked = ("/" in text or "|" in text) and BLANK in text
    if not deals and not said and not stroked:
        return
    towns = regions(text)
    if deals and towns:
        yield from _dealing(words, towns, taken)
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
