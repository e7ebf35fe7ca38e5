"""The known companies (or any names) that are most like what was written."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from rapidfuzz import fuzz, process

from nlp.companies import branch, core, where

T = TypeVar("T")

SAME = 90.0
MAYBE = 75.0


class Likeness(StrEnum):
    """What a score allows: `same` may be offered as the customer, `maybe` only as a hint."""

    SAME = "same"
    MAYBE = "maybe"
    OTHER = "other"


def likeness(score: float) -> Likeness:
    """What that score means."""
    return Likeness.SAME if score >= SAME else Likeness.MAYBE if score >= MAYBE else Likeness.OTHER


def nearest(query: str, known: Sequence[tuple[str, T]]) -> list[tuple[T, float]]:
    """The known names of score 75 and more, best first; 100 is the same core (region and legal form off).

    Another branch of the same company is never in it. A name that gives another place, or a branch against
    the whole company, is at most a hint (89), and so is a core of two letters that merely looks alike.
    """
    query = query.strip()
    if not query:
        return []
    wanted, its_branch, its_place = core(query), branch(query), where(query)
    cores = [core(name) for name, _ in known]
    scored: list[tuple[T, float]] = []
    for _, score, index in process.extract(wanted, cores, scorer=fuzz.ratio, score_cutoff=MAYBE, limit=None):
        name, value = known[index]
        other = branch(name)
        if its_branch and other and its_branch != other:
            continue
        place = where(name)
        apart = its_branch != other or bool(its_place and place and not _overlap(its_place, place))
        scored.append((value, min(score, SAME - 1) if apart else score))
    return sorted(scored, key=lambda pair: -pair[1])


def _overlap(one: str, other: str) -> bool:
    """浙江宁波 and 宁波 do not contradict each other."""
    return one in other or other in one
