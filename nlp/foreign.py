"""Foreign names as Chinese writes them by sound (克劳德, 萨内蒂尼): weights that were learned, added up."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache

from nlp import segment
from nlp.lexicon import abroad, foreign, surnames
from nlp.odds import LONGEST, Cut, Weighed, sign

_LONGEST_NAME = 12  # characters, dots counted
_SHORT, _LONG = 20, 11  # of sounds that a name of two characters, and a longer one, must have on average

_WHITE = {ord(char): "_" for char in " \n\t\r\x0b\x0c"}


@dataclass(frozen=True, slots=True)
class _Weights:
    """The points of each sign, of each character as a sound, and where a row of sounds stands."""

    signs: Mapping[str, int]
    sounds: Mapping[str, int]
    base: int
    most: int  # what the dictionary can add at most
    row: re.Pattern[str]


@cache
def _weights() -> _Weights:
    table = foreign()
    sounds = table["sound"]
    signs = {
        kind[0] + name: points
        for kind, names in table.items()
        if kind not in ("sound", "all")
        for name, points in names.items()
    }
    most = max([points for one, points in signs.items() if one[0] == "C"]) + max(
        [points for one, points in signs.items() if one[0] in "WK"]
    )
    return _Weights(signs, sounds, table["all"][""], most, row_of(sounds))


def row_of(sounds: Mapping[str, int]) -> re.Pattern[str]:
    """Two sounds and more in a row."""
    chars = "".join(sounds)
    return re.compile(rf"[{chars}][{chars}·]+")


def find(text: str, least: int) -> Sequence[Weighed]:
    """Every row of sounds that reaches `least` points; they may overlap. Points: ten times the logarithm of the odds."""
    table = _weights()
    text = text[:LONGEST]
    if table.row.search(text) is None:
        return ()  # most often
    of, enough = table.signs.get, least - table.most
    maybe = [
        (start, end, points)
        for start, end in spans_of(text, table.sounds, table.row)
        if (points := table.base + sum([of(one, 0) for one in near(text, start, end, table.sounds)]))
        >= enough
    ]
    if not maybe:
        return ()
    pieces = Cut(text)
    found: list[Weighed] = []
    for start, end, points in maybe:
        points += sum([of(one, 0) for one in listed(text, start, end, *pieces.around(start, end))])
        if points >= least:
            found.append(Weighed(start, end, points))
    return found


def spans_of(text: str, sounds: Mapping[str, int], row: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where a name of sounds may stand at all."""
    for match in row.finditer(text):
        first, last = match.span()
        points = [sounds.get(char, 0) for char in match[0]]
        for start in range(first, last - 1):
            if "·" in text[max(0, start - 1) : start + 1]:
                continue
            total = points[start - first]
            for end in range(start + 2, min(last, start + _LONGEST_NAME) + 1):
                total += points[end - 1 - first]
                length = end - start
                if (
                    "·" not in text[end - 1 : end + 1]
                    and total >= (_SHORT if length == 2 else _LONG) * length
                ):
                    yield start, end


def near(text: str, start: int, end: int, sounds: Mapping[str, int]) -> Sequence[str]:
    """What [start, end) of a text and its neighbours say, each as a letter of the kind and the value."""
    name = text[start:end]
    points = [sounds[char] for char in name if char != "·"]
    before, after = text[start - 1 : start], text[end : end + 1]
    length = len(points)
    found = [
        f"L{min(length, 8)}",
        f"a{sum(points) // length // 4}",
        f"m{min(points) // 5}",
        f"P{sign(before)}",
        f"N{sign(after)}",
        f"l{_neighbour(before, sounds)}",
        f"r{_neighbour(after, sounds)}",
        "M" + text[end : end + 2].translate(_WHITE),
    ]
    if start >= 2:
        found.append("Q" + text[start - 2 : start].translate(_WHITE))
    if "·" in name:
        found.append("D1")
    elif length <= 3 and name[0] in surnames().single:
        found.append(f"S{length}")
    return found


def listed(text: str, start: int, end: int, edges: Set[int], words: Mapping[int, int]) -> Sequence[str]:
    """What the dictionary says of it. `edges`, `words`: how it cuts the text."""
    edge = f"C{start in edges:d}{end in edges:d}"
    if words.get(start) == end:
        return edge, f"W{_tag(text[start:end])}{min(end - start, 4)}"
    length, at = max(
        [(words[at] - at, at) for at in range(start, end) if at in words and words[at] <= end], default=(0, 0)
    )
    return (edge, f"K{length}{_tag(text[at : at + length])}") if length > 1 else (edge,)


def _tag(word: str) -> str:
    """What the dictionary says of it; it takes many a land for a person."""
    return "place" if word in abroad() else segment.flag(word)


def _neighbour(char: str, sounds: Mapping[str, int]) -> str:
    """How much a neighbour could belong to the name."""
    if not char:
        return "^"
    if char == "·":
        return "·"
    points = sounds.get(char)
    return "-" if points is None else str(points // 10)
