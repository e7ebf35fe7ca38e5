"""What platforms took, written down for many sends at once: the ledger's rows, their cards, their lanes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from rules.json_text import written
from store.lanes import Lease
from store.queues import DONE, OPEN
from store.tables import outbox
from store.tx import Tx


class Apart(Exception):
    """They cannot be written down together: one is locked by somebody, or is closed already. Each is to go by itself."""


@dataclass(frozen=True)
class Accepted:
    """A send that a platform took. `card`: whose place on the screen is known by it (None: no card); `used`: the code that
    stood there when it was sent, None when it is another message now; `code`: what it can be changed with next."""

    row: int
    lease: Lease
    platform: str
    ref: str
    card: int | None = None
    track: str = ""
    used: str | None = None
    code: str = ""


# One text whatever the number of rows: they travel as one JSON value.
_EACH = "json_each(:rows)"
_SENT = f"""state = {DONE}, ledger = 'accepted', platform = v.value->>1, ref = v.value->>2, error = '', sent_at = :now,
 done_at = :now"""
_PLACED = """platform = v.value->>1, track = CASE WHEN v.value->>2 <> '' THEN v.value->>2 ELSE card.track END,
 code = CASE WHEN v.value->>3 IS NULL OR card.code = v.value->>3 THEN v.value->>4 ELSE card.code END,
 code_at = CASE WHEN v.value->>3 IS NOT NULL AND card.code <> v.value->>3 THEN card.code_at
 WHEN v.value->>4 <> '' THEN {now} END"""
_FREED = """pending = lane.pending - 1, suspect = false, owner = CASE WHEN lane.pending <= 1 THEN NULL ELSE lane.owner END,
 due = CASE WHEN lane.pending <= 1 THEN {ms} ELSE {until} END"""
_END = f"UPDATE outbox SET {_SENT} FROM {_EACH} AS v WHERE outbox.id = v.value->>0 AND outbox.state = {OPEN} RETURNING outbox.id"
_PLACE = f"UPDATE card SET {_PLACED.format(now=':now')} FROM {_EACH} AS v WHERE card.id = v.value->>0 RETURNING card.id"
_FENCE = f"""UPDATE lane SET {_FREED.format(ms=":ms", until=":until")} FROM {_EACH} AS v
 WHERE lane.q = 'outbox' AND lane.key = v.value->>0 AND lane.owner = :me AND lane.epoch = v.value->>1
 RETURNING lane.key, lane.pending"""
# On PostgreSQL one statement does it all, or nothing when a row is missing. It waits for no row but those of the lanes,
# which come last and in one order: a click locks a send, then its card, then lanes, and several sends at once would make a
# circle with it. The ids are said once more, as lists: joined with the JSON alone, all rows of a table are read for a few as
# soon as the planner believes it small; and "done at no time" is said for "open", or it reads the index of all that is open.
_IDS, _CARDS, _KEYS = "CAST(:ids AS bigint[])", "CAST(:cards AS bigint[])", "CAST(:keys AS text[])"
_ALL = f"""WITH sends AS MATERIALIZED (
 SELECT id, CAST(:sends AS jsonb)->CAST(id AS text) AS value FROM outbox WHERE id = ANY({_IDS}) AND done_at IS NULL
 FOR UPDATE SKIP LOCKED
), cards AS MATERIALIZED (
 SELECT id, CAST(:places AS jsonb)->CAST(id AS text) AS value FROM card WHERE id = ANY({_CARDS}) FOR UPDATE SKIP LOCKED
), lanes AS MATERIALIZED (
 SELECT key FROM lane WHERE (SELECT count(*) FROM sends) = cardinality({_IDS})
 AND (SELECT count(*) FROM cards) = cardinality({_CARDS}) AND q = 'outbox' AND key = ANY({_KEYS}) AND owner = :me
 AND epoch = CAST(CAST(:epochs AS jsonb)->>key AS integer) ORDER BY key FOR UPDATE
), whole AS MATERIALIZED (
 SELECT 1 WHERE (SELECT count(*) FROM lanes) = cardinality({_KEYS})
), ended AS (
 UPDATE outbox SET {_SENT} FROM sends AS v, whole WHERE outbox.id = v.id AND outbox.id = ANY({_IDS})
), placed AS (
 UPDATE card SET {_PLACED.format(now="CAST(:now AS timestamptz)")} FROM cards AS v, whole
 WHERE card.id = v.id AND card.id = ANY({_CARDS})
) UPDATE lane SET {_FREED.format(ms="CAST(:ms AS bigint)", until="CAST(:until AS bigint)")} FROM lanes AS v, whole
 WHERE lane.q = 'outbox' AND lane.key = v.key AND lane.key = ANY({_KEYS}) RETURNING lane.key, lane.pending"""


def _timed(text: str) -> Any:
    return sa.text(text).bindparams(sa.bindparam("now", type_=outbox.c.sent_at.type))


_ENDING, _PLACING, _TOGETHER = _timed(_END), _timed(_PLACE), _timed(_ALL)
_FENCING = sa.text(_FENCE)


async def accepted(
    tx: Tx, sends: Sequence[Accepted], me: str, now: datetime, ms: int, *, lease_ms: int
) -> list[int]:
    """Closes the sends in the delivery ledger, notes where their cards are and that a row of each lane is done. No two of
    one lane. Returns how many rows remain in each lane (0: it was given back). Raises Apart."""
    ended = [[one.row, one.platform, one.ref] for one in sends]
    cards = [[one.card, one.platform, one.track, one.used, one.code] for one in sends if one.card]
    held = sorted([one.lease.key, one.lease.epoch] for one in sends)
    values = {"me": me, "ms": ms, "until": ms + lease_ms}
    await tx.finish()
    if tx.dialect.name == "sqlite":
        found = await _one_by_one(tx, ended, cards, held, now, values)
    else:
        rows = {
            "sends": _by_id(ended),
            "places": _by_id(cards),
            "epochs": written({one[0]: one[1] for one in held}),
        }
        ids = {
            "ids": [one[0] for one in ended],
            "cards": [one[0] for one in cards],
            "keys": [one[0] for one in held],
        }
        found = (await tx.only(_TOGETHER, values | rows | ids | {"now": now})).all()
    left: dict[str, int] = dict(found)
    if len(left) != len(sends):
        raise Apart
    return [left[one.lease.key] for one in sends]


async def _one_by_one(
    tx: Tx, ended: list[Any], cards: list[Any], held: list[Any], now: datetime, values: dict[str, Any]
) -> list[Any]:
    if len((await tx.execute(_ENDING, {"rows": written(ended), "now": now})).all()) != len(ended):
        raise Apart
    if cards and len((await tx.execute(_PLACING, {"rows": written(cards), "now": now})).all()) != len(cards):
        raise Apart
    return (await tx.execute(_FENCING, {"rows": written(held)} | values)).all()


def _by_id(rows: Sequence[Sequence[Any]]) -> str:
    """The rows by their ids, as JSON."""
    return written({str(row[0]): row for row in rows})
