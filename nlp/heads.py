"""Companies beside the one who heads them (蓝思科技董事长周群飞), and in a list (甲、乙等公司)."""

import re
from collections.abc import Iterator

from nlp import told
from nlp.edges import CUE, GENERIC
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import surnames
from nlp.places import region
from nlp.plain import Plain
from nlp.signs import sign

# 同方泰德、华胜天成等公司: what is listed before 等.
_LISTED = late(
    r"(?:^|(?<=[\s,。;:!?(▪◆由如像]))(?P<names>[一-龥A-Za-z0-9]{2,8}(?:[、,][一-龥A-Za-z0-9]{2,8}){0,8}(?:[、,和与及][一-龥A-Za-z0-9]{2,8}))等"
    r"(?:[一二两三四五六七八九十多几\d]{0,3}家)?(?:[一-龥]{0,4})?(?:公司|企业|厂商|厂家|车企|房企|药企|券商|巨头|品牌商|开发商|运营商|机构)(?!家)"
)
# 蓝思科技董事长周群飞: what stands before the head of a firm and his name.
_HEAD_OF = late(
    r"(?:^|(?<=[\s,。;:!?、▪(\"“与和由及]))(?P<name>[一-龥A-Za-z]{2,8}?)(?:联合创始人|创始人|副?董事长|(?:高级|执行|常务)?副?总裁|(?:常务)?副?总经理|"
    r"首席[一-龥]{2,3}官|CEO|CTO|CFO|COO|CMO|监事会主席|董秘|董事(?!长|会|局)|行长)(?:兼?(?:CEO|总裁|总经理))?(?P<head>[一-龥])(?=[一-龥])"
)
# 作为恒信移动的创始人.
_FOUNDED = late(
    r"(?:作为|担任|出任)(?P<name>[一-龥A-Za-z]{3,8}?)的(?:联合)?(?:创始人|董事长|总裁|总经理|CEO)"
)
_HEADED = (
    "总裁",
    "总经理",
    "董事长",
    "创始人",
    "首席",
    "CEO",
    "CTO",
    "CFO",
    "COO",
    "CMO",
    "董秘",
    "董事",
    "行长",
    "监事会主席",
)
CHARS = sign("裁理长人官席书秘事师监OE")
_NO_FIRM = late(
    r"总监|主管|[和与让]$|^[让请]|"
    r"^(?:[原前现时曾该本我你您他她这那副老新两各]|公司|独立|执行|非执行|外部|职工|股东|提名|集团|对方|贵|担任|出任|兼任|常务|高级|执行|外方|中方|区域|中国区|大中华|亚太|全球|营销|销售|技术)|"
    r"[部处科前任区省市局会校院系届的是了在]$|总$|集团$|公司$|银行$|首席|董事|总裁|经理"
)


def listed(words: Plain) -> Iterator[Found]:
    for match in _LISTED.finditer(words.text):
        start = match.start("names")
        for name in re.split(r"([、,和与及])", match["names"]):
            if (
                len(name) > 1
                and not GENERIC.fullmatch(name)
                and region(name) != name
                and not CUE.search(name)
            ):
                yield words.found("companies", start, start + len(name), 0.7, "list")
            start += len(name)


# 海富通基金经理蒋征: those who speak for a firm or work with its money, where only a coined name stands in front.
_WORKS_AT = late(
    r"(?:^|(?<=[\s,。;:!?、▪(\"“与和由及]))(?P<name>[一-龥A-Za-z]{2,8}?)(?:基金经理|投资总监|首席(?:策略|宏观)?分析师|分析师|(?:新闻)?发言人|(?:市场|营销|销售|产品|技术)总监|合伙人)"
    r"(?P<head>[一-龥])(?=[一-龥])"
)
_WORKING = ("基金经理", "总监", "分析师", "发言人", "合伙人")


def find(words: Plain) -> Iterator[Found]:
    holds = words.text.__contains__
    headed, working = any(map(holds, _HEADED)), any(map(holds, _WORKING))
    for match in _HEAD_OF.finditer(words.text) if headed else ():
        name = match["name"]
        if match["head"] in surnames().single and not _NO_FIRM.search(name) and region(name) != name:
            yield words.found("companies", *match.span("name"), 0.75, "head")
    for match in _WORKS_AT.finditer(words.text) if working else ():
        if match["head"] in surnames().single and told.may_be_firm(match["name"]):
            yield words.found("companies", *match.span("name"), 0.65, "head")
    for match in _FOUNDED.finditer(words.text) if headed and "的" in words.text else ():
        name = match["name"]
        if not _NO_FIRM.search(name) and not GENERIC.fullmatch(name) and region(name) != name:
            yield words.found("companies", *match.span("name"), 0.7, "head")
