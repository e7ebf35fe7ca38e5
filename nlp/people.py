"""People's names: by label, cue, card line, honorific (王总), and with least trust by the segmenter."""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache, reduce
from operator import attrgetter, or_

from nlp import asked, elements, likely, model, odds, running, segment
from nlp.evidence import Found, Taken
from nlp.late import late
from nlp.lexicon import not_given, not_names, places, surnames
from nlp.name_patterns import (
    BOUNDARY,
    COMPANY_BLANK,
    CONTACT,
    FOLLOW,
    FULL_HONORIFIC,
    NEVER,
    RARE,
    SOUNDS,
    TIES,
    TITLE_BLANK,
    WEAK,
    patterns,
)
from nlp.places import region
from nlp.plain import BLANK, Plain, plain
from nlp.starts import matches

_Spot = tuple[str, int, int]  # see _name_spots
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


def find(
    text: str | Plain,
    *,
    contact: bool = False,
    names: frozenset[str] = frozenset(),
    not_names: frozenset[str] = frozenset(),
    called: Sequence[Found] | None = None,
) -> tuple[Found, ...]:
    """Names in the order of the text. Companies, phones and times are best blanked before, titles with TITLE_BLANK.

    `names` and `not_names`: what the installation knows to be a person and to be none. `contact`: the
    text holds a phone, a mail or a company, so a name alone between two commas is one. `called`: the aliases of this
    very text, where they are at hand.
    """
    words = plain(text) if isinstance(text, str) else text
    taken = Taken(len(words.source))
    spots = _name_spots(words.text)
    candidates = _candidates(words, contact, aliases(words) if called is None else called, spots)
    if names:
        candidates = [*_known(words, names), *candidates]
    hits = [hit for hit in candidates if hit.value not in not_names and taken.take(hit.start, hit.end)]
    # Cards and forms are read by the rules; running text may hold one more.
    open_places = _open(words, taken, spots) if hits else [place for _, place, _ in spots]
    modelled = not (hits and CONTACT in words.text)
    hits += [
        hit
        for hit in running.find(words, WEAK, TIES, open_places, _may_be_name, _follow(), modelled)
        if hit.value not in not_names and taken.take(hit.start, hit.end)
    ]
    tagger = model.used()
    if tagger is not None:
        told = asked.find(words, tagger, taken, _unsure(), is_name, running.stands_free)
        hits += [hit for hit in told if hit.value not in not_names and taken.take(hit.start, hit.end)]
    if "(" in words.chars:
        hits += [hit for hit in _in_brackets(words, hits) if taken.take(hit.start, hit.end)]
    if "、" in words.chars:
        hits += [hit for hit in _listed(words, hits) if taken.take(hit.start, hit.end)]
    if len(hits) > 1:
        hits.sort(key=attrgetter("start"))
    return tuple(hits)


def _open(words: Plain, taken: Taken, spots: Sequence[_Spot]) -> list[int]:
    """Where a name may begin outside of all hits."""
    if words.at is None:
        return [place for _, place, _ in spots if taken.is_free(place, place + 1)]
    return [place for _, place, _ in spots if taken.is_free(*words.place(place, place + 1))]


def _listed(words: Plain, hits: Sequence[Found]) -> list[Found]:
    """应天歌、邰书言、Mike: what stands in a list behind a name."""
    found: list[Found] = []
    for hit in hits:
        _, end = words.here(hit.start, hit.end)
        while (match := patterns()["listed"].match(words.text, end)) is not None:
            if not match["name"].isascii() and not is_name(match["name"], sure=True, steady=True):
                break
            found.append(words.found("names", *match.span("name"), 0.75, "listed"))
            end = match.end()
    return found


_SPELT = re.compile(r" ?\((?P<name>[A-Z][a-z]{1,14} [A-Z][a-z]{1,14})\)")


