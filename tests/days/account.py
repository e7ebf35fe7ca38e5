"""A day counted again from its rows alone, without the product's rules: who got what, when alarms fell, who heard how much."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store import queues
from store.tables import contact, fact, inbox, lead, outbox
from store.tables_assignment import decision, pool, rotation, share
from store.tables_sources import origin
from tests.days.doors import phone, through
from tests.world import ZONE, World

WORKING = {date(2026, 2, 13), date(2026, 2, 14), date(2026, 2, 24), date(2026, 2, 25)}
"""A Friday, a make-up Saturday; then nine days of Spring Festival."""
SHIFTS = ((9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60))
NEVER = datetime.fromisoformat("9999-01-01")
MINUTE = timedelta(minutes=1)
AT_ONCE = {"lead.new", "import.given", "welcome"}
"""Work that is theirs from now on: with alarms (the outbox sends them first) what the budget never holds back nor counts."""
WHOLE = 1_000_000


@dataclass(frozen=True)
class Firm:
    """What the firm was told to be. `away`: member and day; `short`: who works only until noon."""

    members: tuple[str, ...]
    team: dict[str, str]
    manager: dict[str, str]
    cap: int
    per_day: int
    away: frozenset[tuple[str, date]]
    short: frozenset[str]


async def rows(world: World, query: Any) -> list[Any]:
    """What a query finds."""
    async with world.db.read() as tx:
        return list(await tx.execute(query))


def wall(at: datetime) -> datetime:
    """The business wall clock."""
    return at.astimezone(ZONE).replace(tzinfo=None)


def after(start: datetime, minutes: int) -> datetime:
    """The wall-clock moment when so many working minutes have passed, counted shift by shift."""
    at, left = start, timedelta(minutes=minutes)
    while True:
        minute = at.hour * 60 + at.minute
        for first, last in SHIFTS if at.date() in WORKING else ():
            if first <= minute < last:
                spare = at.replace(hour=last // 60, minute=last % 60, second=0, microsecond=0) - at
                if spare >= left:
                    return at + left
                left -= spare
                at += spare
                break
        else:
            at = at.replace(second=0, microsecond=0) + MINUTE


# ── came in, and went to somebody ──────────────────────────────────────────────────────────────────────
async def every_lead_came_in_once(world: World, total: int) -> None:
    """One lead for each number, by the door it was pushed through; nothing is stuck, nothing was given up."""
    known = Counter(
        one.phone_key
        for one in await rows(
            world, sa.select(contact.c.phone_key).join(lead, lead.c.contact == contact.c.id)
        )
    )
    assert known == {phone(n): 1 for n in range(total)}
    doors = Counter(one.kind for one in await rows(world, sa.select(origin.c.kind)))
    expected = through(total)
    assert doors["call"] + doors["hook"] == expected.pop("hook")
    assert {kind: doors[kind] for kind in expected} == expected
    for queue in (inbox, outbox):
        left = await rows(world, sa.select(queue.c.id).where(queue.c.state != queues.DONE))
        assert not left, (queue.name, left)


async def every_lead_is_assigned_or_explained(world: World, firm: Firm, found: Sequence[Any]) -> None:
    """One owner by one decision, or a place in the pool with a reason for every rep; never two, never neither."""
    made = defaultdict(list)
    for one in await rows(world, sa.select(decision).order_by(decision.c.id)):
        made[one.lead].append(one)
    pooled = {one.lead: one for one in await rows(world, sa.select(pool))}
    given = Counter(
        one.lead for one in await rows(world, sa.select(fact.c.lead).where(fact.c.name == "lead.assigned"))
    )
    announced = Counter(
        one.subject
        for one in await rows(
            world, sa.select(outbox.c.subject).where(outbox.c.kind == "lead.new", outbox.c.way == "card")
        )
    )
    waited = 0
    daily: Counter[tuple[str, date]] = Counter()
    for one in found:
        chosen = [each.chosen for each in made[one.id] if each.chosen]
        waited += len(made[one.id]) > 1
        assert announced[f"L-{one.id}"] <= 1
        if one.owner:
            assert chosen == [one.owner]
            assert given[one.id] == 1
            assert one.id not in pooled
            at = wall(one.assigned_at)
            daily[one.owner, at.date()] += 1
            assert (one.owner, at.date()) not in firm.away
            assert one.owner not in firm.short or at.hour < 12 or _nobody_else(made[one.id][-1]), one.id
        else:
            assert not chosen
            assert pooled[one.id].why
        for each in made[one.id]:
            outs = {candidate[0]: candidate[1] for candidate in json.loads(each.body)}
            assert set(outs) == set(firm.members)
            assert each.chosen or all(outs.values())
    assert waited, "the caps of the day leave somebody waiting"
    assert max(daily.values()) <= firm.cap


def _nobody_else(made: Any) -> bool:
    """Whether everybody was full, away or out of their shift, so that the one owed most of the last got it."""
    return not [one for one in json.loads(made.body) if not one[1]]


@dataclass
class Heard:
    """What went out, gathered now and then: sent rows are kept for a week, and a day that takes long lives through two.
    `alarms`: (manager, lead) → outbox row → when; `unasked`: (person, day) → outbox rows that nobody asked for."""

    alarms: dict[tuple[str, int], dict[int, datetime]] = field(default_factory=lambda: defaultdict(dict))
    unasked: dict[tuple[str, date], set[int]] = field(default_factory=lambda: defaultdict(set))

    async def listen(self, world: World) -> None:
        """Adds what the queues hold now."""
        asked = {
            one.id
            for one in await rows(world, sa.select(inbox.c.id, inbox.c.body))
            if json.loads(one.body)["is"] in {"message", "click"}
        }
        for one in await rows(world, sa.select(outbox).where(outbox.c.way.in_(["card", "text"]))):
            at = wall(one.created_at)
            if one.cause not in asked and one.ledger != "folded" and one.priority and one.kind not in AT_ONCE:
                self.unasked[one.member, at.date()].add(one.id)
            text = json.loads(one.body)["card"] if one.kind == "sla.bundle" and one.way == "card" else ""
            for number in re.findall(r"L-(\d+)", text) if "首触" in text else ():
                self.alarms[one.member, int(number)][one.id] = at


# ── alarms ─────────────────────────────────────────────────────────────────────────────────────────────
async def alarms_are_where_the_calendar_says(
    world: World, firm: Firm, found: Sequence[Any], heard: Heard
) -> None:
    """Two and four working hours after the assignment, to the microsecond, unless it was touched before: over lunch, a
    make-up Saturday and nine days of Spring Festival. Nothing else, nothing twice; the manager's card in its minute."""
    told: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for one in await rows(world, sa.select(fact).where(fact.c.name == "sla.told").order_by(fact.c.id)):
        said = json.loads(one.payload)
        if said["rule"] == "首次触达":
            told[one.lead].append((said["rung"], wall(one.at)))
    late = 0
    for one in found:
        if not one.owner:
            assert not told[one.id]
            continue
        touched = wall(one.first_touch_at) if one.first_touch_at else NEVER
        due = [after(wall(one.assigned_at), minutes) for minutes in (120, 240)]
        # who touches it in the very minute does so after the alarm
        expected = [(rung, at) for rung, at in enumerate(due) if at <= touched and at <= world.wall]
        assert told[one.id] == expected, (one.id, wall(one.assigned_at), touched)
        late += sum(at.date() == date(2026, 2, 24) for _, at in expected)
        breach = due[1]
        if touched > breach + MINUTE <= world.wall:
            boss = firm.manager[firm.team[one.owner]]
            moments = list(heard.alarms[boss, one.id].values())
            assert len(moments) == 1, (one.id, boss, moments)
            assert breach <= moments[0] <= breach + MINUTE, (one.id, breach, moments)
    assert late, "some fall due behind the holiday"


