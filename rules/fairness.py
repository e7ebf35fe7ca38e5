"""How fair the assignment was: what each was owed and what each got, in whole numbers that add up (A.2 #8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WHOLE = 1_000_000
"""One lead, in the millionths that shares and credits are counted in: sums are exact."""


def parts(weights: Mapping[str, float]) -> dict[str, int]:
    """Weights → millionths that add up to WHOLE exactly; what is left over goes to the largest remainders, then by
    id. Who weighs nothing gets nothing. Raises ValueError when all weigh nothing."""
    total = sum(weights.values())
    if total <= 0:
        raise ValueError("nobody weighs anything")
    exact = {id: weight / total * WHOLE for id, weight in weights.items() if weight > 0}
    found = {id: int(part) for id, part in exact.items()}
    left = WHOLE - sum(found.values())
    for id in sorted(exact, key=lambda one: (found[one] - exact[one], one))[:left]:
        found[id] += 1
    return found


@dataclass(frozen=True)
class Share:
    """One member over some days: leads they were in the running for, what they were owed of them (millionths), what
    they got."""

    member: str
    running: int
    owed: int
    got: int

    @property
    def expected(self) -> float:
        """What they were owed, in leads."""
        return self.owed / WHOLE

    @property
    def off(self) -> float:
        """How many leads more (or less) than owed."""
        return self.got - self.expected


@dataclass(frozen=True)
class Fairness:
    """The report: one row per member, the largest deviation in leads, the Gini coefficient of got ÷ owed."""

    rows: tuple[Share, ...]
    leads: int
    worst: float
    gini: float


def report(rows: Iterable[Share]) -> Fairness:
    """Rows → the report, who got most first."""
    found = sorted(rows, key=lambda one: (-one.got, one.member))
    return Fairness(
        rows=tuple(found),
        leads=sum(one.got for one in found),
        worst=max((abs(one.off) for one in found), default=0.0),
        gini=gini([one.got / one.expected for one in found if one.owed]),
    )


def gini(values: Sequence[float]) -> float:
    """The Gini coefficient: 0 when all are equal, towards 1 when one has everything. 0 for nothing at all."""
    ordered = sorted(values)
    total, n = sum(ordered), len(ordered)
    if not total:
        return 0.0
    weighted = sum(place * value for place, value in enumerate(ordered, start=1))
    return 2 * weighted / (n * total) - (n + 1) / n
