"""English given names in a Chinese text, alone (Kevin说, 找vivian) or with a surname (Amy Zhou)."""

import re
import string
from collections.abc import Iterator

from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import english_names
from nlp.nicknames import TO
from nlp.plain import Plain
from nlp.signs import sign
from nlp.starts import matches

CAPITALS, LETTERS = sign(string.ascii_uppercase), sign(string.ascii_letters)
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
_GOES_ON = late(
    r" ?[A-Z&]|牌|家居|系列|[款版奖杯]|酒店|公司|系统|英语|学院|品牌|专卖|旗舰|集团|咖啡|奶茶|工作室"
)
_FRONT = 12  # characters in front that are looked at
# However it is written (kevin, JACK), and whatever else it may be (Sunny): where somebody is spoken to or says something.
_ANYHOW = late(
    r"(?<![A-Za-z0-9._\-/&+'#@])(?:[a-z]{3,10}|[A-Z]{3,10}|[A-Z][a-z]{1,9})(?![A-Za-z0-9@_'&+#.\-/])"
)
_TOLD = late(rf"{TO}\s?$")
_SAYS = late(
    r"\s?(?:说|问(?!题)|让|要(?!求)|想|回复|那边|催|发来|确认|反馈|回我|来电|不在|在吗|姐|哥|总(?![部监裁经价结数])|老师)"
)
_TOO_OFTEN = frozenset(
    ("Mark", "Bill", "Will", "Ray", "Max", "Sky", "Hope", "Joy", "Snow", "June", "Ada", "Eve")
)
# A line of its own: Carlos Mendez, VIVIAN CHEN.
_LINE = late(r"^ *(?P<name>(?P<given>[A-Z][A-Za-z]{1,13}) (?P<surname>[A-Z][A-Za-zà-ÿ]{1,14}))(?= *$)", re.M)
_NO_SURNAMES = frozenset(
    ("Rabbit", "Kay", "Road", "Street", "Group", "Ltd", "Limited", "Inc", "Company", "Hotel", "Sales", "Manager", "Director",
    "Market", "Buyer", "Engineer", "Trading", "Export")
)  # fmt: skip


def find(words: Plain) -> Iterator[Found]:
    """Each with its surname, where one stands behind it."""
    yield from _anyhow(words)
    if not words.signs & CAPITALS:
        return
    text = words.text
    given, _, surnames = english_names()
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
    if "\n" in text:
        yield from _lines(words)


def _anyhow(words: Plain) -> Iterator[Found]:
    text = words.text
    given, said, _ = english_names()
    for match in _ANYHOW.finditer(text):
        name = match[0].capitalize()
        known = name in said if match[0] == name else name in given and name not in _TOO_OFTEN
        if not known:
            continue
        front = text[max(0, match.start() - 4) : match.start()]
        told = _TOLD.search(front) is not None or _SAYS.match(text, match.end()) is not None
        if told and _LATIN_BEFORE.search(front) is None and _GOES_ON.match(text, match.end()) is None:
            yield words.found("names", *match.span(), 0.65, "english")


def _lines(words: Plain) -> Iterator[Found]:
    given, said, _ = english_names()
    for match in _LINE.finditer(words.text):
        name = match["given"].capitalize()
        if (name in given or name in said) and match["surname"].capitalize() not in _NO_SURNAMES:
            yield words.found("names", *match.span("name"), 0.75, "english")
