"""Where the rules for names are tried: an expression in every place of a text costs more than looking for its beginnings."""

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from nlp.late import late
from nlp.name_patterns import COMPANY_BLANK, TITLE_BLANK, patterns
from nlp.name_rules import AT_NAME, BEHIND, BIT, Spot, letters
from nlp.plain import BLANK
from nlp.starts import matches


@cache
def starts_of() -> dict[str, re.Pattern[str]]:
    """Where a match of a rule can begin, for the rules that are slow to look everywhere."""
    first, second = letters()
    edge = rf"[\s,;、。|/()\[\]:{BLANK}{COMPANY_BLANK}{TITLE_BLANK}]"
    return {
        "alias": re.compile(
            rf"[{first}](?=[副总经主监老会师董院处科厂部局校店所行队站书教博太医护律先女小大阿助秘工姐哥叔伯奶爷园馆法警设{second}])"
        ),
        "spaced alias": re.compile(rf"[{first}](?=[{second}]? )"),
        "cue": late(
            "[搜删新添编修更把聘选推任提委谢感多恭抄打发拨转寄交留给跟和与找联约呼致请问叫让通告提拜介对回我本名做是麻经由替帮向查接同朋老爱闺室师学门司搭看遇碰见偶采陪改换@弟妹哥姐舅叔姑姨爸妈爷奶嫂侄外女儿]"
        ),
        "label": re.compile(
            r"[客我您采紧对主姓名联收称负经申寄发项参与出陪处值安领填登接检操维业保询业签委报投接咨跟提送验学候应求面车房租法推介担见证监代复审制开付家患病核批导编作责摄撰fFnNcC]"
            r"(?=[户的购急方接要\s名字系络会席同件货呼责办营价主收托修诉待询进员选聘职试东客人定请目荐绍保证明护理核批单票款准长生者治刀演剧编影文班装料用表记验作务管rRaAoO])"
        ),
        "entry": re.compile(
            rf"[{first} ](?:(?<=^.)|(?<=[\n▫。者人员].)|(?<=[▫、] .))|^[一-龥](?=[一-龥]{{1,3}}[:,(] ?[男女])",
            re.M,
        ),
        "spaced": late(
            rf"(?:^|[\n{TITLE_BLANK}{COMPANY_BLANK}{BLANK}]:?|[业销采技会老联负](?:[务售购术计板]|系人|责人):)(?= *[{first}] )"
        ),
        "card": re.compile(r"(?:^|\n)(?= *[A-Z][a-z])"),
        "latin alias": re.compile("[A-Z](?=[a-z])"),
        "latin": late(
            r"[我叫联找MDtTmMiIıİ](?:(?<=联)(?=系)|(?<=找)|(?<=我)(?=[叫是])|(?<=叫)|(?<=M)(?=[rsi])|(?<=D)(?=[re])|"
            r"(?<=[tT])(?=[hH])|(?<=[mM])(?=[yY])|(?<=[iIıİ])(?=[' ]))"
        ),
        "foreign": re.compile("[A-Z](?=[a-zà-ÿ]{2})"),
        "post": late(
            "[项现车工售销采技财会法司客前人文业跟仓老设内负代](?=[目场间厂后前售购术务计人机服台事员单库板勤责表])"
        ),
        "department": late("[部科处车中](?=[门间心的]|[一-龥])|[采技行后人财业仓](?=[购术政勤事务库])"),
        "company": re.compile(rf"{COMPANY_BLANK}(?!{COMPANY_BLANK})"),
        "title": re.compile(
            rf"[{TITLE_BLANK}{first}A-Z](?:(?<={TITLE_BLANK})(?!{TITLE_BLANK})|"
            rf"(?<!{TITLE_BLANK})(?:(?<=^.)|(?<={edge[:-1]}由].))"
            rf"(?:(?=[^{TITLE_BLANK}]{{1,15}}{TITLE_BLANK})|(?<=[A-Z])(?=[^{TITLE_BLANK}]{{1,50}}{TITLE_BLANK})))",
            re.M,
        ),
        "segment·": late(rf"[一-龥](?:(?<=^.)|(?<={edge}.))", re.M),  # 艾力·买买提 needs no surname
        "entry·": late(r"[一-龥 ](?:(?<=^.)|(?<=[\n▫。者人员].)|(?<=[▫、] .))", re.M),
        "title·": late(rf"[{TITLE_BLANK}一-龥A-Z](?:(?<={TITLE_BLANK})|(?<=^.)|(?<={edge[:-1]}由].))", re.M),
    }


