"""What a word is that the dictionary does not list (阿斌: a person), told by its characters (jieba's model, MIT)."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import inf
from pathlib import Path

FILE = Path(__file__).parent / "words" / "kinds.txt"
PLACES = "BMES"
"""A character begins a word, stands in it, ends it, or is one."""
FIRST_STATE = 0x100
"""The character that stands for the first state: a place in a word and a kind."""
_ENDS = "ES"


@dataclass(frozen=True, slots=True)
class _Model:
    states: Sequence[tuple[str, str]]  # place, kind
    first: Mapping[int, float]  # how likely a state begins a text
    follows: Sequence[Mapping[int, float]]  # by a state, how likely others come behind it
    rows: Sequence[int]  # by the code of a character: its number
    starts: "array[int]"  # by that: where its states begin
    of: "array[int]"
    seen: "array[float]"  # how likely the state shows that character


@cache
def _model() -> _Model:
    with FILE.open(encoding="utf-8", newline="\n") as file:
        lines = (line.rstrip("\n") for line in file)
        next(lines)
        states = [(one[0], one[1:]) for one in next(lines).split()]
        first = {
            int(state): float(points) for state, points in (one.split(":") for one in next(lines).split())
        }
        follows = [
            {int(state): float(points) for state, points in (one.split(":") for one in next(lines).split())}
            for _ in states
        ]
        rows, starts = array("H", bytes(2 * 0x10000)), array("I", [0, 0])
        for number, (char, size) in enumerate(
            zip(next(lines), map(int, next(lines).split()), strict=True), start=1
        ):
            rows[ord(char)] = number
            starts.append(starts[-1] + size)
        of = array("H", [ord(one) - FIRST_STATE for one in next(lines)])
        return _Model(states, first, follows, rows, starts, of, array("d", map(float, next(lines).split())))


@lru_cache(maxsize=2_048)
def guess(word: str) -> str:
    """The kind of the longest part that the model would cut from it, of two the last; x when it knows none."""
    model = _model()
    parts: list[tuple[int, str]] = []
    start = 0
    for at, state in enumerate(_way(model, word), start=1):
        place, kind = model.states[state]
        if place in _ENDS:
            parts.append((at - start, kind))
            start = at
    return max(reversed(parts), key=lambda part: part[0])[1] if parts else "x"


def _way(model: _Model, word: str) -> list[int]:
    """The likeliest states of the characters; none when there is no way."""
    points = {
        state: model.first[state] + seen for state, seen in _seen(model, word[0]) if state in model.first
    }
    ways: list[dict[int, int]] = []
    for char in word[1:]:
        before, points, last = [(old, was, model.follows[old]) for old, was in points.items()], {}, {}
        for state, seen in _seen(model, char):
            top = -inf
            for old, was, follows in before:
                if state in follows and (now := was + follows[state] + seen) > top:
                    top, last[state] = now, old
            if top > -inf:
                points[state] = top
        ways.append(last)
    ended = [(one, -state) for state, one in points.items() if model.states[state][0] in _ENDS]
    if not ended:
        return []
    path = [-max(ended)[1]]
    for last in reversed(ways):
        path.append(last[path[-1]])
    return path[::-1]


def _seen(model: _Model, char: str) -> Iterator[tuple[int, float]]:
    """The states in which a character is seen."""
    row = model.rows[ord(char)] if ord(char) < len(model.rows) else 0
    start, end = model.starts[row], model.starts[row + 1]
    return zip(model.of[start:end], model.seen[start:end], strict=True)
