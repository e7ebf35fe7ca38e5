"""Keeps with a lead by which door it came in, and says it on the owner's card. (B01, B10)"""

from collections.abc import Mapping
from typing import Any

from bot.turn import Turn
from rules.origins import Origin, pages_from, pages_line, visitor_from
from store import origins


async def keep(turn: Turn, lead: int, fields: Mapping[str, Any]) -> None:
    """Writes down the `origin` that a source handed in beside the fields of the lead; without one it was the API."""
    raw = fields.get("origin")
    said: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {"kind": "api"}
    await origins.add(
        turn.tx,
        lead,
        Origin(
            kind=str(said.get("kind", ""))[:16], name=str(said.get("name", ""))[:64],
            ref=str(said.get("ref", ""))[:120], visitor=visitor_from(said.get("visitor")),
            consent=_texts(said.get("consent")), pages=pages_from(said.get("pages")),
            extra=_texts(said.get("extra")),
        ),
        turn.now,
    )  # fmt: skip


async def line(turn: Turn, lead: int) -> str:
    """What the visitor looked at before, for the card; "" when nobody knows."""
    one = await origins.of_lead(turn.tx, lead)
    return pages_line(one.pages) if one else ""


def _texts(raw: object) -> dict[str, str]:
    return {str(key): str(value) for key, value in raw.items()} if isinstance(raw, Mapping) else {}
