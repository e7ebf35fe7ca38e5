"""The two published bot SDKs run against the simulated long connection: it is not only our own client that gets on with it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sim.wecom_aibot_server import WecomAibotServer

PEER = Path(__file__).with_name("aibot_sdk_peer.py")


@asynccontextmanager
async def sdk(server: WecomAibotServer, kind: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The SDK app in a process of its own, subscribed."""
    env = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    peer = await asyncio.create_subprocess_exec(
        sys.executable, str(PEER), kind, server.ws_url, server.bot_id, server.secret, env=env,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await server.connected(timeout=30)
        yield peer
    finally:
        peer.kill()
        await peer.wait()


@pytest.fixture
async def server() -> AsyncIterator[WecomAibotServer]:
    one = WecomAibotServer()
    await one.start()
    yield one
    await one.stop()


@pytest.mark.parametrize("kind", ["official", "community"])
async def test_a_published_sdk_talks_to_the_simulator(server: WecomAibotServer, kind: str) -> None:
    rep = server.person("WangLei", "王磊")
    async with sdk(server, kind):
        await rep.enters()
        await rep.sees("欢迎", timeout=20)
        await rep.says("你好")
        seen = await rep.sees("收到 你好")
        assert seen.updates == 1  # one stream, two frames
        await rep.says("卡片")
        card = await rep.sees("新线索", "宁波恒达")
        await rep.clicks("认领")
        await rep.sees("已认领")
        assert (card.updates, card.track) == (1, "lead-42@1")
        await rep.says("推送")
        await rep.sees("主动说一句")
        if kind == "community":
            await rep.says("文件")
            assert len((await rep.sees("报价.pdf")).file) == 600_004
        await asyncio.sleep(0.8)  # heart-beats are answered
        assert server.socket.live is not None
    # SDKs leave chat_type out and may send a body with a ping: known, and nothing else is wrong
    assert {one for one in server.complaints if "chat_type" not in one and "ping" not in one} == set()


async def test_a_second_sdk_kicks_the_first(server: WecomAibotServer) -> None:
    async with sdk(server, "community"):
        first = server.socket.live
        async with sdk(server, "official"):
            async with asyncio.timeout(20):
                while server.socket.live is first:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await asyncio.sleep(1.5)
            assert len(server.wire.of("kicked")) == 1, "whoever was kicked does not come back"
