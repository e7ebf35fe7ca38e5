"""Somebody inside the firm's network recorded a callback of WeCom, query and body, and sends it again. (B08, protocol wecom 1.5)"""

import asyncio
from datetime import timedelta

import aiohttp
import sqlalchemy as sa

from sim import wecom_crypto
from sim.wecom_server import WecomServer
from store import queues, tables
from tests.world import World

Query = dict[str, str]


def recorded(world: World, text: str, nonce: str, *, created: int = 0) -> tuple[Query, bytes]:
    """A callback as it came over the wire now: what 王磊 wrote. `created`: what it says of its own time."""
    sim = world.sim
    assert isinstance(sim, WecomServer)
    now = int(world.clock.now().timestamp())
    xml = (
        f"<xml><ToUserName>{sim.corp_id}</ToUserName><FromUserName>WANGLEI</FromUserName>"
        f"<CreateTime>{created or now}</CreateTime><MsgType>text</MsgType><Content>{text}</Content>"
        f"<MsgId>{nonce}</MsgId><AgentID>1000002</AgentID></xml>"
    )
    sealed = wecom_crypto.encrypt(sim.aes_key, xml, sim.corp_id)
    query = {
        "msg_signature": wecom_crypto.sign(sim.token, str(now), nonce, sealed),
        "timestamp": str(now),
        "nonce": nonce,
    }
    return query, wecom_crypto.envelope(sim.corp_id, "1000002", sealed).encode()


async def sent(world: World, query: Query, body: bytes) -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/wecom/callback", params=query, data=body) as answer,
    ):
        return answer.status


async def taken(world: World) -> int:
    """How many messages of 王磊 stand in the inbox, handled or not."""
    await world.idle()
    async with world.db.read() as tx:
        query = sa.select(sa.func.count()).where(tables.inbox.c.dedup.like("wecom:msg:%"))
        return int((await tx.execute(query)).scalar_one())


async def test_a_recorded_callback_is_taken_once(world: World) -> None:
    """At once, over a restart, and on the day that its nonce names: a signature over sorted parts fits the swapped pair."""
    day = world.clock.now() + timedelta(days=8)
    nonce = str(int(day.timestamp()))
    query, body = recorded(world, "/今日", nonce)
    swapped = query | {"timestamp": nonce, "nonce": query["timestamp"]}
    assert await asyncio.gather(*(sent(world, query, body) for _ in range(20))) == [200] * 20
    assert await sent(world, swapped, body) == 403, "a time to come"
    await world.restart()
    assert await sent(world, query, body) == 200
    assert await taken(world) == 1
    world.clock.jump(timedelta(days=8))
    async with world.db.write() as tx:
        await queues.sweep(tx, world.clock.now(), world.clock.ms())
    assert await taken(world) == 0, "the inbox has forgotten it by now"
    assert await sent(world, query, body) == 403
    assert await sent(world, swapped, body) == 403
    joined = query["timestamp"] + nonce  # any cut through the same digits has the same signature
    for cut in range(8, 13):
        assert await sent(world, query | {"timestamp": joined[-cut:], "nonce": joined[:-cut]}, body) == 403
    assert await taken(world) == 0


async def test_what_says_that_it_is_old_may_still_be_from_now(world: World) -> None:
    """A sender whose clock stands still is no attacker: only the time that was signed before gives a replay away."""
    query, body = recorded(world, "/今日", "1372623149", created=1348831860)
    assert await sent(world, query, body) == 200
    assert await taken(world) == 1
