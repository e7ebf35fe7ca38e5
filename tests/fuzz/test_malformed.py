"""Malformed input over real sockets: every answer is a 4xx with a reason, nothing hangs, nothing dies, memory stays.

`make fuzz` sends 100,000 of each kind; `make test` a few hundred.
"""

import asyncio
import json
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sim import wecom_crypto
from sim.dingtalk_server import DingtalkServer
from sim.wecom_server import WecomServer
from store import inbox, queues
from tests.fuzz import mutations
from tests.world import TOKEN, World, firm

RUNS = int(os.environ.get("GENJIN_FUZZ_RUNS", "400"))
SEED = int(os.environ.get("GENJIN_FUZZ_SEED", "0")) or time.time_ns() % 1_000_000
AT_ONCE = 8
PATIENCE = 10.0  # seconds that one answer may take
GROWTH = 40 * 2**20  # bytes; the client and the simulator live in the same process
LEAD = {
    "name": "陈立", "phone": "13900000001", "company": "宁波恒某有限公司", "email": "a@b.cn", "city": "宁波",
    "source": "官网", "need": "阀块", "note": "月 300 件", "owner": "",
}  # fmt: skip


@asynccontextmanager
async def firm_on(platform: str, template: Path, room: Path) -> AsyncIterator[World]:
    shutil.copy(template, room / "genjin.db")
    async with firm(platform, f"sqlite:///{room}/genjin.db", room) as world:
        yield world


