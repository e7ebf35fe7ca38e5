"""Job titles: department words and a role."""

import re
import string
from collections.abc import Iterator
from functools import cache, lru_cache

import ahocorasick_rs

from nlp import likely, segment
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import given, not_names, surname_letters, surnames, titles
from nlp.plain import BLANK, Plain, plain
from nlp.signs import sign
from nlp.starts import matches

LONGEST = 16  # characters of department words before a role

_LABEL = re.compile(r"(?:职位|职务|岗位|头衔|title|position)\s?[:=]?\s?$", re.I)
_NAME_BESIDE_BEFORE = re.compile(r"(?:^|[\n\s/|,、:(任兼为及◆]|[▪◆]的|[任兼为](?:本|我)?公司)$")
_NAME_BESIDE_AFTER = late(r"(?:$|[\n\s/|,、()。;兼及和:])")
_OF_COMPANY = re.compile(r"◆(?:的|\s)?$")  # 某某银行行长郑杨
# Sales Manager, Vice President, Chief Executive Officer, Head of Procurement.
_MODIFIER = (
    r"(?:Senior|Sr\.|Junior|Chief|Deputy|Vice|Assistant|Associate|Executive|"
    r"General|Key|National|Regional|Area|Global|Overseas|Export|Import|"
    r"Sales|Marketing|Purchasing|Procurement|Sourcing|Buying|Account|Business|"
    r"Product|Project|Program|Production|Quality|QA|QC|Technical|Technology|"
    r"Engineering|Software|Hardware|Mechanical|Electrical|Process|Design|R&D|HR|"
    r"IT|Finance|Financial|Legal|Operations?|Operating|Information|Supply|Chain|"
    r"Logistics|Warehouse|Customer|Service|Support|Channel|Brand|Managing|"
    r"Commercial|Development|Relations?|Success|Plant|Factory|Site|Team)"
)
_ENGLISH = late(
    rf"(?<![A-Za-z])(?P<before>(?:{_MODIFIER}(?: & | and | ))*)"
    r"(?P<role>Manager|Director|Engineer|Buyer|Founder|Co-?founder|Partner|"
    r"President|Supervisor|Specialist|Executive|Assistant|Representative|"
    r"Consultant|Accountant|Designer|Analyst|Coordinator|Chairman|Officer|"
    r"Merchandiser|Secretary|Leader|Owner|Head of [A-Z][a-z]+)(?![A-Za-z])",
    re.I,
)
_CHIEF = late(r"首席[一-龥]{2,4}?[官师]|首席代表|首席专家")


@lru_cache(maxsize=16)
def roles(own: tuple[str, ...] = ()) -> tuple[ahocorasick_rs.AhoCorasick, tuple[str, ...]]:
    """The automaton over the roles, those of the installation among them."""
    names = (*titles().role, *own)
    return ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest), names


@cache
def _departments() -> re.Pattern[str]:
    """Any number of department words that reach to the end."""
    words = "|".join(sorted(map(re.escape, titles().before), key=len, reverse=True))
    first = "".join(sorted({re.escape(word[0]) for word in titles().before}))
    return re.compile(rf"(?:(?=[{first}])(?:{words})(?:[/&兼]|(?<![部心处科室组院所]) )?)+\Z")


_WITH_NAME_STARTS = re.compile("◆(?=[公的采业技销财行外跟品工设物商])|我(?=是)|本(?=人)")


@cache
def _with_name() -> re.Pattern[str]:
    """某某公司采购周建国, 我是采购周建国: a department's word between a company and a full name is the job."""
    single = surname_letters()
    return re.compile(
        rf"(?:◆(?:公司)?的?|我是|本人是?)(?P<job>采购|业务|技术|销售|财务|行政|外贸|跟单|品质|工程|设备|物流|商务)"
        rf"(?=[{single}][一-龥]{{1,2}}(?:$|[\s,。;!?、▪(])|[小老][{single}](?:$|[\s,。;!?、▪(问说]))"
    )


