"""The pretend platforms and a browser console of people to chat with, in one program: `python -m sim.console`."""

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from sim import console_faults
from sim.console_bot import Bot, NoAnswer
from sim.console_clock import TimeTravel
from sim.console_feed import Feed, Sim, wire_rows
from sim.console_phones import Phones, Wrong
from sim.console_trouble import TroublePanel
from sim.dingtalk_server import DingtalkServer
from sim.people import CUSTOMER, FIRM, TALK, Person, read
from sim.running import fields, run
from sim.wechat import Wechat
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer

STATIC = Path(__file__).with_name("static")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NAMES = {"wecom": "企业微信", "wecom_aibot": "智能机器人", "dingtalk": "钉钉"}
"""What the surfaces are called where they have to be told apart."""
PHONES = {"wecom": ("wecom", "wecom_aibot"), "dingtalk": ("dingtalk",)}
"""The phones on the page, and whose chats are on each."""
RETRY_PAUSE = (
    2.0  # seconds between WeCom's tries: a bot that is started anew is there for the second or third
)
WATCH = 0.5
MOST_BYTES = 16 * 1024 * 1024  # a picture or a file from the page, in base64
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Told = dict[str, Any]


class Console:
    """The page and what it asks for, over two running platforms."""

    def __init__(
        self, wecom: WecomServer, dingtalk: DingtalkServer, people: Sequence[Person], bot: Bot,
        *, aibot: WecomAibotServer | None = None, clock: Path | None = None, host: str = "127.0.0.1", port: int = 8080,
    ) -> None:  # fmt: skip
        self.wecom, self.dingtalk, self.bot, self.people = wecom, dingtalk, bot, tuple(people)
        self.aibot = aibot
        self.wechat = Wechat()
        self.sims: dict[str, Sim] = {"wecom": wecom}
        if aibot is not None:
            self.sims["wecom_aibot"] = aibot
        self.sims |= {"dingtalk": dingtalk, "wechat": self.wechat}
        for name in NAMES:
            for person in self.people if name in self.sims else ():
                if user := person.on(name):
                    self.sims[name].person(user, person.name)
        self.rep = next((one for one in people if one.id == CUSTOMER.knows), people[0])
        self.wechat.person(CUSTOMER.id, CUSTOMER.name)
        self.travel = TimeTravel(bot, list(self.sims.values()), clock)
        self.host, self.port, self.url = host, port, ""
        self._boot = secrets.token_hex(6)
        self._feed = Feed(self.sims, self._state, self._boot)
        self._runner: web.AppRunner | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Opens the ports; afterwards `url` is known. Raises OSError when one is taken."""
        for sim in self.sims.values():
            await sim.start()
        await self.bot.start()
        if not self.wechat.phones[CUSTOMER.id].seen:
            await self.wechat.remember(CUSTOMER.id, [(who or self.rep.name, text) for who, text in TALK])
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://{self.host}:{self.port}"
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Ends the streams, closes the ports."""
        self._feed.close()
        await self.travel.stop()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        await self.bot.stop()
        for sim in self.sims.values():
            await sim.stop()

    def _app(self) -> web.Application:
        phones, trouble = Phones(self.sims), TroublePanel(self.sims, self.bot)
        app = web.Application(middlewares=[_guarded], client_max_size=MOST_BYTES)
        person = f"/api/{{platform:{'|'.join(self.sims)}}}/{{user}}"
        app.add_routes([
            web.get("/", self._page),
            web.get("/static/{name}", self._static),
            web.get("/api/state", _json(self._everything)),
            web.get("/api/events", self._feed.stream),
            web.get("/api/wire", _json(self._wire)),
            web.post("/api/lead", _json(self._lead)),
            web.get("/api/clock", _json(self._clock)),
            web.post("/api/clock", _json(self._set_clock)),
            web.get("/api/faults", _json(trouble.show)),
            web.post("/api/faults", _json(trouble.change)),
            web.post("/api/bot", _json(trouble.bot)),
            web.get("/api/ledger", _json(trouble.ledger)),
            web.get(f"{person}/messages", _json(phones.messages)),
            web.get(f"{person}/file/{{n}}", phones.file),
            web.get(f"{person}/wire/{{n}}", _json(phones.wire)),
            web.post(f"{person}/choose", _json(phones.choose)),
            web.post(f"{person}/{{verb}}", _json(phones.act)),
        ])  # fmt: skip
        return app

    async def _watch(self) -> None:
        """Keeps an eye on the bot; one that came back is told what time it is."""
        while True:
            changed = await self.bot.look()
            if self.bot.up and (changed or not self.bot.has_clock):
                await self.travel.agree()
            await asyncio.sleep(WATCH)

    # what the page asks for -------------------------------------------------------------------------------------------

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        return _asset("index.html", "text/html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        kind = TYPES.get(Path(name).suffix)
        if kind is None or not (STATIC / name).is_file():
            raise web.HTTPNotFound
        return _asset(name, kind)

    def _state(self) -> dict[str, Any]:
        """What changes seldom, by event name."""
        return {
            "bot": {
                "up": self.bot.up,
                "clock": self.bot.has_clock,
                "pid": self.bot.pid,
                "held": self.bot.held,
            },
            "clock": {"ahead": self.travel.ahead, "busy": self.travel.busy, "rate": self.travel.rate},
            "faults": console_faults.standing(self.sims),
            "menu": (self.wecom.menu or {}).get("button", []),
            "links": self._links(),
        }

    def _links(self) -> dict[str, bool]:
        """Whether the bot holds the long connection of each platform that has one."""
        found = {"dingtalk": bool(self.dingtalk.connections)}
        return found if self.aibot is None else found | {"wecom_aibot": self.aibot.socket.live is not None}

    async def _everything(self, _request: web.Request) -> Told:
        return self._state() | {
            "boot": self._boot,
            "now": self.travel.now(),
            "bot_url": self.bot.url,
            "names": {name: NAMES[name] for name in self.sims if name in NAMES},
            "platforms": [
                {"id": name, "name": NAMES[name], "people": self._people(surfaces)}
                for name, surfaces in PHONES.items()
            ],
            "customers": [
                {
                    "chats": [{"surface": "wechat", "user": CUSTOMER.id}],
                    "id": CUSTOMER.id,
                    "name": CUSTOMER.name,
                    "title": CUSTOMER.title,
                    "rep": self.rep.name,
                }
            ],
        }

    def _people(self, surfaces: Sequence[str]) -> list[Told]:
        """Who has a phone on which these are, and under which id each chat is."""
        rows: list[Told] = []
        for person in self.people:
            users = {name: person.on(name) for name in surfaces if name in self.sims}
            chats = [{"surface": name, "user": user} for name, user in users.items() if user]
            if chats:
                rows.append({"id": person.id, "name": person.name, "title": person.title, "chats": chats})
        return rows

    async def _wire(self, request: web.Request) -> Told:
        limit = min(int(request.query.get("limit", "60")), 300)
        return {"rows": wire_rows(self.sims, {}, limit)}

    async def _lead(self, request: web.Request) -> Told:
        """An enquiry that comes in through the bot's API: {"status", "answer"}."""
        status, answer = await self.bot.lead(await request.json())
        return {"status": status, "answer": answer}

    async def _clock(self, _request: web.Request) -> Told:
        clock: Told = self._state()["clock"]
        return clock | {"now": self.travel.now(), "available": self.bot.has_clock}

    async def _set_clock(self, request: web.Request) -> Told:
        """{"pass_seconds": n}, {"rate": 60}, {"to": "morning"}, {"to": "real"} or {"to": "2026-11-25T09:00"}."""
        match await request.json():
            case {"pass_seconds": int() | float() as seconds}:
                await self.travel.pass_by(float(seconds))
            case {"to": "morning"}:
                await self.travel.to_morning()
            case {"to": "real"}:
                await self.travel.to_real()
            case {"to": str(moment)}:
                await self.travel.to_moment(moment)
            case {"rate": int(rate)}:
                await self.travel.run(rate)
            case _:
                raise Wrong('要写成 {"pass_seconds": 秒}、{"rate": 倍}、{"to": "morning"、"real" 或时间}')
        return await self._clock(request)


def _json(handle: Callable[[web.Request], Awaitable[Told]]) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return _told(await handle(request))

    return answer


def _told(body: Told, status: int = 200) -> web.Response:
    return web.json_response(text=json.dumps(body, ensure_ascii=False, default=str), status=status)


def _asset(name: str, kind: str) -> web.Response:
    headers = {"Cache-Control": "no-cache"}
    return web.Response(
        body=(STATIC / name).read_bytes(), content_type=kind, charset="utf-8", headers=headers
    )


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only this very page may act; what cannot be done is answered with a sentence; headers for browsers."""
    origin = request.headers.get("Origin")
    try:
        if origin is not None and origin != f"{request.scheme}://{request.host}":
            response: web.StreamResponse = _told({"error": "只接受本页面的请求"}, 403)
        elif request.method == "POST" and request.content_type != "application/json":
            response = _told({"error": "要用 Content-Type: application/json"}, 415)
        else:
            response = await handler(request)
    except Wrong as wrong:
        response = _told({"error": str(wrong)}, 409)
    except NoAnswer as silent:
        response = _told({"error": str(silent)}, 503)
    except ValueError as wrong:
        response = _told({"error": str(wrong)}, 400)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


async def serve(console: Console) -> None:
    """Runs until SIGTERM or SIGINT; prints one JSON line when all ports are open."""
    await run(
        console,
        lambda: {
            "url": console.url,
            "wecom": fields(console.wecom, "url", "callback_url"),
            "dingtalk": fields(console.dingtalk, "url", "client_id"),
            "wecom_aibot": fields(console.aibot, "ws_url", "bot_id") if console.aibot else {},
            "people": [person.id for person in console.people],
        },
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. Returns 2 when a port is taken or the people cannot be read."""
    parser = argparse.ArgumentParser(prog="sim.console", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--wecom-port", type=int, default=8082)
    parser.add_argument("--dingtalk-port", type=int, default=8083)
    parser.add_argument("--aibot-port", type=int, default=8084)
    parser.add_argument("--callback", default="http://127.0.0.1:8081/wecom/callback", metavar="URL")
    parser.add_argument("--bot-url", default="http://127.0.0.1:8081", metavar="URL")
    parser.add_argument("--api-token", default="demo-token")
    parser.add_argument("--bot-pid-file", type=Path, metavar="FILE", help="the bot's process, for kill -9")
    parser.add_argument("--people", type=Path, metavar="FILE.json")
    parser.add_argument("--clock-file", type=Path, metavar="FILE", help="keeps how far the clock is ahead")
    given = parser.parse_args(argv)
    try:
        people = read(given.people) if given.people else FIRM
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"不能读取人员文件：{wrong}\n")
        return 2
    wecom = WecomServer(callback_url=given.callback, host=given.host, port=given.wecom_port)
    wecom.retry_pause = RETRY_PAUSE
    dingtalk = DingtalkServer(host=given.host, port=given.dingtalk_port)
    aibot = WecomAibotServer(host=given.host, port=given.aibot_port)
    console = Console(
        wecom, dingtalk, people, Bot(given.bot_url, given.api_token, given.bot_pid_file),
        aibot=aibot, clock=given.clock_file, host=given.host, port=given.port,
    )  # fmt: skip
    try:
        asyncio.run(serve(console))
    except OSError as taken:
        sys.stderr.write(f"端口不能用：{taken.strerror or taken}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
