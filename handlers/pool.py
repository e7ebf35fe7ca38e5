"""The public pool 公海: the list, 领取, 放回, what lies there too long (B14; C.7)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.events import Timer
from bot.router import Router
from bot.turn import ALARM, Turn
from cards import pool as cards
from cards import sla as sla_cards
from cards.actions_assignment import PoolPage
from cards.actions_sla import Claim, ToPool
from cards.card import from_json
from handlers import along, manager, pooling
from handlers import leads as desk
from handlers.guard import guard
from handlers.happened import happened
from handlers.pooling import ALL, STALE, release
from rules import pool as rules
from rules.budget import Weight
from rules.errors import Refused
from rules.leads import Lead
from rules.team import Role
from rules.text import lead_id, mask_contacts_in, parse_id, when
from store import audit, customers, followups, leads, pool, team
from store.pool import Pooled

router = Router("pool")
BOSSES = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
SALES = (Role.REP, Role.MANAGER)
LOOKERS = (*SALES, Role.ADMIN)
VIEWS = "view"


# ── 公海 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.command("公海", usage="/公海 [词]", about="看没有负责人的线索", may=LOOKERS)
async def show(turn: Turn, words: str) -> None:
    """Leads that nobody has, the longest there first; no numbers, no people."""
    await _page(turn, words.strip()[:20], None)


@router.click(PoolPage, may=LOOKERS)
async def next_page(turn: Turn, action: PoolPage) -> None:
    """下一页, on the same card."""
    one = await pool.get(turn.tx, action.after)
    await _page(turn, action.words, (one.since, one.lead) if one else None)


async def _page(turn: Turn, words: str, after: tuple[datetime, int] | None) -> None:
    found = await pool.listed(turn.tx, words=words, after=after, limit=cards.PAGE + 1)
    total, old = await pool.counts(turn.tx, turn.now - turn.config.pool.stale)
    if not found:
        await turn.answer(f"公海里没有提到「{words}」的线索。" if words and total else "公海里没有线索。")
        return
    shown = found[: cards.PAGE]
    left = await _seen(turn, len(shown))
    card = cards.listed(
        await _rows(turn, shown), total, old, turn.config.pool.stale, turn.now, turn.zone, words=words,
        more=len(found) > len(shown), left=left, claims=turn.me.has(*SALES),
    )  # fmt: skip
    if turn.on is not None:
        await turn.update(card)
    else:
        await turn.answer(card)


async def _seen(turn: Turn, n: int) -> int | None:
    """Counts n more leads that a rep looked at today; how many are left. Raises Refused at the cap."""
    if turn.me.has(Role.MANAGER, Role.ADMIN):
        return None
    day, cap = f"{turn.wall:%Y-%m-%d}", turn.config.pool.daily_views
    seen = await pool.tally_of(turn.tx, turn.me.id, day, VIEWS)
    if seen >= cap:
        raise Refused(f"今天已看了 {seen} 条公海线索，到上限了，明天再来")
    await pool.count(turn.tx, turn.me.id, day, VIEWS, n)
    return max(0, cap - seen - n)


async def _rows(turn: Turn, found: Sequence[Pooled]) -> list[cards.Row]:
    people = team.names(await team.everyone(turn.tx))
    rows = []
    for one in found:
        lead = await leads.get(turn.tx, one.lead)
        customer = await customers.get(turn.tx, lead.customer)
        rows.append(
            cards.Row(
                lead.id, lead.version, mask_contacts_in(customer.company or customer.city or "个人客户"),
                mask_contacts_in(lead.need or lead.kind or lead.source), one.since,
                rules.REASONS.get(one.reason, "放回"), people.get(one.former, ""),
            )
        )  # fmt: skip
    return rows


# ── 领取 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.click(Claim, may=SALES)
async def claim(turn: Turn, action: Claim) -> None:
    """领取 on the pool's card."""
    await _claim(turn, await leads.get(turn.tx, action.lead))


@router.command("领取", usage="/领取 1024", about="从公海领取一条线索", may=SALES)
async def claim_by_words(turn: Turn, words: str) -> None:
    """/领取 1024."""
    number = parse_id(words)
    if number is None:
        raise Refused("这样写：/领取 1024。公海里有什么，发 /公海 看。")
    await _claim(turn, await leads.get(turn.tx, number[1]))


