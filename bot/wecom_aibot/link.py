"""One connection: frames out one at a time for each req_id, their acknowledgements in, a heartbeat, callbacks."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.wecom_aibot import frames
from bot.wecom_aibot.frames import Frame, Json

log = structlog.get_logger(__name__)
DRAIN = 5.0  # seconds for callbacks in hand when the connection ends
WAITING = 500  # frames that may wait for one req_id (SDKs cap 100–500)
AT_ONCE = 1000  # callbacks that are stored at once

OnCallback = Callable[[Frame], Awaitable[None]]
"""Stores what a callback says. Raises nothing."""


class Refused(Exception):
    """WeCom acknowledged a frame with an errcode."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}")
        self.code, self.message = code, message


class Gone(Exception):
    """The connection ended. `sent`: the frame had left before, so it may have been done all the same."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("gone")
        self.sent = sent


class Link:
    """A live connection. Its life ends once: `why` says "closed", "silent" (dead heartbeat), "kicked" or "stop"."""

    def __init__(
        self, ws: aiohttp.ClientWebSocketResponse, on_callback: OnCallback, *,
        ack_within: float, ping_every: float, misses: int, on_frame: Callable[[], None],
    ) -> None:  # fmt: skip
        self._ws, self._on_callback, self._on_frame = ws, on_callback, on_frame
        self._ack_within, self._ping_every, self._misses = ack_within, ping_every, misses
        self._waiting: dict[str, asyncio.Future[Frame]] = {}
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}
        self._busy: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._born = asyncio.get_running_loop().time()
        self.handled = 0  # callbacks that were stored or dropped
        self.why = "closed"
        self.ended = asyncio.Event()
        self._reading = asyncio.create_task(self._live(), name="aibot-link")
        self._beating = asyncio.create_task(self._beat(), name="aibot-heartbeat")

    @property
    def age(self) -> float:
        """Seconds since it was connected."""
        return asyncio.get_running_loop().time() - self._born

    async def call(self, cmd: str, body: Json | None = None, *, req_id: str = "") -> Json:
        """Sends a frame and waits for its acknowledgement → its body. Raises Refused, Gone, TimeoutError.

        Frames of one req_id go one after the other: all frames of a stream share it, and an acknowledgement says
        nothing but the req_id (10.5).
        """
        req_id = req_id or frames.new_id(cmd)
        lock, users = self._turns.get(req_id, (asyncio.Lock(), 0))
        if users >= WAITING:
            raise Gone(sent=False)
        self._turns[req_id] = (lock, users + 1)
        try:
            async with lock:
                return await self._exchange(cmd, body, req_id)
        finally:
            lock, users = self._turns[req_id]
            self._turns[req_id] = (lock, users - 1)
            if users == 1:
                del self._turns[req_id]

    async def _exchange(self, cmd: str, body: Json | None, req_id: str) -> Json:
        if self.ended.is_set():
            raise Gone(sent=False)
        answer = self._waiting[req_id] = asyncio.get_running_loop().create_future()
        try:
            try:
                await self._ws.send_str(frames.write(cmd, req_id, body))
            except (aiohttp.ClientError, OSError, RuntimeError):
                raise Gone(sent=False) from None
            async with asyncio.timeout(self._ack_within):
                ack: Frame = await answer
        finally:
            self._waiting.pop(req_id, None)
        if ack.code:
            raise Refused(ack.code, ack.message)
        return ack.body

    async def close(self, why: str = "stop") -> None:
        """Ends it: no more reading, callbacks in hand are stored (≤ 5 s), closed with 1000."""
        if not self.ended.is_set():
            self.why = why
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────
    async def _live(self) -> None:
        try:
            await self._read()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            log.warning("aibot.link.broken", error=type(error).__name__)
        finally:
            self.ended.set()
            self._beating.cancel()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(Gone(sent=True))
            await self._finish()

    async def _read(self) -> None:
        while True:
            message = await self._ws.receive()
            match message.type:
                case WSMsgType.TEXT:
                    self._on_frame()
                    await self._take(message.data)
                case WSMsgType.PING:
                    await self._ws.pong(message.data)
                case WSMsgType.PONG | WSMsgType.BINARY:
                    pass
                case _:
                    return

    async def _take(self, text: str) -> None:
        frame = frames.read(text)
        if frame is None:
            log.warning("aibot.frame.unreadable", size=len(text))
        elif frame.cmd in (frames.MESSAGE, frames.EVENT):
            if _kicks(frame):
                self.why = "kicked"
                log.error("aibot.link.kicked")
                return
            await self._room.acquire()  # a full house is answered by not reading on
            task = asyncio.create_task(self._handle(frame))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        elif frame.cmd:
            log.info("aibot.frame.unknown", cmd=frame.cmd[:40])
        elif (waiting := self._waiting.get(frame.req_id)) is not None and not waiting.done():
            waiting.set_result(frame)
        else:
            log.info("aibot.ack.unasked", req_id=frame.req_id[:80], code=frame.code)

    async def _handle(self, frame: Frame) -> None:
        try:
            await self._on_callback(frame)
        finally:
            self.handled += 1
            self._room.release()

    async def _beat(self) -> None:
        """A ping every 30 s; after two without an answer the connection is dead, however open it looks."""
        missed = 0
        while True:
            await asyncio.sleep(self._ping_every)
            try:
                await self.call(frames.PING)
                missed = 0
            except Refused:
                missed = 0
            except Gone:
                return
            except TimeoutError:
                missed += 1
                if missed >= self._misses:
                    log.warning("aibot.link.silent", pings=missed)
                    self.why = "silent"
                    self._reading.cancel()
                    return

    async def _finish(self) -> None:
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self._ws.close(code=aiohttp.WSCloseCode.OK)
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            log.info("aibot.close.failed", error=type(error).__name__)


def _kicks(frame: Frame) -> bool:
    """disconnected_event: another process has subscribed with our bot, and this connection is about to be closed."""
    event = frame.body.get("event")
    return isinstance(event, dict) and event.get("eventtype") == "disconnected_event"
