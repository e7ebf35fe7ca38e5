"""Every refusal in one shape: {"error": {"code", "message", "event_id"?}}."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import structlog
from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from store.db import passing

log = structlog.get_logger("web")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CODES = {
    400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    408: "timeout", 409: "conflict", 413: "too_large", 415: "unsupported_media_type", 422: "invalid",
    429: "too_many", 500: "internal", 503: "busy",
}  # fmt: skip
SAYS = {404: "没有这个地址", 405: "这个地址不支持这种方法", 413: "内容太大", 408: "内容没有在时限内传完"}
BROKEN = (web.RequestPayloadError, HttpProcessingError, ClientError, ConnectionError)
"""What reading a body raises when it was cut off, or is not packed as its headers say."""
FIELDS = 64 * 1024
"""The most bytes of a form on a page."""
DEEP = 32
"""The most brackets within brackets of a JSON text. No sender comes near; what walks over it later is not to run out of stack."""
_READ = web.RequestKey("fields", Mapping[str, str])


class Refusal(Exception):
    """The answer is no: an HTTP status and a sentence; `code` names it for programs (default by status)."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        event: int = 0,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.event, self.headers = status, message, event, headers or {}
        self.code = code or CODES.get(status, "error")


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Plain data → JSON, Chinese left readable."""
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="application/json", headers=headers)


def refusal(no: Refusal) -> web.Response:
    """A Refusal → its answer."""
    error: dict[str, object] = {"code": no.code, "message": no.message}
    if no.event:
        error["event_id"] = f"E-{no.event}"
    return answer({"error": error}, no.status, no.headers)


@web.middleware
async def in_one_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals, aiohttp's own 404/405/413 and bugs all leave in the one shape; a bug is logged, not shown; a
    database that is away for the moment is a 503 to come again after."""
    try:
        return await handler(request)
    except Refusal as no:
        return refusal(no)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        kept = {name: value for name, value in error.headers.items() if name in ("Allow", "Retry-After")}
        return refusal(Refusal(error.status, SAYS.get(error.status, error.reason), headers=kept))
    except Exception as error:
        if passing(error):
            log.warning(
                "database away", method=request.method, route=_route(request), error=type(error).__name__
            )
            return refusal(Refusal(503, "系统暂时不可用，请稍后重试", headers={"Retry-After": "2"}))
        log.error("request failed", method=request.method, route=_route(request), exc_info=error)
        return refusal(Refusal(500, "服务器内部错误，已记录"))


def _route(request: web.Request) -> str:
    """The route's pattern: paths and queries may hold what no log should."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


async def read_body(request: web.Request, *, limit: int, seconds: float = 10.0) -> bytes:
    """The body, at most `limit` bytes within `seconds`. Raises Refusal 413 or 408."""
    if request.content_length is not None and request.content_length > limit:
        raise Refusal(413, f"内容太大，最多 {limit // 1024} KB")
    kept = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                kept += chunk
                if len(kept) > limit:
                    raise Refusal(413, f"内容太大，最多 {limit // 1024} KB")
    except TimeoutError:
        raise Refusal(408, SAYS[408], headers={"Connection": "close"}) from None
    except BROKEN:
        raise Refusal(
            400, "内容没有传完整，或者不是所说的压缩格式", headers={"Connection": "close"}
        ) from None
    return bytes(kept)


def read_json(text: str) -> Any:
    """JSON as RFC 8259 has it: no NaN, no name twice in one object, no half characters, at most DEEP levels. Raises
    ValueError, RecursionError."""
    found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)
    if text.count("[") + text.count("{") > DEEP and _deeper(found, DEEP):
        raise ValueError("too many brackets within brackets")
    if "\\ud" in text.lower():  # only an escape can say half a character, and none may be kept
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _deeper(value: object, most: int) -> bool:
    """Whether a JSON value has more than `most` levels of brackets."""
    level = [value]
    for _ in range(most + 1):
        level = [inner for one in level for inner in _inside(one)]
    return bool(level)


def _inside(value: object) -> Iterable[object]:
    """What stands one pair of brackets further in."""
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


async def read_fields(request: web.Request) -> Mapping[str, str]:
    """The fields of a form as browsers send it, read once. Raises Refusal 400, 408, 413 or 415."""
    if (known := request.get(_READ)) is None:
        if request.can_read_body and request.content_type != "application/x-www-form-urlencoded":
            raise Refusal(415, "表单要用 application/x-www-form-urlencoded")
        body = await read_body(request, limit=FIELDS)
        try:
            known = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100))
        except ValueError:
            raise Refusal(400, "内容读不懂（要是 UTF-8 的表单）", code="bad_form") from None
        request[_READ] = known
    return known
