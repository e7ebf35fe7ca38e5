"""Calls on kept connections: what goes over the wire, what comes back, what is never done twice or by halves."""

import asyncio
import gzip
import ipaddress
import itertools
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.answers import unbounded
from bot.calls import Calls

OK = b'{"errcode":0}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(OK), OK)
HANG_UP, SILENCE = b"", b"-"


@dataclass
class Host:
    """A host that gives one answer after the other, the last of them for good; what it was asked, on which connection."""

    answers: list[bytes]
    url: str = ""
    asked: list[tuple[int, bytes]] = field(default_factory=list)
    connections: int = 0
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        me = self.connections
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
                )  # fmt: skip
                self.asked.append((me, head + await reader.readexactly(length)))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer == HANG_UP:
                    return
                if answer != SILENCE:
                    writer.write(answer)
                if answer.startswith(b"HTTP/1.0"):
                    return
        except (OSError, asyncio.IncompleteReadError):
            self.lost.set()
        finally:
            writer.close()


@asynccontextmanager
async def host(*answers: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Host]:
    one = Host(list(answers) or [PLAIN])
    tasks: set[asyncio.Task[None]] = set()

    def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(one.serve(reader, writer)))

    server = await asyncio.start_server(came, "127.0.0.1", 0, ssl=tls)
    one.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield one
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def calls(seconds: float = 30.0, tls: ssl.SSLContext | bool = True) -> AsyncIterator[Any]:
    connector = unbounded() if tls is True else aiohttp.TCPConnector(ssl=tls)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        made = Calls(lambda: session)
        patience = aiohttp.ClientTimeout(total=seconds, connect=10)
        yield partial(made.ask, timeout=patience)


async def test_the_request_is_one_and_its_connection_is_kept() -> None:
    async with host() as there, calls() as ours:
        heads = {"Content-Type": "application/json", "X-Token": "t"}
        for _ in range(3):
            said = await ours(
                "POST", f"{there.url}/a b/送?x=1", "{客户}".encode(), heads, params={"k": "a&b"}
            )
            assert said == (200, OK)
        assert await ours("GET", there.url, b"", {}) == (200, OK)
    assert [on for on, _ in there.asked] == [1, 1, 1, 1]
    head, _, body = there.asked[0][1].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /a%20b/%E9%80%81?x=1&k=a%26b HTTP/1.1"
    assert sorted(line.partition(":")[0] for line in lines[1:]) == [
        "Accept", "Accept-Encoding", "Content-Length", "Content-Type", "Host", "User-Agent", "X-Token"
    ]  # fmt: skip
    assert f"Host: {there.url.removeprefix('http://')}" in lines
    assert "X-Token: t" in lines
    assert (f"Content-Length: {len(body)}" in lines, body.decode()) == (True, "{客户}")
    assert there.asked[3][1].startswith(b"GET / HTTP/1.1\r\n")
    assert b"content-length" not in there.asked[3][1].lower()


async def test_answers_in_pieces_packed_or_after_a_word_before_are_read() -> None:
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"errc\r\n7\r\node":0}\r\n0\r\n\r\n'
    small = gzip.compress(OK)
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(small) + small
    before = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
    to_the_end = b"HTTP/1.0 200 OK\r\n\r\n" + OK
    away = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with host(chunked, packed, before, away, PLAIN) as there, calls() as ours:
        for status, body in ((200, OK), (200, OK), (200, OK), (302, b""), (200, OK)):
            assert await ours("POST", there.url, b"{}", {}) == (status, body)
        assert len(there.asked) == 5  # nobody went elsewhere
    async with host(to_the_end) as there, calls() as ours:
        for _ in range(2):
            assert await ours("POST", there.url, b"{}", {}) == (200, OK)
        assert there.connections == 2


