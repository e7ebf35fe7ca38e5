"""How much of the queues' tables is read for a handful of rows, however many stand beside them (PostgreSQL)."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from store import lanes, sent
from store.db import SENT, Database, Tx
from store.queues import Queue
from store.sent import Accepted
from store.tables import card, lane, outbox

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
PEOPLE, HANDFUL = 3000, 8
_READ = sa.text(
    "SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
    " WHERE relname IN ('lane', 'outbox', 'card')"
)
pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


async def _filled(db: Database, *, known: bool) -> None:
    """Everybody has a lane in both queues and was sent a card, a few have one waiting. `known`: the server counted them."""
    async with db.write() as tx:
        who, rows = [f"m:{n:05}" for n in range(PEOPLE)], []
        for n, key in enumerate(who):
            rows.append({"dedup": key, "lane": key, "member": key, "way": "card", "body": "{}", "card": n + 1,
                         "state": 0 if n < HANDFUL else 2, "created_at": NOW})  # fmt: skip
        shown = [{"id": n + 1, "member": key, "body": "{}", "created_at": NOW} for n, key in enumerate(who)]
        await tx.execute(sa.insert(outbox), rows)
        await tx.execute(sa.insert(card), shown)
        queues: tuple[Queue, Queue] = ("inbox", "outbox")
        for q in queues:
            waits = [{"q": q, "key": key, "pending": int(n < HANDFUL)} for n, key in enumerate(who)]
            await tx.execute(sa.insert(lane), waits)
    if known:
        async with db.write() as tx:
            await tx.execute(sa.text("ANALYZE lane, outbox, card"))


async def _read(tx: Tx) -> dict[str, int]:
    """Rows read in this transaction so far, by table."""
    return dict((await tx.execute(_READ)).all())


@pytest.mark.parametrize("known", [False, True])
async def test_a_claim_and_what_was_sent_read_their_own_rows(db: Database, known: bool) -> None:
    await _filled(db, known=known)
    async with db.write(durable=False) as tx:
        held = await lanes.claim(tx, "outbox", "me", 1000, n=HANDFUL, lease_ms=30_000)
        assert len(held) == HANDFUL
        assert (await _read(tx))["lane"] <= 4 * HANDFUL
    number = {f"m:{n:05}": n + 1 for n in range(HANDFUL)}
    async with db.write() as tx:
        ids = dict((await tx.execute(sa.select(outbox.c.lane, outbox.c.id).where(outbox.c.state == 0))).all())
    took = [Accepted(ids[one.key], one, "wecom", one.key, number[one.key], "", "", "code") for one in held]
    async with db.write(SENT) as tx:
        assert await sent.accepted(tx, took, "me", NOW, 1000, lease_ms=30_000) == [0] * HANDFUL
        assert {table: n for table, n in (await _read(tx)).items() if n > 4 * HANDFUL} == {}
