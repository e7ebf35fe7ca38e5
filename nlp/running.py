"""Names in running text without a label, a cue or a title beside them; a person should look at them."""

import re
from collections.abc import Callable, Iterator, Sequence

from nlp import foreign, likely, odds
from nlp.evidence import Found
from nlp.lexicon import abroad
from nlp.plain import Plain

ENOUGH = (
    -12
)  # one to six: one that is missed costs more than one too many, and chats hold more names than what taught
SURELY, AT_EDGE = (
    20,
    8,
)  # a name though its surname ties words together (和, 于); where nothing stands in front of it
_LONGEST = 4_000  # characters of a text that are looked at
_BRANDED = frozenset(("家叫", "司叫", "厂叫", "店叫", "牌叫", "子叫"))  # 有一家叫富安娜的
_QUARTERS = frozenset(("社区", "小区", "工业", "开发", "大街"))  # 乌沙社区
_WITHIN = frozenset("镇乡县州疆")  # 长安镇乌沙, 新疆乌鲁木齐米东
_STREETS = frozenset("路街道巷村镇乡区县市湾桥站")


def find(
    words: Plain,
    weak: frozenset[str],
    ties: frozenset[str],
    places: Sequence[int],
    is_name: Callable[[str], bool],
    follows: re.Pattern[str],
) -> Iterator[Found]:
    """What looks like a name by its characters and neighbours, the likeliest first.

    `weak`: surnames that are everyday words; `ties`: those that tie words together (和, 由); `places`: where a name
    may begin; `is_name`: may these characters be one at all? `follows`: what often stands behind a name.
    """
    text = words.text[:_LONGEST]
    chinese = odds.find(text, weak, places, is_name, follows, ENOUGH) if places else ()
    strange = foreign.find(text, ENOUGH)
    weighed = [*chinese, *strange]
    if strange:
        weighed.sort(key=lambda one: (-one.points, one.start))
    for one in weighed:
        name = text[one.start : one.end]
        if name in abroad():
            continue
        if one in strange:
            if not (
                text[one.end : one.end + 1] in _STREETS
                or text[one.end : one.end + 2] in _QUARTERS
                or text[one.start - 1 : one.start] in _WITHIN
                or len(set(name)) == 1  # 谢谢谢
                or odds.word_kind(name)
            ):
                yield words.found("names", one.start, one.end, 0.5, "sounds")
        elif (
            name[0] not in ties or one.points >= (AT_EDGE if _begins(text, one.start) else SURELY)
        ) and stands_free(text, one.start, one.end):
            yield words.found("names", one.start, one.end, 0.5, "likely")


def _begins(text: str, start: int) -> bool:
    return start == 0 or text[start - 1] in likely.EDGES


def stands_free(text: str, start: int, end: int) -> bool:
    """No street (黄兴路), no brand (有一家叫富安娜的), no part of a foreign name (迪米特里·罗斯)."""
    return (
        text[end : end + 1] not in _STREETS
        and "·" not in text[max(0, start - 1) : start] + text[end : end + 1]
        and text[max(0, start - 2) : start] not in _BRANDED
    )
