"""What is on people's screens and what they were asked: cards, open questions, notices waiting to be merged."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from store.db import Tx
from store.statements import among, listed
from store.tables import card, expectation, notice
from store.tx import upsert


@dataclass(frozen=True)
class OnScreen:
    """A card on somebody's screen. `body` is the Card as JSON, as it stands now; `track` its id on the platform."""

    id: int
    member: str
    subject: str
    kind: str
    version: int
    body: str
    platform: str
    track: str
    code: str
    code_at: datetime | None
    live: bool
    created_at: datetime


_COLUMNS = (
    card.c.id, card.c.member, card.c.subject, card.c.kind, card.c.version, card.c.body, card.c.platform,
    card.c.track, card.c.code, card.c.code_at, card.c.live, card.c.created_at,
)  # fmt: skip


_NEXT = {
    "sqlite": "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'card'), 0) + 1",
    "postgresql": "nextval('card_id_seq')",
}


def adding(dialect: str) -> Any:
    """The INSERT of a card, from `given`. The track holds the id, so the id is drawn first: one statement instead of an
    INSERT and an UPDATE."""
    drawn = sa.select(sa.literal_column(_NEXT[dialect], type_=sa.BigInteger).label("id")).subquery("drawn")
    values = {"member": "owner", "subject": "about", "kind": "sort", "body": "shown", "live": "live"}
    times = {"created_at": "now", "updated_at": "now"}
    return (
        sa.insert(card)
        .from_select(
            ["id", "track", *values, *times],
            sa.select(
                drawn.c.id,
                sa.bindparam("head", type_=sa.Text) + sa.cast(drawn.c.id, sa.Text),
                *(sa.bindparam(name, type_=card.c[key].type) for key, name in (values | times).items()),
            ),
        )
        .returning(card.c.id)
    )


_ADD = {dialect: adding(dialect) for dialect in _NEXT}
_CARD = sa.update(card).where(card.c.id == sa.bindparam("row"))


@dataclass(frozen=True)
class NewCard:
    """A card that goes to a member for the first time. Its track is unique for ever, also over databases and what is
    restored of them (`instance`)."""

    member: str
    body: str
    kind: str
    subject: str
    live: bool
    instance: str

    @property
    def head(self) -> str:
        """What its track begins with, before its id."""
        return f"{self.subject or 'card'}-{self.instance}-"

    def given(self, now: datetime) -> dict[str, Any]:
        """What `adding` wants bound."""
        return {
            "owner": self.member, "about": self.subject, "sort": self.kind, "shown": self.body, "live": self.live,
            "head": self.head, "now": now,
        }  # fmt: skip


async def add(tx: Tx, new: NewCard, now: datetime) -> int:
    """Keeps a new card. Returns its id."""
    return int((await tx.execute(_ADD[tx.dialect.name], new.given(now))).scalar_one())


_BY_ID = sa.select(*_COLUMNS).where(card.c.id == sa.bindparam("one"))


async def get(tx: Tx, id: int) -> OnScreen | None:
    """The card, or None."""
    row = (await tx.execute(_BY_ID, {"one": id})).first()
    return OnScreen(*row) if row else None


@dataclass(frozen=True)
class Shown:
    """Where a card is on a screen and with what it can be changed."""

    id: int
    platform: str
    track: str
    code: str
    code_at: datetime | None


_SHOWN_OF = {
    dialect: sa.select(card.c.id, card.c.platform, card.c.track, card.c.code, card.c.code_at).where(
        among(dialect, card.c.id, "cards", sa.BigInteger)
    )
    for dialect in ("sqlite", "postgresql")
}


async def shown(tx: Tx, ids: Sequence[int]) -> dict[int, Shown]:
    """Where these cards are; those that are gone are left out."""
    if not ids:
        return {}
    rows = await tx.execute(_SHOWN_OF[tx.dialect.name], {"cards": listed(tx, ids)})
    return {row[0]: Shown(*row) for row in rows}


def id_of(track: str) -> int | None:
    """The card id inside a track ("L-1024-k3f9a-7hq2m-88", also "…-88-r17" of a card sent anew), None for a foreign one."""
    tail = _first(track).rpartition("-")[2]
    return int(tail) if tail.isdigit() and len(tail) < 18 else None


