"""What the benches that learn a table of odds have in common: the regression, how a table is written, how good it is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

POINTS = (-10, 0, 10, 20)


def fit(
    found: Sequence[tuple[Sequence[str], bool, float]],
    rarest: int,
    *,
    strength: float = 0.5,
    rounds: int = 300,
) -> tuple[dict[str, int], int]:
    """A logistic regression over signs, what is looked for or not, and weight → sign → ten times its weight, and what every
    candidate begins with. Signs seen less than `rarest` times and weights that say nothing are left out.

    `strength`, `rounds`: how freely it follows what it sees (C), and how long it may take.
    """
    import numpy as np
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    often = Counter(sign for signs, _, _ in found for sign in signs)
    turned = DictVectorizer(dtype=np.float32)
    rows = turned.fit_transform([{s: 1 for s in signs if often[s] >= rarest} for signs, _, _ in found])
    rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
    model = LogisticRegression(C=strength, max_iter=rounds, solver="liblinear")
    model.fit(rows, [yes for _, yes, _ in found], sample_weight=[counts for _, _, counts in found])
    weights = zip(turned.get_feature_names_out(), model.coef_[0], strict=True)
    table = {sign: round(10 * float(weight)) for sign, weight in weights}
    return {s: points for s, points in table.items() if abs(points) >= 2}, round(10 * model.intercept_[0])


def points_of(signs: Sequence[str], table: Mapping[str, int], base: int) -> int:
    """What a candidate with these signs has."""
    return base + sum(table.get(sign, 0) for sign in signs)


def written(kinds: Mapping[str, str], table: Mapping[str, int]) -> Iterator[str]:
    """The lines of a table: a kind of sign (`kinds`: by its letter), then its signs, those that speak for it first."""
    for letter, kind in kinds.items():
        ones = sorted((-points, sign[1:]) for sign, points in table.items() if sign[0] == letter)
        yield f"{kind}: " + " ".join(f"{sign}{-points:+d}" for points, sign in ones)


def kept(lines: Sequence[str], out: Path | None) -> None:
    """Writes the lines of a table to `out`, or says them."""
    said = "".join(f"{line}\n" for line in lines)
    if out:
        out.write_text(said, encoding="utf-8")
    else:
        print(said)


def report(scored: Sequence[tuple[int, bool]], asked: Sequence[int] = POINTS) -> None:
    """Precision and recall of candidates (points, is it what is looked for) by the points that are asked for."""
    all_of = sum(yes for _, yes in scored)
    for least in asked:
        right = [yes for points, yes in scored if points >= least]
        print(
            f"{least:+d}: precision {sum(right) / max(1, len(right)):.3f} recall {sum(right) / max(1, all_of):.3f}"
        )
