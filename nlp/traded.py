"""Firms by a coined name and its trade in the middle of a sentence: 泰尔重工的杨工, 等瑞凌科技的回复, 建霖家居年会要礼品."""

from collections.abc import Iterable, Iterator

from nlp import passing, segment, trades
from nlp.coined import is_coined
from nlp.evidence import Found, Taken
from nlp.firm_edges import is_said
from nlp.late import late
from nlp.plain import BLANK, Plain

LONGEST = 4  # characters of the name proper
_SHORT = 2
_TOLD, _GOODS = (
    frozenset("TUOJMDHVFWIG"),
    frozenset("TUJMD"),
)  # groups of passing.right() behind a trade, behind goods
_LOOSE = frozenset("IG")  # what stands behind anything: the trade must end where a word ends
_HELD = late(
    rf"年会|月结|账期|样机|案例|[到出]货|尾款|货款|(?:的)?(?:微信|尾款|货|车|事|样品?|回复|案例|授权书|[一二三]期|新厂)(?=[,。;!?\s{BLANK}要不到没在]|$)|的[一-龥]{{2}}(?=[,。;!?\s{BLANK}]|$)"
)
_INSTITUTIONS = ("医院", "学校")  # see institutions.py: 三甲医院 is any
_LIKE_A_NAME = 3  # see passing.likeness: so much that it need not be coined


def find(words: Plain, taken: Taken) -> Iterable[Found]:
    """What stands between a word of the sentence and something that is told of firms or asked of them."""
    runs = [run for run in trades.runs(words.text) if taken.is_free(*words.place(run[0], run[1]))]
    return _named(words, runs, taken) if runs else ()


def _named(words: Plain, runs: list[tuple[int, int, bool]], taken: Taken) -> Iterator[Found]:
    text = words.text
    for start, end, goods in runs:
        if text[end - 2 : end] in _INSTITUTIONS or not _is_told(text, start, end, goods):
            continue
        first = _begins(text, start)
        if first is not None and taken.is_free(*words.place(first, end)):
            yield words.found("companies", first, end, 0.6, "trade")


def _is_told(text: str, start: int, end: int, goods: bool) -> bool:
    """Does behind this trade stand what is said of firms?"""
    behind = passing.right().match(text, end)
    sort = behind.lastgroup if behind is not None else None
    if sort is None or sort not in _TOLD:
        return not goods and _HELD.match(text, end) is not None
    if goods and sort not in _GOODS:
        return False
    return sort not in _LOOSE or passing.ends_a_word(text, start, end)


def _begins(text: str, trade: int) -> int | None:
    """Where a name begins in front of the trade that stands at `trade`."""
    for length in range(2, LONGEST + 1):
        first = trade - length
        if first < 0 or not trades.is_proper(text[first:trade]):
            return None
        if _is_name(text[first:trade]) and _is_free(text, first):
            return first if length == _SHORT or not is_said(text[first]) else None
    return None


def _is_name(proper: str) -> bool:
    return is_coined(proper) or (passing.likeness(proper) >= _LIKE_A_NAME and not segment.is_word(proper))


def _is_free(text: str, first: int) -> bool:
    """Does no name reach over this place from the left?"""
    if first == 0 or text[first - 1] in passing.PLAIN_EDGE or text[first - 1] in passing.LEFT:
        return True
    return (
        text[first - 1] in "家个的了"
        or is_said(text[first - 1])
        or (first > 1 and is_said(text[first - 2 : first]))
    )
