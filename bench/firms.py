"""Learns nlp/words/firm_odds.txt anew: what surroundings and characters say for a firm's short name.

    make bench BENCH=bench/firms.py ARGS="[--out nlp/words/firm_odds.txt] [--show 40]"

Read are the sets of bench/data that were worked on. Needs bench/.venv with bench/requirements-nlp.txt. First how often a
character stands first or second in the names of firms (nlp/words/companies.txt, the sets) and in words (jieba's dictionary, the
sets), then a logistic regression over the signs of nlp/passing.py. Every text is read once by a table that was not learned from it:
precision and recall of the candidates by points.
"""

import argparse
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import learning
from nlp import companies, passing, reading
from nlp.evidence import Found
from nlp.lexicon import known_companies
from nlp.places import regions
from nlp.plain import Plain, plain

DATA = Path(__file__).with_name("data")
SETS = (
    "own_dev", "own_more", "own_third", "own_fourth", "own_sixth", "own_eighth", "own_logs", "own_fields", "own_eleventh",
    "own_fourteenth", "own_seventeenth", "own_nineteenth", "own_thirteenth", "own_sixteenth", "own_firms", "public",
)  # fmt: skip
NOW = datetime(2026, 11, 23, 10)
RAREST = 4
"""A sign must have been seen so often."""
FOLDS = 8
SEEN_BEFORE, RARE = 6.0, 0.0003
"""How many firms' names a character's share in words counts, and the least share."""
SPOKEN = 0.7
"""What the texts count beside the dictionary."""
FORMS = re.compile(r"(?:股份)?有限公司|集团|公司|银行|厂$")
WHOLE = ("公司", "集团", "厂", "所", "院")
HEAD = (
    "# Learned, not written: what a sign adds to ten times the logarithm of the odds that a stretch is a firm's short name."
    " Docs: docs/extraction.md."
)


@dataclass(frozen=True)
class Seen:
    """A candidate of a text: which text, its characters, whether it is a firm, its signs, and what stands around it."""

    text: int
    name: str
    firm: bool
    signs: tuple[str, ...]
    around: str


def main() -> None:
    """Reads, learns, writes, and says how well candidates of unseen texts are told apart."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--out", type=Path)
    asked.add_argument("--show", type=int, default=0)
    args = asked.parse_args()
    first, second = characters()
    tables = {"first": first, "second": second, "signs": {}, "all": {"": 0}}
    with patch.object(passing, "firm_odds", lambda: tables):
        seen = [*own()]
    print(len(seen), "candidates,", sum(one.firm for one in seen), "firms")
    report(seen, args.show)
    signs, base = learn(seen)
    lines = (f"first: {line(first)}", f"second: {line(second)}", f"signs: {line(signs)}", f"all: {base:+d}")
    if args.out:
        learning.kept([HEAD, *lines], args.out)


def line(table: dict[str, int]) -> str:
    """A table as it is written, what speaks most for a firm first."""
    return " ".join(
        f"{sign}{points:+d}" for sign, points in sorted(table.items(), key=lambda one: (-one[1], one[0]))
    )


# ── characters ─────────────────────────────────────────────────────────────────────────────────────────
def items() -> Iterator[dict[str, Any]]:
    """Every text of the sets with its labels."""
    for name in SETS:
        yield from map(json.loads, (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())


def characters() -> tuple[dict[str, int], dict[str, int]]:
    """What the first and the second character say, each as points; * stands for any other."""
    import jieba

    names = {name for name in known_companies() if not name.startswith("中国")}
    spoken: Counter[str] = Counter()
    for item in items():
        spoken.update(re.findall("[一-龥]", item["text"]))
        golds = item["expected"].get("companies") or []
        names |= {FORMS.sub("", gold[0] if isinstance(gold, list) else gold) for gold in golds}
    bare = [name[next((end for start, end in regions(name) if start == 0), 0) :] for name in sorted(names)]
    firms = [name for name in bare if re.fullmatch("[一-龥]{2,8}", name)]
    listed: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for entry in jieba.get_dict_file().read().decode("utf-8").splitlines():
        word, times, tag = entry.split()
        if re.fullmatch("[一-龥]{2,4}", word) and tag not in ("nz", "nt", "nrt", "nr"):
            for place in (0, 1):
                listed[place][word[place]] += round(100 * math.log(1 + int(times)))
    return points(firms, listed[0], spoken, 0), points(firms, listed[1], spoken, 1)


def points(firms: Sequence[str], listed: Counter[str], spoken: Counter[str], place: int) -> dict[str, int]:
    """Character → ten times the logarithm of how much oftener it stands there in a firm's name than in a word."""
    here, all_listed, all_spoken = (
        Counter(name[place] for name in firms),
        sum(listed.values()),
        sum(spoken.values()),
    )
    table = {}
    for char in {*here, *listed}:
        share = (listed[char] / all_listed + SPOKEN * spoken[char] / all_spoken) / (1 + SPOKEN)
        if char in here or share * len(firms) > 2:
            share = max(share, RARE)
            odds = (here[char] + SEEN_BEFORE * share) / (len(firms) + SEEN_BEFORE) / share
            table[char] = max(-25, min(25, round(10 * math.log(odds))))
    return {char: value for char, value in table.items() if abs(value) >= 3} | {"*": -6}


