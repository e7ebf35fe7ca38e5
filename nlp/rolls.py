"""Rolls of names: sign-in lists, groups, rooms. Where most entries are persons, the others are, too, though they are words; where
most are things, what is a word is one, too, though it looks like a name (胡萝卜、白菜、黄瓜)."""

import re
from collections.abc import Iterator, Sequence

from nlp import odds, segment
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import not_names, surnames
from nlp.plain import Plain

_LABEL = late(r"[^:\n]{1,12}:")
_NOTE = late(r"\([^()]{0,20}\)")
_ENTRY = late(r"(?:^|(?<=[\s、,;/|:▪.)]))[一-龥]{2,4}(?=$|[\s、,;/|▪])")
_WORDS = late(r"[一-龥]{2,}")
_FEWEST = 3

Entries = list[tuple[int, int]]


def find(words: Plain, hits: Sequence[Found]) -> Iterator[Found]:
    """The entries of each roll that are no hit yet, and begin with a surname."""
    known = {words.here(hit.start, hit.end) for hit in hits}
    if len(known) < 2:
        return
    for roll in _rolls(words.text):
        persons = sum(entry in known for entry in roll)
        if len(roll) < _FEWEST or persons < 2 or persons * 2 < len(roll):
            continue
        for start, end in roll:
            name = words.text[start:end]
            new = (start, end) not in known and end - start < 4 and name[0] in surnames().single
            if new and name not in _KEYS and (name not in not_names() or persons * 3 >= len(roll) * 2):
                yield words.found("names", start, end, 0.65, "roll")


_LIST = late(r"[一-龥]+(?:、[一-龥]+)+")


def things(words: Plain, hits: Sequence[Found]) -> set[Found]:
    """Those of the hits that are words in a list of things."""
    dropped: set[Found] = set()
    if not hits or "、" not in words.text:
        return dropped
    at = {words.here(hit.start, hit.end): hit for hit in hits if hit.rule in _WEAK_RULES}
    for match in _LIST.finditer(words.text):
        inside = [(place, hit) for place, hit in at.items() if match.start() <= place[0] < match.end()]
        worded = [hit for (start, end), hit in inside if odds.word_kind(words.text[start:end])]
        if worded and len(worded) + _words(match, [place for place, _ in inside]) > len(inside):
            dropped.update(worded)
    return dropped


_WEAK_RULES = frozenset(("likely", "pair", "listed", "sounds"))


def _words(match: re.Match[str], persons: Sequence[tuple[int, int]]) -> int:
    """How many entries are words of the dictionary, or end (the first) or begin (the last) with one, and are no hit."""
    count, start = 0, match.start()
    entries = match[0].split("、")
    for number, entry in enumerate(entries):
        end = start + len(entry)
        if not any(start < upto and begin < end for begin, upto in persons):
            pieces = segment.pieces(entry)
            word = pieces[-1] if number == 0 else pieces[0]
            whole = number in (0, len(entries) - 1) or len(pieces) == 1
            count += whole and len(word) > 1 and segment.is_word(word)
        start = end + 1
    return count


def _rolls(text: str) -> Iterator[Entries]:
    """The entries of each row of lines that hold nothing but entries."""
    roll: Entries = []
    at = 0
    for line in text.split("\n"):
        entries = _entries(line, at)
        if entries is None:
            yield roll
            roll = []
        else:
            roll += entries
        at += len(line) + 1
    yield roll


def _entries(line: str, at: int) -> Entries | None:
    """Those of a line, None when it holds more than entries."""
    label = _LABEL.match(line)
    begins = label.end() if label is not None else 0
    rest = " " * begins + _NOTE.sub(lambda note: " " * len(note[0]), line[begins:])
    entries = [match.span() for match in _ENTRY.finditer(rest)]
    if not entries or len(entries) < sum(1 for _ in _WORDS.finditer(rest)):
        return None
    return [(at + start, at + end) for start, end in entries]


_KEYS = frozenset(
    (
        "手机",
        "电话",
        "合计",
        "总计",
        "备注",
        "单位",
        "时间",
        "房间",
        "共计",
        "时段",
        "白班",
        "和室",
        "方案",
        "成功",
        "通过",
    )
)
