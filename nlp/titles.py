"""Job titles: department words and a role."""

import re
from functools import cache

import ahocorasick_rs

from nlp.evidence import Found
from nlp.lexicon import titles
from nlp.plain import Plain, plain

LONGEST = 16  # characters of department words before a role

_LABEL = re.compile(r"(?:职位|职务|岗位|头衔|title|position)\s?[:=]?\s?$", re.I)
_NAME_BESIDE_BEFORE = re.compile(r"(?:^|[\n\s/|,、:(任兼▪◆])$")
_NAME_BESIDE_AFTER = re.compile(r"(?:$|[\n\s/|,、)。;])")


@cache
def roles() -> tuple[ahocorasick_rs.AhoCorasick, tuple[str, ...]]:
    """The automaton over the roles."""
    names = titles().role
    return ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest), names


@cache
def _departments() -> re.Pattern[str]:
    """Any number of department words that reach to the end."""
    words = "|".join(sorted(map(re.escape, titles().before), key=len, reverse=True))
    return re.compile(rf"(?:(?:{words})[/&兼 ]?)+$")


def find(text: str | Plain) -> tuple[Found, ...]:
    """Every title. A bare 经理 or 老师 counts only at a label or by itself on its line."""
    words = plain(text) if isinstance(text, str) else text
    automaton, names = roles()
    found: list[Found] = []
    done = 0
    for index, first, last in automaton.find_matches_as_indexes(words.text):
        role, start, end = names[index], first, last
        if start < done or _is_longer_word(words.text, role, start, end):
            continue
        departments = _departments().search(words.text, max(done, start - LONGEST), start)
        if departments is not None:
            start = departments.start()
        elif role in titles().weak and not _stands_alone(words.text, start, end):
            continue
        helper = next((word for word in titles().after if words.text.startswith(word, end)), "")
        end = done = end + len(helper)
        labelled = _LABEL.search(words.text, max(0, start - 6), start) is not None
        confidence, rule = (0.95, "label") if labelled else (0.85, "role")
        found.append(words.found("titles", start, end, confidence, rule))
    return tuple(found)


def _is_longer_word(text: str, role: str, start: int, end: int) -> bool:
    """BD inside a part number, 代表 inside 代表性."""
    if role.isascii():
        return re.search(r"[A-Za-z]", text[max(0, start - 1) : start] + text[end : end + 1]) is not None
    return text.startswith("性", end)


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = _NAME_BESIDE_BEFORE.search(text, max(0, start - 1), start)
    return before is not None and _NAME_BESIDE_AFTER.match(text, end) is not None
