"""E-mail addresses."""

import re

from nlp.evidence import Found
from nlp.plain import Plain, plain
from nlp.starts import matches

_LOOSE = re.compile(r"(?<![\w.+%\-])[\w.+%\-]{1,64}@[\w.\-]{1,253}", re.ASCII)
_STARTS = re.compile(r"[\w.+%\-](?<![\w.+%\-].)", re.ASCII)
_STRICT = re.compile(
    r"[A-Z0-9_][\w+%\-]*(?:\.[\w+%\-]+)*@(?:[A-Z0-9](?:[A-Z0-9\-]*[A-Z0-9])?\.)+[A-Z]{2,24}", re.ASCII | re.I
)


def find(text: str | Plain) -> tuple[Found, ...]:
    """Every valid address. A malformed one (a..b@, an underscore in the host) is no address: a mail would not arrive."""
    words = plain(text) if isinstance(text, str) else text
    if "@" not in words.text:
        return ()
    found = []
    for match in matches(_STARTS, _LOOSE, words.text):
        candidate = match[0].rstrip(".-_")
        if _STRICT.fullmatch(candidate):
            end = match.start() + len(candidate)
            found.append(words.found("emails", match.start(), end, 0.99, "email", candidate))
    return tuple(found)
