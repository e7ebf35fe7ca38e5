"""What a rule for names found, and whether it is one: by its shape, its place and its neighbours."""

import re
from collections.abc import Iterable, Iterator

from nlp import likely, odds, segment
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import not_names, places, surnames
from nlp.name_patterns import NEVER, SOUNDS, TIES, WEAK
from nlp.name_shape import NOT_AT_END, is_name
from nlp.places import region
from nlp.plain import BLANK, Plain

_SURE = {
    "label": 0.95,
    "spaced": 0.85,
    "beside": 0.8,
    "called": 0.85,
    "card": 0.75,
    "company": 0.92,
    "title": 0.92,
    "department": 0.85,
    "of": 0.9,
    "polite": 0.9,
    "cue": 0.85,
    "segment": 0.85,
    "latin": 0.8,
    "latin alias": 0.85,
    "says": 0.75,
    "pair": 0.8,
    "post": 0.8,
    "entry": 0.9,
    "dial": 0.85,
    "twice": 0.9,
    "customer": 0.8,
    "dotted": 0.85,
    "rare": 0.8,
    "foreign": 0.7,
}
APART = frozenset(("", "\n", " ", ",", "。", ";", ":", "!", "?", "、", "(", ")", "[", "]", "/", "◆", "▫"))
_LOOSE = frozenset(("cue", "segment", "says", "dial", "pair"))
_REACHED = frozenset(
    ("mob", "tel", "mobile", "phone", "cell", "fax", "mail", "email", "wechat", "whatsapp", "add", "addr")
)


def by_rule(words: Plain, rule: str, matches: Iterable[re.Match[str]]) -> Iterator[Found]:
    """The names among the matches of a rule."""
    for match in matches:
        group = "name" if match["name"] else "before"
        start, end = match.span(group)
        if (
            words.text[start] in TIES
            and end - start == 3
            and words.text[start + 1] in surnames().single
            and not _labelled(words.text, start, rule)
            and not (words.text[start] == "于" and words.text[start - 1 : start] in ("", "\n"))
        ) or (words.text[start] == "通" and words.text[start - 1 : start] in _THROUGH):
            start += 1  # 和陈明, 由李四, 拨通李四: the first character ties it in
            if end - start < _SHORTEST:
                continue
        if group == "name" and rule in _STRETCHED and _goes_on(words.text, start, end):
            end += 1  # 省委书记邢开来、
        name = words.text[start:end]
        if (
            name[0] in TIES
            and end - start == 3
            and rule in _LOOSE
            and words.text[start - 1 : start] not in APART
        ):
            continue  # 今天和晓琳: who 晓琳 is, is not said
        if group == "before" and rule == "department":
            yield words.found("names", start, end, 0.8, "little")
            continue
        if _no_person(words.text, start, end, rule) or (
            rule == "polite" and _is_told(words.text, start, end)
        ):
            continue
        likely = is_name(name, sure=rule in _STRONG, steady=rule in _STEADY)
        if not name[0].isascii() and not likely and not _trusted(rule, name, match):
            continue
        if rule == "label" and not likely and words.text[end : end + 1] in _OFFICE_END:
            continue  # 联系人：教务处郎主任
        if (
            rule == "segment"
            and len(name) == 2
            and name[0] in WEAK
            and words.text[start - 1 : start] == BLANK
        ):
            continue  # 礼拜六来提: what stands behind a time
        if name.isascii() and (name.lower() in _REACHED or name.lower() in not_names()):
            continue
        if (
            rule in _DOUBTED
            and group == "name"
            and _everyday(words.text, start, end)
            and (rule != "cue" or _PERSON_CUE.search(words.text, match.start(), start) is None)
        ):
            continue
        if rule in ("title", "label") and name.isascii() and name.upper() == name and len(name) < 5:
            continue
        whole = words.text[start:end].replace(" ", "") if rule == "spaced" else ""  # 陈  昊
        yield words.found("names", start, end, _SURE[rule], rule, whole)


_THROUGH = frozenset(("拨", "打", "接", "联", "沟"))
_SHORTEST = 2
# Rules that are sure of their place, so that an everyday word there must be looked at by itself.
_AT_PLACE = frozenset(("company", "polite", "segment"))
_TO_PERSONS = ("先生", "女士", "小姐", "太太")


def _no_person(text: str, start: int, end: int, rule: str) -> bool:
    """Are these everyday words, or the first half of a foreign name, at a place where names stand?"""
    name = text[start:end]
    if rule == "title" and len(name) < 4 and _sounds_on(text, start, end):
        return True  # 主帅贝尼|特斯: the weights know how far it goes
    if rule == "title" and name[0] == "来" and text[end - 1] in "过了到自":
        return True  # 工程师来过了
    if rule == "company" and len(name) == 2 and segment.is_word(name):
        return True  # 美的冷柜
    if "·" in name and name[-1] in _HOUSES:
        return True  # 云上见山·客栈
    if rule == "pair" and thing(name):
        return True
    if name[0] not in WEAK:
        return False
    weight = likely.weight(likely.given_of(name))
    if rule == "called":
        return weight < -1  # 有急事 13800138000
    if rule not in _AT_PLACE or text.startswith(_TO_PERSONS, end):
        return False
    return weight < 1 or segment.is_word(name)  # 沃尔沃都看过, 法学博士


def _is_told(text: str, start: int, end: int) -> bool:
    """和王女士, 对方王女士: one character ties in, or ends a word, and the surname alone stands in front of 女士."""
    tied = text[start] in TIES or (text[start] == "方" and text[start - 1 : start] in _SIDES)
    return tied and end - start == 2 and text[end - 1] in likely.COMMON


