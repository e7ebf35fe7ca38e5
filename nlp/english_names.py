"""English given names in a Chinese text, alone (Kevin说) or with a surname (Amy Zhou)."""

import re
import string
from collections.abc import Iterator

from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import english_names
from nlp.plain import Plain
from nlp.signs import sign
from nlp.starts import matches

CAPITALS = sign(string.ascii_uppercase)
_WORD = late(
    r"(?<![A-Za-z0-9._\-/&+'#])(?<![A-Za-z0-9]@)[A-Z][a-zà-ÿ]{1,13}(?![A-Za-z0-9@_'&+#]|[.\-/][A-Za-z0-9])"
)
_STARTS = re.compile("[A-Z](?=[a-zà-ÿ])")
_SURNAME = late(r" ([A-Z][a-zà-ÿ]{1,13})(?![A-Za-z0-9@_'])")
# What else in Latin letters may stand beside a name: with any other word beside it, it is a part of something.
_GREETING = late(
    r"(?:^|[^A-Za-z])(?i:hi|dear|hello|hey|mr\.?|ms\.?|mrs\.?|miss|dr\.?|from|is|by|and|to|cc|name|regards|thanks|thank you|"
    r"contact|i am|with|for),? ?$"
)
_LATIN_BEFORE = late(r"[A-Za-z] ?$")
_GOES_ON = late(r" ?[A-Z&]|牌|家居|系列|[款版奖杯]|酒店|公司|系统|英语|学院|品牌|专卖|旗舰|集团|咖啡|工作室")
_FRONT = 12  # characters in front that are looked at


def find(words: Plain) -> Iterator[Found]:
    """Each with its surname, where one stands behind it."""
    text = words.text
    given, surnames = english_names()
    for match in matches(_STARTS, _WORD, text):
        start, end = match.span()
        if match[0] not in given:
            continue
        behind = _SURNAME.match(text, end)
        if behind is not None and behind[1] in surnames:
            end = behind.end()
        front = text[max(0, start - _FRONT) : start]
        apart = _LATIN_BEFORE.search(front) is None or _GREETING.search(front) is not None
        if apart and _GOES_ON.match(text, end) is None:
            yield words.found("names", start, end, 0.7, "english")
