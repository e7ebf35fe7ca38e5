"""Which WeCom customer has whom of ours as a friend, whole or half."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store.db import Tx
from store.tables import customer, lead
from store.tables_sources import friend, origin
from store.tx import upsert

HALF, FULL, GONE = "half", "full", "gone"


@dataclass(frozen=True)
class Friend:
    """Somebody outside who is a member's friend: by which id, what they call themselves, and which of our customers it
    is with its owner (None, "": none that we know)."""

    external: str
    name: str
    customer: int | None = None
    owner: str = ""


async def state(tx: Tx, external: str, user: str) -> str:
    """half, full, gone; "" when they never met."""
    query = sa.select(friend.c.state).where(friend.c.external == external, friend.c.user == user)
    return str((await tx.execute(query)).scalar() or "")


async def put(
    tx: Tx, external: str, user: str, state: str, now: datetime, *, channel: str = "", name: str = ""
) -> None:
    """Writes how it stands; an empty name or channel leaves what is known."""
    said = {key: value for key, value in (("name", name[:120]), ("channel", channel[:64])) if value}
    values = {"state": state, "at": now, **said}
    row = upsert(tx, friend).values(external=external, user=user, **values)
    await tx.execute(row.on_conflict_do_update(index_elements=["external", "user"], set_=values))


async def hand(tx: Tx, external: str, user: str, to: str, now: datetime) -> None:
    """Is no friend of `user` any more, but of `to`, with the name and the channel that are known."""
    known = sa.select(friend.c.name, friend.c.channel).where(
        friend.c.external == external, friend.c.user == user
    )
    row = (await tx.execute(known)).first()
    name, channel = (str(row.name), str(row.channel)) if row else ("", "")
    await put(tx, external, user, GONE, now)
    await put(tx, external, to, FULL, now, channel=channel, name=name)


_OURS = friend.outerjoin(origin, sa.and_(origin.c.kind == "wecom", origin.c.ref == friend.c.external)).outerjoin(
    lead, lead.c.id == origin.c.lead
).outerjoin(customer, sa.and_(customer.c.id == lead.c.customer, customer.c.deleted_at.is_(None)))  # fmt: skip
_WHOSE = (
    sa.select(friend.c.external, friend.c.name, customer.c.id, customer.c.owner)
    .select_from(_OURS)
    .where(friend.c.state == FULL)
    .order_by(friend.c.external, origin.c.id)
)


async def of_user(tx: Tx, user: str) -> list[Friend]:
    """Everybody who is wholly a friend of this user, by id; several leads of one person are the first one's customer."""
    found: dict[str, Friend] = {}
    for external, name, id, owner in await tx.execute(_WHOSE.where(friend.c.user == user)):
        found.setdefault(external, Friend(external, name, id, owner or ""))
    return list(found.values())


async def of_externals(tx: Tx, externals: Sequence[str]) -> set[str]:
    """The users whose friend any of these wholly is."""
    query = sa.select(friend.c.user).where(friend.c.external.in_(externals), friend.c.state == FULL)
    return {str(user) for user in (await tx.execute(query)).scalars()}


async def of_customer(tx: Tx, id: int) -> list[str]:
    """By which ids the people of a customer are known outside, in their order."""
    query = (
        sa.select(origin.c.ref)
        .join(lead, lead.c.id == origin.c.lead)
        .where(lead.c.customer == id, origin.c.kind == "wecom", origin.c.ref != "")
        .order_by(origin.c.id)
    )
    return list(dict.fromkeys(str(ref) for ref in (await tx.execute(query)).scalars()))
