"""Companies that are known by name: the customers we have, the short forms an installation added, well-known firms."""

import re
from collections.abc import Iterator
from functools import lru_cache

import ahocorasick_rs

from nlp.cores import core
from nlp.edges import BRANCH
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import known_companies
from nlp.plain import Plain, plain

_Names = tuple[ahocorasick_rs.AhoCorasick, tuple[str, ...], tuple[str, ...]]
_last: list[tuple[tuple[str, ...], tuple[tuple[str, str], ...], _Names]] = []


def _names(known: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> _Names:
    """The automaton of these very tuples; ten thousand customers are not compared name by name with every text."""
    for names, short, built in _last:
        if names is known and short is aliases:
            return built
    built = _built(known, aliases)
    _last[:] = [(known, aliases, built), *_last[:7]]
    return built


@lru_cache(maxsize=32)
def _built(known: tuple[str, ...], aliases: tuple[tuple[str, str], ...]) -> _Names:
    """The automaton over full and short names; what it finds stands for the full name."""
    short: dict[str, str] = {name: name for name in known_companies()}
    for name in known:
        for form in (name, core(name)):
            if len(form) >= 2:
                short.setdefault(form, name)
    short.update((plain(alias).text, name) for alias, name in aliases)
    forms = tuple(short)
    return (
        ahocorasick_rs.AhoCorasick(forms, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest),
        forms,
        tuple(short.values()),
    )


def find(words: Plain, known: tuple[str, ...], aliases: tuple[tuple[str, str], ...] = ()) -> Iterator[Found]:
    automaton, forms, names = _names(known, aliases)
    hits = automaton.find_matches_as_indexes(words.text)
    named = {alias for alias, _ in aliases} if hits else set()
    for index, start, end in hits:
        form = forms[index]
        around = words.text[start - 1 : start] + words.text[end : end + 1]
        if form.isascii() and _LATIN.search(around):
            continue
        branch = BRANCH.match(words.text, end) if form.endswith("行") else None
        if branch is not None:
            yield words.found("companies", start, branch.end(), 0.85, "known")  # 工行深圳市分行
            continue
        if len(form) == 2 and form not in named and not _named(words.text, start, end):
            continue  # 长虹, 小米, 美的 are also words
        yield words.found(
            "companies",
            start,
            end,
            0.9 if form in named else 0.75,
            "known",
            names[index] if names[index] != form else "",
        )


_LATIN = re.compile(r"[A-Za-z0-9]")
_ITS = re.compile(r"的[一-龥]{0,2}[总工]|的?(?:采购|项目|客户|经理|工程师|订单)|那边|公司|集团")
_OF_IT = re.compile(r"(?:[我他她]是|来自|就职|客户|跟|给|、|拜访)$")
_ENDED = late(r"的|$|[,、。;]|采购|订")


# 金蝶的实施顾问, 用友的渠道经理.
_STAFF = re.compile(r"的[一-龥]{0,4}(?:顾问|经理|总监|主管|专员)")


def _named(text: str, start: int, end: int) -> bool:
    """Does the text treat a two-character word as a company: 华为的李工, 华为那边, 我是华为的?"""
    before, after = text[max(0, start - 3) : start], text[end : end + 3]
    if _ITS.match(after) or _STAFF.match(text, end):
        return True
    return _OF_IT.search(before) is not None and _ENDED.match(after) is not None
