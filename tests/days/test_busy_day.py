"""A busy day: many leads, many reps, leave, caps, a holiday behind it, one database connection. Everything that the
product says of the day is counted again here, from the rows alone and without its rules.

`GENJIN_DAY_LEADS=2000 GENJIN_DAY_REPS=40` makes it as long as a real one; the short one runs with all other tests.
"""

import asyncio
import json
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from bot.config import Config
from store.tables import fact, inbox, lead, outbox
from store.tables_assignment import decision, pool, rotation, share
from tests import world as worlds
from tests.world import TOKEN, ZONE, World, firm

LEADS, REPS = (
    int(os.environ.get(f"GENJIN_DAY_{what}", least)) for what, least in (("LEADS", 24), ("REPS", 8))
)
PATIENCE = 120.0  # seconds for one step of the clock; a step of the long day is hundreds of messages
AT_ONCE = {"lead.new", "sla.breach", "sla.bundle", "welcome"}  # never held back, so not counted
CAP = max(2, round(LEADS / REPS))  # two are on leave: the last leads of the day find nobody
FRIDAY = "2026-02-13"
WORKING = {
    date(2026, 2, 13),
    date(2026, 2, 14),
    date(2026, 2, 24),
    date(2026, 2, 25),
}  # then nine days of Spring Festival
SHIFTS = ((9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60))
NEVER = datetime.fromisoformat("9999-01-01")
REGIONS = (("浙江",), ("江苏",), ("广东",), ())
CITIES = ("宁波", "苏州", "深圳", "")
SOURCES = ("官网询盘", "抖音表单", "400来电", "展会", "转介绍")


def reps() -> list[dict[str, Any]]:
    """The firm's sales people in two teams, two managers, one admin."""
    found: list[dict[str, Any]] = [
        {
            "id": f"rep{n:02}", "name": f"销售{n:02}", "roles": ["rep"], "team": "甲" if n % 2 else "乙",
            "regions": REGIONS[n % 4], "tags": (("汽配",), ())[n % 2], "wecom": f"REP{n:02}",
        }
        for n in range(REPS)
    ]  # fmt: skip
    for id, name, roles in (
        ("boss1", "甲主管", ["manager"]),
        ("boss2", "乙主管", ["manager"]),
        ("ops", "运营", ["admin"]),
    ):
        found.append({"id": id, "name": name, "roles": roles, "wecom": id.upper()})
    return found


