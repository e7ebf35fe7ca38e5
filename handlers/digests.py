"""What comes round by the clock: 08:50 for reps and managers, Monday 08:40; missed runs, quiet for today. (B37; R10, M3)"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.config_watch import Schedule
from bot.events import Fact, Timer
from bot.router import Router
from bot.turn import DIGEST, Turn
from cards import digests as cards
from cards import sla as sla_cards
from cards import today as today_cards
from cards.card import Card
from handlers import silent
from handlers import today as desk
from rules import hours, schedule, sla
from rules import reports as numbers
from rules.hours import show_duration
from rules.team import Member, Role
from store import budget, climbs, facts, followups, leads, reports, screens, team, timers

router = Router("digests")
KIND, LATER, ONE = "schedule", "schedule.late", "digest"
BOARD = "board"


# ── the clock ──────────────────────────────────────────────────────────────────────────────────────────
@router.fact("bot.started")
async def started(turn: Turn, _fact: Fact) -> None:
    """Every schedule has its timer; one that was changed in the configuration gets its new time, one that is gone
    or switched off none. A time that passed meanwhile stays: firing it asks its policy."""
    wanted = {one.does: one for one in turn.config.schedule if one.enabled}
    for does in {*MAKERS, BOARD} - set(wanted):
        await turn.forget(KIND, does)
    for does, one in wanted.items():
        kept = await climbs.running(turn.tx, does, kind=KIND)
        if kept is None or (kept["at"], kept["days"]) != (one.at, one.days):
            await _set(turn, one)


async def _set(turn: Turn, one: Schedule) -> None:
    due = schedule.next_run(turn.calendar, one.run, turn.now)
    await turn.remind(KIND, one.does, due, at=one.at, days=one.days)


@router.timer(KIND)
async def due(turn: Turn, timer: Timer) -> None:
    """A schedule's time has come, or passed while the bot was down."""
    one = next((one for one in turn.config.schedule if one.does == timer.key and one.enabled), None)
    if one is None:
        return
    await _set(turn, one)
    match schedule.policy(one.missed, timer.due, turn.now, one.within):
        case schedule.SKIP:
            return
        case schedule.DIGEST:
            # what else was missed is said first; who heard that needs no list beside it
            after = turn.now + 2 * turn.config.messages.merge
            await turn.remind(LATER, one.does, after, since=turn.now.isoformat(), was=timer.due.isoformat())
        case _:
            await _each(turn, one.does, timer.due, since="")


@router.timer(LATER)
async def due_late(turn: Turn, timer: Timer) -> None:
    """A missed run, after everything else that was missed."""
    since = str(timer.payload["since"])
    await _each(turn, timer.key, datetime.fromisoformat(str(timer.payload.get("was", since))), since=since)


async def _each(turn: Turn, does: str, due: datetime, *, since: str) -> None:
    if does == BOARD:
        await _boards(turn, due)
        return
    for person in await team.everyone(turn.tx):
        if person.has(*ROLES[does]):
            await turn.remind(ONE, f"{does}|{person.id}", turn.now, does=does, member=person.id, since=since)


@router.timer(ONE)
async def say(turn: Turn, timer: Timer) -> None:
    """One person's digest. Nothing to say, nothing said; not on a day off."""
    day = turn.now.astimezone(turn.zone).date()
    person = await team.get(turn.tx, str(timer.payload["member"]))
    if person is None or person.gone or not hours.is_workday(turn.calendar, day):
        return
    if since := str(timer.payload["since"]):
        began = datetime.fromisoformat(since)
        heard = (await budget.of(turn.tx, person.id)).last_at
        if heard is not None and heard >= began:
            return
        if await screens.shown_since(
            turn.tx, person.id, sla_cards.BUNDLE, began
        ):  # M1, which the budget does not count
            return
    turn.member = person
    card = await MAKERS[str(timer.payload["does"])](turn, person)
    if card is not None:
        await turn.tell(card, to=person.id, priority=DIGEST)


# ── what is said ───────────────────────────────────────────────────────────────────────────────────────
async def _today(turn: Turn, person: Member) -> Card | None:
    """R10: what there is to do today."""
    items = await desk.list_of_today(turn)
    if not items:
        return None
    lines = await desk.lines_of(turn, items[: today_cards.SHOWN])
    card = today_cards.today(lines, len(items), turn.now, turn.zone)
    return replace(card, title=f"早上好，今天 {len(items)} 件事")


async def _overdue(turn: Turn, person: Member) -> Card | None:
    """What of the team is overdue now."""
    late = await silent.rows(turn, await team.team_members(turn.tx, person.id))
    total = len({row.lead.id for row in late})
    if not total:
        return None
    lines = [await silent.line(turn, row, person) for row in late[: sla_cards.MOST]]
    return cards.overdue(lines, total)


