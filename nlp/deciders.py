"""Who decides: whom the customer says one has to ask, and whose word counts. Who has no say is not named."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import surname_letters
from nlp.reading import Reading

MOST = 3  # that are shown
SELF = "本人"
_CUES = (
    "拍板", "说了", "做主", "做得了主", "定夺", "决策", "决定", "点头", "签字", "审批", "请示", "汇报", "商量", "问", "定", "批",
    "同意", "能定",
)  # fmt: skip
_UNIT = (
    "生产|技术|采购|财务|运营|市场|销售|人事|行政|设备|工程|项目|后勤|总务|信息|IT|质量|品质|研发|供应链|物业|分管|主管|大区|区域|门店|护理|教务|法务|"
    "安全|安环|电商|产品|营销|招标|物资|基建|食堂|常务|执行"
)
_POST = (
    "总经理|副总经理|副总裁|副总|董事长|总裁|总监|经理|主任|部长|院长|副院长|校长|副校长|园长|厂长|副厂长|矿长|站长|馆长|行长|局长|处长|科长|所长|书记|区长|镇长|主管|会长|秘书长|"
    "店长|社长|队长|法人"
)
_ROLE = (
    rf"(?:{_UNIT})?(?:{_POST})|大?老板娘?|二老板|大?领导|老总|老大|董事会|股东会?|合伙人|总部|集团(?:公司|采购(?:中心|部))?|总公司|母公司|上级(?:单位|部门)?|上面|甲方|业主|业委会|"
    r"家委会|党委会?|班子|院办|校办|老公|老婆|爱人|媳妇|家里人|家里|我爸|我妈|爸妈|父母|财务部|财政局?|教育局|采购部|采购办|采购中心|技术部|设备[部科处]|工程部|设计院|总包"
)


@cache
def _anybody() -> re.Pattern[str]:
    """Whoever is named anywhere."""
    return re.compile(rf"(?P<who>{_called()}|{_ROLE})")


_THEIRS = r"(?:我们|咱们|他们|我|他|她|公司|单位|厂里|店里|学校|那边|这边)?的?"


@cache
def _called() -> str:
    return rf"[{surname_letters()}](?:总|工|董|姐|哥|老师|{_POST})(?![监经])"


@cache
def _before() -> re.Pattern[str]:
    """Who stands at the end of what was said so far."""
    return re.compile(rf"(?P<who>{_called()}|{_ROLE})$")


@cache
def _behind() -> re.Pattern[str]:
    """Who stands next."""
    return re.compile(rf"{_THEIRS}(?P<who>{_called()}|{_ROLE})")


# 老板拍板, 刘总说了算, 院长最后定, 领导还没点头.
_HAS_SAY = late(
    r"(?:那边|那里|那儿|本人|自己|已经|一个人|最后|最终|来|去|亲自|才能|才|就能|也要|还要|还没有?|没有?|都没|要|得|会|再|们|,|，|(?:说)?他){0,4}"
    r"(?:拍板|说了?才?算(?!是|起|下|账|了一)|说才算|做得?了?主|定夺|点头|拿主意|(?<=最后|最终|才能)定(?![金制做位购期价])|(?<=[来才])定(?![金制做位购期价])|(?<=[要得])(?:签字|批准|审批|同意)|签字(?=才|就|后)|同意(?=才|就)|批了才|批了(?=再|就)|点了头|"
    r"(?:最后|最终)?决定(?:的|买|要|用|选))"
)
# 由刘总定, 得老板点头, 要领导批.
_UP_TO_WHOM = late(r"(?:由|得|需要?|要|必须|等|看|归|最后|最终)(?:还是|还|是|先|再|最后|最终|等|看|过)?")
_DECIDES = late(
    r"(?:那边|最后|最终|来|去|亲自|才能|先|再|也|们){0,3}(?:定(?![金制做位购期价了在于点好的下])|定了才|决定|拍板|批(?![量发次了一])|批了(?:才|再|就)|批准|审批|签字|签批|点头|同意|拿主意|做主|定夺|过会|过目才)"
)
# 要请示领导, 跟老板商量一下, 问问我们院长.
_ASKS = late(
    r"(?:请示(?:一?下)?|(?:跟|和|同|与|向)(?=[^,，。;；!！?？\n]{1,12}?(?:商量|请示|汇报|申请|打报告))|(?:报给?|上报|报请|提交给?)(?=[^,，。;；!！?？\n]{1,8}(?:审|批|定))|汇报给|(?:问|请教)(?:一下|下|问|过)|(?<=[要得])问|听|说了不算[,，]?\s?(?:这[事个块]?)?(?:得|要|还得|还要|是)(?:等|看|问|找)?(?:[一-龥]{2,5}的)?)"
)
# 决策人是刘总, 拍板的是院长, 最终决定权在总部.
_NAMED = late(
    r"(?:决策(?:人|者|层)?|拍板的?人?|最终?(?:的)?(?:决定|决策)权|说了算的人?|关键人|做主的人?|能定的人?)(?:就|还|都)?(?:是|在|归|为|：|:)\s?"
)
_MYSELF = late(
    r"(?:这[事个块]{1,2}|采购|这边|都)?我(?:自己|一个人|这边|本人)?(?:就|来|全权)?(?:能|可以)?(?:拍板|说了算|说的算|做主|做得了主|能定|定就行|定就可以|负责拍板)(?!不|吗|么|嘛|[?？])"
)
_NOT = late(r"(?:不用|不必|无需|不需要|没必要|不是|别|不|没)(?:再|去|先|我们)?$")
_ASKED = late(r"[^,，。;；!！\n]{0,8}(?:吗|么|嘛|呢|还是|[?？])")
_ONLY_HIGH = late(
    rf"(?:大?老板|大?领导|老总|总部|总公司|集团(?:公司)?|上面|上级(?:单位|部门)?|董事会|甲方|业主|老公|老婆|爱人|媳妇|家里人?|.?(?:{_POST})|.[总董])"
)


def find(reading: Reading, ours: Sequence[tuple[int, int]]) -> tuple[Found, ...]:
    """Those of the customer's side who decide, each once, in the order of the text; 本人 is who writes."""
    text = reading.text
    if not any(cue in text for cue in _CUES):
        return ()
    once: dict[str, Found] = {}
    for value, start, end in sorted(_all(reading), key=lambda one: one[1]):
        if not any(first <= start < last for first, last in ours):
            once.setdefault(value, Found("deciders", value, text[start:end], start, end, 0.8, "said"))
    return tuple(once.values())[:MOST]


