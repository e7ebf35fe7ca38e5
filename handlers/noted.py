"""记到 L-1024: a further chat of a customer whose lead is running is written down there, and makes no second lead. (B05, B06)"""

from dataclasses import replace

from bot.router import Router
from bot.turn import Turn
from cards import leads as cards
from cards.actions_leads import NoteDraft
from handlers import drafts as desk
from handlers import leads as lead_desk
from handlers import marks, touchpoints
from handlers.undo import undoer
from nlp.draft import Draft
from rules.errors import Denied
from rules.leads import Lead
from rules.text import clip, lead_id
from rules.touchpoints import Kind, Touch
from store import audit, customers, drafts, leads, undo
from store import marks as mark_rows
from store import touchpoints as rows
from store.undo import Undoable

router = Router("noted")
WORDS = 4000  # characters of a chat that are kept with the customer


@router.click(NoteDraft, may=desk.SALES)
async def note(turn: Turn, action: NoteDraft) -> None:
    """The chat becomes a touchpoint, a new number a contact; what the lead lacked so far is filled in."""
    kept = await desk.opened(turn, action.draft, action.version)
    if kept is None:
        return
    lead = await leads.get(turn.tx, action.lead)
    if not lead.open or lead.owner != turn.me.id:
        await turn.update(await desk.card(turn, kept))
        await turn.answer(f"{lead_id(lead.id)} 已经关闭或不在你名下，还没有记。请看更新后的卡片")
        return
    found = desk.unpack(kept.body["draft"])
    customer = await customers.get(turn.tx, lead.customer)
    contact, fresh = await desk.joined(turn, customer, found)
    touch = Touch(
        kind=Kind.CHAT, at=turn.now, dedup=f"draft:{kept.id}", title=clip(desk.wanted(found), 200), body=kept.original[:WORDS],
        member=turn.me.id, source=kept.source,
    )  # fmt: skip
    made = await touchpoints.add(turn, customer, contact, touch, lead=lead.id)
    await marks.keep(turn, customer.id, lead.id, kept.id, found)
    filled = _filled(lead, found)
    if filled != lead:
        await leads.save(turn.tx, filled)
    kept = await drafts.save(turn.tx, replace(kept, state="noted", lead=lead.id), turn.now)
    taken = await undo.remember(
        turn.tx, turn.me.id, "draft.noted", lead_id(lead.id),
        {"draft": kept.id, "lead": lead.id, "touch": made, "need": filled.need != lead.need, "note": filled.note != lead.note,
         "contact": contact.id if contact and fresh else 0},
        turn.now, turn.now + turn.config.checkin.undo,
    )  # fmt: skip
    await audit.add(turn.tx, turn.now, turn.me.id, "draft.noted", lead_id(lead.id), {"draft": kept.id},
                    turn.event_id)  # fmt: skip
    await turn.unexpect("draft.change")
    await turn.update(
        cards.noted(
            kept.id,
            lead.id,
            label=await lead_desk.label(turn, lead),
            undo=taken,
            wanted=desk.wanted(found),
            next=desk.next_step(turn, found),
        )
    )


def _filled(lead: Lead, found: Draft) -> Lead:
    """The lead with the need and the budget of the chat, where it had none."""
    return replace(lead, need=lead.need or desk.wanted(found), note=lead.note or desk.budget(found))


@undoer("draft.noted")
async def undo_noted(turn: Turn, undoable: Undoable) -> str:
    """The chat, the contact and what was filled in go; the draft is open again."""
    payload = undoable.payload
    kept = await drafts.get(turn.tx, payload["draft"])
    found = desk.unpack(kept.body["draft"])
    lead = await leads.get(turn.tx, payload["lead"])
    if lead.owner != turn.me.id:
        raise Denied(f"{undoable.subject} 已不归你负责，不能撤销了", about=undoable.subject)
    await rows.remove(turn.tx, payload["touch"])
    await mark_rows.remove(turn.tx, kept.id)
    if payload["contact"]:
        await customers.remove_contact(turn.tx, payload["contact"], turn.now)
    need = "" if payload["need"] and lead.need == desk.wanted(found) else lead.need
    note = "" if payload["note"] and lead.note == desk.budget(found) else lead.note
    if (need, note) != (lead.need, lead.note):
        await leads.save(turn.tx, replace(lead, need=need, note=note))
    await desk.reopen(turn, kept, cards.draft_subject(kept.id))
    return f"{lead_id(lead.id)} 的这段聊天"
