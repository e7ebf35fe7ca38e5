"""The WeCom AI bot as a Platform: one long connection in and out (protocol 10)."""

import asyncio
import re

import aiohttp
import structlog
from aiohttp import web

from bot.config import WecomAibot
from bot.events import Alert, Click, Incoming, Media, Message
from bot.platform import (
    FILE,
    Check,
    Intake,
    Limits,
    Meter,
    Now,
    Outgoing,
    SendFailed,
    Sent,
    Shared,
    Way,
    Wide,
    fetched,
)
from bot.wecom.limits import TASK_BYTES
from bot.wecom_aibot import frames, inbound, wire
from bot.wecom_aibot.checks import checks
from bot.wecom_aibot.client import Client, Pace
from bot.wecom_aibot.frames import Frame, Json
from bot.wecom_aibot.inbound import PLATFORM
from bot.wecom_aibot.media import fetch, uploads
from bot.wecom_aibot.render import render
from bot.wecom_aibot.replies import Replies
from bot.wecom_aibot.texts import pieces, words_of
from bot.wecom_aibot.windows import CARD_FOR, Windows

log = structlog.get_logger(__name__)
TASK = re.compile(rf"[0-9A-Za-z_@-]{{1,{TASK_BYTES}}}")
STORE_FOR = 60.0  # seconds in which storing a callback is tried: WeCom does not come again (10.5)
SINGLE = 1  # chat_type of a one-to-one chat; always sent, for without it WeCom tries a group first


