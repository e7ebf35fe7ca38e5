"""Why a lead went where it went: /为什么, /公平; 退回 and 没有接; leads that nobody could take are tried again (B11, B85, B86)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.events import Fact, Message, Timer
from bot.router import Router
from bot.turn import ALARM, Turn
from cards import assignment as cards
from cards.actions_assignment import Decline
from cards.card import from_json
from handlers import along, assigning, pooling
from handlers import leads as desk
from handlers.assigning import RETRY, SWEEP
from handlers.guard import cancel
from handlers.happened import happened
from rules import access, hours
from rules.errors import Denied, Refused
from rules.fairness import WHOLE, report
from rules.leads import CLOSED, Lead, Status
from rules.pool import DECLINED, UNASSIGNED
from rules.team import Role
from rules.text import lead_id, parse_id
from store import assignment as turns
from store import audit, checkins, climbs, customers, leads, ledger, pool, settings, team, timers
from store.pool import Pooled

router = Router("assignment")
BOSSES = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
BATCH = 20
"""Leads tried again in one transaction."""
ACCEPT = "assign.accept"
ALARMED, BACKLOG = "assign.alarmed", "assign.backlog"


# ── /为什么 ────────────────────────────────────────────────────────────────────────────────────────────
@router.command("为什么", usage="/为什么 1024", about="看一条线索为什么分给了这个人", may=BOSSES)
async def why(turn: Turn, words: str) -> None:
    """M9: the decision candidate by candidate, and what happened since."""
    number = parse_id(words)
    if number is None or number[0] not in ("", "L"):
        raise Refused("这样写：/为什么 1024")
    lead = await leads.get(turn.tx, number[1])
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    if not access.may_see(turn.me, owner, turn.config.teams()):
        said = f"{lead_id(lead.id)} 由{owner.name if owner else '公海'}负责，不在你的团队里"
        raise Denied(said, about=lead_id(lead.id))
    people = team.names(await team.everyone(turn.tx))
    made = [_explained(one, people) for one in await turns.of_lead(turn.tx, lead.id)]
    state = f"现在由{owner.name}负责" if owner else "现在在公海里"
    state = state if lead.open else "已经关闭"
    moves = await _moves(turn, lead, people)
    await turn.answer(cards.why(lead.id, made, moves, turn.now, turn.zone, state))


def _explained(made: turns.Made, people: dict[str, str]) -> cards.Explained:
    found = tuple(
        cards.Weighed(
            people.get(one.member, one.member), one.out, one.region, one.trade, one.rate, one.weight,
            one.share / WHOLE, one.credit / WHOLE, one.today, one.decided,
        )
        for one in made.candidates
    )  # fmt: skip
    chosen = people.get(made.chosen, made.chosen)
    return cards.Explained(made.at, chosen, made.group, made.widened, found)


async def _moves(turn: Turn, lead: Lead, people: dict[str, str]) -> list[tuple[datetime, str]]:
    """What people (and not the turn) did about the owner, in words."""
    found = []
    for one in (await climbs.happened(turn.tx, [lead.id]))[lead.id]:
        said = one.payload
        by, to = people.get(said.get("by", ""), ""), people.get(said.get("owner", ""), "")
        reason = f"（{said['why']}）" if said.get("why") else ""
        if one.name == "lead.assigned" and not said.get("auto"):
            found.append(
                (one.at, f"{by or '系统'} 给了 {to}{reason}" if by != to else f"{to} 自己接下{reason}")
            )
        elif one.name in ("lead.declined", "lead.pooled"):
            what = "退回" if one.name == "lead.declined" else "放进公海"
            found.append((one.at, f"{by or '系统'} {what}{reason}"))
    return found


# ── /公平 ──────────────────────────────────────────────────────────────────────────────────────────────
@router.command("公平", usage="/公平 [天数]", about="看自动分派公不公平：应得和实得", may=BOSSES)
async def fairness(turn: Turn, words: str) -> None:
    """Expected and got, rep by rep; a manager reads their own people's lines."""
    days = _days(words)
    since = f"{turn.wall - timedelta(days=days - 1):%Y-%m-%d}"
    made = report(await turns.shares(turn.tx, since))
    people = team.names(await team.everyone(turn.tx))
    only: list[str] = []
    if not turn.me.has(Role.DIRECTOR, Role.ADMIN):
        only = [turn.me.id, *(one.id for one in await team.team_members(turn.tx, turn.me.id))]
    await turn.answer(cards.fairness(made, people, days, await pool.waiting(turn.tx), only=only))


def _days(words: str) -> int:
    digits = words.strip().removesuffix("天").strip()
    if not digits:
        return 30
    if not digits.isdigit() or not 1 <= int(digits) <= 366:
        raise Refused("这样写：/公平 30（看近 30 天，最多 366）")
    return int(digits)


