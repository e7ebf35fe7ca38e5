"""统一社会信用代码: eighteen characters that name one legal entity, the last of them a check. (GB 32100-2015; C.7 duplicates)"""

import re
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of a code: no I, O, S, V, Z."""
LENGTH = 18
_WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
_IN_TEXT = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z](?:[ \-]?[0-9A-Za-z]){17}(?![0-9A-Za-z])")


def tidy(written: str) -> str:
    """The code without blanks and dashes, in capitals and half-width: "９１３５ 0100m…" → "91350100M…"."""
    return re.sub(r"[\s\-‐-―_.·]", "", unicodedata.normalize("NFKC", written)).upper()


def valid(code: str) -> bool:
    """Whether a tidy code is one: its length, its characters, its check character."""
    if len(code) != LENGTH or any(char not in ALPHABET for char in code):
        return False
    total = sum(ALPHABET.index(char) * weight for char, weight in zip(code, _WEIGHTS, strict=False))
    return ALPHABET[-total % 31] == code[-1]


def read(written: str) -> str:
    """The tidy code that was written; "" when it is none."""
    code = tidy(written)
    return code if valid(code) else ""


def find(text: str) -> str:
    """The first code in a text, "" when there is none. What is no valid code is something else: an order number."""
    plain = unicodedata.normalize("NFKC", text)
    return next((code for one in _IN_TEXT.finditer(plain) if (code := read(one[0]))), "")
