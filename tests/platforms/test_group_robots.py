"""Group robots of both platforms over a real socket: what arrives, signatures, rates, and addresses that stay secret."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.config_robots import Robot
from bot.platform import Outgoing, SendFailed, Way
from bot.robots.platform import RobotPlatform
from cards.card import Button, Card

SECRET = "SECabc"


@dataclass
class Groups:
    """Both services' documented behaviour (wecom 11, dingtalk 4.8)."""

    url: str = ""
    said: list[dict[str, Any]] = field(default_factory=list)
    times: int = 0
    seen: set[str] = field(default_factory=set)

    async def wecom(self, request: web.Request) -> web.Response:
        if request.query.get("key") != "K":
            return web.json_response({"errcode": 93000, "errmsg": "invalid webhook url"})
        return await self._take(request, 45009, 4096, "content")

    async def dingtalk(self, request: web.Request) -> web.Response:
        stamp = request.query.get("timestamp", "")
        right = base64.b64encode(
            hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), hashlib.sha256).digest()
        ).decode()
        if request.query.get("sign") != right:
            return web.json_response({"errcode": 310000, "errmsg": "sign not match"})
        return await self._take(request, 130101, 20000, "text")

    async def _take(self, request: web.Request, fast: int, most: int, key: str) -> web.Response:
        body = await request.json()
        assert len(body["markdown"][key].encode()) <= most
        self.times += 1
        if self.times > 20:
            return web.json_response({"errcode": fast, "errmsg": "too fast"})
        mark = body.get("msgUuid", "")
        if not mark or mark not in self.seen:
            self.said.append(body)
        self.seen.add(mark)
        return web.json_response({"errcode": 0, "errmsg": "ok"})


@pytest.fixture
async def groups() -> AsyncIterator[Groups]:
    made, app = Groups(), web.Application()
    app.add_routes([web.post("/cgi-bin/webhook/send", made.wecom), web.post("/robot/send", made.dingtalk)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def platform(groups: Groups, *, key: str = "K", secret: str = SECRET) -> RobotPlatform:
    channels = (
        Robot(name="值班群", url=SecretStr(f"{groups.url}/cgi-bin/webhook/send?key={key}")),
        Robot(name="龙虎榜", kind="dingtalk", url=SecretStr(f"{groups.url}/robot/send?access_token=T"),
                secret=SecretStr(secret)),
    )  # fmt: skip
    return RobotPlatform(channels, lambda: datetime.now(UTC))


CARD = Card("board", "本周首触榜", lines=("1 王磊 96%", "<@all> 看"), buttons=(Button("看", "See:1"),))


async def test_a_card_and_a_text_arrive_in_both(groups: Groups) -> None:
    bot = platform(groups)
    await bot.send(Outgoing(1, Way.CARD, "值班群", card=CARD))
    for _ in range(2):  # the answer was lost: msgUuid makes it one
        await bot.send(Outgoing(2, Way.TEXT, "龙虎榜", text="第一行\n第二行 " + "长" * 9000))
    first, second = groups.said
    assert "**本周首触榜**\n1 王磊 96%" in first["markdown"]["content"]
    assert "<@" not in first["markdown"]["content"]
    assert second["markdown"]["text"].startswith("第一行  \n第二行")


async def test_faults_are_told_without_the_address(groups: Groups) -> None:
    bot = platform(groups, key="wrong", secret="SECwrong")
    for name, code in (("值班群", "93000"), ("龙虎榜", "310000")):
        with pytest.raises(SendFailed) as failed:
            await bot.send(Outgoing(1, Way.TEXT, name, text="x"))
        assert (failed.value.code, failed.value.retry) == (code, False)
        assert "wrong" not in str(failed.value)
    groups.times = 20
    for name, after in (("值班群", 60), ("龙虎榜", 600)):
        with pytest.raises(SendFailed) as failed:
            await platform(groups).send(Outgoing(1, Way.TEXT, name, text="x"))
        assert (failed.value.retry, failed.value.after) == (True, after)
    with pytest.raises(SendFailed, match="没有「别的」"):
        await bot.send(Outgoing(1, Way.TEXT, "别的", text="x"))