def _in_brackets(words: Plain, hits: Sequence[Found]) -> Iterator[Found]:
    """花如锦 (Rujin Hua): the same person in Latin letters."""
    for hit in hits:
        match = _SPELT.match(words.text, words.here(hit.start, hit.end)[1])
        if match is not None:
            yield words.found("names", *match.span("name"), 0.75, "spelt")


def _known(words: Plain, names: frozenset[str]) -> Iterator[Found]:
    for name in names:
        start = words.text.find(name)
        while start >= 0:
            yield words.found("names", start, start + len(name), 0.9, "known")
            start = words.text.find(name, start + len(name))


def _candidates(words: Plain, contact: bool, called: Sequence[Found], spots: Sequence[_Spot]) -> list[Found]:
    """All hits, the most trusted rule first: a later one that overlaps is dropped."""
    chars = words.chars
    found: list[Found] = []
    for rule in _rules(contact, chars, spots):
        if rule == "alias":
            found += called
        elif rule != "beside" or "\n" in chars:  # a line above or below
            matches = _matches(words, rule, spots)
            if matches:
                found += _by_rule(words, rule, matches)
    found += elements.find(words)
    if not _LITTLE.isdisjoint(chars):
        found += _little(words)
    return found


@cache
def _letters() -> tuple[str, str]:
    """The characters that begin a surname, and those that end one of two."""
    known = surnames()
    first = "".join(sorted(known.single | {name[0] for name in known.compound}))
    second = "".join(sorted({name[1] for name in known.compound}))
    return first, second


@cache
def _spots() -> re.Pattern[str]:
    """Where a Chinese name may begin, as every rule has it that is in `_BEHIND`."""
    first, second = _letters()
    return re.compile(rf"[{first}](?=[{second}·]|[^\W\dA-Za-z_{NEVER}])")


@cache
def _unsure() -> re.Pattern[str]:
    """Where a name may begin that no rule has told: those places, and where foreign sounds stand in a row."""
    return re.compile(rf"{_spots().pattern}|[{SOUNDS}]{{3}}")


def _name_spots(text: str) -> list[_Spot]:
    """What stands in front of every possible name, where that begins, and the bits of the rules of `_AT_NAME` it may be for.

    In front stands a character, a blank for any white space, "" for the text's beginning. One of the three characters
    from the third on stands behind the name, but behind a dotted one, which may be longer.
    """
    spots: list[_Spot] = []
    dotted = "·" in text
    for match in _spots().finditer(text):
        place = match.start()
        front = text[place - 1 : place]
        if front.isspace():
            front = " "
        rules = _AT_FRONT.get(front, _TWICE)
        if not dotted:
            tail = text[place + 2 : place + 5]
            held = _TWICE if text[place] in tail else 0
            if rules != _TWICE:
                if len(tail) < _TAIL:
                    held |= _SEGMENT
                if not _TAIL_CHARS.isdisjoint(tail):
                    for char in tail:
                        held |= _AT_TAIL.get(char, 0)
            rules &= held
        spots.append((front, place, rules))
    return spots


