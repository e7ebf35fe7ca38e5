"""The public pool 公海: the list, 领取, 放回, 保护, warnings before a lead goes back, what lies there too long (B14; C.7)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.events import Fact, Message, Timer
from bot.router import Router
from bot.turn import ALARM, Turn
from cards import pool as cards
from cards import sla as sla_cards
from cards.actions_assignment import AskHold, GrantHold, PoolPage
from cards.actions_sla import Claim, ToPool
from cards.card import Card, from_json, to_json
from handlers import leads as desk
from handlers import manager, pooling
from handlers.guard import guard
from handlers.happened import happened
from handlers.pooling import ALL, RECYCLE, STALE, release
from rules import access
from rules import pool as rules
from rules.budget import Weight
from rules.errors import Refused
from rules.hours import show_duration
from rules.leads import Lead
from rules.team import Member, Role
from rules.text import lead_id, parse_id, when
from store import audit, customers, followups, leads, pool, team, timers
from store.pool import Pooled

router = Router("pool")
BOSSES = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
SALES = (Role.REP, Role.MANAGER)
CLAIMS, VIEWS = "claim", "view"
USUAL_HOLD = 14
IDLE = timedelta(days=7)
"""While nothing goes back by itself, each lead is looked at so often, so that switching the rule on finds all."""


# ── 公海 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.command(
    "公海", usage="/公海 [词]", about="看没有负责人的线索", may=(Role.REP, Role.MANAGER, Role.ADMIN)
)
async def show(turn: Turn, words: str) -> None:
    """Leads that nobody has, the longest there first; no numbers, no people."""
    await _page(turn, words.strip()[:20], None)


@router.click(PoolPage)
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
                lead.id, lead.version, customer.company or customer.city or "个人客户", lead.need or lead.kind or lead.source,
                one.since, rules.REASONS.get(one.reason, "放回"), people.get(one.former, ""),
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
    day = f"{turn.wall:%Y-%m-%d}"
    claimed = await pool.tally_of(turn.tx, turn.me.id, day, CLAIMS)
    rules.may_claim(turn.config.pool.rules(), lead, turn.me.id, there.former, there.since, claimed, turn.now)
    mine = await leads.save(
        turn.tx,
        replace(lead, owner=turn.me.id, assigned_at=turn.now, assigned_why="公海领取", acked_at=turn.now),
    )
    await pool.take(turn.tx, lead.id)
    await pool.count(turn.tx, turn.me.id, day, CLAIMS)
    customer = await customers.get(turn.tx, lead.customer)
    if not customer.owner:
        await customers.save(turn.tx, replace(customer, owner=turn.me.id), turn.now)
    await happened(
        turn, lead.id, "lead.assigned", owner=turn.me.id, by=turn.me.id, why="公海领取", restart=True
    )
    await audit.add(turn.tx, turn.now, turn.me.id, "lead.claimed", lead_id(lead.id), "", turn.event_id)
    await turn.close(lead_id(lead.id), f"{turn.me.name} 已领取")
    if turn.on is not None:
        await turn.update(replace(from_json(turn.on.body), closed=f"已领取 {lead_id(lead.id)}"))
    await turn.answer(await desk.card(turn, mine, *await _history(turn, lead, there)))


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


# ── it goes back by itself ─────────────────────────────────────────────────────────────────────────────
@router.fact("lead.assigned")
async def watched(turn: Turn, fact: Fact) -> None:
    """From now on the lead is looked at when its time comes; a date that is set already stays with its warnings."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if (
        lead is None
        or not lead.owner
        or not lead.open
        or await timers.has_timer(turn.tx, RECYCLE, str(lead.id))
    ):
        return
    await turn.remind(RECYCLE, str(lead.id), turn.now + _first(turn))


def _first(turn: Turn) -> timedelta:
    """How long after an assignment a lead can need a look at the earliest."""
    settings = turn.config.pool
    periods = [one for one in (settings.recycle, *settings.levels.values()) if one]
    return min([IDLE, *(one - max(settings.warn, default=timedelta(0)) for one in periods)])


