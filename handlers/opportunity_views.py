"""An opportunity as a member may read it: a card, a line of its customer's profile. (product C.1)"""

from bot.turn import Turn
from cards import opportunities as cards
from cards.card import Card
from rules import access
from rules import opportunities as rules
from rules.budget import Weight
from rules.errors import Denied
from rules.opportunities import Opportunity
from rules.team import Member, Role
from rules.text import mask_contacts_in, opportunity_id, when
from store import customers, leads, opportunities, team


# ── one ────────────────────────────────────────────────────────────────────────────────────────────────
async def card(turn: Turn, one: Opportunity, *, news: str = "", undo: int = 0) -> Card:
    """The opportunity for the member who asked. Raises Denied when it is not for them."""
    owner = await team.get(turn.tx, one.owner) if one.owner else None
    if not access.may_see(turn.me, owner, turn.config.teams()):
        about = opportunity_id(one.id)
        raise Denied(f"{about} 由{owner.name if owner else '别人'}负责，你没有查看权限", about=about)
    return cards.shown(await view(turn, one, turn.me, news=news, undo=undo))


async def view(turn: Turn, one: Opportunity, reader: Member, *, news: str = "", undo: int = 0) -> cards.View:
    """What this reader gets of it; they may see it."""
    teams = turn.config.teams()
    people = {each.id: each for each in await team.roster(turn.tx)}
    owner = people.get(one.owner)
    customer = await customers.get(turn.tx, one.customer)
    lead = await leads.find(turn.tx, one.lead) if one.lead else None
    claims = one.open and not one.owner and reader.has(Role.REP, Role.MANAGER)
    pooled = lead is not None and lead.open and not lead.owner
    past = [
        each for each in await opportunities.steps(turn.tx, of=one.id, limit=20) if each.undone_at is None
    ]
    named = {id: each.name for id, each in people.items()}
    return cards.View(
        one=one, title=words(one, reader, one.title),
        label=access.label_for(reader, people.get(customer.owner), customer.label, teams),
        owner=owner.name if owner else "", rested=rested(turn, one),
        past=tuple(words(one, reader, cards.line(each, named, when(each.at, turn.now, turn.zone))) for each in past[-2:]),
        news=news, moves=rules.may_move(reader, owner, teams), undo=undo,
        claim=(lead.id, lead.version) if claims and pooled and lead else None,
        takes=claims and (lead is None or not lead.open) and customer.owner in ("", reader.id),
    )  # fmt: skip


def words(one: Opportunity, reader: Member, text: str) -> str:
    """Free words: phone numbers among them are the owner's alone."""
    return text if one.owner == reader.id else mask_contacts_in(text)


def rested(turn: Turn, one: Opportunity) -> str:
    """For how long it has been in its stage, in calendar days: "3 天", "" for today."""
    days = (turn.now.astimezone(turn.zone).date() - one.stage_since.astimezone(turn.zone).date()).days
    return f"{days} 天" if days > 0 else ""


async def tell_owner(turn: Turn, one: Opportunity, news: str, *, weight: Weight = Weight.WORD) -> None:
    """Whose it is hears what somebody else did with it."""
    owner = await team.get(turn.tx, one.owner)
    if owner is not None and not owner.gone:
        shown = cards.shown(await view(turn, one, owner, news=news))
        await turn.tell(shown, to=owner.id, weight=weight)


async def line(turn: Turn, one: Opportunity) -> str:
    """One line for whose it is now."""
    customer = await customers.get(turn.tx, one.customer)
    return f"商机 {cards.row(cards.Row(one, one.title, customer.label, rested(turn, one)))}"


# ── on a customer's profile ────────────────────────────────────────────────────────────────────────────
async def lines(turn: Turn, customer: int) -> tuple[str, ...]:
    """The customer's opportunities as lines of its profile: the open ones, then how the last ones ended."""
    people = {each.id: each for each in await team.roster(turn.tx)}
    found = await opportunities.of_customer(turn.tx, customer, open_only=False)
    rows = []
    for one in found[:5]:
        owner = people.get(one.owner)
        if access.may_see(turn.me, owner, turn.config.teams()):
            named = owner.name if owner and owner.id != turn.me.id else "" if owner else "（公海）"
            rows.append(
                cards.row(cards.Row(one, words(one, turn.me, one.title), "", rested(turn, one), named))
            )
    return tuple(rows)
