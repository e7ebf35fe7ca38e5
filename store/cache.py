"""What replicas share and may lose at any time: tokens, rate buckets, locks, wake-ups. In memory; store/redis.py has it on Redis.

Redis is never the only copy of anything: when it is away, that falls back to memory and costs speed only.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import structlog

log = structlog.get_logger("cache")

T = TypeVar("T")
BUCKETS = 50_000
"""The most rate buckets that are kept in mind: whoever comes from many addresses, once from each, fills no memory."""


class LocalShared:
    """For one process: dictionaries with expiry, token buckets, asyncio locks."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[str, float]] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, key: str) -> str | None:
        """The value, or None when absent or expired."""
        found = self._values.get(key)
        if found is None:
            return None
        if found[1] < time.monotonic():
            del self._values[key]
            return None
        return found[0]

    async def put(self, key: str, value: str, seconds: float) -> None:
        """Keep a value for some seconds."""
        if len(self._values) > 20_000:
            now = time.monotonic()
            self._values = {k: v for k, v in self._values.items() if v[1] > now}
        self._values[key] = (value, time.monotonic() + seconds)

    async def drop(self, key: str, value: str) -> None:
        """Forget the key if it still holds this value."""
        if (found := self._values.get(key)) and found[0] == value:
            del self._values[key]

    async def take(self, bucket: str, per_second: float, burst: float) -> float:
        """Take one token; 0.0 or the seconds until there is one."""
        now = time.monotonic()
        level, at = self._buckets.get(bucket, (burst, now))
        level = min(burst, level + (now - at) * per_second)
        free = level >= 1
        self._buckets[bucket] = (level - 1 if free else level, now)
        if len(self._buckets) > BUCKETS:
            newest = sorted(self._buckets.items(), key=lambda pair: pair[1][1])[BUCKETS // 2 :]
            self._buckets = dict(
                newest
            )  # half of them, so that it is done once in many; who comes from everywhere is many
        return 0.0 if free else (1 - level) / per_second

    def lock(self, key: str, seconds: float) -> AbstractAsyncContextManager[None]:
        """One holder at a time in this process."""
        return self._hold(key, seconds)

    @asynccontextmanager
    async def _hold(self, key: str, seconds: float) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            yield

    async def close(self) -> None:
        """Nothing to close."""