@router.timer(RECYCLE)
async def look(turn: Turn, timer: Timer) -> None:
    """Is it time for a warning, or to go back? It looks before it speaks; follow-ups since have moved the date."""
    lead = await leads.find(turn.tx, int(timer.key))
    if lead is None or not lead.open or not lead.owner:
        return
    at = await pooling.goes_back(turn, lead)
    if at is None:
        await turn.remind(RECYCLE, timer.key, turn.now + IDLE)
        return
    kept = (
        timer.payload
        if timer.payload.get("owner") == lead.owner and timer.payload.get("at") == at.isoformat()
        else {}
    )
    said_at = datetime.fromisoformat(kept["said_at"]) if kept.get("said_at") else None
    made = rules.step(turn.calendar, at, turn.config.pool.warn, int(kept.get("said", 0)), said_at, turn.now)
    keep = {
        "owner": lead.owner,
        "at": at.isoformat(),
        "said": kept.get("said", 0),
        "said_at": kept.get("said_at", ""),
    }
    match made:
        case rules.Look(next_at):
            await turn.remind(RECYCLE, timer.key, next_at, **keep)
        case rules.Warn(goes, said):
            await _warn(turn, lead, goes)
            keep |= {"said": said, "said_at": turn.now.isoformat()}
            after = rules.step(turn.calendar, at, turn.config.pool.warn, said, turn.now, turn.now)
            next_at = after.at if isinstance(after, rules.Look) else goes
            await turn.remind(RECYCLE, timer.key, next_at, **keep)
        case rules.Recycle():
            await _recycle(turn, lead)


async def _silent_for(turn: Turn, lead: Lead) -> str:
    customer = await customers.get(turn.tx, lead.customer)
    return f"{show_duration(turn.config.pool.rules(customer.level).recycle)}没有有效跟进"


async def _warn(turn: Turn, lead: Lead, at: datetime) -> None:
    """Several leads of one owner in one minute are said together."""
    shown = cards.warning(
        lead.id, await desk.label(turn, lead), at, await _silent_for(turn, lead), turn.now, turn.zone
    )
    await _together(turn, shown, lead.owner)


async def _recycle(turn: Turn, lead: Lead) -> None:
    former, why = lead.owner, await _silent_for(turn, lead)
    label = await desk.label(turn, lead)
    await release(turn, lead, rules.RECYCLED, why, by="")
    await desk.close(turn, lead.id, "已回到公海")
    await _together(turn, cards.recycled(lead.id, label, why, turn.config.pool.cooldown), former)


async def _together(turn: Turn, card: Card, to: str) -> None:
    """Kept for a minute: what concerns several leads of one person is said together."""
    await turn.later(
        to, "pool", card.subject, {"card": to_json(card), "priority": 1}, within=turn.config.messages.merge
    )


# ── 保护 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.command(
    "保护", usage="/保护 1024 14天 理由", about="请主管同意，一段时间不收回", may=(*SALES, Role.ADMIN)
)
async def ask_hold(turn: Turn, words: str) -> None:
    """/保护 1024 14天 等客户年度预算: the manager agrees or not; a manager's own word holds at once."""
    number, days, why = _hold_words(words)
    lead = await leads.get(turn.tx, number)
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    if not lead.open or owner is None:
        raise Refused(f"{lead_id(number)} 没有负责人或已经关闭，不用保护")
    longest = turn.config.pool.longest_hold
    if timedelta(days=days) > longest:
        raise Refused(f"最长保护 {show_duration(longest)}")
    if await pooling.goes_back(turn, lead) is None:
        raise Refused(f"{lead_id(number)} 不会自动回到公海，不用保护")
    if (
        turn.me.has(*BOSSES)
        and owner.id != turn.me.id
        and access.may_move(turn.me, owner, turn.config.teams())
    ):
        await _grant(turn, lead, days, why, owner.id)
        await turn.answer(f"{lead_id(number)} 保护 {days} 天。")
        return
    await desk.mine(turn, number)
    await _ask(turn, lead, days, why)


def _hold_words(words: str) -> tuple[int, int, str]:
    parts = words.split()
    number = next(
        (found for part in parts if (found := parse_id(part)) and not re.fullmatch(r"\d+天", part)), None
    )
    span = next((part for part in parts if re.fullmatch(r"\d{1,4}天", part)), "")
    why = " ".join(part for part in parts[1:] if part != span)
    if number is None or len(why) < 2:
        raise Refused("这样写：/保护 1024 14天 理由")
    return number[1], int(span[:-1]) if span else USUAL_HOLD, why[:200]


