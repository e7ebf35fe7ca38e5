"""A pretend WeCom with one AI bot (智能机器人) in long-connection mode: sockets, files, the phones of its people."""

import argparse
import asyncio
import base64
import ssl
from functools import partial
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sim.control import control_routes, people_from
from sim.phone import Phone, Press, Seen
from sim.running import fields, run
from sim.wecom_aibot_socket import Socket
from sim.wecom_aibot_uploads import new_key, sealed
from sim.wecom_aibot_world import Body, Callback, Stored, World


class WecomAibotServer(World):
    """One bot on one port. `ws_url` goes into `[wecom_aibot] ws_base`; with `tls` it is wss://."""

    def __init__(
        self, *, bot_id: str = "botsim", secret: str = "sim-aibot-secret", host: str = "127.0.0.1", port: int = 0,
        tls: ssl.SSLContext | None = None, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(bot_id, secret, **more)
        self.host, self.port, self.url = host, port, ""
        self._tls = tls
        self.socket = Socket(self)
        self._runner: web.AppRunner | None = None

    @property
    def ws_url(self) -> str:
        """The address of the long connection."""
        return self.url.replace("http", "ws", 1)

    async def start(self) -> None:
        """Opens the port."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes(control_routes(self))
        app.add_routes([web.get("/", self.socket.handle), web.get("/file/{id}", self._download)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.3)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, ssl_context=self._tls).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http{'s' if self._tls else ''}://{self.host}:{self.port}"

    async def stop(self) -> None:
        """Drops all connections and frees the port (a later `start` takes the same one)."""
        await self.socket.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def connected(self, timeout: float = 10.0) -> None:
        """Waits until a connection is subscribed."""
        await self.socket.connected(timeout)

    def person(self, user: str, name: str, *, wrote: bool = False, **_more: Any) -> Phone:
        """The phone of a member; created when new. `wrote`: they have written to the bot some time ago."""
        if user not in self.phones:
            phone = Phone(user, name)
            phone.send = partial(self._verb, user)
            self.phones[user] = phone
        if wrote:
            self.wrote.add(user)
        return self.phones[user]

    def group(self, chat: str, users: list[str]) -> None:
        """A group chat that the bot is in."""
        self.groups[chat] = list(users)

    # ── what people do ──────────────────────────────────────────────────────────────────────────────────
    async def _verb(self, user: str, verb: Body) -> None:
        match verb["verb"]:
            case "say":
                await self._message(user, "text", {"content": str(verb["text"])}, quote=verb.get("quote"))
            case "say_in_group":
                text = {"content": f"@{self.bot_name} {verb['text']}"}
                await self._message(user, "text", text, chat=str(verb["chat"]))
            case "voice":
                await self._message(user, "voice", {"content": str(verb["text"])})
            case "image" | "file" | "video":
                name = str(
                    verb.get("name") or {"image": "picture.png", "video": "video.mp4"}.get(verb["verb"], "f")
                )
                await self._message(user, verb["verb"], self._file(name, verb["body"]))
            case "mixed":
                items = [{"msgtype": "text", "text": {"content": str(verb["text"])}}]
                items.append({"msgtype": "image", "image": self._file("picture.png", verb["body"])})
                await self._message(user, "mixed", {"msg_item": items})
            case "enter":
                await self._event(user, "enter_chat")
            case "feedback":
                thumbs = [one.raw["feedback"] for one in self.phones[user].seen if "feedback" in one.raw]
                if not thumbs:
                    self.note("nothing to have an opinion on", user)
                    return
                told: Body = {
                    "id": thumbs[-1],
                    "type": int(verb["type"]),
                    "content": str(verb.get("content", "")),
                }
                await self._event(
                    user, "feedback_event", **told, inaccurate_reason_list=verb.get("reasons", [])
                )
            case "click":
                await self._click(user, verb["card"], verb["press"])
            case _:
                shown = {name: value for name, value in verb.items() if name not in ("body", "card")}
                self.note(f"not delivered: {verb['verb']}", {"user": user} | shown)

    async def _message(
        self, user: str, kind: str, content: Body, *, chat: str = "", quote: Any = None
    ) -> None:
        """A message callback. Somebody with three messages in hand is not heard."""
        now = self.now()
        waiting = [
            one for one in self.callbacks.values()
            if one.kind == "message" and one.user == user and not one.used and now - one.at < 360
        ]  # fmt: skip
        if len(waiting) >= self.limits.in_hand:
            self.note("three messages of this person are in hand", user)
        self.wrote.add(chat or user)
        body: Body = {
            "msgid": self.new_id("M"), "aibotid": self.bot_id, "chattype": "group" if chat else "single",
            "from": {"userid": self.id_of(user)}, "msgtype": kind, kind: content,
        }  # fmt: skip
        if chat:
            body["chatid"] = chat
        if quote:
            body["quote"] = {"msgtype": "text", "text": {"content": str(quote)}}
        await self._callback("message", user, chat or user, "aibot_msg_callback", body)

    async def _event(self, user: str, kind: str, *, chat: str = "", **told: Any) -> None:
        where: Body = {"chatid": chat, "chattype": "group"} if chat else {"chattype": "single"}
        frame = self.socket.event(kind, {"from": {"userid": self.id_of(user)}, **where}, **told)
        window = kind if kind in ("enter_chat", "template_card_event") else "other"
        self._open(frame["headers"]["req_id"], window, user, chat or user, str(told.get("task_id") or ""))
        await self.socket.push(frame)

    async def _callback(self, kind: str, user: str, chat: str, cmd: str, body: Body) -> None:
        req_id = self.new_id("CB")
        self._open(req_id, kind, user, chat)
        await self.socket.push({"cmd": cmd, "headers": {"req_id": req_id}, "body": body})

    def _open(self, req_id: str, kind: str, user: str, chat: str, task_id: str = "") -> None:
        self.callbacks[req_id] = Callback(req_id, kind, self.now(), user, chat, task_id)
        if len(self.callbacks) > 50_000:
            del self.callbacks[next(iter(self.callbacks))]

    async def _click(self, user: str, card: Seen, press: Press) -> None:
        told = self.cards.get(card.track)
        if press.link or told is None:
            self.note("opens a page or leads nowhere", {"user": user, "url": press.link})
            return
        event: Body = {"card_type": told.card["card_type"], "event_key": press.key, "task_id": card.track}
        if card.picks and press.key not in card.raw.get("menu_keys", []):
            event["selected_items"] = {
                "selected_item": [
                    {"question_key": pick.key, "option_ids": {"option_id": pick.chosen}}
                    for pick in card.picks
                ]
            }
        chat = told.chat if told.chat in self.groups else ""
        await self._event(user, "template_card_event", chat=chat, **event)

    # ── files ───────────────────────────────────────────────────────────────────────────────────────────
    def _file(self, name: str, body: bytes) -> Body:
        """A file of a person: behind a URL for five minutes, sealed; the key may lack its padding."""
        key, id = new_key(), self.new_id("file")
        self.media[id] = Stored(name, body, self.now(), key=key)
        return {"url": f"{self.url}/file/{id}", "aeskey": base64.b64encode(key).decode().rstrip("=")}

    async def _download(self, request: web.Request) -> web.Response:
        stored = self.media.get(request.match_info["id"])
        if stored is None or not stored.key or self.now() - stored.born > self.limits.url_life:
            return web.Response(status=404)
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.name)}"}
        return web.Response(body=sealed(stored.body, stored.key), headers=headers)


async def serve(server: WecomAibotServer, scenario: str = "") -> None:
    """Runs until SIGTERM or SIGINT; prints one JSON line when it listens."""
    if scenario:
        people_from(server, scenario)
    await run(server, lambda: fields(server, "url", "ws_url", "bot_id", "secret"))


def main() -> None:
    """`python -m sim.wecom_aibot_server --port 9003 [--scenario FILE.json] [--cert FILE --key FILE]`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9003)
    parser.add_argument("--scenario", default="")
    parser.add_argument("--cert", default="", help="with --key: speak TLS")
    parser.add_argument("--key", default="")
    parser.add_argument("--encrypted", action="store_true", help="people are named by open_userid")
    given = parser.parse_args()
    tls = None
    if given.cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(given.cert, given.key or None)
    server = WecomAibotServer(host=given.host, port=given.port, tls=tls, encrypted=given.encrypted)
    asyncio.run(serve(server, given.scenario))


if __name__ == "__main__":
    main()
