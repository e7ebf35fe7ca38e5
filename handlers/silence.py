"""The one silence ladder of a record: overlapping rules climb on one timer, 7 days take a level. (A.2 #13, B26-B28)"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.events import Fact, Timer
from bot.router import Router
from bot.turn import ALARM, NORMAL, Turn
from cards import silence as cards
from cards import sla as sla_cards
from cards.actions_silence import ConfirmLevel, RestoreLevel
from cards.card import Card, to_json
from cards.leads import next_line
from handlers import leads as desk
from handlers import nurture, silent, tasks
from handlers import sla as ladders
from handlers.undo import undoer
from rules import access, schedule, silence, sla
from rules.errors import Refused
from rules.leads import TITLES, Lead, Status
from rules.silence import DOWNGRADED, Say
from rules.sla import Happened, Wait
from rules.team import Member
from rules.text import lead_id, parse_id
from store import audit, climbs, customers, facts, leads, team, undo
from store.undo import Undoable

router = Router("silence")
KIND = "silence"
UNDO = "silence.level"


# ── the ladder starts ──────────────────────────────────────────────────────────────────────────────────
async def started(turn: Turn, fact: Fact) -> None:
    """Something happened to a lead: the rules that run for it now, on one timer."""
    lead = await leads.find(turn.tx, int(fact.payload["lead"]))
    if lead is not None:
        await refresh(turn, lead)


for _name in (*sorted(sla.FACTS), "lead.undone"):
    router.fact(_name)(started)


async def refresh(turn: Turn, lead: Lead) -> None:
    """Sets the lead's timer to the next step of any rule; without a rule there is no timer."""
    key = str(lead.id)
    kept = await climbs.running(turn.tx, key, kind=KIND) or {}
    happened = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
    running = _tracks(turn, lead, happened, kept)
    step = silence.decide(turn.calendar, running, silence.said_last(happened), turn.now)
    match step:
        case Wait():
            await turn.remind(KIND, key, step.due, **silence.freeze(running))
        case Say():
            await turn.remind(KIND, key, turn.now, **silence.freeze(running))
        case _ if kept:
            await turn.forget(KIND, key)


def _tracks(
    turn: Turn, lead: Lead, happened: Sequence[Happened], kept: Mapping[str, Any]
) -> list[silence.Track]:
    rules = [rule for rule in ladders.ladders(turn) if silence.is_silence(rule)]
    return silence.tracks(rules, lead, happened, silence.thaw(kept))


# ── and speaks ─────────────────────────────────────────────────────────────────────────────────────────
@router.timer(KIND)
async def look(turn: Turn, timer: Timer) -> None:
    """A step may be due: looks before it speaks, and sets the next look."""
    lead = await leads.find(turn.tx, int(timer.key))
    if lead is None:
        return
    happened = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
    running = _tracks(turn, lead, happened, timer.payload)
    step = silence.decide(turn.calendar, running, silence.said_last(happened), turn.now)
    if isinstance(step, Say):
        late = schedule.late(timer.due, turn.now)
        lead = await _say(turn, lead, step, missed=step.steps[0].ladder.missed if late else "")
        happened = (await climbs.happened(turn.tx, [lead.id]))[lead.id]
        running = _tracks(turn, lead, happened, timer.payload)
        step = silence.decide(turn.calendar, running, silence.said_last(happened), turn.now)
    if isinstance(step, Wait):
        await turn.remind(KIND, timer.key, step.due, **silence.freeze(running))