_BEFORE, _AFTER = (
    (
        "label",
        "entry",
        "twice",
        "polite",
        "alias",
        "dial",
        "pair",
        "company",
        "of",
        "title",
        "department",
        "post",
        "customer",
        "dotted",
        "rare",
    ),
    ("cue", "says", "latin alias", "latin", "foreign"),
)
_ALWAYS = _BEFORE + _AFTER
_WITH_CONTACT = (*_BEFORE, "called", "segment", "spaced", "beside", "card", *_AFTER)
_HONOURS = frozenset("总工董姐哥叔经监任管师计长记授士医律老先女小太大阿助秘")
# What a text must hold for a rule to find anything in it.
_NEEDS = {
    "label": frozenset("名字人方呼户者主员东客表长生核准证办治刀演剧编影文mMtT"),
    "polite": _HONOURS | frozenset("总板书敬谨拜"),
    "company": frozenset(COMPANY_BLANK),
    "of": frozenset("是"),
    "title": frozenset(TITLE_BLANK),
    "beside": frozenset(TITLE_BLANK),
    "department": frozenset("部科处间心小老"),
    "spaced": frozenset(" "),
    "called": frozenset(BLANK),
    "card": frozenset(string.ascii_uppercase),
    "latin": frozenset(string.ascii_uppercase),
    "latin alias": frozenset(string.ascii_uppercase),
    "foreign": frozenset(string.ascii_uppercase),
    "entry": frozenset(":,("),
    "post": frozenset("售购术务计人机服台事员单库板勤表"),
    "pair": frozenset("和跟与、"),
    "dial": frozenset("电手号微邮联打发回拨通"),
    "twice": _HONOURS,
    "says": frozenset("说示馈诉认求到复来要问介导演制席辞持选任职盟马聚"),
    "dotted": frozenset("·"),
    "rare": frozenset(RARE),
    "customer": frozenset("户"),
}
_BREAKS = frozenset(("", " ", *"▪◆▫,;、。|/()[]"))
# What must stand in front of some name (white space is one blank) for a rule to find any; what else will do instead.
_BEHIND = {
    "entry": _BREAKS.union("者人员"),
    "polite": _BREAKS.union(":!?跟和给找是请问让叫与对约由司方们的位"),
    "dial": _BREAKS.union(":!?的里给跟和与找向让帮替拨打"),
    "pair": _BREAKS,
    "company": frozenset("◆)(司的 /|,-▫"),
    "of": frozenset("的▫"),
    "department": frozenset("部门科处间心的"),
    "post": frozenset("后前售购术务计人机服台事员单库板勤表是为叫"),
    "called": _BREAKS,
    "cue": frozenset(
        " 给跟和与找系约了叫学事友公婆人蜜兄姐长卫机档电打拨呼问一下请让知告"
        "诉醒访绍接复是做为对烦经由替帮向查通@弟妹哥舅叔姑姨爸妈爷奶嫂子夫女婿到见遇陪成"
    ),
    "says": _BREAKS.union("!?由"),
    "segment": _BREAKS.union(":"),
}  # fmt: skip
_OR = {"segment": frozenset("·"), "entry": frozenset("·"), "department": frozenset("小老")}

_Set = frozenset[str]
# The rules as the bits of a number: the lower ones say that the text holds what a rule needs, the upper ones that what it
# needs stands in front of a name, or what will do instead stands somewhere.
_BIT = {rule: 1 << n for n, rule in enumerate(_WITH_CONTACT)}
_UP = len(_BIT)
_UNASKED = sum(bit for rule, bit in _BIT.items() if rule not in _NEEDS) | sum(
    bit << _UP for rule, bit in _BIT.items() if rule not in _BEHIND
)


def _bits(held: dict[str, _Set], by: int) -> dict[str, int]:
    """Character → the rules that it helps."""
    found: dict[str, int] = {}
    for rule, chars in held.items():
        for char in chars:
            found[char] = found.get(char, 0) | _BIT[rule] << by
    return found


_NEEDED, _INSTEAD, _IN_FRONT = _bits(_NEEDS, 0), _bits(_OR, _UP), _bits(_BEHIND, _UP)
_HELD = {char: _NEEDED.get(char, 0) | _INSTEAD.get(char, 0) for char in {*_NEEDED, *_INSTEAD}}
_HELD_CHARS = frozenset(_HELD)


def _rules(contact: bool, chars: _Set, spots: Sequence[_Spot]) -> tuple[str, ...]:
    """Those that may find something in a text of these characters and possible names."""
    bits, at = reduce(or_, map(_HELD.__getitem__, chars & _HELD_CHARS), _UNASKED), _ELSEWHERE
    for front, _, rules in spots:
        bits |= _IN_FRONT.get(front, 0)
        at |= rules
    if "·" in chars:
        at |= _SEGMENT  # of foreign names, which begin anywhere
    return _of_bits(contact, bits & bits >> _UP & at)


