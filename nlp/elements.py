"""Names of Mongols, Tibetans, Uyghurs and others, put together from the words such names are made of (乌云其其格, 扎西多吉)."""

from collections.abc import Iterable, Iterator
from functools import cache

import ahocorasick_rs

from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import words
from nlp.plain import BLANK, Plain

_LEFT = late(
    rf"(?:^|[\s,。;:!?、()\[\]|/\"“'@~\-▫◆{BLANK}]|[跟和给找是请问让叫与对约由向的得们人边里位系话])$"
)
_RIGHT = late(
    rf"\s{{0,2}}{BLANK}{{7}}|\s?▫|[,:]?(?:女士|先生|大姐|大哥|老师|师傅|经理|主任|书记|医生|阿姨|大叔|小姐|总(?![部体共]))|说|您好|你好|家的|打电话|发消息"
)
_SHORT = 2  # characters: a word of so many by itself is as often something else (达瓦, 白音)


@cache
def _automaton() -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(words("elements"), matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)


def find(text: Plain) -> Iterable[Found]:
    """Two or three such words in a row anywhere; one alone where a person stands: before a number, a title, an honorific."""
    words = _automaton().find_matches_as_indexes(text.text)
    return _names(text, words) if words else ()


def _names(text: Plain, words: list[tuple[int, int, int]]) -> Iterator[Found]:
    """What these words, each with its beginning and end, make up."""
    runs: list[tuple[int, int, int]] = []
    for _, start, end in words:
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end, runs[-1][2] + 1)
        else:
            runs.append((start, end, 1))
    for start, end, count in runs:
        if 2 <= count <= 3 or (
            count == 1
            and _RIGHT.match(text.text, end) is not None
            and (end - start > _SHORT or text.text[end : end + 1] not in "▫")
            and _LEFT.search(text.text, max(0, start - 1), start) is not None
        ):
            yield text.found("names", start, end, 0.85, "elements")
