"""Pretend group robots: WeCom's 消息推送 (page 99110) and DingTalk's custom robot. They speak into groups and hear nothing."""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from aiohttp import web

from sim.control import control_routes, people_from
from sim.phone import Phone, Seen
from sim.refusal import Refusal
from sim.running import fields, run
from sim.wecom_screen import paint_markdown
from sim.wire import Wire, exchange

Body = dict[str, Any]
HOUR_MS = 3_600_000
STATES = {"wecom": {"off": 93004, "out": 93008, "gone": 93000},
          "dingtalk": {"off": 400102, "out": 400106, "gone": 400101}}  # fmt: skip


@dataclass
class Faults:
    """What goes wrong on purpose. Counters are used up one by one."""

    fail_next: list[tuple[int, str]] = field(default_factory=list)  # errcode, errmsg
    lose_answers: int = 0  # so many messages are shown, and the connection breaks before the answer
    cut: bool = False  # connections are dropped


@dataclass
class Limits:
    """Messages a minute and robot; for how many seconds DingTalk blocks who sent more; bytes of one message."""

    per_minute: int = 20
    blocked: float = 600.0
    wecom_text: int = 2048
    wecom_markdown: int = 4096
    dingtalk: int = 20_000


@dataclass
class Robot:
    """A robot in one group. `state`: "on", "off" (stopped), "out" (no longer in the group), "gone" (its key is dead)."""

    kind: str
    key: str
    secret: str
    keyword: str
    group: Phone
    state: str = "on"
    times: "deque[float]" = field(default_factory=deque)
    blocked_until: float = 0.0
    known: set[str] = field(default_factory=set)  # msgUuids


class GroupRobots:
    """Robots of both platforms on one port; the screen of a group is a phone named like the group."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port, self.url = host, port, ""
        self.skew = 0.0
        self.faults, self.limits, self.wire = Faults(), Limits(), Wire()
        self.phones: dict[str, Phone] = {}
        self.robots: dict[str, Robot] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Opens the port."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes(control_routes(self))
        app.add_routes(
            [web.post("/cgi-bin/webhook/send", self._wecom), web.post("/robot/send", self._dingtalk)]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.3)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://{self.host}:{self.port}"

    async def stop(self) -> None:
        """Frees the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def now(self) -> float:
        """The clock of both platforms, Unix seconds."""
        return time.time() + self.skew

    def person(
        self, user: str, name: str, *, kind: str = "wecom", key: str = "", secret: str = "", keyword: str = "",
        **_more: Any,
    ) -> Phone:  # fmt: skip
        """The group `user` and its robot; created when new. `secret`: messages must be signed with it (加签);
        `keyword`: every message must hold it (自定义关键词). Both are DingTalk's."""
        if user not in self.phones:
            self.phones[user] = Phone(user, name)
            self.robots[user] = Robot(kind, key or f"key-{user}", secret, keyword, self.phones[user])
        return self.phones[user]

    def address(self, user: str) -> str:
        """The webhook of a group's robot, as its platform hands it out."""
        robot = self.robots[user]
        if robot.kind == "wecom":
            return f"{self.url}/cgi-bin/webhook/send?key={quote_plus(robot.key)}"
        return f"{self.url}/robot/send?access_token={quote_plus(robot.key)}"

    # ── requests ────────────────────────────────────────────────────────────────────────────────────────
    async def _wecom(self, request: web.Request) -> web.Response:
        return await self._answer(request, "wecom", request.query.get("key", ""))

    async def _dingtalk(self, request: web.Request) -> web.Response:
        return await self._answer(request, "dingtalk", request.query.get("access_token", ""))

    async def _answer(self, request: web.Request, kind: str, key: str) -> web.Response:
        if self.faults.cut:
            return _break(request)
        raw = await request.read()
        told: Body = {"errcode": 0, "errmsg": "ok"}
        with exchange() as on:
            try:
                if self.faults.fail_next:
                    raise Refusal(*self.faults.fail_next.pop(0))
                await self._take(request, kind, key, raw)
            except Refusal as refusal:
                told = {"errcode": refusal.code, "errmsg": refusal.message}
            shown = raw.decode("utf-8", "replace")
            with contextlib.suppress(ValueError):
                shown = json.loads(shown)
            self.wire.log("in", f"POST {request.path}", shown, told, status=200, at=self.now(), on=on)
        if told["errcode"] == 0 and self.faults.lose_answers > 0:
            self.faults.lose_answers -= 1
            return _break(request)
        return web.json_response(told)

    async def _take(self, request: web.Request, kind: str, key: str, raw: bytes) -> None:
        robot = next((one for one in self.robots.values() if (one.kind, one.key) == (kind, key)), None)
        if robot is None:
            raise Refusal(
                STATES[kind]["gone"], "invalid webhook url" if kind == "wecom" else "token is not exist"
            )
        if robot.state != "on":
            raise Refusal(STATES[kind][robot.state], f"robot is {robot.state}")
        if request.content_type != "application/json":
            raise Refusal(43004, "content-type must be application/json")
        if kind == "dingtalk":
            _signed(robot, request, self.now())
            if len(raw) > self.limits.dingtalk:
                raise Refusal(460101, f"message too long, exceed {self.limits.dingtalk} bytes")
        try:
            body = json.loads(raw)
        except ValueError:
            raise Refusal(40035, "not a json") from None
        if not isinstance(body, dict):
            raise Refusal(40035, "not a json object")
        self._count(robot)
        text = self._wecom_text(body) if kind == "wecom" else _dingtalk_text(robot, body)
        mark = str(body.get("msgUuid") or "") if kind == "dingtalk" else ""
        if mark and mark in robot.known:
            return
        robot.known |= {mark} - {""}
        seen = Seen(0, str(body["msgtype"]), "", self.now(), raw=body)
        paint_markdown(seen, text)
        seen.text = "\n".join(line.rstrip() for line in seen.text.split("\n"))
        await robot.group.show(seen)

    def _count(self, robot: Robot) -> None:
        """20 a minute; WeCom refuses what is more, DingTalk all for ten minutes from then on."""
        now = self.now()
        fast = (45009, "api freq out of limit") if robot.kind == "wecom" else (
            130101, f"send too fast, exceed {self.limits.per_minute} times per minute"
        )  # fmt: skip
        if now < robot.blocked_until:
            raise Refusal(*fast)
        while robot.times and now - robot.times[0] >= 60:
            robot.times.popleft()
        if len(robot.times) >= self.limits.per_minute:
            if robot.kind == "dingtalk":
                robot.blocked_until = now + self.limits.blocked
            raise Refusal(*fast)
        robot.times.append(now)

    def _wecom_text(self, body: Body) -> str:
        """text or markdown within its bytes; template cards of robots call nobody back and are not simulated."""
        kind = str(body.get("msgtype"))
        most = {"text": self.limits.wecom_text, "markdown": self.limits.wecom_markdown,
                "markdown_v2": self.limits.wecom_markdown}.get(kind)  # fmt: skip
        if most is None:
            raise Refusal(40008, "invalid message type")
        text = _words(body, kind, "content", 44004)
        if len(text.encode()) > most:
            raise Refusal(40058, f"{kind}.content exceed max length {most}")
        return text


