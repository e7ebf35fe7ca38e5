"""Writes the segmenter's tables anew, from those of jieba (MIT): its dictionary, and its models of words that are not in it.

    make bench BENCH=bench/dictionary.py

To be done when nlp/words/surnames.txt changes: people under their surname (张总) stand in the dictionary. It writes
dictionary.txt, unknown.txt and kinds.txt under nlp/words; how they are read is told in nlp/dictionary.py and beside it.
"""

import importlib.util
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nlp import dictionary, kinds, unknown
from nlp.lexicon import surnames

HONORIFICS = ("总", "工", "姐", "哥", "董", "经理", "主任", "总监", "老师", "会计", "师傅", "副总")
OFTEN = 2_000
"""So often 张总 counts: without it the dictionary cuts 张/总."""
Listed = Mapping[str, tuple[int, str]]
"""Each word, how often it is, what it is."""


def jieba() -> Path:
    """Where its tables are."""
    found = importlib.util.find_spec("jieba")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("pip install jieba")
    return Path(found.submodule_search_locations[0])


def people() -> Iterator[str]:
    """张总, 李工, 欧阳经理 …"""
    known = surnames()
    return (name + title for name in (*known.single, *known.compound) for title in HONORIFICS)


def listed() -> Listed:
    """All words, sorted."""
    found: dict[str, tuple[int, str]] = {}
    for line in (jieba() / "dict.txt").read_text("utf-8").splitlines():
        word, often, kind = line.split(" ")
        found[word] = int(often), kind
    for word in people():
        found[word] = OFTEN, found.get(word, (0, "nr"))[1]
    return dict(sorted(found.items()))


def of_words(found: Listed) -> str:
    """The text of dictionary.txt."""
    rows, firsts = list(found), Counter(word[0] for word in found)
    often = _numbered((many for many, _ in found.values()), dictionary.FIRST_WEIGHT)
    sorts = _numbered((kind for _, kind in found.values()), dictionary.FIRST_KIND)
    return _lines(
        "The dictionary of jieba in columns",
        "".join(firsts),
        " ".join(map(str, firsts.values())),
        *(
            "".join(word[at : at + 1] or dictionary.NOTHING for word in rows)
            for at in range(1, dictionary.DEEP)
        ),
        "".join(often[many] for many, _ in found.values()),
        " ".join(map(str, often)),
        "".join(sorts[kind] for _, kind in found.values()),
        " ".join(sorts),
        *(f"{row} {word[dictionary.DEEP :]}" for row, word in enumerate(rows) if len(word) > dictionary.DEEP),
    )


def of_unknown() -> str:
    """The text of unknown.txt: characters, then for each state how likely it shows each of them."""
    shown = _python("finalseg/prob_emit.py")
    chars = sorted({char for state in shown.values() for char in state})
    rows = (
        " ".join(_number(shown[state][char]) if char in shown[state] else "-" for char in chars)
        for state in unknown.STATES
    )
    return _lines("jieba's model of unknown words", "".join(chars), *rows)


def of_kinds() -> str:
    """The text of kinds.txt: states, how likely each is first, and behind each; then characters and their states."""
    shown, follows = _python("posseg/prob_emit.py"), _python("posseg/prob_trans.py")
    may, first = _python("posseg/char_state_tab.py"), _python("posseg/prob_start.py")
    states = sorted(shown, key=lambda state: (kinds.PLACES.index(state[0]), state[1]))
    number = {state: at for at, state in enumerate(states)}
    chars = sorted({*may, *(char for state in shown.values() for char in state)})
    of = {
        char: [
            state for state in may.get(char, states) if shown[state].get(char, unknown.NEVER) > unknown.NEVER
        ]
        for char in chars
    }
    return _lines(
        "jieba's model of what unknown words are",
        " ".join("".join(state) for state in states),
        _pairs({number[state]: one for state, one in first.items()}),
        *(_pairs({number[state]: one for state, one in follows[old].items()}) for old in states),
        "".join(chars),
        " ".join(str(len(of[char])) for char in chars),
        "".join(chr(kinds.FIRST_STATE + number[state]) for char in chars for state in of[char]),
        " ".join(_number(shown[state][char]) for char in chars for state in of[char]),
    )


def _python(name: str) -> Any:
    """The table in one of jieba's modules, without all that the package would load."""
    space: dict[str, Any] = {}
    exec((jieba() / name).read_text("utf-8"), space)
    return space["P"]


def _numbered(values: Iterator[Any], start: int) -> Mapping[Any, str]:
    """A character for each of them."""
    return {one: chr(start + at) for at, one in enumerate(dict.fromkeys(values))}


def _pairs(points: Mapping[int, float]) -> str:
    return " ".join(f"{at}:{_number(one)}" for at, one in sorted(points.items()) if one > unknown.NEVER)


def _number(points: float) -> str:
    return f"{points:.7g}"


def _lines(about: str, *lines: str) -> str:
    return (
        "\n".join([f"# {about} (MIT, Copyright (c) 2013 Sun Junyi), written by bench/dictionary.py", *lines])
        + "\n"
    )


def main() -> int:
    dictionary.FILE.write_text(of_words(listed()), "utf-8")
    unknown.FILE.write_text(of_unknown(), "utf-8")
    kinds.FILE.write_text(of_kinds(), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
