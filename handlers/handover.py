"""A leaver's handover as one operation: leads, customers, opportunities, tasks, drafts, check-ins, reminders (product C.4 7;
B.3 #7)."""

import re
from dataclasses import replace

from bot.router import Router
from bot.turn import Turn
from cards import away as cards
from cards.actions_assignment import HandAll
from cards.away import Belongings
from cards.card import Card, from_json
from handlers import along, assigning, friend_moves, handback, pooling, transfer
from handlers import leads as desk
from handlers import opportunity_views as views
from handlers.happened import happened
from rules import handover as rules
from rules import names as spelled
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.hours import show_duration
from rules.leads import TITLES
from rules.pool import HANDED
from rules.team import Member, Role
from rules.text import lead_id
from store import audit, handover, leads, opportunities, team
from store.handback import Picture, picture, shares, went

router = Router("handover")
MAY = (Role.ADMIN, Role.DIRECTOR, Role.MANAGER)
HOW = "这样写：/交接 王磊 → 李倩，或分给几个人 /交接 王磊 → 李倩 孙浩（先看预览：/交接 王磊）"
MOST = 5
"""Over how many colleagues one handover is split at most."""
Said = tuple[str, str, str]
"""What was done, line by line (cards.handed)."""
LONGEST = 90
"""How many characters of ids a button holds (cards/actions.py)."""


@router.command(
    "交接", usage="/交接 王磊 [→ 李倩]", about="离职或调岗：客户、线索、商机、任务一次交接", may=MAY
)
async def preview(turn: Turn, words: str) -> None:
    """The preview; nothing moves before a button is pressed."""
    who, to = _names(words)
    former = await _former(turn, who)
    await _may(turn, former)
    found = {one.id: one.name for one in [await transfer.colleague(turn, name) for name in to]}
    takers = list(found.items())
    if len(former.id) + sum(len(id) + 3 for id in found) > LONGEST:
        raise Refused("一次分给这么多人写不下，请分两次交接")
    if any(id == former.id for id, _ in takers):
        raise Refused("不能交接给本人")
    card = await offer(turn, former, takers)
    if card is None:
        raise Refused(f"{former.name} 名下没有要交接的")
    await turn.answer(card)


async def offer(turn: Turn, former: Member, takers: list[tuple[str, str]] | None = None) -> Card | None:
    """The preview of a handover to these (id, name): over all of them when they are several; without any, a choice of
    the three nearest colleagues. None when there is nothing."""
    has = await _has(turn, former.id)
    if not has.total:
        return None
    named, split = bool(takers), bool(takers and len(takers) > 1)
    if not takers:
        mates = [one for one in await team.everyone(turn.tx) if one.has(Role.REP) and one.id != former.id]
        nearest = sorted(mates, key=lambda one: (one.team != former.team, one.id))[:3]
        takers = [(one.id, one.name) for one in nearest]
    friends = await friend_moves.foretold(turn, former)
    return cards.handover(
        former.id, former.name, has, takers, gone=former.gone, split=split, named=named, friends=friends
    )


def _names(words: str) -> tuple[str, list[str]]:
    """Whose, and to whom: nobody, somebody, or several."""
    parts = [
        part.strip().removeprefix("@")
        for part in re.split(r"→|->|=>|给|[\s、,，]+", words.replace("＠", "@"))
        if part.strip()
    ]
    if not parts:
        raise Refused(HOW)
    if len(parts) > MOST + 1:
        raise Refused(f"一次最多分给 {MOST} 个人")
    return parts[0], parts[1:]


async def _former(turn: Turn, name: str) -> Member:
    """Whom the name means, somebody who left already included."""
    known = [(one.id, one.name) for one in await team.roster(turn.tx)]
    exact = [id for id, called in known if name in (id, called)]
    found = exact[0] if len(exact) == 1 else spelled.sure(name, known)
    member = await team.get(turn.tx, found) if found else None
    if member is None:
        raise Refused(f"没有叫「{name}」的成员。{HOW}")
    return member


async def _may(turn: Turn, former: Member) -> None:
    """Raises Denied when the leaver is not of the member's own team."""
    if not turn.me.has(Role.ADMIN, Role.DIRECTOR) and former.team not in await team.teams_of(
        turn.tx, turn.me.id
    ):
        raise Denied(f"{former.name} 不在你的团队里", about=former.id)