def find(text: str | Plain, own: tuple[str, ...] = ()) -> tuple[Found, ...]:
    """Every title; `own` are the installation's words beside the built-in ones.

    A bare 经理 or 老师 counts only at a label or by itself on its line.
    """
    words = plain(text) if isinstance(text, str) else text
    mentioned: set[tuple[int, int]] = set()
    automaton, names = roles(own)
    held = automaton.find_matches_as_indexes(words.text)
    hits = [*_chinese(words.text, held, names, mentioned)] if held else []
    if words.signs & _LABEL_CHARS:
        hits += [match.span("job") for match in matches(_LABEL_STARTS, _LABELLED, words.text)]
    if words.signs & _LETTERS:
        hits += _english(words.text)
    if "首席" in words.text:
        hits += [match.span() for match in _CHIEF.finditer(words.text)]
    if "◆" in words.text or "我是" in words.text or "本人" in words.text:
        hits += [match.span("job") for match in matches(_WITH_NAME_STARTS, _with_name(), words.text)]
    if not hits:
        return ()
    if len(hits) > 1:
        hits.sort(key=lambda hit: (hit[0], -hit[1]))
    found: list[Found] = []
    done = 0
    for start, end in hits:
        if start < done:
            continue
        done = end
        if (start, end) in mentioned:
            if (
                found
                and found[-1].rule == "mentioned"
                and words.here(found[-1].start, found[-1].end)[1] == start
            ):
                start = words.here(found[-1].start, found[-1].end)[0]  # 中场球员
                found.pop()
            found.append(words.found("titles", start, end, 0.5, "mentioned"))
            continue
        labelled = _LABEL.search(words.text, max(0, start - 6), start) is not None
        confidence, rule = (0.95, "label") if labelled else (0.85, "role")
        found.append(words.found("titles", start, end, confidence, rule))
    return tuple(found)


# What stands behind a label is the job, listed or not: 岗位 外协员.
_LABELLED = late(
    r"(?:职位|职务|岗位|职称|头衔|现职|title|position)(?:名称)?"
    r"(?:\s?[:=]\s?| +)(?P<job>[一-龥A-Za-z]{1,12}?[员师长理监管家工事代总裁表人任问书授])"
    r"(?=\s*(?:$|[\n,。;、|/()▪])| +[一-龥]{2,4}(?:[:= ]|$))",
    re.I,
)
_LABEL_CHARS = sign("职岗衔tTpP")
_LABEL_STARTS = re.compile(r"[职岗头现tTpP](?=[位务称衔职iIıİoO])")


# 院长办公室, 记者证, 教授级, 经济学家族; 周记者, 王教授 are called so.
_NO_ROLE = late(
    r"[证级团会站室办楼席业线群帽服队岗位节费]|资格|执照|培训|招聘|专业|助手|办公|朋友圈|工资|专用|宿舍|食堂|学院|学校|大学|协会|俱乐部|[一二三四五六七八九十\d]"
)


@cache
def _not_of() -> re.Pattern[str]:
    single = "".join(sorted(surnames().single - set("前时任于和")))
    return re.compile(rf"(?:(?:^|[^一-龥])[{single}]|[各找当做班组老小副总大女男有没请叫让给跟被])$")


def _is_mentioned(text: str, role: str, start: int, end: int) -> bool:
    """An office or occupation said of anybody (队长破门, 湖人后卫科比): read, but nobody's title in a draft."""
    return (
        role in titles().open
        and _NO_ROLE.match(text, end) is None
        and _not_of().search(text, max(0, start - 3), start) is None
        and not (_torn(text, start) or _torn(text, end))  # 银行长沙分行
    )


