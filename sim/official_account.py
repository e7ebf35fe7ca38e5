"""A pretend WeChat Official Account: hands callbacks over in each mode, comes again when nobody answers, shows the passive
answers to its followers, and says who is behind an OpenID. Knows nothing of the bot."""

import asyncio
import hashlib
import secrets
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, web

from sim.wecom_crypto import BadCipher, encrypt, open_reply, sign
from sim.wire import Wire

AES_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"
MODES = ("plain", "compatible", "encrypted")
TOKEN_SECONDS = 7200
CONTENT_BYTES = 2048


@dataclass
class Follower:
    """Somebody with the account on their phone: what they were answered, in order."""

    openid: str
    unionid: str = ""
    scene: str = "ADD_SCENE_SEARCH"
    here: bool = False
    answers: list[str] = field(default_factory=list)


class OfficialAccount:
    """One account. `callback_url` is where the bot listens; `now` its clock, Unix seconds."""

    def __init__(
        self, *, mode: str = "encrypted", callback_url: str = "", now: Callable[[], float] = time.time
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}")
        self.mode, self.callback_url, self.now = mode, callback_url, now
        self.app_id, self.app_secret = "wx" + secrets.token_hex(8), secrets.token_hex(16)
        self.token, self.aes_key, self.id = secrets.token_hex(8), AES_KEY, "gh_" + secrets.token_hex(6)
        self.followers: dict[str, Follower] = {}
        self.wire = Wire()
        self.deadline, self.retries = 5.0, 3
        self.errors: dict[str, int] = {}  # path → errcode that is answered instead
        self.calls: dict[str, int] = {}
        self.asked = 0  # how often the bot asked who somebody is
        self._tokens: dict[str, float] = {}
        self._ids = iter(range(23_000_000_001, 2**53))
        self._runner: web.AppRunner | None = None
        self._session: ClientSession | None = None
        self.url = ""

    # ── running ─────────────────────────────────────────────────────────────────────────────────────────
    async def start(self) -> None:
        """Listens for API calls."""
        app = web.Application()
        app.add_routes([
            web.post("/cgi-bin/stable_token", self._stable_token), web.get("/cgi-bin/user/info", self._info),
        ])  # fmt: skip
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self._session = ClientSession()

    async def stop(self) -> None:
        """Closes everything."""
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # ── what followers do ───────────────────────────────────────────────────────────────────────────────
    def follower(self, openid: str, **more: Any) -> Follower:
        """The follower of that OpenID, made when there is none."""
        return self.followers.setdefault(openid, Follower(openid, **more))

    async def subscribe(self, openid: str, *, scene: str = "") -> bool:
        """Somebody follows, by a QR code with `scene` or without."""
        one = self.follower(openid)
        one.here, one.scene = True, "ADD_SCENE_QR_CODE" if scene else one.scene
        return await self.event(openid, "subscribe", f"qrscene_{scene}" if scene else "")

    async def unsubscribe(self, openid: str) -> bool:
        """Somebody leaves."""
        self.follower(openid).here = False
        return await self.event(openid, "unsubscribe", "")

    async def event(self, openid: str, event: str, key: str) -> bool:
        """Any event with an EventKey (SCAN, CLICK, VIEW, …)."""
        return await self._deliver(openid, self._xml(openid, "event", Event=event, EventKey=key))

    async def says(self, openid: str, text: str) -> bool:
        """A text message."""
        return await self.sends(openid, "text", Content=text)

    async def sends(self, openid: str, kind: str, **elements: str) -> bool:
        """A message of any kind; its MsgId stays the same however often it is delivered."""
        return await self._deliver(openid, self._xml(openid, kind, **elements, MsgId=str(next(self._ids))))

    def _xml(self, openid: str, kind: str, **elements: str) -> str:
        root = ElementTree.Element("xml")
        head = {
            "ToUserName": self.id,
            "FromUserName": openid,
            "CreateTime": str(int(self.now())),
            "MsgType": kind,
        }
        for name, value in (head | elements).items():
            ElementTree.SubElement(root, name).text = value
        return ElementTree.tostring(root, encoding="unicode")

    # ── callbacks ───────────────────────────────────────────────────────────────────────────────────────
    async def verify(self, *, token: str = "") -> bool:
        """What saving the address in the console does: echostr has to come back."""
        echo = str(secrets.randbelow(10**18))
        url = f"{self.callback_url}?{urlencode(self._query(token) | {'echostr': echo})}"
        async with self._http().get(url, allow_redirects=False) as answer:
            body, status = await answer.text(), answer.status
        self.wire.log("out", "verify", echo, body, status=status)
        return status == 200 and body == echo

    async def _deliver(self, openid: str, xml: str) -> bool:
        """The first delivery and those after silence; True when it was taken."""
        for _ in range(1 + self.retries):
            status, body = await self.post(xml)
            if status == 200:
                self._show(openid, body)
                return True
            if status:
                return False
        return False

    async def post(self, xml: str, *, token: str = "", age: float = 0.0, mode: str = "") -> tuple[int, str]:
        """One POST of a message, signed with `token` (default: ours) `age` seconds ago, in `mode` (default: ours). Status 0
        when nobody answered in time."""
        mode, query = mode or self.mode, self._query(token, age)
        body = xml
        if mode != "plain":
            sealed = encrypt(self.aes_key, xml, self.app_id)
            query |= {
                "encrypt_type": "aes",
                "msg_signature": sign(token or self.token, query["timestamp"], query["nonce"], sealed),
            }
            inside = xml.removeprefix("<xml>").removesuffix("</xml>") if mode == "compatible" else ""
            to = "" if inside else f"<ToUserName><![CDATA[{self.id}]]></ToUserName>"
            body = f"<xml>{to}{inside}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        url = f"{self.callback_url}?{urlencode(query)}"
        try:
            async with (
                asyncio.timeout(self.deadline),
                self._http().post(
                    url, data=body.encode(), headers={"Content-Type": "text/xml"}, allow_redirects=False
                ) as answer,
            ):
                text, status = await answer.text(), answer.status
        except (TimeoutError, ClientError, OSError) as error:
            self.wire.log("out", "callback", xml, repr(error))
            return 0, ""
        self.wire.log("out", "callback", xml, text, status=status)
        return status, text

    def _query(self, token: str = "", age: float = 0.0) -> dict[str, str]:
        stamp, nonce = str(int(self.now() - age)), secrets.token_hex(5)
        signature = hashlib.sha1("".join(sorted([token or self.token, stamp, nonce])).encode()).hexdigest()
        return {"signature": signature, "timestamp": stamp, "nonce": nonce}

    def _show(self, openid: str, body: str) -> None:
        """What the follower sees of an answer; an answer that is none is what the platform calls out of service."""
        one = self.follower(openid)
        if body in ("", "success"):
            return
        try:
            if self.mode == "encrypted" or "<Encrypt>" in body:
                root = open_reply(body, self.token, self.aes_key, self.app_id)
            else:
                root = ElementTree.fromstring(body)
        except (BadCipher, ElementTree.ParseError):
            one.answers.append("该公众号提供的服务出现故障，请稍后再试")
            return
        text = root.findtext("Content", "")
        fits = root.findtext("ToUserName") == openid and root.findtext("FromUserName") == self.id
        if not fits or root.findtext("MsgType") != "text" or not 0 < len(text.encode()) <= CONTENT_BYTES:
            text = "该公众号提供的服务出现故障，请稍后再试"
        one.answers.append(text)

    def _http(self) -> ClientSession:
        if self._session is None:
            raise RuntimeError("the account is not started")
        return self._session

    # ── the API ─────────────────────────────────────────────────────────────────────────────────────────
    async def _stable_token(self, request: web.Request) -> web.Response:
        body = await request.json()
        if refused := self._refused("/cgi-bin/stable_token"):
            return refused
        if body.get("appid") != self.app_id:
            return _error(40013, "invalid appid")
        if body.get("secret") != self.app_secret:
            return _error(40125, "invalid appsecret")
        alive = [token for token, until in self._tokens.items() if until > self.now()]
        if body.get("force_refresh") or not alive:
            self._tokens.clear()
            alive = [secrets.token_urlsafe(60)]
            self._tokens[alive[0]] = self.now() + TOKEN_SECONDS
        return web.json_response({"access_token": alive[0], "expires_in": TOKEN_SECONDS})

    async def _info(self, request: web.Request) -> web.Response:
        self.asked += 1
        if refused := self._refused("/cgi-bin/user/info"):
            return refused
        if self._tokens.get(request.query.get("access_token", ""), 0.0) <= self.now():
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        one = self.followers.get(request.query.get("openid", ""))
        if one is None:
            return _error(40003, "invalid openid")
        if not one.here:
            return web.json_response({"subscribe": 0, "openid": one.openid})
        about = {
            "subscribe": 1,
            "openid": one.openid,
            "nickname": "",
            "headimgurl": "",
            "subscribe_scene": one.scene,
        }
        return web.json_response(about | ({"unionid": one.unionid} if one.unionid else {}))

    def expire_tokens(self) -> None:
        """The tokens given so far are worth nothing any more."""
        self._tokens.clear()

    def _refused(self, path: str) -> web.Response | None:
        self.calls[path] = self.calls.get(path, 0) + 1
        code = self.errors.get(path)
        said = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 1-2-3"
        return _error(code, said if code == 40164 else "refused as set") if code else None


def _error(code: int, text: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": text})
