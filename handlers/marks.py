"""Competitors, price and who decides: from a draft to its customer, and as the line that is read before a meeting. (B60)"""

from collections.abc import Iterator

from bot.turn import Turn
from nlp.draft import Draft
from rules.marks import Mark, Sort, told
from store import marks

FIELDS = {"rivals": Sort.RIVAL, "price": Sort.PRICE, "deciders": Sort.DECIDER}
"""Field of a draft → what it says of the customer."""
WORDS = 200  # characters of the words that a mark rests on


async def keep(turn: Turn, customer: int, lead: int, draft: int, found: Draft) -> None:
    """Writes down what the draft says of the customer."""
    await marks.add(turn.tx, customer, _of(turn, found), lead=lead, draft=draft, member=turn.me.id)


def _of(turn: Turn, found: Draft) -> Iterator[Mark]:
    behind = {(hit.field, hit.value): hit.text for hit in found.evidence if hit.start >= 0}
    for field, sort in FIELDS.items():
        for value in str(getattr(found, field)).split("、"):
            if value:
                yield Mark(sort, value, turn.now, behind.get((field, value), "")[:WORDS])


async def line(turn: Turn, customer: int) -> str:
    """What holds of a customer now, "" for nothing."""
    return told(await marks.of_customer(turn.tx, customer), turn.now, turn.zone)
