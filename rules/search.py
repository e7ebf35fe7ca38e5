"""What a search by words may find: what its reader can read. Else it tells, sign by sign, what a mask hides."""

import unicodedata
from collections.abc import Sequence

from rules.text import NUMERALS, half_width, mask_contacts_in

MANY = 2000
"""So many records that hold the words are looked at one by one; whoever finds more wrote too little."""


def prying(words: str) -> bool:
    """Whether a search could ask for a piece of a number or of an address: digits of any script, spoken ones too, and
    Latin letters."""
    return any(
        (char.isascii() and not char.isspace()) or unicodedata.digit(char, -1) >= 0 or ord(char) in NUMERALS
        for char in words
    )


def legible(words: str, texts: Sequence[str | None]) -> bool:
    """Whether the words stand in one of the texts as others read them, numbers and addresses masked."""
    wanted = half_width(words).casefold()
    return any(wanted in mask_contacts_in(text).casefold() for text in texts if text)