@lru_cache(maxsize=4_096)
def _of_bits(contact: bool, bits: int) -> tuple[str, ...]:
    """The rules whose bits are set, in their order."""
    return tuple(rule for rule in (_WITH_CONTACT if contact else _ALWAYS) if bits & _BIT[rule])


# These begin with the name, so they are tried where one may begin and nowhere else; and what may stand behind the name,
# which has two to four characters.
_WHITE = frozenset(char for char in map(chr, range(0x3001)) if char.isspace())
_AT_NAME: dict[str, _Set] = {
    "polite": frozenset("敬谨拜").union(word[0] for word in FULL_HONORIFIC.split("|")),
    "dial": frozenset("的电手号联微邮打发回拨通"),
    "called": frozenset(" ,/:" + BLANK),
    "twice": frozenset(),
    "pair": frozenset("和跟与、"),
    "says": frozenset("说表反告确要提回打来想需问介导执主监饰出致当就辞接离加落齐"),
    "segment": _WHITE.union("收,;、。|/()[]" + BLANK + COMPANY_BLANK + TITLE_BLANK),
}


_TWICE, _SEGMENT, _TAIL = _BIT["twice"], _BIT["segment"], 3
_ELSEWHERE = (1 << _UP) - 1 - sum(_BIT[rule] for rule in _AT_NAME)  # the rules that begin with something else
# What stands in front of a name, and what behind it → the rules that it may be for.
_AT_FRONT = {
    char: _TWICE | sum(_BIT[rule] for rule in _AT_NAME if char in _BEHIND.get(rule, ()))
    for char in frozenset[str]().union(*(_BEHIND.get(rule, frozenset[str]()) for rule in _AT_NAME))
}
_AT_TAIL = {
    char: sum(_BIT[rule] for rule, after in _AT_NAME.items() if char in after)
    for char in frozenset[str]().union(*_AT_NAME.values())
}
_TAIL_CHARS = frozenset(_AT_TAIL)


@cache
def _starts() -> dict[str, re.Pattern[str]]:
    """Where a match of a rule can begin, for the rules that are slow to look everywhere."""
    first, second = _letters()
    edge = rf"[\s,;、。|/()\[\]:{BLANK}{COMPANY_BLANK}{TITLE_BLANK}]"
    return {
        "alias": re.compile(
            rf"[{first}](?=[副总经主监老会师董院处科厂部局校店所行队站书教博太医律先女小大阿助秘工姐哥叔{second}])"
        ),
        "spaced alias": re.compile(rf"[{first}](?=[{second}]? )"),
        "cue": late(
            "[打发拨转寄交留给跟和与找联约呼致请问叫让通告提拜介对回我本名做是麻经由替帮向查接同朋老爱闺室师学门司搭看遇碰见偶采陪改换@弟妹哥姐舅叔姑姨爸妈爷奶嫂侄外女儿]"
        ),
        "label": re.compile(
            r"[客我您采紧对主姓名联收称负经申寄发项参与出陪询业签委报投接咨跟提送验学候应求面车房租法推介担见证监代复审制开付家患病核批导编作责摄撰fFnNcC]"
            r"(?=[户的购急方接要\s名字系络会席同件货呼责办营价主收托修诉待询进员选聘职试东客人定请目荐绍保证明护理核批单票款准长生者治刀演剧编影文rRaAoO])"
        ),
        "entry": re.compile(rf"[{first} ](?:(?<=^.)|(?<=[\n▫。者人员].)|(?<=[▫、] .))", re.M),
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
_MARKED = frozenset(("entry", "spaced"))


@cache
def _marks() -> dict[str, re.Pattern[str]]:
    """What must stand somewhere in a text for a rule to find anything, where looking for it is much quicker than the rule."""
    return {
        "entry": re.compile(
            rf"[:,(](?= ?(?:[男女中生出博硕研本大高毕现曾历先12{TITLE_BLANK}{BLANK}]|[一-龥]{{1,4}}族))"
        ),
        "spaced": re.compile(rf"[{_letters()[0]}](?= )"),
    }


def _matches(words: Plain, rule: str, spots: Sequence[_Spot]) -> Sequence[re.Match[str]]:
    if rule in _AT_NAME and not (rule == "segment" and "·" in words.chars):
        return _at_spots(rule, words.text, spots)
    if rule in _MARKED and (mark := _marks().get(rule)) is not None and mark.search(words.text) is None:
        return ()
    starts = _starts().get(f"{rule}·" if rule in _FOREIGN and "·" in words.chars else rule)
    if rule == "beside":
        return _at_lines(patterns()[rule], words.text)
    if starts is None:
        return list(patterns()[rule].finditer(words.text))
    if rule in _REACH:
        return _in_front(starts, patterns()[rule], words.text, rule, spots)
    return matches(starts, patterns()[rule], words.text)


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
    starts: re.Pattern[str], pattern: re.Pattern[str], text: str, rule: str, spots: Sequence[_Spot]
) -> list[re.Match[str]]:
    """The same as finditer, for a pattern that ends in a name behind one of `_BEHIND`."""
    found: list[re.Match[str]] = []
    behind, reach, at = _BEHIND[rule], _REACH[rule], 0
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