async def _has(turn: Turn, member: str) -> Belongings:
    found = await handover.counts(turn.tx, member)
    return Belongings(*found)


@router.click(HandAll, may=MAY)
async def hand_all(turn: Turn, action: HandAll) -> None:
    """One press, one transaction: all of it moves or nothing. When there is more or less than the preview said, the
    preview comes again."""
    former = await team.get(turn.tx, action.member)
    if former is None:
        raise Refused("没有这位成员")
    await _may(turn, former)  # again: the card may be older than the team
    has = await _has(turn, former.id)
    assert turn.on is not None
    if has.total != action.total:
        await turn.update(replace(from_json(turn.on.body), closed="数量有变化，请重新预览"))
        again = action.how.removeprefix("split:").replace(",", " ") if action.how.startswith("split:") else ""
        await preview(turn, f"{former.id} {again}".strip())
        return
    ids = await handover.open_leads(turn.tx, former.id)
    fresh = {id for id in ids if (await leads.get(turn.tx, id)).first_touch_at is None}
    before = await picture(turn.tx, former.id)
    if action.how == "pool":
        said = await _to_pool(turn, former, ids, has)
    elif action.how == "auto":
        said = await _by_turn(turn, former, ids, has)
    elif action.how.startswith("split:"):
        said = await _to_several(turn, former, has, action.how.removeprefix("split:").split(","))
    else:
        said = await _to_one(turn, former, ids, has, action.how)
    await audit.add(turn.tx, turn.now, turn.me.id, "handover", former.id,
                    {"how": action.how, "leads": len(ids), "customers": has.customers,
                     "opportunities": has.opportunities, "tasks": has.tasks}, turn.event_id)  # fmt: skip
    after = await went(turn.tx, before)
    taken = await handback.remember(turn, former, after)
    await _tell(turn, former, after, fresh)
    await turn.update(replace(from_json(turn.on.body), closed="已交接"))
    await turn.answer(
        cards.done(former.id, former.name, said, taken, show_duration(turn.config.checkin.undo))
    )
    await friend_moves.begin(turn, former, taken, _first(action.how))


def _first(how: str) -> str:
    """Who gets what belongs to no customer, "" when that is nobody in particular."""
    return "" if how in ("pool", "auto") else how.removeprefix("split:").split(",")[0]


async def _to_one(turn: Turn, former: Member, ids: list[int], has: Belongings, to: str) -> Said:
    taker = await team.get(turn.tx, to)
    if taker is None or taker.gone:
        raise Refused("接手的人已经不在了，请重新预览")
    await _give(turn, former, ids, taker)
    await handover.move_rest(turn.tx, former.id, to, turn.now)
    await along.hand(turn, list(await opportunities.left_with(turn.tx, former.id)), to, _why(former))
    return cards.handed(former.name, taker.name, has, [])


async def _to_several(turn: Turn, former: Member, has: Belongings, to: list[str]) -> Said:
    """Customer by customer over several colleagues; tasks that are about no lead, and drafts, go to the first."""
    takers = [one for one in [await team.get(turn.tx, id) for id in to] if one is not None and not one.gone]
    if len(takers) != len(to):
        raise Refused("接手的人里有人已经不在了，请重新预览")
    under = await handover.customers_with(turn.tx, former.id)
    given = rules.split({id: len(some) for id, some in under.items()}, [one.id for one in takers])
    for taker in takers:
        firms = given[taker.id]
        await _give(turn, former, sorted(lead for id in firms for lead in under[id]), taker)
        await handover.give_customers(turn.tx, firms, former.id, taker.id, turn.now)
        theirs = await opportunities.with_customers(turn.tx, firms, former.id)
        await along.hand(turn, theirs, taker.id, _why(former))
    await handover.move_rest(turn.tx, former.id, takers[0].id, turn.now)
    await _deals_left(turn, former, takers[0].id)
    split = [(one.name, sum(len(under[id]) for id in given[one.id])) for one in takers]
    rest = f"和线索无关的任务、草稿给了{takers[0].name}。" if has.tasks or has.drafts else ""
    return cards.handed(former.name, "", has, split, rest)


