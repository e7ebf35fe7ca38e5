"""Learns nlp/words/foreign.txt anew: which characters write foreign names by sound, and what stands around such a name.

    make bench BENCH=bench/foreign.py ARGS="--tagged 199801.txt [--out nlp/words/foreign.txt]"

`--tagged` as for bench/odds.py; besides it the dictionary of jieba (MIT), whose persons of four and more characters tell the
sounds, and the sets of bench/data that were worked on. So that the table knows sounds and neighbours rather than the names of
one month, each paragraph with a foreign name is read again with others of the dictionary in their place.
"""

import argparse
import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jieba

from bench import learning
from bench import odds as chinese
from nlp import asked, foreign
from nlp.lexicon import surnames
from nlp.odds import cut
from nlp.plain import Plain

KINDS = {
    "L": "Length", "a": "average of the sounds", "m": "meanest of the sounds", "P": "Place before", "N": "Next after",
    "C": "Cut", "l": "left sound", "r": "right sound", "Q": "Quite before (two)", "M": "More after (two)", "D": "Dot",
    "S": "Surname first", "W": "Word", "K": "Kernel word",
}  # fmt: skip
RAREST = 5
OWN = 6.0
"""What a candidate of our own sets counts beside one of the newspaper."""
OFTEN = 8
"""A character must stand in so many names of the dictionary to be a sound."""
LEAST = -30
"""A character that foreign names are known to be written with may be so much commoner in texts."""
AGAIN = 3
"""So often a paragraph is read with other names."""
_NO_PERSON = tuple("国省市县州岛山河江湖海湾洲宫城港区镇村人族语教堡角川郡洋")
HEAD = (
    "# Learned, not written (bench/foreign.py): ten times the logarithm of what a sign adds to the odds that a row of sounds"
    " is a person. Docs: docs/extraction.md."
)


@dataclass(frozen=True)
class Candidate:
    """A row of sounds: what it counts, whether it is a person, its signs; left out of the learning or not."""

    signs: tuple[str, ...]
    person: bool
    counts: float
    left_out: bool


def main() -> None:
    """Reads, learns, writes, and says how well the new table parts persons from the rest."""
    options = argparse.ArgumentParser()
    options.add_argument("--tagged", type=Path, required=True)
    options.add_argument("--out", type=Path)
    args = options.parse_args()
    paragraphs = list(chinese.tagged(args.tagged))
    pool = dictionary()
    sounds = sounds_of(pool, paragraphs)
    found = [*newspaper(paragraphs, pool, sounds), *own(sounds)]
    table, base = learn([one for one in found if not one.left_out])
    lines = (
        HEAD,
        "sound: "
        + " ".join(
            f"{char}{points:+d}" for char, points in sorted(sounds.items(), key=lambda pair: -pair[1])
        ),
        *learning.written(KINDS, table),
        f"all: {base:+d}",
    )
    learning.kept(lines, args.out)
    left_out = [one for one in found if one.left_out]
    learning.report([(learning.points_of(one.signs, table, base), one.person) for one in left_out])


def dictionary() -> list[str]:
    """Foreign persons of jieba's dictionary."""
    words: dict[str, set[str]] = {"nrt": set(), "nr": set()}
    for line in Path(str(jieba.get_dict_file().name)).read_text(encoding="utf-8").splitlines():
        word, _, tag = line.split(" ")
        if (
            tag in words
            and len(word) >= 2
            and word[-1] not in _NO_PERSON
            and all("一" <= char <= "龥" for char in word)
        ):
            words[tag].add(word)
    often = Counter(char for word in words["nrt"] for char in word)
    told = asked.SOUNDS | {char for char, number in often.items() if number >= OFTEN}
    return sorted(
        {
            word
            for word in words["nrt"] | words["nr"]
            if told.issuperset(word) and (word in words["nrt"] or len(word) >= 4)
        }
    )