async def _say(turn: Turn, lead: Lead, step: Say, *, missed: str) -> Lead:
    """One message for all steps: the owner's card, the notices of everybody else, the tasks, the level; and writes
    down each step. `missed`: what the rule says about a time that passed while the bot was down ("": it did not)."""
    unheard = await silent.unheard(turn, lead)
    speak = missed != schedule.SKIP
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    others = await ladders.people(turn, step.tell, owner) if speak else []
    made = []
    for subject, one in step.tasks if speak else ():
        key = f"{one.ladder.name}:{one.fact}:{subject}"
        made.append(await tasks.create(turn, lead, subject, one.ladder.name, key))
    taken = 0
    if speak and silence.DOWNGRADE in step.do:
        lead, taken = await _lower(turn, lead, step)
    if speak and silence.MAIL in step.do:
        await nurture.post(turn, lead)
    if speak and "owner" in step.tell and owner is not None and not owner.gone:
        await _to_owner(turn, lead, owner, others, step, taken, [one for one in made if one], missed)
    longest = step.steps[0]
    for person in others:
        quiet = turn.now - longest.started
        payload = {"lead": lead.id, "ladder": sla.freeze(longest.ladder), "fact": longest.fact,
                   "silent": quiet.total_seconds()}  # fmt: skip
        await turn.later(person.id, "breach", lead_id(lead.id), payload, within=turn.config.messages.merge)
    for one in step.steps:
        said = {"rule": one.ladder.name, "fact": one.fact, "rung": one.rung, "escalated": bool(others),
                "undelivered": unheard, "silence": True, "missed": missed}  # fmt: skip
        await facts.add(turn.tx, lead.id, sla.TOLD, turn.now, payload=said)
    return lead


async def _lower(turn: Turn, lead: Lead, step: Say) -> tuple[Lead, int]:
    """B28: one level down, written down so that it can be taken back. Returns the lead and the fact (0: no level)."""
    lower = silence.lowered(lead.status)
    if lower is None:
        return lead, 0
    rule = next(one for one in step.steps if one.ladder.rungs[one.rung].do == silence.DOWNGRADE)
    kept = {"from": lead.status.value, "to": lower.value, "rule": rule.ladder.name,
            "silent": rule.after.total_seconds()}  # fmt: skip
    fact = await facts.add(turn.tx, lead.id, DOWNGRADED, turn.now, payload=kept)
    await audit.add(turn.tx, turn.now, "", "lead.downgraded", lead_id(lead.id), kept, turn.event_id)
    return await leads.save(turn.tx, replace(lead, status=lower)), fact


async def _to_owner(
    turn: Turn, lead: Lead, owner: Member, others: Sequence[Member], step: Say, taken: int, made: Sequence[str],
    missed: str,
) -> None:  # fmt: skip
    """R7 or R8 for the longest silence, naming every rule that it speaks for; with a lowered level its own card."""
    longest = step.steps[0]
    names = tuple(one.name for one in others)
    status = TITLES[lead.status] if longest.ladder.statuses else ""
    view = sla_cards.Late(
        lead=lead.id, label=await desk.who(turn, lead), unless=longest.ladder.unless, after=longest.after,
        rule=cards.merged([one.ladder.name for one in step.steps]), status=status, told=names, task="、".join(made),
        next=next_line(lead, turn.now, turn.zone),
    )  # fmt: skip
    priority = ALARM if others else NORMAL
    if taken:
        card, kind = await _lowered(turn, lead, taken, names), "level"
    else:
        card = sla_cards.breach(view) if others else sla_cards.amber(view, left=None, to=())
        kind = "late" if others else "amber"
    customer = await customers.get(turn.tx, lead.customer)
    payload = {"card": to_json(card), "priority": priority, "customer": customer.label, "what": view.passed,
               "told": list(names)}  # fmt: skip
    kind = "morning" if missed == schedule.DIGEST else kind
    await turn.later(owner.id, kind, card.subject, payload, within=turn.config.messages.merge)


async def _lowered(turn: Turn, lead: Lead, fact: int, told: tuple[str, ...]) -> Card:
    done = await facts.last(turn.tx, lead.id, DOWNGRADED)
    assert done is not None
    return cards.lowered(
        cards.Lowered(
            lead=lead.id, fact=fact, label=await desk.who(turn, lead), told=told,
            before=TITLES[Status(done.payload["from"])], after=TITLES[lead.status],
            silent=timedelta(seconds=done.payload["silent"]),
        )
    )  # fmt: skip


