"""What a platform took goes into the delivery ledger: what comes close together shares one commit."""

import asyncio
from dataclasses import dataclass

from bot.clock import Clock
from bot.lanes import LEASE_MS
from store import sent
from store.db import SENT, Database, passing
from store.failpoints import At, reach
from store.sent import Accepted, Apart


@dataclass
class _Waiting:
    send: Accepted
    left: asyncio.Future[int | None]


class Ledger:
    """Writes the ends of sends down, together with those that came while the last were being written."""

    def __init__(self, db: Database, clock: Clock, me: str, *, batch: int = 32) -> None:
        self._db, self._clock, self._me, self._batch = db, clock, me, batch
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def accepted(self, send: Accepted) -> int | None:
        """Returns when it is committed: how many rows remain in its lane. None: it could not be written together with
        others, and is to be written by itself (which says why). Raises what the database raised."""
        one = _Waiting(send, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="ledger")
        return await one.left

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
                await self._together([one for one in batch if not one.left.done()])
        finally:
            self._writing = None

    async def _together(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        sends, ms = [one.send for one in batch], self._clock.ms()
        try:
            async with self._db.write(SENT) as tx:
                rows = await sent.accepted(tx, sends, self._me, self._clock.now(), ms, lease_ms=LEASE_MS)
                reach(At.OUTBOX_ENTERED)
        except Apart:
            for one in batch:
                _tell(one, None)
        except Exception as error:
            for one in batch:  # what is wrong with one of them is not to be said of the others
                _tell(one, None) if not passing(error) else _fail(one, error)
        except BaseException:
            for one in batch:
                one.left.cancel()
            raise
        else:
            reach(At.OUTBOX_RECORDED)
            for one, left in zip(batch, rows, strict=True):
                _tell(one, left)


def _tell(one: _Waiting, left: int | None) -> None:
    if not one.left.done():
        one.left.set_result(left)


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.left.done():
        one.left.set_exception(error)
