"""Leave: /休假 with a stand-in, /上线; the stand-in sees and acts, and owns nothing (B13; product R14)."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.events import Message, Timer
from bot.router import Router
from bot.turn import Turn
from cards import away as cards
from cards.actions_assignment import ChangeDelegate, ConfirmLeave
from cards.card import Card, from_json
from handlers import transfer
from nlp import days
from rules import access
from rules import away as rules
from rules.away import ENDED, ON, Leave
from rules.budget import Weight
from rules.errors import Denied, Refused
from rules.team import Member, Role
from store import audit, followups, leads, leave, tasks, team

router = Router("away")
SALES = (Role.REP, Role.MANAGER, Role.DIRECTOR, Role.ADMIN)
HOW = "这样写：/休假 11-25 到 11-27 代班 @李倩"
START, BACK = "leave.start", "leave.back"
DELEGATE = re.compile(r"(?:代班|交给|由)\s*(?:给)?\s*[@＠]?\s*(\S+)")
NUMBERS = re.compile(r"(?<![\d-])(\d{1,2})[-/.](\d{1,2})(?![\d-]|/\d)")


@router.command(
    "休假", usage="/休假 从 到 [代班 @李倩]", about="休假期间不派新线索，提醒给代班的人", may=SALES
)
async def ask(turn: Turn, words: str) -> None:
    """/休假 11-25 到 11-27 代班 @李倩; a manager writes /休假 @王磊 … for somebody of the team. Shown before it holds."""
    rest, whose, delegate = await _people(turn, words)
    first, last = _days(turn, rest)
    rules.check(
        first, last, turn.wall.date(), turn.config.away.longest, whose.id, delegate.id if delegate else ""
    )
    await leave.drop_asked(turn.tx, whose.id)
    made = await leave.add(turn.tx, Leave(
        0, whose.id, _midnight(turn, first), _midnight(turn, last + timedelta(days=1)),
        delegate.id if delegate else "", by=turn.me.id,
    ), turn.now)  # fmt: skip
    await turn.answer(await _card(turn, made, whose))


async def _people(turn: Turn, words: str) -> tuple[str, Member, Member | None]:
    """(the words without names, whose leave, who stands in). Raises Refused for people who cannot be meant."""
    delegate: Member | None = None
    rest = words.replace("＠", "@")
    if found := DELEGATE.search(rest):
        delegate = await transfer.colleague(turn, found[1].removeprefix("@"))
        rest = rest[: found.start()] + " " + rest[found.end() :]
    whose = turn.me
    if found := re.search(r"@\s*(\S+)", rest):
        whose = await transfer.colleague(turn, found[1])
        rest = rest[: found.start()] + " " + rest[found.end() :]
    _may(turn, whose, f"。给自己请假不用写 @；代班的人前面写「代班」。{HOW}")
    return rest, whose, delegate


def _may(turn: Turn, whose: Member, hint: str = "") -> None:
    """Raises Denied for somebody whose leave is not this member's to set."""
    if whose.id != turn.me.id and not access.may_move(turn.me, whose, turn.config.teams()):
        raise Denied(f"{whose.name} 不在你的团队里{hint}")


def _days(turn: Turn, words: str) -> tuple[date, date]:
    found = days.find(NUMBERS.sub(r"\1月\2日", words), turn.wall)
    if not found:
        raise Refused(HOW)
    return found[0].first, found[-1].last


def _midnight(turn: Turn, day: date) -> datetime:
    return turn.utc(datetime.combine(day, time()))


async def _card(turn: Turn, one: Leave, whose: Member) -> Card:
    delegate = await team.get(turn.tx, one.delegate) if one.delegate else None
    mine = await leads.of_owner(turn.tx, whose.id)
    due = [
        lead for lead in mine if lead.first_touch_at is None or (lead.next_at and lead.next_at < one.until)
    ]
    todo = await tasks.open_of(turn.tx, [whose.id])
    return cards.confirm(one, "" if whose.id == turn.me.id else whose.name, delegate.name if delegate else "",
                         len(due) + len(todo), len(mine), turn.zone)  # fmt: skip


async def _asked(turn: Turn, id: int) -> tuple[Leave, Member]:
    one = await leave.get(turn.tx, id)
    whose = await team.get(turn.tx, one.member) if one else None
    if one is None or whose is None or one.state != rules.ASKED:
        raise Refused("这次休假已经处理过了，要改请重新发 /休假")
    _may(turn, whose)  # again: the card may be older than the team
    return one, whose


