"""A busy day: leads by five doors, many reps, leave, shifts, caps, a holiday behind it, one database connection. All that
the product says of the day is counted again from the rows (account.py).

`GENJIN_DAY_LEADS=2000 GENJIN_DAY_REPS=40 pytest -s tests/days` is a real one; the short one runs with all other tests.
"""

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from store.tables import lead
from tests import world as worlds
from tests.days import account, doors
from tests.days.account import Firm, rows, wall
from tests.world import StillClock, World, firm, user_of

LEADS, REPS = (
    int(os.environ.get(f"GENJIN_DAY_{what}", least)) for what, least in (("LEADS", 30), ("REPS", 8))
)
PATIENCE = 300.0  # seconds for one step of the clock; a step of the long day is hundreds of messages
FRIDAY, SATURDAY = date(2026, 2, 13), date(2026, 2, 14)
CAP = max(2, round(LEADS / REPS))  # some are on leave: the last leads of Friday find nobody
REGIONS = (("浙江",), ("江苏",), ("广东",), ())
SLOTS = 48 if LEADS > 100 else 8
FILES = (1 / 4, 2 / 3)  # of the day, when the files come
SOON, LATE = timedelta(minutes=30), timedelta(minutes=190)


def reps() -> list[dict[str, Any]]:
    """The firm's sales people in two teams; every tenth, counted from the sixth, works mornings."""
    found: list[dict[str, Any]] = [
        {
            "id": f"rep{n:02}", "name": f"销售{n:02}", "roles": ["rep"], "team": "甲" if n % 2 else "乙",
            "regions": REGIONS[n % 4], "tags": (("汽配",), ())[n % 2],
            "shifts": ("09:00-12:00",) if n % 10 == 5 else (),
        }
        for n in range(REPS)
    ]  # fmt: skip
    for id, name, roles in (
        ("boss1", "甲主管", ["manager"]),
        ("boss2", "乙主管", ["manager"]),
        ("ops", "运营", ["admin"]),
    ):
        found.append({"id": id, "name": name, "roles": roles})
    return found


def as_told(per_day: int) -> Firm:
    """The firm and its day, for whoever counts again."""
    sales = [one for one in reps() if one["roles"] == ["rep"]]
    away = {(one["id"], day) for one in sales[::10] for day in (FRIDAY, SATURDAY, date(2026, 2, 24))}
    away |= {(one["id"], FRIDAY) for one in sales[3::10]}
    return Firm(
        tuple(one["id"] for one in sales), {one["id"]: one["team"] for one in sales}, {"甲": "boss1", "乙": "boss2"},
        CAP, per_day, frozenset(away), frozenset(one["id"] for one in sales if one["shifts"]),
    )  # fmt: skip