def _chinese(
    text: str, held: list[tuple[int, int, int]], names: tuple[str, ...], mentioned: set[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The titles around these roles; `held`: which of `names` stands where."""
    done = 0
    for index, first, end in held:
        role, start = names[index], first
        if start < done or _is_longer_word(text, role, start, end):
            continue
        departments = _departments().search(text, max(done, start - LONGEST), start)
        if departments is not None:
            start = _own_department(text, departments, role)
        elif role in titles().weak and not (_stands_alone(text, start, end) or _held(text, role, start)):
            if _is_mentioned(text, role, start, end):
                mentioned.add((start, end))
                yield start, end
                done = end
            continue
        helper = next((word for word in titles().after if text.startswith(word, end)), "")
        done = end + len(helper)
        yield start, done


_LOOSE = late(r"(?:[部处室]|组(?!织)|科(?![研技创])|厂(?![务部办]))+")
_UNIT = late(r"(?:事业部|分公司|分厂|中心|部门|[部处室组科厂](?!长)|车间)")
_HEADS = ("经理", "代表", "总监", "主管", "专员", "顾问", "助理", "主任", "工程师", "副总")


def _own_department(text: str, departments: re.Match[str], role: str) -> int:
    """Where the title begins: 微波炉|事业部|工艺主管 has lost the front of its unit, 客户|总工 is the customer's."""
    loose = _LOOSE.match(departments[0])
    start = departments.start() + (loose.end() if loose is not None else 0)
    if role.endswith("董事") and text.startswith("董事会", start):
        return departments.end()  # 第四届董事会独立董事
    if text.startswith("客户", start) and start + 2 == departments.end() and not role.endswith(_HEADS):
        return departments.end()
    if "一" <= text[start - 1 : start] <= "龥":
        unit = _UNIT.match(text, start) or (
            _UNIT.search(text, start, departments.end()) if _torn(text, start) else None
        )
        if unit is not None and unit.end() < departments.end() + 1:
            return unit.end()
    return start


def _torn(text: str, start: int) -> bool:
    """Does the dictionary join the character in front with what follows: 多|媒体事业部, 银行长|沙?"""
    at = max(0, start - _AROUND)
    for piece in segment.pieces(text[at : start + _AROUND]):
        if at < start < at + len(piece):
            return True
        at += len(piece)
    return False


_AROUND = 4


def _english(text: str) -> Iterator[tuple[int, int]]:
    if _LATIN.search(text) is None or not any(map(text.__contains__, _ENGLISH_MARKS)):
        return
    for match in matches(_ENGLISH_STARTS, _ENGLISH, text):
        if match[0][0].isupper() and (
            match["before"] or (match["role"][0].isupper() and _stands_alone(text, *match.span()))
        ):
            yield match.span()


_ENGLISH_STARTS = late(
    r"[A-Za-z\u017f\u212a\u0130\u0131](?<![A-Za-z].)"
)  # those that re.I takes for s, k, i, too
_LETTERS = sign(string.ascii_letters)
_LATIN = re.compile(r"[A-Za-z]{3}")
_LETTER = re.compile(r"[A-Za-z]")
_ENGLISH_MARKS = (
    "er",
    "or",
    "ER",
    "OR",
    "resident",
    "RESIDENT",
    "ist",
    "IST",
    "ive",
    "IVE",
    "ant",
    "ANT",
    "man",
    "MAN",
    "ead",
    "EAD",
)


_STUDIED = ("会计", "编辑", "导演", "教练")


def _is_longer_word(text: str, role: str, start: int, end: int) -> bool:
    """BD inside a part number, 代表 inside 代表性, 总裁 inside 总裁办 and 总裁班."""
    if role.isascii():
        return _LETTER.search(text[max(0, start - 1) : start] + text[end : end + 1]) is not None
    if role in ("经理", "项目经理") and text.startswith("部", end):
        return True  # 项目经理部
    return text.startswith(("性", "办", "班"), end) or (
        role in _STUDIED and text.startswith(("学", "系", "法"), end)
    )


# 曾任中央财经大学会计学院副院长: the place where it was held stands in front of the title.
_HELD = re.compile(r"任[^,。;!?\n]{2,30}[院局厂司学心部处科所站校会行团社◆]$")


def _held(text: str, role: str, start: int) -> bool:
    before = text[max(0, start - 34) : start]
    return (
        _HELD.search(before) is not None
        or (role.endswith("教授") and before.endswith("学"))
        or (role == "院士" and before.endswith("院"))
    )


@cache
def _before_name() -> re.Pattern[str]:
    """记者陈思远, 律师王敏: a name stands right behind."""
    single = surname_letters()
    return late(
        rf"(?:记者|律师|教授|编辑|教练|导演|主持人|发言人|研究员|院士|书记)(?P<name>[{single}][一-龥]{{1,2}})"
    )


@cache
def _named_and_told() -> re.Pattern[str]:
    return re.compile(
        _before_name().pattern.replace("{1,2}", "{1,2}?")
        + r"(?=$|[,。;、!?()\s]|介绍|表示|说|透露|认为|称|指出|坦言|告诉|担任|执导|率|出席|获)"
    )


@cache
def _any_name() -> re.Pattern[str]:
    """店长卓凡，: a surname and characters that only names are made of, and then the clause ends."""
    single = surname_letters()
    typical = "".join(char for char, points in given().items() if points == _TYPICAL)
    return re.compile(rf"[{single}][{typical}]{{1,2}}(?=$|[,。;、!?()\s{BLANK}])")


_TYPICAL = 2
_SURELY = 3  # of four points that two characters may have as a given name


def _names_somebody(text: str, end: int) -> bool:
    """店长陈海龙一直推: a common surname and two characters that names are made of, whatever stands behind."""
    name = text[end : end + 3]
    return (
        len(name) == 3
        and name[0] in likely.COMMON
        and likely.weight(name[1:]) >= _SURELY
        and name[:2] not in not_names()
        and not segment.is_word(name[:2])
    )


def _stands_alone(text: str, start: int, end: int) -> bool:
    if _OF_COMPANY.search(text, max(0, start - 2), start):
        return True
    told = _named_and_told().match(text, start)
    if told is not None and told["name"][:2] not in not_names():
        return True  # 据某某卫视主持人朱丹介绍
    if _any_name().match(text, end) is not None or _names_somebody(text, end):
        return True
    if _NAME_BESIDE_BEFORE.search(text, max(0, start - 4), start) is None:
        return False
    named = _before_name().match(text, start)
    if named is not None and named["name"][:2] not in not_names():
        return True
    called = text.startswith("老板", start) and text[end : end + 1] in (",", "!", "~")  # 老板，有货吗
    return not called and _NAME_BESIDE_AFTER.match(text, end) is not None
