"""保护: a lead stays with its owner for a while although its time has come, if a manager agrees (B14; C.7)."""

import re
from datetime import timedelta

from bot.events import Message
from bot.router import Router
from bot.turn import Turn
from cards import pool as cards
from cards import sla as sla_cards
from cards.actions_assignment import AskHold, GrantHold
from cards.card import from_json
from handlers import covers, manager, pooling
from handlers import leads as desk
from rules import access
from rules.budget import Weight
from rules.errors import Refused
from rules.hours import show_duration
from rules.leads import Lead
from rules.team import Member, Role
from rules.text import lead_id, parse_id, when
from store import audit, leads, pool, team

router = Router("holds")
BOSSES = (Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
ASKING = (Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
USUAL_HOLD = 14


@router.command("保护", usage="/保护 1024 14天 理由", about="请主管同意，一段时间不收回", may=ASKING)
async def ask_hold(turn: Turn, words: str) -> None:
    """/保护 1024 14天 等客户年度预算: the manager agrees or not; a manager's own word holds at once. /保护 C-0311 …: the
    whole customer (handlers/covers.py)."""
    first, _, rest = words.strip().partition(" ")
    if (asked := parse_id(first)) and asked[0] == "C":
        await covers.said(turn, asked[1], rest)
        return
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
        raise Refused("这样写：/保护 1024 14天 理由；整个客户由主管：/保护 C-0311 2027-03-31 合同编号")
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
