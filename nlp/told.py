"""Companies that nothing names but what is told of them: 世茂股份今日公告, 中信建投分析师认为, 任天堂与索尼."""

from collections.abc import Iterable, Iterator, Sequence

from nlp import segment
from nlp.coined import is_coined
from nlp.edges import GENERIC
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import given, known_companies, surnames
from nlp.places import region, regions
from nlp.plain import BLANK, Plain
from nlp.signs import sign

LONGEST = 8  # characters of such a name

_FRONT = rf"(?:^|(?<=[\s,。;:!?、(\[|/\"“”《'·>{BLANK}])|(?<=据))"
# What firms do in the news and people do not, or not in these words.
_ANNOUNCED = late(
    rf"{_FRONT}(?P<name>[一-龥A-Za-z]{{2,{LONGEST}}}?)"
    r"(?:(?:今日|昨日|今天|昨天|日前|近日|昨晚|今晨|上周|周[一二三四五])(?:晚间|早间)?|[一二三四前]{1,2}季度|上半年|下半年|全年|去年|今年|(?:20)?\d\d年)?"
    r"(?:发布?公告|公告[,称]|公告显示|正式宣布|宣布[,将]|宣布(?=收购|推出|完成|与|以|裁员|涨价|降价|破产|退出|进军|召回|停产|上市|终止|启动|投资|成立)|"
    r"拟(?=以|收购|出资|投资|发行|募|定增|转让|与|斥资|增资|回购)|披露|挂牌上市|发布(?=[一-龥]{0,6}(?:财报|年报|季报|业绩|新品|新款|公告))|"
    r"旗下|股价|股份(?=跌|涨|大)|与[一-龥A-Za-z]{2,8}(?:签署|达成|签订|合资|合并|联手)|(?:净利润|净利|营收|市值)(?=[同大暴下上增突达蒸缩为约超])|(?:完成|获得?)(?=[A-DＡ-Ｄ]轮|[天使战略一-龥]{2,4}融资))"
)
_TOLD_CHARS = sign("告布拟露旗股署达订资并联净营市融牌")
_TOLD_MARKS = (
    "公告", "宣布", "拟", "披露", "挂牌", "发布", "旗下", "股价", "股份", "签署", "达成", "签订", "合资", "合并",
    "联手", "净利", "营收", "市值", "融资",
)  # fmt: skip
_LINK = r"[、,和与及]"
_BEHIND = late(
    rf"(?:[、]|[和与及](?!其|该|此))(?P<name>[一-龥A-Za-z]{{2,{LONGEST}}}?)(?=[、,。;!?)\s\"”{BLANK}]|$|[和与及]|参与|宣布|均|纷纷|等|分别|也|同台|签|联合|共同|合作|参投|领投|跟投|合资|跌|涨|的(?:代理|竞争|产品|方案|合作|股))"
)
_BEFORE = late(
    rf"(?:^|[\s,。;:!?(\[\"“{BLANK}、和与及由]|据悉)(?P<name>[一-龥A-Za-z]{{2,{LONGEST}}})[、和与及]$"
)
# Somebody with an office told it: what stands in front of the office is his firm.
_SAID = late(
    r"(?:[一-龥·]{2,4}|某某|[(][^()]{1,8}[)])?(?:向[一-龥]{2,8})?(?:表示|认为|称|指出|透露|介绍|坦言|告诉|预计|证实|强调|预测|分析|回应|说[,:,])"
)
_OFFICE = late(
    r"(?:分析师|研究员|总监|主管|经理|总裁|董事|CEO|CTO|CFO|发言人|负责人|合伙人|首席[一-龥]{2,4}|顾问|行长|老总|董事长|创始人|高管)$"
)
_AREA = late(r"(?:(?:华[东南北中西]|西南|西北|东北|大中华|亚太|亚洲|全球|海外)[区]?|中国区?|大区|总部)$")
_HEAD = late(rf"{_FRONT}(?P<name>[一-龥A-Za-z]{{2,{LONGEST}}})$")
_NOBODY = late(
    r"[部委局院会校署厅办处科省市区县州国队团军系法庭所站台报社网片剧戏]$|^(?:[由向从为以]|某|该|本|一[位名个家些]|这|那|其|我|你|他|她|原|前|现任|时任|各|多|有|据|对|在|被|公司|记者|老板|客户|集团|企业|警方|政府|官方|专家|业内)|"
    r"[的了是在说就都把被让]|[一两二三四五六七八九十几多][家个]|先生|女士|小姐|总$|工$|客户|我们|你们|方面|部门|市场|行业|工地|小区|媒体|导演|球队"
)


def find(words: Plain) -> Iterable[Found]:
    """What announces something in the words of the news."""
    if not words.signs & _TOLD_CHARS or not any(map(words.text.__contains__, _TOLD_MARKS)):
        return ()
    return _announced(words)


def _announced(words: Plain) -> Iterator[Found]:
    for match in _ANNOUNCED.finditer(words.text):
        if may_be_firm(match["name"]):
            yield words.found("companies", *match.span("name"), 0.65, "told")


def beside(words: Plain, firms: Sequence[Found]) -> Iterator[Found]:
    """What stands in one list with a company that is sure: 贝塔斯曼、软银和红杉资本."""
    text, known = words.text, known_companies()
    for firm in firms:
        start, end = words.here(firm.start, firm.end)
        behind = _BEHIND.match(text, end)
        if behind is not None and (behind["name"] in known or may_be_firm(behind["name"])):
            yield words.found("companies", *behind.span("name"), 0.6, "list")
        before = _BEFORE.search(text, max(0, start - LONGEST - 3), start)
        if before is not None and (before["name"] in known or may_be_firm(before["name"])):
            yield words.found("companies", *before.span("name"), 0.6, "list")


def of_office(words: Plain, jobs: Sequence[Found]) -> Iterator[Found]:
    """The firm in front of an office whose holder is quoted: 戴德梁行华南区研究部主管表示."""
    text = words.text
    for job in jobs:
        start, end = words.here(job.start, job.end)
        if _OFFICE.search(text, start, end) is None or _SAID.match(text, end) is None:
            continue
        area = _AREA.search(text, max(0, start - 4), start)
        start = area.start() if area is not None else start
        head = _HEAD.search(text, max(0, start - LONGEST - 1), start)
        if head is not None and may_be_firm(head["name"]):
            yield words.found("companies", *head.span("name"), 0.6, "told")


def may_be_firm(name: str) -> bool:
    """May these characters be what a firm is called, and nobody's name and no everyday words?"""
    if _NOBODY.search(name) is not None or GENERIC.fullmatch(name) is not None or region(name) == name:
        return False
    if regions(name) == [(0, len(name))]:
        return False  # 宁波象山
    return not segment.is_word(name) and not _may_be_person(name) and is_coined(name)


def may_follow_town(name: str) -> bool:
    """The same of two or three characters behind a town, where foreigners (科比) do not stand and 九洲 is no place."""
    return stands_behind_town(name) and not is_called_so(name)


def stands_behind_town(name: str) -> bool:
    """May a firm be called so, or a person of that town?"""
    if _NOBODY.search(name) is not None or GENERIC.fullmatch(name) is not None or region(name) == name:
        return False
    return is_coined(name)


_SHORT = 3  # characters of most persons' names


def _may_be_person(name: str) -> bool:
    return len(name) <= _SHORT and (segment.is_person(name) or is_called_so(name))


def is_called_so(name: str) -> bool:
    """A surname and characters that given names are made of: may it be a person as well?"""
    typical = given()
    return name[0] in surnames().single and all(char in typical for char in name[1:])
