"""What the text asks for: the lexicon of needs, and quantities."""

import re
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

import ahocorasick_rs

from nlp.evidence import Found
from nlp.lexicon import Need
from nlp.plain import Plain, plain
from nlp.signs import sign
from nlp.starts import matches
from nlp.vocabulary import Vocabulary, built_in


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Hit:
    """A need of the lexicon and where it was said; `denied` when the text says it is not wanted."""

    need: Need
    start: int
    end: int
    denied: bool


@lru_cache(maxsize=16)
def _automaton(words: Vocabulary) -> tuple[ahocorasick_rs.AhoCorasick, tuple[tuple[Need, bool], ...]]:
    """The automaton over all words, and for each whose it is and whether it denies it."""
    pairs = [(word, need, False) for need in words.needs for word in need.words]
    pairs += [(word, need, True) for need in words.needs for word in need.deny]
    automaton = ahocorasick_rs.AhoCorasick(
        [plain(word).text for word, _, _ in pairs], matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
    )
    return automaton, tuple((need, denies) for _, need, denies in pairs)


def hits(text: str, vocabulary: Vocabulary | None = None) -> tuple[Hit, ...]:
    """All needs named in normalised text; `vocabulary` is the built-in one unless given."""
    words = vocabulary or built_in()
    automaton, owners = _automaton(words)
    named = automaton.find_matches_as_indexes(text)
    if not named:
        return ()
    found = []
    for index, start, end in named:
        need, denies = owners[index]
        found.append(Hit(need, start, end, denies or _denied(text, start, words.deny)))
    return tuple(found)


@lru_cache(maxsize=16)
def _denial(deny: tuple[str, ...]) -> tuple[re.Pattern[str], int, frozenset[str]]:
    words = "|".join(re.escape(word) for word in sorted(deny, key=len, reverse=True))
    pattern = re.compile(rf"(?:{words})[^,。;!?\n]{{0,3}}$")
    return pattern, max(map(len, deny), default=0) + 3, frozenset(word[:1] for word in deny)


def _denied(text: str, start: int, deny: tuple[str, ...]) -> bool:
    pattern, longest, first = _denial(deny)
    begin = max(0, start - longest)
    return not first.isdisjoint(text[begin:start]) and pattern.search(text, begin, start) is not None


_UNITS = "台套件个只批吨箱公斤米根条张片把支卷桶瓶盒双组辆"
_QUANTITY = re.compile(
    rf"(?<![\d.:年月第])(?P<n>\d{{1,7}}|[一二三四五六七八九十两百千]{{1,4}}) ?(?P<u>公斤|[{_UNITS}])"
    rf"(?!\d|[总工姐哥]|点|月|人|小时|工作|星期|礼拜|半|方案|问题|字)"
)

_NUMBER = re.compile(
    rf"[\d一二三四五六七八九十两百千](?<![.:年月第].)(?=[\d一二三四五六七八九十两百千]{{0,6}} ?[{_UNITS}])"
)
_UNIT_CHARS = sign(_UNITS)


def quantities(words: Plain) -> tuple[Found, ...]:
    """How many are wanted: 300件, 两台."""
    found: list[Found] = []
    for match in matches(_NUMBER, _QUANTITY, words.text):
        if match["u"] in "个张把条只批" and not match["n"].isdigit():
            continue  # 一个, 两张: a manner of speaking
        found.append(words.found("quantities", *match.span(), 0.85, "quantity", f"{match['n']}{match['u']}"))
    return tuple(found)


def find(
    text: str | Plain, vocabulary: Vocabulary | None = None, known: tuple[Hit, ...] | None = None
) -> tuple[Found, ...]:
    """Keywords in the order they come up, each once, quantities among them; `known`: the hits, where they are at hand."""
    words = plain(text) if isinstance(text, str) else text
    needs = hits(words.text, vocabulary) if known is None else known
    counted = quantities(words) if words.signs & _UNIT_CHARS else ()
    if not needs and not counted:
        return ()
    found = [
        words.found("keywords", hit.start, hit.end, 0.9, "lexicon", hit.need.keyword)
        for hit in needs
        if not hit.denied
    ]
    found += [Found("keywords", q.value, q.text, q.start, q.end, q.confidence, q.rule) for q in counted]
    if len(found) < 2:
        return tuple(found)
    once: dict[str, Found] = {}
    for hit in sorted(found, key=attrgetter("start")):
        once.setdefault(hit.value, hit)
    return tuple(once.values())


def kind(found: tuple[Hit, ...]) -> str:
    """需求类型: the kind most spoken of, "" when none is (B09)."""
    votes: dict[str, float] = {}
    for hit in found:
        if hit.need.kind and not hit.denied:
            votes[hit.need.kind] = votes.get(hit.need.kind, 0.0) + hit.need.weight
    return max(votes, key=lambda name: votes[name], default="")