def sounds_of(
    pool: Sequence[str], paragraphs: Sequence[tuple[int, str, set[tuple[int, int]]]]
) -> dict[str, int]:
    """Ten times the logarithm of how much oftener a character is in such a name than in a text; little below 0."""
    inside = Counter(char for name in pool for char in name)
    text = Counter(char for _, line, _ in paragraphs for char in line)
    names, all_of = sum(inside.values()), sum(text.values())
    points = {
        char: round(10 * math.log((often / names) / ((text[char] + 20) / all_of)))
        for char, often in inside.items()
        if often >= (OFTEN if char not in asked.SOUNDS else 2)
    }
    return {char: value for char, value in points.items() if value >= (LEAST if char in asked.SOUNDS else 0)}


def newspaper(
    paragraphs: Sequence[tuple[int, str, set[tuple[int, int]]]],
    pool: Sequence[str],
    sounds: Mapping[str, int],
) -> Iterator[Candidate]:
    """Candidates of the tagged paragraphs, and of the same ones with other names."""
    drawn = random.Random(1998)
    for number, text, persons in paragraphs:
        if (words := chinese.plain(text)) is not None:
            yield from candidates(words, persons, 1.0, number % 10 == 9, sounds)
        strange = [place for place in persons if is_strange(text[slice(*place)], sounds)]
        if not strange or number % 10 == 9:
            continue
        for _ in range(AGAIN):
            other, places = exchanged(text, persons, strange, pool, drawn)
            if (words := chinese.plain(other)) is not None:
                yield from candidates(words, places, 1.0, False, sounds)


def is_strange(name: str, sounds: Mapping[str, int]) -> bool:
    """No Chinese name of three characters."""
    return (
        len(name) >= 2
        and all(char in sounds for char in name)
        and (name[0] not in surnames().single or len(name) > 3)
    )


def exchanged(
    text: str,
    persons: set[tuple[int, int]],
    strange: Sequence[tuple[int, int]],
    pool: Sequence[str],
    drawn: random.Random,
) -> tuple[str, set[tuple[int, int]]]:
    """The text with other names in the places `strange`, and where its persons stand now."""
    said, at, places = "", 0, set[tuple[int, int]]()
    for start, end in sorted(persons):
        said += text[at:start]
        name = coined(pool, drawn) if (start, end) in strange else text[start:end]
        places.add((len(said), len(said) + len(name)))
        said, at = said + name, end
    return said + text[at:], places


def coined(pool: Sequence[str], drawn: random.Random) -> str:
    """A name of the dictionary, or the beginning of one and the end of another, which no dictionary has."""
    name, other = drawn.choice(pool), drawn.choice(pool)
    return name if drawn.random() < 0.3 else name[: (len(name) + 1) // 2] + other[len(other) // 2 :]


def own(sounds: Mapping[str, int]) -> Iterator[Candidate]:
    """Candidates of the sets that were worked on."""
    for name in chinese.SETS:
        for line in (chinese.DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            if "names" in item["score"] and (words := chinese.plain(item["text"])) is not None:
                yield from candidates(words, chinese.places_of(item), OWN, False, sounds)


def candidates(
    words: Plain, persons: set[tuple[int, int]], counts: float, left_out: bool, sounds: Mapping[str, int]
) -> Iterator[Candidate]:
    """Every row of sounds that may be a name. `persons`: places in the source."""
    text, row = words.text, foreign.row_of(sounds)
    spans = list(foreign.spans_of(text, sounds, row))
    if not spans:
        return
    edges, pieces = cut(text)
    for start, end in spans:
        signs = (*foreign.near(text, start, end, sounds), *foreign.listed(text, start, end, edges, pieces))
        yield Candidate(signs, words.place(start, end) in persons, counts, left_out)


def learn(found: Sequence[Candidate]) -> tuple[dict[str, int], int]:
    """Sign → ten times its weight, and what every candidate begins with; weights that say nothing are left out."""
    return learning.fit([(one.signs, one.person, one.counts) for one in found], RAREST)


if __name__ == "__main__":
    main()