def _words(body: Body, kind: str, name: str, empty: int) -> str:
    told = body.get(kind)
    text = told.get(name) if isinstance(told, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise Refusal(empty, f"empty {kind}.{name}")
    return text


def _dingtalk_text(robot: Robot, body: Body) -> str:
    kind = str(body.get("msgtype"))
    if kind not in ("text", "markdown"):
        raise Refusal(400105, "unsupported msgtype")
    text = _words(body, kind, "content" if kind == "text" else "text", 430104)
    if kind == "markdown":
        _words(body, kind, "title", 430104)
    if robot.keyword and robot.keyword not in json.dumps(body[kind], ensure_ascii=False):
        raise Refusal(310000, "keywords not in content")
    return re.sub(r" {2}\n", "\n", text)


def _signed(robot: Robot, request: web.Request, now: float) -> None:
    """timestamp and sign, where the robot wants them; the timestamp may be an hour off."""
    if not robot.secret:
        return
    stamp = request.query.get("timestamp", "")
    if not stamp.isdigit() or abs(now * 1000 - int(stamp)) > HOUR_MS:
        raise Refusal(310000, "invalid timestamp")
    digest = hmac.new(robot.secret.encode(), f"{stamp}\n{robot.secret}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), request.query.get("sign", "")):
        raise Refusal(310000, "sign not match")


def _break(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def serve(server: GroupRobots, scenario: str = "") -> None:
    """Runs until SIGTERM or SIGINT; prints one JSON line when it listens."""
    if scenario:
        people_from(server, scenario)
    await run(
        server,
        lambda: fields(server, "url") | {"robots": {user: server.address(user) for user in server.robots}},
    )


def main() -> None:
    """`python -m sim.group_robots --port 9004 [--scenario FILE.json]`; the people of the file are the groups."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9004)
    parser.add_argument("--scenario", default="")
    given = parser.parse_args()
    asyncio.run(serve(GroupRobots(host=given.host, port=given.port), given.scenario))


if __name__ == "__main__":
    main()