@pytest.fixture
async def on_wecom(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with firm_on("wecom", sqlite_template, tmp_path) as world:
        yield world


@pytest.fixture
async def on_dingtalk(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with firm_on("dingtalk", sqlite_template, tmp_path) as world:
        yield world


def memory() -> int:
    """Bytes in use by this process, 0 where /proc is not there."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def in_turns(send: Callable[[random.Random], Awaitable[None]], name: str) -> None:
    """`RUNS` inputs, several at once; a tenth of them first, so that caches are filled before memory is weighed."""

    async def batch(first: int, last: int) -> None:
        waiting = iter(range(first, last))

        async def one_after_another() -> None:
            for n in waiting:
                async with asyncio.timeout(PATIENCE):
                    await send(random.Random(f"{SEED}:{name}:{n}"))

        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))

    sys.stderr.write(f"{name}: seed {SEED}\n")
    await batch(0, RUNS // 10)
    before = memory()
    await batch(RUNS // 10, RUNS)
    assert memory() - before < GROWTH, f"{(memory() - before) / 2**20:.0f} MB more"


async def nothing_died(world: World) -> None:
    """What was taken in was handled, without one dead letter."""
    async with asyncio.timeout(120 + RUNS / 50):
        while True:
            async with world.db.read() as tx:
                depth = await queues.depth(tx, "inbox")
                dead = [one.error.splitlines()[-1] for one in await inbox.dead_letters(tx, 5)]
            if not depth.open:
                break
            await asyncio.sleep(0.05)
    assert not depth.dead, dead


def refused(status: int, body: str) -> None:
    assert 400 <= status < 500, (status, body[:300])
    error = json.loads(body)["error"]
    assert error["code"]
    assert error["message"]


def callback(dice: random.Random, sim: WecomServer, now: float) -> tuple[dict[str, str], bytes, bool]:
    """(query, body, whether the seal is good): spoiled outside, or well sealed with odd things inside."""
    user = dice.choice(("WANGLEI", "LIQIAN", "ZHANGMIN", mutations.text(dice)[:40]))
    kind = dice.choice(
        ("text", "image", "voice", "event", "link", "location", "file", mutations.text(dice)[:10])
    )
    event = dice.choice(
        ("template_card_event", "click", "enter_agent", "change_external_contact", mutations.text(dice)[:20])
    )
    words = mutations.text(dice).replace("]]>", "").encode("utf-8", "ignore").decode()
    xml = (
        f"<xml><FromUserName><![CDATA[{user}]]></FromUserName><CreateTime>{dice.choice((int(now), -1, 'x', 10**30))}</CreateTime>"
        f"<MsgType><![CDATA[{kind}]]></MsgType><Event><![CDATA[{event}]]></Event><EventKey><![CDATA[{words[:60]}]]></EventKey>"
        f"<TaskId><![CDATA[{words[:30]}]]></TaskId><ResponseCode>{dice.randrange(9)}</ResponseCode>"
        f"<Content><![CDATA[{words}]]></Content><MsgId>{dice.randrange(10**15)}</MsgId></xml>"
    )
    well_sealed = dice.random() < 0.3
    if well_sealed and dice.random() < 0.5:
        xml = mutations.bytes_of(dice, xml.encode("utf-8", "ignore")).decode("utf-8", "ignore")
    sealed = wecom_crypto.encrypt(sim.aes_key, xml.encode("utf-8", "ignore").decode(), sim.corp_id)
    stamp, nonce = str(int(now)), str(dice.randrange(10**9))
    query = {
        "msg_signature": wecom_crypto.sign(sim.token, stamp, nonce, sealed),
        "timestamp": stamp,
        "nonce": nonce,
    }
    body = wecom_crypto.envelope(sim.corp_id, "1000002", sealed).encode()
    if well_sealed:
        return query, body, True
    match dice.randrange(8):
        case 0:
            query[dice.choice(list(query))] = mutations.text(dice)[:200].encode("utf-8", "ignore").decode()
        case 1:
            del query[dice.choice(list(query))]
        case 2:
            foreign = wecom_crypto.encrypt(
                sim.aes_key, xml.encode("utf-8", "ignore").decode(), "wwSomebodyElse"
            )
            query["msg_signature"] = wecom_crypto.sign(sim.token, stamp, nonce, foreign)
            body = wecom_crypto.envelope(sim.corp_id, "1", foreign).encode()
        case 3:
            old = str(int(now) - 86400)
            query |= {"timestamp": old, "msg_signature": wecom_crypto.sign(sim.token, old, nonce, sealed)}
        case 4:
            body = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
        case 5:
            body = b"<x>" * dice.randint(1, 20_000)
        case 6:
            body = dice.randbytes(70_000)
        case _:
            body = mutations.bytes_of(dice, body)
            query["msg_signature"] = dice.choice((query["msg_signature"], "0" * 40))
    return query, body, False


async def test_callbacks_that_nobody_sane_sends(on_wecom: World) -> None:
    sim, seen = on_wecom.sim, Counter[int]()
    assert isinstance(sim, WecomServer)
    async with aiohttp.ClientSession() as client:

        async def send(dice: random.Random) -> None:
            query, body, good = callback(dice, sim, on_wecom.clock.now().timestamp())
            async with client.post(f"{on_wecom.url}/wecom/callback", params=query, data=body) as response:
                said = await response.text()
            seen[response.status] += 1
            if response.status == 200:
                assert said == ""
                assert good or b"<Encrypt>" in body
            else:
                refused(response.status, said)

        await in_turns(send, "callback")
    await nothing_died(on_wecom)
    assert {200, 400, 403, 413} <= set(seen), seen


async def test_leads_that_no_program_should_post(on_wecom: World) -> None:
    seen = Counter[int]()
    async with aiohttp.ClientSession() as client:

        async def send(dice: random.Random) -> None:
            raw = json.dumps(mutations.json_of(dice, LEAD)).encode()
            if dice.random() < 0.4:
                raw = mutations.bytes_of(dice, raw)
            if dice.random() < 0.02:
                raw = b"[" * 60_000
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            if dice.random() < 0.2:
                headers["Idempotency-Key"] = dice.choice(("k", "k" * 300, "k" * 150))
            if dice.random() < 0.1:
                headers["Authorization"] = dice.choice(
                    ("", "Bearer", "Bearer x", "Basic eA==", f"Bearer {TOKEN} x")
                )
            async with client.post(f"{on_wecom.url}/api/v1/leads", data=raw, headers=headers) as response:
                said = await response.text()
            seen[response.status] += 1
            if response.status in (200, 201):
                assert json.loads(said)["id"].startswith("L-")
            else:
                refused(response.status, said)

        await in_turns(send, "lead")
    await nothing_died(on_wecom)
    assert {201, 400, 401, 422} <= set(seen), seen


async def test_paths_and_methods_that_are_not_there(on_wecom: World) -> None:
    known = ("/", "/wecom/callback", "/api/v1/leads", "/healthz", "/metrics", "/readyz")
    async with aiohttp.ClientSession() as client:

        async def send(dice: random.Random) -> None:
            odd = mutations.text(dice)[:60].encode("utf-8", "ignore").decode()
            path = dice.choice((f"/{odd}", dice.choice(known) + odd, dice.choice(known)))
            method = dice.choice(("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"))
            try:
                async with client.request(
                    method, on_wecom.url + path.replace("?", "/"), params={"q": odd}, allow_redirects=False
                ) as response:
                    await response.read()
            except (aiohttp.InvalidURL, ValueError):
                return  # nothing that a client can put on the wire
            assert response.status < 500, (method, path, response.status)

        await in_turns(send, "path")
    await nothing_died(on_wecom)


ROBOT = {
    "conversationId": "cid1", "chatbotUserId": "$:LWCP_v1:$b", "msgId": "m", "senderNick": "王磊", "senderStaffId": "d-wanglei",
    "sessionWebhookExpiredTime": 1, "createAt": 1790000000000, "conversationType": "1", "senderId": "$:LWCP_v1:$1",
    "sessionWebhook": "", "robotCode": "x", "msgtype": "chatRecord", "text": {"content": "13800138000 想买"},
    "content": {
        "summary": '["甲:你好"]', "recognition": "", "richText": [{"text": "x"}], "fileName": "a", "downloadCode": "d",
        "chatRecord": '[{"senderNick":"甲","msgType":"text","content":"我是李四 13800138000","createAt":1789990000000}]',
    },
}  # fmt: skip
PRESS = {
    "extension": "{}", "corpId": "c", "type": "actionCallback", "userId": "d-wanglei", "outTrackId": "L-1-x-1",
    "content": '{"cardPrivateData":{"actionIds":["SaveDraft:1:0"],"params":{"a":"b"}}}', "value": "{}",
}  # fmt: skip


async def test_frames_that_the_gateway_would_not_push(on_dingtalk: World) -> None:
    sim = on_dingtalk.sim
    assert isinstance(sim, DingtalkServer)
    await sim.connected()
    topics = (("/v1.0/im/bot/messages/get", ROBOT), ("/v1.0/card/instances/callback", PRESS))
    acks = Counter[int]()

    async def send(dice: random.Random) -> None:
        topic, good = dice.choice(topics)
        spoiled = mutations.json_of(
            dice,
            {**good, "msgId": str(dice.random()), "msgtype": dice.choice(("text", "chatRecord", "audio"))},
        )
        other = mutations.text(dice)[:8].encode("utf-8", "ignore").decode()
        kind = dice.choice(("CALLBACK", "CALLBACK", "CALLBACK", "EVENT", other))
        connection = sim.connections[-1]
        clean = json.loads(json.dumps(spoiled, ensure_ascii=False).encode("utf-8", "ignore"))
        waiting = await sim.stream.push_on(connection, kind, topic, clean, {"messageId": str(dice.random())})
        ack = await waiting
        acks[ack.code] += 1

    await in_turns(send, "frame")
    await nothing_died(on_dingtalk)
    assert len(sim.connections) == 1, "the connection held"
    assert acks[200], acks
