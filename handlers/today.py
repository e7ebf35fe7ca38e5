"""The daily commands: /今日 with 逐条处理, /我的. (B25; product R10, R16)"""

from collections.abc import Sequence
from datetime import timedelta

from bot.router import Router
from bot.turn import Turn
from cards import today as cards
from cards.actions_sla import OneByOne, ShowToday
from handlers import leads as desk
from handlers import silent
from handlers.guard import current
from rules import reports as numbers
from rules import sla
from rules.hours import midnight, show_duration
from rules.team import Role
from rules.today import Item, Todo, place, plan
from store import followups, leads, reports, tasks, team

router = Router("today")


async def list_of_today(turn: Turn) -> list[Item]:
    """What I have to do today, in its order."""
    mine = [
        lead for who in (turn.me.id, *sorted(turn.me.covers)) for lead in await leads.of_owner(turn.tx, who)
    ]
    running = await current(turn)
    todos = [Todo(one.id, one.lead or 0, one.subject) for one in await tasks.open_of(turn.tx, [turn.me.id])]
    tomorrow = midnight(turn.wall + timedelta(days=1))
    return plan(mine, {lead.id: desk.marks(turn, lead) for lead in mine}, todos, running.lead if running else 0,
                turn.now, turn.utc(tomorrow))  # fmt: skip


async def lines_of(turn: Turn, items: Sequence[Item]) -> list[cards.Line]:
    """The items with what their leads are called."""
    found = []
    for item in items:
        lead = await leads.find(turn.tx, item.lead)
        label = ""
        if lead is not None:
            label = await desk.label(turn, lead)
        found.append(cards.Line(item, label))
    return found


@router.command("今日", usage="/今日", about="看今天要做的事")
async def today(turn: Turn, _words: str) -> None:
    """Today's list; a manager also reads how many of the team's leads are overdue."""
    items = await list_of_today(turn)
    extra = ""
    if turn.me.has(Role.MANAGER):
        late = await silent.rows(turn, await team.team_members(turn.tx, turn.me.id))
        n = len({row.lead.id for row in late})
        extra = f"团队超时 {n} 条，发 /超时 处理" if n else "团队没有超时的线索"
    lines = await lines_of(turn, items[: cards.SHOWN])
    await turn.answer(cards.today(lines, len(items), turn.now, turn.zone, extra=extra))


@router.click(ShowToday)
async def show_today(turn: Turn, _action: ShowToday) -> None:
    """今日全部."""
    await today(turn, "")


@router.click(OneByOne)
async def one_by_one(turn: Turn, action: OneByOne) -> None:
    """逐条处理, 下一件: the next thing that is still to do."""
    items = await list_of_today(turn)
    at = place(items, action.at, action.last)
    if at >= len(items):
        await turn.answer("今天的事都看过了。" if items else "今天没有要做的事了。")
        return
    line = (await lines_of(turn, items[at : at + 1]))[0]
    await turn.answer(cards.item(line, at, len(items), turn.now, turn.zone))


@router.command("我的", usage="/我的", about="看自己的本周数据")
async def mine(turn: Turn, _words: str) -> None:
    """R16: the week's first-touch rate and what is open."""
    since = turn.utc(numbers.week_start(turn.wall))
    rules = (section.rule() for section in turn.config.sla)
    ladder = next((one for one in rules if (one.starts, one.unless) == (sla.ASSIGNED, sla.TOUCHED)), None)
    touch = None
    if ladder is not None:
        given = await reports.assigned_since(turn.tx, turn.me.id, since)
        touch = numbers.first_touch(turn.calendar, ladder, given, turn.now)
    done = await followups.of_member(turn.tx, turn.me.id, since, turn.now + timedelta(seconds=1))
    await turn.answer(
        cards.mine(
            cards.Mine(
                name=turn.me.name, touch=touch, target=show_duration(ladder.rungs[0].after) if ladder else "",
                latest=show_duration(ladder.rungs[-1].after) if ladder else "",
                records=numbers.punctual([(one.started_at, one.recorded_at) for one in done], turn.config.checkin.deadline),
                deadline=show_duration(turn.config.checkin.deadline),
                checkins=1 if await current(turn) else 0, open=await leads.open_count(turn.tx, turn.me.id),
                tasks=len(await tasks.open_of(turn.tx, [turn.me.id])),
            )
        )
    )  # fmt: skip
