"""Load for a callback address, WeCom's or a peer's: bodies sealed beforehand, raw keep-alive connections, closed and open loops."""

import asyncio
import hashlib
import hmac
import json
import os
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sim.wecom_crypto import encrypt, envelope, sign

CORP, AGENT, SECRET, TOKEN = "wwbench", 1000002, "bench-wecom-secret", "benchtoken"
AES_KEY = "BenchKeyForLoopbackOnly0123456789ABCDEFGHIJ"
PATH = "/wecom/callback"
CHAT = "你好，上次说的那批液压阀块我们这边已经看过样品了，想再确认一下交期和月结的付款方式，方便的时候回个电话，谢谢，辛苦。"
"""60 characters in which there is nothing to find: no phone, no company, no command."""

_ids = count(int(time.time() * 1000) * 1_000_000)


def text_message(user: str, text: str) -> bytes:
    """One HTTP request as WeCom makes it: a text of `user` under a MsgId that was never used, sealed and signed."""
    now = str(int(time.time()))
    xml = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
        f"<MsgId>{next(_ids)}</MsgId><AgentID>{AGENT}</AgentID></xml>"
    )
    sealed, nonce = encrypt(AES_KEY, xml, CORP), secrets.token_hex(6)
    body = envelope(CORP, str(AGENT), sealed).encode()
    query = f"msg_signature={sign(TOKEN, now, nonce, sealed)}&timestamp={now}&nonce={nonce}"
    return _post(f"{PATH}?{query}", body, "text/xml")


def slack_message(user: str, text: str) -> bytes:
    """The same as Slack's Events API makes it: signed JSON."""
    now, number = str(int(time.time())), next(_ids)
    event = {
        "type": "message",
        "user": user,
        "text": text,
        "channel": "D1",
        "channel_type": "im",
        "ts": f"{number}",
    }
    said = {
        "token": "t",
        "team_id": "T1",
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": f"Ev{number}",
        "event": event,
    }
    body = json.dumps(said)
    seal = hmac.new(TOKEN.encode(), f"v0:{now}:{body}".encode(), "sha256").hexdigest()
    return _post(PATH, body.encode(), "application/json",
                 f"X-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: v0={seal}\r\n")  # fmt: skip


def telegram_message(user: str, text: str) -> bytes:
    """The same as Telegram's webhook makes it: JSON under a secret header."""
    number = next(_ids) // 1000
    person = int(user[1:]) + 1
    message = {
        "message_id": number, "date": int(time.time()), "text": text,
        "chat": {"id": person, "type": "private"}, "from": {"id": person, "is_bot": False, "first_name": user},
    }  # fmt: skip
    body = json.dumps({"update_id": number, "message": message})
    return _post(PATH, body.encode(), "application/json", f"X-Telegram-Bot-Api-Secret-Token: {TOKEN}\r\n")


def account_message(user: str, text: str) -> bytes:
    """The same as WeChat makes it for an Official Account in plain mode: signed XML."""
    now, nonce = str(int(time.time())), secrets.token_hex(6)
    seal = hashlib.sha1("".join(sorted((TOKEN, now, nonce))).encode()).hexdigest()
    xml = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
        f"<MsgId>{next(_ids)}</MsgId></xml>"
    )
    return _post(
        f"/wxmp/revice/{CORP}?signature={seal}&timestamp={now}&nonce={nonce}&openid={user}",
        xml.encode(),
        "text/xml",
    )


def _post(path: str, body: bytes, kind: str, more: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def chat(
    number: int, users: int = 200, make: Callable[[str, str], bytes] = text_message, text: str = CHAT
) -> list[bytes]:
    """So many messages, of `users` people in turn, in the envelope of one platform."""
    return [make(f"u{n % users:04d}", text) for n in range(number)]


# ── one connection ─────────────────────────────────────────────────────────────────────────────────────
class Wire(asyncio.Protocol):
    """A keep-alive connection that asks one thing at a time."""

    def __init__(self) -> None:
        self._came = b""
        self._answer: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        if not end:
            return
        fields = head.lower()
        at = fields.find(b"content-length:")
        length = int(fields[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self._came = b""
        if b"connection: close" in fields and self.transport is not None:
            self.transport.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, _error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("closed before the answer"))

    @property
    def open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    async def ask(self, request: bytes) -> int:
        """The status of the answer. Raises ConnectionError, TimeoutError (after the five seconds of WeCom)."""
        assert self.transport is not None
        self._came = b""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        async with asyncio.timeout(5):
            return await self._answer

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


async def connect(port: int) -> Wire:
    """A new connection to 127.0.0.1."""
    _, wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port)
    return wire


# ── loops ──────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Run:
    """What came of a loop: seconds from request to a 200, for each; how many were anything else; how long it took."""

    took: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Accepted per second."""
        return len(self.took) / self.seconds if self.seconds else 0.0

    def ms(self, share: float) -> float:
        """The quantile in milliseconds."""
        return quantile(self.took, share) * 1000


def quantile(values: Sequence[float], share: float) -> float:
    """0.5 the median; 0.99 of few values is the largest."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


async def closed(port: int, requests: Iterator[bytes], seconds: float, connections: int = 16) -> Run:
    """So many connections, each asking again as soon as it is answered, until time or requests are used up."""
    run, start = Run(), time.perf_counter()

    async def one() -> None:
        wire = await connect(port)
        while time.perf_counter() - start < seconds and (request := next(requests, None)) is not None:
            wire = await timed(run, wire, port, request)
        wire.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    run.seconds = time.perf_counter() - start
    return run


async def timed(run: Run, wire: Wire, port: int, request: bytes) -> Wire:
    """Asks once and notes it; gives back a connection that is open."""
    if not wire.open:
        wire = await connect(port)
    begun = time.perf_counter()
    try:
        status = await wire.ask(request)
    except (ConnectionError, TimeoutError):
        run.failed += 1
        wire.close()
        return await connect(port)
    if status == 200:
        run.took.append(time.perf_counter() - begun)
    else:
        run.failed += 1
    return wire


async def paced(
    port: int,
    requests: Iterator[bytes],
    per_second: float,
    seconds: float,
    note: Callable[[int], None] | None = None,
) -> Run:
    """At a fixed rate whatever the answers do; `note` hears the number of each request as it leaves."""
    run, start, free = Run(), time.perf_counter(), [await connect(port) for _ in range(4)]

    async def one(number: int, request: bytes) -> None:
        wire = free.pop() if free else await connect(port)
        if note is not None:
            note(number)
        free.append(await timed(run, wire, port, request))

    tasks = []
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, start + number / per_second - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number, next(requests))))
    await asyncio.gather(*tasks)
    run.seconds = time.perf_counter() - start
    for wire in free:
        wire.close()
    return run


# ── what it costs ──────────────────────────────────────────────────────────────────────────────────────
TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of user and system time of a process and all below it, so far."""
    below: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        one = int(stat.parent.name)
        below.setdefault(int(fields[1]), []).append(one)
        spent[one] = (int(fields[11]) + int(fields[12])) / TICK
    total, todo = 0.0, [pid]
    while todo:
        one = todo.pop()
        total += spent.get(one, 0.0)
        todo += below.get(one, [])
    return total


def middle(values: Sequence[float]) -> float:
    """The median, nan of nothing."""
    return statistics.median(values) if values else float("nan")