@dataclass
class Day:
    """A running day: how far it is, and how long each step of its clock took."""

    world: World
    http: aiohttp.ClientSession
    place: str
    touched: set[int] = field(default_factory=set)
    steps: list[float] = field(default_factory=list)

    async def to(self, at: datetime) -> None:
        """Goes to a wall-clock moment; timers fire on the way."""
        began = time.monotonic()
        await self.world.at(f"{at:%Y-%m-%d %H:%M}")
        self.steps.append(time.monotonic() - began)

    async def leave(self) -> None:
        """Every tenth rep is away until the 25th, with the next one standing in; every tenth, from the fourth, today."""
        for n in range(0, REPS, 10):
            await self._away(n, f"/休假 今天 到 2月25日 代班 @rep{n + 1:02}")
        for n in range(3, REPS, 10):
            await self._away(n, "/休假 今天")

    async def _away(self, n: int, said: str) -> None:
        phone = self.world.phone(f"rep{n:02}")
        await phone.says(said)
        await phone.sees("确认休假交接", timeout=PATIENCE)
        await phone.clicks("确认")
        await self.world.idle()

    async def come(self, numbers: range) -> None:
        """Leads through their doors, a dozen at a time."""
        gate = asyncio.Semaphore(12)

        async def one(n: int) -> None:
            async with gate:
                await doors.push(self.world, self.http, n)

        await asyncio.gather(*(one(n) for n in numbers if n % 5 != 4))
        await self.world.idle()

    async def touch(self) -> None:
        """Of three leads one is touched soon, one late, one never."""
        waits = {0: SOON, 1: LATE}
        mine = defaultdict(list)
        owned = sa.select(lead.c.id, lead.c.owner, lead.c.assigned_at).where(lead.c.owner != "")
        for one in await rows(self.world, owned.order_by(lead.c.id)):
            wait = waits.get(one.id % 3)
            if wait and one.id not in self.touched and wall(one.assigned_at) + wait <= self.world.wall:
                mine[one.owner].append(one.id)
                self.touched.add(one.id)

        async def works(owner: str) -> None:
            for id in mine[owner]:
                await self.world.phone(owner).says(f"/跟进 {id} 电话 有意向 3月1日再联系")

        await asyncio.gather(*(works(owner) for owner in mine))
        await self.world.idle()

    async def live(self) -> None:
        """Friday from 9 to 18 with lunch, an evening, a make-up Saturday, and the first day after the holiday."""
        await self.leave()
        start = datetime.combine(FRIDAY, datetime.min.time()) + timedelta(hours=9)
        slots = [start + timedelta(minutes=540 // SLOTS * n) for n in range(SLOTS)]
        slots += [start.replace(hour=20, minute=30), start.replace(day=14, hour=16)]
        files = [round(SLOTS * part) for part in FILES]
        sent = 0
        for place, slot in enumerate(slots):
            await self.to(slot)
            until = LEADS * (place + 1) // len(slots)
            await self.come(range(sent, until))
            sent = until
            if place in files:
                await self.file(files.index(place))
            if slot.hour < 18:
                await self.touch()
        await self.to(start.replace(day=14, hour=18))

    async def file(self, n: int) -> None:
        """The n-th list of marketing: a share of every fifth lead."""
        listed = range(4, LEADS, 5)
        part = len(listed) // len(FILES)
        mine = listed[part * n : part * (n + 1) if n + 1 < len(FILES) else None]
        await doors.file(self.world, self.http, mine, n + 1)
        await self.world.idle()


@pytest.fixture(params=[("wecom", "sqlite"), ("dingtalk", "postgresql")], ids="-".join)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    """On which platform and database."""
    platform, store = request.param
    return platform, store


@pytest.fixture
def store(place: tuple[str, str]) -> str:
    return place[1]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints past the capture: the figures are what somebody runs the long day for."""

    def shown(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return shown


@pytest.fixture
async def day(
    place: tuple[str, str], migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Day]:
    """The firm on Friday morning, with one connection to its database."""
    monkeypatch.setattr(worlds, "START", f"{FRIDAY} 08:40")
    people = [one | {place[0]: user_of(place[0], one["id"])} for one in reps()]
    changes = doors.SETTINGS | {
        "member": tuple(people), "store": {"pool": 1}, "assignment": {"daily_cap": CAP, "elsewhere": 0.1},
        "team": ({"name": "甲", "manager": "boss1"}, {"name": "乙", "manager": "boss2"}),
    }  # fmt: skip
    async with firm(place[0], migrated_url, tmp_path / "files", clock=StillClock(), **changes) as world:
        world.patience = PATIENCE
        for one in people:
            world.sim.person(one[place[0]], one["name"])
        async with aiohttp.ClientSession() as http:
            yield Day(world, http, " on ".join(place))


@pytest.mark.timeout(int(300 + LEADS * 1.5))
async def test_a_day_with_one_connection(day: Day, say: Callable[[str], None]) -> None:
    world, began = day.world, time.monotonic()
    per_day = world.config.messages.per_day
    told = as_told(per_day)
    heard = account.Heard()
    await day.live()
    await heard.listen(world)  # before a week makes room in the queues
    await day.to(datetime.fromisoformat("2026-02-24 18:00"))
    await heard.listen(world)
    lived = time.monotonic() - began
    found = await rows(world, sa.select(lead).order_by(lead.c.id))
    assert len(found) == LEADS
    await account.every_lead_came_in_once(world, LEADS)
    await account.every_lead_is_assigned_or_explained(world, told, found)
    await account.alarms_are_where_the_calendar_says(world, told, found, heard)
    most = account.nobody_is_over_the_budget(told, heard)
    worst = await account.the_fairness_report_adds_up(world)
    say(f"{LEADS} leads, {REPS} reps, {day.place}: {lived:.0f} s, longest step {max(day.steps):.1f} s, most unasked "
        f"messages of a person and day {most} of {per_day}, furthest from fair {worst:.2f} leads")  # fmt: skip
