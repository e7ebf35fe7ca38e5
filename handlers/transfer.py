"""A lead goes to a colleague with its history, clock and cards: 转给同事, /转给, and the way back."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.router import Router
from bot.turn import Turn
from cards import leads as cards
from cards.actions_leads import GiveTo, HandOver
from cards.card import Card
from handlers import along, assigning, pooling
from handlers import leads as desk
from handlers.assigning import RETRY, SWEEP
from handlers.happened import happened
from handlers.undo import undoer
from rules import access, names
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.leads import Lead
from rules.pool import RELEASED
from rules.team import Member, Role
from rules.text import lead_id, parse_id
from store import audit, customers, leads, pool, team, timers, undo
from store.pool import Pooled
from store.undo import Undoable

router = Router("transfer")


async def move(
    turn: Turn, lead: Lead, to: Member, by: Member, why: str = "", *, restart: bool | None = None
) -> Lead:
    """Gives the lead to `to`: its customer goes along when it had the same owner, old cards are closed, R1 and the
    fact go out, `by` can take it back for ten minutes.

    `restart`: whether the first-touch clock begins anew (default: config.assignment.transfer_restarts_clock; a lead
    from the public pool always begins). The one who moves it sees the result on the clicked card or as a new one.
    Raises Refused when it cannot go there.
    """
    _can_take(lead, to)
    fresh = turn.config.assignment.transfer_restarts_clock if restart is None else restart
    fresh = fresh or not lead.owner or lead.assigned_at is None
    moved = await leads.save(turn.tx, _handed(turn, lead, to, why or f"{by.name}转给你", fresh))
    lay = await pool.get(turn.tx, lead.id)
    await pool.take(turn.tx, lead.id)
    with_customer = await _move_customer(turn, lead, to.id)
    deals = await along.go(turn, lead, to.id, customer=with_customer, why=why)
    name, number = await desk.label(turn, lead), lead_id(lead.id)
    date = await pooling.date_line(turn, moved, fresh=fresh)
    await happened(turn, lead.id, "lead.assigned", owner=to.id, by=by.id, why=why, restart=fresh)
    await audit.add(turn.tx, turn.now, by.id, "lead.transferred", number,
                    {"from": lead.owner, "to": to.id, "why": why}, turn.event_id)  # fmt: skip
    taken = await undo.remember(
        turn.tx, by.id, "lead.transferred", number,
        {"lead": lead.id, "from": lead.owner, "to": to.id, "customer": with_customer, "why": lead.assigned_why,
         "restart": fresh, "assigned_at": lead.assigned_at.isoformat() if lead.assigned_at else "",
         "pooled": pooling.pack(lay), "opportunities": deals},
        turn.now, turn.now + turn.config.checkin.undo,
    )  # fmt: skip
    await desk.close(turn, lead.id, f"已由{to.name}接手" if to.id == by.id else f"已转给 {to.name}")
    await _show(turn, by, cards.moved(lead.id, name, to.name, undo=taken, why=why, date=date))
    if lead.owner and lead.owner != by.id:
        await turn.tell(cards.moved(lead.id, name, to.name, undo=0, by=by.name, why=why), to=lead.owner,
                        weight=Weight.DUE)  # fmt: skip
    if to.id != by.id:
        await desk.announce(turn, moved, *([date] if date else []), *await along.hints(turn, deals))
    return moved


def _can_take(lead: Lead, to: Member) -> None:
    if not lead.open:
        raise Refused(f"{lead_id(lead.id)} 已经关闭，不能再转")
    if to.id == lead.owner:
        raise Refused(f"{lead_id(lead.id)} 的负责人已经是{to.name}")
    if to.gone or not to.has(Role.REP, Role.MANAGER):
        raise Refused(f"{to.name} 不跟进客户，请换一位同事")
    if not to.available:
        raise Refused(f"{to.name} 现在不在岗，请换一位同事")


def _handed(turn: Turn, lead: Lead, to: Member, why: str, fresh: bool) -> Lead:
    """The lead in its new hands: what the former owner acknowledged or put off does not bind the new one."""
    at = turn.now if fresh else lead.assigned_at
    return replace(
        lead, owner=to.id, assigned_at=at, assigned_why=why, acked_at=None, snoozed_until=None, snoozes=0
    )


async def _move_customer(turn: Turn, lead: Lead, to: str) -> bool:
    customer = await customers.get(turn.tx, lead.customer)
    if customer.owner != lead.owner:
        return False
    await customers.save(turn.tx, replace(customer, owner=to), turn.now)
    return True


async def _show(turn: Turn, by: Member, card: Card) -> None:
    """The result for the one who did it: on the clicked card if it is about this lead, else as a new card."""
    if turn.on is not None and turn.on.subject == card.subject:
        await turn.update(card)
    elif turn.member is not None and turn.me.id == by.id:
        await turn.answer(card)


# ── by buttons ─────────────────────────────────────────────────────────────────────────────────────────
@router.click(HandOver)
async def hand_over(turn: Turn, action: HandOver) -> None:
    """转给同事: who could take it, with reasons, on the same card."""
    lead = await desk.mine(turn, action.lead)
    await turn.update(await _colleagues(turn, lead))


async def _colleagues(turn: Turn, lead: Lead) -> Card:
    able = [one for one in await assigning.candidates_for(turn, lead) if not one.out]
    who = [cards.Colleague(one.member.id, one.member.name, one.line) for one in able]
    return cards.colleagues(await desk.view(turn, lead), who)


@router.click(GiveTo)
async def give(turn: Turn, action: GiveTo) -> None:
    """给李倩: the lead goes there; a card that is out of date is drawn again and nothing moves."""
    lead = await desk.mine(turn, action.lead)
    if lead.version != action.version:
        await turn.update(await _colleagues(turn, lead))
        return
    to = await team.get(turn.tx, action.member)
    if to is None:
        raise Refused("没有这位同事")
    await move(turn, lead, to, turn.me)


# ── by words ───────────────────────────────────────────────────────────────────────────────────────────
@router.command(
    "转给", usage="/转给 1024 @李倩 [理由]", about="把线索转给同事", may=(Role.REP, Role.MANAGER, Role.ADMIN)
)
async def transfer(turn: Turn, words: str) -> None:
    """/转给 1024 @李倩 理由, in any order; without a name it shows who could take it."""
    lead, rest = await _which_lead(turn, words)
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    if not access.may_move(turn.me, owner, turn.config.teams()):
        said = f"{lead_id(lead.id)} 由{owner.name if owner else '公海'}负责，你不能转"
        raise Denied(said, about=lead_id(lead.id))
    name, why = _name_and_reason(rest)
    if not name:
        await turn.answer(await _colleagues(turn, lead))
        return
    await move(turn, lead, await colleague(turn, name), turn.me, why)


async def _which_lead(turn: Turn, words: str) -> tuple[Lead, str]:
    """The lead that the first word means, and the rest of the words."""
    if not words:
        raise Refused("这样写：/转给 1024 @李倩 理由")
    parts = words.replace("＠", "@").split()
    # an id first, wherever it stands; a name may be the colleague's
    for at, part in sorted(enumerate(parts), key=lambda one: parse_id(one[1]) is None):
        found = [] if part.startswith("@") else await leads.by_id_or_name(turn.tx, part, [turn.me.id])
        if len(found) > 1:
            several = "、".join(lead_id(one.id) for one in found[:5])
            raise Refused(f"「{part}」有几条线索：{several}。请用编号，例如 /转给 {found[0].id} @李倩")
        if found:
            return found[0], " ".join(parts[:at] + parts[at + 1 :])
    raise Refused("没有找到这条线索。这样写：/转给 1024 @李倩 理由")


def _name_and_reason(words: str) -> tuple[str, str]:
    """ "@李倩 她熟汽配" → ("李倩", "她熟汽配"); without an @ the first word is the name."""
    marked = re.search(r"@\s*(\S+)", words)
    if marked:
        return marked[1], " ".join((words[: marked.start()] + words[marked.end() :]).split())
    name, _, why = words.partition(" ")
    return name, why.strip()


async def colleague(turn: Turn, name: str) -> Member:
    """The member that a name, fragment, pinyin or slip means. Raises Refused when it is nobody or several."""
    known = [(one.id, one.name) for one in await team.everyone(turn.tx) if one.has(Role.REP, Role.MANAGER)]
    spelled = [*known, *((id, id) for id, _ in known)]
    found = names.sure(name, known) or names.sure(name, spelled)
    if found is None:
        guesses = [dict(known)[id] for id in names.match(name, spelled, 3)]
        raise Refused(f"没有叫「{name}」的同事" + (f"，是不是：{'、'.join(guesses)}？" if guesses else ""))
    member = await team.get(turn.tx, found)
    assert member is not None
    return member


# ── back ───────────────────────────────────────────────────────────────────────────────────────────────
@undoer("lead.transferred")
async def undo_move(turn: Turn, kept: Undoable) -> str:
    """The hand-over taken back, as long as the new owner has not begun."""
    payload = kept.payload
    lead = await leads.get(turn.tx, payload["lead"])
    to = await team.get(turn.tx, payload["to"])
    if lead.owner != payload["to"] or not lead.open:
        raise Refused(f"{lead_id(lead.id)} 之后又有变化，不能撤销了")
    if lead.last_followup_at and lead.last_followup_at > kept.at:
        raise Refused(f"{to.name if to else '同事'} 已经在跟进 {lead_id(lead.id)}，不能撤销了")
    since = datetime.fromisoformat(payload["assigned_at"]) if payload["assigned_at"] else None
    restored = await leads.save(
        turn.tx, replace(lead, owner=payload["from"], assigned_at=since, assigned_why=payload["why"])
    )
    if payload["customer"]:
        customer = await customers.get(turn.tx, lead.customer)
        await customers.save(turn.tx, replace(customer, owner=payload["from"]), turn.now)
    await along.back(turn, payload.get("opportunities", ()), payload["to"], payload["from"])
    if not restored.owner:
        await _lies_again(turn, restored, payload)
    if restored.owner:
        await happened(
            turn, lead.id, "lead.assigned", owner=restored.owner, by=turn.me.id, why="撤销转交", restart=False
        )
    await turn.close(lead_id(lead.id), "已撤回")
    if to is not None and to.id != turn.me.id:
        await turn.tell(cards.taken_back(lead.id, await desk.label(turn, lead), turn.me.name), to=to.id,
                        weight=Weight.DUE)  # fmt: skip
    if restored.owner == turn.me.id:
        await turn.answer(await desk.card(turn, restored))
    else:
        await desk.announce(turn, restored)
    return f"{lead_id(lead.id)} 已收回"


async def _lies_again(turn: Turn, lead: Lead, payload: Mapping[str, Any]) -> None:
    """The lead is in the pool as it was: since then, for that reason, tried again when that is its turn."""
    lay = pooling.unpack(payload.get("pooled", {}))
    await pooling.put(turn, lay or Pooled(lead.id, turn.now, RELEASED, "撤销转交", payload["to"], turn.me.id))
    if lay and lay.retry_at:
        at = max(lay.retry_at, turn.now)
        await timers.set_timer(turn.tx, RETRY, SWEEP, at, {}, turn.now, keep_earlier=True)
        turn.rang.add("timers")
