"""aiohttp's side of the port: what it refuses by itself says so as we do, and not what it runs on."""

import asyncio
from logging import Logger
from typing import cast

from aiohttp import web

from web.errors import CODES, Refusal, refusal

OURS = "genjin"
"""What the header Server says."""


class Pages(web.RequestHandler):
    """A connection of aiohttp's. Requests that are no HTTP never reach the application and its middlewares."""

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


def connection(server: web.Server, quiet: float) -> Pages:
    """A new one. `quiet`: seconds that it may say nothing, or take over its headers."""
    return Pages(
        server, loop=asyncio.get_running_loop(), access_log=cast("Logger", None), keepalive_timeout=quiet
    )
