"""A lead is given to somebody or goes to the pool with its reason: all rows of one transaction (B11, B13, B85)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.turn import Turn
from cards.away import days
from handlers import along, pooling
from handlers.happened import happened
from handlers.regions import around
from rules import assignment
from rules.assignment import Ask, Candidate, Decision, Standing
from rules.hours import MIDNIGHT, midnight, parse_shifts
from rules.leads import Customer, Lead
from rules.pool import DECLINED, UNASSIGNED
from rules.team import Member
from store import assignment as turns
from store import checkins, customers, leads, leave, pool, team, timers
from store.pool import Pooled

RETRY, SWEEP = "assign.retry", "all"


@dataclass(frozen=True)
class Given:
    """What came of it: the lead as it stands now and how it was decided."""

    lead: Lead
    made: Decision


def ask_of(lead: Lead, customer: Customer) -> Ask:
    """What the lead brings along: places and words, its 需求类型 among them."""
    words = (customer.company, lead.kind, lead.need, lead.note)
    return Ask(around(customer.city, customer.company), tuple(word for word in words if word))


async def standings(turn: Turn, members: Sequence[Member], *, by_hand: bool = False) -> dict[str, Standing]:
    """What each member has now. An open check-in keeps new leads from its member, but not what a person gives them
    `by_hand`."""
    start = turn.utc(midnight(turn.wall))
    today = await leads.assigned_counts(turn.tx, start)
    cap = turn.config.assignment.open_cap
    loads = await leads.open_counts(turn.tx, cap) if cap else {}
    owed = await turns.owed(turn.tx)
    absent = await leave.away(turn.tx, turn.now)
    off = off_shift(turn)
    busy = set() if by_hand else set(await checkins.members_at_work(turn.tx))
    nothing = turns.Owed()
    return {
        one.id: Standing(
            today=today.get(one.id, 0), open=loads.get(one.id, 0), won=owed.get(one.id, nothing).won,
            decided=owed.get(one.id, nothing).decided, credit=owed.get(one.id, nothing).credit, busy=one.id in busy,
            away=f"休假{days(absent[one.id], turn.zone)}" if one.id in absent else "", off_shift=one.id in off,
        )
        for one in members
    }  # fmt: skip


def off_shift(turn: Turn) -> set[str]:
    """Members with shifts of their own that do not run now."""
    now = turn.wall.time()
    own = {one.id: parse_shifts(one.shifts) for one in turn.config.member if one.shifts}
    return {
        id
        for id, spans in own.items()
        if not any(start <= now and (now < end or end == MIDNIGHT) for start, end in spans)
    }


async def candidates_for(turn: Turn, lead: Lead) -> list[Candidate]:
    """Who could take over this lead by hand, best first, with reasons; its owner is left out."""
    members = await team.everyone(turn.tx)
    ask = ask_of(lead, await customers.get(turn.tx, lead.customer))
    return assignment.candidates(
        members, ask, await standings(turn, members, by_hand=True), turn.config.assignment.weights(),
        leave_out=lead.owner,
    )  # fmt: skip


async def assign(turn: Turn, lead: Lead, *, without: Sequence[str] = (), why: str = "") -> Given:
    """Gives an open lead that nobody has to whose turn it is, with a decision that explains it; nobody there: it is
    in the pool and will be tried again. The owner is told by the caller.

    `without`: members who declined it; `why`: goes before the R1 line.
    """
    await turns.take_turn(turn.tx, turn.now, turn.config.assignment.win_window)
    members = await team.everyone(turn.tx)
    has = await standings(turn, members)
    for id in without:
        has[id] = replace(has.get(id, Standing()), declined=True)
    customer = await customers.get(turn.tx, lead.customer)
    groups = turn.config.groups()
    ask = ask_of(lead, customer)
    made = assignment.decide(members, ask, has, turn.config.assignment.weights(), groups)
    lead = replace(lead, kind=lead.kind or assignment.kind_of(groups, ask.words))
    await turns.keep(turn.tx, lead.id, made, turn.now, turn.event_id)
    if made.chosen is None:
        return Given(await _nobody(turn, lead, declined=bool(without)), made)
    owner = made.chosen.member.id
    await turns.settle(turn.tx, made, f"{turn.wall:%Y-%m-%d}")
    line = "；".join(part for part in (why, made.why) if part)
    given = await leads.save(
        turn.tx,
        replace(
            lead,
            owner=owner,
            assigned_at=turn.now,
            assigned_why=line,
            acked_at=None,
            snoozed_until=None,
            snoozes=0,
        ),
    )
    if not customer.owner:
        await customers.save(turn.tx, replace(customer, owner=owner), turn.now)
    await along.go(turn, lead, owner, customer=not customer.owner, why=line)
    await pool.take(turn.tx, lead.id)
    await happened(turn, lead.id, "lead.assigned", owner=owner, by="", why=line, restart=True, auto=True)
    return Given(given, made)


async def nobody_free(turn: Turn) -> tuple[str, ...]:
    """Why nobody can have any lead now; empty when somebody can."""
    members = await team.everyone(turn.tx)
    return assignment.nobody_free(members, await standings(turn, members), turn.config.assignment.weights())


async def choose(turn: Turn, lead: Lead, *, without: Sequence[str]) -> Member | None:
    """Whose turn it is to take over a lead; books the turn and keeps the decision, moves nothing."""
    await turns.take_turn(turn.tx, turn.now, turn.config.assignment.win_window)
    members = [one for one in await team.everyone(turn.tx) if one.id not in without]
    ask = ask_of(lead, await customers.get(turn.tx, lead.customer))
    has = await standings(turn, members, by_hand=True)
    made = assignment.decide(members, ask, has, turn.config.assignment.weights(), turn.config.groups())
    await turns.keep(turn.tx, lead.id, made, turn.now, turn.event_id)
    await turns.settle(turn.tx, made, f"{turn.wall:%Y-%m-%d}")
    return made.chosen.member if made.chosen else None


async def _nobody(turn: Turn, lead: Lead, *, declined: bool) -> Lead:
    """The lead waits in the pool for the next try."""
    freed = replace(lead, owner="", assigned_at=None, assigned_why="")
    # a try that changed nothing leaves the cards about the lead in force
    kept = freed if freed == await leads.find(turn.tx, lead.id) else await leads.save(turn.tx, freed)
    before = await pool.get(turn.tx, lead.id)
    at = turn.now + turn.config.assignment.retry
    await pooling.put(turn, Pooled(
        lead.id, turn.now, DECLINED if declined else UNASSIGNED, "没有人能接", before.former if before else lead.owner,
        tries=before.tries + 1 if before else 0, retry_at=at,
    ))  # fmt: skip
    await timers.set_timer(turn.tx, RETRY, SWEEP, at, {}, turn.now, keep_earlier=True)
    turn.rang.add("timers")
    return kept
