"""What people do on their phones, asked for by the console page: verbs, choices, files, older messages."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sim.console_feed import Sim, wire_row
from sim.control import screen_row
from sim.dingtalk_server import DingtalkServer
from sim.phone import Gone, Phone, Seen
from sim.wechat import Wechat
from sim.wecom_aibot_server import WecomAibotServer

MOST = 500
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
LOST = {
    "given up": "没有送达：机器人没有应答，平台重试后放弃了",
    "lost ": "没有送达：机器人没有连上",
    "not delivered: no callback url": "没有送达：没有设置回调地址",
    "not delivered": "企业微信不把文件、合并转发、名片交给自建应用（平台限制）：请复制文字再粘贴",
    "card callback timed out": "机器人没有在 2 秒内应答",
}
"""What a note on the wire means for the person who is waiting."""


class Wrong(Exception):
    """The request cannot be done; the text can be shown."""


class Phones:
    """The phones of both platforms, as the page handles them."""

    def __init__(self, sims: Mapping[str, Sim]) -> None:
        self._sims = sims

    def _find(self, request: web.Request) -> tuple[Sim, Phone]:
        sim = self._sims.get(request.match_info["platform"])
        phone = sim.phones.get(request.match_info["user"]) if sim else None
        if sim is None or phone is None:
            raise Wrong("没有这个人")
        return sim, phone

    async def messages(self, request: web.Request) -> dict[str, Any]:
        """{"total", "version", "rows"}: the `limit` newest below number `before` (default: the newest of all)."""
        _, phone = self._find(request)
        total = len(phone.seen)
        before = _number(request.query.get("before"), total + 1)
        limit = min(_number(request.query.get("limit"), 200), MOST)
        last = max(0, min(before - 1, total))
        rows = [screen_row(seen) for seen in phone.seen[max(0, last - limit) : last]]
        return {"total": total, "version": phone.version, "rows": rows}

    async def wire(self, request: web.Request) -> dict[str, Any]:
        """{"rows"}: what went over the wire for message `n`, oldest first; empty when that was too long ago."""
        sim, phone = self._find(request)
        seen, name = _seen(phone, _number(request.match_info["n"], 0)), request.match_info["platform"]
        return {"rows": [wire_row(name, one) for one in list(sim.wire) if (phone.user, seen.n) in one.on]}

    async def file(self, request: web.Request) -> web.Response:
        """The file behind message `n`; pictures may be shown, all else is only downloaded."""
        _, phone = self._find(request)
        seen = _seen(phone, _number(request.match_info["n"], 0))
        if not seen.file:
            raise Wrong("这条消息没有文件")
        kind = next((mime for start, mime in PICTURES.items() if seen.file.startswith(start)), "")
        name = quote(seen.text.split("\n")[0].strip("[]［］") or "file")
        shown = "inline" if kind else "attachment"
        headers = {"Content-Disposition": f"{shown}; filename*=UTF-8''{name}"}
        return web.Response(body=seen.file, content_type=kind or "application/octet-stream", headers=headers)

    async def choose(self, request: web.Request) -> dict[str, Any]:
        """{"n", "key", "ids"}: what is picked in a drop-down or ticked; it is sent with the next button."""
        _, phone = self._find(request)
        body = await body_of(request)
        seen = _seen(phone, _number(body.get("n"), 0))
        pick = next((pick for pick in seen.picks if pick.key == body.get("key")), None)
        ids = body.get("ids")
        if pick is None or not pick.enabled or not isinstance(ids, list):
            raise Wrong("这里现在不能选")
        known = {option for option, _ in pick.options}
        if not set(ids) <= known or (len(ids) > 1 and not pick.many):
            raise Wrong("没有这个选项")
        pick.chosen = [str(one) for one in ids]
        return {"ok": True}

    async def act(self, request: web.Request) -> dict[str, Any]:
        """One verb. The answer's `problem` says why nothing arrived, "" when it did."""
        sim, phone = self._find(request)
        body, before = await body_of(request), sim.wire.total
        try:
            await self._do(sim, phone, request.match_info["verb"], body)
        except Gone as gone:
            raise Wrong(str(gone).split("\n")[0]) from None
        return {"ok": True, "problem": _problem(sim, before)}

    async def _do(self, sim: Sim, phone: Phone, verb: str, body: dict[str, Any]) -> None:
        ding = isinstance(sim, DingtalkServer)
        match verb:
            case "say" if isinstance(sim, Wechat):
                await sim.says(phone.user, str(body.get("as") or phone.name), _words(body, "text"))
            case "say":
                text = _words(body, "text")
                await phone.show(Seen(0, "text", text, sim.now(), mine=True))
                await phone.does("say", text=text)
            case "forward":
                await phone.forwards(_lines(body), only=None)
            case "voice":
                seconds, text = float(body.get("seconds") or 4), _words(body, "text")
                if not ding:  # there the platform does not show it on the screen by itself
                    await phone.show(Seen(0, "voice", f"[语音] {text}", sim.now(), mine=True))
                await phone.speaks(text, seconds)
            case "image":
                raw = _file_of(body)
                if not ding:
                    await phone.show(Seen(0, "image", "[图片]", sim.now(), mine=True, file=raw))
                await phone.sends_picture(raw)
            case "file":
                raw, name = _file_of(body), _words(body, "name")
                if not ding:
                    await phone.show(Seen(0, "file", name, sim.now(), mine=True, file=raw))
                await phone.sends_file(name, raw)
            case "enter":
                await phone.enters()
            case "menu":
                await phone.taps_menu(_words(body, "key"))
            case "click":
                await self._click(phone, body)
            case _:
                raise Wrong(f"没有「{verb}」这个动作")

    async def _click(self, phone: Phone, body: dict[str, Any]) -> None:
        card = _seen(phone, _number(body.get("n"), 0))
        if body.get("key"):
            await phone.presses_anyway(card, str(body["key"]))
        else:
            await phone.clicks(_words(body, "label"), card)