@router.click(ConfirmLeave)
async def confirm(turn: Turn, action: ConfirmLeave) -> None:
    """确认: from now on it holds; the stand-in hears at its beginning."""
    one, whose = await _asked(turn, action.leave)
    for other in await leave.coming(turn.tx, whose.id, turn.now):
        if other.start < one.until and one.start < other.until:
            await leave.change(turn.tx, replace(other, state=ENDED))
    await leave.change(turn.tx, replace(one, state=ON))
    await audit.add(turn.tx, turn.now, turn.me.id, "leave.on", f"V-{one.id}",
                    {"member": whose.id, "delegate": one.delegate}, turn.event_id)  # fmt: skip
    await turn.remind(START, str(one.id), max(one.start, turn.now))
    await turn.remind(BACK, str(one.id), one.until)
    if turn.on is not None:
        await turn.update(replace(from_json(turn.on.body), closed="已确认"))
    if whose.id != turn.me.id:
        await turn.send(
            f"{turn.me.name} 给你登记了休假：{cards.days(one, turn.zone)}。提前回来发 /上线。", to=whose.id
        )


@router.click(ChangeDelegate)
async def change(turn: Turn, action: ChangeDelegate) -> None:
    """改人: the next line is a name."""
    one, _ = await _asked(turn, action.leave)
    await turn.expect("leave.delegate", leave=one.id)
    await turn.answer("请谁代班？直接回姓名；不用人代班回「没有」。")


@router.answer("leave.delegate")
async def changed(turn: Turn, message: Message) -> None:
    """A name: the card again."""
    one, whose = await _asked(turn, int(turn.expected["leave"]))
    name = message.text.strip().removeprefix("@")
    delegate = "" if name in {"没有", "不用", "无"} else (await transfer.colleague(turn, name)).id
    if delegate == whose.id:
        raise Refused("代班的人不能是本人，请换一位")
    await turn.unexpect("leave.delegate")
    one = replace(one, delegate=delegate)
    await leave.change(turn.tx, one)
    await turn.close(f"V-{one.id}", "已改人")
    await turn.answer(await _card(turn, one, whose))


# ── it begins, it ends ─────────────────────────────────────────────────────────────────────────────────
@router.timer(START)
async def begins(turn: Turn, timer: Timer) -> None:
    """The stand-in hears what is theirs to look at."""
    one = await leave.get(turn.tx, int(timer.key))
    if one is None or not one.covers(turn.now) or not one.delegate:
        return
    whose = await team.get(turn.tx, one.member)
    owned = await leads.open_count(turn.tx, one.member)
    await turn.tell(
        cards.covering(one, whose.name if whose else one.member, owned, turn.zone),
        to=one.delegate,
        weight=Weight.DUE,
    )


@router.timer(BACK)
async def over(turn: Turn, timer: Timer) -> None:
    """It is over by itself: whoever was away hears that all is theirs again."""
    one = await leave.get(turn.tx, int(timer.key))
    if one is None or one.state != ON or one.until > turn.now:
        return
    await _end(turn, one)


async def _end(turn: Turn, one: Leave) -> None:
    await leave.change(turn.tx, replace(one, state=ENDED, until=min(one.until, turn.now)))
    whose = await team.get(turn.tx, one.member)
    if whose is None or whose.gone:
        return
    delegate = await team.get(turn.tx, one.delegate) if one.delegate else None
    done = 0
    if delegate is not None:
        made = await followups.of_member(turn.tx, delegate.id, one.start, turn.now + timedelta(seconds=1))
        owners = {lead.id for lead in await leads.of_owner(turn.tx, whose.id, open_only=False)}
        done = sum(each.lead in owners for each in made)
        await turn.close(f"V-{one.id}", f"{whose.name} 已回来")
    said = cards.welcome_back(whose.name, turn.now, turn.zone, delegate.name if delegate else "", done)
    await turn.send(said, to=whose.id)


@router.command("上线", usage="/上线", about="提前结束休假，恢复派线索", may=SALES)
async def back(turn: Turn, words: str) -> None:
    """/上线; a manager writes /上线 @王磊."""
    whose = turn.me
    if name := words.replace("＠", "@").strip().removeprefix("@").strip():
        whose = await transfer.colleague(turn, name)
        _may(turn, whose)
    on = [one for one in await leave.coming(turn.tx, whose.id, turn.now) if one.covers(turn.now)]
    if not on:
        coming = await leave.coming(turn.tx, whose.id, turn.now)
        for one in coming:
            await leave.change(turn.tx, replace(one, state=ENDED))
        said = f"取消了 {cards.days(coming[0], turn.zone)} 的休假。" if coming else "没有在休假，正常派线索。"
        await turn.answer(said if whose.available else said + "但配置里 available = false，请管理员改。")
        return
    for one in on:
        await audit.add(
            turn.tx, turn.now, turn.me.id, "leave.ended", f"V-{one.id}", {"member": whose.id}, turn.event_id
        )
        await _end(turn, one)
    if whose.id != turn.me.id:
        await turn.answer(f"{whose.name} 已恢复派线索。")
