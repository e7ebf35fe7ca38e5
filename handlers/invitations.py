"""Who never wrote to a bot that may not speak first is asked to, once, by the app or by mail. (protocol wecom 10.5)"""

from bot import checks
from bot.events import Fact, Timer
from bot.router import Router
from bot.turn import DIGEST, Turn
from cards import help as cards
from rules.hours import next_working_morning
from rules.team import Member
from store import settings, team, timers

router = Router("invitations")
KIND = "invitation"


@router.fact("bot.started")
async def started(turn: Turn, _fact: Fact) -> None:
    """Who has not written by the next working morning is asked then; later each morning looks at who came since."""
    for name, section in turn.config.platforms().items():
        if section.invites and not await timers.has_timer(turn.tx, KIND, name):
            await _set(turn, name)


async def _set(turn: Turn, name: str) -> None:
    await turn.remind(KIND, name, next_working_morning(turn.calendar, turn.now))


@router.timer(KIND)
async def invite(turn: Turn, timer: Timer) -> None:
    """Each member once for ever. Whom nothing else reaches is named in /诊断 and asked when something does."""
    name = timer.key
    section = turn.config.platforms().get(name)
    if section is None or not section.invites:
        return
    await _set(turn, name)
    wrote, asked = (
        await team.reached_on(turn.tx, name),
        await settings.starting(turn.tx, checks.invited(name)),
    )
    for one in await team.everyone(turn.tx):
        key = f"{checks.invited(name)}{one.id}"
        if one.id in wrote or key in asked or not (by := _road(turn, one)):
            continue
        await settings.put(turn.tx, key, by, "", turn.now)
        text = cards.invitation_by_mail() if by == "mail" else cards.invitation(section.called)
        await turn.send(text, to=one.id, priority=DIGEST)


def _road(turn: Turn, one: Member) -> str:
    """By what a member can be asked: a platform that may speak first, else "mail", "" by nothing."""
    for name, section in turn.config.platforms().items():
        if section.speaks_first and one.on(name):
            return name
    address = next((each.email for each in turn.config.member if each.id == one.id), "")
    return "mail" if address and turn.config.mail.host else ""
