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
# would make a circle with it.
_EACH = {"sqlite": "json_each(:rows)", "postgresql": "jsonb_array_elements(CAST(:rows AS jsonb))"}
_ENDED = {
    "sqlite": f"""UPDATE outbox SET state = {DONE}, ledger = 'accepted', platform = v.value->>1, ref = v.value->>2, error = '',
 sent_at = :now, done_at = :now FROM {_EACH["sqlite"]} AS v WHERE outbox.id = v.value->>0 AND outbox.state = {OPEN}
 RETURNING outbox.id""",
    "postgresql": f"""WITH v AS MATERIALIZED (SELECT outbox.id, e.value FROM {_EACH["postgresql"]} AS e(value)
 JOIN outbox ON outbox.id = CAST(e.value->>0 AS bigint) WHERE outbox.state = {OPEN} FOR UPDATE OF outbox SKIP LOCKED)
 UPDATE outbox SET state = {DONE}, ledger = 'accepted', platform = v.value->>1, ref = v.value->>2, error = '',
 sent_at = :now, done_at = :now FROM v WHERE outbox.id = v.id RETURNING outbox.id""",
}
_PLACED = """platform = v.value->>1, track = CASE WHEN v.value->>2 <> '' THEN v.value->>2 ELSE card.track END,
 code = CASE WHEN v.value->>3 IS NULL OR card.code = v.value->>3 THEN v.value->>4 ELSE card.code END,
 code_at = CASE WHEN v.value->>3 IS NOT NULL AND card.code <> v.value->>3 THEN card.code_at
 WHEN v.value->>4 <> '' THEN {now} END"""
_CARDS = {
    "sqlite": f"""UPDATE card SET {_PLACED.format(now=":now")} FROM {_EACH["sqlite"]} AS v WHERE card.id = v.value->>0
 RETURNING card.id""",
    "postgresql": f"""WITH v AS MATERIALIZED (SELECT card.id, e.value FROM {_EACH["postgresql"]} AS e(value)
 JOIN card ON card.id = CAST(e.value->>0 AS bigint) FOR UPDATE OF card SKIP LOCKED)
 UPDATE card SET {_PLACED.format(now="CAST(:now AS timestamptz)")} FROM v WHERE card.id = v.id RETURNING card.id""",
}
_LANES_SET = """pending = lane.pending - 1, owner = CASE WHEN lane.pending <= 1 THEN NULL ELSE lane.owner END,
 due = CASE WHEN lane.pending <= 1 THEN {ms} ELSE {until} END"""
_LANES = {
    "sqlite": f"""UPDATE lane SET {_LANES_SET.format(ms=":ms", until=":until")} FROM {_EACH["sqlite"]} AS v
 WHERE lane.q = 'outbox' AND lane.key = v.value->>0 AND lane.owner = :me AND lane.epoch = v.value->>1
 RETURNING lane.key, lane.pending""",
    "postgresql": f"""WITH v AS MATERIALIZED (SELECT lane.key FROM {_EACH["postgresql"]} AS e(value)
 JOIN lane ON lane.q = 'outbox' AND lane.key = e.value->>0 WHERE lane.owner = :me
 AND lane.epoch = CAST(e.value->>1 AS integer) ORDER BY lane.key FOR UPDATE OF lane)
 UPDATE lane SET {_LANES_SET.format(ms="CAST(:ms AS bigint)", until="CAST(:until AS bigint)")} FROM v
 WHERE lane.q = 'outbox' AND lane.key = v.key RETURNING lane.key, lane.pending""",
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
    if len((await tx.execute(_END[name], {"rows": _json(ended), "now": now})).all()) != len(sends):
        raise Apart
    cards = [[one.card, one.platform, one.track, one.used, one.code] for one in sends if one.card]
    if cards and len((await tx.execute(_PLACE[name], {"rows": _json(cards), "now": now})).all()) != len(
        cards
    ):
        raise Apart
    await tx.finish()
    held = _json(sorted([one.lease.key, one.lease.epoch] for one in sends))
    found = await tx.execute(_FENCE[name], {"rows": held, "me": me, "ms": ms, "until": ms + lease_ms})
    left: dict[str, int] = dict(found.all())
    if len(left) != len(sends):
        raise Apart
    return [left[one.lease.key] for one in sends]


def _json(rows: object) -> str:
    return json.dumps(rows, ensure_ascii=False)
