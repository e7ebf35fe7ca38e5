"""WeCom calls as fast as it can, from many connections, to two replicas at once, and as badly as a network lets it."""

import asyncio
import json
import os
import random
import secrets
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from sim import wecom_crypto
from sim.wecom_server import WecomServer
from store.db import Database
from store.tables import inbox
from tests.crash.bot_process import REPS, BotProcess, user_of
from tests.crash.story import KILLS, SEED, SHORT
from tests.servers import Postgres, Redis

pytestmark = [pytest.mark.crash, pytest.mark.timeout(0)]
CALLERS = 16
MESSAGES = 5000 if KILLS > SHORT else 640
PATIENCE = 120.0


def request(sim: WecomServer, n: int) -> bytes:
    """Message number n as it comes over the wire: each time sealed anew, as WeCom repeats itself."""
    now, nonce = str(int(time.time())), str(secrets.randbelow(10**9))
    xml = (
        f"<xml><ToUserName>{sim.corp_id}</ToUserName><FromUserName>{user_of(sim, REPS[n % len(REPS)])}</FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType>text</MsgType><Content>第 {n} 句</Content>"
        f"<MsgId>{n}</MsgId><AgentID>{sim.agent_id}</AgentID></xml>"
    )
    sealed = wecom_crypto.encrypt(sim.aes_key, xml, sim.corp_id)
    body = wecom_crypto.envelope(sim.corp_id, str(sim.agent_id), sealed).encode()
    signature = wecom_crypto.sign(sim.token, now, nonce, sealed)
    query = urlencode({"msg_signature": signature, "timestamp": now, "nonce": nonce})
    head = f"POST /wecom/callback?{query} HTTP/1.1\r\nHost: bot\r\nContent-Type: text/xml\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Caller:
    """One connection, kept as long as it lasts. `pieces` of a request may come late; the answer is its status."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.answered: list[int] = []

    async def says(self, *pieces: bytes, answers: int = 1) -> None:
        """All pieces, then waits for so many answers, in order; WeCom's patience is five seconds, this one's longer."""
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._ends
        for n, piece in enumerate(pieces):
            if n:
                await asyncio.sleep(0.05)
            writer.write(piece)
            await writer.drain()
        for _ in range(answers):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(
                    line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
                )
                await reader.readexactly(int(size.split(b":")[1]))
            self.answered.append(int(head.split()[1]))

    def hangs_up(self) -> None:
        """In the middle of whatever it was saying."""
        if self._ends is not None:
            self._ends[1].transport.abort()
            self._ends = None


async def calls(sim: WecomServer, ports: list[int], mine: list[int], dice: random.Random) -> list[int]:
    """Hands over these messages, each in one of the ways in which they come. Returns the statuses of all answers."""
    lines = [Caller(port) for port in ports]
    todo = list(mine)
    while todo:
        n, line = todo.pop(), dice.choice(lines)
        whole, cut = request(sim, n), dice.randrange(20, 300)
        match dice.randrange(6):
            case (
                0
            ):  # the answer was lost on the way, so it comes again, over the other replica, at the same time
                await asyncio.gather(*(one.says(request(sim, n)) for one in lines))
            case 1 if todo:  # pipelined
                more = [todo.pop() for _ in range(min(len(todo), 7))]
                await line.says(
                    b"".join([whole, *(request(sim, one) for one in more)]), answers=1 + len(more)
                )
            case 2:  # in pieces
                await line.says(whole[:cut], whole[cut:])
            case 3:  # half of it, and again on a new connection
                await line.says(whole[:cut], answers=0)
                line.hangs_up()
                await line.says(request(sim, n))
            case 4:  # whole, and nobody waits for the answer
                await line.says(whole, answers=0)
                line.hangs_up()
                await line.says(request(sim, n))
            case _:
                await line.says(whole)
    for line in lines:
        line.hangs_up()
    return [status for line in lines for status in line.answered]


async def test_a_burst_of_callbacks_on_two_replicas(
    own_postgres: Postgres, own_redis: Redis, tmp_path: Path, compiled: Path
) -> None:
    """Every message is answered 200 and stands in the inbox once, however often and over whichever replica it came."""
    sim = WecomServer(callback_url="http://127.0.0.1:9/wecom/callback")
    await sim.start()
    url, bots = own_postgres.url("crash"), list[BotProcess]()
    only = {"GENJIN_APP__ROLES": json.dumps(["intake", "web"])}
    try:
        for n in range(2):
            (tmp_path / str(n)).mkdir()
            bot = BotProcess(sim, url, tmp_path / str(n), compiled=compiled, redis=own_redis.url, more=only)
            bots.append(bot)
            await asyncio.to_thread(bot.prepare)
            bot.spawn()
            await bot.up()
        ports, begun = [bot.port for bot in bots], time.monotonic()
        shares = [list(range(1 + n, 1 + MESSAGES, CALLERS)) for n in range(CALLERS)]
        dice = [random.Random(f"{SEED}:{n}") for n in range(CALLERS)]
        work = [calls(sim, ports, mine, own) for mine, own in zip(shares, dice, strict=True)]
        statuses = [status for answered in await asyncio.gather(*work) for status in answered]
        took = time.monotonic() - begun
        for told in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):  # once is enough, and thrice does no harm
            os.kill(bots[0].pid, told)
        assert await bots[0].gone(PATIENCE)
        assert "Traceback" not in bots[0].log.read_text("utf-8") + bots[1].log.read_text("utf-8"), bots[
            0
        ].last_words()
    finally:
        for bot in bots:
            bot.close()
        await sim.stop()
    db = Database(url)
    async with db.read() as tx:
        stored = list(
            (await tx.execute(sa.select(inbox.c.dedup).where(inbox.c.dedup.like("wecom:msg:%")))).scalars()
        )
    await db.close()
    sys.stderr.write(f"wecom, seed {SEED}: {len(statuses)} answers to {MESSAGES} messages in {took:.1f} s\n")
    assert set(statuses) == {200}
    assert len(stored) == len(set(stored)) == MESSAGES
