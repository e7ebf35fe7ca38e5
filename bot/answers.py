"""What a platform answered, read to its end, as long as it is no longer than an answer can be."""

import json
from typing import Any

import aiohttp

LARGEST = 16 * 1024 * 1024
"""Bytes, unpacked. The longest that is asked for, a department's people, is a thousandth of it."""


class TooLarge(aiohttp.ClientError):
    """Whoever answers there is no platform, or something on the way went mad."""


def unbounded() -> aiohttp.TCPConnector:
    """Connections without a bound of their own: how many sends go at once is counted before (`messages.in_flight`). Whoever
    waited here for a free one would take a busy bot for a platform that cannot be reached."""
    return aiohttp.TCPConnector(limit=0)


async def whole(content: aiohttp.StreamReader) -> bytes:
    """The body. Raises TooLarge, and what the HTTP library raises."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > LARGEST:
            raise TooLarge
    return bytes(body)


def decoded(text: str | bytes) -> Any:
    """The value of a JSON text, None when it is none. Brackets within brackets without end are none either."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