@pytest.fixture
async def day(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The firm on Friday morning, with one connection to its database."""
    monkeypatch.setattr(worlds, "START", f"{FRIDAY} 08:40")
    changes = {
        "member": tuple(reps()), "store": {"pool": 1}, "assignment": {"daily_cap": CAP, "elsewhere": 0.1},
        "team": ({"name": "甲", "manager": "boss1"}, {"name": "乙", "manager": "boss2"}),
    }  # fmt: skip
    async with firm("wecom", migrated_url, tmp_path / "files", **changes) as world:
        world.patience = PATIENCE
        for one in reps():
            world.sim.person(one["wecom"], one["name"])
        yield world


def after(start: datetime, minutes: int) -> datetime:
    """The wall-clock moment when so many working minutes have passed, counted minute by minute."""
    at = start
    left = timedelta(minutes=minutes)
    while True:
        minute = at.hour * 60 + at.minute
        for first, last in SHIFTS:
            if at.date() in WORKING and first <= minute < last:
                end = at.replace(hour=last // 60, minute=last % 60, second=0, microsecond=0)
                spare = end - at
                if spare >= left:
                    return at + left
                left -= spare
                at = end
                break
        else:
            at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)


async def post(world: World, session: aiohttp.ClientSession, n: int) -> int:
    """One lead over HTTP; its number."""
    body = {
        "name": f"客户{n}", "phone": f"139{n:08d}", "company": f"第{n}号机械厂", "city": CITIES[n % 4],
        "source": SOURCES[n % 5], "need": ("汽配件", "现货轴承")[n % 2],
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f"day-{n}"}
    for _ in range(20):
        async with session.post(f"{world.url}/api/v1/leads", json=body, headers=headers) as answer:
            if answer.status in (200, 201):
                return int((await answer.json())["id"][2:])
        await asyncio.sleep(0.2)  # busy: the client comes again with the same key
    raise AssertionError(f"lead {n} was never taken")


async def rows(world: World, query: Any) -> list[Any]:
    async with world.db.read() as tx:
        return list(await tx.execute(query))


def wall(at: datetime) -> datetime:
    return at.astimezone(ZONE).replace(tzinfo=None)


async def live(world: World) -> None:
    """The day: leads in up to 48 slots, lunch and evening among them; a third touched soon, a third late, a third never."""
    first = world.phone("rep00")
    await first.says("/休假 今天 到 2月25日 代班 @rep01")
    await first.sees("确认休假交接")
    await first.clicks("确认")
    await world.phone("rep03").says("/休假 今天")
    await world.phone("rep03").sees("确认休假交接")
    await world.phone("rep03").clicks("确认")
    n = min(48, LEADS // 2)
    slots = [
        datetime.fromisoformat(f"{FRIDAY} 09:00") + timedelta(minutes=528 // n * slot) for slot in range(n)
    ]
    slots += [datetime.fromisoformat(f"{FRIDAY} 20:30"), datetime.fromisoformat("2026-02-14 16:00")]
    sent, touched = 0, set[int]()
    waits = {0: timedelta(minutes=30), 1: timedelta(minutes=190)}
    async with aiohttp.ClientSession() as session:
        for place, slot in enumerate(slots):
            await world.at(f"{slot:%Y-%m-%d %H:%M}")
            until = LEADS * (place + 1) // len(slots)
            await asyncio.gather(*(post(world, session, n) for n in range(sent, until)))
            sent = until
            await world.idle()
            for one in await rows(
                world, sa.select(lead.c.id, lead.c.owner, lead.c.assigned_at).where(lead.c.owner != "")
            ):
                wait = waits.get(one.id % 3)
                if (
                    wait
                    and one.id not in touched
                    and wall(one.assigned_at) + wait <= world.wall
                    and slot.hour < 18
                ):
                    touched.add(one.id)
                    await world.phone(one.owner).says(f"/跟进 {one.id} 电话 有意向 3月1日再联系")
            await world.idle()
    await world.at("2026-02-14 18:00")
    await world.at("2026-02-24 18:00")


@pytest.mark.timeout(int(300 + LEADS * 1.5))
async def test_a_day_with_one_connection(day: World) -> None:
    await live(day)
    found = await rows(day, sa.select(lead))
    assert len(found) == LEADS  # every lead came in once
    await every_lead_is_assigned_or_explained(day, found)
    await alarms_are_where_the_calendar_says(day, found)
    await nobody_is_over_the_budget(day, day.config)
    await the_fairness_report_adds_up(day)


async def every_lead_is_assigned_or_explained(world: World, found: list[Any]) -> None:
    """One owner by one decision, or a place in the pool with a reason for every rep; never two, never neither."""
    made = defaultdict(list)
    for one in await rows(world, sa.select(decision).order_by(decision.c.id)):
        made[one.lead].append(one)
    pooled = {one.lead: one for one in await rows(world, sa.select(pool))}
    given = Counter(
        one.lead for one in await rows(world, sa.select(fact.c.lead).where(fact.c.name == "lead.assigned"))
    )
    waited = 0
    daily: Counter[tuple[str, date]] = Counter()
    for one in found:
        chosen = [each.chosen for each in made[one.id] if each.chosen]
        waited += len(made[one.id]) > 1
        if one.owner:
            assert chosen == [one.owner]
            assert given[one.id] == 1
            assert one.id not in pooled
            daily[one.owner, wall(one.assigned_at).date()] += 1
        else:
            assert not chosen
            assert pooled[one.id].why
        for each in made[one.id]:
            outs = {candidate[0]: candidate[1] for candidate in json.loads(each.body)}
            assert set(outs) == {f"rep{n:02}" for n in range(REPS)}
            assert each.chosen or all(outs.values())
    assert waited, "the caps of the day leave somebody waiting"
    assert max(daily.values()) <= CAP
    assert not [who for who, _ in daily if who == "rep00"]  # on leave all along
    assert ("rep03", date(2026, 2, 13)) not in daily


async def alarms_are_where_the_calendar_says(world: World, found: list[Any]) -> None:
    """Two and four working hours after the assignment unless it was touched before, over a make-up Saturday and the
    nine days of Spring Festival; nothing else, nothing twice. A bundle may take its minute."""
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
        due = [after(wall(one.assigned_at), minutes) for minutes in (120, 240)]
        touched = wall(one.first_touch_at) if one.first_touch_at else NEVER
        expected = [(rung, at) for rung, at in enumerate(due) if at < touched and at <= world.wall]
        assert [rung for rung, _ in told[one.id]] == [rung for rung, _ in expected], (
            one.id,
            told[one.id],
            due,
        )
        for (_, said_at), (_, at) in zip(told[one.id], expected, strict=True):
            assert timedelta(seconds=-1) <= said_at - at <= timedelta(seconds=61), (one.id, said_at, at)
            late += at.date() > date(2026, 2, 14)
    assert late, "some fall due behind the holiday"


async def nobody_is_over_the_budget(world: World, config: Config) -> None:
    """Cards and texts that nobody asked for, by person and day."""
    asked = {
        one.id
        for one in await rows(world, sa.select(inbox.c.id, inbox.c.body))
        if json.loads(one.body)["is"] in {"message", "click"}
    }
    unasked: Counter[tuple[str, date]] = Counter()
    for one in await rows(world, sa.select(outbox).where(outbox.c.way.in_(["card", "text"]))):
        if one.cause not in asked and one.ledger != "folded" and one.kind not in AT_ONCE:
            unasked[one.member, wall(one.created_at).date()] += 1
    over = {who: n for who, n in unasked.items() if n > config.messages.per_day}
    assert not over, over
    assert len(unasked) > REPS


async def the_fairness_report_adds_up(world: World) -> None:
    """Owed and got from the decisions alone are what the report says; nobody is far from what they were owed."""
    owed: Counter[str] = Counter()
    got: Counter[str] = Counter()
    for one in await rows(world, sa.select(decision).where(decision.c.chosen != "")):
        candidates = json.loads(one.body)
        assert sum(candidate[7] for candidate in candidates) == 1_000_000
        for candidate in candidates:
            owed[candidate[0]] += candidate[7]
        got[one.chosen] += 1
    kept = await rows(
        world,
        sa.select(share.c.member, sa.func.sum(share.c.owed), sa.func.sum(share.c.got)).group_by(
            share.c.member
        ),
    )
    assert {who: (int(a), int(b)) for who, a, b in kept} == {
        who: (owed[who], got[who]) for who in owed if owed[who]
    }
    credit = {one.member: one.credit for one in await rows(world, sa.select(rotation)) if one.member}
    assert {who: n for who, n in credit.items() if n} == {
        who: owed[who] - got[who] * 1_000_000 for who in owed if owed[who] != got[who] * 1_000_000
    }
    worst = max(abs(owed[who] / 1_000_000 - got[who]) for who in owed)
    assert worst <= 3, worst
    ratios = sorted(got[who] / (owed[who] / 1_000_000) for who in owed if owed[who])
    n = len(ratios)
    gini = 2 * sum(place * value for place, value in enumerate(ratios, 1)) / (n * sum(ratios)) - (n + 1) / n
    await world.phone("ops").says("/公平 30")
    said = await world.phone("ops").sees("分派公平", f"自动分派 {sum(got.values())} 条")
    assert f"最大偏差 {worst:.1f} 条；基尼系数（实得÷应得）{gini:.2f}" in said.text