async def _give(turn: Turn, former: Member, ids: list[int], taker: Member) -> None:
    """These leads change hands, what hangs on them goes along: facts for the ladders."""
    moved = await handover.move_leads(turn.tx, ids, former.id, taker.id, f"{former.name} 交接给你", turn.now)
    await handover.customers_follow(turn.tx, moved, former.id, taker.id, turn.now)
    await handover.tasks_follow(turn.tx, moved, former.id, taker.id)
    deals = await opportunities.with_leads(turn.tx, moved, former.id)
    firms = await handover.customers_of(turn.tx, moved, taker.id)
    deals += await opportunities.with_customers(turn.tx, firms, former.id)
    await along.hand(turn, deals, taker.id, _why(former))
    for id in moved:
        lead = await leads.get(turn.tx, id)
        await happened(turn, id, "lead.assigned", owner=taker.id, by=turn.me.id, why=_why(former),
                       restart=lead.first_touch_at is None)  # fmt: skip
        await turn.close(lead_id(id), f"已交接给 {taker.name}")


def _why(former: Member) -> str:
    return f"{former.name} 交接"


async def _deals_left(turn: Turn, former: Member, to: str) -> None:
    """Opportunities that went along with no lead: to whose their customer is now, else `to` ("": the pool)."""
    here = {one.id for one in await team.everyone(turn.tx)}
    takers: dict[str, list[int]] = {}
    for id, owner in (await opportunities.left_with(turn.tx, former.id)).items():
        takers.setdefault(owner if owner in here else to, []).append(id)
    for taker, ids in sorted(takers.items()):
        await along.hand(turn, ids, taker, _why(former))


async def _tell(turn: Turn, former: Member, after: Picture, fresh: set[int]) -> None:
    """One card for each who took something over: leads, opportunities, customers; `fresh` leads were never touched."""
    people = team.names(await team.everyone(turn.tx))
    for taker, part in sorted(shares(after).items()):
        if taker not in people:
            continue
        rows = []
        for id in part.leads:
            lead = await leads.get(turn.tx, id)
            rows.append((id, await desk.label(turn, lead), TITLES[lead.status]))
        found = await opportunities.these(turn.tx, part.opportunities)
        deals = [await views.line(turn, one) for one in found]
        late = len(fresh & set(part.leads))
        shown = cards.received(
            former.name, rows, deals, len(part.customers), late, recycles=bool(turn.config.pool.recycle)
        )
        await turn.tell(shown, to=taker, weight=Weight.DUE)


async def _by_turn(turn: Turn, former: Member, ids: list[int], has: Belongings) -> Said:
    """按区域自动分: each lead by region, trade and turn among the others; who nobody can take goes to the pool."""
    given: dict[str, list[int]] = {}
    for id in ids:
        lead = await leads.get(turn.tx, id)
        chosen = await assigning.choose(turn, lead, without=(former.id,))
        given.setdefault(chosen.id if chosen else "", []).append(id)
    for to, some in given.items():
        taker = await team.get(turn.tx, to) if to else None
        if taker is not None:
            await _give(turn, former, some, taker)
        else:
            await _pool(turn, former, some)
    names = team.names(await team.everyone(turn.tx))
    biggest = max((to for to in given if to), key=lambda to: (len(given[to]), to), default="")
    await handover.move_rest(turn.tx, former.id, biggest, turn.now)
    await _deals_left(turn, former, biggest)
    split = [(names.get(to, "公海"), len(some)) for to, some in given.items()]
    rest = f"没有线索的客户和商机、其余任务和草稿给了{names[biggest]}。" if biggest else ""
    return cards.handed(former.name, "", has, split, rest)


async def _to_pool(turn: Turn, former: Member, ids: list[int], has: Belongings) -> Said:
    await _pool(turn, former, ids)
    await handover.move_rest(turn.tx, former.id, "", turn.now)
    await _deals_left(turn, former, "")
    return cards.handed(former.name, "", has, [("公海", len(ids))])


async def _pool(turn: Turn, former: Member, ids: list[int]) -> None:
    for id in ids:
        await pooling.release(
            turn, await leads.get(turn.tx, id), HANDED, f"{former.name} 离职交接", by=turn.me.id
        )
        await turn.close(lead_id(id), "已放回公海")