async def test_nothing_that_may_have_arrived_is_sent_again_but_what_may_be_repeated() -> None:
    """A kept connection may be closed at any moment: a PUT is tried once more on a new one, a POST is not."""
    async with host(PLAIN, HANG_UP, PLAIN) as there, calls() as ours:
        await ours("POST", there.url, b"1", {})
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await ours("POST", there.url, b"2", {})
        assert [body[-1:] for _, body in there.asked] == [b"1", b"2"]
    async with host(PLAIN, HANG_UP, PLAIN) as there, calls() as ours:
        await ours("POST", there.url, b"1", {})
        assert await ours("PUT", there.url, b"2", {}) == (200, OK)
        assert [(on, body[-1:]) for on, body in there.asked] == [(1, b"1"), (1, b"2"), (2, b"2")]
    async with host(HANG_UP) as there, calls() as ours:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await ours("PUT", there.url, b"2", {})
        assert len(there.asked) == 2


async def test_who_stood_still_does_not_say_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the time for a try has gone by while it was being tried: others may have gone on from there."""
    async with host(HANG_UP) as there, calls() as ours:
        moments = itertools.count(step=1000)
        clock = SimpleNamespace(monotonic=lambda: float(next(moments)))
        monkeypatch.setattr("bot.calls.time", clock)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await ours("PUT", there.url, b"2", {})
        assert len(there.asked) == 1


@pytest.mark.parametrize("how", ["late", "called off"])
async def test_a_connection_with_an_answer_outstanding_is_nobodys_next(how: str) -> None:
    async with host(SILENCE, PLAIN) as there, calls(1.0 if how == "late" else 60.0) as ours:
        asking = asyncio.create_task(ours("POST", there.url, b"1", {}))
        if how == "late":
            with pytest.raises(TimeoutError):
                await asking
        else:
            while not there.asked:  # noqa: ASYNC110 (no event tells)
                await asyncio.sleep(0.005)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        async with asyncio.timeout(30):
            await there.lost.wait()
        assert await ours("POST", there.url, b"2", {}) == (200, OK)
        assert [on for on, _ in there.asked] == [1, 2]


async def test_what_cannot_be_said_is_not_said() -> None:
    async with host() as there, calls() as ours:
        for heads in ({"X-Token": "t\r\nX-More: 1"}, {"X-Token": "t\n"}, {"X\r": "t"}, {"X-Token": "\0"}):
            with pytest.raises(ValueError, match="line break"):
                await ours("POST", there.url, b"{}", heads)
        for url in ("http://[::1", "http:///no-host", "http://host:99999/"):
            with pytest.raises(aiohttp.InvalidURL):
                await ours("POST", url, b"{}", {})
        with pytest.raises(aiohttp.ClientConnectorError):
            await ours("POST", "http://127.0.0.1:1/", b"{}", {})
        assert not there.asked
        assert await ours("POST", f"{there.url}/a\r\nX-More: 1", b"{}", {}) == (200, OK)
        assert b"X-More" not in there.asked[0][1].replace(b"X-More:%201", b"")


async def test_a_proxy_gets_the_whole_address() -> None:
    async with host() as proxy, calls() as ours:
        assert await ours("POST", "http://api.test/x", b"{}", {"X-Token": "t"}, proxy=proxy.url) == (
            200,
            OK,
        )
        asked = proxy.asked[0][1]
        assert asked.startswith(b"POST http://api.test/x HTTP/1.1\r\n")
        assert (b"Host: api.test\r\n" in asked, b"X-Token: t\r\n" in asked) == (True, True)


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(
        subject, subject, key.public_key(), 7, now - timedelta(days=1), now + timedelta(days=9)
    )
    alternative = x509.DNSName(name) if name[0].isalpha() else x509.IPAddress(ipaddress.ip_address(name))
    signed = made.add_extension(x509.SubjectAlternativeName([alternative]), critical=False).sign(
        key, hashes.SHA256()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path


async def test_a_host_proves_by_its_certificate_who_it_is(tmp_path: Path) -> None:
    right, known = _certificate(tmp_path, "127.0.0.1")
    async with host(tls=right) as there:
        async with calls() as ours:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await ours("POST", there.url, b"{}", {})
        async with calls(tls=ssl.create_default_context(cafile=str(known))) as ours:
            for _ in range(2):
                assert await ours("POST", there.url, b"{}", {}) == (200, OK)
        assert len(there.asked) == 2
    other, known = _certificate(tmp_path, "api.test")
    async with host(tls=other) as there, calls(tls=ssl.create_default_context(cafile=str(known))) as ours:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await ours("POST", there.url, b"{}", {})
        assert not there.asked
