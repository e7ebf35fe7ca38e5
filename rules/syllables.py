"""How each Chinese character sounds, without tones, from syllables.txt: 0.5 MB where the library's own tables are 16."""

from array import array
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("syllables.txt")


@cache
def _lines() -> list[tuple[str, str, str]]:
    """(syllable, the characters that are read so first, those that may be read so as well)."""
    lines = (line for line in _FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
    parts = (line.partition(" ") for line in lines)
    return [(syllable, *chars.split("/")) for syllable, _, chars in parts]  # type: ignore[misc]


@cache
def _table() -> tuple[tuple[str, ...], "array[int]"]:
    """The syllables, and for each code point the number of its first one; 0 is "", no sound. Read once, in 10 ms."""
    lines = _lines()
    last = max(ord(max(first)) for _, first, _ in lines if first)
    numbers = array("H", bytes(2 * (last + 1)))
    for number, (_, first, _) in enumerate(lines, start=1):
        for char in first:
            numbers[ord(char)] = number
    return ("", *(syllable for syllable, _, _ in lines)), numbers


def sound(char: str) -> str:
    """How this character is usually read: 长 is chang; "" for what is no Chinese character, foreign words among them."""
    syllables, numbers = _table()
    code = ord(char) if len(char) == 1 else 0
    return syllables[numbers[code]] if code < len(numbers) else ""


@cache
def sounds(char: str) -> tuple[str, ...]:
    """All ways to read this character: 长 is chang and zhang; () for what is no Chinese character."""
    return tuple(syllable for syllable, first, also in _lines() if char in first or char in also)
