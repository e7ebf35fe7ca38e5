"""A platform's small JSON calls on kept connections: aiohttp opens, keeps, closes and reads them, the request is written in one go.

aiohttp's `ClientSession.request` is made for every kind of request: a dozen objects, three tasks and timers for a body of
three hundred bytes cost four times what sending it does, as much as handling the event that it answers.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp import hdrs
from aiohttp.client_reqrep import ClientRequest
from aiohttp.http import SERVER_SOFTWARE, HttpProcessingError
from yarl import URL

from bot.answers import whole

REPEATABLE = frozenset({hdrs.METH_PUT})
"""Methods that are repeated by themselves when a kept connection turns out to be closed. A GET is asked again with the send
that needs it."""
ALWAYS = f"Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: {SERVER_SOFTWARE}\r\n"
BREAKS = frozenset("\r\n\0")


class Calls:
    """Calls over the connections of one aiohttp session; `http` gives it."""

    def __init__(self, http: Callable[[], aiohttp.ClientSession]) -> None:
        self._http = http
        self._origins: dict[tuple[str, str | None, int | None], ClientRequest] = {}

    async def ask(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], *,
        timeout: aiohttp.ClientTimeout, params: Mapping[str, str] | None = None, proxy: str | None = None,
    ) -> tuple[int, bytes]:  # fmt: skip
        """Status and body of the answer; no redirect is followed, no cookie kept. `timeout`: `total` ends a try wherever it
        is (what is repeated has two of them), `connect` and `sock_connect` the opening of a connection. Raises TimeoutError,
        OSError, ValueError, aiohttp.ClientError; ClientConnectorError, ConnectionTimeoutError and InvalidURL when nothing
        was sent."""
        try:
            address = URL(url)
        except ValueError:
            raise aiohttp.InvalidURL(url) from None
        if params:
            address = address.update_query(params)
        if proxy is not None or address.user is not None or address.scheme not in ("http", "https"):
            return await self._by_session(method, address, body, headers, proxy, timeout)
        if not address.raw_host:
            raise aiohttp.InvalidURL(url)
        request = _written(method, address, body, headers)
        began = time.monotonic()
        try:
            return await self._once(address, request, timeout)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            # a process that stood still meanwhile must not say again what others may have gone on from
            if method not in REPEATABLE or time.monotonic() - began > (timeout.total or math.inf):
                raise
        return await self._once(address, request, timeout)

    async def _by_session(
        self, method: str, address: URL, body: bytes, headers: Mapping[str, str], proxy: str | None,
        timeout: aiohttp.ClientTimeout,
    ) -> tuple[int, bytes]:  # fmt: skip
        """By a proxy, and whatever else is out of the ordinary."""
        async with self._http().request(
            method, address, data=body, headers=headers, proxy=proxy, timeout=timeout, allow_redirects=False
        ) as response:  # fmt: skip
            return response.status, await whole(response.content)

    async def _once(self, address: URL, request: bytes, timeout: aiohttp.ClientTimeout) -> tuple[int, bytes]:
        async with asyncio.timeout(timeout.total):
            connection = await self._connected(address, timeout)
            try:
                protocol, transport = connection.protocol, connection.transport
                if protocol is None or transport is None:
                    raise aiohttp.ServerDisconnectedError
                protocol.set_response_params(read_until_eof=True)
                transport.write(request)
                while True:
                    message, content = await protocol.read()
                    if not 100 <= message.code < 200 or message.code == 101:
                        break  # what went before was no answer yet
                body = await whole(content)
            except HttpProcessingError as error:
                connection.close()
                raise aiohttp.ClientPayloadError(type(error).__name__) from None
            except BaseException:
                connection.close()
                raise
        connection.release()
        return message.code, body

    async def _connected(self, address: URL, timeout: aiohttp.ClientTimeout) -> aiohttp.connector.Connection:
        """A connection nobody uses, or a new one: resolved, proven by its certificate, within the time for it."""
        session = self._http()
        if session.closed or session.connector is None:
            raise aiohttp.ClientConnectionError("the session is closed")
        origin = address.scheme, address.raw_host, address.port
        there = self._origins.get(origin)
        if there is None:
            if len(self._origins) > 100:  # reply addresses come from outside
                self._origins.clear()
            there = ClientRequest(
                hdrs.METH_GET, address.origin(), loop=asyncio.get_running_loop(), session=session
            )
            self._origins[origin] = there
        try:
            return await session.connector.connect(there, [], timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(f"no connection to {address.raw_host}") from error


def _written(method: str, address: URL, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The request as it goes over the wire. Raises ValueError for a header that would be two."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\r\n") != len(headers) or not BREAKS.isdisjoint(lines.replace("\r\n", "")):
        raise ValueError("a line break in a header")
    length = f"Content-Length: {len(body)}\r\n" if body or method != hdrs.METH_GET else ""
    head = f"{method} {address.raw_path_qs} HTTP/1.1\r\nHost: {address.host_port_subcomponent}\r\n{ALWAYS}"
    return f"{head}{lines}{length}\r\n".encode() + body