@router.click(AskHold)
async def ask_hold_by_button(turn: Turn, action: AskHold) -> None:
    """申请保护 on a warning: the next line says why."""
    lead = await desk.mine(turn, action.lead)
    await turn.expect("pool.hold", lead=lead.id)
    await turn.answer(f"为什么要保护 {lead_id(lead.id)}？回一句话，例如：30天 等客户年度预算")


@router.answer("pool.hold")
async def hold_reason(turn: Turn, message: Message) -> None:
    """The reason (and the days)."""
    lead = await desk.mine(turn, int(turn.expected["lead"]))
    _, days, why = _hold_words(f"{lead.id} {message.text.strip()}")
    if timedelta(days=days) > turn.config.pool.longest_hold:
        raise Refused(f"最长保护 {show_duration(turn.config.pool.longest_hold)}，请重新写")
    await turn.unexpect("pool.hold")
    await _ask(turn, lead, days, why)


async def _ask(turn: Turn, lead: Lead, days: int, why: str) -> None:
    bosses = await _bosses(turn, turn.me)
    if not bosses:
        raise Refused("没有主管或管理员可以同意")
    at = await pooling.goes_back(turn, lead)
    shown = cards.ask_hold(lead.id, await desk.label(turn, lead), turn.me.name, turn.me.id, days, why,
                           when(at, turn.now, turn.zone) if at else "")  # fmt: skip
    for boss in bosses:
        await turn.tell(shown, to=boss.id, weight=Weight.DUE)
    await audit.add(turn.tx, turn.now, turn.me.id, "hold.asked", lead_id(lead.id), {"days": days, "why": why},
                    turn.event_id)  # fmt: skip
    await turn.answer(
        f"已请{'、'.join(one.name for one in bosses)}同意保护 {lead_id(lead.id)} {days} 天。同意之前日期不变。"
    )


async def _bosses(turn: Turn, member: Member) -> list[Member]:
    boss = await team.get(turn.tx, await team.manager_of(turn.tx, member.id))
    return [boss] if boss else await team.with_role(turn.tx, Role.ADMIN)


@router.click(GrantHold, may=BOSSES)
async def granted(turn: Turn, action: GrantHold) -> None:
    """同意 / 不同意."""
    lead = await manager.movable(turn, action.lead)
    if lead.owner != action.by:
        raise Refused(f"{lead_id(lead.id)} 已经不归申请人负责")
    assert turn.on is not None
    asked = from_json(turn.on.body)
    word = f"已同意保护 {action.days} 天" if action.yes else "不同意"
    if action.yes:
        why = next((line.removeprefix("理由：") for line in asked.lines if line.startswith("理由：")), "")
        await _grant(turn, lead, action.days, why, action.by)
    else:
        await audit.add(turn.tx, turn.now, turn.me.id, "hold.refused", lead_id(lead.id), "", turn.event_id)
        at = await pooling.goes_back(turn, lead)
        left = f"{when(at, turn.now, turn.zone)} 回到公海" if at else ""
        shown = sla_cards.note(lead.id, f"{turn.me.name} 不同意保护 {lead_id(lead.id)}", left)
        await turn.tell(shown, to=action.by, weight=Weight.DUE)
    await turn.close(lead_id(lead.id), f"{turn.me.name} {word}", kinds=("pool.hold",))


async def _grant(turn: Turn, lead: Lead, days: int, why: str, asked_by: str) -> None:
    """The lead stays until then; its owner reads the new date, the warning's card is done with."""
    until = turn.now + timedelta(days=days)
    await pool.keep(turn.tx, lead.id, until, why, asked_by, turn.me.id, turn.now)
    await audit.add(turn.tx, turn.now, turn.me.id, "hold.granted", lead_id(lead.id), {"days": days, "why": why},
                    turn.event_id)  # fmt: skip
    at = await pooling.goes_back(turn, lead)
    assert at is not None
    await turn.close(lead_id(lead.id), "已保护", kinds=("pool.warning",))
    shown = sla_cards.note(lead.id, f"{lead_id(lead.id)} 已保护 {days} 天", f"{turn.me.name} 同意",
                           f"公海回收：{when(at, turn.now, turn.zone)}")  # fmt: skip
    await turn.tell(shown, to=lead.owner, weight=Weight.DUE)


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
