"""/谁看过: who saw, changed or tried to see a record, and through what. (product C.7 audit trail)"""

from bot.router import Router
from bot.turn import Turn
from cards import trail as cards
from rules import access
from rules.errors import Denied, Refused
from rules.team import Role
from rules.text import customer_id, lead_id, opportunity_id, parse_id, when
from store import audit, customers, leads, mergers, opportunities, team, timeline

router = Router("trail")
SHOWN = 20


@router.command(
    "谁看过", usage="/谁看过 C-0311", about="看谁看过、改过一个客户或线索",
    may=(Role.MANAGER, Role.DIRECTOR, Role.ADMIN),
)  # fmt: skip
async def who_saw(turn: Turn, words: str) -> None:
    """/谁看过 C-0311 | L-1024: the trail and the cards that were delivered, newest first."""
    number = parse_id(words)
    if number is None:
        raise Refused("这样写：/谁看过 C-0311，或 /谁看过 L-1024、/谁看过 O-55")
    about, subjects = await subjects_of(turn, *number)
    people = team.names(await team.roster(turn.tx))
    found = [
        (one.at, people.get(one.member, "系统" if not one.member else one.member), cards.say(one.action, one.told("what")),
         one.subject)
        for one in await audit.lines(turn.tx, subjects, limit=SHOWN)
    ]  # fmt: skip
    found += [
        (at, people.get(member, member), "收到卡片", subject)
        for at, member, _, subject in (await timeline.shown_to(turn.tx, subjects))[:SHOWN]
    ]
    found.sort(key=lambda one: one[0], reverse=True)
    lines = [
        f"{when(at, turn.now, turn.zone)} {who} {what}" + ("" if subject == about else f" {subject}")
        for at, who, what, subject in found[:SHOWN]
    ]
    await audit.add(turn.tx, turn.now, turn.me.id, "trail.viewed", about, "", turn.event_id)
    await turn.answer(cards.trail(about, lines, len(found) > SHOWN))


async def subjects_of(turn: Turn, kind: str, number: int) -> tuple[str, list[str]]:
    """A record's id and the ids of what belongs to it. Raises Refused when it is not there, Denied when it is not for
    this member."""
    lead = await leads.find(turn.tx, number) if kind in ("", "L") else None
    if kind == "O":
        deal = await opportunities.get(turn.tx, number)
        return await _readable(turn, opportunity_id(deal.id), [opportunity_id(deal.id)], deal.owner)
    if kind == "L" and lead is None:
        raise Refused("没有这条线索")
    if lead is not None:
        deals = await opportunities.of_leads(turn.tx, [lead.id])
        about, whose = lead_id(lead.id), lead.owner
        subjects = [about, *(opportunity_id(one.id) for one in deals)]
    else:
        customer = await customers.get(turn.tx, number)
        about, whose = customer_id(customer.id), customer.owner
        under = await leads.of_customer(turn.tx, customer.id, open_only=False)
        parts = await mergers.once_were(turn.tx, customer.id)
        deals = await opportunities.of_customer(turn.tx, customer.id, open_only=False)
        subjects = [about, *map(customer_id, parts), *(lead_id(one.id) for one in under),
                    *(opportunity_id(one.id) for one in deals)]  # fmt: skip
    return await _readable(turn, about, subjects, whose)


async def _readable(turn: Turn, about: str, subjects: list[str], whose: str) -> tuple[str, list[str]]:
    """The two, when the member may see what belongs to `whose`. Raises Denied."""
    owner = await team.get(turn.tx, whose) if whose else None
    if not access.may_see(turn.me, owner, turn.config.teams()):
        raise Denied(f"{about} 由{owner.name if owner else '别人'}负责，你没有查看权限", about=about)
    return about, subjects