# ── 退回 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.click(Decline)
async def decline(turn: Turn, action: Decline) -> None:
    """退回: the next line says why."""
    lead = await desk.mine(turn, action.lead)
    if lead.version != action.version:
        await turn.update(await desk.card(turn, lead))
        return
    _fresh(lead)
    await turn.expect("assign.decline", lead=lead.id)
    await turn.answer(f"为什么退回 {lead_id(lead.id)}？直接回一句话，会告诉主管，线索给下一位同事。")


@router.answer("assign.decline")
async def declined(turn: Turn, message: Message) -> None:
    """The reason: the lead goes to the next one."""
    await turn.unexpect("assign.decline")
    lead = await desk.mine(turn, int(turn.expected["lead"]))
    _fresh(lead)
    reason = message.text.strip()[:200]
    if len(reason) < 2:
        raise Refused("请写一句理由，例如：不做这个行业")
    to = await give_back(turn, lead, reason, by=turn.me.id)
    await turn.answer(
        f"{lead_id(lead.id)} 已退回，" + (f"改派给{to}。" if to else "没有人能接，先放进公海。")
    )


def _fresh(lead: Lead) -> None:
    if lead.first_touch_at is not None:
        raise Refused(f"{lead_id(lead.id)} 已经跟进过，不能退回。请用：/转给 {lead.id} @同事")


async def give_back(turn: Turn, lead: Lead, reason: str, *, by: str) -> str:
    """Takes a lead from its owner and gives it to the next one. Returns the name, "" for the pool. The manager hears
    of it; the new owner's clock begins anew."""
    former = lead.owner
    await happened(turn, lead.id, "lead.declined", by=former, why=reason)
    await audit.add(turn.tx, turn.now, by, "lead.declined", lead_id(lead.id), {"from": former, "why": reason},
                    turn.event_id)  # fmt: skip
    customer = await customers.get(turn.tx, lead.customer)
    others = [one for one in await leads.of_customer(turn.tx, customer.id) if one.id != lead.id]
    alone = customer.owner == former and not others
    if alone:
        await customers.save(turn.tx, replace(customer, owner=""), turn.now)
    await along.go(turn, lead, "", customer=alone, why=reason)
    freed = await leads.save(turn.tx, replace(lead, owner=""))
    await pooling.put(turn, Pooled(lead.id, turn.now, DECLINED, reason, former, by))
    given = await assigning.assign(
        turn, freed, without=await _decliners(turn, lead.id), why="同事退回后改派给你"
    )
    to = await team.get(turn.tx, given.lead.owner) if given.lead.owner else None
    name = to.name if to else ""
    for checkin in await checkins.open_on(turn.tx, lead.id):
        await cancel(turn, checkin, given.lead)
    await desk.close(turn, lead.id, f"已退回，改派 {name}" if to else "已退回公海")
    if turn.on is not None and turn.on.subject == lead_id(lead.id):
        await turn.update(replace(from_json(turn.on.body), closed="已退回"))
    if to is not None:
        await desk.announce(turn, given.lead)
    else:
        await desk.nobody(turn, given.lead, given.made)
    manager = await team.manager_of(turn.tx, former)
    person = await team.get(turn.tx, former)
    if manager and manager != by:
        shown = cards.declined(
            lead.id, await desk.label(turn, lead), person.name if person else former, reason, name
        )
        await turn.tell(shown, to=manager)
    return name


async def _decliners(turn: Turn, lead: int) -> list[str]:
    known = (await climbs.happened(turn.tx, [lead]))[lead]
    return list(dict.fromkeys(str(one.payload.get("by", "")) for one in known if one.name == "lead.declined"))


# ── not accepted in time ───────────────────────────────────────────────────────────────────────────────
@router.fact("lead.assigned")
async def begun(turn: Turn, fact: Fact) -> None:
    """An automatic assignment that nobody takes up goes to the next one, where that is switched on (C.7)."""
    within = turn.config.assignment.accept_within
    if not within or not fact.payload.get("auto"):
        return
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if lead is None or lead.assigned_at is None or lead.owner != fact.payload.get("owner"):
        return
    due = hours.due(turn.calendar, lead.assigned_at, within, "working")
    await turn.remind(ACCEPT, str(lead.id), due, owner=lead.owner, at=lead.assigned_at.isoformat())


@router.timer(ACCEPT)
async def not_accepted(turn: Turn, timer: Timer) -> None:
    """The time to take it up is over: whoever pressed, snoozed or followed up has taken it up."""
    lead = await leads.find(turn.tx, int(timer.key))
    if lead is None or not lead.open or lead.owner != timer.payload["owner"] or lead.assigned_at is None:
        return
    if lead.assigned_at.isoformat() != timer.payload["at"] or lead.first_touch_at or lead.acked_at:
        return
    if await ledger.acted_since(turn.tx, lead_id(lead.id), lead.owner, lead.assigned_at):
        return
    if await checkins.open_on(turn.tx, lead.id):
        return
    span = hours.show_duration(turn.config.assignment.accept_within)
    await give_back(turn, lead, f"{span}内没有接", by="")


