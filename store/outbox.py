"""The outbox: what is to be sent, and what became of it (the delivery ledger)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.json_text import written
from store.lanes import Fenced, wake
from store.queues import DEAD, DONE, OPEN
from store.screens import NewCard, Shown, add, adding
from store.statements import PerDialect, among, listed
from store.tables import card as screen
from store.tables import identity, member, outbox
from store.tx import Tx


@dataclass(frozen=True)
class Outrow:
    """What a Turn wants sent. `body` is plain JSON and is sent again byte for byte; lane = the recipient."""

    dedup: str
    member: str
    way: str
    body: dict[str, Any]
    kind: str = ""
    card: int | None = None
    subject: str = ""
    priority: int = 1


@dataclass(frozen=True)
class Queued:
    """An open outbox row. `there`: where its person was last, `user` who they are there; `screen`: where its card is (None:
    it has none)."""

    id: int
    member: str
    way: str
    body: dict[str, Any]
    card: int | None
    subject: str
    kind: str
    priority: int
    attempts: int
    ledger: str
    created_at: datetime
    error: str = ""
    next_at: int = 0
    platform: str = ""  # which one `next_at` is about
    starts: int = 0  # see store/suspects.py
    there: str = ""
    user: str = ""
    screen: Shown | None = None


_PUT = PerDialect(
    lambda insert: insert(outbox).on_conflict_do_nothing(index_elements=["dedup"]).returning(outbox.c.id)
)
_GIVEN = ("dedup", "lane", "member", "way", "body", "priority", "subject", "kind", "created_at", "cause")


def _putting(insert: Any) -> Any:
    """The card and its row in one statement (PostgreSQL)."""
    shown = adding("postgresql").cte("made")
    values = (sa.bindparam(name, type_=outbox.c[name].type) for name in _GIVEN)
    row = insert(outbox).from_select([*_GIVEN, "card"], sa.select(*values, shown.c.id))
    return row.on_conflict_do_nothing(index_elements=["dedup"]).returning(outbox.c.id)


_PUT_CARD = PerDialect(_putting)


@dataclass(frozen=True)
class Kept:
    """A send that waits for the end of its transaction. `shows`: the card that it brings onto a screen."""

    row: Outrow
    now: datetime
    cause: int
    shows: NewCard | None = None

    @property
    def lane(self) -> str:
        """Whose mailbox it goes into."""
        return f"m:{self.row.member}"

    @property
    def text(self) -> str:
        """Its body as it is stored."""
        return written(self.row.body, ordered=True)


async def say(tx: Tx, row: Outrow, *, now: datetime, cause: int, shows: NewCard | None = None) -> None:
    """Queues something to send of which nobody needs the number, under a `dedup` that no other event uses. On PostgreSQL
    it is written with what ends the event (store/ends.py), which saves a statement."""
    if tx.dialect.name == "sqlite":
        await put(tx, row, now=now, cause=cause, shows=shows)
    else:
        tx.keep(Kept(row, now, cause, shows), _put_kept)


async def _put_kept(tx: Tx) -> None:
    for one in tx.take_kept():
        await put(tx, one.row, now=one.now, cause=one.cause, shows=one.shows)


async def put(tx: Tx, row: Outrow, *, now: datetime, cause: int, shows: NewCard | None = None) -> int:
    """Queues something to send; `shows`: the card that it brings onto a screen. Returns its id, or 0 when `dedup` was used
    before."""
    values = {
        "dedup": row.dedup,
        "lane": f"m:{row.member}",
        "member": row.member,
        "way": row.way,
        "body": written(row.body, ordered=True),
        "priority": row.priority,
        "subject": row.subject,
        "kind": row.kind,
        "created_at": now,
        "cause": cause,
    }
    if shows is None:
        query, more = _PUT[tx.dialect.name], {"card": row.card}
    elif tx.dialect.name == "sqlite":
        query, more = _PUT["sqlite"], {"card": await add(tx, shows, now)}
    else:
        query, more = _PUT_CARD["postgresql"], shows.given(now)
    made = (await tx.execute(query, values | more)).scalar()
    if made is None:
        return 0
    wake(tx, "outbox", [f"m:{row.member}"])
    return int(made)


_OUT_COLUMNS = (
    outbox.c.id, outbox.c.member, outbox.c.way, outbox.c.body, outbox.c.card, outbox.c.subject, outbox.c.kind,
    outbox.c.priority, outbox.c.attempts, outbox.c.ledger, outbox.c.created_at, outbox.c.error, outbox.c.next_at,
    outbox.c.platform, outbox.c.starts,
    member.c.platform, identity.c.user_id, screen.c.id, screen.c.platform, screen.c.track, screen.c.code, screen.c.code_at,
)  # fmt: skip
_WITH_PLACE = (
    outbox.outerjoin(member, member.c.id == outbox.c.member)
    .outerjoin(identity, sa.and_(identity.c.member == member.c.id, identity.c.platform == member.c.platform))
    .outerjoin(screen, screen.c.id == outbox.c.card)
)
_OPEN_OUT = (
    sa.select(*_OUT_COLUMNS)
    .select_from(_WITH_PLACE)
    .where(outbox.c.lane == sa.bindparam("lane"), outbox.c.state == OPEN)
    .order_by(outbox.c.id)
    .limit(sa.bindparam("n"))
)
_OPEN_OF = {
    dialect: sa.select(outbox.c.lane, *_OUT_COLUMNS)
    .select_from(_WITH_PLACE)
    .where(among(dialect, outbox.c.lane, "lanes"), outbox.c.state == OPEN)
    .order_by(outbox.c.lane, outbox.c.id)
    .limit(sa.bindparam("n"))
    for dialect in ("sqlite", "postgresql")
}


def _queued(row: Any) -> Queued:
    """Of the row's own columns and, after them, its person's and those of its card."""
    values = list(row[:-5])
    values[3], values[-2:] = json.loads(values[3]), [one or "" for one in values[-2:]]
    values.append(None if row[-5] is None else Shown(*row[-5:]))
    return Queued(*values)


def _in_turn(rows: list[Queued]) -> list[Queued]:
    """Alarms first, else in the order they were said."""
    return (
        sorted(rows, key=lambda row: (row.priority, row.id)) if any(r.priority == 0 for r in rows) else rows
    )


async def open_sends(tx: Tx, key: str, limit: int) -> list[Queued]:
    """The next open sends of a lane: alarms first, else in the order they were said."""
    return _in_turn([_queued(row) for row in await tx.execute(_OPEN_OUT, {"lane": key, "n": limit})])


async def open_sends_of(tx: Tx, keys: Sequence[str], limit: int) -> dict[str, list[Queued]]:
    """The same for several lanes at once, `limit` rows in all."""
    found: dict[str, list[Queued]] = {}
    for row in await tx.execute(_OPEN_OF[tx.dialect.name], {"lanes": listed(tx, keys), "n": limit}):
        found.setdefault(row[0], []).append(_queued(row[1:]))
    return {key: _in_turn(rows) for key, rows in found.items()}


_SHOWN = (
    sa.select(outbox.c.body)
    .where(
        outbox.c.card == sa.bindparam("of"),
        outbox.c.id < sa.bindparam("before"),
        outbox.c.state == DONE,
        outbox.c.ledger.in_(("accepted", "acted")),
    )
    .order_by(outbox.c.id.desc())
    .limit(1)
)


async def last_shown(tx: Tx, card: int, before: int) -> dict[str, Any] | None:
    """The body of the newest send of a card that a platform took, before the row `before`; None when there is none."""
    text = (await tx.execute(_SHOWN, {"of": card, "before": before})).scalar()
    return json.loads(text) if text else None


_SPENT = sa.select(outbox.c.id).where(
    outbox.c.card == sa.bindparam("of"),
    outbox.c.id < sa.bindparam("before"),
    outbox.c.ledger == "folded",
    outbox.c.sent_at >= sa.bindparam("since", type_=outbox.c.sent_at.type),
)


async def tried_before(tx: Tx, card: int, before: int, since: datetime) -> bool:
    """Whether an update of the card, earlier than the row `before`, was tried since then and then folded into a later one:
    what it used up is not the later one's doing."""
    return (await tx.execute(_SPENT, {"of": card, "before": before, "since": since})).first() is not None


