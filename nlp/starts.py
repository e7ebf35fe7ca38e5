"""Searching only where a match can begin: a set of characters is looked for in C, an expression in every place is not."""

import re
from collections.abc import Iterator


def matches(
    starts: re.Pattern[str], pattern: re.Pattern[str], text: str, at: int = 0
) -> Iterator[re.Match[str]]:
    """The same as pattern.finditer(text, at), for a pattern that matches nowhere but where `starts` does.

    `starts` should begin with a set of characters, so that it is skipped to; `pattern` must not match the empty string.
    """
    search, match = starts.search, pattern.match
    start = search(text, at)
    while start is not None:
        at = start.start()
        found = match(text, at)
        if found is None:
            at += 1
        else:
            yield found
            at = found.end()
        start = search(text, at)
