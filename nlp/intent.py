"""What the writer is up to: the intent with the most weight among the needs named."""

from nlp.keywords import Hit, hits
from nlp.plain import Plain, plain

# Between equal votes the one that moves a deal furthest.
_ORDER = (
    "无意向",
    "售后",
    "签约",
    "采购",
    "索样",
    "约见",
    "询价",
    "技术咨询",
    "催交期",
    "渠道合作",
    "了解产品",
)


def of(found: tuple[Hit, ...]) -> str:
    """询价, 索样, 技术咨询 …; "" when the text asks for nothing we know."""
    votes: dict[str, float] = {}
    for hit in found:
        if hit.need.intent and not hit.denied:
            votes[hit.need.intent] = votes.get(hit.need.intent, 0.0) + hit.need.weight
    return max(votes, key=lambda name: (votes[name], -_rank(name)), default="")


def keywords_of(found: tuple[Hit, ...]) -> frozenset[str]:
    """The keywords that voted for the intent of the text."""
    winner = of(found)
    return frozenset(
        hit.need.keyword for hit in found if winner and hit.need.intent == winner and not hit.denied
    )


def find(text: str | Plain) -> str:
    """The intent of a text."""
    words = plain(text) if isinstance(text, str) else text
    return of(hits(words.text))


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