def _at_spots(rule: str, text: str, spots: Sequence[_Spot]) -> list[re.Match[str]]:
    """The same as finditer, for a pattern that begins with a name."""
    found: list[re.Match[str]] = []
    pattern, bit, done = patterns()[rule], _BIT[rule], 0
    for _, place, rules in spots:
        if rules & bit and place >= done and (match := pattern.match(text, place)) is not None:
            found.append(match)
            done = match.end()
    return found


def _by_rule(words: Plain, rule: str, matches: Iterable[re.Match[str]]) -> Iterator[Found]:
    for match in matches:
        group = "name" if match["name"] else "before"
        start, end = match.span(group)
        if (
            words.text[start] in TIES
            and end - start == 3
            and words.text[start + 1] in surnames().single
            and not _labelled(words.text, start, rule)
        ):
            start += 1  # 和陈明, 由李四: the first character ties it in
        if group == "name" and rule in _STRETCHED and _goes_on(words.text, start, end):
            end += 1  # 省委书记邢开来、
        name = words.text[start:end]
        if (
            name[0] in TIES
            and end - start == 3
            and rule in _LOOSE
            and words.text[start - 1 : start] not in _APART
        ):
            continue  # 今天和晓琳: who 晓琳 is, is not said
        if group == "before" and rule == "department":
            yield words.found("names", start, end, 0.8, "little")
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
        yield words.found("names", start, end, _SURE[rule], rule)


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
    r"(?:给|叫|做|名为|我是|本人|联系|约了?|同学|同事|朋友|老公|老婆|爱人|[弟妹哥姐舅叔姑姨爸妈爷奶嫂子夫女婿]|兄|学姐|学长|闺蜜|室友|门卫|司机|搭档|"
    r"致电|拨打?|通知|转告|告诉|提醒|拜访了?|对接|@|找)(?:一下|下)? ?$"
)


def _everyday(text: str, start: int, end: int) -> bool:
    """Is it a word (水沟), the end of one (由|于挂), or made of characters that no name holds (常入住)?"""
    name = text[start:end]
    weight = likely.weight(likely.given_of(name))
    if segment.is_word(name):
        return True
    if name[0] in WEAK and weight < 2:
        return True  # 有必, 都找, 由于挂
    return weight < -2 + (name[0] not in likely.COMMON) * 2


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
        case "entry":  # 白云霞：女
            return len(name) == 3 and name[2] != "好"
        case "called":  # 尚可欣 13981100234: the first two may be a word
            return len(name) == 3 and name not in not_names() and not name.endswith(_NOT_AT_END)
        case "beside":
            return (
                name[:2] not in not_names()
                and not name.endswith((*_NOT_AT_END, *"部科处组院厂司团校会局"))
                and not any(char in NEVER for char in name)
                and name not in places().cities
            )
    return False


