"""How much a stretch of running text looks like a Chinese name: its characters, its place among the words, its neighbours."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from nlp import segment
from nlp.lexicon import given, surnames
from nlp.plain import BLANK

_LONGEST = 4_000  # characters of a text that are looked at
_EDGES = frozenset(f" ,。;:!?、()[]|/\"“”'‘’@~-《》>\n{BLANK}◆▫")
_CUES = frozenset("跟和与给找请问叫让对约由向是及同记者员长")  # who is spoken of stands behind these
COMMON = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范"
    "汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶黎贺毛郝顾龚邵覃武钱戴严莫孔常汤康易乔赖文施洪辛"
)
_NEVER = -2  # a character that given names hardly hold

# The score from which a stretch is a name, by how the dictionary cuts it. Measured on news and on shop reviews: from
# here on nine of ten are right.
_ENOUGH = {"one": 4, "two": 5, "word": 5, "whole": 5, "pair": 5, "across": 7}
_BESIDE = 2  # points at most for what stands in front and behind
_LEAST = min(_ENOUGH.values()) - 1  # with a cue in front


@dataclass(frozen=True, slots=True)
class Likely:
    """[start, end) of the text, how the dictionary cuts it, and its score."""

    start: int
    end: int
    cut: str
    score: int
    cued: bool

    @property
    def enough(self) -> bool:
        """Is it a name by itself, without any cue?"""
        return self.score >= _ENOUGH[self.cut] - self.cued


def weight(letters: str) -> int:
    """2 for each character that given names are made of, 1 for an everyday one, 0 for a rare one, -2 for any other."""
    known = given()
    if len(letters) == 1:
        return known.get(letters, _NEVER)
    return sum([known.get(char, _NEVER) for char in letters])


def given_of(name: str) -> str:
    """建国 of 王建国."""
    return name[2:] if name[:2] in surnames().compound else name[1:]


@cache
def _first() -> frozenset[str]:
    known = surnames()
    return known.single | {name[0] for name in known.compound}


@cache
def promising() -> re.Pattern[str]:
    """A surname with a character behind it, or behind the next, that says so: without one nothing scores enough."""
    known = surnames()
    first = "".join(sorted(_first()))
    telling = "".join(sorted(char for char, points in given().items() if points == _TELLING))
    double = "".join(sorted({name[1] for name in known.compound}))
    return re.compile(rf"[{first}](?=[{telling}]|[一-龥][{telling}]|[{double}][一-龥])")


_TELLING = 2


def find(
    text: str, weak: frozenset[str], follows: re.Pattern[str], is_name: Callable[[str], bool]
) -> Iterator[Likely]:
    """Every stretch that may be a name, the best one for each surname, in the order of the text.

    `weak`: surnames that are everyday words; `follows`: what often stands behind a name; `is_name`: may these
    characters be one at all?
    """
    text = text[:_LONGEST]
    pieces, known, first, start = segment.pieces(text), surnames(), _first(), 0
    for n, piece in enumerate(pieces):
        here, start = start, start + len(piece)
        if piece[0] not in first or len(piece) > 3:
            continue
        best: Likely | None = None
        for cut, surname, rest in _splits(pieces, n, known.single, known.compound):
            upto = here + len(surname) + len(rest)
            points = weight(rest) if cut != "whole" else max(weight(rest), -2)
            if points < -2 or (points < 0 and cut != "whole"):
                continue
            points += (
                (surname in COMMON) - (surname in weak) + 2 * (len(surname) - 1) - (cut in ("one", "word"))
            )
            if points + _BESIDE < _LEAST or not is_name(surname + rest):
                continue  # its neighbours cannot make it one, nor can it stand before a better one
            after = pieces[n + 2] if n + 2 < len(pieces) else ""
            longer = (
                cut == "one" and len(after) == 1 and weight(after) > 0 and is_name(surname + rest + after)
            )
            if longer and follows.match(text, upto) is None:
                continue  # 陈昭典 goes before 陈昭
            points += (
                not text[here - 1 : here]
                if here == 0
                else text[here - 1] in _EDGES or text[here - 1] in _CUES
            )
            points += follows.match(text, upto) is not None
            if best is None or points > best.score:
                best = Likely(here, upto, cut, points, text[here - 1 : here] in _CUES)
        if best is not None:
            yield best


def _splits(
    pieces: list[str], n: int, single: frozenset[str], compound: frozenset[str]
) -> Iterator[tuple[str, str, str]]:
    """How a name may begin with the n-th piece: kind of cut, surname, given name."""
    piece = pieces[n]
    after = pieces[n + 1] if n + 1 < len(pieces) else ""
    then = pieces[n + 2] if n + 2 < len(pieces) else ""
    if (len(piece) == 1 and piece in single) or piece in compound:
        if len(after) == 1:
            yield "one", piece, after
            if len(then) == 1:
                yield "two", piece, after + then
        elif len(after) == 2:
            yield "word", piece, after
    elif len(piece) in (2, 3) and segment.is_person(piece):
        known = 2 if piece[:2] in compound else 1
        if len(piece) > known:
            yield "whole" if len(piece) == 3 else "pair", piece[:known], piece[known:]
    if len(piece) == 2 and len(after) == 1 and piece[0] in single:
        yield "across", piece[0], piece[1] + after  # 范文|程
