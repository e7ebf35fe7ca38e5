"""By what a company is found among a million: keys that a name written slightly wrong still shares. No scan needed.

Two sets. The near ones: the first eight characters of the name as they are and with each one left out. Whoever has one
character wrong, missing or too many shares the variant that leaves it out (deletion index, as in SymSpell): one look
finds exactly these, and beside each key stands a hash of the place that the full name begins with, for among a million
many are called alike and are told apart by their town. 科技, 实业 and the like are off in one half of the variants.

The others, for names that differ by more: every pair of neighbouring characters, and the first four as they are and with
each one left out (a name cut short, a word in the middle).
"""

import re
from zlib import crc32

FIRST = 4
"""How many characters at the front may hold a wrong one: brand and the beginning of the trade."""
HEAD = 8
"""How many characters the near keys look at: nine of them at most, eighteen where a name ends in 科技."""
FORM = re.compile(r"(?<=..)(?:科技|实业|技术|工业|制造|贸易|商贸|工贸|发展|集团|股份|控股)+$")
"""What stands between the trade and the legal form and is written or left out as one likes."""
_OFFICE = re.compile(r"自治[区州县]|[省市区县]")


def near(core: str) -> tuple[int, ...]:
    """The keys of all names that are one character away in the first eight, each once: the exact ones come first."""
    core = core.casefold()
    heads = dict.fromkeys(one[:HEAD] for one in (core, FORM.sub("", core)) if one)
    left_out = (head[:at] + head[at + 1 :] for head in heads for at in range(len(head)) if len(head) > 1)
    return tuple(_key("=", one) for one in dict.fromkeys((*heads, *left_out)))


def place(company: str, core: str) -> int:
    """15 bits for the place in front of the core (宁波 in 浙江省宁波市恒力液压有限公司), 0 for none."""
    at = company.casefold().find(core.casefold()) if core else 0
    town = _OFFICE.sub("", company[: max(at, 0)].casefold())[-2:]
    return _key("@", town) & 0x7FFF if town else 0


def front(core: str) -> frozenset[int]:
    """The keys of the beginning: the first four characters, and these with one left out."""
    first = core[:FIRST].casefold()
    variants = {first} | {first[:at] + first[at + 1 :] for at in range(len(first)) if len(first) > 1}
    return frozenset(_key("~", one) for one in variants)


def pairs(core: str) -> tuple[int, ...]:
    """The keys of all neighbouring characters, in their order, each once."""
    core = core.casefold()
    found = {core[at : at + 2]: None for at in range(len(core) - 1)}
    return tuple(_key("", pair) for pair in found)


def stored(core: str) -> frozenset[int]:
    """The keys to keep for names that differ by more (its core: region and legal form off). Empty for an empty name."""
    return front(core) | frozenset(pairs(core)) if core else frozenset()


def _key(kind: str, text: str) -> int:
    """32 bits, the same for ever and in every process; two texts with one key only cost a look more."""
    return crc32((kind + text).encode("utf-8", "surrogatepass")) - 2**31
