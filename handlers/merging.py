"""/合并: two customers that are one, field by field, and /撤销合并: two again. (C.7 merge; B59; B.3 #12)"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot import twins
from bot.events import Fact, Timer
from bot.router import Router
from bot.turn import Turn
from cards import merging as cards
from cards.actions_customers import MergeNot, MergeNow, MergePick, MergeWith
from cards.card import Card, from_json
from cards.merging import Pair
from handlers.undo import take_back, undoer
from rules import merging
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.hours import show_duration
from rules.leads import Customer
from rules.merging import FIELDS, Pick
from rules.team import Member, Role
from rules.text import customer_id, parse_id, when
from store import audit, customers, mergers, team, undo
from store.mergers import Merger
from store.undo import Undoable

router = Router("merging")
MAY = (Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
HOW = "这样写：/合并 C-0311 C-0298（后一个并入前一个）；只写一个，列出可能重复的"
SWEEP = timedelta(minutes=3)
"""After that nobody can still be writing to a customer that they read before it was merged."""


# ── which two ──────────────────────────────────────────────────────────────────────────────────────────
@router.command("合并", usage="/合并 C-0311 C-0298", about="两个客户其实是一个：合成一个，可撤销", may=MAY)
async def begin(turn: Turn, words: str) -> None:
    """/合并 C-0311 C-0298 asks field by field; /合并 C-0311 lists who may be the same."""
    ids = [_number(part) for part in re.split(r"[\s,，、]+|->|→|和|并入", words) if part]
    if len(ids) == 1:
        await _candidates(turn, await mine(turn, ids[0]))
        return
    if len(ids) != 2:
        raise Refused(HOW)
    await turn.answer(await _first(turn, *ids))


def _number(word: str) -> int:
    found = parse_id(word)
    if found is None or found[0] not in ("", "C"):
        raise Refused(f"「{word[:20]}」不是客户编号。{HOW}")
    return found[1]


async def _candidates(turn: Turn, customer: Customer) -> None:
    found = await alike(turn, customer)
    if not found:
        here = customer_id(customer.id)
        raise Refused(f"没有找到和 {here} 重复的客户。确实是一个，就发 /合并 {here} C-编号")
    await turn.answer(cards.candidates(customer.id, customer.label, found))


async def alike(turn: Turn, customer: Customer, most: int = 3) -> list[cards.Twin]:
    """Who may be the same as this customer, as this member may read it: an owner, no data of theirs."""
    found = await twins.of(turn.tx, customer, await customers.contacts_of(turn.tx, customer.id))
    people = {one.id: one for one in await team.roster(turn.tx)}
    teams = turn.config.teams()
    return [
        cards.Twin(
            one.id, why, people[one.owner].name if one.owner in people else "",
            merging.may_merge(turn.me, [people.get(customer.owner), people.get(one.owner)], teams),
        )
        for one, why in found[:most]
    ]  # fmt: skip


async def mine(turn: Turn, id: int) -> Customer:
    """The customer, when the member may merge it. Raises Refused, Denied."""
    customer = await customers.get(turn.tx, id)
    owner = await _owner(turn, customer)
    if not merging.may_merge(turn.me, [owner], turn.config.teams()):
        about = customer_id(customer.id)
        whose = f"由{owner.name}负责" if owner else "在公海"
        raise Denied(f"{about} {whose}，你不能合并它。两个都归你才可以，否则请主管来合并", about=about)
    return customer


async def _owner(turn: Turn, customer: Customer) -> Member | None:
    return await team.get(turn.tx, customer.owner) if customer.owner else None


async def both(turn: Turn, kept: int, gone: int) -> tuple[Customer, Customer]:
    """The two, when they still are two and the member may. Raises Refused, Denied."""
    found = [await customers.get(turn.tx, kept), await customers.get(turn.tx, gone)]
    await mergers.lock(turn.tx, [one.id for one in found])
    one, other = await mine(turn, found[0].id), await mine(turn, found[1].id)
    if one.id == other.id:
        if kept == gone:
            raise Refused("要写两个不同的客户编号")
        was = gone if gone != other.id else kept
        raise Refused(f"{customer_id(was)} 已经并入 {customer_id(one.id)}")
    return one, other


# ── field by field ─────────────────────────────────────────────────────────────────────────────────────
async def _first(turn: Turn, kept: int, gone: int) -> Card:
    one, other = await both(turn, kept, gone)
    return await _next(turn, one, other, "")


@router.click(MergeWith, may=MAY)
async def start(turn: Turn, action: MergeWith) -> None:
    """合并 C-0298 on a profile; 重选, 反过来并 on the preview. A profile stays as it is: the choice is a card of its own."""
    card = await _first(turn, action.kept, action.gone)
    if turn.on is not None and turn.on.kind.startswith("merge."):
        await turn.update(card)
    else:
        await turn.answer(card)


@router.click(MergePick, may=MAY)
async def pick(turn: Turn, action: MergePick) -> None:
    """One field is chosen: the next, or the preview."""
    one, other = await both(turn, action.kept, action.gone)
    fresh = (one.version, other.version) == (action.kept_version, action.gone_version)
    await turn.update(await _next(turn, one, other, action.picks if fresh else ""))


async def _next(turn: Turn, kept: Customer, gone: Customer, picks: str) -> Card:
    """The question for the next field that both say differently; after the last what would come of it."""
    asked = merging.different(kept, gone)
    pair = Pair(kept.id, gone.id, kept.version, gone.version, picks)
    people = team.names(await team.roster(turn.tx))
    if len(picks) < len(asked):
        field = asked[len(picks)]
        values = (_shown(field, getattr(kept, field), people), _shown(field, getattr(gone, field), people))
        return cards.ask(pair, len(picks) + 1, len(asked), FIELDS[field], values)
    result = merging.joined(kept, gone, _picked(kept, gone, picks))
    folded = await _folded(turn, kept, gone)
    counts = await mergers.counts(turn.tx, gone.id)
    return cards.preview(
        pair,
        [
            (FIELDS[name], _shown(name, getattr(result, name), people))
            for name in FIELDS
            if getattr(result, name) and not (name == "name" and result.company)
        ],
        cards.moves(counts), [one.filled.name or "联系人" for one in folded],
        show_duration(turn.config.customers.merge_undo), chosen=bool(asked),
    )  # fmt: skip


def _shown(field: str, value: str, people: dict[str, str]) -> str:
    return people.get(value, "已离开的同事") if field == "owner" and value else value


def _picked(kept: Customer, gone: Customer, picks: str) -> dict[str, Pick]:
    return {field: Pick(letter) for field, letter in zip(merging.different(kept, gone), picks, strict=False)}


async def _folded(turn: Turn, kept: Customer, gone: Customer) -> list[merging.Folded]:
    return merging.fold(
        await customers.contacts_of(turn.tx, kept.id),
        await customers.contacts_of(turn.tx, gone.id),
        customers.phone_key,
    )


@router.click(MergeNot, may=MAY)
async def leave(turn: Turn, action: MergeNot) -> None:
    """不合并."""
    assert turn.on is not None
    await turn.update(replace(from_json(turn.on.body), closed="没有合并"))


# ── it is done ─────────────────────────────────────────────────────────────────────────────────────────
@router.click(MergeNow, may=MAY)
async def go(turn: Turn, action: MergeNow) -> None:
    """确认合并: all of it in one transaction. When either changed since the preview, the choice begins anew."""
    one, other = await both(turn, action.kept, action.gone)
    fresh = (one.version, other.version) == (action.kept_version, action.gone_version)
    if not fresh or len(action.picks) != len(merging.different(one, other)):
        await turn.update(await _next(turn, one, other, ""))
        await turn.answer("客户资料刚刚有变化，请重新看一遍再确认。")
        return
    await turn.update(await merge(turn, one, other, _picked(one, other, action.picks)))


async def merge(turn: Turn, kept: Customer, gone: Customer, picks: Mapping[str, Pick]) -> Card:
    """Makes the two one with these choices: all rows, the way back, the words for those whom it concerns. Returns what
    the one who did it reads."""
    after = merging.joined(kept, gone, picks)
    moved = cards.moves(await mergers.counts(turn.tx, gone.id))
    until = turn.now + turn.config.customers.merge_undo
    made = await mergers.merge(
        turn.tx, kept, gone, after, await _folded(turn, kept, gone), member=turn.me.id, now=turn.now, until=until
    )  # fmt: skip
    taken = await undo.remember(
        turn.tx, turn.me.id, "customer.merged", customer_id(gone.id), {"merger": made.id}, turn.now, until
    )
    await mergers.undoable_as(turn.tx, made, taken)
    for about, other in ((kept.id, gone.id), (gone.id, kept.id)):
        await audit.add(turn.tx, turn.now, turn.me.id, "customer.merged", customer_id(about),
                        {"with": customer_id(other), "kept": customer_id(kept.id), "moved": moved}, turn.event_id)  # fmt: skip
    await turn.record("customer.merged", customer_id(kept.id), merger=made.id)
    await turn.remind("merger", str(made.id), turn.now + SWEEP, merger=made.id)
    await _tell(turn, made, kept, gone, after.label)
    return cards.done(
        Pair(kept.id, gone.id, 0, 0), after.label, moved, taken, when(until, turn.now, turn.zone)
    )


async def _tell(
    turn: Turn, one: Merger, kept: Customer, gone: Customer, label: str, *, undone: bool = False
) -> None:
    """The owners of the two hear of it, when somebody else did it."""
    for owner in sorted({kept.owner, gone.owner} - {"", turn.me.id}):
        person = await team.get(turn.tx, owner)
        if person is not None and not person.gone:
            card = cards.told(one.kept, one.gone, label, turn.me.name, undone=undone)
            await turn.tell(card, to=owner, weight=Weight.WORD)


@router.fact("customer.merged")
async def swept(turn: Turn, fact: Fact) -> None:
    """What somebody wrote to the customer that is gone while it was merged comes along."""
    await _sweep(turn, int(fact.payload["merger"]))


@router.timer("merger")
async def swept_again(turn: Turn, timer: Timer) -> None:
    """And once more, when nobody can still be writing to it."""
    await _sweep(turn, int(timer.payload["merger"]))


async def _sweep(turn: Turn, id: int) -> None:
    one = await mergers.get(turn.tx, id)
    if one.undone_at is None:
        await mergers.sweep(turn.tx, one)


# ── two again ──────────────────────────────────────────────────────────────────────────────────────────
@router.command("撤销合并", usage="/撤销合并 C-0298", about="把合并过的客户分开", may=MAY)
async def take_apart(turn: Turn, words: str) -> None:
    """/撤销合并 C-0298: by whoever may merge the two."""
    await apart(turn, _number(words))


async def apart(turn: Turn, number: int) -> None:
    """The customer of this old id is one of its own again. Raises Refused, Denied."""
    one = await mergers.standing(turn.tx, number)
    if one is None:
        customer = await customers.get(turn.tx, number)
        parts = "、".join(customer_id(part.gone) for part in await mergers.into(turn.tx, customer.id))
        hint = f"并入它的是 {parts}，写那个编号" if parts else "没有客户并入它，它也没有并入别的客户"
        raise Refused(f"{customer_id(customer.id)}：{hint}")
    found = await undo.find(turn.tx, one.undo)
    assert found is not None
    await take_back(turn, found)


@undoer("customer.merged")
async def undo_merge(turn: Turn, kept_row: Undoable) -> str:
    """Everything that was there is there again; what was written since about its leads and contacts goes along."""
    one = await mergers.get(turn.tx, int(kept_row.payload["merger"]))
    here, there = customer_id(one.kept), customer_id(one.gone)
    if one.undone_at is not None:
        raise Refused(f"{there} 的合并已经撤销过了")
    await mergers.lock(turn.tx, [one.kept, one.gone])
    kept = await customers.find(turn.tx, one.kept)
    if kept is None:
        raise Refused(f"{here} 已经不在了，不能撤销合并")
    if kept.id != one.kept:
        raise Refused(f"{here} 之后又并入了 {customer_id(kept.id)}，请先发 /撤销合并 {here}")
    await mine(turn, kept.id)  # it would bring back whose it was then: thirty days are long enough to lose it
    await mergers.sweep(turn.tx, one)
    await mergers.put_back(turn.tx, one, kept, member=turn.me.id, now=turn.now)
    await turn.forget("merger", str(one.id))
    gone = await customers.get(turn.tx, one.gone)
    for about, other in ((here, there), (there, here)):
        await audit.add(
            turn.tx, turn.now, turn.me.id, "customer.unmerged", about, {"with": other}, turn.event_id
        )
    await turn.close(here, "已撤销", kinds=("merge.done", "merge.told"))
    await _tell(turn, one, kept, gone, gone.label, undone=True)
    return f"{there} {gone.label} 又是单独的客户，{here} 恢复原样"
