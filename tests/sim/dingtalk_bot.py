"""A small DingTalk app for the simulator's own tests: opens streams, acks, calls the API. Nothing of the product."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from sim.dingtalk_server import DingtalkServer

ROBOT, CARD = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
ALL = [("EVENT", "*"), ("CALLBACK", ROBOT), ("CALLBACK", CARD)]
BUTTONS = "1366a1eb-bc54-4859-ac88-517c56a9acb1.schema"
Json = dict[str, Any]


class Link:
    """One stream connection of the app; `answer` maps a frame to the ack's data (None: no ack)."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self.frames: asyncio.Queue[Json] = asyncio.Queue()
        self.answer: Callable[[Json], Any] = lambda frame: {"response": None}
        self.delay = 0.0
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self.ws:
            frame = json.loads(message.data)
            data = json.loads(frame["data"])
            if frame["type"] == "SYSTEM":
                reply = data
            else:
                self.frames.put_nowait(frame)
                reply = self.answer(frame)
            if reply is not None:
                await asyncio.sleep(self.delay)
                headers = {
                    "messageId": frame["headers"].get("messageId", ""),
                    "contentType": "application/json",
                }
                ack = {"code": 200, "headers": headers, "message": "OK", "data": json.dumps(reply)}
                await self.ws.send_str(json.dumps(ack))

    async def next(self, timeout: float = 3.0) -> Json:
        """The `data` of the next push."""
        return json.loads((await asyncio.wait_for(self.frames.get(), timeout))["data"])

    async def ended(self, timeout: float = 3.0) -> int | None:
        """Waits for the end of the connection; the WebSocket close code."""
        await asyncio.wait_for(self.task, timeout)
        return self.ws.close_code


class Bot:
    """The app: `await bot.post(path, body)` returns (status, body)."""

    def __init__(self, server: DingtalkServer, http: aiohttp.ClientSession) -> None:
        self.server, self.http, self.token = server, http, ""
        self.links: list[Link] = []

    async def open(self, topics: list[tuple[str, str]] = ALL, **changes: Any) -> tuple[int, Json]:
        """connections/open."""
        body = {
            "clientId": self.server.client_id, "clientSecret": self.server.client_secret,
            "subscriptions": [{"type": kind, "topic": topic} for kind, topic in topics], **changes,
        }  # fmt: skip
        url = f"{self.server.url}/v1.0/gateway/connections/open"
        async with self.http.post(url, json=body, headers={"Accept": "application/json"}) as response:
            return response.status, await response.json()

    async def link(self, topics: list[tuple[str, str]] = ALL) -> Link:
        """open + WebSocket; returns when the server routes to it."""
        _, answer = await self.open(topics)
        before = len(self.server.connections)
        link = Link(await self.http.ws_connect(answer["endpoint"], params={"ticket": answer["ticket"]}))
        self.links.append(link)
        while len(self.server.connections) <= before:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        return link

    async def login(self) -> str:
        """A token."""
        body = {"appKey": self.server.client_id, "appSecret": self.server.client_secret}
        async with self.http.post(f"{self.server.url}/v1.0/oauth2/accessToken", json=body) as response:
            self.token = (await response.json())["accessToken"]
        return self.token

    async def call(self, method: str, path: str, body: Json | None = None, **query: str) -> tuple[int, Any]:
        """One API call with the token where it belongs (header or, on oapi paths, the URL)."""
        if not self.token:
            await self.login()
        old = not path.startswith("/v1.0/")
        headers = {} if old else {"x-acs-dingtalk-access-token": self.token}
        params = {**query, **({"access_token": self.token} if old else {})}
        async with self.http.request(
            method, self.server.url + path, json=body, headers=headers, params=params
        ) as response:
            return response.status, await response.json(content_type=None)

    async def post(self, path: str, body: Json, **query: str) -> tuple[int, Any]:
        """POST."""
        return await self.call("POST", path, body, **query)

    async def send(self, users: list[str], key: str, param: Json, **changes: Any) -> tuple[int, Any]:
        """batchSend."""
        body = {
            "robotCode": self.server.client_id, "userIds": users, "msgKey": key,
            "msgParam": json.dumps(param, ensure_ascii=False), **changes,
        }  # fmt: skip
        return await self.post("/v1.0/robot/oToMessages/batchSend", body)

    async def card(self, track: str, user: str, buttons: list[Json], **changes: Any) -> tuple[int, Any]:
        """createAndDeliver of the markdown+buttons template."""
        whole = json.dumps({"msgButtons": buttons}, ensure_ascii=False)
        values = {
            "title": "新线索",
            "markdown": "**华联科技**",
            "tips": "24 小时内有效",
            "sys_full_json_obj": whole,
        }
        body = {
            "cardTemplateId": BUTTONS, "outTrackId": track, "callbackType": "STREAM",
            "cardData": {"cardParamMap": values}, "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
            "imRobotOpenSpaceModel": {"supportForward": True}, "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
            **changes,
        }  # fmt: skip
        return await self.post("/v1.0/card/instances/createAndDeliver", body)


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[tuple[DingtalkServer, Bot]]:
    """A server with 王芳 (rep) and 张总 (boss), and an app for it."""
    server = DingtalkServer(**settings)
    server.person("boss", "张总", mobile="13900000001")
    server.person("rep", "王芳", manager="boss", mobile="13900000002")
    await server.start()
    async with aiohttp.ClientSession() as http:
        bot = Bot(server, http)
        try:
            yield server, bot
        finally:
            for link in bot.links:
                await link.ws.close()
                link.task.cancel()
            await asyncio.gather(*(link.task for link in bot.links), return_exceptions=True)
            await server.stop()
