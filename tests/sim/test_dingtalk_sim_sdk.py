"""The official dingtalk-stream SDK runs against the DingTalk simulator and shows the traffic it is known for."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from sim.dingtalk_server import DingtalkServer
from tests.sim.dingtalk_bot import BUTTONS, running

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def sdk(server: DingtalkServer) -> AsyncIterator[None]:
    """The SDK app in a process of its own, connected."""
    env = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    peer = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("dingtalk_sdk_peer.py")), server.client_id, server.client_secret,
        env={**env, "DINGTALK_OPENAPI_ENDPOINT": server.url},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await server.connected(timeout=30)
        yield
    finally:
        peer.kill()
        await peer.wait()


async def test_the_official_sdk_talks_to_the_simulator() -> None:
    async with running() as (server, _), sdk(server):
        rep = server.phones["rep"]
        opened = server.wire.of("connections/open")[-1].sent
        assert opened["ua"] == "dingtalk-sdk-python/v0.24.3-union"
        assert {s["topic"] for s in opened["subscriptions"]} == {
            "*", "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback",
        }  # fmt: skip

        await rep.says("你好")
        assert (await rep.sees("收到 你好")).kind == "text"
        assert server.wire.of("sendBySession")[-1].sent == {
            "msgtype": "text", "text": {"content": "收到 你好"}, "at": {"atUserIds": ["rep"]},
        }  # fmt: skip
        await rep.forwards([("李总", "价格再低点")])
        await rep.sees("收到 chatRecord ['content', 'isForwardMsg', 'senderPlatform']")

        await rep.says("卡片")
        card = await rep.sees("新线索", "华联科技", "点一下")
        made, delivered = (entry.sent for entry in server.wire.of("POST /v1.0/card/instances"))
        assert (made["cardTemplateId"], made["callbackType"]) == (BUTTONS, "STREAM")
        assert delivered == {
            "outTrackId": made["outTrackId"], "userIdType": 1, "openSpaceId": "dtv1.card//IM_ROBOT.rep",
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
        }  # fmt: skip
        await rep.clicks("同意")
        assert "rep 按了 a1" in card.text
        assert card.buttons == []

        await server.event("user_add_org", {"userId": ["sun"]})
        await asyncio.sleep(0.2)
        acks = [entry.sent for entry in server.wire.of("ack")]
        assert '{"response": "OK"}' in [ack["data"] for ack in acks]
        assert json.loads(acks[-1]["data"]) == {
            "userId": ["sun"]
        }  # the SDK echoes events instead of a status
        assert server.complaints == []

        opens = server.stream.opens
        await server.disconnect_frame()
        async with asyncio.timeout(10):
            while server.stream.opens == opens:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await server.connected()
        await rep.says("又见面了")
        await rep.sees("收到 又见面了")


async def test_command_line_serves_until_sigterm(tmp_path: Path) -> None:
    scenario = tmp_path / "people.json"
    people = [{"user": "rep", "name": "王芳"}]
    told = {"people": people, "groups": [{"title": "销售群", "members": ["rep"]}]}
    scenario.write_text(json.dumps(told), encoding="utf-8")
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sim.dingtalk_server", "--port", "0", "--scenario", str(scenario),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert server.stdout is not None
    line = json.loads(await asyncio.wait_for(server.stdout.readline(), 30))
    async with aiohttp.ClientSession() as http, http.get(f"{line['url']}/_sim/people") as response:
        assert [person["name"] for person in await response.json()] == ["王芳"]
    server.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(server.wait(), 10) == 0


async def test_control_routes_drive_phones_faults_and_clock() -> None:
    async with running() as (server, bot):
        link = await bot.link()
        async with bot.http.post(f"{server.url}/_sim/phone/rep/say", json={"text": "在吗"}) as response:
            assert response.status == 200
        assert (await link.next())["text"]["content"] == "在吗"
        faults = {"drop_next": 2, "throttled": ["boss"], "fail_next": [[500, "system.error"]]}
        async with bot.http.post(f"{server.url}/_sim/faults", json=faults) as response:
            assert response.status == 200
        assert (server.faults.drop_next, server.faults.throttled) == (2, {"boss"})
        assert (await bot.send(["rep"], "sampleText", {"content": "x"}))[0] == 500
        async with bot.http.post(f"{server.url}/_sim/clock", json={"skew": 7300}) as response:
            assert response.status == 200
        assert (await bot.send(["rep"], "sampleText", {"content": "x"}))[1]["code"] == "InvalidAuthentication"
        async with bot.http.get(f"{server.url}/_sim/wire") as response:
            assert any(row["what"] == "ack" for row in await response.json())
        async with bot.http.post(f"{server.url}/_sim/phone/rep/contact", json={}) as response:
            assert response.status == 200
        assert (await link.next())["msgtype"] == "unknownMsgType"


def test_the_simulator_imports_nothing_of_the_product() -> None:
    ours = ("bot", "handlers", "rules", "nlp", "cards", "store", "web", "main")
    for path in (ROOT / "sim").glob("dingtalk_*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            word = line.split()[1].split(".")[0] if line.startswith(("import ", "from ")) else ""
            assert word not in ours, f"{path.name}: {line}"


@pytest.mark.parametrize("field", ["client_secret", "appSecret", "clientSecret"])
async def test_secrets_stay_off_the_wire_log(field: str) -> None:
    async with running() as (server, bot):
        async with bot.http.post(f"{server.url}/v1.0/oauth2/accessToken", json={field: "hush"}) as response:
            assert response.status == 400
        assert "hush" not in str(list(server.wire))