def _free(name: str, match: re.Match[str]) -> bool:
    """After "姓名:" any two to four characters are a name, whatever their surname, but not a word we know."""
    return (
        (bool(match["colon"]) or match[0].startswith("姓名 "))
        and name not in not_names()
        and name[-2:] not in _KEYS
        and not any(char in NEVER for char in name[:1])
    )


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


def is_name(name: str, *, sure: bool = False, steady: bool = False) -> bool:
    """Does it look like a full Chinese name: a surname, one or two more characters, and no common word?

    `sure`: its place says that it is a person, so the given name may be a word (靳东海, 党国庆);
    `steady`: so surely that surname and middle character may be one (范文程).
    """
    if "·" in name:
        return True
    known, bare, size = surnames(), not_names(), len(name)
    if not 2 <= size <= 4 or name in bare or name in places().cities:
        return False
    if name[:2] in bare and not (
        steady and size == 3 and name[0] != "祝" and segment.cut(name)[0] != name[:2]
    ):
        return False  # 高级工; 范文程 is one name
    if name[:2] in known.compound:
        given = name[2:]
    elif name[0] in known.single:
        given = name[1:]
    else:
        return False
    if not 1 <= len(given) <= 2 or given in not_given() or given in _HONORIFICS:
        return False
    if given in bare and (not sure or name[0] in WEAK):
        return False
    last = name[-1]
    if size == 3 and (last in "科部处组办局厅摄" or (name[1] == "家" and last in _HAMLETS)):
        return False  # 麻醉科, 陆家嘴
    if not _NEVER_CHARS.isdisjoint(given):
        return False
    if (last == "为" and size == 2) or (last == "好" and size == 3):
        return False  # 对方为, 王工好
    if last == "士" and (size == 2 or given[-2:] in _PEOPLE_OF):
        return False  # 战士, 某某博士
    return not name.endswith(_NOT_AT_END) or (sure and last in "栋村")


_HAMLETS = frozenset("嘴汇渡浜桥宅湾岭沟店村庄集堡寨坪营屯口坝峪洼河畈铺巷弄坡塘")
_PEOPLE_OF = frozenset(
    ("女士", "男士", "博士", "硕士", "学士", "院士", "护士", "战士", "人士", "骑士", "巴士", "的士", "道士")
)
# Ends of places and things: 高新区, 温州路, 单价表.
_NOT_AT_END = (
    *"额区市省县镇村路街号楼栋室店站桥园量度率性费价期款型式类种级件品料书表图单版",
    "系统",
    "方案",
)
_HONORIFICS = frozenset((*re.sub(r"\(.*?\)", "", FULL_HONORIFIC).split("|"), "总工", "副总"))
_NEVER_CHARS = frozenset(NEVER)


_APART = frozenset(("", "\n", " ", ",", "。", ";", ":", "!", "?", "、", "(", ")", "[", "]", "/", "◆", "▫"))
_LOOSE = frozenset(("cue", "segment", "says", "dial", "pair"))
_ADDRESSED = re.compile(r"您好|你好|您|你|好|早|[,:!]|说|吗|在")


def aliases(words: Plain) -> Sequence[Found]:
    """王总, 李工, 欧阳经理: surname and honorific."""
    return () if _HONOURS.isdisjoint(words.chars) else tuple(_aliases(words))


def _aliases(words: Plain) -> Iterator[Found]:
    if " " in words.chars:
        for match in matches(_starts()["spaced alias"], patterns()["spaced alias"], words.text):
            if match["surname"] not in TIES:
                yield words.found(
                    "names", *match.span("name"), 0.85, "alias", match["surname"] + match["role"]
                )
    for match in matches(_starts()["alias"], patterns()["alias"], words.text):
        surname, alias = match["surname"], match[0]
        before = words.text[max(0, match.start() - 1) : match.start()]
        greeted = alias == "高工" and _ADDRESSED.match(words.text, match.end()) and before in _APART
        if (alias in not_names() or alias[:2] in not_names()) and not greeted:
            continue
        bounded = not before or BOUNDARY.search(before) is not None
        if surname in WEAK and not bounded and not _somebody(surname, match["role"], before):
            continue
        if before and before in "公代现理助副高中初级" and match["role"][0] in "总经主":
            continue  # 公司董总, 现任总
        if before and not bounded and surnames().single and _inside_name(words.text, match.start()):
            continue
        yield words.found("names", *match.span(), 0.95, "alias")


