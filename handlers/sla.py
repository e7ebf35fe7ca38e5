"""The silence ladders: what starts a climb, who hears of it, and what a rep can say to it. (B12, B15, B16, B26, B27)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.events import Fact, Message, Timer
from bot.router import Router
from bot.turn import ALARM, NORMAL, Turn
from cards import sla as cards
from cards.actions_sla import AskReassign, Explain, Snooze
from cards.card import Card, from_json, to_json
from cards.leads import next_line
from handlers import leads as desk
from handlers import manager, silent, tasks
from rules import access, hours, schedule, silence, sla
from rules.budget import Weight
from rules.errors import Refused
from rules.leads import TITLES, Lead
from rules.sla import Happened, Ladder, Tell
from rules.snooze import HOW, once_more, until
from rules.team import Member, Role
from rules.text import lead_id, parse_id, when
from store import audit, climbs, customers, facts, leads, ledger, team

router = Router("sla")


@dataclass(frozen=True)
class Climb:
    """One lead on one ladder, as its timer keeps it. `told`: rungs said; `told_at` and `repeats` of the last one."""

    lead: int
    ladder: Ladder
    fact: int
    started: datetime
    told: int = 0
    told_at: datetime | None = None
    repeats: int = 0

    @property
    def key(self) -> str:
        return climbs.key(self.lead, self.ladder.name)

    def kept(self) -> dict[str, Any]:
        """Plain JSON for the timer."""
        return {
            "lead": self.lead, "ladder": sla.freeze(self.ladder), "fact": self.fact, "told": self.told,
            "started": self.started.isoformat(), "told_at": self.told_at.isoformat() if self.told_at else "",
            "repeats": self.repeats,
        }  # fmt: skip


def _climb(kept: Mapping[str, Any]) -> Climb:
    told_at = kept.get("told_at")
    return Climb(
        kept["lead"], sla.thaw(kept["ladder"]), kept["fact"], datetime.fromisoformat(kept["started"]),
        kept["told"], datetime.fromisoformat(told_at) if told_at else None, kept.get("repeats", 0),
    )  # fmt: skip


def ladders(turn: Turn) -> list[Ladder]:
    """The rules of the configuration, in its order."""
    return [section.rule() for section in turn.config.sla]


# ── a climb starts ─────────────────────────────────────────────────────────────────────────────────────
async def started(turn: Turn, fact: Fact) -> None:
    """Something happened to a lead: every ladder that starts from it gets its climb. A climb that counts from the
    same fact still is left alone, with the ladder it began with."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if lead is None:
        return
    happened = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
    for ladder in ladders(turn):
        if silence.is_silence(ladder):
            continue  # handlers/silence.py climbs it, together with its like
        if fact.name in (ladder.starts, "lead.undone"):
            await _begin(turn, lead, ladder, happened)


for name in (*sorted(sla.FACTS), "lead.undone"):
    router.fact(name)(started)


async def _begin(turn: Turn, lead: Lead, ladder: Ladder, happened: Sequence[Happened]) -> None:
    start = sla.start_of(ladder, lead, happened)
    if (
        start is None
        or sla.answered(ladder, start, happened)
        or not sla.stands(ladder, lead, start, happened)
    ):
        return
    running = await climbs.running(turn.tx, climbs.key(lead.id, ladder.name))
    if running is not None and running["fact"] == start.id:
        return
    climb = Climb(lead.id, ladder, start.id, start.at, told=sla.said(ladder, start, happened))
    await _rest(turn, climb, lead)


async def _rest(turn: Turn, climb: Climb, lead: Lead) -> None:
    """Sets the timer for the next time that this climb has to be looked at, if there is one."""
    at = sla.next_look(
        turn.calendar, climb.ladder, climb.started, climb.told, await _repeat(turn, climb, lead)
    )
    if at is not None:
        await turn.remind(climbs.KIND, climb.key, at, **climb.kept())


async def _repeat(turn: Turn, climb: Climb, lead: Lead) -> datetime | None:
    acked = climb.told_at is not None and await _acked(turn, lead, climb.told_at)
    return sla.repeat_at(turn.calendar, climb.ladder, climb.told, climb.told_at, acked, lead.snoozed_until)


async def _acked(turn: Turn, lead: Lead, since: datetime) -> bool:
    """Whether the owner has shown since then that it was seen."""
    if lead.acked_at is not None and lead.acked_at >= since:
        return True
    return await ledger.acted_since(turn.tx, lead_id(lead.id), lead.owner, since)


