"""The end of an event: its row, its lane, what it said and the lanes that it wrote to go together or not at all.

On PostgreSQL one statement ends any number of events, and is a transaction by itself where there is nothing else to write:
an event that only read and answered costs its reads and a share of that statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.inbox import end_event
from store.lanes import SOON, Fenced, Lease, fence, raised
from store.outbox import Kept
from store.queues import DONE
from store.tables import inbox
from store.tx import RAISED, Tx


@dataclass(frozen=True)
class Ending:
    """An event that was handled. `said`: what of it is still to be written; `error`: why a form was refused."""

    row: int
    lease: Lease
    error: str = ""
    said: Sequence[Kept] = ()


async def finish(tx: Tx, one: Ending, now: datetime, me: str, ms: int, *, lease_ms: int) -> int:
    """Ends an event in the transaction in which it was handled, if its lane is still ours. Returns how many rows remain in
    the lane (0: it was given back). Raises Fenced."""
    if tx.dialect.name == "postgresql":
        others, own = raised(tx, but=("inbox", one.lease.key))
        found = await tx.execute(
            _END, _given(tx, [one], now, me, ms, lease_ms) | {"raised": others, "own": [own]}
        )
        return left(dict(found.all()), one)
    rows = await fence(tx, "inbox", me, one.lease, ms, lease_ms=lease_ms)
    await end_event(tx, one.row, now, error=one.error)
    return rows


async def together(
    tx: Tx, ends: Sequence[Ending], now: datetime, me: str, ms: int, *, lease_ms: int
) -> dict[str, int]:
    """Ends events of several lanes that wrote nothing but what they said, in a transaction that does nothing else
    (PostgreSQL). Returns how many rows remain in each lane; one that is not named was not ended, see `left`."""
    values = _given(tx, ends, now, me, ms, lease_ms) | {"raised": "[]", "own": [0] * len(ends)}
    return dict((await tx.only(_END, values)).all())


def left(found: dict[str, int], one: Ending) -> int:
    """How many rows remain in its lane. Raises Fenced when somebody else has the lane, or has handled the event."""
    if one.lease.key not in found:
        raise Fenced(one.lease.key)
    return found[one.lease.key]


# Lanes of the inbox are locked first, in the order of their keys, then those of the outbox in theirs, as everywhere; all
# that is written hangs on an event that was ours and open. "Done at no time" is said for "open", or it may be looked for
# among all that is open. Every value is a list, so that one text serves any number of events.
_END = sa.text(f"""WITH one AS (
 SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:rows AS bigint[]), CAST(:epochs AS integer[]), CAST(:whys AS text[]),
  CAST(:own AS integer[])) AS t(key, id, epoch, why, own)
), mine AS MATERIALIZED (
 SELECT one.* FROM lane JOIN one ON one.key = lane.key AND one.epoch = lane.epoch
 WHERE lane.q = 'inbox' AND lane.key = ANY(CAST(:keys AS text[])) AND lane.owner = :me ORDER BY lane.key FOR UPDATE OF lane
), done AS (
 UPDATE inbox SET state = {DONE}, error = mine.why, done_at = :now FROM mine
 WHERE inbox.id = mine.id AND inbox.id = ANY(CAST(:rows AS bigint[])) AND inbox.done_at IS NULL
 RETURNING inbox.id, mine.key, 1 - mine.own AS fewer
), freed AS (
 UPDATE lane SET pending = lane.pending - done.fewer, suspect = false,
  owner = CASE WHEN lane.pending <= done.fewer THEN NULL ELSE lane.owner END,
  due = CASE WHEN lane.pending <= done.fewer THEN CAST(:ms AS bigint) ELSE CAST(:until AS bigint) END
 FROM done WHERE lane.q = 'inbox' AND lane.key = ANY(CAST(:keys AS text[])) AND lane.key = done.key
 RETURNING lane.key, lane.pending
), said AS MATERIALIZED (
 SELECT t.*, nextval('outbox_id_seq') AS id, CASE WHEN t.shown IS NOT NULL THEN nextval('card_id_seq') ELSE t.old END AS card
 FROM unnest(CAST(:cause AS bigint[]), CAST(:dedup AS text[]), CAST(:member AS text[]), CAST(:way AS text[]),
  CAST(:body AS text[]), CAST(:priority AS integer[]), CAST(:subject AS text[]), CAST(:kind AS text[]),
  CAST(:old AS bigint[]), CAST(:head AS text[]), CAST(:shown AS text[]), CAST(:live AS boolean[]))
  AS t(cause, dedup, member, way, body, priority, subject, kind, old, head, shown, live)
 WHERE t.cause IN (SELECT id FROM done)
), screens AS (
 INSERT INTO card (id, track, member, subject, kind, body, live, created_at, updated_at)
 SELECT card, head || card, member, subject, kind, shown, live, :now, :now FROM said WHERE shown IS NOT NULL
), sends AS (
 INSERT INTO outbox (id, dedup, lane, member, way, body, priority, subject, kind, created_at, cause, card)
 SELECT id, dedup, 'm:' || member, member, way, body, priority, subject, kind, :now, cause, card FROM said
 ON CONFLICT (dedup) DO NOTHING RETURNING lane
), more AS (
 INSERT INTO lane (q, key, pending, due, epoch)
 SELECT q, key, sum(n), 0, 0 FROM (
  SELECT value->>0, value->>1, CAST(value->>2 AS integer) FROM jsonb_array_elements(CAST(:raised AS jsonb))
  WHERE EXISTS (SELECT FROM done)
  UNION ALL SELECT 'outbox', lane, 1 FROM sends
 ) AS t(q, key, n) GROUP BY q, key ORDER BY q, key
 ON CONFLICT (q, key) DO UPDATE SET {SOON["postgresql"]}
) SELECT key, pending FROM freed""").bindparams(sa.bindparam("now", type_=inbox.c.done_at.type))


def _given(tx: Tx, ends: Sequence[Ending], now: datetime, me: str, ms: int, lease_ms: int) -> dict[str, Any]:
    """What the statement wants bound, but for `raised` and `own`. The lanes of what was said are noted as raised."""
    said = [one for end in ends for one in end.said]
    tx.info.setdefault(RAISED, set()).update(("outbox", one.lane) for one in said)
    return {
        "me": me, "ms": ms, "until": ms + lease_ms, "now": now,
        "keys": [one.lease.key for one in ends], "rows": [one.row for one in ends],
        "epochs": [one.lease.epoch for one in ends], "whys": [one.error for one in ends],
        **_columns(tx, said),
    }  # fmt: skip


def _columns(tx: Tx, said: Sequence[Kept]) -> dict[str, list[Any]]:
    """What was said, column by column."""
    seal = tx.seals.seal  # no column of this statement knows what is in it
    rows, shows = [one.row for one in said], [one.shows for one in said]
    return {
        "cause": [one.cause for one in said], "dedup": [row.dedup for row in rows],
        "member": [row.member for row in rows], "way": [row.way for row in rows],
        "body": [seal(b"outbox.body", one.text) for one in said],
        "priority": [row.priority for row in rows], "subject": [row.subject for row in rows],
        "kind": [row.kind for row in rows], "old": [row.card for row in rows],
        "head": [show and show.head for show in shows],
        "shown": [show and seal(b"card.body", show.body) for show in shows],
        "live": [show and show.live for show in shows],
    }  # fmt: skip
