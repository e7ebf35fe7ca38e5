"""The callback door: verify, open, decode, store, then 200 (protocol 1.3–1.5). Checked from cheap to dear."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.config import Wecom
from bot.envelope import Envelope, Forged, Garbled, check_time, check_told, sealed_in
from bot.events import Incoming
from bot.fields import fields_of
from bot.logs import Rarely, Unstored
from bot.platform import Door, Intake, Now, Reply, Shared
from bot.wecom.decode import ENTERED_EVERY, decode, is_entering

log = structlog.get_logger("wecom")

PATH = "/wecom/callback"
BIGGEST = 64 * 1024  # bytes; the outer XML is read before the signature is known to be good
READ_WITHIN = 5.0  # seconds; WeCom itself gives up after five
STORE_WITHIN = 3.5
SEEN = "wecom:callback:seen"
SEEN_EVERY = 60.0
SAID_EVERY = 1.0  # seconds between two lines of the log about callbacks that were refused
TAKEN = Reply()
TOO_BIG = Reply.refused(413, "too_big", "请求超过 64 KiB")
NOT_STORED = Reply.refused(503, "not_stored", "暂时无法保存")


class TooBig(Exception):
    """The body is over 64 KiB."""


class Inbound:
    """Receives callbacks of one app. `refused` counts those that did not verify, for /诊断."""

    def __init__(self, settings: Wecom, shared: Shared, now: Now, store_within: float = STORE_WITHIN) -> None:
        self._envelope = Envelope(
            settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.corp_id
        )
        self._window, self._shared, self._now = settings.timestamp_window, shared, now
        self._store_within = store_within
        self._intake: Intake | None = None
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._noted: datetime | None = None
        self.refused = 0
        self._forged, self._lost = Rarely(SAID_EVERY), Unstored()

    def routes(self) -> list[web.RouteDef]:
        """GET: the console's verification of the URL. POST: messages and events."""
        return [web.get(PATH, self._verify, allow_head=False), web.post(PATH, self._receive)]

    def doors(self) -> Mapping[str, Door]:
        """The POST again, for what reads plain callbacks by itself (web/front.py)."""
        return {PATH: self.take}

    def open(self, intake: Intake) -> None:
        """From now on events are taken in."""
        self._intake = intake

    async def close(self, within: float) -> None:
        """Take in nothing more; wait up to `within` seconds for what is being acknowledged."""
        self._intake = None
        try:
            async with asyncio.timeout(within):
                await self._idle.wait()
        except TimeoutError:
            log.warning("callbacks were still being stored at the stop", count=self._busy)

    async def _verify(self, request: web.Request) -> web.Response:
        query = request.query
        echo = query.get("echostr", "").replace(" ", "+")  # a proxy may have opened %2B (1.3)
        try:
            now = self._now()
            self._check_time(query, now)
            text = self._opened(query, echo)
            await self._note(now)
            return web.Response(body=text, content_type="text/plain", charset="utf-8")
        except (Forged, Garbled) as error:
            return _response(self._no(error))

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            self._check_time(request.query, self._now())  # before the body is waited for
            body = await _body(request)
        except TooBig:
            return _response(TOO_BIG)
        except TimeoutError:
            return _response(Reply.refused(408, "too_slow", "请求没有在 5 秒内发完"))
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError):
            return _response(Reply.refused(400, "broken", "请求没有传完整，或者不是所说的压缩格式"))
        except Forged as error:
            return _response(self._no(error))
        return _response(await self.take(request.query, body))

    async def take(self, query: Mapping[str, str], body: bytes) -> Reply:
        """One callback that was read whole: 200 when it is stored, or is nothing for us; else why not."""
        if len(body) > BIGGEST:
            return TOO_BIG
        try:
            now = self._now()
            self._check_time(query, now)
            root = fields_of(self._opened(query, sealed_in(body)))
            check_told(
                (root.findtext("CreateTime") or "").strip(), query["timestamp"], query.get("nonce", ""), now, self._window
            )  # fmt: skip
            incoming = decode(root, now)
        except (Forged, Garbled) as error:
            return self._no(error)
        await self._note(now)
        if incoming is None or await self._known(incoming):
            return TAKEN
        return await self._store(incoming)

    def _check_time(self, query: Mapping[str, str], now: datetime) -> None:
        if not query.get("msg_signature"):
            raise Forged("没有签名")
        check_time(query.get("timestamp", ""), now, self._window)

    def _opened(self, query: Mapping[str, str], sealed: str) -> bytes:
        self._envelope.check(
            query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""), sealed
        )
        return self._envelope.open(sealed)

    async def _store(self, incoming: Incoming) -> Reply:
        """Durable before the 200. 503 is the last resort: whether WeCom re-sends on it is documented both ways."""
        intake = self._intake
        if intake is None:
            return Reply.refused(503, "stopping", "正在启动或停止")
        self._busy += 1
        self._idle.clear()
        try:
            await intake([incoming], self._store_within)
        except Exception as error:
            self._lost.tell(log, "callback not stored", error, incoming.dedup)
            return NOT_STORED
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()
        if is_entering(incoming):
            await self._shared.put(_entered(incoming), "1", ENTERED_EVERY)
        return TAKEN

    async def _known(self, incoming: Incoming) -> bool:
        """Opening the chat comes all the time; once in ten minutes is enough."""
        return is_entering(incoming) and await self._shared.get(_entered(incoming)) is not None

    async def _note(self, now: datetime) -> None:
        """Remembers that WeCom reaches us, at most once a minute."""
        if self._noted is None or (now - self._noted).total_seconds() >= SEEN_EVERY:
            self._noted = now
            await self._shared.put(SEEN, now.isoformat(), 30 * 86400)

    def _no(self, error: Forged | Garbled) -> Reply:
        self.refused += 1
        if count := self._forged.count():  # a stranger is not to fill the disk with lines
            log.warning("callback refused", reason=str(error), count=count)
        if isinstance(error, Forged):
            return Reply.refused(403, "forged", str(error))
        return Reply.refused(400, "garbled", str(error))


async def _body(request: web.Request) -> bytes:
    """The body, at most 64 KiB of it, within five seconds. Raises TooBig, TimeoutError."""
    if (request.content_length or 0) > BIGGEST:
        raise TooBig
    if request.content.is_eof():  # it came in one piece with its headers, as nearly always
        whole = await request.content.read()
        if len(whole) > BIGGEST:
            raise TooBig
        return whole
    body = bytearray()
    async with asyncio.timeout(READ_WITHIN):
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > BIGGEST:
                raise TooBig
    return bytes(body)


def _entered(incoming: Incoming) -> str:
    return f"wecom:entered:{incoming.lane}"


def _response(reply: Reply) -> web.Response:
    if not reply.body:
        return web.Response(status=reply.status)
    return web.Response(status=reply.status, body=reply.body, content_type=reply.kind, charset="utf-8")
