"""Opportunities go along: with the lead they came from while it is open, afterwards with their customer. (C.4 7)"""

from collections.abc import Sequence

from bot.turn import Turn
from handlers import opportunity_views as views
from rules.leads import Lead
from rules.text import opportunity_id
from store import opportunities, team


async def go(turn: Turn, lead: Lead, to: str, *, customer: bool, why: str = "") -> list[int]:
    """What of the lead's owner (the pool, when nobody has it) hangs on the lead goes `to` ("": the pool) with it; with
    `customer` also what hangs on the lead's customer alone. Returns the ids."""
    ids = await opportunities.with_leads(turn.tx, [lead.id], lead.owner)
    if customer:
        ids += await opportunities.with_customers(turn.tx, [lead.customer], lead.owner)
    return await hand(turn, ids, to, why)


async def taken_up(turn: Turn, customer: int, to: str) -> list[int]:
    """A customer that nobody had is somebody's: what hangs on it alone goes along. Returns the ids."""
    return await hand(turn, await opportunities.with_customers(turn.tx, [customer], ""), to)


async def hand(turn: Turn, ids: Sequence[int], to: str, why: str = "") -> list[int]:
    """These opportunities change hands; cards about them on other screens say so. Returns the ids, each once."""
    found = sorted(set(ids))
    if not found:
        return []
    by = turn.member.id if turn.member else ""
    await opportunities.hand(turn.tx, found, to, by, turn.now, why)
    taker = await team.get(turn.tx, to) if to else None
    word = f"已交给 {taker.name}" if taker else "已放回公海"
    for id in found:
        await turn.close(opportunity_id(id), word)
    return found


async def hints(turn: Turn, ids: Sequence[int]) -> list[str]:
    """What came along, a line each, for the card of who has the lead now."""
    return [await views.line(turn, one) for one in await opportunities.these(turn.tx, ids)]


async def back(turn: Turn, ids: Sequence[int], was: str, to: str) -> None:
    """Those of these that are still open and `was`'s go back `to` whose they were: an undo."""
    still = [one.id for one in await opportunities.these(turn.tx, ids) if one.open and one.owner == was]
    await hand(turn, still, to, "撤销")