# ── and climbs ─────────────────────────────────────────────────────────────────────────────────────────
@router.timer(climbs.KIND)
async def look(turn: Turn, timer: Timer) -> None:
    """A rung may be due. It looks before it speaks; in quiet hours it looks again in the morning."""
    morning = hours.deliver_at(turn.calendar, turn.now)
    if morning > turn.now:
        await turn.remind(climbs.KIND, timer.key, morning, **timer.payload)
        return
    climb = _climb(timer.payload)
    lead = await leads.find(turn.tx, climb.lead)
    if lead is None:
        return
    happened = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
    start = next((one for one in happened if one.id == climb.fact), None)
    if start is None:
        return  # taken back; whatever stands now has its own climb
    ladder = climb.ladder
    over, stands = sla.answered(ladder, start, happened), sla.stands(ladder, lead, start, happened)
    if over or not stands:
        return
    step = sla.climb(turn.calendar, ladder, climb.started, climb.told, over, stands, turn.now)
    if isinstance(step, Tell):
        await _tell(turn, climb, lead, step)
        climb = replace(climb, told=step.rung + 1, told_at=turn.now, repeats=0)
    elif (again := await _repeat(turn, climb, lead)) is not None and again <= turn.now:
        rung = ladder.rungs[climb.told - 1]
        await _tell(turn, climb, lead, Tell(climb.told - 1, rung.tell, ()))
        climb = replace(climb, told_at=turn.now, repeats=climb.repeats + 1)
    await _rest(turn, climb, lead)


async def _tell(turn: Turn, climb: Climb, lead: Lead, step: Tell) -> None:
    """Says a rung: the owner's card, the notices of everybody else, the tasks; and writes down that it was said."""
    ladder = climb.ladder
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    others = await people(turn, step.tell, owner)
    late = schedule.late(sla.due(turn.calendar, ladder, climb.started, step.rung), turn.now)
    if late and ladder.missed == schedule.SKIP:
        await _said(turn, climb, lead, step, escalated=False)
        return
    late = late and ladder.missed == schedule.DIGEST
    keys = {subject: f"{ladder.name}:{climb.fact}:{subject}" for subject in step.tasks}
    made = [await tasks.create(turn, lead, subject, ladder.name, key) for subject, key in keys.items()]
    if "owner" in step.tell and owner is not None and not owner.gone:
        await _to_owner(turn, climb, lead, owner, others, step, late=late, made=[one for one in made if one])
    within = min(turn.config.messages.merge, ladder.rungs[step.rung].after / 20)
    quiet = sla.elapsed(turn.calendar, ladder, climb.started, turn.now)
    for person in others:
        payload = {"lead": lead.id, "ladder": sla.freeze(ladder), "fact": climb.fact,
                   "silent": quiet.total_seconds()}  # fmt: skip
        await turn.later(person.id, "breach", lead_id(lead.id), payload, within=within)
    await _said(turn, climb, lead, step, escalated=bool(others))


async def _said(turn: Turn, climb: Climb, lead: Lead, step: Tell, *, escalated: bool) -> None:
    """Writes down that a rung is done with, so that no restart and no undo says it again."""
    said = {"rule": climb.ladder.name, "fact": climb.fact, "rung": step.rung, "escalated": escalated,
            "undelivered": await silent.unheard(turn, lead)}  # fmt: skip
    await facts.add(turn.tx, lead.id, sla.TOLD, turn.now, payload=said)


async def _to_owner(
    turn: Turn, climb: Climb, lead: Lead, owner: Member, others: Sequence[Member], step: Tell, *, late: bool,
    made: Sequence[str],
) -> None:  # fmt: skip
    """R7 or R8. It waits to the end of the minute: what else the minute brings is said on the same card."""
    view = cards.Late(
        lead=lead.id, label=await desk.who(turn, lead), rule=climb.ladder.name, unless=climb.ladder.unless,
        after=climb.ladder.rungs[step.rung].after, status=TITLES[lead.status] if climb.ladder.statuses else "",
        told=tuple(one.name for one in others), task="、".join(made), next=next_line(lead, turn.now, turn.zone),
    )  # fmt: skip
    card = cards.breach(view) if others else await _amber(turn, climb, owner, step.rung, view)
    priority = ALARM if others else NORMAL
    customer = await customers.get(turn.tx, lead.customer)
    payload = {"card": to_json(card), "priority": priority, "customer": customer.label, "what": view.passed,
               "told": list(view.told)}  # fmt: skip
    merge = min(turn.config.messages.merge, view.after / 20)
    if late:
        await turn.later(owner.id, "morning", card.subject, payload, within=merge)
    else:
        due = sla.due(turn.calendar, climb.ladder, climb.started, step.rung).replace(second=0, microsecond=0)
        minute = max(due + timedelta(minutes=1) - turn.now, timedelta(seconds=1))
        kind = "late" if others else "amber"
        await turn.later(owner.id, kind, card.subject, payload, within=min(merge, minute))