class WecomAibotPlatform:
    """One AI bot. `public_url` is where a tap on a card without buttons leads; `brand` stands above cards."""

    name = PLATFORM

    def __init__(
        self, settings: WecomAibot, shared: Shared, now: Now, meter: Meter, *,
        public_url: str = "https://work.weixin.qq.com", brand: str = "跟进", pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self.settings, self._shared, self._now, self._meter = settings, shared, now, meter
        self._public_url, self._brand = public_url, brand
        self.limits = Limits(
            idempotent=frozenset({Way.CARD, Way.UPDATE}),
            needs_code=True,
            code_lasts=CARD_FOR,
            speaks_first=False,
            one_connection=True,
        )
        self._http: aiohttp.ClientSession | None = None
        self._intake: Intake | None = None
        self.client = Client(self._session, settings, self._take, self._tell, now, pace)
        self._wire = wire.Wire(self.client)
        self._windows = Windows()
        thinking = settings.thinking.total_seconds()
        self._replies = Replies(self._wire, self._windows, thinking, feedback=settings.feedback)
        self._uploads = uploads(self._wire, shared)
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """None: everything comes over the socket."""
        return []

    async def start(self, intake: Intake) -> None:
        """Connects; callbacks are taken in from now on."""
        self._intake = intake
        self.limits.down = False
        await self.client.start()

    async def stop(self) -> None:
        """Takes nothing more, ends what is half said, closes."""
        if self.client.up:
            await self._replies.stop()
        await self.client.stop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._intake = None
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def check(self) -> list[Check]:
        """Connection, credentials and kicks."""
        return checks(self.client, self._now())

    async def fetch(self, media: Media) -> tuple[bytes, str]:
        """A file that somebody sent → (bytes, name); possible for five minutes. Raises SendFailed."""
        return await fetch(media, self.settings.ws_base)

    # ── in ──────────────────────────────────────────────────────────────────────────────────────────────
    async def _take(self, frame: Frame) -> None:
        """A callback: its window opens, then it is stored. Raises nothing."""
        try:
            found = inbound.read(frame, self._now(), self.settings.name, self._replies.said)
        except Exception:  # a frame that breaks the reading is in the log instead
            log.exception("aibot.callback.broken", cmd=frame.cmd)
            return
        if found is None:
            return
        user = inbound.user_of(frame)
        event = found.event
        if isinstance(event, Message):
            if event.chat:
                self._into_group(frame.req_id)
            else:
                self._replies.asked(user, frame.req_id)
        elif isinstance(event, Click):
            self._windows.press(frame.req_id, event.card)
            found = Incoming(found.dedup, found.lane, _with_code(event, frame.req_id))
        elif not isinstance(event, Alert):
            self._windows.arrival(user, frame.req_id)
        await self._store(found)

    def _into_group(self, req_id: str) -> None:
        if self.settings.group_answer:
            task = asyncio.create_task(self._replies.into_group(req_id, self.settings.group_answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _store(self, incoming: Incoming) -> None:
        """WeCom takes no acknowledgement and does not come again, so what the database refuses is tried again here."""
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + STORE_FOR, 0.1
        while self._intake is not None:
            try:
                await self._intake([incoming])
                return
            except Exception as error:
                if loop.time() + pause > until:
                    log.exception("aibot.callback.lost", dedup=incoming.dedup)
                    return
                log.warning("aibot.callback.not_stored", dedup=incoming.dedup, error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(5.0, pause * 2)

    async def _tell(self, code: str, text: str) -> None:
        """An Alert for the admins, once for each cause and hour; until it is over, others are written to elsewhere."""
        self.limits.down = True
        now = self._now()
        log.error("aibot.alert", code=code)
        if self._intake is not None:
            alert = Alert(PLATFORM, code, text, now)
            stamp = f"{now:%Y%m%d%H%M%S}" if code == "kicked" else f"{now:%Y%m%d%H}"
            await self._store(Incoming(f"{PLATFORM}:alert:{code}:{stamp}", f"{PLATFORM}:alerts", alert))

    # ── out ─────────────────────────────────────────────────────────────────────────────────────────────
    async def send(self, out: Outgoing) -> Sent:
        """Send one thing. Raises SendFailed."""
        self.limits.down = self.client.kicked is not None or bool(self.client.refused)
        if not self.client.up:
            raise SendFailed("长连接断开，正在重连", retry=True, after=wire.AGAIN_IN, wide=Wide.APP)
        match out.way:
            case Way.TEXT:
                return await self._text(out)
            case Way.CARD:
                return await self._card(out, out.track)
            case Way.UPDATE:
                return await self._update(out)
            case Way.FILE:
                return await self._file(out)
            case Way.ASK if out.text == FILE:
                body, name = await self.fetch(Media(out.ref))
                return fetched(body, name)
            case _:
                raise SendFailed("企业微信智能机器人没有待办", retry=False)

    async def _text(self, out: Outgoing) -> Sent:
        if not out.text.strip():
            raise SendFailed("没有可发的文字", retry=False)
        first, *rest = pieces(out.text, escape=self.settings.escape)
        await self._room(out.user)
        if not await self._replies.text(out.user, first):
            await self._push(out.user, _markdown(first))
        for piece in rest:
            await self._room(out.user)
            await self._push(out.user, _markdown(piece))
        return Sent(ref=f"aibot-{out.id}")

    async def _card(self, out: Outgoing, track: str) -> Sent:
        """A card with task_id = track, which this bot takes once; its words follow when it has no room for them."""
        body, words = self._drawn(out, track)
        card: Json = {"msgtype": "template_card", "template_card": body}
        await self._room(out.user)
        try:
            if not await self._replies.other(out.user, card, str(out.card.title if out.card else "")):
                await self._push(out.user, card)
        except SendFailed as error:
            if error.code != wire.TASK_KNOWN:
                raise
            log.warning("card was sent before", track=track, again=out.again)
        await self._rest(out.user, words)
        return Sent(ref=f"aibot-{out.id}", track=track)

    async def _update(self, out: Outgoing) -> Sent:
        """Changes the card in place within 5 s of a press; else sends it anew under the same track and `-r<row>`."""
        window = self._windows.take_press(out.code) if out.code else None
        if window is not None:
            body, words = self._drawn(out, window.task)
            if await self._replies.change(window, body):
                await self._rest(out.user, words)
                return Sent(track=window.task)
        suffix = f"-r{out.id}"
        first = re.sub(r"-r\d+$", "", out.track)
        sent = await self._card(out, first[-(TASK_BYTES - len(suffix)) :] + suffix)
        return Sent(ref=sent.ref, fresh=True, track=sent.track)

    def _drawn(self, out: Outgoing, track: str) -> tuple[Json, str]:
        """The card, and what it has no room for. Raises SendFailed."""
        if out.card is None:
            raise SendFailed("没有可发的卡片", retry=False)
        if not TASK.fullmatch(track):
            raise SendFailed("卡片编号只能有字母、数字、_、-、@，最多 128 位", retry=False)
        body, cut = render(out.card, public_url=self._public_url, brand=self._brand, task_id=track)
        return body, pieces(words_of(out.card), escape=self.settings.escape)[
            0
        ] if cut and not out.card.closed else ""

    async def _file(self, out: Outgoing) -> Sent:
        media_id = await self._uploads.id_of(out.file, out.filename)
        try:
            await self._send_file(out, media_id)
        except SendFailed as error:
            if error.code != wire.MEDIA_GONE:
                raise
            await self._send_file(out, await self._uploads.again(out.file, out.filename, media_id))
        return Sent(ref=media_id)

    async def _send_file(self, out: Outgoing, media_id: str) -> None:
        body: Json = {"msgtype": "file", "file": {"media_id": media_id}}
        await self._room(out.user)
        if not await self._replies.other(out.user, body, out.filename):
            await self._push(out.user, body)

    async def _rest(self, user: str, words: str) -> None:
        """What a card had no room for. The card is there already: its words are not worth sending it again."""
        if not words:
            return
        try:
            await self._room(user)
            await self._push(user, _markdown(words))
        except SendFailed as failed:
            log.warning("aibot.words.unsaid", reason=failed.reason)

    async def _push(self, user: str, body: Json) -> None:
        """aibot_send_msg to one person, with chat_type; the id goes back exactly as it came (10.5)."""
        await self._wire.call(frames.SEND, {"chatid": user, "chat_type": SINGLE, **body})
        self._meter("push", 1)

    async def _room(self, user: str) -> None:
        """Room in this conversation: 30 a minute and 1,000 an hour, answers and pushes together. Raises SendFailed."""
        half, hour = self.settings.per_minute / 2, self.settings.per_hour / 2
        for span, rate, burst in (("m", half / 60, half), ("h", hour / 3600, hour)):
            if wait := await self._shared.take(f"{PLATFORM}:{span}:{user}", rate, burst):
                raise SendFailed("这个会话发得太快，稍等", retry=True, after=wait, code="busy")

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession(trust_env=True)
        return self._http


def _markdown(content: str) -> Json:
    return {"msgtype": "markdown", "markdown": {"content": content}}


def _with_code(click: Click, req_id: str) -> Click:
    """The press's req_id is what its card can be changed with."""
    return Click(
        click.platform, click.user, click.card, click.action, click.at, click.values, req_id, click.chat
    )
