"""Lane keys carried to workers by an engine (taskiq on Redis Streams); the tables stay the truth. Loaded only where it is on.

A commit that raises lanes kicks their keys; some replica's receiver hears each key and claims that one lane. What the engine
loses (Redis emptied, a replica killed with keys in hand) is found by whoever looks for lanes that are overdue: bot/lanes.py.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from typing import Any

import structlog
from redis.exceptions import RedisError
from taskiq import AckableMessage, AsyncTaskiqDecoratedTask
from taskiq.acks import AcknowledgeType
from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker

log = structlog.get_logger("carrier")
logging.getLogger("taskiq").setLevel(
    logging.CRITICAL
)  # a line for every key, and a traceback each second Redis is away

KEPT = 100_000
"""Keys a stream holds at most; older ones are only hints, and the tables know."""
IDLE_MS = 60_000
"""After so long a key that a killed replica had in hand is given to another."""

ENDS = 5.0
"""Seconds that the keys in hand may take when it stops."""

Drain = Callable[[str], Awaitable[None]]


class _Stream(RedisStreamBroker):
    """A key whose acknowledgement does not reach Redis comes again, which does no harm."""

    async def listen(self) -> AsyncGenerator[AckableMessage, None]:
        async with aclosing(super().listen()) as messages:
            async for message in messages:
                yield AckableMessage(data=message.data, ack=_quiet(message.ack))


def _quiet(ack: Callable[[], Any]) -> Callable[[], Awaitable[None]]:
    async def acknowledge() -> None:
        with suppress(RedisError, OSError, TimeoutError):
            await ack()

    return acknowledge


class Carrier:
    """One stream a queue. `kick` never waits and never raises; `carry` hears keys until cancelled."""

    def __init__(self, url: str, *, prefix: str = "genjin:") -> None:
        self._url, self._prefix = url, prefix
        self._brokers: dict[str, _Stream] = {}
        self._tasks: dict[str, AsyncTaskiqDecoratedTask[[str], Any]] = {}
        self._kicking: set[asyncio.Task[None]] = set()
        self._away = False

    def kick(self, lanes: Iterable[tuple[str, str]]) -> None:
        """Sends (queue, key) of lanes that have work to whichever replica is free."""
        task = asyncio.create_task(self._kick(list(lanes)))
        self._kicking.add(task)
        task.add_done_callback(self._kicking.discard)

    async def _kick(self, lanes: list[tuple[str, str]]) -> None:
        try:
            for queue, key in lanes:
                await self._task(queue).kiq(key)
            self._away = False
        except (
            Exception
        ) as error:  # of Redis or of taskiq around it: the lanes are found when they are overdue
            if not self._away:
                log.warning("lanes not carried", error=type(error).__name__)
            self._away = True

    async def carry(self, queue: str, drain: Drain, parallel: int) -> None:
        """Until cancelled: gives each key that arrives to `drain`, so many at a time. Redis may come and go."""
        broker = self._broker(queue)

        async def work(key: str) -> None:  # taskiq takes plain functions only
            await drain(key)

        self._tasks[queue] = broker.register_task(work, task_name=queue)
        while True:
            try:
                await broker.startup()  # the consumer group, anew after Redis was emptied
                receiver = Receiver(
                    broker,
                    max_async_tasks=parallel,
                    run_startup=False,
                    ack_type=AcknowledgeType.WHEN_EXECUTED,
                )
                await _listen(receiver)
            except Exception as error:
                log.warning("carrier away", queue=queue, error=type(error).__name__)
                await asyncio.sleep(1)

    async def close(self) -> None:
        """Closes connections; keys under way stay in the stream."""
        for task in list(self._kicking):
            task.cancel()
        await asyncio.gather(*self._kicking, return_exceptions=True)
        for broker in self._brokers.values():
            await broker.shutdown()

    def _broker(self, queue: str) -> _Stream:
        if queue not in self._brokers:
            self._brokers[queue] = _Stream(
                self._url, queue_name=f"{self._prefix}lanes:{queue}", consumer_group_name="genjin", maxlen=KEPT,
                idle_timeout=IDLE_MS, unacknowledged_lock_timeout=10, socket_connect_timeout=2,
            )  # fmt: skip
        return self._brokers[queue]

    def _task(self, queue: str) -> AsyncTaskiqDecoratedTask[[str], Any]:
        """What is kicked; a replica that works no lanes (`roles`) kicks without ever hearing."""
        if queue not in self._tasks:
            self._tasks[queue] = self._broker(queue).register_task(_elsewhere, task_name=queue)
        return self._tasks[queue]


async def _listen(receiver: Receiver) -> None:
    """Until it breaks; when cancelled, the keys in hand are finished first."""
    finish = asyncio.Event()
    listening = asyncio.create_task(receiver.listen(finish))
    try:
        await asyncio.shield(listening)
    except asyncio.CancelledError:
        finish.set()
        await asyncio.wait([listening], timeout=ENDS)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        raise


async def _elsewhere(_key: str) -> None:
    """Stands for the work of another replica."""