_SIDES = frozenset(("对", "双", "我", "甲", "乙", "供", "需", "买", "卖"))
_HOUSES = frozenset("栈店馆坊轩阁苑城宿园厅吧屋府舍院居")


def thing(name: str) -> bool:
    """胡萝卜, 白菜: a word whose end no given name is made of. In a list it says nothing that it begins like a name."""
    return bool(odds.word_kind(name)) and likely.weight(likely.given_of(name)) < 1


def _sounds_on(text: str, start: int, end: int) -> bool:
    """Do the sounds of a foreign name go on behind what looks like a Chinese one?"""
    return end + 2 <= len(text) and all(char in SOUNDS for char in text[start : end + 2])


_STRETCHED = frozenset(("title", "company", "cue", "post", "says"))
_LIST_END = frozenset("、,。;)")


def _goes_on(text: str, start: int, end: int) -> bool:
    """Is the last character before a comma the end of the name, though it may stand behind one (来, 明)?"""
    return (
        end - start == 2
        and text[end + 1 : end + 2] in _LIST_END
        and (likely.weight(text[end]) >= 1 or text[end] == "来")
        and is_name(text[start : end + 1], sure=True)
    )


def _labelled(text: str, start: int, rule: str) -> bool:
    """收货人 于海龙: what stands off behind its label begins there."""
    return rule == "label" and text[start - 1 : start] in (" ", ":", "=")


_STEADY = frozenset(("label", "entry", "company", "title", "beside", "called", "polite"))
_STRONG = frozenset(("label", "entry", "twice", "polite", "dial", "company", "title", "called", "segment"))
# Rules that take everyday words for names where nothing else speaks for a person; and the cues that do speak for one.
_DOUBTED = frozenset(("cue", "says", "dial", "department", "post", "pair"))
_PERSON_CUE = late(
    r"(?:给|抄送|叫上?|做|名为|我是|本人|联系|约了?|同学|同事|朋友|老公|老婆|爱人|[弟妹哥姐舅叔姑姨爸妈爷奶嫂子夫女婿]|兄|学姐|学长|闺蜜|室友|门卫|司机|搭档|"
    r"致电|拨打?|通知|转告|告诉|提醒|拜访了?|对接|@|找)(?:一下|下)? ?$"
)


def _everyday(text: str, start: int, end: int) -> bool:
    """Is it a word (水沟), the end of one (由|于挂), or made of characters that no name holds (常入住)?"""
    name = text[start:end]
    weight = likely.weight(likely.given_of(name))
    if segment.is_word(name):
        return True
    if name[0] in WEAK and weight < (1 if name[0] == "于" and not _tied(text, start) else 2):
        return True  # 有必, 都找, 由于挂
    return weight < -2 + (name[0] not in likely.COMMON) * 2


def _tied(text: str, start: int) -> bool:
    """Is 于 the end of a word: 由于, 关于?"""
    return start > 0 and segment.is_word(text[start - 1 : start + 1])


_QUOTED = late(r"透露|表示|认为|指出|介绍|告诉|坦言|强调|称(?!赞)|预[计测]|近日|昨日")
_OFFICE_END = tuple("部处科办室")


def _trusted(rule: str, name: str, match: re.Match[str]) -> bool:
    """Do the place and the neighbours alone make it a name, whatever its first character is?"""
    match rule:
        case "label":
            if region(name) or name[-1] in _OFFICE_END or name.endswith("中心"):
                return False  # 客户：南宁糖业, 收件人：销售部
            return _free(name, match) or name[0] in "小老阿"
        case "title":
            if name in not_names() and len(name) == 2 and name[0] in surnames().single:
                return _QUOTED.match(match.string, match.end()) is not None  # 总经理黎明透露
            return all(char in SOUNDS for char in name)
        case "spaced":
            return True
        case "rare":
            return likely.weight(name[1:]) >= 0  # 区丽嫦, not 区公所
        case "entry":  # 白云霞：女; 但春山，男
            given = name[1:] if len(name) < 4 else name[2:]
            return (len(name) == 3 and name[2] != "好") or (
                match.string[match.end() :][:1] in ("男", "女")
                and not segment.is_word(name)
                and likely.weight(given) >= 1
            )
        case "called":  # 尚可欣 13981100234: the first two may be a word
            return len(name) == 3 and name not in not_names() and not name.endswith(NOT_AT_END)
        case "beside":
            return (
                name[:2] not in not_names()
                and not name.endswith((*NOT_AT_END, *"部科处组院厂司团校会局"))
                and not any(char in NEVER for char in name)
                and name not in places().cities
            )
    return False


def _free(name: str, match: re.Match[str]) -> bool:
    """After "姓名:" any two to four characters are a name, whatever their surname, but not a word we know."""
    return (
        (bool(match["colon"]) or match[0].startswith("姓名 "))
        and (name not in not_names() or _may_be_called(name, match))
        and name[-2:] not in _KEYS
        and not any(char in NEVER for char in name[:1])
    )


def _may_be_called(name: str, match: re.Match[str]) -> bool:
    """报修人：卓越，: a word that given names are made of, alone behind its colon."""
    ends = match.string[match.end() : match.end() + 1] in ("", "\n", ",", ";", "。", "、", ")", "|", " ")
    return ends and name[0] in surnames().single and "人" in match[0] and likely.weight(name[1:]) >= 1


# What the heading beside 姓名 ends in: 姓名 | 联系方式 | 意向车型.
_KEYS = frozenset(
    (
        "方式",
        "电话",
        "手机",
        "名称",
        "职务",
        "职位",
        "部门",
        "单位",
        "地址",
        "邮箱",
        "车型",
        "类型",
        "产品",
        "城市",
        "地区",
    )
)
