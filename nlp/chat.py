"""Who said what: a pasted or forwarded chat log cut into turns."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from nlp.headers import CLOCK_LINE, DAY_LINE, best
from nlp.notices import NOTICE
from nlp.odd_headers import records
from nlp.plain import Plain, plain
from nlp.speakers import Header, Lines
from nlp.stamps import moments


@dataclass(slots=True, unsafe_hash=True)  # see Found
class Turn:
    """One message. `at` is the naive wall clock of its stamp, None when that cannot be told.

    `start`/`end`: offsets of its text in the original, `head` where its name and stamp begin. `mark` is what stood
    behind the name: 微信, a company, a department.
    """

    speaker: str
    text: str
    at: datetime | None
    start: int
    end: int
    mark: str = ""
    head: int = 0


def split(text: str | Plain, now: datetime | None = None) -> tuple[Turn, ...]:
    """The messages of a chat log, () when the text is none.

    Every line is held against all header styles; the style that wins in the whole paste cuts it, lines in any other
    style are text. `now` dates the stamps without a year, and those with an hour only; without it they stay None.
    """
    words = plain(text) if isinstance(text, str) else text
    if "\n" not in words.text or ":" not in words.text:
        return ()
    lines = list(_lines(words.text))
    found = best(lines) or records(words.text)
    return tuple(_turns(words, lines, found, now)) if found else ()


def headers(turns: tuple[Turn, ...]) -> list[tuple[int, int]]:
    """The stretches of the original between the turns' texts: names and stamps, not to be read as content."""
    spans, done = [], turns[0].head if turns else 0  # what stands before the first header is kept
    for turn in turns:
        spans.append((done, turn.start))
        done = turn.end
    return [(start, end) for start, end in spans if end > start]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _turns(words: Plain, lines: Lines, found: list[Header], now: datetime | None) -> Iterator[Turn]:
    days = _dividers(lines, found)
    dividers = sorted(days)
    found, dated = _in_order(found, _dates(found, days, dividers, now), now)
    quoted = all(_quoted(header.name) for header in found)
    led = quoted or all(len(header.name) > 1 and header.name[0] == "@" for header in found)
    for n, header in enumerate(found):
        last = found[n + 1].line if n + 1 < len(found) else len(lines)
        inside = dividers[bisect_left(dividers, header.line) : bisect_left(dividers, last)]
        last = next((line for line in inside if _ends_there(line, header, last, lines)), last)
        end = lines[last][0] if last < len(lines) else len(words.text)
        start, end = _without_notices(words.text, *_trim(words.text, header.body, end))
        if end > start:
            first, upto = words.place(start, end)
        else:  # nothing was said; behind the last header there may not even be a line
            before = min(start, len(words.text))
            first = upto = words.place(before - 1, before)[1] if before else 0
        speaker = words.words(header.at_name + led, header.at_name + len(header.name) - quoted)
        head = words.place(header.start, header.start + 1)[0]
        yield Turn(speaker, words.source[first:upto], dated[n], first, upto, header.mark, head)


def _quoted(name: str) -> bool:
    """Does the name stand in quotation marks? Then they are the program's, when all names do."""
    return len(name) > 2 and name[0] + name[-1] in ('""', "“”", "''", "‘’", "「」")


def _dividers(lines: Lines, found: list[Header]) -> dict[int, str]:
    """The number and the words of each line that holds a day and nothing else; an hour, too, where no header has any."""
    numbers = {header.line for header in found}
    pattern = DAY_LINE if found[0].stamp else CLOCK_LINE
    days = {}
    for n, (_, line) in enumerate(lines):
        match = pattern.match(line) or DAY_LINE.match(line) if n not in numbers and len(line) < 60 else None
        if match is not None:
            days[n] = match["day"]
    return days


def _ends_there(line: int, header: Header, last: int, lines: Lines) -> bool:
    """A day by itself between two messages is a divider, not the end of the first one's text."""
    if any(text.strip() for _, text in lines[line + 1 : last]):
        return False
    if line == header.line + 1 and header.body == lines[line][0]:
        return False  # all that was said
    match = DAY_LINE.match(lines[line][1])
    marked = match is None or "---" in match[0] or match["weekday"] is not None
    apart = not lines[line - 1][1].strip() and line + 1 < last
    return marked or apart or line + 1 == last


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    end = max(start, min(end, len(text)))
    start = min(start, end)
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), max(
        start + len(part) - len(part.lstrip()), start + len(part.rstrip())
    )


def _without_notices(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without such lines at its end."""
    while end > start:
        last = text.rfind("\n", start, end) + 1
        if last <= start or NOTICE.match(text, last, end) is None:
            break
        start, end = _trim(text, start, last)
    return start, end


def _dates(
    found: list[Header], days: dict[int, str], dividers: list[int], now: datetime | None
) -> list[datetime | None]:
    """When each was sent: its own stamp, the divider above it, or the day of `now`."""
    above = [bisect_left(dividers, header.line) for header in found]
    words = [days[dividers[n - 1]] if n else None for n in above]
    stamps = [header.stamp or (day or "") for header, day in zip(found, words, strict=True)]
    return moments(stamps, [day if one.stamp else None for one, day in zip(found, words, strict=True)], now)


def _in_order(
    found: list[Header], dated: list[datetime | None], now: datetime | None
) -> tuple[list[Header], list[datetime | None]]:
    """Without the lines that only look like a header, as their time is not between those of their neighbours:
    a message of its own may say 会议改到 2026-11-25 14:00. Who speaks elsewhere, too, is believed."""
    if len(found) < 3 or None in dated:
        return found, dated
    names = Counter(header.name for header in found)
    kept = [n for n in range(len(found)) if names[found[n].name] > 1 or not _astray(n, dated, now)]
    return [found[n] for n in kept], [dated[n] for n in kept]


def _astray(n: int, dated: list[datetime | None], now: datetime | None) -> bool:
    at = dated[n]
    before = dated[n - 1] if n else None
    after = dated[n + 1] if n + 1 < len(dated) else None
    if at is None or (before is not None and after is not None and before > after):
        return False
    late = now is not None and at > now + timedelta(days=1)
    return late or (after is not None and at > after) or (before is not None and at < before)
