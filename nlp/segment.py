"""Word segmentation behind two small functions: rjieba where it is installed, jieba otherwise."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol

from nlp.lexicon import surnames

HONORIFICS = ("总", "工", "姐", "哥", "董", "经理", "主任", "总监", "老师", "会计", "师傅", "副总")


class Engine(Protocol):
    """A segmenter. Built once, then only read, so that any thread may use it."""

    def cut(self, text: str) -> list[str]:
        """The words of the text, in order; joined they are the text."""

    def tag(self, text: str) -> list[tuple[str, str]]:
        """Words with part-of-speech tags; a person's name is tagged nr."""

    def pieces(self, text: str) -> list[str]:
        """The words of the text by the dictionary alone: what it does not know is cut into characters."""


class _Fast:
    """rjieba: the same dictionary and model in Rust, 7 µs where jieba takes 160."""

    def __init__(self) -> None:
        import rjieba  # builds its dictionary when it is imported; a second one would cost 0.15 s and 20 MB

        for word in _own_words():
            rjieba.add_word(word, 2_000, "nr")
        self._cut, self._tag = rjieba.cut, rjieba.tag

    def cut(self, text: str) -> list[str]:
        return list(self._cut(text))

    def tag(self, text: str) -> list[tuple[str, str]]:
        return list(self._tag(text))

    def pieces(self, text: str) -> list[str]:
        return list(self._cut(text, False))


class _Plain:
    """jieba itself; `cache_dir` is where it keeps its built dictionary."""

    def __init__(self, cache_dir: Path | None) -> None:
        import jieba
        import jieba.posseg

        if cache_dir is not None:
            jieba.dt.tmp_dir = str(cache_dir)
        jieba.setLogLevel("WARNING")  # it prints its loading time otherwise
        jieba.initialize()
        for word in _own_words():
            jieba.add_word(word, 2_000, "nr")
        self._cut = jieba.lcut
        self._tag = jieba.posseg.lcut

    def cut(self, text: str) -> list[str]:
        return [str(word) for word in self._cut(text)]

    def tag(self, text: str) -> list[tuple[str, str]]:
        return [(str(pair.word), str(pair.flag)) for pair in self._tag(text)]

    def pieces(self, text: str) -> list[str]:
        return [str(word) for word in self._cut(text, HMM=False)]


def _own_words() -> list[str]:
    """张总, 李工, 欧阳经理 …: without them the dictionary cuts 张/总."""
    known = surnames()
    return [name + title for name in (*sorted(known.single), *sorted(known.compound)) for title in HONORIFICS]


@cache
def engine(cache_dir: Path | None = None) -> Engine:
    """The segmenter, built at the first call (0.2 s with rjieba, 1.5 s with jieba)."""
    try:
        return _Fast()
    except ImportError:
        return _Plain(cache_dir)


def cut(text: str) -> list[str]:
    """The words of the text."""
    return _current().cut(text)


def tag(text: str) -> list[tuple[str, str]]:
    """The words of the text with their tags."""
    return _current().tag(text)


def pieces(text: str) -> list[str]:
    """The words of the text by the dictionary alone; a name it does not know falls apart into characters."""
    return _current().pieces(text)


_ODD = ("m", "t", "x")


@lru_cache(maxsize=8_192)
def is_word(word: str) -> bool:
    """Does the dictionary list these characters as one word that is no person's name?"""
    return len(pieces(word)) == 1 and not is_person(word)


@lru_cache(maxsize=8_192)
def is_person(word: str) -> bool:
    """Does the dictionary list this word as a person's name? Some names stand in it as numerals or times (许立群)."""
    tags = _current().tag(word)
    return len(tags) == 1 and (tags[0][1].startswith("nr") or (len(word) == 3 and tags[0][1] in _ODD))


@lru_cache(maxsize=8_192)
def flag(word: str) -> str:
    """The dictionary's tag of one word (nr a person, ns a place), "" when it is cut."""
    tags = _current().tag(word)
    return tags[0][1] if len(tags) == 1 else ""


_warmed: list[Engine] = []


def warm(cache_dir: Path | None = None) -> None:
    """Build the segmenter now; later calls change nothing."""
    if not _warmed:
        _warmed.append(engine(cache_dir))


def _current() -> Engine:
    if not _warmed:
        warm()
    return _warmed[0]
