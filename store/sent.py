"""What platforms took, written down for many sends at once: the ledger's rows, their cards, their lanes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.lanes import Lease
from store.queues import DONE, OPEN
from store.tables import card, outbox
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


# One text whatever the number of rows: they travel as one JSON value. On PostgreSQL it waits for no row but those of the
# lanes, which come last and in one order: a click locks a send, then its card, then lanes, and several sends at once
# would make a circle with it. There the ids are said once more, as a list: joined with the JSON alone, all rows of a table
# are read for a few as soon as the planner believes it small; and "done at no time" is said for "open", or it reads the
# index of all that is open.
_EACH = "json_each(:rows)"
_ENDED = {
    "sqlite": f"""UPDATE outbox SET state = {DONE}, ledger = 'accepted', platform = v.value->>1, ref = v.value->>2, error = '',
 sent_at = :now, done_at = :now FROM {_EACH} AS v WHERE outbox.id = v.value->>0 AND outbox.state = {OPEN}
 RETURNING outbox.id""",
    "postgresql": f"""WITH v AS MATERIALIZED (SELECT id, CAST(:rows AS jsonb)->CAST(id AS text) AS value FROM outbox
 WHERE id = ANY(CAST(:ids AS bigint[])) AND done_at IS NULL FOR UPDATE SKIP LOCKED)
 UPDATE outbox SET state = {DONE}, ledger = 'accepted', platform = v.value->>1, ref = v.value->>2, error = '',
 sent_at = :now, done_at = :now FROM v WHERE outbox.id = v.id AND outbox.id = ANY(CAST(:ids AS bigint[]))
 RETURNING outbox.id""",
}
_PLACED = """platform = v.value->>1, track = CASE WHEN v.value->>2 <> '' THEN v.value->>2 ELSE card.track END,
 code = CASE WHEN v.value->>3 IS NULL OR card.code = v.value->>3 THEN v.value->>4 ELSE card.code END,
 code_at = CASE WHEN v.value->>3 IS NOT NULL AND card.code <> v.value->>3 THEN card.code_at
 WHEN v.value->>4 <> '' THEN {now} END"""
_CARDS = {
    "sqlite": f"""UPDATE card SET {_PLACED.format(now=":now")} FROM {_EACH} AS v WHERE card.id = v.value->>0
 RETURNING card.id""",
    "postgresql": f"""WITH v AS MATERIALIZED (SELECT id, CAST(:rows AS jsonb)->CAST(id AS text) AS value FROM card
 WHERE id = ANY(CAST(:ids AS bigint[])) FOR UPDATE SKIP LOCKED)
 UPDATE card SET {_PLACED.format(now="CAST(:now AS timestamptz)")} FROM v
 WHERE card.id = v.id AND card.id = ANY(CAST(:ids AS bigint[])) RETURNING card.id""",
}
_LANES_SET = """pending = lane.pending - 1, suspect = false, owner = CASE WHEN lane.pending <= 1 THEN NULL ELSE lane.owner END,
 due = CASE WHEN lane.pending <= 1 THEN {ms} ELSE {until} END"""
_LANES = {
    "sqlite": f"""UPDATE lane SET {_LANES_SET.format(ms=":ms", until=":until")} FROM {_EACH} AS v
 WHERE lane.q = 'outbox' AND lane.key = v.value->>0 AND lane.owner = :me AND lane.epoch = v.value->>1
 RETURNING lane.key, lane.pending""",
    "postgresql": f"""WITH v AS MATERIALIZED (SELECT key FROM lane WHERE q = 'outbox' AND key = ANY(CAST(:ids AS varchar[]))
 AND owner = :me AND epoch = CAST(CAST(:rows AS jsonb)->key->>1 AS integer) ORDER BY key FOR UPDATE)
 UPDATE lane SET {_LANES_SET.format(ms="CAST(:ms AS bigint)", until="CAST(:until AS bigint)")} FROM v
 WHERE lane.q = 'outbox' AND lane.key = ANY(CAST(:ids AS varchar[])) AND lane.key = v.key
 RETURNING lane.key, lane.pending""",
}


def _timed(texts: dict[str, str], column: Any) -> dict[str, Any]:
    return {
        name: sa.text(text).bindparams(sa.bindparam("now", type_=column.type)) for name, text in texts.items()
    }


_END, _PLACE = _timed(_ENDED, outbox.c.sent_at), _timed(_CARDS, card.c.code_at)
_FENCE = {name: sa.text(text) for name, text in _LANES.items()}


async def accepted(
    tx: Tx, sends: Sequence[Accepted], me: str, now: datetime, ms: int, *, lease_ms: int
) -> list[int]:
    """Closes the sends in the delivery ledger, notes where their cards are and that a row of each lane is done. No two of
    one lane. Returns how many rows remain in each lane (0: it was given back). Raises Apart."""
    name = tx.dialect.name
    ended = [[one.row, one.platform, one.ref] for one in sends]
    if len((await tx.execute(_END[name], _given(tx, ended) | {"now": now})).all()) != len(sends):
        raise Apart
    cards = [[one.card, one.platform, one.track, one.used, one.code] for one in sends if one.card]
    if cards and len((await tx.execute(_PLACE[name], _given(tx, cards) | {"now": now})).all()) != len(cards):
        raise Apart
    await tx.finish()
    held = sorted([one.lease.key, one.lease.epoch] for one in sends)
    values = _given(tx, held) | {"me": me, "ms": ms, "until": ms + lease_ms}
    left: dict[str, int] = dict((await tx.execute(_FENCE[name], values)).all())
    if len(left) != len(sends):
        raise Apart
    return [left[one.lease.key] for one in sends]


def _given(tx: Tx, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The rows as the statements of this database want them bound; the first value of each is its id."""
    if tx.dialect.name == "sqlite":
        return {"rows": json.dumps(rows, ensure_ascii=False)}
    ids = [row[0] for row in rows]
    by_id = {str(id): row for id, row in zip(ids, rows, strict=True)}
    return {"rows": json.dumps(by_id, ensure_ascii=False), "ids": ids}
