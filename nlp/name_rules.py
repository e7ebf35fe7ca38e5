"""Which rules for names may find something in a text, told by the characters that it holds, and where a name may begin."""

import re
import string
from collections.abc import Sequence
from functools import cache, lru_cache

from nlp.lexicon import surnames
from nlp.name_patterns import COMPANY_BLANK, FULL_HONORIFIC, NEVER, RARE, SOUNDS, TITLE_BLANK
from nlp.plain import BLANK
from nlp.signs import sign, table

Spot = tuple[str, int, int]  # see name_spots


@cache
def letters() -> tuple[str, str]:
    """The characters that begin a surname, and those that end one of two."""
    known = surnames()
    first = "".join(sorted(known.single | {name[0] for name in known.compound}))
    second = "".join(sorted({name[1] for name in known.compound}))
    return first, second


@cache
def beginnings() -> re.Pattern[str]:
    """Where a Chinese name may begin, as every rule has it that is in `BEHIND`."""
    first, second = letters()
    return re.compile(rf"[{first}](?=[{second}·]|[^\W\dA-Za-z_{NEVER}])")


@cache
def unsure() -> re.Pattern[str]:
    """Where a name may begin that no rule has told: those places, and where foreign sounds stand in a row."""
    return re.compile(rf"{beginnings().pattern}|[{SOUNDS}]{{3}}")


def name_spots(text: str) -> list[Spot]:
    """What stands in front of every possible name, where that begins, and the bits of the rules of `AT_NAME` it may be for.

    In front stands a character, a blank for any white space, "" for the text's beginning. One of the three characters
    from the third on stands behind the name, but behind a dotted one, which may be longer.
    """
    spots: list[Spot] = []
    dotted = "·" in text
    for match in beginnings().finditer(text):
        place = match.start()
        front = text[place - 1 : place]
        if front.isspace():
            front = " "
        rules = _AT_FRONT.get(front, _TWICE)
        if not dotted:
            tail = text[place + 2 : place + 5]
            held = _TWICE if text[place] in tail else 0
            if rules != _TWICE:
                if len(tail) < _TAIL:
                    held |= _SEGMENT
                if not _TAIL_CHARS.isdisjoint(tail):
                    for char in tail:
                        held |= _AT_TAIL.get(char, 0)
            rules &= held
        spots.append((front, place, rules))
    return spots


_BEFORE, _AFTER = (
    (
        "label",
        "entry",
        "twice",
        "polite",
        "alias",
        "dial",
        "pair",
        "company",
        "of",
        "title",
        "department",
        "post",
        "customer",
        "dotted",
        "rare",
    ),
    ("cue", "says", "latin alias", "latin", "foreign"),
)
_ALWAYS = _BEFORE + _AFTER
_WITH_CONTACT = (*_BEFORE, "called", "segment", "spaced", "beside", "card", *_AFTER)
HONOURS = frozenset("总工董姐哥叔经监任管师计长记授士医律老先女小太大阿助秘伯奶爷护园馆法警教设")
# What a text must hold for a rule to find anything in it.
_NEEDS = {
    "label": frozenset("名字人方呼户者主员东客表长生核准证办治刀演剧编影文mMtT"),
    "polite": HONOURS | frozenset("总板书敬谨拜"),
    "company": frozenset(COMPANY_BLANK),
    "of": frozenset("是"),
    "title": frozenset(TITLE_BLANK),
    "beside": frozenset(TITLE_BLANK),
    "department": frozenset("部科处间心小老"),
    "spaced": frozenset(" "),
    "called": frozenset(BLANK),
    "card": frozenset(string.ascii_uppercase),
    "latin": frozenset(string.ascii_uppercase),
    "latin alias": frozenset(string.ascii_uppercase),
    "foreign": frozenset(string.ascii_uppercase),
    "entry": frozenset(":,("),
    "post": frozenset("售购术务计人机服台事员单库板勤表"),
    "pair": frozenset("和跟与、"),
    "dial": frozenset("电手号微邮联打发回拨通"),
    "twice": HONOURS,
    "says": frozenset("说示馈诉认求到复来要问介导演制席辞持选任职盟马聚觉为望议诺心意应算备定单款签付订买"),
    "dotted": frozenset("·"),
    "rare": frozenset(RARE),
    "customer": frozenset("户"),
}
_BREAKS = frozenset(("", " ", *"▪◆▫,;、。|/()[]"))
# What must stand in front of some name (white space is one blank) for a rule to find any; what else will do instead.
BEHIND = {
    "entry": _BREAKS.union("者人员"),
    "polite": _BREAKS.union(":!?跟和给找是请问让叫与对约由司方们的位举任名命谢"),
    "dial": _BREAKS.union(":!?的里给跟和与找向让帮替拨打"),
    "pair": _BREAKS,
    "company": frozenset("◆)(司的 /|,-▫"),
    "of": frozenset("的▫"),
    "department": frozenset("部门科处间心的"),
    "post": frozenset("后前售购术务计人机服台事员单库板勤表是为叫"),
    "called": _BREAKS,
    "cue": frozenset(
        " 上送给跟和与找系约了叫学事友公婆人蜜兄姐长卫机档电打拨呼问一下请让知告"
        "诉醒访绍接复是做为对烦经由替帮向查询看搜索除掉建增加辑改新把任举选命名派通@弟妹哥舅叔姑姨爸妈爷奶嫂子夫女婿到见遇陪成谢喜"
    ),
    "says": _BREAKS.union("!?由"),
    "segment": _BREAKS.union(":"),
}  # fmt: skip
_OR = {"segment": frozenset("·"), "entry": frozenset("·男女"), "department": frozenset("小老")}

