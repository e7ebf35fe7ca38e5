"""The fair turn as rows: what each is owed, the deals that weigh, the decision behind each assignment, the day's shares."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from rules.assignment import Candidate, Decision
from rules.fairness import WHOLE, Share
from rules.leads import Status
from store.db import Tx
from store.tables import lead
from store.tables_assignment import decision, rotation, share
from store.tx import upsert

LOCK = ""
"""The row of `rotation` that everybody who assigns writes first: one at a time, over all replicas."""
RATED_EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Owed:
    """What the turn knows of a member: the credit in millionths of a lead, deals won of decided ones."""

    credit: int = 0
    won: int = 0
    decided: int = 0


# ── the turn ───────────────────────────────────────────────────────────────────────────────────────────
async def take_turn(tx: Tx, now: datetime, window: timedelta) -> None:
    """Waits until nobody else assigns; until the commit nobody else will. The deals are counted anew once a day."""
    insert = upsert(tx, rotation).values(member=LOCK, decided=1)
    locked = insert.on_conflict_do_update(
        index_elements=["member"], set_={"decided": rotation.c.decided + 1}
    ).returning(rotation.c.rated_at)
    rated = (await tx.execute(locked)).scalar()
    if rated is None or not timedelta(0) <= now - rated < RATED_EVERY:
        await rate(tx, now, window)


async def rate(tx: Tx, now: datetime, window: timedelta) -> None:
    """Counts the deals of everybody within the window: leads won, of those won or lost."""
    won = sa.func.sum(sa.case((lead.c.status == Status.WON.value, 1), else_=0))
    whose = (
        lead.c.owner + ""
    )  # by the bare column SQLite may walk through all leads in the order of their owners
    query = (
        sa.select(whose.label("owner"), won.label("won"), sa.func.count().label("decided"))
        .where(
            lead.c.closed_at >= now - window, lead.c.owner != "",
            lead.c.status.in_([Status.WON.value, Status.LOST.value]),
        )
        .group_by(whose)
    )  # fmt: skip
    found = (await tx.execute(query)).all()
    await tx.execute(sa.update(rotation).where(rotation.c.member != LOCK).values(won=0, decided=0))
    for row in found:
        values = {"won": int(row.won), "decided": int(row.decided)}
        insert = upsert(tx, rotation).values(member=row.owner, **values)
        await tx.execute(insert.on_conflict_do_update(index_elements=["member"], set_=values))
    await tx.execute(sa.update(rotation).where(rotation.c.member == LOCK).values(rated_at=now))


_OWED = sa.select(rotation.c.member, rotation.c.credit, rotation.c.won, rotation.c.decided).where(
    rotation.c.member != LOCK
)


async def owed(tx: Tx) -> dict[str, Owed]:
    """What the turn knows of each member; who was never in the running is not in it."""
    return {row.member: Owed(int(row.credit), row.won, row.decided) for row in await tx.execute(_OWED)}


async def settle(tx: Tx, made: Decision, day: str) -> None:
    """Books a decision: the credits of all in the running and the shares of the business day "2026-11-23"."""
    changes = made.settled()
    if not changes or made.chosen is None:
        return
    got, here = made.chosen.member.id, tx.dialect.name
    await tx.execute(_CREDIT[here], {"rows": json.dumps(sorted(changes.items()), ensure_ascii=False)})
    rows = sorted(
        (one.member.id, one.share, int(one.member.id == got)) for one in made.candidates if one.share
    )
    await tx.execute(_SHARES[here], {"rows": json.dumps(rows, ensure_ascii=False), "day": day})


# One statement each, however many are in the running: they travel as one JSON value.
_EACH = {
    "sqlite": "FROM json_each(:rows) WHERE true ORDER BY key",
    "postgresql": "FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS t(value, n) ORDER BY n",
}
_CREDIT = {
    name: sa.text(
        f"INSERT INTO rotation (member, credit) SELECT value->>0, CAST(value->>1 AS bigint) {each}"
        " ON CONFLICT (member) DO UPDATE SET credit = rotation.credit + excluded.credit"
    )
    for name, each in _EACH.items()
}
_SHARES = {
    name: sa.text(
        "INSERT INTO share (day, member, running, owed, got)"
        f" SELECT :day, value->>0, 1, CAST(value->>1 AS bigint), CAST(value->>2 AS integer) {each}"
        " ON CONFLICT (day, member) DO UPDATE SET running = share.running + excluded.running,"
        " owed = share.owed + excluded.owed, got = share.got + excluded.got"
    )
    for name, each in _EACH.items()
}


async def take_back(tx: Tx, cause: int, leads: Sequence[int], day: str) -> None:
    """The decisions that this event made about these leads on that business day never were: credits, shares and their
    rows as if nobody had asked."""
    for at in range(0, len(leads), 500):
        mine = sa.and_(decision.c.cause == cause, decision.c.lead.in_(leads[at : at + 500]))
        for row in (await tx.execute(sa.select(decision).where(mine).order_by(decision.c.id))).all():
            made = _made(row)
            for one in made.candidates if made.chosen else ():
                got = int(one.member == made.chosen)
                if one.share or got:
                    credit = sa.update(rotation).where(rotation.c.member == one.member)
                    await tx.execute(credit.values(credit=rotation.c.credit - one.share + WHOLE * got))
                if one.share:
                    booked = sa.update(share).where(share.c.day == day, share.c.member == one.member)
                    await tx.execute(booked.values(
                        running=share.c.running - 1, owed=share.c.owed - one.share, got=share.c.got - got))  # fmt: skip
        await tx.execute(sa.delete(decision).where(mine))


async def shares(tx: Tx, since: str, until: str = "9999") -> list[Share]:
    """Who was owed and who got what on the business days from `since` on, by member id."""
    total = [sa.func.sum(share.c[name]).label(name) for name in ("running", "owed", "got")]
    query = sa.select(share.c.member, *total).where(share.c.day >= since, share.c.day <= until)
    rows = await tx.execute(query.group_by(share.c.member).order_by(share.c.member))
    return [Share(row.member, int(row.running), int(row.owed), int(row.got)) for row in rows]


# ── the decisions ──────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Weighed:
    """A candidate as the decision saw it. `share` and `credit` are millionths of a lead."""

    member: str
    out: str
    fits: tuple[str, ...]
    region: float
    trade: float
    rate: float
    weight: float
    share: int
    credit: int
    today: int
    won: int
    decided: int


@dataclass(frozen=True)
class Made:
    """A decision as it was kept: who got the lead ("" for nobody), by which group, all candidates in their order."""

    id: int
    lead: int
    at: datetime
    chosen: str
    group: str
    widened: bool
    candidates: tuple[Weighed, ...]


async def keep(tx: Tx, lead: int, made: Decision, now: datetime, cause: int) -> int:
    """Writes a decision down. Returns its id. Nobody for the same reasons as the last time is no new decision."""
    last = await _last(tx, lead) if made.chosen is None else None
    if last and not last.chosen and _reasons(made) == {one.member: one.out for one in last.candidates}:
        return last.id
    row = sa.insert(decision).values(
        lead=lead, at=now, chosen=made.chosen.member.id if made.chosen else "", team=made.group,
        widened=made.widened, body=json.dumps([_packed(one) for one in made.candidates], ensure_ascii=False),
        cause=cause,
    )  # fmt: skip
    return int((await tx.execute(row.returning(decision.c.id))).scalar_one())


def _reasons(made: Decision) -> dict[str, str]:
    return {one.member.id: one.out for one in made.candidates}


async def _last(tx: Tx, lead: int) -> Made | None:
    """The newest decision about a lead."""
    query = sa.select(decision).where(decision.c.lead == lead).order_by(decision.c.id.desc()).limit(1)
    row = (await tx.execute(query)).one_or_none()
    return _made(row) if row else None


def _packed(one: Candidate) -> list[Any]:
    return [one.member.id, one.out, list(one.fits), one.region, one.trade, one.rate, one.weight, one.share,
            one.credit, one.today, one.won, one.decided]  # fmt: skip


async def of_lead(tx: Tx, lead: int) -> list[Made]:
    """The decisions about a lead, oldest first."""
    rows = await tx.execute(sa.select(decision).where(decision.c.lead == lead).order_by(decision.c.id))
    return [_made(row) for row in rows]


async def since(tx: Tx, at: datetime, *, after: int = 0, limit: int = 1000) -> list[Made]:
    """Decisions from a time on with ids above `after`, in order: page by page."""
    query = sa.select(decision).where(decision.c.at >= at, decision.c.id > after)
    return [_made(row) for row in await tx.execute(query.order_by(decision.c.id).limit(limit))]


async def prune(tx: Tx, before: datetime) -> None:
    """Forgets decisions and shares from before then."""
    await tx.execute(sa.delete(decision).where(decision.c.at < before))
    await tx.execute(sa.delete(share).where(share.c.day < f"{before:%Y-%m-%d}"))


def _made(row: Any) -> Made:
    found = []
    for member, out, fits, *numbers in json.loads(row.body or "[]"):
        region, trade, rate, weight, part, credit, today, won, decided = numbers
        found.append(
            Weighed(member, out, tuple(fits), region, trade, rate, weight, part, credit, today, won, decided)
        )
    return Made(row.id, row.lead, row.at, row.chosen, row.team, row.widened, tuple(found))


def csv_rows(made: Sequence[Made]) -> list[tuple[str, ...]]:
    """Decisions → lines of the export, a line per candidate: all that the report needs to be computed again."""
    return [
        (f"L-{one.lead}", one.at.isoformat(), one.group, one.chosen, each.member, each.out, f"{each.weight:.6f}",
         f"{each.share / WHOLE:.6f}", f"{each.credit / WHOLE:.6f}", "1" if each.member == one.chosen else "0")
        for one in made
        for each in one.candidates
    ]  # fmt: skip


CSV_HEAD = ("线索", "时间", "分派组", "分给", "候选人", "排除原因", "权重", "份额", "此前余额", "得到")
