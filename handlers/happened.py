"""Writes down what happened to a lead and hands it to whoever listens (ladders, automation)."""

from typing import Any

from bot.turn import Turn
from rules.text import lead_id
from store import facts


async def happened(turn: Turn, lead: int, name: str, *, followup: int | None = None, **payload: Any) -> int:
    """`name` (rules/sla.FACTS) happened to a lead now. Returns the fact id.

    The row is written in this transaction; listeners hear of it in their own, with `fact` = its id in the payload.
    """
    made = await facts.add(turn.tx, lead, name, turn.now, payload=payload, followup=followup)
    await turn.record(name, lead_id(lead), lead=lead, fact=made, **payload)
    return made
