"""Which open leads may be behind by a ladder: the database names the few that rules/sla.py then judges one by one."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from rules import sla
from rules.board import GRAIN, Mark
from rules.leads import CLOSED
from rules.silence import DOWNGRADED
from store.db import Tx
from store.tables import fact, lead

_OPEN = lead.c.status.not_in([status.value for status in CLOSED])


async def suspects(tx: Tx, owners: Sequence[str], marks: Sequence[Mark]) -> list[int]:
    """Ids of the open leads of these members that may be past the first rung of one of the ladders: all that are, and hardly
    any besides. Facts are looked up by lead and name; none is read that does not matter."""
    if not owners or not marks:
        return []
    query = sa.select(lead.c.id).where(
        lead.c.owner.in_(sorted(owners)), _OPEN, sa.or_(*(_may(one) for one in marks))
    )
    return [int(row.id) for row in await tx.execute(query.order_by(lead.c.id))]


def _may(mark: Mark) -> Any:
    """What is true of every lead that is late by this ladder: it began early enough, and nothing after that ended it. Which of
    several assignments counts (rules/sla.start_of) is not asked here: any of them may."""
    ladder = mark.ladder
    start, over = fact.alias(), fact.alias()
    ends = [sla.WAIVED]
    once = ladder.starts == sla.ASSIGNED and ladder.unless == sla.TOUCHED  # touched once, touched for ever
    if not once:
        ends.append(ladder.unless)
    if ladder.starts != sla.ASSIGNED:
        ends.append(ladder.starts)  # the newest counts
    ended = _standing(over, ends).where(over.c.id > start.c.id)
    began = _standing(start, [ladder.starts]).where(start.c.at <= mark.first + GRAIN, sa.not_(ended.exists()))
    parts = [began.exists()]
    if once:
        parts.append(sa.not_(_standing(fact.alias(), [sla.TOUCHED]).exists()))
    if ladder.statuses:  # a level that the ladder itself took counts as still there (rules/silence.effective)
        taken = _standing(fact.alias(), [DOWNGRADED]).exists()
        parts.append(sa.or_(lead.c.status.in_(ladder.statuses), taken))
    return sa.and_(*parts)


def _standing(one: Any, names: Sequence[str]) -> Any:
    """Facts of these names about the lead of the query around, without those that were taken back."""
    named = one.c.name == names[0] if len(names) == 1 else one.c.name.in_(names)
    return (
        sa.select(one.c.id)
        .where(one.c.lead == lead.c.id, named, one.c.undone_at.is_(None))
        .correlate_except(one)
    )