def same(track: str, other: str) -> bool:
    """Whether two tracks are of one card, sent anew or not: an id alone may be of another life of the database."""
    return _first(track) == _first(other)


def _first(track: str) -> str:
    """The track under which a card was sent at first."""
    head, _, tail = track.rpartition("-")
    return head if tail.startswith("r") and tail[1:].isdigit() else track


_CHANGE = _CARD.values(version=card.c.version + 1)


async def change(
    tx: Tx, id: int, card_json: str, *, subject: str, kind: str, live: bool, now: datetime
) -> None:
    """The card says something else from now on, perhaps about something else (a draft became a lead)."""
    values = {"body": card_json, "subject": subject, "kind": kind, "live": live, "updated_at": now}
    await tx.execute(_CHANGE, {"row": id, **values})


_STANDS = card.c.code == sa.bindparam("used")
_ARRIVED = _CARD.values(
    code=sa.case((_STANDS, sa.bindparam("new_code")), else_=card.c.code),
    code_at=sa.case((_STANDS, sa.bindparam("new_at", type_=card.c.code_at.type)), else_=card.c.code_at),
)


async def arrived(
    tx: Tx, id: int, *, platform: str, track: str, used: str | None, code: str, now: datetime
) -> None:
    """The platform took the card (or its update): where it is and how it can be changed next. `used`: the code that
    stood there when it was sent; a press in the meantime has brought a newer one, which stays. None: it is another
    message now, so what stood there is worth nothing."""
    values: dict[str, Any] = {"row": id, "platform": platform}
    if track:
        values["track"] = track
    at = now if code else None
    if used is None:
        await tx.execute(_CARD, {**values, "code": code, "code_at": at})
    else:
        await tx.execute(_ARRIVED, {**values, "used": used, "new_code": code, "new_at": at})


async def never_shown(tx: Tx, id: int) -> None:
    """The card did not get onto a screen: nothing can be pressed on it."""
    await tx.execute(sa.update(card).where(card.c.id == id, card.c.platform == "").values(live=False))


async def fresh_code(tx: Tx, id: int, code: str, now: datetime) -> None:
    """A click brought a new code to update the card with."""
    await tx.execute(_CARD, {"row": id, "code": code, "code_at": now})


_LIVE = sa.select(*_COLUMNS).where(card.c.subject == sa.bindparam("about"), card.c.live).order_by(card.c.id)


async def live(tx: Tx, *, subject: str, kinds: Sequence[str] = ()) -> list[OnScreen]:
    """Cards about a subject that still have buttons."""
    found = [OnScreen(*row) for row in await tx.execute(_LIVE, {"about": subject})]
    return [one for one in found if one.kind in kinds] if kinds else found


_NEWEST = (
    sa.select(*_COLUMNS)
    .where(
        card.c.member == sa.bindparam("who"),
        card.c.live,
        card.c.platform != "",
        card.c.updated_at >= sa.bindparam("since", type_=card.c.updated_at.type),
    )
    .order_by(
        sa.case((card.c.platform == sa.bindparam("here"), 0), else_=1),
        card.c.updated_at.desc(),
        card.c.id.desc(),
    )
    .limit(1)
)


async def newest_of(tx: Tx, member: str, platform: str, *, since: datetime) -> OnScreen | None:
    """The card with buttons that the member saw change last, there or else anywhere: what a reply "1" presses."""
    row = (await tx.execute(_NEWEST, {"who": member, "since": since, "here": platform})).first()
    return OnScreen(*row) if row else None


async def shown_since(tx: Tx, member: str, kind: str, since: datetime) -> bool:
    """Whether a card of this kind was put on the member's screen since then."""
    found = await tx.execute(_SHOWN, {"who": member, "kind": kind, "since": since})
    return found.first() is not None


_SHOWN = (
    sa.select(card.c.id)
    .where(
        card.c.member == sa.bindparam("who"),
        card.c.kind == sa.bindparam("kind"),
        card.c.created_at >= sa.bindparam("since"),
    )
    .order_by(card.c.id.desc())
    .limit(1)
)


