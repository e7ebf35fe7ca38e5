"""The database names all leads that are late and hardly any besides; the rules say the same as over all of them."""

import json
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from rules import board, silence, sla
from rules.hours import Calendar
from rules.leads import Lead, Status
from rules.sla import Happened, Ladder, Rung
from store import climbs, lateness, leads
from store.db import Database, Tx
from store.tables import customer, fact, lead

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALENDAR = Calendar(
    ZoneInfo("Asia/Shanghai"), ((time(9), time(12)), (time(13, 30), time(18))), (time(20), time(8, 30))
)
LADDERS = (
    Ladder("首次触达", sla.ASSIGNED, sla.TOUCHED, "working", (Rung(2 * HOUR, ("owner",)), Rung(4 * HOUR, ("manager",)))),
    Ladder("分派后没记录", sla.ASSIGNED, sla.RECORDED, "calendar", (Rung(5 * HOUR, ("owner",)),)),
    Ladder("意向客户未跟进", "status.intent", sla.RECORDED, "calendar", (Rung(48 * HOUR, ("owner",)),), ("intent", "quoting")),
    Ladder("记录后没动静", sla.RECORDED, sla.RECORDED, "calendar", (Rung(72 * HOUR, ("owner",)),)),
)  # fmt: skip
NAMES = (
    sla.ASSIGNED,
    sla.ASSIGNED,
    sla.RECORDED,
    sla.RECORDED,
    sla.TOUCHED,
    "status.intent",
    sla.WAIVED,
    silence.DOWNGRADED,
)
OWNERS = ("wanglei", "liqian", "")


async def some(tx: Tx, dice: Random) -> None:
    """A lead with whatever may have happened to it, in any order, some of it taken back."""
    at = NOW - timedelta(hours=dice.randrange(200))
    status = dice.choice([Status.NEW, Status.INTENT, Status.QUOTING, Status.CONTACTED, Status.WON])
    row = sa.insert(lead).values(
        customer=1,
        owner=dice.choice(OWNERS),
        status=status.value,
        created_at=at,
        assigned_at=dice.choice([at, None]),
    )
    id = (await tx.execute(row.returning(lead.c.id))).scalar_one()
    for _ in range(dice.randrange(6)):
        at += timedelta(hours=dice.choice([0, 1, 30]))
        name = dice.choice(NAMES)
        told: dict[str, object] = {"restart": dice.random() < 0.6} if name == sla.ASSIGNED else {}
        if name == silence.DOWNGRADED:
            told = {"from": "intent", "to": status.value}
        if name == sla.ASSIGNED and dice.random() < 0.6:
            await tx.execute(sa.update(lead).where(lead.c.id == id).values(assigned_at=at))
        undone = NOW if dice.random() < 0.15 else None
        await tx.execute(
            sa.insert(fact).values(lead=id, name=name, at=at, payload=json.dumps(told), undone_at=undone)
        )


def is_late(one: Lead, happened: list[Happened]) -> bool:
    """As handlers/silent.py judges a lead."""
    seen = silence.effective(one, happened)
    return any(sla.overdue(CALENDAR, ladder, seen, happened, NOW) for ladder in LADDERS)


async def test_whoever_is_late_is_among_the_suspects_and_few_others_are(db: Database) -> None:
    dice = Random(7)
    async with db.write() as tx:
        await tx.execute(sa.insert(customer).values(id=1, name="恒达", created_at=NOW))
        for _ in range(500):
            await some(tx, dice)
    marks = board.marks(CALENDAR, LADDERS, NOW)
    async with db.read() as tx:
        mine = [one for owner in OWNERS[:2] for one in await leads.of_owner(tx, owner)]
        known = await climbs.happened(tx, [one.id for one in mine])
        late = sorted(one.id for one in mine if is_late(one, known[one.id]))
        named = await lateness.suspects(tx, OWNERS[:2], marks)
        for at, mark in enumerate(marks):  # each by itself, so that no ladder hides another's mistake
            alone = await lateness.suspects(tx, OWNERS[:2], [mark])
            by_this = [
                one.id for one in mine
                if sla.overdue(CALENDAR, LADDERS[at], silence.effective(one, known[one.id]), known[one.id], NOW)
            ]  # fmt: skip
            assert set(by_this) <= set(alone), LADDERS[at].name
            assert len(by_this) > 5, LADDERS[at].name
        assert [one.id for one in await leads.of_ids(tx, named)] == named
        assert await lateness.suspects(tx, [], marks) == await lateness.suspects(tx, OWNERS, []) == []
    assert set(late) <= set(named)
    assert len(named) - len(late) < len(mine) / 10
    assert len(late) < len(mine) * 0.9
