"""The words of the Chinese language with how common they are and what they are, and the likeliest way to cut a text into them.

The table is jieba's dictionary (MIT) and people under their surname (张总), sorted, in columns: one for each of the first
characters. Where a word's next character stands among those that begin alike is a search in C, and all of it takes 5 MB,
where a table of words takes 33 to 90. `make bench BENCH=bench/dictionary.py` writes it.
"""

import math
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

NOTHING = " "
"""In a column: the word has ended."""
DEEP = 4
"""Characters of a word that have a column; what a few have behind them stands apart."""
FIRST_WEIGHT, FIRST_KIND = 0x100, ord("A")
"""The characters that stand for the first frequency and the first kind."""
LAST = 0xFFFF
"""The last code of a character that is in a table; it is none."""
NEVER = -1e300
FILE = Path(__file__).parent / "words" / "dictionary.txt"

# What may stand in a word. Whatever else there is stands by itself.
_TOGETHER = re.compile(
    r"([㐀-䶿一-鿿豈-﫿\U00020000-\U0002A6DF\U0002A700-\U0002B73F\U0002B740-\U0002B81F\U0002B820-\U0002CEAF"
    r"\U0002CEB0-\U0002EBEF\U0002F800-\U0002FA1Fa-zA-Z0-9+#&._%\-]+)"
)
_BY_ITSELF = re.compile(r"\r\n|.", re.DOTALL)


class Dictionary:
    """Read once, then only asked, so that any thread may use it."""

    def __init__(self, table: Iterable[str]) -> None:
        """`table`: the lines of nlp/words/dictionary.txt, as bench/dictionary.py writes them."""
        lines = (line.rstrip("\n") for line in table)
        next(lines)
        self._starts = _starts(next(lines), map(int, next(lines).split()))
        columns = [next(lines) for _ in range(1, DEEP)]
        self._weights = array("H", next(lines).encode("utf-16-le"))
        often = [0] * FIRST_WEIGHT + [int(one) for one in next(lines).split()]
        total = math.log(sum(map(often.__getitem__, self._weights)))
        self._alone = -total  # a character that is no word counts as one that was seen once
        self._points = [math.log(one) - total if one else 0.0 for one in often]
        self._sorts, self._kinds = next(lines), next(lines).split()
        self._rest: Mapping[int, str] = {int(row): more for row, more in map(str.split, lines)}
        self._singles = self._of_one(columns[0])
        self._columns: Sequence[tuple[str, str]] = [*pairwise([*columns, ""])]

    def _of_one(self, column: str) -> Sequence[float]:
        """By the code of a character, what it counts as a word; NEVER where others begin with it but it is none."""
        points = array("d", [self._alone]) * (LAST + 1)
        for code, (low, high) in enumerate(pairwise(self._starts)):
            if low < high:
                points[code] = self._points[self._weights[low]] if column[low] == NOTHING else NEVER
        return points

    def __contains__(self, word: str) -> bool:
        return self._row(word) >= 0

    def kind(self, word: str) -> str:
        """The part of speech of a word (nr a person, ns a place); "" when it is not listed."""
        row = self._row(word)
        return self._kinds[ord(self._sorts[row]) - FIRST_KIND] if row >= 0 else ""

    def _row(self, word: str) -> int:
        code = ord(word[0])
        low, high = (self._starts[code], self._starts[code + 1]) if code <= LAST else (0, 0)
        for (column, _), char in zip(self._columns, word[1:], strict=False):
            if (low := column.find(char, low, high)) < 0:
                return -1
            high = column.rfind(char, low, high) + 1
        if low < high and len(word) < DEEP:
            return low if self._columns[len(word) - 1][0][low] == NOTHING else -1
        return next((row for row in range(low, high) if self._rest.get(row, "") == word[DEEP:]), -1)

    def ends(self, block: str) -> list[int]:
        """For each place, where the word that begins there ends on the likeliest way from it; of two alike the longer."""
        if ord(max(block)) > LAST:
            block = "".join([char if ord(char) <= LAST else chr(LAST) for char in block])
        starts, columns, weights, known, singles = (
            self._starts, self._columns, self._weights, self._points, self._singles
        )  # fmt: skip
        size = len(block)
        best, ends = [0.0] * (size + 1), [0] * size
        for here in range(size - 1, -1, -1):
            code, to = ord(block[here]), here + 1
            top, low, high, end = singles[code] + best[to], starts[code], starts[code + 1], to
            for column, deeper in columns:
                if end == size:
                    break
                char = block[end]
                low = column.find(char, low, high)
                if low < 0:
                    break
                high = column.rfind(char, low, high) + 1
                end += 1
                if not deeper:
                    top, to = self._long(block, end, low, high, best, (top, to))
                elif deeper[low] == NOTHING:
                    points = known[weights[low]] + best[end]
                    if points >= top:
                        top, to = points, end
            if top <= NEVER:
                top = self._alone + best[to]
            best[here], ends[here] = top, to
        return ends

    def _long(
        self, block: str, end: int, low: int, high: int, best: Sequence[float], likeliest: tuple[float, int]
    ) -> tuple[float, int]:
        """The likeliest way with the words whose first characters, up to `end`, have a column."""
        for row in range(low, high):
            more = self._rest.get(row, "")
            if block.startswith(more, end):
                to = end + len(more)
                likeliest = max(likeliest, (self._points[self._weights[row]] + best[to], to))
        return likeliest


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text, in order, and whether words may stand in it; what stands by itself is one of them."""
    for number, block in enumerate(_TOGETHER.split(text)):
        if number % 2:
            yield block, True
        elif block:
            yield from ((one, False) for one in _BY_ITSELF.findall(block))


def _starts(firsts: str, sizes: Iterator[int]) -> "array[int]":
    """By the code of a character: the first row of the words that begin with it; those before it end there."""
    starts, row = array("I"), 0
    for char, size in zip(firsts, sizes, strict=True):
        starts.extend([row] * (ord(char) + 1 - len(starts)))
        row += size
    starts.extend([row] * (LAST + 2 - len(starts)))
    return starts


@cache
def dictionary() -> Dictionary:
    """The one that comes with the bot."""
    with FILE.open(encoding="utf-8", newline="\n") as table:
        return Dictionary(table)
