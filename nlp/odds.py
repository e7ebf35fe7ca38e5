"""How likely a surname and the one or two characters behind it are a person: weights that were learned, added up."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

from nlp import likely, segment
from nlp.lexicon import given, not_names, not_persons, odds, surnames

_HOPE = -65
"""With less before the cut is known a name is hardly worth looking on. What only the cut and the words behind it make up for is
as often no person, so it is asked for even where looking on costs nothing."""
LONGEST = 4_000  # characters of a text that are looked at
_BLANKS = "▪◆▫"


@dataclass(frozen=True, slots=True)
class Weighed:
    """[start, end) of a text, and ten times the logarithm of the odds that it is a person."""

    start: int
    end: int
    points: int


@dataclass(frozen=True, slots=True)
class _Weights:
    """What each sign adds, all that can be known of one character worked out beforehand."""

    surname: Mapping[str, int]
    doubles: frozenset[str]  # the first characters of surnames of two
    single: Mapping[str, int]
    first: Mapping[str, int]
    second: Mapping[str, int]
    no_first: int
    kind: Mapping[str, str]
    pair: Mapping[str, int]
    before: Mapping[str, int]
    before_two: Mapping[str, int]
    after: Mapping[str, int]
    after_two: Mapping[str, int]
    cut: Mapping[str, int]
    listed: Mapping[str, int]
    rare: int  # of a character that is in no list of given names, alone behind its surname
    elsewhere: int  # nothing in front that a name stands behind
    running_on: int  # no edge behind
    followed: int  # what often stands behind a name does
    best: Mapping[str, int]  # what a character behind the surname can add at most, alone or with another
    least: int  # and one that is not listed
    word_first: int  # surname and middle character are a word that is no name (江北辰)
    word: Mapping[str, int]  # the whole is a word, and none that is a person above all (see word_kind)
    near: int  # what that and the dictionary can add at most
    most: int  # and with the cut


@cache
def _weights(weak: frozenset[str]) -> _Weights:
    table, known = odds(), surnames()
    sort, base = table["surname kind"], table["all"][""]

    def of_surname(name: str) -> int:
        kind = "d" if len(name) == 2 else "c" if name in likely.COMMON else "w" if name in weak else "r"
        return base + sort.get(kind, 0) + table["surname"].get(name if len(name) == 1 else "S", 0)

    single, length, kinds = table["single"], table["length"], given()
    kind_of = table["single kind"]
    before, fronts = table["before"], table["before kind"]
    followed = table["follows"].get("1", 0)
    near = max(followed, 0) + max(table["listed"].values())
    edges = likely.EDGES | frozenset("^0a ")
    alone = {
        char: single.get(char, 0) + kind_of.get(str(kinds.get(char, -2)), 0) + length.get("1", 0)
        for char in (*single, *kinds)
    }
    rare = kind_of.get("-2", 0) + length.get("1", 0)
    second = max(table["second"].values())
    first = {char: points + length.get("2", 0) for char, points in table["first"].items()}
    paired = {
        kind: second
        + max([points for pair, points in table["pair kind"].items() if pair.startswith(kind)], default=0)
        for kind in ("2", "1", "0", "-2")
    }
    best = {
        char: max(
            alone.get(char, rare),
            first.get(char, length.get("2", 0)) + max(0, paired[str(kinds.get(char, -2))]),
        )
        for char in {*alone, *first}
    }
    return _Weights(
        surname={name: of_surname(name) for name in (*known.single, *known.compound)},
        doubles=frozenset(name[0] for name in known.compound),
        single=alone,
        first=first,
        no_first=length.get("2", 0),
        second=table["second"],
        kind={char: str(points) for char, points in kinds.items()},
        pair=table["pair kind"],
        before={
            char: before.get(char, 0)
            + fronts.get("e" if char in edges else "c" if char in likely.CUES else "o", 0)
            for char in (*before, *edges, *likely.CUES)
        },
        after={
            char: table["after"].get(char, 0) + table["after kind"].get("e" if char in edges else "o", 0)
            for char in (*table["after"], *edges)
        },
        before_two=_spaced(table["before two"]),
        after_two=_spaced(table["after two"]),
        cut=table["cut"],
        listed=table["listed"],
        rare=rare,
        best=best,
        least=max(rare, length.get("2", 0) + max(0, paired["-2"])),
        elsewhere=fronts.get("o", 0),
        running_on=table["after kind"].get("o", 0),
        followed=followed,
        word_first=table["word first"].get("1", 0),
        word=table["word"],
        near=near,
        most=near + max(table["cut"].values()),
    )


def _spaced(table: Mapping[str, int]) -> dict[str, int]:
    """The same with a blank, too, wherever it says _."""
    return {
        one + two: points
        for pair, points in table.items()
        for one in pair[0].replace("_", "_ ")
        for two in pair[1].replace("_", "_ ")
    }


def find(
    text: str,
    weak: frozenset[str],
    places: Sequence[int],
    is_name: Callable[[str], bool],
    follows: re.Pattern[str],
    least: int,
) -> Iterator[Weighed]:
    """Every stretch that reaches `least` points, the likeliest first. They may overlap.

    `weak`: surnames that are everyday words; `places`: where a name may begin; `is_name`: may these characters
    be one at all? `follows`: what often stands behind a name.
    """
    text = text[:LONGEST]
    table = _weights(weak)
    maybe: list[tuple[int, int, int, int]] = []
    surname, best, doubles = table.surname.get, table.best.get, table.doubles
    size = len(text)
    for here in places:
        if here >= size:
            break
        char = text[here]
        points = surname(char)
        if points is not None:
            points += _before(table, text, here)
            if best(text[here + 1 : here + 2], table.least) >= _HOPE - points:
                _weigh(table, text, here, here + 1, points, least, maybe)
        if char in doubles and (points := surname(text[here : here + 2])) is not None:
            points += _before(table, text, here)
            if best(text[here + 2 : here + 3], table.least) >= _HOPE - points:
                _weigh(table, text, here, here + 2, points, least, maybe)
    if not maybe:
        return
    pieces = Cut(text)
    found: list[Weighed] = []
    for here, middle, end, points in maybe:
        name = text[here:end]
        if not name.isalpha() or name.isascii() or not is_name(name):
            continue  # to cut a text takes longer
        edges, words = pieces.around(here, end)
        points += table.cut.get(_way(edges, here, middle, end), 0)
        if points + table.near >= least:
            if follows.match(text, end) is not None:
                points += table.followed
            if words.get(here) == end and segment.is_person(name):
                points += table.listed.get(str(end - middle), 0)
            if end - here == 3 and name[:2] in not_names():
                if words.get(here) == end:
                    continue  # 安全带: the dictionary takes it for a person
                points += table.word_first
            if points >= least:
                points += table.word.get(word_kind(name), 0)
            if points >= least:
                found.append(Weighed(here, end, points))
    found.sort(key=lambda one: (-one.points, one.start))
    yield from found


def word_kind(name: str) -> str:
    """2: a word that no person should be taken for lightly (成本, 平安), 1: any other (季风), or called a person by the
    dictionary though it is none (毛巾); "" else."""
    return "2" if name in not_names() else "1" if segment.is_word(name) or name in not_persons() else ""


def _before(table: _Weights, text: str, here: int) -> int:
    """What the two characters in front add."""
    front = text[here - 1 : here]
    points = table.before.get(front if "一" <= front <= "龥" else sign(front), table.elsewhere)
    return points + table.before_two.get(text[here - 2 : here], 0) if here > 1 else points


def _weigh(
    table: _Weights,
    text: str,
    here: int,
    middle: int,
    points: int,
    least: int,
    maybe: list[tuple[int, int, int, int]],
) -> None:
    """Add to `maybe` the names of this surname that may reach `least`: where they begin, their given names, and end."""
    first, second = text[middle : middle + 1], text[middle + 1 : middle + 2]
    kinds = table.kind.get(first, "-2") + table.kind.get(second, "-2")
    pair = table.first.get(first, table.no_first) + table.second.get(second, 0) + table.pair.get(kinds, 0)
    end = middle + 1
    for more in (table.single.get(first, table.rare), pair):
        total = points + more
        if total >= _HOPE and end <= len(text):
            total += _behind(table, text, end)
            if total >= _HOPE and total + table.most >= least:
                maybe.append((here, middle, end, total))
        end += 1


def _behind(table: _Weights, text: str, end: int) -> int:
    return table.after.get(sign(text[end : end + 1]), table.running_on) + (
        table.after_two.get(text[end : end + 2], 0) if len(text) >= end + 2 else 0
    )


def sign(char: str) -> str:
    """A neighbour as the table names it: any digit is 0, any other letter a, any blank _, none ^."""
    if "一" <= char <= "龥" or char in _BLANKS:
        return char or "^"
    if char.isdigit():
        return "0"
    return "a" if char.isalpha() else "_" if char.isspace() else char


# No word of the dictionary holds one of these, so what stands between two of them is cut alike by itself.
_BETWEEN_WORDS = frozenset("\n ,。;:!?、()[]/|“”▪◆▫")


class Cut:
    """How the dictionary cuts a text, looked up only where it is asked: from mark to mark. Ask from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._first, self._last = 0, -1  # what was cut last
        self.edges: set[int] = set()
        self.words: dict[int, int] = {}

    def around(self, start: int, end: int) -> tuple[Set[int], Mapping[int, int]]:
        """What `cut` says of the whole text, as far as [start, end] goes."""
        if not self._first <= start <= end <= self._last:
            text, first, last = self._text, start, end
            while first > 0 and text[first - 1] not in _BETWEEN_WORDS:
                first -= 1
            while last < len(text) and text[last] not in _BETWEEN_WORDS:
                last += 1
            self._first, self._last = first, last
            ends = list(accumulate(map(len, segment.pieces(text[first:last])), initial=first))
            self.edges.update(ends)
            self.words.update(pairwise(ends))
        return self.edges, self.words


def cut(text: str) -> tuple[Set[int], Mapping[int, int]]:
    """Where the dictionary's words begin and end: every edge, and the end of the word that begins at a place."""
    return Cut(text).around(0, len(text))


def _way(edges: Set[int], here: int, middle: int, end: int) -> str:
    """How the dictionary cuts the name: an edge or none in front of it, inside it from the given name on, and behind it."""
    signs = "".join(["|" if place in edges else "-" for place in (here, *range(middle, end + 1))])
    return f"{signs}{middle - here}"
