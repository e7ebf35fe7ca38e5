"""E-mail addresses."""

import re

from nlp.evidence import Found
from nlp.late import late
from nlp.plain import Plain, plain
from nlp.signs import sign
from nlp.starts import matches

_LOOSE = re.compile(r"(?<![\w.+%\-])[\w.+%\-]{1,64}@[\w.\-]{1,253}", re.ASCII)
_STARTS = re.compile(r"[\w.+%\-](?<![\w.+%\-].)(?=[\w.+%\-]{0,63}@)", re.ASCII)
_STRICT = re.compile(
    r"[A-Z0-9_][\w+%\-]*(?:\.[\w+%\-]+)*@(?:[A-Z0-9](?:[A-Z0-9\-]*[A-Z0-9])?\.)+[A-Z]{2,24}", re.ASCII | re.I
)


# Written so that no machine reads it, or with a blank behind the sign: li(at)163.com, li艾特163点com, li@ 163.com.
_HIDDEN = late(
    r"(?<![\w.+%\-])(?P<who>\w[\w.+\-]{1,63})(?: ?[(\[{]at[)\]}] ?|艾特|@ (?=\S))"
    r"(?P<host>[a-z0-9\-]{1,63}(?:(?:\.| ?[(\[{]dot[)\]}] ?|点)[a-z0-9\-]{2,24}){1,3})(?![\w\-])",
    re.ASCII | re.I,
)
_DOT = late(r" ?[(\[{]dot[)\]}] ?|点", re.I)
_SIGNS = ("(at)", "[at]", "{at}", "(AT)", "[AT]", "艾特", "@ ")
_MARKS = sign("@特)]}")  # one of them stands in every address


def _hidden(words: Plain) -> list[Found]:
    found = []
    for match in _HIDDEN.finditer(words.text):
        candidate = f"{match['who']}@{_DOT.sub('.', match['host'])}"
        if _STRICT.fullmatch(candidate):
            found.append(words.found("emails", match.start(), match.end(), 0.8, "hidden", candidate))
    return found


def find(text: str | Plain) -> tuple[Found, ...]:
    """Every valid address. A malformed one (a..b@, an underscore in the host) is no address: a mail would not arrive."""
    words = plain(text) if isinstance(text, str) else text
    if not words.signs & _MARKS:
        return ()
    hidden = _hidden(words) if any(map(words.text.__contains__, _SIGNS)) else []
    if "@" not in words.text:
        return tuple(hidden)
    found = []
    for match in matches(_STARTS, _LOOSE, words.text):
        candidate = match[0].rstrip(".-_")
        if _STRICT.fullmatch(candidate):
            end = match.start() + len(candidate)
            found.append(words.found("emails", match.start(), end, 0.99, "email", candidate))
    return tuple(found + hidden)
