"""Rate buckets: what a person gets at most, one bucket for all replicas on a real Redis, and what its loss costs."""

import asyncio
from bisect import bisect_left

import pytest
from redis.asyncio import Redis as Client

from bot.config import Messages
from store import cache
from store.cache import LocalShared
from store.redis import RedisShared
from tests.servers import Redis


async def test_nobody_gets_more_than_wecom_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """30 a minute and 1,000 an hour to one person; what is above is dropped without a word (protocol 4.1)."""
    most = Messages(per_minute=30)
    at = 0.0
    monkeypatch.setattr(cache.time, "monotonic", lambda: at)
    shared, half, gone = LocalShared(), most.per_minute / 2, list[float]()
    while at < 7200:
        if not await shared.take("wecom:lisi", half / 60, half):
            gone.append(at)
        at += 0.5
    for span, limit in ((60, 30), (3600, 1000)):
        busiest = max(n + 1 - bisect_left(gone, end - span) for n, end in enumerate(gone))
        assert limit / 2 < busiest <= limit, f"{busiest} in {span} s"


async def test_replicas_share_one_bucket_and_an_emptied_redis_costs_one_burst(redis: Redis) -> None:
    one, two = (RedisShared(redis.url, prefix="buckets:") for _ in range(2))
    try:
        waits = await asyncio.gather(
            *(shared.take("wecom", 0.001, 10) for shared in (one, two) for _ in range(20))
        )
        assert waits.count(0.0) == 10
        assert all(900 < wait <= 1001 for wait in waits if wait)
        client = Client.from_url(redis.url)
        await client.delete("buckets:b:wecom")
        await client.aclose()
        waits = await asyncio.gather(
            *(shared.take("wecom", 0.001, 10) for shared in (one, two) for _ in range(20))
        )
        assert waits.count(0.0) == 10
    finally:
        await one.close()
        await two.close()


async def test_without_redis_each_replica_keeps_to_the_bucket_by_itself() -> None:
    server = Redis(own=True)
    server.start()
    one = RedisShared(server.url)
    try:
        assert await one.take("wecom", 0.001, 3) == 0
        server.kill()
        assert [bool(await one.take("wecom", 0.001, 3)) for _ in range(5)] == [False] * 3 + [True] * 2
        await one.put("pause:wecom", "5", 60)
        assert await one.get("pause:wecom") == "5", "what was learned here stays known here"
    finally:
        await one.close()
        server.close()


async def test_who_comes_from_everywhere_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """An IPv6 network has more addresses than memory has room, and the first token of each is free."""
    monkeypatch.setattr(cache, "BUCKETS", 1000)
    shared = LocalShared()
    for n in range(5000):
        assert await shared.take(f"login:2001:db8:{n:x}::/64", 10 / 60, 10) == 0
    assert len(shared._buckets) <= 1000
    for _ in range(10):
        waited = await shared.take("login:2001:db8:1387::/64", 10 / 60, 10)
    assert waited > 0, "who came last is still known"


async def test_a_clock_that_is_set_back_freezes_no_bucket(redis: Redis) -> None:
    """As it is when the clock of Redis goes back by a day: the bucket was used a day from now."""
    shared, client = RedisShared(redis.url, prefix="set-back:"), Client.from_url(redis.url)
    try:
        assert not await shared.take("wecom", 10, 10)
        kept = "set-back:b:wecom"
        at = float(await client.hget(kept, "a") or 0)
        await client.hset(kept, "a", str(at + 86_400))
        waits = [await shared.take("wecom", 10, 10) for _ in range(12)]
        assert waits[:9] == [0.0] * 9
        assert 0 <= max(waits) < 1, "it says to wait for a day"
    finally:
        await client.aclose()
        await shared.close()
