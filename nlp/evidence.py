"""What was found, where in the text, how sure we are and by which rule."""

from dataclasses import dataclass


@dataclass(slots=True, unsafe_hash=True)
class Found:
    """One hit. `start` and `end` are character offsets in the original text; -1 when it came from a correction.

    `value` is the tidy form ("13800138000"), `text` the words as they were written ("138 0013 8000").
    Never changed once made; some are made for every text, and a frozen dataclass takes three times as long to make.
    """

    field: str
    value: str
    text: str
    start: int
    end: int
    confidence: float
    rule: str


class Taken:
    """Which characters of a text already belong to a hit; asking stays cheap in a text full of hits."""

    def __init__(self, length: int) -> None:
        self._marks = bytearray(length)

    def is_free(self, start: int, end: int) -> bool:
        """Does no hit stand on [start, end)?"""
        return self._marks.find(1, start, end) < 0

    def take(self, start: int, end: int) -> bool:
        """Take [start, end) if it is free; False when some of it was taken before."""
        marks = self._marks
        if marks.find(1, start, end) >= 0:
            return False
        marks[start:end] = b"\x01" * (min(end, len(marks)) - start)
        return True
