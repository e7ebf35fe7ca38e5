"""The known companies (or any names) that are most like what was written."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from rapidfuzz import fuzz, process

from nlp.cores import branch, core, where
from rules.name_keys import FORM

T = TypeVar("T")

SAME = 90.0
MAYBE = 75.0
CALLED = 80.0
"""What a longer name scores that begins with what was written (恒力精密 for 恒力精密机械科技), however long it is."""
OTHER_FORM = 88.0
"""At most, for names that are alike but for 科技, 实业 and the like: often the same firm, never surely."""
SHORT = 4
"""The fewest characters that say whom one means by the beginning of a name."""


class Likeness(StrEnum):
    """What a score allows: `same` may be offered as the customer, `maybe` only as a hint."""

    SAME = "same"
    MAYBE = "maybe"
    OTHER = "other"


def likeness(score: float) -> Likeness:
    """What that score means."""
    return Likeness.SAME if score >= SAME else Likeness.MAYBE if score >= MAYBE else Likeness.OTHER


def nearest(
    query: str, known: Sequence[tuple[str, T]], cores: Sequence[str] = (), *, limit: int = 0
) -> list[tuple[T, float]]:
    """The known names of score 75 and more, best first (at most `limit`, 0: all); 100 is the same core (region and
    legal form off). Below 90 the whole names count as much as the cores.

    Another branch of the same company is never in it. A name that gives another place, or a branch against
    the whole company, is at most a hint (89), and so is a core of two letters that merely looks alike.
    `cores`: those of the known names where they are at hand, in the same order.
    """
    query = query.strip()
    if not query:
        return []
    wanted, its_branch, its_place = core(query), branch(query), where(query)
    cores = cores or [core(name) for name, _ in known]
    alike = process.extract(wanted, cores, scorer=fuzz.ratio, score_cutoff=MAYBE, limit=None)
    found = {at: score for _, score, at in alike}
    bare, bares = FORM.sub("", wanted), [FORM.sub("", one) for one in cores]
    if bare != wanted or bares != list(cores):
        for _, score, at in process.extract(bare, bares, scorer=fuzz.ratio, score_cutoff=MAYBE, limit=None):
            found[at] = max(found.get(at, 0.0), min(score, OTHER_FORM))
    if len(wanted) >= SHORT:
        longer = ((at, one) for at, one in enumerate(cores) if at not in found and len(one) > len(wanted))
        found |= {at: CALLED for at, one in longer if one.startswith(wanted)}
    ordered = sorted(((score, fuzz.ratio(query, known[at][0]), at) for at, score in found.items()), key=_best)
    scored: list[tuple[float, float, int]] = []
    fell = 0  # those that came early and may have to stand back
    for score, whole, at in ordered:
        if limit and score < SAME and len(scored) >= limit + fell:
            break  # only the sure ones can still fall, none can rise
        name = known[at][0]
        other = branch(name)
        if its_branch and other and its_branch != other:
            continue
        place = where(name) if score >= SAME else ""
        apart = its_branch != other or bool(its_place and place and not _overlap(its_place, place))
        fell += apart and score >= SAME
        scored.append((min(score, SAME - 1) if apart else score, whole, at))
    scored.sort(key=_best)
    return [(known[at][1], score) for score, _, at in scored[: limit or None]]


def _best(one: tuple[float, float, int]) -> tuple[bool, float, int]:
    """Sort key of (score, likeness of the whole names, place): the sure ones first, then what is alike in both."""
    score, whole, at = one
    return score < SAME, -(score + whole), at


def _overlap(one: str, other: str) -> bool:
    """浙江宁波 and 宁波 do not contradict each other."""
    return one in other or other in one
