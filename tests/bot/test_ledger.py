"""What platforms took is written down together, and what is wrong with one send is not said of the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import Clock
from bot.events import Message
from bot.ledger import Ledger
from bot.platform import Outgoing, Sent
from bot.router import Router
from bot.turn import Turn
from store import lanes, outbox, screens
from store.db import Database, Tx
from store.lanes import Lease
from store.outbox import Outrow
from store.screens import NewCard
from store.sent import Accepted
from store.tables import card, lane
from store.tables import outbox as rows
from tests.bot.kit import Recorder, config, running

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


async def _queued(tx: Tx, member: str, key: str = "first") -> tuple[int, int]:
    """A card to a member: the row, the card."""
    shows = NewCard(member, "{}", "k", "L-1", live=True, instance="x")
    row = await outbox.put(
        tx, Outrow(f"{key} to {member}", member, "card", {}), now=NOW, cause=0, shows=shows
    )
    return row, (await tx.execute(sa.select(rows.c.card).where(rows.c.id == row))).scalar_one()


async def _claimed(db: Database, ms: int) -> dict[str, Lease]:
    async with db.write() as tx:
        return {one.key: one for one in await lanes.claim(tx, "outbox", "me", ms, n=9, lease_ms=30_000)}


async def test_ends_that_come_together_share_a_commit(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    async with db.write() as tx:
        (a, card_a), (b, _), (c, card_c) = [await _queued(tx, who) for who in "abc"]
        await _queued(tx, "a", "second")
        await screens.fresh_code(tx, card_c, "pressed", NOW)
    held = await _claimed(db, clock.ms())
    writes, usual = [], db.write

    @asynccontextmanager
    async def write(*args: Any, **more: Any) -> AsyncIterator[Tx]:
        writes.append(1)
        async with usual(*args, **more) as tx:
            yield tx

    monkeypatch.setattr(db, "write", write)
    ledger = Ledger(db, clock, "me")
    left = await asyncio.gather(
        ledger.accepted(Accepted(a, held["m:a"], "wecom", "ma", card_a, "track-a", "", "code-a")),
        ledger.accepted(Accepted(b, held["m:b"], "wecom", "mb", None)),
        ledger.accepted(Accepted(c, held["m:c"], "wecom", "mc", card_c, "", "old", "late")),
    )
    assert (left, len(writes)) == ([1, 0, 0], 1)
    async with db.read() as tx:
        found = await tx.execute(
            sa.select(rows.c.ledger, rows.c.platform, rows.c.ref, rows.c.state).order_by(rows.c.id)
        )
        assert [tuple(row) for row in found] == [
            ("accepted", "wecom", "ma", 2), ("accepted", "wecom", "mb", 2), ("accepted", "wecom", "mc", 2),
            ("queued", "", "", 0),
        ]  # fmt: skip
        found = await tx.execute(
            sa.select(card.c.platform, card.c.track, card.c.code)
            .where(card.c.id <= card_c)
            .order_by(card.c.id)
        )
        kept = f"L-1-x-{card_c}"
        assert [tuple(row) for row in found][::2] == [
            ("wecom", "track-a", "code-a"),
            ("wecom", kept, "pressed"),
        ]
        owners = await tx.execute(sa.select(lane.c.owner).where(lane.c.q == "outbox").order_by(lane.c.key))
        assert list(owners.scalars()) == ["me", None, None]


@pytest.mark.parametrize("why", ["closed", "taken over"])
async def test_none_is_written_when_one_cannot_be(db: Database, why: str) -> None:
    clock = Clock()
    async with db.write() as tx:
        (a, _), (b, _) = [await _queued(tx, who) for who in "ab"]
    held = await _claimed(db, clock.ms())
    async with db.write() as tx:
        if why == "closed":
            await outbox.end_send(tx, b, NOW, ledger="folded")
        else:
            await tx.execute(sa.update(lane).where(lane.c.key == "m:b").values(owner="other", epoch=99))
    ledger = Ledger(db, clock, "me")
    left = await asyncio.gather(
        ledger.accepted(Accepted(a, held["m:a"], "wecom", "ma")),
        ledger.accepted(Accepted(b, held["m:b"], "wecom", "mb")),
    )
    assert left == [None, None]
    async with db.read() as tx:
        found = await tx.execute(sa.select(rows.c.ledger).order_by(rows.c.id))
        assert list(found.scalars()) == ["queued", "folded" if why == "closed" else "queued"]


class Odd(Recorder):
    """Gives the first send to liqian a number that no database takes."""

    odd = 0

    async def send(self, out: Outgoing) -> Sent:
        sent = await super().send(out)
        if out.user == "liqian" and not self.odd:
            self.odd = 1
            return Sent(ref="\ud800")
        return sent


async def test_an_end_that_cannot_be_stored_does_not_send_others_again(db: Database) -> None:
    router, platform = Router("all"), Odd()

    @router.message(lambda turn, message: True)
    async def said(turn: Turn, message: Message) -> None:
        for n in range(3):
            for who in ("wanglei", "liqian"):
                await turn.send(f"{who} {n}", to=who)

    async with running(db, [router], [platform], config()) as bench:
        await bench.says("hello")
        await bench.idle()
    said_to = [out.text for out in platform.sent]
    assert sorted(said_to) == sorted(
        [f"{who} {n}" for who in ("liqian", "wanglei") for n in range(3)] + ["liqian 0"]
    )