# ── candidates ─────────────────────────────────────────────────────────────────────────────────────────
def own() -> Iterator[Seen]:
    """Candidates of the sets, as the companies' turn sees a text. Where no firms are labelled its persons are none."""
    for number, item in enumerate(items()):
        text, labels = body(item["text"]), item["expected"]
        firms, persons = spots(text, labels.get("companies")), spots(text, labels.get("names"))
        loose = spots(text, item["optional"].get("companies")) - firms
        whole = [(start, end) for start, end in firms if text[start:end].endswith(WHOLE)]
        for one in passing.candidates(text):
            here = (one.start, one.end)
            inside = any(start <= here[0] and here[1] <= end and here != (start, end) for start, end in whole)
            if here in loose or inside or ("companies" not in item["score"] and here not in persons):
                continue
            around = text[max(0, here[0] - 4) : here[1] + 5].replace("\n", "/")
            yield Seen(number, text[slice(*here)], here in firms, one.signs, around)


def body(text: str) -> str:
    """The text as companies are looked for in it: without numbers, times and sums."""
    caught: list[Plain] = []

    def find(words: Plain, *_: object) -> tuple[Found, ...]:
        caught.append(words)
        return ()

    with patch.object(companies, "with_brands", find):
        reading.scan(text, NOW)
    return caught[0].text


def spots(text: str, golds: Sequence[str | list[str]] | None) -> set[tuple[int, int]]:
    """Where these names stand, in any of their variants."""
    found: set[tuple[int, int]] = set()
    for gold in golds or ():
        for variant in gold if isinstance(gold, list) else [gold]:
            name = re.escape(plain(variant).text)
            found |= {match.span(1) for match in re.finditer(f"(?=({name}))", text)}
    return found


# ── what is learned ────────────────────────────────────────────────────────────────────────────────────
def learn(seen: Sequence[Seen]) -> tuple[dict[str, int], int]:
    """Sign → ten times its weight, and what every candidate begins with."""
    return learning.fit([(one.signs, one.firm, 1.0) for one in seen], RAREST, strength=0.7, rounds=400)


def report(seen: Sequence[Seen], show: int) -> None:
    """Precision and recall over texts that the table was not learned from; `show` of what was told wrong."""
    scored: list[tuple[int, Seen]] = []
    for fold in range(FOLDS):
        table, base = learn([one for one in seen if one.text % FOLDS != fold])
        left = [one for one in seen if one.text % FOLDS == fold]
        scored += [(learning.points_of(one.signs, table, base), one) for one in left]
    learning.report([(value, one.firm) for value, one in scored], (-10, -5, 0, 5, 10, 20))
    wrong = [(value, one) for value, one in scored if (value >= 0) != one.firm]
    for value, one in sorted(wrong, key=lambda pair: -pair[0])[:show]:
        print(f"{value:+d}", "+" if one.firm else "-", one.name, "|", one.around, *one.signs)


if __name__ == "__main__":
    main()
