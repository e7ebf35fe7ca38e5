"""Open and finished check-ins as rows; a member has at most one open (a unique index says so)."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from rules.checkins import CheckIn, State, Step
from store.db import Conflict, Tx
from store.screens import OnScreen
from store.screens import get as screen
from store.tables import card as screens
from store.tables import checkin as checkins

_OPEN = checkins.c.state == State.OPEN.value


async def add(tx: Tx, lead: int, member: str, now: datetime) -> CheckIn:
    """Opens a check-in. Raises Conflict when the member opened one at this very moment."""
    new = CheckIn(id=0, lead=lead, member=member, opened_at=now)
    values = {"lead": lead, "member": member, "step": new.step.value, "state": new.state.value}
    try:
        made = await tx.execute(insert(checkins).values(**values, opened_at=now).returning(checkins.c.id))
    except IntegrityError as error:
        raise Conflict(f"member {member} has an open check-in already") from error
    return replace(new, id=int(made.scalar_one()))


async def find(tx: Tx, id: int) -> CheckIn | None:
    """The check-in, or None."""
    row = (await tx.execute(select(checkins).where(checkins.c.id == id))).one_or_none()
    return _checkin(row) if row else None


_OPEN_OF = select(checkins).where(checkins.c.member == bindparam("who"), _OPEN)


async def open_of(tx: Tx, member: str) -> CheckIn | None:
    """The member's open check-in, None when there is none."""
    if tx.none("checkin", member):
        return None
    row = (await tx.execute(_OPEN_OF, {"who": member})).one_or_none()
    return _checkin(row) if row else None


async def members_at_work(tx: Tx) -> frozenset[str]:
    """The members who have an open check-in."""
    return frozenset((await tx.execute(select(checkins.c.member).where(_OPEN))).scalars())


async def open_on(tx: Tx, lead: int) -> list[CheckIn]:
    """Open check-ins on a lead (after a hand-over there may be one of its former owner)."""
    rows = await tx.execute(select(checkins).where(checkins.c.lead == lead, _OPEN).order_by(checkins.c.id))
    return [_checkin(row) for row in rows]


async def save(tx: Tx, changed: CheckIn) -> CheckIn:
    """Writes the check-in back if nobody else did meanwhile and gives it with its new version. Raises Conflict."""
    done = await tx.execute(
        update(checkins)
        .where(checkins.c.id == changed.id, checkins.c.version == changed.version)
        .values(
            step=changed.step.value, channel=changed.channel, conclusion=changed.conclusion,
            next_text=changed.next_text, next_at=changed.next_at, state=changed.state.value,
            closed_at=changed.closed_at, version=changed.version + 1,
        )
    )  # fmt: skip
    if done.rowcount != 1:
        raise Conflict(f"check-in {changed.id} is not at version {changed.version} any more")
    return replace(changed, version=changed.version + 1)


async def shown_on(tx: Tx, id: int, card: int) -> None:
    """Remembers the card that shows the open step. The version stays: nothing was answered."""
    await tx.execute(update(checkins).where(checkins.c.id == id).values(card=card))


async def nudged(tx: Tx, checkin: CheckIn, nudges: int) -> None:
    """Counts a nudge. Raises Conflict when a step was answered meanwhile; the version stays, so that the buttons on
    the screen stay good."""
    done = await tx.execute(
        update(checkins)
        .where(checkins.c.id == checkin.id, checkins.c.version == checkin.version, _OPEN)
        .values(nudges=nudges)
    )
    if done.rowcount != 1:
        raise Conflict(f"check-in {checkin.id} moved on")


async def greyed_cards(tx: Tx, subject: str, member: str, since: datetime) -> list[OnScreen]:
    """The member's cards about a subject that lost their buttons since then, oldest first."""
    query = select(screens.c.id).where(
        screens.c.subject == subject,
        screens.c.member == member,
        screens.c.live.is_(False),
        screens.c.updated_at >= since,
    )
    found = [await screen(tx, id) for id in (await tx.execute(query.order_by(screens.c.id))).scalars().all()]
    return [one for one in found if one is not None]


def _checkin(row: Any) -> CheckIn:
    return CheckIn(
        id=row.id, lead=row.lead, member=row.member, opened_at=row.opened_at, step=Step(row.step),
        channel=row.channel, conclusion=row.conclusion, next_text=row.next_text, next_at=row.next_at,
        state=State(row.state), closed_at=row.closed_at, card=row.card, nudges=row.nudges, version=row.version,
    )  # fmt: skip
