"""What replicas share, on Redis. Loaded only where Redis is configured."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TypeVar, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import LockError, RedisError

from store.cache import LocalShared

log = structlog.get_logger("cache")

T = TypeVar("T")
RETRY = 3.0  # seconds between two tries while Redis is away
LONGEST = 3600.0  # seconds: no bucket takes longer to have a token
QUIET = 10.0  # seconds without a ring after which one listens whether one still hears

# KEYS[1] bucket · ARGV: per second, burst · the server's own clock, so that replicas agree; set back, it only stands still
_TAKE = """
local t = redis.call('TIME') local now = t[1] + t[2] / 1e6
local b = redis.call('HMGET', KEYS[1], 'l', 'a')
local level = tonumber(b[1] or ARGV[2]) local at = tonumber(b[2] or now)
level = math.min(tonumber(ARGV[2]), level + math.max(0, now - at) * ARGV[1])
local wait = '0'
if level >= 1 then level = level - 1 else wait = tostring((1 - level) / ARGV[1]) end
redis.call('HSET', KEYS[1], 'l', tostring(level), 'a', tostring(now))
redis.call('EXPIRE', KEYS[1], 300)
return wait
"""
_DROP = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Odd(RedisError):
    """An answer that Redis does not give to this: something else stands there, or in between."""


def _text(answer: object) -> str | None:
    """Raises Odd when it is neither a text nor nothing."""
    if answer is None or isinstance(answer, str):
        return answer
    raise Odd(type(answer).__name__)


def _seconds(answer: object) -> float:
    """Raises Odd when it is no time that anybody would have to wait."""
    try:
        found = float(str(answer))
    except ValueError:
        found = -1.0
    if not 0 <= found <= LONGEST:
        raise Odd(type(answer).__name__)
    return found


class RedisShared:
    """For several replicas. Every call falls back to memory when Redis does not answer."""

    def __init__(self, url: str, *, prefix: str = "genjin:") -> None:
        self._redis: Redis = Redis.from_url(
            url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2, health_check_interval=30
        )
        self._prefix = prefix
        self._local = LocalShared()
        self._away = False
        self._retry_at = 0.0  # while Redis is away it is asked only every few seconds
        self._listener: asyncio.Task[None] | None = None
        self._ringing: set[asyncio.Task[None]] = set()

    async def _try(self, call: Callable[[], Awaitable[T]], instead: Callable[[], Awaitable[T]]) -> T:
        if self._away:
            if time.monotonic() < self._retry_at:
                return await instead()
            self._retry_at = time.monotonic() + RETRY  # one asks, the others need not wait for its answer
        try:
            if self._away:
                await self._writes()
            answer = await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._retry_at = time.monotonic() + RETRY
            if not self._away:
                log.warning("redis away, going on without", error=type(error).__name__)
            self._away = True
            return await instead()
        if self._away:
            log.info("redis is back")
        self._away = False
        return answer

    async def _writes(self) -> None:
        """Raises RedisError when nothing can be kept there: a replica or a full memory still answers who only reads."""
        await self._redis.set(f"{self._prefix}writes", "1", px=1000)

    async def get(self, key: str) -> str | None:
        """The value, or None when absent or expired."""
        name = self._prefix + key

        async def call() -> str | None:
            return _text(await self._redis.get(name))

        return await self._try(call, lambda: self._local.get(key))

    async def put(self, key: str, value: str, seconds: float) -> None:
        """Keep a value for some seconds (here too, should Redis go away)."""
        await self._local.put(key, value, seconds)

        async def call() -> None:
            await self._redis.set(self._prefix + key, value, px=max(1, int(seconds * 1000)))

        await self._try(call, _nothing)

    async def drop(self, key: str, value: str) -> None:
        """Forget the key if it still holds this value."""
        await self._local.drop(key, value)

        async def call() -> None:
            await self._redis.eval(_DROP, 1, self._prefix + key, value)

        await self._try(call, _nothing)

    async def take(self, bucket: str, per_second: float, burst: float) -> float:
        """Take one token; 0.0 or the seconds until there is one. One script call: replicas cannot race."""

        async def call() -> float:
            name = f"{self._prefix}b:{bucket}"
            return _seconds(
                await cast(Awaitable[object], self._redis.eval(_TAKE, 1, name, str(per_second), str(burst)))
            )

        return await self._try(call, lambda: self._local.take(bucket, per_second, burst))

    def lock(self, key: str, seconds: float) -> AbstractAsyncContextManager[None]:
        """One holder at a time across replicas; runs out after `seconds`."""
        return self._hold(key, seconds)

    @asynccontextmanager
    async def _hold(self, key: str, seconds: float) -> AsyncIterator[None]:
        async with self._local.lock(key, seconds):
            held = self._redis.lock(f"{self._prefix}l:{key}", timeout=seconds, blocking_timeout=seconds)

            async def call() -> bool:
                return bool(await held.acquire())

            async def free() -> None:
                with suppress(LockError):  # it ran out, or Redis was emptied: nobody's any more
                    await held.release()

            async def alone() -> bool:
                return False

            mine = await self._try(call, alone)
            try:
                yield
            finally:
                if mine:
                    await self._try(free, _nothing)

    def ring(self, name: str) -> None:
        """Wakes the other replicas; fire and forget."""

        async def call() -> None:
            await self._redis.publish(self._prefix + "bell", name)

        task = asyncio.create_task(self._try(call, _nothing))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    def listen(self, heard: Callable[[str], None]) -> None:
        """Calls `heard(name)` for every ring of any replica, reconnecting for ever. When it was quiet for long, it rings for
        itself: a connection that was cut on the way, or one to a server that is no longer the one, hears nothing."""
        self._listener = asyncio.create_task(self._listen(heard))

    async def _listen(self, heard: Callable[[str], None]) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(self._prefix + "bell")
                    quiet = False
                    while True:
                        message = await self._next(channel)
                        if message:
                            heard(message)
                        elif message is None and quiet:
                            break
                        elif message is None:
                            self.ring("")
                        quiet = message is None
            except Exception as error:  # of odd answers the library raises whatever comes
                if not isinstance(error, RedisError | OSError | TimeoutError):
                    log.warning("redis answers oddly", error=type(error).__name__)
                await asyncio.sleep(1)

    @staticmethod
    async def _next(channel: PubSub) -> str | None:
        """The next ring; None when there was none for QUIET seconds."""
        until = time.monotonic() + QUIET
        while (left := until - time.monotonic()) > 0:
            message = await channel.get_message(ignore_subscribe_messages=True, timeout=left)
            if message is not None:
                return str(message["data"])
        return None

    async def alive(self) -> bool:
        """Whether Redis answers now and keeps what it is told."""
        try:
            await self._writes()
            return True
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        """Stops listening and closes connections."""
        if self._listener is not None:
            self._listener.cancel()
        for task in list(self._ringing):
            task.cancel()
        await asyncio.gather(
            *self._ringing, *([self._listener] if self._listener else []), return_exceptions=True
        )
        await self._redis.aclose()


async def _nothing() -> None:
    return None