_FOREIGN = frozenset(("segment", "title", "entry"))


@cache
def _marks() -> dict[str, re.Pattern[str]]:
    """What must stand somewhere in a text for a rule to find anything, where looking for it is much quicker than the rule."""
    return {
        "entry": re.compile(
            rf"[:,(](?= ?(?:[男女中生出博硕研本大高毕现曾历先12{TITLE_BLANK}{BLANK}]|[一-龥]{{1,4}}族))"
        ),
        "spaced": re.compile(rf"[{letters()[0]}](?= )"),
    }


_Finder = Callable[[str, Sequence[Spot]], Sequence[re.Match[str]]]


@lru_cache(maxsize=4_096)
def finders(rules: tuple[str, ...], dotted: bool) -> tuple[tuple[str, _Finder | None], ...]:
    """For each of these rules what tells where its expression matches, in the order of a text with its `name_spots`.

    `dotted`: a dot stands in that text. The aliases have none: they are looked for once, before.
    """
    return tuple((rule, _finder(rule, dotted) if rule != "alias" else None) for rule in rules)


@cache
def _finder(rule: str, dotted: bool) -> _Finder:
    """How the matches of a rule are looked for in a text, with a dot between foreign names in it or none."""
    pattern, bit, mark = patterns()[rule], BIT[rule], _marks().get(rule)
    starts = starts_of().get(f"{rule}·" if rule in _FOREIGN and dotted else rule)
    if rule in AT_NAME and not (rule == "segment" and dotted):
        return lambda text, spots: _at_spots(pattern, bit, text, spots)
    if rule == "beside":
        return lambda text, _: _at_lines(pattern, text)
    if starts is None:
        return lambda text, _: list(pattern.finditer(text))
    if rule in _REACH:
        return lambda text, spots: _in_front(starts, pattern, text, rule, spots)
    if mark is not None:
        return lambda text, _: matches(starts, pattern, text) if mark.search(text) is not None else ()
    return lambda text, _: matches(starts, pattern, text)


def _at_lines(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """The same as finditer, for a pattern that begins at the text's beginning or with the end of a line."""
    found: list[re.Match[str]] = []
    at = 0
    while at >= 0:
        match = pattern.match(text, at)
        if match is not None:
            found.append(match)
        at = text.find("\n", at + 1 if match is None else match.end())
    return found


# So many characters a match of the rule begins in front of its name, at most.
_REACH = {"cue": 7}


def _in_front(
    starts: re.Pattern[str], pattern: re.Pattern[str], text: str, rule: str, spots: Sequence[Spot]
) -> list[re.Match[str]]:
    """The same as finditer, for a pattern that ends in a name behind one of `BEHIND`."""
    found: list[re.Match[str]] = []
    behind, reach, at = BEHIND[rule], _REACH[rule], 0
    for front, place, _ in spots:
        if front not in behind:
            continue
        start = starts.search(text, max(at, place - reach), place)
        while start is not None:
            match = pattern.match(text, start.start())
            if match is None:
                at = start.start() + 1
            else:
                found.append(match)
                at = match.end()
            start = starts.search(text, at, place) if at < place else None
    return found


def _at_spots(pattern: re.Pattern[str], bit: int, text: str, spots: Sequence[Spot]) -> list[re.Match[str]]:
    """The same as finditer, for a pattern that begins with a name."""
    found: list[re.Match[str]] = []
    done = 0
    for _, place, rules in spots:
        if rules & bit and place >= done and (match := pattern.match(text, place)) is not None:
            found.append(match)
            done = match.end()
    return found