def _all(reading: Reading) -> Iterator[tuple[str, int, int]]:
    """(who, where what says so begins, where it ends)."""
    text = reading.text
    for match in _HAS_SAY.finditer(text):
        who = _ends_at(reading, match.start())
        if who is not None and _said(text, who[1], match.end()):
            yield who[0], who[1], match.end()
    for match in _HE.finditer(text):
        he = _spoken_of(reading, match.start())
        if he is not None and _said(text, match.start(), match.end()):
            yield he, *match.span()
    for pattern in (_ASKS, _NAMED):
        for match in pattern.finditer(text):
            who = _begins_at(reading, match.end())
            asks = pattern is _ASKS and match[0].startswith(("问", "请教", "听"))
            if who is None or (asks and _ONLY_HIGH.fullmatch(who[0]) is None):
                continue
            if _said(text, match.start(), who[2]):
                yield who[0], match.start(), who[2]
    for match in _UP_TO_WHOM.finditer(text):
        who = _begins_at(reading, match.end())
        done = _DECIDES.match(text, who[2]) if who is not None else None
        if who is not None and done is not None and _said(text, match.start(), done.end()):
            yield who[0], match.start(), done.end()
    for match in _MYSELF.finditer(text):
        if _said(text, match.start(), match.end()):
            yield SELF, *match.span()


# 我们王总管采购,他说了算: he who was spoken of just before.
_HE = late(
    r"(?<![其])[他她](?:一个人|本人|自己)?(?:说了?才?算(?!是|起|下|账|了一)|说的?算|拍板|做主|定夺|点头(?=才|就)|拿主意)"
)
_AWAY = late(r"(?:不[在管懂用是]|没[在来]|休|退|离|走了)")
_SPAN = 24


def _spoken_of(reading: Reading, at: int) -> str | None:
    """Who was named last in the sentence; nobody who is away."""
    text = reading.text
    first = max(text.rfind(mark, 0, at) for mark in "。！？!?\n") + 1
    first = max(first, at - _SPAN)
    named = [(hit.end, hit.value) for hit in reading.names if first <= hit.start and hit.end <= at]
    named += [(match.end(), match["who"]) for match in _anybody().finditer(text, first, at)]
    if not named:
        return None
    end, who = max(named)
    return None if _AWAY.search(text, end, at) is not None else who


def _said(text: str, start: int, end: int) -> bool:
    """Neither denied nor asked."""
    return _NOT.search(text, max(0, start - 6), start) is None and _ASKED.match(text, end) is None


def _ends_at(reading: Reading, end: int) -> tuple[str, int, int] | None:
    """Who is named last before this place."""
    for hit in reading.names:
        if hit.end == end:
            return hit.value, hit.start, hit.end
    match = _before().search(reading.text, max(0, end - 8), end)
    return (match["who"], match.start(), end) if match is not None else None


def _begins_at(reading: Reading, start: int) -> tuple[str, int, int] | None:
    """Who is named right behind this place."""
    for hit in reading.names:
        if hit.start == start:
            return hit.value, hit.start, hit.end
    match = _behind().match(reading.text, start)
    return (match["who"], match.start("who"), match.end()) if match is not None else None
