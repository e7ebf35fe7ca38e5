"""The word lists under nlp/words, read once."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).parent / "words"


def _lines(name: str) -> list[str]:
    lines = (_WORDS / name).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def words(name: str) -> tuple[str, ...]:
    """The words of nlp/words/<name>.txt."""
    return tuple(" ".join(_lines(f"{name}.txt")).split())


@dataclass(frozen=True, slots=True)
class Surnames:
    """One-character and two-character surnames."""

    single: frozenset[str]
    compound: frozenset[str]


@cache
def surnames() -> Surnames:
    """The surnames a name may begin with."""
    lines = _lines("surnames.txt")
    cut = lines.index("compound")
    return Surnames(frozenset("".join(lines[:cut])), frozenset(" ".join(lines[cut + 1 :]).split()))


@cache
def english_names() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Given names in Latin letters, those among words that are names only where somebody is meant, and surnames."""
    given, _, known = " ".join(_lines("english_names.txt")).partition(" surnames ")
    sure, _, said = given.partition(" said ")
    return frozenset(sure.split()), frozenset(said.split()), frozenset(known.split())


@cache
def surname_letters() -> str:
    """The surnames of one character, for the class of an expression."""
    return "".join(sorted(surnames().single))


@cache
def not_names() -> frozenset[str]:
    """Words that begin with a surname and are no person."""
    return frozenset(words("not_names"))


@cache
def abroad() -> frozenset[str]:
    """Lands, towns, clubs and brands that are written by sound as foreign names are."""
    return frozenset(words("abroad"))


@cache
def not_persons() -> frozenset[str]:
    """Words that the segmenter's dictionary calls a person, and that are none."""
    return frozenset(words("not_persons"))


@cache
def not_given() -> frozenset[str]:
    """Words that are no given name."""
    return frozenset(words("not_given"))


@cache
def given() -> dict[str, int]:
    """Characters of given names: 2 says so by itself, 1 is an everyday one that is common in names, 0 may be in one."""
    points, known = 2, {}
    for line in _lines("given.txt"):
        if line in ("everyday", "rare"):
            points -= 1
        else:
            known.update(dict.fromkeys(line, points))
    return known


@cache
def odds() -> dict[str, dict[str, int]]:
    """What speaks for a person and against one: sign → ten times what it adds to the logarithm of the odds, by kind of sign."""
    return _learned("odds.txt")


@cache
def foreign() -> dict[str, dict[str, int]]:
    """The same for names that are written by sound, and how much each character is one (`sound`)."""
    return _learned("foreign.txt")


@cache
def firm_odds() -> dict[str, dict[str, int]]:
    """The same for the short names of firms (nlp/passing.py)."""
    return _learned("firm_odds.txt")


def _learned(name: str) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for line in _lines(name):
        kind, _, rest = line.partition(": ")
        pairs = (re.split(r"(?=[+-]\d+$)", token) for token in rest.split())
        table[kind] = {sign: int(points) for sign, points in pairs}
    return table


@dataclass(frozen=True, slots=True)
class Places:
    """Cities and provinces without their suffix; `unsure` cities are also common words."""

    cities: frozenset[str]
    unsure: frozenset[str]
    provinces: frozenset[str]
    counties: frozenset[str]  # county-level cities


@cache
def places() -> Places:
    """Chinese provinces and cities."""
    cities: set[str] = set()
    unsure: set[str] = set()
    provinces: set[str] = set()
    counties: set[str] = set()
    for line in _lines("cities.txt"):
        province, _, rest = line.partition(":")
        for word in rest.split():
            name = word.removesuffix("?")
            cities.add(name)
            if word.endswith("?"):
                unsure.add(name)
            if province == "县级":
                counties.add(name)
        if province != "县级":
            provinces.add(province)
    return Places(frozenset(cities), frozenset(unsure), frozenset(provinces), frozenset(counties))


@cache
def known_companies() -> tuple[str, ...]:
    """Short names that stand for a company without a suffix."""
    return words("companies")


@cache
def platforms() -> frozenset[str]:
    """Where leads come from: 小红书, 58同城."""
    return frozenset(words("platforms"))


@cache
def software() -> frozenset[str]:
    """What customers use and connect to: 金蝶, 企业微信."""
    return frozenset(words("software"))


@cache
def no_rivals() -> frozenset[str]:
    """What prices are compared with and is no competitor."""
    return frozenset(words("no_rivals"))


@cache
def unsure_firms() -> frozenset[str]:
    """Those of them that are everyday words, too."""
    return frozenset(words("unsure_firms"))


@dataclass(frozen=True, slots=True)
class Titles:
    """What job titles are made of."""

    before: tuple[str, ...]
    role: tuple[str, ...]
    weak: frozenset[str]
    open: frozenset[str]
    after: tuple[str, ...]


@cache
def titles() -> Titles:
    """Department words, roles, roles too common to stand alone, those of them said of anybody, and words that may follow."""
    table = tomllib.loads((_WORDS / "titles.toml").read_text("utf-8"))
    return Titles(
        tuple(table["before"]),
        tuple(table["role"]),
        frozenset(table["weak"]),
        frozenset(table["open"]),
        tuple(table["after"]),
    )


@dataclass(frozen=True, slots=True)
class Need:
    """A keyword, the words that mean it, and what it says about kind of need and intent.

    `deny`: phrases that say this one is not wanted; `own`: named by the installation, not built in.
    """

    keyword: str
    words: tuple[str, ...]
    kind: str
    intent: str
    weight: float
    deny: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True)
class Needs:
    """All keywords, and the words that deny one that follows."""

    needs: tuple[Need, ...]
    deny: tuple[str, ...]


@cache
def needs() -> Needs:
    """The lexicon of needs (B05, B09)."""
    table = tomllib.loads((_WORDS / "needs.toml").read_text("utf-8"))
    rows = tuple(
        Need(
            keyword=str(row["keyword"]),
            words=tuple(word for word in row["words"] if word),  # an empty pattern would match everywhere
            kind=str(row.get("kind", "")),
            intent=str(row.get("intent", "")),
            weight=float(row.get("weight", 1.0)),
            deny=tuple(row.get("deny", ())),
        )
        for row in table["need"]
    )
    return Needs(rows, tuple(table["deny"]["words"]))
