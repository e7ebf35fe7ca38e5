"""Who wrote or clicked, and where people can be written to: what every event and every send asks, read in one go."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from rules.away import ON
from rules.checkins import State
from rules.team import Member
from store import screens
from store.db import Tx
from store.statements import among, gathered, listed
from store.tables import checkin, expectation, identity, member, reach, task
from store.tables_assignment import leave
from store.team import IDS, of_row

_ListOf = gathered("list_of", sqlite="json_group_array", postgresql="json_agg")
_COVERED = (
    sa.select(_ListOf(leave.c.member))
    .where(
        leave.c.delegate == member.c.id,
        leave.c.state == ON,
        leave.c.start <= sa.bindparam("now", type_=leave.c.start.type),
        leave.c.until > sa.bindparam("now", type_=leave.c.start.type),
    )
    .correlate(member)
    .scalar_subquery()
    .label("covered")
)
_AT_WORK = (
    sa.exists().where(checkin.c.member == member.c.id, checkin.c.state == State.OPEN.value).correlate(member)
)
_TO_DO = sa.exists().where(task.c.owner == member.c.id, task.c.done_at.is_(None)).correlate(member)
_CALLER = (
    sa.select(
        member, IDS, _COVERED, _AT_WORK.label("at_work"), _TO_DO.label("to_do"), reach.c.state.label("reach_state"),
        reach.c.reply_url.label("reach_url"),
        expectation.c.kind.label("asked"), expectation.c.payload.label("asked_payload"),
    )
    .select_from(
        member.join(identity, identity.c.member == member.c.id)
        .outerjoin(reach, sa.and_(reach.c.member == member.c.id, reach.c.platform == identity.c.platform))
        .outerjoin(
            expectation,
            sa.and_(
                expectation.c.member == member.c.id,
                expectation.c.expires_at > sa.bindparam("now", type_=expectation.c.expires_at.type),
            ),
        )
    )
    .where(
        identity.c.platform == sa.bindparam("platform_"),
        identity.c.user_id == sa.bindparam("user"),
        sa.not_(member.c.gone),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Caller:
    """Who wrote or clicked (with those for whom they stand in now), and what was known before of reaching them there:
    state and reply address, "" when nothing was."""

    member: Member
    state: str
    reply_url: str


async def caller(tx: Tx, platform: str, user: str, now: datetime) -> Caller | None:
    """The member behind a platform's user id with all that every event needs of them, None for a stranger. What they were
    asked last is kept for `screens.expected` of this transaction, and that they have no open check-in or task for those who
    ask for them."""
    if not user:
        return None
    row = (await tx.execute(_CALLER, {"platform_": platform, "user": user, "now": now})).first()
    if row is None:
        return None
    covers = frozenset(json.loads(row.covered)) if row.covered else frozenset()
    one = of_row(row)
    screens.asked(tx, one.id, row.asked, row.asked_payload)
    tx.nothing.update(
        (what, one.id) for what, found in (("checkin", row.at_work), ("task", row.to_do)) if not found
    )
    return Caller(replace(one, covers=covers) if covers else one, row.reach_state or "", row.reach_url or "")


@dataclass(frozen=True)
class Whereabouts:
    """A member, and platform → (state, why, reply_url, reply_until) as far as is known."""

    member: Member
    reaches: Mapping[str, tuple[str, str, str, datetime | None]]


_WHEREABOUTS = {
    dialect: sa.select(
        member, IDS, reach.c.platform.label("there"), reach.c.state, reach.c.why, reach.c.reply_url,
        reach.c.reply_until,
    )
    .select_from(member.outerjoin(reach, reach.c.member == member.c.id))
    .where(among(dialect, member.c.id, "who"))
    for dialect in ("sqlite", "postgresql")
}  # fmt: skip


async def whereabouts(tx: Tx, ids: Sequence[str]) -> dict[str, Whereabouts]:
    """Members (also those who left) with where they can be reached; unknown ids are left out."""
    if not ids:
        return {}
    rows = (await tx.execute(_WHEREABOUTS[tx.dialect.name], {"who": listed(tx, ids)})).all()
    reached: dict[str, dict[str, tuple[str, str, str, datetime | None]]] = {}
    for row in rows:
        on = reached.setdefault(row.id, {})
        if row.there is not None:
            on[row.there] = (row.state, row.why, row.reply_url, row.reply_until)
    return {row.id: Whereabouts(of_row(row), reached[row.id]) for row in rows}
