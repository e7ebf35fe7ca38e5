"""A console over both pretend platforms, a pretend bot behind it, and somebody at the browser, for the console's tests."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from sim.console import Console
from sim.console_bot import Bot
from sim.dingtalk_server import DingtalkServer
from sim.people import FIRM
from sim.wecom_aibot_answers import Answers
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer

Json = dict[str, Any]
TOKEN = "token-of-the-console"
CARD = {
    "card_type": "button_interaction",
    "task_id": "lead-1@1",
    "main_title": {"title": "新线索 L-1001"},
    "button_selection": {
        "question_key": "why", "title": "原因",
        "option_list": [{"id": "busy", "text": "在忙"}, {"id": "away", "text": "出差"}],
    },
    "button_list": [{"text": "开始跟进", "style": 1, "key": "start:1"}, {"text": "转给同事", "style": 2, "key": "give:1"}],
}  # fmt: skip


class PretendBot:
    """Takes callbacks and enquiries; its clock has timers (seconds from the start) that fire when they are passed."""

    def __init__(self) -> None:
        self.callbacks: list[str] = []
        self.enquiries: list[tuple[str, Json]] = []
        self.timers: list[float] = []
        self.fired: list[tuple[float, float]] = []  # (timer, where the clock stood)
        self.ledger: list[Json] = []
        self.ahead = 0.0
        self.clock = True
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.add_routes([
            web.get("/readyz", self._ready), web.post("/wecom/callback", self._callback),
            web.post("/api/v1/leads", self._lead), web.get("/dev/clock", self._show), web.post("/dev/clock", self._set),
            web.get("/dev/ledger", self._ledger),
        ])  # fmt: skip
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = int(self._runner.addresses[0][1])
        self.url = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None

    async def _ready(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def _callback(self, request: web.Request) -> web.Response:
        self.callbacks.append(await request.text())
        return web.Response()

    async def _lead(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": {"code": "unauthorized", "message": "要有令牌"}}, status=401)
        self.enquiries.append((request.headers["Idempotency-Key"], await request.json()))
        return web.json_response({"id": "L-1001"}, status=201)

    async def _show(self, _: web.Request) -> web.Response:
        if not self.clock:
            return web.json_response({"error": {}}, status=404)
        wait = min((timer - self.ahead for timer in self.timers), default=None)
        told = {"ahead_seconds": self.ahead, "idle": True, "next_timer_seconds": wait, "now": ""}
        return web.json_response(told)

    async def _ledger(self, _: web.Request) -> web.Response:
        return web.json_response({"rows": self.ledger})

    async def _set(self, request: web.Request) -> web.Response:
        self.ahead = float((await request.json())["ahead_seconds"])
        self.fired += [(timer, self.ahead) for timer in self.timers if timer <= self.ahead]
        self.timers = [timer for timer in self.timers if timer > self.ahead]
        return await self._show(request)


@dataclass
class Browser:
    """The page's requests: `await page.post("/api/…", {...})` → (status, body)."""

    url: str
    session: aiohttp.ClientSession
    events: list[tuple[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def post(self, path: str, body: Json, **headers: str) -> tuple[int, Json]:
        async with self.session.post(self.url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> tuple[int, Json]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.json()

    async def listen(self) -> None:
        """Opens the event stream; returns when it says hello."""
        self.task = asyncio.create_task(self._read())
        await self.hears("hello")

    async def _read(self) -> None:
        async with self.session.get(f"{self.url}/api/events") as answer:
            name = ""
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.events.append((name, json.loads(line.removeprefix("data: "))))
                    self.changed.set()

    async def hears(self, name: str, *fragments: str, timeout: float = 5.0) -> Any:
        """Waits for an event with this name whose JSON holds all fragments."""
        async with asyncio.timeout(timeout):
            while True:
                for kind, value in self.events:
                    text = json.dumps(value, ensure_ascii=False)
                    if kind == name and all(fragment in text for fragment in fragments):
                        return value
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Desk:
    """All of it."""

    console: Console
    bot: PretendBot
    page: Browser

    async def wecom_sends(self, user: str, kind: str, content: Json) -> Json:
        """message/send, as a bot does it."""
        wecom, session = self.console.wecom, self.page.session
        ids = {"corpid": wecom.corp_id, "corpsecret": wecom.secret}
        async with session.get(f"{wecom.url}/cgi-bin/gettoken", params=ids) as answer:
            token = {"access_token": (await answer.json())["access_token"]}
        body = {"touser": user, "agentid": wecom.agent_id, "msgtype": kind, kind: content}
        raw = json.dumps(body, ensure_ascii=False).encode()
        async with session.post(f"{wecom.url}/cgi-bin/message/send", params=token, data=raw) as answer:
            told: Json = await answer.json()
        assert told["errcode"] == 0, told
        return told

    async def aibot_says(self, user: str, content: str) -> None:
        """A push of markdown to somebody who has written to the AI bot."""
        aibot = self.console.aibot
        assert aibot is not None
        body = {"chatid": user, "chat_type": 1, "msgtype": "markdown", "markdown": {"content": content}}
        await Answers(aibot).send("", body)


class LongConnection:
    """A bot on the AI bot's socket: greets who comes, answers a word with CARD, and turns a pressed card into a word."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws
        self.kicked = False

    async def frame(self, cmd: str, req_id: str, body: Json) -> None:
        await self._ws.send_json({"cmd": cmd, "headers": {"req_id": req_id}, "body": body})

    async def run(self) -> None:
        """Until the connection ends."""
        async for message in self._ws:
            frame = message.json()
            if "cmd" in frame:
                await self._take(frame, frame["headers"]["req_id"], frame["body"])

    async def _take(self, frame: Json, req_id: str, body: Json) -> None:
        match body.get("event", {}).get("eventtype"):
            case None:
                card = {"msgtype": "template_card", "template_card": CARD}
                await self.frame("aibot_respond_msg", req_id, card)
            case "enter_chat":
                await self.frame(
                    "aibot_respond_welcome_msg", req_id, {"msgtype": "text", "text": {"content": "欢迎"}}
                )
            case "template_card_event":
                done = {"card_type": "text_notice", "task_id": CARD["task_id"], "main_title": {"title": "已开始"},
                        "card_action": {"type": 1, "url": "https://example.com/"}}  # fmt: skip
                told = {"response_type": "update_template_card", "template_card": done}
                await self.frame("aibot_respond_update_msg", req_id, told)
            case "disconnected_event":
                self.kicked = True


@asynccontextmanager
async def connected(here: Desk) -> AsyncIterator[LongConnection]:
    """The AI bot's long connection, subscribed."""
    aibot = here.console.aibot
    assert aibot is not None
    async with here.page.session.ws_connect(aibot.ws_url) as ws:
        one = LongConnection(ws)
        await one.frame("aibot_subscribe", "s", {"bot_id": aibot.bot_id, "secret": aibot.secret})
        task = asyncio.create_task(one.run())
        await aibot.connected()
        try:
            yield one
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def desk(clock: Path | None = None) -> AsyncIterator[Desk]:
    """Everything running on free ports."""
    bot = PretendBot()
    await bot.start()
    wecom = WecomServer(callback_url=f"{bot.url}/wecom/callback")
    console = Console(
        wecom, DingtalkServer(), FIRM, Bot(bot.url, TOKEN), aibot=WecomAibotServer(), clock=clock, port=0
    )
    await console.start()
    async with aiohttp.ClientSession() as session:
        page = Browser(console.url, session)
        try:
            yield Desk(console, bot, page)
        finally:
            if page.task is not None:
                page.task.cancel()
                await asyncio.gather(page.task, return_exceptions=True)
            await console.stop()
            await bot.stop()