_PEOPLE = frozenset(
    ("先生", "女士", "小姐", "太太", "大爷", "大妈", "大叔", "大婶", "大娘", "阿姨", "师傅", "老师")
)
_WEAK_BUT_SAID = frozenset("谈车方万白高米路海文程官勾盘练权南商楼成明平元麻时满")


def _somebody(surname: str, role: str, before: str) -> bool:
    """业主谈先生, 问过车师傅: nobody says 先生 of anything but a person."""
    return role in _PEOPLE and surname in _WEAK_BUT_SAID and before in "主户过了见到友事长员者"


def _inside_name(text: str, start: int) -> bool:
    """Is the surname here the end of a word: 水平总, 海关总, 施工方高工, 基金经理?"""
    word = text[start - 1 : start + 1]
    return word in not_names() or segment.is_word(word)


_LITTLE = frozenset("小老阿")
_OFFICES = frozenset(
    (
        "门卫",
        "保安",
        "司机",
        "师傅",
        "电工",
        "保管",
        "仓管",
        "客户",
        "同事",
        "同学",
        "朋友",
        "老乡",
        "会计",
        "出纳",
        "文员",
        "前台",
        "助理",
        "秘书",
        "客服",
        "店长",
        "班长",
        "财务",
        "采购",
        "销售",
        "技术",
        "行政",
        "人事",
        "仓库",
        "质检",
        "售后",
        "业务",
        "生产",
        "工艺",
        "商务",
        "法务",
        "库管",
    )
)


def _little(words: Plain) -> Iterator[Found]:
    for match in (*patterns()["little"].finditer(words.text), *_on_edges(words.text)):
        before = words.text[max(0, match.start() - 1) : match.start()]
        office = words.text[max(0, match.start() - 2) : match.start()] in _OFFICES
        if match["name"] not in not_names() and (not before or office or BOUNDARY.search(before)):
            yield words.found("names", *match.span("name"), 0.8, "little")


_LITTLE_NAME = late(rf"(?P<name>[小老][{''.join(sorted(likely.COMMON))}])(?=[一-龥])")


def _on_edges(text: str) -> Iterator[re.Match[str]]:
    """老范统一收, 老何点着头: what stands behind is a word of its own."""
    edges: set[int] | None = None
    for match in _LITTLE_NAME.finditer(text):
        if edges is None:
            edges, _ = odds.cut(text)
        if match.end() in edges and match.start() in edges and not segment.is_word(match["name"]):
            yield match


_REACHED = frozenset(
    ("mob", "tel", "mobile", "phone", "cell", "fax", "mail", "email", "wechat", "whatsapp", "add", "addr")
)


@cache
def _follow() -> re.Pattern[str]:
    return re.compile(FOLLOW)


def _may_be_name(name: str) -> bool:
    return is_name(name, sure=True)


def surname_of(name: str) -> str:
    """王 of 王总 and of 王建国, "" when it begins with none."""
    known = surnames()
    name = name.lstrip("小老阿") if len(name) == 2 else name
    if name[:2] in known.compound:
        return name[:2]
    return name[:1] if name[:1] in known.single else ""


def joined(names: list[str]) -> list[str]:
    """The same people once: 王总 goes when 王建国 is there and no other 王."""
    full = [name for name in names if is_name(name)]
    kept = []
    for name in dict.fromkeys(names):
        of_it = [other for other in full if other != name and surname_of(other) == surname_of(name)]
        if not (name not in full and len(set(of_it)) == 1 and surname_of(name)):
            kept.append(name)
    return kept
