"""Writes that come close together share one statement or one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from store.db import passing
from store.sent import Apart

GATHER = 0.002
"""Seconds in which more may come, where the last write was as short ago: the busy write half as often, others do not wait."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class _Waiting(Generic[T, R]):
    one: T
    done: asyncio.Future[R]


class Together(Generic[T, R]):
    """Gives what came while the last batch was being written to `write`, as the next one."""

    def __init__(
        self, name: str, write: Callable[[list[T]], Awaitable[Sequence[R]]], *, batch: int = 32
    ) -> None:
        """`write` commits all or nothing; it gives a result for each, in order."""
        self._name, self._write, self._batch = name, write, batch
        self._waiting: list[_Waiting[T, R]] = []
        self._writing: asyncio.Task[None] | None = None
        self._written = 0.0

    async def __call__(self, one: T) -> R:
        """Returns when it is committed. Raises Apart when it could not be written together with others and is to be written
        by itself (which says why), and what the database raised when the same may pass later."""
        waiting: _Waiting[T, R] = _Waiting(one, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None:
            self._writing = asyncio.create_task(self._run(), name=self._name)
        return await waiting.done

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                if len(self._waiting) < self._batch and loop.time() - self._written < GATHER:
                    await asyncio.sleep(GATHER)
                batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
                await self._together([one for one in batch if not one.done.done()])
                self._written = loop.time()
        finally:
            self._writing = None

    async def _together(self, batch: list[_Waiting[T, R]]) -> None:
        if not batch:
            return
        try:
            results = await self._write([each.one for each in batch])
        except Exception as error:
            for each in batch:  # what is wrong with one of them is not to be said of the others
                if not each.done.done():
                    each.done.set_exception(error if passing(error) else Apart())
        except BaseException:
            for each in batch:
                each.done.cancel()
            raise
        else:
            for each, result in zip(batch, results, strict=True):
                if not each.done.done():
                    each.done.set_result(result)