# ── messages ───────────────────────────────────────────────────────────────────────────────────────────
def nobody_is_over_the_budget(firm: Firm, heard: Heard) -> int:
    """Cards and texts that nobody asked for, by person and day; as they went out, not as the product counts them. Returns
    the most."""
    unasked = {who: len(ids) for who, ids in heard.unasked.items()}
    over = {who: n for who, n in unasked.items() if n > firm.per_day}
    assert not over, over
    assert len(unasked) > len(firm.members)
    return max(unasked.values())


# ── fairness ───────────────────────────────────────────────────────────────────────────────────────────
async def the_fairness_report_adds_up(world: World) -> float:
    """Owed and got from the decisions alone are what the report says; nobody is far from what they were owed."""
    owed: Counter[str] = Counter()
    got: Counter[str] = Counter()
    for one in await rows(world, sa.select(decision).where(decision.c.chosen != "")):
        candidates = json.loads(one.body)
        assert sum(candidate[7] for candidate in candidates) == WHOLE
        for candidate in candidates:
            owed[candidate[0]] += candidate[7]
        got[one.chosen] += 1
    total = [sa.func.sum(share.c.owed), sa.func.sum(share.c.got)]
    kept = await rows(world, sa.select(share.c.member, *total).group_by(share.c.member))
    assert {who: (int(a), int(b)) for who, a, b in kept} == {
        who: (owed[who], got[who]) for who in owed if owed[who]
    }
    credit = {one.member: one.credit for one in await rows(world, sa.select(rotation)) if one.member}
    assert {who: n for who, n in credit.items() if n} == {
        who: owed[who] - got[who] * WHOLE for who in owed if owed[who] != got[who] * WHOLE
    }
    worst = max(abs(owed[who] / WHOLE - got[who]) for who in owed)
    assert worst <= 3, worst
    ratios = sorted(got[who] / (owed[who] / WHOLE) for who in owed if owed[who])
    n = len(ratios)
    gini = 2 * sum(place * value for place, value in enumerate(ratios, 1)) / (n * sum(ratios)) - (n + 1) / n
    await world.phone("ops").says("/公平 30")
    said = await world.phone("ops").sees(
        "分派公平", f"自动分派 {sum(got.values())} 条", timeout=world.patience
    )
    assert f"最大偏差 {worst:.1f} 条；基尼系数（实得÷应得）{gini:.2f}" in said.text
    return worst
