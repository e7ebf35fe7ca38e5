"""Numbers without a unit that are sums because the talk is of money: 一桌八百八, 轴承320，油封45，合计865元."""

import re
from collections.abc import Sequence
from itertools import pairwise

from nlp.late import late
from nlp.numbers import number
from nlp.signs import sign

_TALK = frozenset("价费钱贵元块款税薪资补贴押租赔罚借销折券润利提佣万桌吊工宜卡收付")  # speak of money
ASIDE = sign(_TALK) | sign("充返减上版档房票")  # one of these, or another sum, and it is worth to look
_LEAST = 10

# What is counted, measured or called by a number, and what is ordered by it.
_FILLED = r"(?:了|到|成|是|为|有|约|大概|共|:|量|满|将近|差不多|出|能|才|只|不到|写)*\s?$"
_COUNTED = late(
    r"(?:数量?|库存|起订量?|[订产量用销]量|产能|[月年日][产用]|一[天年月班组]才?产|转速|功率|扬程|压力|电压|流量|型号|编号|[单房款货工税批卡账尾桌][号码]|房间|门牌|"
    r"[楼室栋号页行届班排第]|面积|尺寸|[长宽高厚重]度?|直径|口径|"
    r"温度?|需求|人[数口]|粉丝|关注|分机|邮编|密码|账号|电话|手机|微信|公里|里程|跑|版本|路|街|排名|[名座]次|"
    r"每[箱包袋盒捆托班组排]|一[箱包袋盒捆托班组排]|一次装|[双正冬腊周礼]|[A-Za-z][- ]?|\d[-/.×xX*: ]?|"
    r"[规材][格料]|不锈钢|钢|[+×*/:=-])" + _FILLED
)
_MADE = late(r"(?:考|产|做|印|生产|发|到货|订|装|加|剩|下|走|采购)" + _FILLED)
# 要两百 orders, 换个屏要八百 costs.
_ORDERED = late(
    r"(?:^|[,。;!?\s我们咱先还再也就只他她]|一共|总共|大概)(?:想|得|需)?[要来卖出买用拿](?:了|到|过|掉)*\s?$"
)
_END = late(
    r"\s?(?:$|[,。;!?、\n)/和与及]| (?!\d)|[吧呢了](?=$|[,。;!?\s])|左右|上下|出头|以内|"
    r"多?(?:我就|他[补出付]|意思|管[饭吃住]|够|行|能不能|可以|封顶)|的(?=$|[,。;!?]))"
)
_ROUND = frozenset("百千万")
# 模具费另收6500, 零售价定在139, 调试费打包8000; 押金退你了,800
_CALLED = late(r"[价费款金薪资钱](?:[一-龥]{1,4}[,:]?\s?|[,:]\s?)?$")
# 一张板六十八,一百张以上六十五
_TIER = late(r"(?:以[上下内]|一[张台件套个只米斤吨平][一-龥]{0,3})\s?$")
_TIERS = late(r"\d[一-龥]?以[上下内]|[十百千万][一-龥]?以[上下内]")
# 满十万返三千, 充五千送八百: both of them.
_BONUS = late(
    r"(?:满|充值?|存|消费)\s?(?P<full>[\d,.]+万?|[一二两三四五六七八九十百千万]+)(?:元|块)?[,，]?(?:就|再|立|可|我们|额外)*(?:返现?|减|送|赠|得|抵|省)(?:你|您)?\s?(?P<bonus>[\d,.]+万?|[一二两三四五六七八九十百千万]+)(?![一-龥]?[个件台套张只瓶箱包袋天年月次%折])"
)
_KIND = late(r"(?:[一-龥A-Z](?:版|款|档|套餐|票|会员)|标间|大床房|双床房|单间)(?:价|一年|每年|:)?\s?$")
_ITEM = late(r"(?:^|[,，、;。\n和与+:\s])(?P<label>[一-龥]{1,8})$")
_PARTED = late(r"\s?(?:元|块)?(?:/[一-龥]{1,2})?[,，、;\n和与+及]\s?[一-龥]{1,8}$")


def among(text: str, sure: Sequence[tuple[int, int]], unsure: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Those of the numbers that are sums, because others are or a word of the text speaks of money."""
    talked = bool(sure) or not _TALK.isdisjoint(text)
    offers = {match.start(name) for match in _BONUS.finditer(text) for name in ("full", "bonus")}
    kinds = [match for match in unsure if _is_of_kind(text, match)]
    offers.update(match.start("amount") for match in kinds if len(kinds) > 1)
    taken = [
        match
        for match in unsure
        if match.start("amount") in offers or (stands(text, match) and _is_sum(text, match, talked))
    ]
    return sorted((*taken, *_listed(text, sure, taken, unsure)), key=lambda match: match.start())


def _listed(
    text: str,
    sure: Sequence[tuple[int, int]],
    taken: Sequence[re.Match[str]],
    unsure: Sequence[re.Match[str]],
) -> list[re.Match[str]]:
    """Items of a list that another sum is in: 轴承320 beside 人工500."""
    known = {*sure, *(match.span() for match in taken)}
    items = {match.span(): match for match in unsure if match.span() not in known and _is_item(text, match)}
    if not items:
        return []
    row = sorted({*known, *items})
    for spans in (row, row[::-1]):  # along the list in either direction
        for (first, last), span in pairwise(spans):
            between = (last, span[0]) if last <= span[0] else (span[1], first)
            if span in items and (first, last) in known and _PARTED.fullmatch(text, *between) is not None:
                known.add(span)
    return [match for span, match in items.items() if span in known]


def stands(text: str, match: re.Match[str]) -> bool:
    """Does the clause end with it, and is nothing counted?"""
    start = match.start("amount")
    ended = _END.match(text, match.end()) is not None
    return ended and not is_counted(text, start) and not _is_made(text, start)


def is_counted(text: str, start: int) -> bool:
    """Does what stands in front say that the number counts, measures or names?"""
    return _COUNTED.search(text, max(0, start - 8), start) is not None


def _is_made(text: str, start: int) -> bool:
    """Does what stands in front say that so many are ordered or made?"""
    ahead = max(0, start - 8)
    return _MADE.search(text, ahead, start) is not None or _ORDERED.search(text, ahead, start) is not None


def _is_of_kind(text: str, match: re.Match[str]) -> bool:
    """基础版3980 beside 旗舰版9800."""
    start = match.start("amount")
    named = 1 < len(match["amount"]) < 7 and match["amount"].isdigit()
    return named and _KIND.search(text, max(0, start - 8), start) is not None and stands(text, match)


def _is_sum(text: str, match: re.Match[str], talked: bool) -> bool:
    amount, start = match["amount"], match.start("amount")
    if not amount.isascii():
        said = amount + (match["scale"] or "")
        if not _ROUND.isdisjoint(said) and len(said) > 1:
            return talked
        return (
            "十" in amount
            and _TIER.search(text, max(0, start - 6), start) is not None
            and _TIERS.search(text) is not None
        )
    if "," in amount:
        return talked
    if not amount.isdigit() or not 2 < len(amount) < 7:
        return False
    return _CALLED.search(text, max(0, start - 7), start) is not None


def _is_item(text: str, match: re.Match[str]) -> bool:
    """A word and a number: 轴承320."""
    amount = match["amount"]
    if not amount.isascii() or len(amount) > 6 or amount[:1] == "0" or (number(amount) or 0) < _LEAST:
        return False
    ahead = max(0, match.start("amount") - 9)
    return _ITEM.search(text, ahead, match.start("amount")) is not None and stands(text, match)
