"""What a platform took goes into the delivery ledger: what comes close together shares one commit."""

from collections.abc import Sequence

from bot.clock import Clock
from bot.lanes import LEASE_MS
from bot.together import Together
from store import sent
from store.db import SENT, Database
from store.failpoints import At, reach
from store.sent import Accepted, Apart


class Ledger:
    """Writes the ends of sends down, together with those that came while the last were being written."""

    def __init__(self, db: Database, clock: Clock, me: str) -> None:
        self._db, self._clock, self._me = db, clock, me
        self._together = Together("ledger", self._write)

    async def accepted(self, send: Accepted) -> int | None:
        """Returns when it is committed: how many rows remain in its lane. None: it could not be written together with
        others, and is to be written by itself (which says why). Raises what the database raised."""
        try:
            return await self._together(send)
        except Apart:
            return None

    async def _write(self, sends: list[Accepted]) -> Sequence[int]:
        ms = self._clock.ms()
        async with self._db.write(SENT, late=True) as tx:
            rows = await sent.accepted(tx, sends, self._me, self._clock.now(), ms, lease_ms=LEASE_MS)
            reach(At.OUTBOX_ENTERED)
        reach(At.OUTBOX_RECORDED)
        return rows