async def _claim(turn: Turn, lead: Lead) -> None:
    """A lead of the pool becomes mine, with a new clock and its history. Raises Refused when somebody was faster,
    while a check-in of mine is open (A.3), at the day's cap, or while I may not have it again."""
    await guard(turn)
    if lead.owner or not lead.open:
        owner = await team.get(turn.tx, lead.owner) if lead.owner else None
        said = f"已由{owner.name}负责" if owner else "已经关闭"
        raise Refused(f"{lead_id(lead.id)} {said}，领取不了")
    there = await pool.get(turn.tx, lead.id) or Pooled(lead.id, lead.created_at)
    today = await pooling.claimed(turn)
    rules.may_claim(turn.config.pool.rules(), lead, turn.me.id, there.former, there.since, today, turn.now)
    mine = await leads.save(
        turn.tx,
        replace(lead, owner=turn.me.id, assigned_at=turn.now, assigned_why="公海领取", acked_at=turn.now),
    )
    await pool.take(turn.tx, lead.id)
    customer = await customers.get(turn.tx, lead.customer)
    if not customer.owner:
        await customers.save(turn.tx, replace(customer, owner=turn.me.id), turn.now)
    deals = await along.go(turn, lead, turn.me.id, customer=not customer.owner, why="公海领取")
    await happened(
        turn, lead.id, "lead.assigned", owner=turn.me.id, by=turn.me.id, why="公海领取", restart=True
    )
    await audit.add(turn.tx, turn.now, turn.me.id, "lead.claimed", lead_id(lead.id), "", turn.event_id)
    await turn.close(lead_id(lead.id), f"{turn.me.name} 已领取")
    if turn.on is not None:
        await turn.update(replace(from_json(turn.on.body), closed=f"已领取 {lead_id(lead.id)}"))
    await turn.answer(
        await desk.card(turn, mine, *await _history(turn, lead, there), *await along.hints(turn, deals))
    )


async def _history(turn: Turn, lead: Lead, there: Pooled) -> list[str]:
    """What the new owner has to know: why it was there, what was said before (Cordys users: pool leads without a past
    cannot be worked)."""
    people = team.names(await team.everyone(turn.tx))
    former = f"，原负责人 {people[there.former]}" if there.former in people else ""
    said = rules.REASONS.get(there.reason, "放回") + (f"（{there.why}）" if there.why else "")
    found = await followups.of_lead(turn.tx, lead.id, 3)
    past = [
        f"{when(one.recorded_at, turn.now, turn.zone)} {people.get(one.member, '前同事')}：{one.channel} · {one.conclusion}"
        + (f" · {one.next_text}" if one.next_text else "")
        for one in found
    ]
    return [f"公海原因：{said}{former}", *(past or ["之前没有跟进记录。"])]


# ── 放回 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.command("放回", usage="/放回 1024 理由", about="把自己的线索放回公海", may=SALES)
async def put_back(turn: Turn, words: str) -> None:
    """/放回 1024 不在我的区域: a reason is asked for."""
    head, _, why = words.strip().partition(" ")
    number = parse_id(head)
    if number is None or len(why.strip()) < 2:
        raise Refused("这样写：/放回 1024 理由")
    lead = await desk.mine(turn, number[1])
    await release(turn, lead, rules.RELEASED, why.strip()[:200], by=turn.me.id)
    await desk.close(turn, lead.id, "已放回公海")
    boss = await team.manager_of(turn.tx, turn.me.id)
    if boss:
        shown = sla_cards.note(lead.id, f"{turn.me.name} 放回了 {lead_id(lead.id)}", f"理由：{why.strip()[:200]}",
                               await desk.label(turn, lead))  # fmt: skip
        await turn.tell(shown, to=boss)
    await turn.answer(f"{lead_id(lead.id)} 已放回公海。")


@router.click(ToPool, may=BOSSES)
async def to_pool(turn: Turn, action: ToPool) -> None:
    """放回公海 by a manager: nobody has it; whoever takes it starts a new clock."""
    lead = await manager.movable(turn, action.lead)
    if lead.version != action.version or not lead.owner:
        await turn.update(await manager.reassign_card(turn, lead, turn.me))
        return
    name, former = await desk.label(turn, lead), lead.owner
    await release(turn, lead, rules.RELEASED, f"{turn.me.name} 放回", by=turn.me.id)
    await turn.close(lead_id(lead.id), "已放回公海")
    await turn.tell(
        sla_cards.note(lead.id, f"{lead_id(lead.id)} 已放回公海", f"{turn.me.name} 操作", name),
        to=former,
        weight=Weight.DUE,
    )
    await turn.answer(f"{lead_id(lead.id)} 已放回公海，发 /公海 可以看到。")


# ── what lies there too long ───────────────────────────────────────────────────────────────────────────
@router.timer(STALE)
async def lies_there(turn: Turn, _timer: Timer) -> None:
    """B14: managers and admins hear once of each lead that nobody had for so long, all of them on one card."""
    limit = turn.config.pool.stale
    found = []
    for one in await pool.stale(turn.tx, turn.now - limit):
        lead = await leads.find(turn.tx, one.lead)
        if lead is not None and lead.open and not lead.owner:
            found.append(one)
        else:
            await pool.take(turn.tx, one.lead)
    if found:
        await pool.alarmed(turn.tx, [one.lead for one in found], turn.now)
        shown = cards.stale(await _rows(turn, found[: cards.SHOWN]), len(found), limit, turn.now, turn.zone)
        for person in await team.with_role(turn.tx, Role.MANAGER, Role.ADMIN):
            await turn.tell(shown, to=person.id, priority=ALARM)
    since = await pool.next_stale(turn.tx)
    if since is not None:
        await turn.remind(STALE, ALL, max(pooling.stale_at(turn, since), turn.now + timedelta(seconds=1)))