_Set = frozenset[str]
# The rules as the bits of a number: the lower ones say that the text holds what a rule needs, the upper ones that what it
# needs stands in front of a name, or what will do instead stands somewhere.
BIT = {rule: 1 << n for n, rule in enumerate(_WITH_CONTACT)}
_UP = len(BIT)
_UNASKED = sum(bit for rule, bit in BIT.items() if rule not in _NEEDS) | sum(
    bit << _UP for rule, bit in BIT.items() if rule not in BEHIND
)


def _bits(held: dict[str, _Set], by: int) -> dict[str, int]:
    """Character → the rules that it helps."""
    found: dict[str, int] = {}
    for rule, chars in held.items():
        for char in chars:
            found[char] = found.get(char, 0) | BIT[rule] << by
    return found


_NEEDED, _INSTEAD, _IN_FRONT = _bits(_NEEDS, 0), _bits(_OR, _UP), _bits(BEHIND, _UP)
_SHIFT = table(
    {char: _NEEDED.get(char, 0) | _INSTEAD.get(char, 0) for char in {*_NEEDED, *_INSTEAD}}, 2 * _UP
)
_OF_NAMES, _DOT = (1 << 2 * _UP) - 1, sign("·")


def of_text(contact: bool, signs: int, spots: Sequence[Spot]) -> tuple[str, ...]:
    """Those that may find something in a text of these signs and possible names."""
    bits, at = signs >> _SHIFT & _OF_NAMES | _UNASKED, _ELSEWHERE
    for front, _, rules in spots:
        bits |= _IN_FRONT.get(front, 0)
        at |= rules
    if signs & _DOT:
        at |= _SEGMENT  # of foreign names, which begin anywhere
    return _of_bits(contact, bits & bits >> _UP & at)


@lru_cache(maxsize=4_096)
def _of_bits(contact: bool, bits: int) -> tuple[str, ...]:
    """The rules whose bits are set, in their order."""
    return tuple(rule for rule in (_WITH_CONTACT if contact else _ALWAYS) if bits & BIT[rule])


# These begin with the name, so they are tried where one may begin and nowhere else; and what may stand behind the name,
# which has two to four characters.
_WHITE = frozenset(char for char in map(chr, range(0x3001)) if char.isspace())
AT_NAME: dict[str, _Set] = {
    "polite": frozenset("敬谨拜").union(word[0] for word in FULL_HONORIFIC.split("|")),
    "dial": frozenset("的电手号联微邮打发回拨通"),
    "called": frozenset(" ,/:" + BLANK),
    "twice": frozenset(),
    "pair": frozenset("和跟与、"),
    "says": frozenset(
        "说表反告确要提回打来想需问介导执主监饰出致当就辞接离加落齐觉认希建承担坚同答愿准决下付签订买"
    ),
    "segment": _WHITE.union("收,;、。|/()[]" + BLANK + COMPANY_BLANK + TITLE_BLANK),
}


_TWICE, _SEGMENT, _TAIL = BIT["twice"], BIT["segment"], 3
_ELSEWHERE = (1 << _UP) - 1 - sum(BIT[rule] for rule in AT_NAME)  # the rules that begin with something else
# What stands in front of a name, and what behind it → the rules that it may be for.
_AT_FRONT = {
    char: _TWICE | sum(BIT[rule] for rule in AT_NAME if char in BEHIND.get(rule, ()))
    for char in frozenset[str]().union(*(BEHIND.get(rule, frozenset[str]()) for rule in AT_NAME))
}
_AT_TAIL = {
    char: sum(BIT[rule] for rule, after in AT_NAME.items() if char in after)
    for char in frozenset[str]().union(*AT_NAME.values())
}
_TAIL_CHARS = frozenset(_AT_TAIL)