# ── 恢复, 确认 ─────────────────────────────────────────────────────────────────────────────────────────
async def _mine_or_my_teams(turn: Turn, id: int) -> Lead:
    """The lead, for its owner and for those who may move it. Raises Refused."""
    lead = await leads.get(turn.tx, id)
    owner = await team.get(turn.tx, lead.owner) if lead.owner else None
    if lead.open and access.may_move(turn.me, owner, turn.config.teams()):
        return lead
    return await desk.acting(turn, id)


async def _standing(turn: Turn, lead: Lead, fact: int = 0) -> facts.Happened:
    """The lowered level that still stands (`fact` 0: the last one). Raises Refused."""
    done = await facts.last(turn.tx, lead.id, DOWNGRADED)
    if done is None or (fact and done.id != fact) or lead.status != done.payload["to"]:
        raise Refused(f"{lead_id(lead.id)} 现在是「{TITLES[lead.status]}」，没有可以恢复的降级")
    return done


@router.click(RestoreLevel)
async def restore(turn: Turn, action: RestoreLevel) -> None:
    """恢复: the level is back; the silence goes on being counted, only a record ends it."""
    lead = await _mine_or_my_teams(turn, action.lead)
    await _restore(turn, lead, await _standing(turn, lead, action.fact))


@router.command("恢复", usage="/恢复 1024", about="把自动降级的线索恢复原来的级别")
async def restore_by_words(turn: Turn, words: str) -> None:
    """/恢复 1024."""
    number = parse_id(words)
    if number is None or number[0] not in ("", "L"):
        raise Refused("这样写：/恢复 1024")
    lead = await _mine_or_my_teams(turn, number[1])
    await _restore(turn, lead, await _standing(turn, lead))


async def _restore(turn: Turn, lead: Lead, done: facts.Happened) -> None:
    before = Status(done.payload["from"])
    saved = await leads.save(turn.tx, replace(lead, status=before))
    await facts.undo_one(turn.tx, done.id, turn.now)
    await _decided(turn, saved, done, "restored", f"{turn.me.name}恢复为「{TITLES[before]}」")
    await turn.answer(f"{lead_id(lead.id)} 恢复为「{TITLES[before]}」。沉默照旧计时，跟进后才会停。")


@router.click(ConfirmLevel)
async def confirm(turn: Turn, action: ConfirmLevel) -> None:
    """确认: the lower level is right."""
    lead = await _mine_or_my_teams(turn, action.lead)
    done = await _standing(turn, lead, action.fact)
    await _decided(turn, lead, done, "confirmed", f"{turn.me.name}已确认降级")


async def _decided(turn: Turn, lead: Lead, done: facts.Happened, what: str, word: str) -> None:
    """Audit, a way back for a while, and the cards that asked."""
    await audit.add(turn.tx, turn.now, turn.me.id, f"downgrade.{what}", lead_id(lead.id),
                    {"from": done.payload["from"], "to": done.payload["to"]}, turn.event_id)  # fmt: skip
    kept = {"lead": lead.id, "from": done.payload["from"], "to": done.payload["to"], "what": what, "fact": done.id,
            "version": lead.version, "payload": done.payload}  # fmt: skip
    await undo.remember(turn.tx, turn.me.id, UNDO, lead_id(lead.id), kept, turn.now,
                        turn.now + turn.config.checkin.undo)  # fmt: skip
    await turn.close(lead_id(lead.id), word, kinds=(cards.LEVEL,))


@undoer(UNDO)
async def undo_decision(turn: Turn, kept: Undoable) -> str:
    """A 恢复 taken back lowers the level again; a 确认 taken back gives it back (R15)."""
    what = kept.payload
    lead = await leads.get(turn.tx, what["lead"])
    if lead.version != what["version"]:
        raise Refused(f"{lead_id(lead.id)} 之后又有变化，不能撤销了")
    again = what["what"] == "restored"
    to = Status(what["to"] if again else what["from"])
    await leads.save(turn.tx, replace(lead, status=to))
    if again:
        await facts.add(turn.tx, lead.id, DOWNGRADED, turn.now, payload=what["payload"])
    else:
        await facts.undo_one(turn.tx, what["fact"], turn.now)
    done = "恢复" if again else "降级"
    return f"{lead_id(lead.id)} {done}撤回，现在是「{TITLES[to]}」"
