"""Searching only where a match can begin: a set of characters is looked for in C, an expression in every place is not."""

import re
import sys
from collections.abc import Sequence


def matches(
    starts: re.Pattern[str], pattern: re.Pattern[str], text: str, at: int = 0, end: int = sys.maxsize
) -> Sequence[re.Match[str]]:
    """The same as pattern.finditer(text, at, end), for a pattern that matches nowhere but where `starts` does.

    `starts` should begin with a set of characters, so that it is skipped to; `pattern` must not match the empty string.
    """
    start = starts.search(text, at, end)
    if start is None:
        return ()  # by far the most often, so no generator is made for it
    search, match = starts.search, pattern.match
    hits: list[re.Match[str]] = []
    while start is not None:
        at = start.start()
        found = match(text, at, end)
        if found is None:
            start = search(text, at + 1, end)
        else:
            hits.append(found)
            start = search(text, found.end(), end)
    return hits
