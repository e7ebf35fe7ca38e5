"""Rolls of names: sign-in lists, groups, rooms. Where most entries are persons, the others are, too, though they are words."""

from collections.abc import Iterator, Sequence

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