# ── open questions ─────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Question:
    """What the member was asked last."""

    kind: str
    payload: dict[str, Any]


_ASKED_LAST = "asked last"
"""In `Tx.info`, with a member: their open question (None: none) as this transaction saw it, unless it changed it since."""


def asked(tx: Tx, member: str, kind: str | None, payload: str | None) -> None:
    """Notes the member's open question that was read together with something else; `kind` None: there is none."""
    tx.info[_ASKED_LAST, member] = Question(kind, json.loads(payload or "{}")) if kind is not None else None


async def expect(tx: Tx, member: str, kind: str, payload: Mapping[str, Any], until: datetime) -> None:
    """The member's next words answer `kind`. A newer question replaces an older one."""
    text = json.dumps(payload, ensure_ascii=False)
    tx.info.pop((_ASKED_LAST, member), None)
    insert = upsert(tx, expectation).values(member=member, kind=kind, payload=text, expires_at=until)
    changes = {"kind": kind, "payload": text, "expires_at": until}
    await tx.execute(insert.on_conflict_do_update(index_elements=["member"], set_=changes))


_ASKED = sa.select(expectation.c.kind, expectation.c.payload).where(
    expectation.c.member == sa.bindparam("who"),
    expectation.c.expires_at > sa.bindparam("now", type_=expectation.c.expires_at.type),
)


async def expected(tx: Tx, member: str, now: datetime) -> Question | None:
    """The member's open question, None when there is none or it is too old."""
    if (_ASKED_LAST, member) not in tx.info:
        row = (await tx.execute(_ASKED, {"who": member, "now": now})).first()
        asked(tx, member, row.kind if row else None, row.payload if row else None)
    found: Question | None = tx.info[_ASKED_LAST, member]
    return found


_FORGET = sa.delete(expectation).where(expectation.c.member == sa.bindparam("who"))
_FORGET_KIND = _FORGET.where(expectation.c.kind == sa.bindparam("of"))


async def unexpect(tx: Tx, member: str, kinds: Sequence[str] = ()) -> None:
    """Drops the open question (only of these kinds, when given)."""
    if tx.info.get((_ASKED_LAST, member), member) is None:
        return  # there is none: that was seen in this transaction
    tx.info.pop((_ASKED_LAST, member), None)
    for kind in kinds:
        await tx.execute(_FORGET_KIND, {"who": member, "of": kind})
    if not kinds:
        await tx.execute(_FORGET, {"who": member})


# ── notices ────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Notice:
    """Something to tell, kept until its bundle is said."""

    id: int
    subject: str
    payload: dict[str, Any]
    created_at: datetime


async def add_notice(
    tx: Tx, *, member: str, kind: str, subject: str, payload: Mapping[str, Any], now: datetime
) -> None:
    """Keeps a notice."""
    text = json.dumps(payload, ensure_ascii=False)
    await tx.execute(
        sa.insert(notice).values(member=member, kind=kind, subject=subject, payload=text, created_at=now)
    )


async def take_notices(tx: Tx, member: str, kind: str) -> list[Notice]:
    """All notices of a kind for a member, oldest first; they are removed."""
    rows = (
        await tx.execute(
            sa.delete(notice)
            .where(notice.c.member == member, notice.c.kind == kind)
            .returning(notice.c.id, notice.c.subject, notice.c.payload, notice.c.created_at)
        )
    ).all()
    return sorted(
        (Notice(row.id, row.subject, json.loads(row.payload), row.created_at) for row in rows),
        key=lambda one: one.id,
    )


async def waiting_notices(tx: Tx, member: str, kind: str) -> list[dict[str, Any]]:
    """What the notices of a kind for a member hold; they stay."""
    query = sa.select(notice.c.payload).where(notice.c.member == member, notice.c.kind == kind)
    return [json.loads(payload) for payload in (await tx.execute(query)).scalars()]


FRESH = timedelta(hours=72)
"""How long a card can be pressed by a text reply (and updated on WeCom: protocol wecom 4.8)."""