async def _amber(turn: Turn, climb: Climb, owner: Member, rung: int, view: cards.Late) -> Card:
    """R7, with how long it takes until somebody else hears of it."""
    ladder = climb.ladder
    for above in range(rung + 1, len(ladder.rungs)):
        then = await people(turn, ladder.rungs[above].tell, owner)
        if then:
            at = sla.due(turn.calendar, ladder, climb.started, above)
            left = hours.worked(turn.calendar, turn.now, at) if ladder.hours == "working" else at - turn.now
            names = [f"主管{one.name}" if one.has(Role.MANAGER) else one.name for one in then]
            return cards.amber(view, left=whole(left), to=names)
    return cards.amber(view, left=None, to=())


def whole(span: timedelta) -> timedelta:
    """To the minute from one minute on, so that "2 小时" does not read "1 小时 59 分钟"."""
    seconds = span.total_seconds()
    return timedelta(seconds=round(seconds / 60) * 60 if seconds >= 60 else max(1, round(seconds)))


async def people(turn: Turn, tell: Sequence[str], owner: Member | None) -> list[Member]:
    """Everybody but the owner whom a rung names: "manager", "admin" or member ids; each once."""
    found: dict[str, Member] = {}
    for who in tell:
        match who:
            case "owner":
                named: list[Member] = []
            case "manager":
                named = await above(turn, owner)
            case "admin":
                named = await team.with_role(turn.tx, Role.ADMIN)
            case _:
                one = await team.get(turn.tx, who)
                named = [one] if one is not None else []
        found |= {one.id: one for one in named if not one.gone and (owner is None or one.id != owner.id)}
    return list(found.values())


async def above(turn: Turn, owner: Member | None) -> list[Member]:
    """Who is responsible for the owner's leads: their manager; without one the directors, else sales operations;
    for a lead that nobody has all managers."""
    if owner is None:
        return await team.with_role(turn.tx, Role.MANAGER) or await team.with_role(turn.tx, Role.ADMIN)
    boss = await team.manager_of(turn.tx, owner.id)
    found = await team.get(turn.tx, boss) if boss else None
    if found is not None and not found.gone:
        return [found]
    return await team.with_role(turn.tx, Role.DIRECTOR) or await team.with_role(turn.tx, Role.ADMIN)


# ── a record ends the manager's cards too ──────────────────────────────────────────────────────────────
@router.fact("followup.recorded")
async def recorded(turn: Turn, fact: Fact) -> None:
    """The lead was followed up: nobody needs to be urged or moved any more."""
    await turn.close(fact.subject, "已跟进", kinds=(cards.BUNDLE, cards.URGED, cards.REASSIGN))


# ── what a rep can say to it ───────────────────────────────────────────────────────────────────────────
async def seen(turn: Turn, lead: Lead) -> Lead:
    """The owner has seen it: repeats stop, the climb does not (A.2 #2)."""
    return await leads.save(turn.tx, replace(lead, acked_at=turn.now))


@router.click(Explain)
async def explain(turn: Turn, action: Explain) -> None:
    """说明原因: the next line is the reason."""
    lead = await desk.acting(turn, action.lead)
    await seen(turn, lead)
    await turn.expect("sla.reason", lead=lead.id)
    who = "、".join(one.name for one in await above(turn, turn.me)) or "主管"
    await turn.answer(f"{lead_id(lead.id)} 为什么晚了？直接回一句话，会转给{who}。")