_OPEN_SEND = sa.update(outbox).where(outbox.c.id == sa.bindparam("row"), outbox.c.state == OPEN)


async def end_send(tx: Tx, row: int, now: datetime, **values: Any) -> None:
    """Closes an outbox row with its place in the delivery ledger (accepted, refused, expired, unknown, folded)."""
    values.setdefault("state", DONE)
    done = await tx.execute(_OPEN_SEND, {"row": row, "done_at": now, **values})
    if done.rowcount != 1:
        raise Fenced(f"send {row} is closed already")


async def note_send(tx: Tx, row: int, **values: Any) -> None:
    """Writes a step of an open row into the ledger (throttled, sent, another attempt)."""
    await tx.execute(_OPEN_SEND, {"row": row, **values})


_ACTED = sa.update(outbox).where(
    outbox.c.card == sa.bindparam("of"), outbox.c.way == "card", outbox.c.acted_at.is_(None)
)


async def acted(tx: Tx, card: int, now: datetime) -> None:
    """The recipient pressed something on this card: proof that it arrived."""
    await tx.execute(_ACTED, {"of": card, "acted_at": now, "ledger": "acted"})


_PEOPLE = sa.select(sa.func.count()).where(identity.c.platform == sa.bindparam("on"))
_HAD = (
    sa.select(outbox.c.member)
    .where(
        outbox.c.state == DONE,
        outbox.c.done_at >= sa.bindparam("since", type_=outbox.c.done_at.type),
        outbox.c.platform == sa.bindparam("on"),
        outbox.c.way.in_(("text", "card", "file")),
        outbox.c.sent_at.is_not(None),
    )
    .group_by(outbox.c.member)
    .having(sa.func.count() >= sa.bindparam("part"))
)