def _file_of(body: dict[str, Any]) -> bytes:
    """The bytes under `base64`."""
    try:
        raw = base64.b64decode(_words(body, "base64"), validate=True)
    except ValueError:
        raise Wrong("文件内容不是 base64") from None
    if not raw:
        raise Wrong("文件是空的")
    return raw


def _problem(sim: Sim, before: int) -> str:
    """What the notes written since say about the delivery."""
    for entry in reversed(list(sim.wire)):
        if entry.n <= before:
            return ""
        if entry.way == "note":
            if isinstance(sim, WecomAibotServer) and entry.what.startswith("not delivered"):
                return "企业微信不把合并转发、名片交给智能机器人（平台限制）：请复制文字再粘贴"
            for start, meaning in LOST.items():
                if entry.what.startswith(start):
                    return meaning
    return ""


def _seen(phone: Phone, n: int) -> Seen:
    if not 1 <= n <= len(phone.seen):
        raise Wrong("没有这条消息")
    return phone.seen[n - 1]


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises Wrong."""
    try:
        body = await request.json()
    except ValueError:
        raise Wrong("内容不是合法的 JSON") from None
    if not isinstance(body, dict):
        raise Wrong("内容要是一个 JSON 对象")
    return body


def _number(value: object, otherwise: int) -> int:
    try:
        return int(str(value)) if value not in (None, "") else otherwise
    except ValueError:
        raise Wrong("要一个整数") from None


def _words(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"缺少 {name}")
    return value


def _lines(body: dict[str, Any]) -> list[tuple[str, str]]:
    lines = body.get("lines")
    if not isinstance(lines, list) or not lines:
        raise Wrong("缺少 lines")
    try:
        return [(str(speaker), str(text)) for speaker, text in lines]
    except (TypeError, ValueError):
        raise Wrong('lines 要写成 [["说话人", "内容"], …]') from None
