"""Which leads are silent now, and how that reads: for the manager's bundle, /超时 and 催一下."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.turn import Turn
from cards import sla as cards
from cards.card import Card
from rules import access, board, silence, sla
from rules.away import stand_in
from rules.leads import Lead
from rules.sla import Delivery, Happened, Overdue
from rules.team import Member
from rules.text import lead_id
from store import climbs, customers, drafts, lateness, leads, leave, ledger, team

ALARMS = (cards.AMBER, cards.BREACH)
"""What the ladder itself said to the owner: the ledger is asked for the newest message besides these."""


@dataclass(frozen=True)
class Row:
    """A lead and how far it is behind by one ladder. `reason`: what its owner said to it."""

    lead: Lead
    late: Overdue
    reason: str = ""


async def rows(turn: Turn, owners: Sequence[Member]) -> list[Row]:
    """Every overdue lead of these members: the escalated first, then the longest silent. Of the others, however many
    there are, nothing is read."""
    marks = board.marks(turn.calendar, [section.rule() for section in turn.config.sla], turn.now)
    ids = await lateness.suspects(turn.tx, [owner.id for owner in owners], marks)
    found = await leads.of_ids(turn.tx, ids)
    known = await climbs.happened(turn.tx, [lead.id for lead in found])
    late = [row for lead in found for row in _late(turn, lead, known[lead.id])]
    return sorted(late, key=lambda row: (not row.late.escalated, -row.late.silent, row.lead.id))


def _late(turn: Turn, lead: Lead, happened: Sequence[Happened]) -> list[Row]:
    seen = silence.effective(lead, happened)
    found = (
        sla.overdue(turn.calendar, section.rule(), seen, happened, turn.now) for section in turn.config.sla
    )
    # a step that speaks to nobody (a mail goes out) leaves nobody behind
    told = (one for one in found if one and any(rung.tell for rung in one.ladder.rungs[: one.rung + 1]))
    return [Row(lead, one, reason_of(one.start, happened)) for one in told]


def reason_of(start: Happened, happened: Sequence[Happened]) -> str:
    """The last reason that the owner gave since the climb started."""
    said = [one for one in happened if one.name == sla.REASON and one.id > start.id]
    return str(said[-1].payload.get("why", "")) if said else ""


async def message(turn: Turn, lead: Lead) -> Delivery | None:
    """What became of the newest message to the owner about the lead, the alarms about it aside; None: none sent."""
    return await ledger.delivery(turn.tx, lead_id(lead.id), lead.owner, but=ALARMS) if lead.owner else None


async def unheard(turn: Turn, lead: Lead) -> bool:
    """Whether it is proved that the owner never got the message: silence is not theirs then (C.9 b)."""
    sent = await message(turn, lead)
    return sent is not None and sent.failed and not since(lead, sent)


def since(lead: Lead, sent: Delivery) -> bool:
    """Whether the lead was followed up after that message."""
    last = lead.last_followup_at
    return last is not None and sent.sent_at is not None and last >= sent.sent_at


async def own_find(turn: Turn, lead: Lead) -> bool:
    """Whether the owner made the lead out of words of their own: nobody had to tell them of it."""
    draft = await drafts.of_lead(turn.tx, lead.id)
    return draft is not None and draft.member == lead.owner


async def line(turn: Turn, row: Row, reader: Member | None) -> cards.Silent:
    """The row as `reader` reads it, with what the delivery ledger says of the owner's card."""
    owner = await team.get(turn.tx, row.lead.owner) if row.lead.owner else None
    sent = await message(turn, row.lead)
    handled = sent is not None and since(row.lead, sent)
    told = cards.delivered(sent, turn.now, turn.zone, handled=handled)
    if sent is None and owner is not None and await own_find(turn, row.lead):
        told = "自建，无消息"
    return cards.Silent(
        lead=row.lead.id, owner=await _who(turn, owner), rule=row.late.ladder.name,
        unless=row.late.ladder.unless, silent=row.late.silent,
        customer=(await customers.get(turn.tx, row.lead.customer)).label, delivery=told,
        undelivered=sent is not None and sent.failed and not handled, reason=row.reason,
        movable=reader is not None and access.may_move(reader, owner, turn.config.teams()),
    )  # fmt: skip


async def _who(turn: Turn, owner: Member | None) -> str:
    """The owner as a manager reads it: of somebody on leave that they are, and who stands in."""
    if owner is None:
        return "公海"
    away = await leave.away(turn.tx, turn.now)
    if owner.id not in away:
        return owner.name
    instead = await team.get(turn.tx, stand_in(owner.id, away))
    return f"{owner.name}（休假{f'，{instead.name}代班' if instead and instead.id != owner.id else ''}）"


async def listed(turn: Turn, found: Sequence[Row]) -> Card:
    """/超时: M1 for what is overdue now; my own leads have 现在跟进 instead of 催一下."""
    lines = [await line(turn, row, turn.me) for row in found]
    if all(row.lead.owner == turn.me.id for row in found):
        ids = list(dict.fromkeys(row.lead.id for row in found))
        return cards.own(lines, ids)
    return cards.bundle(lines)


async def sentence(turn: Turn, lead: Lead) -> str:
    """ "未首触，已 4:00" for the card of 催一下; "" when the lead is not behind by any ladder."""
    known = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
    late = _late(turn, lead, known)
    if not late:
        return ""
    worst = late[0].late
    what = "未首触" if worst.ladder.unless == sla.TOUCHED else worst.ladder.name
    return f"{what}，已 {cards.clock(worst.silent)}"
