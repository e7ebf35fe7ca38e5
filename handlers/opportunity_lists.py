"""Lists of opportunities: mine, a team's by owner, a colleague's, a customer's, the pool's. (product C.1)"""

from collections import Counter

from bot.turn import Turn
from cards import opportunities as cards
from handlers import customers as desk
from handlers import opportunity_views as views
from rules import access, names
from rules import opportunities as rules
from rules.errors import Denied
from rules.opportunities import Opportunity, Stage
from rules.team import Member
from rules.text import customer_id
from store import customers, opportunities, team

POOL = "公海"


async def listing(turn: Turn, words: str, start: int | None = None) -> None:
    """Mine; a manager's: the team's, by owner; with words those of a colleague, of a customer, or of the pool. `start`: the
    row with which a page begins; None: those of several people are counted first."""
    head, found = await _found(turn, words)
    if not found:
        hint = "从线索开一个：/商机 L-1024 12万 液压阀块年单" if not words else ""
        await turn.answer(f"{head}没有进行中的商机。{hint}")
        return
    people = {each.id: each for each in await team.roster(turn.tx)}
    owners, total, count = Counter(one.owner for one in found), rules.total(found), len(found)
    more = ""
    if not words and (free := len(await opportunities.of_owners(turn.tx, [""]))):
        more = f"另有 {free} 个没有负责人：/商机 {POOL}"
    if start is None and len(owners) > 1:
        groups = [_group(owner, found, people) for owner, _ in owners.most_common()]
        shown = cards.by_owner(f"{head}商机", total, groups, count=count, words=words, more=more)
    else:
        at = start if start and start < count else 0
        rows = [
            await _row(turn, one, people, named=len(owners) > 1 or one.owner != turn.me.id)
            for one in found[at : at + cards.PAGE]
        ]
        shown = cards.listed(f"{head}商机", total, rows, start=at, count=count, words=words, more=more)
    if turn.on is not None:
        await turn.update(shown)
    else:
        await turn.answer(shown)


async def _found(turn: Turn, words: str) -> tuple[str, list[Opportunity]]:
    """What the list is called, and what is on it. Raises Refused, Denied."""
    everyone = await team.roster(turn.tx)
    sight = access.owners_in_sight(turn.me, everyone, turn.config.teams())
    if words == POOL:
        return POOL, await opportunities.of_owners(turn.tx, [""])
    if not words:
        found = await opportunities.of_owners(turn.tx, None if sight is None else sorted(sight))
        return "", [one for one in found if one.owner]
    known = [(each.id, each.name) for each in everyone]
    named = words.removeprefix("@").removeprefix("＠")
    person = named if named in dict(known) else names.sure(named, known)
    if person is not None:
        name = dict(known)[person]
        if sight is not None and person not in sight:
            raise Denied(f"{name} 的商机你没有查看权限", about=person)
        return name, await opportunities.of_owners(turn.tx, [person])
    customer = await desk.only(turn, words, "请写编号，例如 /商机 {}")
    await desk.seen(turn, customer)
    found = await opportunities.of_customer(turn.tx, customer.id)
    return customer_id(customer.id), [one for one in found if sight is None or one.owner in sight]


async def _row(turn: Turn, one: Opportunity, people: dict[str, Member], *, named: bool) -> cards.Row:
    customer = await customers.get(turn.tx, one.customer)
    label = access.label_for(turn.me, people.get(customer.owner), customer.label, turn.config.teams())
    owner = people.get(one.owner)
    return cards.Row(
        one,
        views.words(one, turn.me, one.title),
        label,
        views.rested(turn, one),
        (owner.name if owner else "") if named else "",
    )


def _group(owner: str, found: list[Opportunity], people: dict[str, Member]) -> cards.Group:
    theirs = [one for one in found if one.owner == owner]
    stages = Counter(one.stage for one in theirs)
    name = people[owner].name if owner in people else "已离开的同事"
    return cards.Group(
        owner, name, len(theirs), rules.total(theirs), tuple((s, stages[s]) for s in Stage if stages[s])
    )
