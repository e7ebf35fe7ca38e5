"""Words that the dictionary does not list: what it leaves as single characters, joined by the likeliest row of states, each
character being the beginning, the middle or the end of a word or a word by itself (jieba's model, MIT)."""

import re
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "words" / "unknown.txt"
STATES = "BEMS"
NEVER = -3.14e100
_FIRST = {"B": -0.26268660809250016, "E": NEVER, "M": NEVER, "S": -1.4652633398537678}
_B_E, _B_M, _E_B, _E_S = -0.51082562376599, -0.916290731874155, -0.5897149736854513, -0.8085250474669937
_M_E, _M_M, _S_B, _S_S = -0.33344856811948514, -1.2603623820268226, -0.7211965654669841, -0.6658631448798212
"""How likely a state is followed by another."""
_CHINESE = re.compile(r"([\u4E00-\u9FD5]+)")
_OTHER = re.compile(r"([a-zA-Z0-9]+(?:[-._][a-zA-Z0-9]+)*%?)")


@cache
def _model() -> tuple[Sequence[int], "array[float]"]:
    """By the code of a character where its points begin: how likely it is in each state."""
    with FILE.open(encoding="utf-8", newline="\n") as file:
        _, chars, *states = (line.rstrip("\n") for line in file)
    seen = array("d", [NEVER] * len(STATES))
    for each in zip(*(row.split() for row in states), strict=True):
        seen.extend(NEVER if one == "-" else float(one) for one in each)
    rows = array("I", bytes(4 * 0x10000))
    for number, char in enumerate(chars, start=1):
        rows[ord(char)] = number * len(STATES)
    return rows, seen


def words(text: str) -> Iterator[str]:
    """The words of a row of characters, in order; joined they are the row."""
    for number, block in enumerate(_CHINESE.split(text)):
        if number % 2:
            yield from _joined(block)
        else:
            yield from filter(None, _OTHER.split(block))


def _joined(block: str) -> Iterator[str]:
    start = 0
    for at, state in enumerate(_way(block), start=1):
        if state in "ES":
            yield block[start:at]
            start = at
    if start < len(block):
        yield block[start:]


def _way(block: str) -> str:
    """The likeliest states; of two alike the later one in the alphabet."""
    begin, end, middle, single = (
        _FIRST[state] + seen for state, seen in zip(STATES, _seen(block[0]), strict=True)
    )
    ways: list[tuple[str, str, str, str]] = []
    for char in block[1:]:
        b, e, m, s = _seen(char)
        end_begin, single_begin = end + _E_B + b, single + _S_B + b
        begin_end, middle_end = begin + _B_E + e, middle + _M_E + e
        begin_middle, middle_middle = begin + _B_M + m, middle + _M_M + m
        end_single, single_single = end + _E_S + s, single + _S_S + s
        ways.append((
            "E" if end_begin > single_begin else "S",
            "B" if begin_end > middle_end else "M",
            "B" if begin_middle > middle_middle else "M",
            "E" if end_single > single_single else "S",
        ))  # fmt: skip
        begin, end = max(end_begin, single_begin), max(begin_end, middle_end)
        middle, single = max(begin_middle, middle_middle), max(end_single, single_single)
    path = ["E" if end > single else "S"]
    for before in reversed(ways):
        path.append(before[STATES.index(path[-1])])
    return "".join(reversed(path))


def _seen(char: str) -> Sequence[float]:
    rows, seen = _model()
    row = rows[ord(char)]
    return seen[row : row + len(STATES)]