async def _week(turn: Turn, person: Member) -> Card | None:
    """M3 for the week that ended, over the manager's team (a director's: everybody)."""
    people = await team.team_members(turn.tx, person.id)
    if person.has(Role.DIRECTOR):
        people = await team.with_role(turn.tx, Role.REP)
    people = [one for one in people if one.has(Role.REP)]
    monday = numbers.week_start(turn.wall)
    since, until = turn.utc(monday - timedelta(days=7)), turn.utc(monday)
    ladder = _first_touch(turn)
    points: list[tuple[str, str]] = []
    if ladder is not None:
        given = [one for each in people for one in await reports.assigned_since(turn.tx, each.id, since)]
        touch = numbers.first_touch(
            turn.calendar, ladder, [one for one in given if one.assigned_at < until], turn.now
        )
        latest = show_duration(ladder.rungs[-1].after)
        if touch.decided:
            points.append((f"{latest}首触", f"{touch.latest_rate} %（{touch.decided} 条）"))
    late = await silent.rows(turn, people)
    for name in dict.fromkeys(row.late.ladder.name for row in late):
        points.append((name, f"{len({row.lead.id for row in late if row.late.ladder.name == name})} 条"))
    ids = [each.id for each in people]
    if adrift := await leads.adrift(turn.tx, ids):
        points.append(("没有下一步", f"{adrift} 条"))
    lost = await facts.count(turn.tx, "silence.downgraded", ids, since, until)
    if lost:
        points.append(("自动降级", f"{lost} 条"))
    made = {each.name: await followups.of_member(turn.tx, each.id, since, until) for each in people}
    records = [(name, len(found)) for name, found in made.items()]
    within = turn.config.checkin.deadline
    timely = numbers.punctual(
        [(one.started_at, one.recorded_at) for found in made.values() for one in found], within
    )
    if timely.records:
        points.append(("及时记录", f"{timely.rate} %（{timely.records} 次，{show_duration(within)}内记完）"))
    if not points and not any(count for _, count in records):
        return None
    said = tuple(f"{name} {count} 次记录" for name, count in sorted(records, key=lambda one: one[1]))
    last = monday - timedelta(days=1)
    span = f"{monday - timedelta(days=7):%m-%d}～{last:%m-%d}"
    return cards.week(cards.Week(span, tuple(points), said[:8]))


# ── the groups' board ──────────────────────────────────────────────────────────────────────────────────
async def _boards(turn: Turn, due: datetime) -> None:
    """B44: the week in which it was due, so far, into the groups that a schedule names; an empty board is not said."""
    day = turn.now.astimezone(turn.zone).date()
    one = next((one for one in turn.config.schedule if one.does == BOARD and one.enabled), None)
    if one is None or not hours.is_workday(turn.calendar, day):
        return
    for robot in turn.config.robot:
        if robot.name not in one.to:
            continue
        card = await _standing(turn, robot.team, one.top, due)
        if card is not None:
            await turn.announce(robot.name, card, priority=DIGEST, key=f"board:{robot.name}:{due:%Y-%m-%d}")


async def _standing(turn: Turn, of: str, top: int, due: datetime) -> Card | None:
    """The leaderboard of a team ("" everybody) for the week of `due`."""
    monday = numbers.week_start(due.astimezone(turn.zone).replace(tzinfo=None))
    since, until = turn.utc(monday), min(turn.now, turn.utc(monday + timedelta(days=7)))
    ladder = _first_touch(turn)
    people = []
    for each in await team.with_role(turn.tx, Role.REP):
        if of and each.team != of:
            continue
        records = [
            (one.lead, one.recorded_at) for one in await followups.of_member(turn.tx, each.id, since, until)
        ]
        given = await reports.assigned_since(turn.tx, each.id, since) if ladder else []
        given = [one for one in given if one.assigned_at < until]
        touch = (
            numbers.first_touch(turn.calendar, ladder, given, turn.now)
            if ladder
            else numbers.FirstTouch(0, 0, 0)
        )
        people.append((each.name, numbers.records_of(records, turn.zone), touch))
    places = numbers.standings(people, top)
    if not places:
        return None
    latest = show_duration(ladder.rungs[-1].after) if ladder else ""
    last = (until - timedelta(seconds=1)).astimezone(turn.zone)
    return cards.board(f"{monday:%m-%d}～{last:%m-%d}", places, latest)


def _first_touch(turn: Turn) -> sla.Ladder | None:
    rules = [section.rule() for section in turn.config.sla]
    return next((one for one in rules if (one.starts, one.unless) == (sla.ASSIGNED, sla.TOUCHED)), None)


MAKERS: dict[str, Callable[[Turn, Member], Awaitable[Card | None]]] = {
    "today": _today, "overdue": _overdue, "week": _week,
}  # fmt: skip
ROLES: dict[str, tuple[Role, ...]] = {
    "today": (Role.REP,), "overdue": (Role.MANAGER,), "week": (Role.MANAGER, Role.DIRECTOR),
}  # fmt: skip


# ── 静音 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.command("静音", usage="/静音", about="今天不再主动打扰（超时升级除外），/静音 取消 恢复")
async def mute(turn: Turn, words: str) -> None:
    """/静音, /静音 取消."""
    if words.strip() in {"取消", "关", "关闭"}:
        await budget.mute(turn.tx, turn.me.id, None)
        for kind in ("morning", "amber"):
            key, waits = f"{turn.me.id}|{kind}", {"member": turn.me.id, "kind": kind}
            if await timers.has_timer(turn.tx, "notices", key):
                await timers.set_timer(turn.tx, "notices", key, turn.now, waits, turn.now)
        turn.rang.add("timers")
        await turn.answer("已恢复提醒。")
        return
    until = hours.deliver_at(turn.calendar, hours.next_working_morning(turn.calendar, turn.now))
    await budget.mute(turn.tx, turn.me.id, until)
    shown = f"{until.astimezone(turn.zone):%m-%d %H:%M}"
    await turn.answer(f"{shown} 之前不主动打扰，之后合成一条。超时升级照旧，计时不停。取消发：/静音 取消")
