"""Word segmentation behind small functions, as jieba does it: by the dictionary, and by two models where that ends."""

from collections.abc import Iterator
from functools import lru_cache

from nlp import kinds, unknown
from nlp.dictionary import dictionary, parts


def cut(text: str) -> list[str]:
    """The words of the text, in order; joined they are the text."""
    return [word for block, whole in parts(text) for word in (_with_unknown(block) if whole else (block,))]


def tag(text: str) -> list[tuple[str, str]]:
    """The words of the text with part-of-speech tags; a person's name is tagged nr."""
    return [(word, dictionary().kind(word) or _kind_of_unknown(word)) for word in cut(text)]


def pieces(text: str) -> list[str]:
    """The words of the text by the dictionary alone: a name it does not know falls apart into characters."""
    found: list[str] = []
    for block, whole in parts(text):
        if whole:
            _known(block, found)
        else:
            found.append(block)
    return found


def _known(block: str, found: list[str]) -> None:
    """Adds the words of a block; letters and digits that are left over are one word with those beside them."""
    here, start = 0, -1
    ends = dictionary().ends(block)
    while here < len(block):
        end = ends[here]
        word = block[here:end]
        if end - here == 1 and word.isascii() and word.isalnum():
            start = here if start < 0 else start
        else:
            if start >= 0:
                found.append(block[start:here])
                start = -1
            found.append(word)
        here = end
    if start >= 0:
        found.append(block[start:])


def _with_unknown(block: str) -> Iterator[str]:
    """Single characters in a row may be words that are not listed."""
    ends, here, start = dictionary().ends(block), 0, 0
    while here < len(block):
        end = ends[here]
        if end - here > 1:
            yield from _loose(block[start:here])
            yield block[here:end]
            start = end
        here = end
    yield from _loose(block[start:])


def _loose(row: str) -> Iterator[str]:
    return iter(row) if len(row) < 2 or row in dictionary() else unknown.words(row)


def _kind_of_unknown(word: str) -> str:
    """m for a number, eng for letters, what the model says of anything else."""
    letters = [char for char in word if char.isascii() and char.isalnum()]
    if not letters:
        return kinds.guess(word)
    return "m" if all(char.isdigit() for char in letters) else "eng"


_ODD = ("m", "t", "x")


@lru_cache(maxsize=8_192)
def is_word(word: str) -> bool:
    """Does the dictionary list these characters as one word that is no person's name?"""
    return len(pieces(word)) == 1 and not is_person(word)


@lru_cache(maxsize=8_192)
def is_person(word: str) -> bool:
    """Does the dictionary list this word as a person's name? Some names stand in it as numerals or times (许立群)."""
    tags = tag(word)
    return len(tags) == 1 and (tags[0][1].startswith("nr") or (len(word) == 3 and tags[0][1] in _ODD))


@lru_cache(maxsize=8_192)
def flag(word: str) -> str:
    """The dictionary's tag of one word (nr a person, ns a place), "" when it is cut."""
    tags = tag(word)
    return tags[0][1] if len(tags) == 1 else ""


def warm() -> None:
    """Read the tables now (0.05 s); later calls change nothing."""
    tag("张总和阿斌")