@router.answer("sla.reason")
async def reason(turn: Turn, message: Message) -> None:
    """The reason, kept for the manager's next card; at once when the manager was told already."""
    await turn.unexpect("sla.reason")
    lead = await desk.acting(turn, int(turn.expected["lead"]))
    why = message.text.strip()[:200]
    happened = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
    await facts.add(turn.tx, lead.id, sla.REASON, turn.now, payload={"by": turn.me.id, "why": why})
    await audit.add(
        turn.tx, turn.now, turn.me.id, "sla.reason", lead_id(lead.id), {"why": why}, turn.event_id
    )
    await seen(turn, lead)
    bosses = await above(turn, turn.me)
    if any(one.name == sla.TOLD and one.payload.get("escalated") for one in happened):
        card = cards.note(lead.id, f"{turn.me.name} 说明 {lead_id(lead.id)} 原因", why,
                          await desk.label(turn, lead))  # fmt: skip
        for boss in bosses:
            await turn.tell(card, to=boss.id)
    who = "、".join(one.name for one in bosses) or "主管"
    await turn.answer(f"已记下 {lead_id(lead.id)} 的原因，会告诉{who}。计时不停，跟进后才会停。")


@router.click(AskReassign)
async def ask_reassign(turn: Turn, action: AskReassign) -> None:
    """我在外，请转派: the manager gets the candidates; the lead stays mine until it is moved."""
    lead = await seen(turn, await desk.acting(turn, action.lead))
    teams = turn.config.teams()
    bosses = [one for one in await above(turn, turn.me) if access.may_move(one, turn.me, teams)]
    bosses = bosses or await team.with_role(turn.tx, Role.ADMIN)
    if not bosses:
        raise Refused("没有主管或管理员可以转派。可以自己转给同事：/转给 " + f"{lead.id} @姓名")
    for boss in bosses:
        card = await manager.reassign_card(turn, lead, boss, asked_by=turn.me.name)
        await turn.tell(card, to=boss.id, priority=ALARM)
    names = "、".join(one.name for one in bosses)
    if turn.on is not None:
        await turn.update(replace(from_json(turn.on.body), closed=f"已请{names}转派"))
    await audit.add(turn.tx, turn.now, turn.me.id, "sla.ask_reassign", lead_id(lead.id), "", turn.event_id)


# ── 稍后 ───────────────────────────────────────────────────────────────────────────────────────────────
@router.click(Snooze)
async def snooze(turn: Turn, action: Snooze) -> None:
    """稍后 30 分钟: reminds again; the clock goes on, and the card says so."""
    lead = await desk.acting(turn, action.lead)
    if lead.version != action.version:
        await turn.update(await desk.card(turn, lead))
        return
    later, said = await _put_off(turn, lead, "")
    await turn.update(await desk.card(turn, later, said))


@router.command("稍后", usage="/稍后 1024 30分", about="过一会儿再提醒（也可以写 明早、15:00）")
async def snooze_by_words(turn: Turn, words: str) -> None:
    """/稍后 1024 30分|明早|15:00; without an id the only lead that waits."""
    head, _, rest = words.partition(" ")
    number = parse_id(head) if head else None
    if number is not None and number[0] in ("", "L"):
        lead, when_words = await desk.acting(turn, number[1]), rest
    else:
        open_ones = await leads.of_owner(turn.tx, turn.me.id)
        if len(open_ones) != 1:
            raise Refused(HOW)
        lead, when_words = open_ones[0], words
    _, said = await _put_off(turn, lead, when_words)
    await turn.answer(f"{lead_id(lead.id)} {said}")


async def _put_off(turn: Turn, lead: Lead, words: str) -> tuple[Lead, str]:
    """Puts a lead off and says until when. Raises Refused when that was done often enough."""
    once_more(lead, turn.config.assignment.snooze_max)
    at = until(words, turn.now, turn.calendar)
    later = await leads.save(
        turn.tx, replace(lead, acked_at=turn.now, snoozed_until=at, snoozes=lead.snoozes + 1)
    )
    await turn.remind("snooze", str(lead.id), at, at=at.isoformat())
    shown = when(at, turn.now, turn.zone).removeprefix("今天 ")
    return later, f"{shown} 再提醒，计时不停"


@router.timer("snooze")
async def snoozed(turn: Turn, timer: Timer) -> None:
    """The time has come: unless the lead was followed up, moved or put off again meanwhile."""
    lead = await leads.find(turn.tx, int(timer.key))
    if lead is None or not lead.open or not lead.owner or lead.snoozed_until is None:
        return
    if lead.snoozed_until.isoformat() != timer.payload["at"]:
        return
    again = lead.snoozes < turn.config.assignment.snooze_max
    card = cards.put_off(lead.id, await desk.label(turn, lead), may_snooze=again, version=lead.version)
    await turn.tell(card, to=lead.owner, weight=Weight.DUE)  # asked for, to the minute
