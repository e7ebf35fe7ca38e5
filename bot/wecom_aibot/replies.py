"""Answers to callbacks: each message gets one; while it is being worked on the person sees that it is (10.4, 10.5)."""

import asyncio
import re
import secrets
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass, replace

import structlog

from bot.platform import SendFailed
from bot.wecom_aibot import frames
from bot.wecom_aibot.frames import Json
from bot.wecom_aibot.windows import Window, Windows
from bot.wecom_aibot.wire import NO_WINDOW, Wire

log = structlog.get_logger(__name__)
THINKING = "正在处理…"
NOTHING_MORE = "已收到。"
STREAM_FOR = 330.0  # of the 6 minutes in which a stream must be finished
STILL = (10.0, 30.0, 60.0, 120.0, 240.0)
"""Seconds after which somebody who waits is told again that it is being worked on."""
KEPT = 2000  # answers whose beginnings are remembered for a thumbs down
BEGINNING = 24  # characters
EVERY = 1.0  # seconds between two frames of one stream: whether they count against 30 a minute is not known


@dataclass
class Stream:
    """A streamed answer that has begun: each frame replaces the whole text; it must be finished."""

    wire: Wire
    req_id: str
    id: str
    begun: float
    feedback: bool = False  # thumbs under the answer; asked for by its first frame
    last: float = 0.0

    async def show(self, text: str, *, finish: bool = False) -> bool:
        """Shows a text; frames between the first and the last are left out when they come too fast. False when the
        stream can no longer be changed. Raises SendFailed for anything else."""
        now = asyncio.get_running_loop().time()
        if not finish and now - self.last < EVERY:
            return True
        if now - self.begun > STREAM_FOR:
            return False
        stream: Json = {"id": self.id, "finish": finish, "content": text}
        if self.feedback and not self.last:
            stream["feedback"] = {"id": self.id}
        self.last = now
        body = {"msgtype": "stream", "stream": stream}
        try:
            await self.wire.call(frames.REPLY, body, req_id=self.req_id)
        except SendFailed as failed:
            if failed.code not in NO_WINDOW:
                raise
            return False
        return True


class Replies:
    """Answers in open windows. Every verb says whether it could; the caller pushes otherwise."""

    def __init__(self, wire: Wire, windows: Windows, thinking: float, *, feedback: bool = False) -> None:
        self._wire, self._windows, self._thinking = wire, windows, thinking
        self._feedback = feedback
        self._said: OrderedDict[str, str] = OrderedDict()  # stream id → how its answer begins
        self._streams: dict[str, Stream] = {}  # req_id → a placeholder that is on the screen
        self._tasks: set[asyncio.Task[None]] = set()

    def asked(self, user: str, req_id: str) -> None:
        """Somebody wrote: the window opens, and after a while of silence they see that it is being worked on."""
        self._windows.message(user, req_id)
        if self._thinking > 0:
            self._spawn(self._think(user, req_id))

    async def text(self, user: str, text: str) -> bool:
        """Answers the person's message, or their arrival, with a text. Raises SendFailed."""
        if window := self._windows.take_message(user):
            stream = self._streams.pop(window.req_id, None) or self._stream(window.req_id)
            self._remember(stream.id, text)
            return await stream.show(text, finish=True)
        if window := self._windows.take_arrival(user):
            return await self._answer(frames.WELCOME, window, {"msgtype": "text", "text": {"content": text}})
        return False

    async def other(self, user: str, body: Json, title: str) -> bool:
        """Answers with a card or a file. A placeholder that is shown by then ends with the title. Raises SendFailed."""
        if window := self._windows.take_message(user):
            if stream := self._streams.pop(window.req_id, None):
                await stream.show(title, finish=True)
                return False  # one answer for each message: the card itself is pushed
            return await self._answer(frames.REPLY, window, body)
        if body["msgtype"] == "template_card" and (window := self._windows.take_arrival(user)):
            return await self._answer(frames.WELCOME, window, body)
        return False

    def said(self, feedback: str) -> str:
        """How the answer begins that somebody gave an opinion on; "" when it is too long ago. No long number is in it."""
        return self._said.get(feedback, "")

    def _remember(self, id: str, text: str) -> None:
        plain = re.sub(r"\\(.)", r"\1", text.strip().partition("\n")[0])
        self._said[id] = re.sub(r"\d{5,}", "…", plain).strip()[:BEGINNING]
        if len(self._said) > KEPT:
            self._said.popitem(last=False)

    async def into_group(self, req_id: str, text: str) -> None:
        """A word into a group, where nothing about customers is ever said."""
        try:
            await replace(self._stream(req_id), feedback=False).show(text, finish=True)
        except SendFailed as failed:
            log.info("aibot.group.unanswered", reason=failed.reason)

    async def change(self, window: Window, card: Json) -> bool:
        """Changes the card that was pressed. Raises SendFailed."""
        body = {"response_type": "update_template_card", "template_card": card}
        return await self._answer(frames.UPDATE, window, body)

    async def stop(self) -> None:
        """Ends every placeholder that is on a screen."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._end(stream) for stream in self._streams.values()))
        self._streams.clear()

    async def _answer(self, cmd: str, window: Window, body: Json) -> bool:
        try:
            await self._wire.call(cmd, body, req_id=window.req_id)
        except SendFailed as failed:
            if failed.code not in NO_WINDOW:
                raise
            return False
        return True

    def _stream(self, req_id: str) -> Stream:
        now = asyncio.get_running_loop().time()
        return Stream(self._wire, req_id, f"s{secrets.token_hex(8)}", now, self._feedback)

    async def _think(self, user: str, req_id: str) -> None:
        """The placeholder, and its end when nobody answers at all."""
        await asyncio.sleep(self._thinking)
        if not self._windows.open_message(user, req_id):
            return
        stream = self._streams[req_id] = self._stream(req_id)
        try:
            await stream.show(THINKING)
        except SendFailed as failed:
            log.info("aibot.thinking.unsaid", reason=failed.reason)
            self._streams.pop(req_id, None)
            return
        waited = 0.0
        for after in (*STILL, STREAM_FOR):
            await asyncio.sleep(after - waited)
            waited = after
            if self._streams.get(req_id) is not stream:
                return
            if after < STREAM_FOR:
                await self._still(stream, f"{THINKING}（已经 {round(self._thinking + after)} 秒）")
        if self._streams.pop(req_id, None) is not None:
            await self._end(stream)

    @staticmethod
    async def _still(stream: Stream, text: str) -> None:
        try:
            await stream.show(text)
        except SendFailed as failed:
            log.info("aibot.thinking.unsaid", reason=failed.reason)

    @staticmethod
    async def _end(stream: Stream) -> None:
        try:
            await stream.show(NOTHING_MORE, finish=True)
        except SendFailed as failed:
            log.info("aibot.stream.unfinished", reason=failed.reason)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
