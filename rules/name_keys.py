"""By what a company is found among a million: keys that a name written slightly wrong still shares. No scan needed.

A name's key set holds every pair of neighbouring characters, and its first four characters as they are and with each
one left out: whoever mistypes one of them shares the variant that leaves it out (deletion index, as in SymSpell).
"""

from zlib import crc32

FIRST = 4
"""How many characters at the front may hold a wrong one: brand and the beginning of the trade."""


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
    """All keys to keep for a name (its core: region and legal form off). Empty for an empty name."""
    return front(core) | frozenset(pairs(core)) if core else frozenset()


def _key(kind: str, text: str) -> int:
    """32 bits, the same for ever and in every process; two texts with one key only cost a look more."""
    return crc32((kind + text).encode("utf-8", "surrogatepass")) - 2**31
