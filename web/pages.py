"""aiohttp's side of the port: what it refuses by itself says so as we do, and not what it runs on."""

import asyncio
from logging import Logger
from typing import cast

from aiohttp import web

from web.errors import CODES, Refusal, refusal
from web.room import Room

OURS = "genjin"
"""What the header Server says."""


class Pages(web.RequestHandler):
    """A connection of aiohttp's. Requests that are no HTTP never reach the application and its middlewares. `quiet`: seconds
    that it may say nothing, or take over its headers."""

    __slots__ = ("_came", "_room")

    def __init__(self, server: web.Server, room: Room, quiet: float) -> None:
        super().__init__(
            server, loop=asyncio.get_running_loop(), access_log=cast("Logger", None), keepalive_timeout=quiet
        )
        self._room, self._came = room, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is aiohttp's from now on."""
        super().connection_made(transport)
        self._came = self._loop.time()
        if not self._room.enter(self):
            self.dismiss()

    def data_received(self, data: bytes) -> None:
        """More came."""
        self._came = self._loop.time()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is gone."""
        self._room.leave(self)
        super().connection_lost(exc)

    def patience(self) -> tuple[int, float]:
        """Room's question: how much this connection is to be spared, and since when nothing came."""
        if self._current_request is not None or self._messages:
            return 2, self._came
        return 1 if self._request_count else 0, self._came

    def dismiss(self) -> None:
        """Makes way for others; what is not taken is dropped."""
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what cannot be served. Raises ConnectionError when another answer has begun."""
        super().handle_error(request, status, exc, message)
        said = "这不是一个完整的 HTTP 请求" if status in CODES and status < 500 else "服务器内部错误，已记录"
        answer = refusal(Refusal(status, said, headers={"Server": OURS}))
        answer.force_close()
        return answer
