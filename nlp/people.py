"""People's names: by label, cue, card line, honorific (王总), and with least trust by what was learned."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from operator import attrgetter

from nlp import (
    asked,
    elements,
    english_names,
    likely,
    model,
    name_rules,
    nicknames,
    officers,
    rolls,
    running,
    segment,
    spoken_names,
)
from nlp.evidence import Found, Taken
from nlp.lexicon import not_names
from nlp.name_doubts import APART, by_rule, thing
from nlp.name_patterns import BOUNDARY, FOLLOW, TIES, WEAK, patterns
from nlp.name_rules import HONOURS, Spot, name_spots, unsure
from nlp.name_shape import is_name, may_be_name
from nlp.name_starts import finders, starts_of
from nlp.plain import Plain, plain
from nlp.signs import sign
from nlp.starts import matches


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
    spots = name_spots(words.text)
    candidates = _candidates(words, contact, aliases(words) if called is None else called, spots)
    if names:
        candidates = [*_known(words, names), *candidates]
    hits = [hit for hit in candidates if hit.value not in not_names and taken.take(hit.start, hit.end)]
    # Cards and forms are read by the rules; running text may hold one more.
    open_places = _open(words, taken, spots) if hits else [place for _, place, _ in spots]
    hits += [
        hit
        for hit in running.find(words, WEAK, TIES, open_places, may_be_name, _follow())
        if hit.value not in not_names and taken.take(hit.start, hit.end)
    ]
    tagger = model.used()
    if tagger is not None:
        asked_of = asked.Model(words, tagger)
        hits = [hit for hit in hits if not asked_of.denies(hit)]
        told = asked_of.find(taken, unsure(), is_name, running.stands_free)
        hits += [hit for hit in told if hit.value not in not_names and taken.take(hit.start, hit.end)]
    if "(" in words.text:
        hits += [hit for hit in _in_brackets(words, hits) if taken.take(hit.start, hit.end)]
    if "、" in words.text:
        hits += [hit for hit in _listed(words, hits) if taken.take(hit.start, hit.end)]
        goods = rolls.things(words, hits)
        hits = [hit for hit in hits if hit not in goods] if goods else hits
    if "1" in words.text:
        hits += [hit for hit in spoken_names.numbered(words) if taken.take(hit.start, hit.end)]
    if len(hits) > 1:
        hits += [hit for hit in rolls.find(words, hits) if taken.take(hit.start, hit.end)]
        hits.sort(key=attrgetter("start"))
    return tuple(hits)


def _open(words: Plain, taken: Taken, spots: Sequence[Spot]) -> list[int]:
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
            name = match["name"]
            if not name.isascii() and (thing(name) or not is_name(name, sure=True, steady=True)):
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


def _candidates(words: Plain, contact: bool, called: Sequence[Found], spots: Sequence[Spot]) -> list[Found]:
    """All hits, the most trusted rule first: a later one that overlaps is dropped."""
    found: list[Found] = []
    text = words.text
    for rule, matches_in in finders(name_rules.of_text(contact, words.signs, spots), "·" in text):
        if matches_in is None:
            found += called
        elif rule != "beside" or "\n" in text:  # a line above or below
            matches = matches_in(text, spots)
            if matches:
                found += by_rule(words, rule, matches)
    found += elements.find(words)
    found += spoken_names.find(words)
    if words.signs & english_names.LETTERS:
        found += english_names.find(words)
    found += nicknames.find(words)
    return found


_GREETED = re.compile(r"您|你|好|早|[,:!]|$")
_ADDRESSED = re.compile(r"您好|你好|您|你|好|早|[,:!]|说|吗|在")


def aliases(words: Plain) -> Sequence[Found]:
    """王总, 李工, 欧阳经理, 张局: surname and honorific or office."""
    offices = officers.find(words)
    return (*offices, *_aliases(words)) if words.signs & _HONOURS else tuple(offices)


def _aliases(words: Plain) -> Iterator[Found]:
    if " " in words.text:
        for match in matches(starts_of()["spaced alias"], patterns()["spaced alias"], words.text):
            if match["surname"] not in TIES:
                yield words.found(
                    "names", *match.span("name"), 0.85, "alias", match["surname"] + match["role"]
                )
    for match in matches(starts_of()["alias"], patterns()["alias"], words.text):
        surname, alias = match["surname"], match[0]
        before = words.text[max(0, match.start() - 1) : match.start()]
        greeted = alias == "高工" and _ADDRESSED.match(words.text, match.end()) and before in APART
        if (alias in not_names() or alias[:2] in not_names()) and not greeted:
            continue
        if surname == "方" and before and before in "户对双甲乙" and len(match["role"]) > 1:
            continue  # 客户方总监
        bounded = not before or BOUNDARY.search(before) is not None or _spoken_of(words.text, match)
        if (
            surname in WEAK
            and not bounded
            and not _somebody(surname, match["role"], before)
            and words.text[max(0, match.start() - 2) : match.start()] not in spoken_names.OFFICES
            and not (surname in _WEAK_BUT_SAID and _behind_word(words.text, match.start(), match.end()))
        ):
            continue
        if (
            surname in TIES
            and before
            and (surname != "于" or segment.is_word(before + surname))
            and len(match["role"]) > 1
            and not _GREETED.match(words.text, match.end())
        ):
            continue  # 坏了，和经理说一声
        if before and before in "公代现理助副高中初级" and match["role"][0] in "总经主":
            continue  # 公司董总, 现任总
        if (
            before
            and not bounded
            and (_inside_name(words.text, match.start()) or _ends_name(words.text, match.start(), surname))
        ):
            continue
        yield words.found("names", *match.span(), 0.95, "alias")


_WELL_KNOWN = frozenset("总工姐哥董")  # a person behind any surname, where somebody is spoken of


def _spoken_of(text: str, match: re.Match[str]) -> bool:
    """辛苦高经理, 设备科于主任: is somebody spoken of there, or the office named that they are of?"""
    start = match.start()
    if len(match["role"]) == 1 and match["role"] not in _WELL_KNOWN:
        return False
    if nicknames.spoken_of(text, start, alone=False):
        return True
    return text[start - 1 : start] in _OFFICE and not segment.is_word(text[start - 1 : start + 1])


_OFFICE = frozenset("科部处室组")


_PEOPLE = frozenset(
    ("先生", "女士", "小姐", "太太", "大爷", "大妈", "大叔", "大婶", "大娘", "阿姨", "师傅", "老师")
)
_WEAK_BUT_SAID = frozenset("谈车方万白高米路海文程官勾盘练权南商楼成明平元麻时满")


def _somebody(surname: str, role: str, before: str) -> bool:
    """业主谈先生, 问过车师傅: nobody says 先生 of anything but a person."""
    return role in _PEOPLE and surname in _WEAK_BUT_SAID and before in "主户过了见到友事长员者"


def _behind_word(text: str, start: int, end: int) -> bool:
    """方案|米经理: does the dictionary cut a whole word off in front of it?"""
    at = 0
    for piece in segment.pieces(text[max(0, start - _WORD) : end]):
        at += len(piece)
        if at == min(start, _WORD):
            return len(piece) >= 2
    return False


_WORD = 6  # characters in front of it that decide how it is cut


def _inside_name(text: str, start: int) -> bool:
    """Is the surname here the end of a word: 水平总, 海关总, 施工方高工, 基金经理?"""
    word = text[start - 1 : start + 1]
    return word in not_names() or segment.is_word(word)


def _ends_name(text: str, start: int, surname: str) -> bool:
    """感谢吴海燕老师: is the surname here the end of a name, a commoner surname in front of it?"""
    if surname in likely.COMMON or len(surname) > 1:
        return False
    whole, short = text[max(0, start - 2) : start + 1], text[start - 1 : start + 1]
    return (whole[0] in likely.COMMON and likely.weight(whole[1:]) > _TYPICAL) or (
        short[0] in likely.COMMON and likely.weight(surname) == _TYPICAL
    )


_TYPICAL = 2  # what a character has that given names are made of

_HONOURS = sign(HONOURS)


@cache
def _follow() -> re.Pattern[str]:
    return re.compile(FOLLOW)
