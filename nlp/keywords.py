"""What the text asks for: the lexicon of needs, and quantities."""

import re
from dataclasses import dataclass
from functools import cache

import ahocorasick_rs

from nlp.evidence import Found
from nlp.lexicon import Need, needs
from nlp.plain import Plain, plain


@dataclass(frozen=True, slots=True)
class Hit:
    """A need of the lexicon and where it was said; `denied` when the text says it is not wanted."""

    need: Need
    start: int
    end: int
    denied: bool


@cache
def _automaton() -> tuple[ahocorasick_rs.AhoCorasick, tuple[Need, ...]]:
    pairs = [(word, need) for need in needs().needs for word in need.words]
    words = [word for word, _ in pairs]
    automaton = ahocorasick_rs.AhoCorasick(words, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    return automaton, tuple(need for _, need in pairs)


def hits(text: str) -> tuple[Hit, ...]:
    """All needs named in normalised text."""
    automaton, owners = _automaton()
    found = []
    for index, start, end in automaton.find_matches_as_indexes(text):
        found.append(Hit(owners[index], start, end, _denied(text, start)))
    return tuple(found)


@cache
def _denial() -> re.Pattern[str]:
    words = "|".join(sorted(needs().deny, key=len, reverse=True))
    return re.compile(rf"(?:{words})[^,。;!?\n]{{0,3}}$")


def _denied(text: str, start: int) -> bool:
    return _denial().search(text, max(0, start - 7), start) is not None


_UNITS = "台套件个只批吨箱公斤米根条张片把支卷桶瓶盒双组辆"
_QUANTITY = re.compile(
    rf"(?<![\d.:年月第])(?P<n>\d{{1,7}}|[一二三四五六七八九十两百千]{{1,4}}) ?(?P<u>公斤|[{_UNITS}])"
    rf"(?!月|人|小时|工作|星期|礼拜|半|方案|问题|字)"
)


def quantities(words: Plain) -> tuple[Found, ...]:
    """How many are wanted: 300件, 两台."""
    found = []
    for match in _QUANTITY.finditer(words.text):
        if match["u"] in "个张把条只批" and not match["n"].isdigit():
            continue  # 一个, 两张: a manner of speaking
        found.append(words.found("quantities", *match.span(), 0.85, "quantity", f"{match['n']}{match['u']}"))
    return tuple(found)


def find(text: str | Plain) -> tuple[Found, ...]:
    """Keywords in the order they come up, each once, quantities among them."""
    words = plain(text) if isinstance(text, str) else text
    found = [
        words.found("keywords", hit.start, hit.end, 0.9, "lexicon", hit.need.keyword)
        for hit in hits(words.text)
        if not hit.denied
    ]
    found += [
        Found("keywords", q.value, q.text, q.start, q.end, q.confidence, q.rule) for q in quantities(words)
    ]
    once: dict[str, Found] = {}
    for hit in sorted(found, key=lambda hit: hit.start):
        once.setdefault(hit.value, hit)
    return tuple(once.values())


def kind(found: tuple[Hit, ...]) -> str:
    """需求类型: the kind most spoken of, "" when none is (B09)."""
    votes: dict[str, float] = {}
    for hit in found:
        if hit.need.kind and not hit.denied:
            votes[hit.need.kind] = votes.get(hit.need.kind, 0.0) + hit.need.weight
    return max(votes, key=lambda name: votes[name], default="")
