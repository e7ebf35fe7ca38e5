"""The open check-in holds its member: what may not be done before it is finished (A.3)."""

from dataclasses import replace

from bot.turn import Turn
from cards.card import from_json
from cards.checkins import STEP
from rules.checkins import CheckIn, State, still_due
from rules.errors import Refused
from rules.leads import TITLES, Lead
from rules.text import lead_id
from store import checkins, leads, leave, screens, team

ASKS, CHOOSES = "checkin.next", "checkin.step"
"""The open questions of the third step and of the first two."""


async def current(turn: Turn) -> CheckIn | None:
    """My open check-in. One whose lead was handed over or closed meanwhile is cancelled and does not count."""
    running = await checkins.open_of(turn.tx, turn.me.id)
    if running is None:
        return None
    lead = await leads.get(turn.tx, running.lead)
    if await due(turn, running, lead):
        return running
    await cancel(turn, running, lead)
    return None


async def due(turn: Turn, checkin: CheckIn, lead: Lead) -> bool:
    """Whether an open check-in still makes sense, standing in for the owner included."""
    if still_due(checkin, lead) or not lead.open:
        return lead.open
    return still_due(checkin, lead, await leave.covered_by(turn.tx, checkin.member, turn.now))


def hold(running: CheckIn) -> Refused:
    """The refusal while a check-in is open; the core shows its card with it."""
    return Refused(f"请先完成打卡：{lead_id(running.lead)} 还差 {running.missing} 步", step="checkin")


async def guard(turn: Turn) -> None:
    """Raises Refused while I have an open check-in: before claiming a lead, taking a resource, moving a stage."""
    running = await current(turn)
    if running is not None:
        raise hold(running)


async def cancel(turn: Turn, checkin: CheckIn, lead: Lead) -> None:
    """Ends an open check-in without a record and says why."""
    await checkins.save(turn.tx, replace(checkin, state=State.CANCELLED, closed_at=turn.now))
    await turn.unexpect(ASKS, CHOOSES, of=checkin.member)
    for screen in await screens.live(turn.tx, subject=lead_id(lead.id), kinds=(STEP,)):
        if screen.member == checkin.member:
            await turn.update(replace(from_json(screen.body), closed="已取消"), screen=screen)
    if lead.open:
        owner = await team.get(turn.tx, lead.owner) if lead.owner else None
        why = f"已转给 {owner.name}" if owner else "已放回公海"
    else:
        why = f"已结束（{TITLES[lead.status]}）"
    await turn.send(f"{lead_id(lead.id)} {why}，这次打卡已取消，不用再填。", to=checkin.member)
