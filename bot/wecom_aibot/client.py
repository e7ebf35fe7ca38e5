"""Keeps one subscribed connection: backs off, gives way when it is kicked, never storms (protocol 10.5)."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import aiohttp
import structlog

from bot.config import WecomAibot
from bot.platform import Now
from bot.wecom_aibot import frames
from bot.wecom_aibot.frames import Json
from bot.wecom_aibot.link import Gone, Link, OnCallback, Refused

log = structlog.get_logger(__name__)
LARGEST = 32 * 1024 * 1024
BUSY = 45009  # subscribing too often
BAD_CREDENTIALS = 853000


@dataclass(frozen=True)
class Pace:
    """How patient the client is, in seconds. `first` … `cap` bound the jittered back-off, which starts anew after a
    connection that held for `healthy`; `refused` is the wait after `tries` refusals of our credentials, `busy` after
    45009; a ping every `ping`, dead after `misses` without an answer; `ack`: how long a frame may take."""

    connect: float = 10.0
    ack: float = 5.0
    first: float = 1.0
    cap: float = 30.0
    healthy: float = 60.0
    ping: float = 30.0
    misses: int = 2
    tries: int = 5
    refused: float = 600.0
    busy: float = 60.0


class Client:
    """Connects and stays connected until `stop`. Callbacks go to `on_callback`.

    `tell(code, text)` is awaited when admins must know: refused credentials, kicked by another process.
    """

    def __init__(
        self, http: Callable[[], aiohttp.ClientSession], settings: WecomAibot, on_callback: OnCallback,
        tell: Callable[[str, str], Awaitable[None]], now: Now, pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self._http, self._settings, self._on_callback = http, settings, on_callback
        self._tell, self._now, self.pace = tell, now, pace or Pace()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self._failures = 0
        self.opened = 0  # connections since the start
        self.kicked: datetime | None = None  # when another process took the bot away; we stay away then
        self.refused = ""  # why WeCom does not let us in, "" when it does
        self.last_frame: datetime | None = None

    @property
    def handled(self) -> int:
        """How many callbacks of the present connection are done with."""
        return self._link.handled if self._link is not None else 0

    @property
    def up(self) -> bool:
        """Whether frames can be sent now."""
        return self._link is not None and not self._link.ended.is_set()

    async def start(self, patience: float = 3.0) -> None:
        """Begins to connect; returns once subscribed or refused, at the latest after `patience` seconds."""
        self._tried.clear()
        self.kicked, self.refused, self._failures = None, "", 0
        self._task = asyncio.create_task(self._keep(), name="aibot")
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._tried.wait()

    async def stop(self) -> None:
        """Takes nothing more, lets callbacks in hand be stored, closes."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._link is not None:
            await self._link.close()

    async def call(self, cmd: str, body: Json, *, req_id: str = "") -> Json:
        """A frame over the present connection. Raises Refused, Gone (also when there is none), TimeoutError."""
        if self._link is None:
            raise Gone(sent=False)
        return await self._link.call(cmd, body, req_id=req_id)

    async def _keep(self) -> None:
        while True:
            pause = await self._once()
            if pause is None:
                return
            log.info("aibot.again", wait=round(pause, 2))
            await asyncio.sleep(pause)

    async def _once(self) -> float | None:
        """One connection from its opening to its end → seconds until the next, None when there shall be none."""
        try:
            link = await self._subscribe()
        except Refused as no:
            return await self._not_let_in(no)
        except (aiohttp.ClientError, OSError, ValueError, Gone) as error:
            log.warning("aibot.unreached", error=type(error).__name__)
            return self._pause(0.0)
        self._link = link
        self.opened += 1
        self.refused = ""
        self._saw()
        self._tried.set()
        log.info("aibot.subscribed", connection=self.opened)
        await link.ended.wait()
        if link.why != "kicked":
            log.warning("aibot.left", why=link.why, age=round(link.age, 1))
            return self._pause(link.age)
        await link.close()
        # Whoever took the bot away would be kicked by us in turn, and so on: we stay away, and somebody must look.
        self.kicked = self._now()
        await self._tell("kicked", "另一个程序用同一个机器人建立了长连接，本程序已让开，收不到消息了。"
                         "停掉那个程序（或给它另建一个机器人），再重启本程序。")  # fmt: skip
        return None

    async def _subscribe(self) -> Link:
        """Connects and logs in. Raises Refused, Gone or what the HTTP library raises."""
        async with asyncio.timeout(self.pace.connect):
            ws = await self._http().ws_connect(
                self._settings.ws_base, autoping=False, max_msg_size=LARGEST,
                timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
            )  # fmt: skip
        link = Link(ws, self._on_callback, ack_within=self.pace.ack, ping_every=self.pace.ping,
                    misses=self.pace.misses, on_frame=self._saw)  # fmt: skip
        who = {"bot_id": self._settings.bot_id, "secret": self._settings.secret.get_secret_value()}
        try:
            await link.call(frames.SUBSCRIBE, who)
        except BaseException:
            await link.close()
            raise
        return link

    async def _not_let_in(self, no: Refused) -> float:
        self._tried.set()
        self._failures += 1
        if no.code == BUSY:
            log.warning("aibot.subscribe.busy")
            return self.pace.busy * random.uniform(1.0, 1.3)
        self.refused = f"企业微信不接受机器人的 bot_id / secret（{no.code}）"
        log.error("aibot.subscribe.refused", code=no.code, times=self._failures)
        await self._tell("refused", f"{self.refused}，收不到消息。请核对 [wecom_aibot]。")
        if self._failures >= self.pace.tries:
            return self.pace.refused * random.uniform(1.0, 1.3)
        return self._pause(0.0)

    def _pause(self, age: float) -> float:
        """Full jitter between half and all of a wait that doubles, also after a polite close."""
        if age >= self.pace.healthy:
            self._failures = 0
        most = min(self.pace.cap, self.pace.first * 2 ** min(self._failures, 10))
        self._failures += 1
        return random.uniform(most / 2, most)

    def _saw(self) -> None:
        self.last_frame = self._now()
