"""Which characters a text holds, as the bits of one number: they are gone through once, then every rule asks for its bit.

A set of characters that a rule cannot do without gets its bit when the module of the rule is imported.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

_BITS: dict[str, int] = {}  # character → the bits of the sets that it is in
_known: set[str] = set()
_given = [0]  # how many bits


def sign(chars: Iterable[str]) -> int:
    """The bit that is set in the signs of a text where one of these characters stands."""
    return 1 << table(dict.fromkeys(chars, 1), 1)


def table(bits: Mapping[str, int], width: int) -> int:
    """How far the signs of a text are to be shifted for the bits, `width` of them, that its characters have in this table."""
    begin = _given[0]
    _given[0] += width
    for char, its in bits.items():
        _BITS[char] = _BITS.get(char, 0) | its << begin
    _known.update(bits)
    return begin


def of(text: str) -> int:
    """The signs of a text."""
    return reduce(or_, map(_BITS.__getitem__, _known.intersection(text)), 0)


def of_one(char: str) -> int:
    """The same of one character."""
    return _BITS.get(char, 0)
