"""撤销 of a leaver's handover: everything that nobody touched since goes back at once. (C.4 7; product B.5 12)"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from bot.turn import Turn
from cards import away as cards
from handlers import along, friend_moves
from handlers import leads as desk
from handlers.happened import happened
from handlers.undo import undoer
from rules import handover as rules
from rules.budget import Weight
from rules.errors import Refused
from rules.leads import Lead
from rules.team import Member
from rules.text import lead_id
from store import assignment, audit, facts, handback, leads, pool, team, undo
from store.handback import Before, Picture
from store.undo import Undoable

KIND = "handover"
MOVES = ("lead.assigned", "lead.pooled")


async def remember(turn: Turn, former: Member, after: Picture) -> int:
    """Keeps what the handover changed (store.handback.went), for as long as one's own actions can be undone. Returns the
    undo's id."""
    payload = {"former": former.id, "event": turn.event_id, **after}
    until = turn.now + turn.config.checkin.undo
    return await undo.remember(
        turn.tx, turn.me.id, KIND, f"{former.name}的交接"[:60], payload, turn.now, until
    )


@undoer(KIND)
async def undo_handover(turn: Turn, kept: Undoable) -> str:
    """Leads, customers, tasks, drafts, check-ins and holds as they were; what was touched since stays and is named."""
    former = await team.get(turn.tx, str(kept.payload["former"]))
    if former is None:
        raise Refused("没有这位成员")
    back: list[tuple[Before, Lead]] = []
    stay: list[Lead] = []
    for one in handback.leads_of(kept.payload):
        lead = await leads.get(turn.tx, one.id)
        same = rules.untouched(one.went, lead.owner, lead.open, lead.last_followup_at, kept.at)
        if same:
            back.append((one, lead))
        else:
            stay.append(lead)
    if stay and not back:
        raise Refused("交接出去的线索都有了变化，不能撤销了")
    deals = await handback.opportunities_back(turn.tx, kept.payload, [lead.id for lead in stay])
    for some in deals.values():
        await along.hand(turn, some, former.id, "撤销交接")
    for one, lead in back:
        await _return(turn, former, one, lead, int(kept.payload["fact"]))
    await _turns_back(turn, kept, [lead.id for _, lead in back])
    customers = await handback.put_back(
        turn.tx,
        kept.payload,
        former.id,
        [one.id for one, _ in back],
        [lead.id for lead in stay],
        turn.now,
    )
    await audit.add(turn.tx, turn.now, turn.me.id, "handover.undone", former.id,
                    {"leads": len(back), "customers": customers, "opportunities": sum(map(len, deals.values())),
                     "stay": [lead.id for lead in stay]}, turn.event_id)  # fmt: skip
    await _tell(
        turn, former, Counter(one.went for one, _ in back), {to: len(some) for to, some in deals.items()}
    )
    rest = "、".join(lead_id(lead.id) for lead in stay[:5])
    more = f"等 {len(stay)} 条" if len(stay) > 5 else ""
    left = f"；{rest}{more}之后有变化，留在现在的人那里" if stay else ""
    left += await friend_moves.withdraw(turn, kept.id)
    also = f"、{sum(map(len, deals.values()))} 个商机" if deals else ""
    return f"{former.name} 的 {len(back)} 条线索、{customers} 个客户{also}都回去了{left}"


async def _turns_back(turn: Turn, kept: Undoable, ids: list[int]) -> None:
    """按区域自动分 counted as turns: who got a lead for some minutes is owed as before."""
    await assignment.take_turn(turn.tx, turn.now, turn.config.assignment.win_window)
    day = f"{kept.at.astimezone(turn.zone):%Y-%m-%d}"
    await assignment.take_back(turn.tx, int(kept.payload.get("event", 0)), ids, day)


async def _return(turn: Turn, former: Member, one: Before, lead: Lead, after: int) -> None:
    """One lead as it was: owner, clock and what was put off; out of the pool; its cards in other hands are closed."""
    await leads.save(turn.tx, replace(
        lead, owner=former.id, assigned_at=one.assigned_at, assigned_why=one.assigned_why, acked_at=one.acked_at,
        snoozed_until=one.snoozed_until, snoozes=one.snoozes,
    ))  # fmt: skip
    await pool.take(turn.tx, lead.id)
    await facts.undo_after(turn.tx, lead.id, MOVES, after, turn.now)
    await happened(
        turn, lead.id, "lead.assigned", owner=former.id, by=turn.me.id, why="撤销交接", restart=False
    )
    await desk.close(turn, lead.id, "已撤回")


async def _tell(turn: Turn, former: Member, takers: Counter[str], deals: Mapping[str, int]) -> None:
    """Who had leads and opportunities for some minutes hears it, and the one who has them again."""
    for id in sorted({*takers, *deals}):
        person = await team.get(turn.tx, id) if id else None
        if person is not None and not person.gone and person.id != turn.me.id:
            shown = cards.taken_back(former.name, takers[id], deals.get(id, 0), turn.me.name)
            await turn.tell(shown, to=person.id, weight=Weight.DUE)
    if (takers or deals) and not former.gone and former.id != turn.me.id:
        shown = cards.yours_again(takers.total(), sum(deals.values()), turn.me.name)
        await turn.tell(shown, to=former.id, weight=Weight.DUE)