async def had_more(tx: Tx, platform: str, since: datetime, limit: int) -> frozenset[str]:
    """The members who had at least their part since then, of what the platform takes for all who are on it."""
    people = (await tx.execute(_PEOPLE, {"on": platform})).scalar_one()
    part = max(1, limit // max(1, people))
    return frozenset((await tx.execute(_HAD, {"since": since, "on": platform, "part": part})).scalars())


_KNOWN = sa.select(outbox.c.id).where(outbox.c.dedup == sa.bindparam("key"))


async def known(tx: Tx, dedup: str) -> bool:
    """Whether something with this key was queued to send before."""
    return (await tx.execute(_KNOWN, {"key": dedup})).first() is not None


@dataclass(frozen=True)
class GivenUp:
    """A send that was given up and could still be wanted."""

    id: int
    member: str
    kind: str
    error: str
    created_at: datetime


_GIVEN_UP = outbox.c.state == DEAD, outbox.c.ledger.in_(("expired", "refused", "unknown"))


async def given_up(tx: Tx, since: datetime, limit: int = 10) -> list[GivenUp]:
    """The newest sends that were given up since then."""
    rows = await tx.execute(
        sa.select(outbox.c.id, outbox.c.member, outbox.c.kind, outbox.c.error, outbox.c.created_at)
        .where(*_GIVEN_UP, outbox.c.created_at >= since)
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    return [GivenUp(*row) for row in rows]


async def resend(tx: Tx, row: int, now: datetime) -> bool:
    """Opens a send again that was given up, with all its tries; False when it is none."""
    found = await tx.execute(
        sa.update(outbox)
        .where(outbox.c.id == row, *_GIVEN_UP)
        .values(
            state=OPEN,
            ledger="queued",
            attempts=0,
            starts=0,
            error="",
            next_at=0,
            done_at=None,
            created_at=now,
        )
        .returning(outbox.c.lane, outbox.c.card)
    )
    sent = found.first()
    if sent is None:
        return False
    if sent.card:  # its buttons work again
        await tx.execute(_REVIVE, {"one": sent.card})
    wake(tx, "outbox", [sent.lane])
    return True


_REVIVE = sa.update(screen).where(screen.c.id == sa.bindparam("one")).values(live=True)
