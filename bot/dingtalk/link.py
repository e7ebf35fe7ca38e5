"""One connection to the gateway: reads frames, has them stored, then acknowledges each on its own socket."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.dingtalk import frames
from bot.dingtalk.frames import Frame

log = structlog.get_logger(__name__)
DRAIN = 5.0  # seconds for frames in hand when the connection ends

Answer = Callable[[Frame], Awaitable[str | None]]
"""Stores what a frame says; returns the acknowledgement as wire text, None for none. Raises nothing."""


class Link:
    """A live connection. `leave` is set when another must take its place: it ended, was idle, or was told to rotate."""

    def __init__(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        answer: Answer,
        room: asyncio.Semaphore,
        *,
        idle: float,
        grace: float,
        on_frame: Callable[[], None],
    ) -> None:
        self._ws, self._answer, self._room = ws, answer, room
        self._idle, self._grace, self._on_frame = idle, grace, on_frame
        self._loop = asyncio.get_running_loop()
        self._born = self._heard = self._loop.time()
        self._until = float("inf")  # loop time at which a replaced connection is given up
        self._pings = False  # the gateway sends pings of its own: then a pong alone is no sign of life
        self._busy: set[asyncio.Task[None]] = set()
        self._why = "closed"
        self.leave = asyncio.Event()
        self._task = asyncio.create_task(self._live(), name="dingtalk-link")

    @property
    def age(self) -> float:
        """Seconds since it was connected."""
        return self._loop.time() - self._born

    def ended(self, then: Callable[["Link"], object]) -> None:
        """Calls `then` when the connection is closed and all its frames are done with."""
        self._task.add_done_callback(lambda _: then(self))

    async def left(self) -> str:
        """Waits until another connection is needed; why: "closed", "idle" or "rotate"."""
        await self.leave.wait()
        return self._why

    async def stop(self) -> None:
        """Stops reading, finishes what is in hand, closes."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        try:
            await self._read()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            log.warning("dingtalk.link.broken", error=type(error).__name__)
        finally:
            self.leave.set()
            await self._finish()

    async def _read(self) -> None:
        while True:
            message = await self._next()
            if message is None:
                return
            match message.type:
                case WSMsgType.TEXT:
                    self._heard = self._loop.time()
                    await self._take(message.data)
                case WSMsgType.PING:
                    await self._ws.pong(message.data)
                    self._alive()
                case WSMsgType.PONG:
                    self._alive()
                case WSMsgType.BINARY:
                    log.info("dingtalk.link.binary", size=len(message.data))
                case WSMsgType.ERROR:  # a frame that is too large, or none
                    log.warning("dingtalk.link.broken", error=str(message.data)[:100])
                    return
                case _:
                    return

    def _alive(self) -> None:
        """Dead channels behind a proxy still pong: once the gateway has pinged, only its own frames count (1.5)."""
        if not self._pings:
            self._heard = self._loop.time()

    async def _next(self) -> aiohttp.WSMessage | None:
        """The next message; None when nothing came for too long or the grace after a rotation is over."""
        silent_at = self._heard + self._idle
        try:
            async with asyncio.timeout_at(min(silent_at, self._until)):
                return await self._ws.receive()
        except TimeoutError:
            if not self.leave.is_set():
                self._why = "idle"
                log.warning("dingtalk.link.idle", seconds=self._idle)
            return None

    async def _take(self, text: str) -> None:
        self._on_frame()
        frame = frames.read(text)
        if frame is None:
            log.warning("dingtalk.frame.unreadable", size=len(text))
            return
        if frame.type == frames.SYSTEM:
            await self._system(frame)
            return
        await self._room.acquire()  # a full house is answered by not reading on
        task = asyncio.create_task(self._handle(frame))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def _system(self, frame: Frame) -> None:
        if frame.topic == frames.DISCONNECT:
            self._why = "rotate"
            self._until = min(self._until, self._loop.time() + self._grace)
            self.leave.set()
            return
        pinged = frame.topic == frames.PING
        self._pings = self._pings or pinged
        if pinged or frame.id:  # CONNECTED and the like may come without an id: nothing to refer to
            await self._say(frames.ack(frame, frame.data if pinged else {}))

    async def _handle(self, frame: Frame) -> None:
        try:
            answer = await self._answer(frame)
            if answer is not None:
                await self._say(answer)
        finally:
            self._room.release()

    async def _say(self, text: str) -> None:
        try:
            await self._ws.send_str(text)
        except (
            aiohttp.ClientError,
            OSError,
            RuntimeError,
        ) as error:  # it will be pushed again, and is known then
            log.warning("dingtalk.ack.lost", error=type(error).__name__)

    async def _finish(self) -> None:
        if self._busy:
            _, late = await asyncio.wait(self._busy, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._ws.close(code=aiohttp.WSCloseCode.OK)
