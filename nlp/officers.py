"""A surname with a short office or a word of respect that hardly anything else has: 张局, 顾主席, 李总在吗; and 小雨姐."""

import re
from collections.abc import Iterator
from functools import cache

from nlp import likely, segment
from nlp.evidence import Found
from nlp.late import late
from nlp.lexicon import not_names
from nlp.name_patterns import BOUNDARY, WEAK
from nlp.nicknames import spoken_of
from nlp.plain import Plain
from nlp.signs import sign
from nlp.starts import matches

_FIRST = "局处科队院校主组班村镇大同老掌教导总指兄"
_SIGNS, _KIN = sign(_FIRST), sign("姐哥叔")
_GOES_ON = (
    r"(?=$|[\s,。;:!?、()]|您|你|说|讲|让|问|那[边头里儿]|这[边头里儿]|在吗|好|刚[才打来说到]|早上|昨|今|明天|下午|上午|已经|什么时候|啥时候|打|来|拍板|点头|同意|批|"
    r"的(?:意思|电话|办公室))"
)
_ROLE = late(
    rf"(?P<short>[局处科队院校]{_GOES_ON})|主席(?!台|团)|[组班村镇]长|大夫|大厨|同[学志](?!会|们|录)|老弟|老师傅|老爷子|"
    r"主编|掌柜|教官|导师|总助(?!理)|指导(?![下书意价员])|兄(?![弟长台妹])|总(?=[要觉在有能得]|是[不否]|承诺|经手|店里|管(?:$|[\s,。])|亲自)"
)
_LITTLE_KIN = late(r"[小阿](?P<given>[一-龥])[姐哥叔](?![姐妹哥弟们夫])")
# 钱总得付: what is meant.
_THINGS = frozenset("钱段")


@cache
def _starts() -> re.Pattern[str]:
    return re.compile(rf"[{''.join(sorted(likely.COMMON - _THINGS))}](?=[{_FIRST}])|欧(?=阳)")


@cache
def _alias() -> re.Pattern[str]:
    return re.compile(rf"(?P<surname>欧阳|[一-龥])(?:{_ROLE.pattern})")


def find(words: Plain) -> Iterator[Found]:
    """Each with an edge, or what a person is called or asked by, in front of it."""
    text = words.text
    if words.signs & _KIN:
        for match in _LITTLE_KIN.finditer(text):
            if likely.weight(match["given"]) >= 0 and spoken_of(text, match.start(), alone=True):
                yield words.found("names", *match.span(), 0.75, "kin")
    if not words.signs & _SIGNS:
        return
    for match in matches(_starts(), _alias(), text):
        name, before = match[0], text[max(0, match.start() - 1) : match.start()]
        if not (
            not before
            or BOUNDARY.search(before)
            or spoken_of(text, match.start(), alone=False)
            or (
                match[0][1:] == "总"
                and match["surname"] not in WEAK
                and not segment.is_word(before + name[0])
            )
        ):
            continue
        if name not in not_names() and not segment.is_word(name):
            yield words.found("names", *match.span(), 0.85, "officer")
