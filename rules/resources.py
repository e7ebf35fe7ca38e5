"""What a rep may take after a record: which resources fit it (B23, B24)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules import names


@dataclass(frozen=True)
class Resource:
    """A file, a page or a text worth having. `conclusions` and `keywords` say after what it is offered."""

    name: str
    conclusions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    file: str = ""
    url: str = ""
    text: str = ""

    @property
    def title(self) -> str:
        """The name in book marks, once."""
        return self.name if self.name.startswith("《") else f"《{self.name}》"


def fitting(resources: Iterable[Resource], conclusion: str, words: Sequence[str]) -> tuple[Resource, ...]:
    """The resources for a record, best first: by conclusion and keyword, by keyword, by conclusion.

    `words`: the need, the next step, the kind of lead, whatever may hold a keyword. A resource that names neither
    conclusion nor keyword is never offered (it can be asked for by name).
    """
    said = " ".join(words).casefold()

    def score(resource: Resource) -> int:
        named = any(word.casefold() in said for word in resource.keywords if word)
        return 2 * named + (conclusion in resource.conclusions)

    scored = [(score(resource), at, resource) for at, resource in enumerate(resources)]
    return tuple(resource for points, _, resource in sorted(scored, key=lambda s: (-s[0], s[1])) if points)


def search(resources: Iterable[Resource], query: str) -> tuple[Resource, ...]:
    """The resources that `/资料 query` means, best first; all of them for an empty query."""
    known = tuple(resources)
    if not query.strip():
        return known
    wanted = query.strip().casefold()
    direct = [r for r in known if any(wanted in word.casefold() for word in (r.name, *r.keywords))]
    if direct:
        return tuple(direct)
    labels = [(r.name, label) for r in known for label in (r.name, *r.keywords)]
    found = names.match(wanted, labels, limit=6)
    return tuple(r for name in found for r in known if r.name == name)
