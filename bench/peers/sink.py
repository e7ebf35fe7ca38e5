"""The least possible WeCom API: says ok to everything and notes when which person was written to. For the peers also
the one method of Slack's and of Telegram's API that an echo calls."""

import asyncio
import json
import time
from collections.abc import Callable
from itertools import count


class Sink:
    """Listens on a free port. `sent` counts message/send; `heard` is called with (touser, perf_counter) for each.
    `delay`: seconds until an answer leaves."""

    def __init__(self, delay: float = 0.0) -> None:
        self.delay = delay
        self.sent = 0
        self.updated = 0
        self.port = 0
        self.last = 0.0
        self.heard: Callable[[str, float], None] | None = None
        self._ids = count(1)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def answer(self, path: str, body: bytes) -> dict[str, object]:
        """What WeCom would say when all is well."""
        if path.startswith("/cgi-bin/gettoken"):
            return {"errcode": 0, "errmsg": "ok", "access_token": "sink", "expires_in": 7200}
        if path.startswith("/cgi-bin/message/send"):
            self.sent += 1
            self.last = time.perf_counter()
            number = next(self._ids)
            if self.heard is not None:
                self.heard(json.loads(body)["touser"], self.last)
            return {"errcode": 0, "errmsg": "ok", "msgid": f"m{number}", "response_code": f"c{number}"}
        if path.startswith("/api/chat.postMessage"):
            self.sent += 1
            return {"ok": True, "ts": "1.1", "channel": "D1", "message": {}}
        if path.startswith("/bot"):
            self.sent += 1
            chat = {"id": 7, "type": "private"}
            return {
                "ok": True,
                "result": {"message_id": next(self._ids), "date": 1, "chat": chat, "text": "ok"},
            }
        if path.startswith("/cgi-bin/message/update_template_card"):
            self.updated += 1
        return {"errcode": 0, "errmsg": "ok"}


class _Connection(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink, self._came = sink, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        while True:
            head, end, rest = self._came.partition(b"\r\n\r\n")
            if not end:
                return
            fields = head.lower()
            at = fields.find(b"content-length:")
            length = int(fields[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(rest) < length:
                return
            self._came = rest[length:]
            text = json.dumps(self._sink.answer(head.split(b" ", 2)[1].decode(), rest[:length])).encode()
            said = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
                text
            )
            if self._sink.delay:
                asyncio.get_running_loop().call_later(self._sink.delay, self._say, said + text)
            else:
                self._say(said + text)

    def _say(self, answer: bytes) -> None:
        assert self._transport is not None
        self._transport.write(answer)