# ── nobody could take it: again ────────────────────────────────────────────────────────────────────────
OPEN = tuple(status.value for status in Status if status not in CLOSED)


@router.fact("lead.created")
async def ownerless(turn: Turn, fact: Fact) -> None:
    """However a lead came in: open, nobody's and not in the pool is what must not be (B82)."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if lead is None or lead.owner or not lead.open or await pool.get(turn.tx, lead.id):
        return
    await pooling.put(turn, Pooled(lead.id, turn.now, UNASSIGNED, "等待分派", retry_at=turn.now))
    await turn.remind(RETRY, SWEEP, turn.now)


@router.fact("lead.closed")
async def closed(turn: Turn, fact: Fact) -> None:
    """A closed lead waits for nobody."""
    await pool.take(turn.tx, int(fact.payload["lead"]))


@router.timer(RETRY)
async def retry(turn: Turn, _timer: Timer) -> None:
    """Tries the longest waiting again, a batch in one transaction, and tells the admins of those that stay. While nobody
    can have anything, what waits is put off together: its last decision explains it still."""
    settings_of = turn.config.assignment
    due = await pool.to_retry(turn.tx, turn.now, BATCH)
    given = 0
    failed: list[tuple[Pooled, Lead, str]] = []
    reasons = await assigning.nobody_free(turn) if due else ()
    if reasons:
        found = [(one, await leads.find(turn.tx, one.lead)) for one in due]
        failed = [
            (one, lead, "、".join(reasons)) for one, lead in found if lead and lead.open and not lead.owner
        ]
        await pool.put_off(turn.tx, turn.now, turn.now + settings_of.retry)
    for one in () if reasons else due:
        lead = await leads.find(turn.tx, one.lead)
        if lead is None or not lead.open or lead.owner:
            await pool.take(turn.tx, one.lead)
            continue
        made = await assigning.assign(turn, lead, without=await _decliners(turn, lead.id))
        if made.lead.owner:
            given += 1
            await desk.close(turn, lead.id, "已分派")
            await desk.announce(turn, made.lead)
        else:
            outs = dict.fromkeys(each.out for each in made.made.candidates if each.out)
            failed.append((one, made.lead, "、".join(outs) or "没有销售"))
    await _proof(turn, given, due)
    late = [one for one in failed if one[0].tries + 1 >= settings_of.alarm_after]
    if late:
        await _alarm(turn, late)
    next_at = await pool.next_retry(turn.tx)
    if next_at is not None:
        await timers.set_timer(turn.tx, RETRY, SWEEP, max(next_at, turn.now), {}, turn.now)
        turn.rang.add("timers")
    await turns.prune(turn.tx, turn.now - settings_of.keep_decisions)


async def _alarm(turn: Turn, late: Sequence[tuple[Pooled, Lead, str]]) -> None:
    """The admins hear of it, all of them together, and not again before `assignment.alarm_again` is over."""
    last = await settings.get(turn.tx, ALARMED)  # in UTC, so that texts compare as moments do
    if last and last > (turn.now - turn.config.assignment.alarm_again).isoformat():
        return
    await settings.put(turn.tx, ALARMED, turn.now.isoformat(), "", turn.now)
    rows = [
        cards.Stuck(lead.id, await desk.label(turn, lead), one.since, one.tries + 1, reason)
        for one, lead, reason in late
    ]
    shown = cards.stuck(rows, await pool.waiting(turn.tx), turn.now, turn.zone)
    for person in await team.with_role(turn.tx, Role.ADMIN) or await team.with_role(turn.tx, Role.MANAGER):
        await turn.tell(shown, to=person.id, priority=ALARM)


async def _proof(turn: Turn, given: int, due: Sequence[Pooled]) -> None:
    """Counts what a backlog gave away; when an alarmed one is empty, the admins read that it is (B86)."""
    before = await settings.get(turn.tx, BACKLOG) or "0"
    total = int(before) + given
    if await pool.waiting(turn.tx):
        await settings.put(turn.tx, BACKLOG, str(total), "", turn.now)
        return
    alarmed = await settings.get(turn.tx, ALARMED)
    await settings.put(turn.tx, BACKLOG, "0", "", turn.now)
    if not alarmed or not total:
        return
    await settings.put(turn.tx, ALARMED, "", "", turn.now)
    waited = max((turn.now - one.since for one in due), default=timedelta(0))
    for person in await team.with_role(turn.tx, Role.ADMIN):
        await turn.send(cards.recovered(total, round(waited.total_seconds() / 60)), to=person.id)
