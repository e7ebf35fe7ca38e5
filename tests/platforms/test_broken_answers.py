"""Somebody answers who is no platform: nothing, garbage, without end, drop by drop. Always a failure that is tried again."""

import asyncio
import resource
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import aiohttp
import pytest
from aiohttp import connector
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from bot import answers
from bot.config import Dingtalk
from bot.config_robots import Robot
from bot.dingtalk import api as dingtalk_api
from bot.dingtalk.platform import DingtalkPlatform
from bot.platform import Outgoing, SendFailed, Sent, Way
from bot.robots import platform as robots
from bot.wecom import api as wecom_api
from bot.wecom.platform import WecomPlatform
from store.cache import LocalShared
from tests.platforms.wecom_kit import settings

GOOD = b'{"errcode":0,"access_token":"t","accessToken":"t","expires_in":7200,"expireIn":7200}'
Answer = Callable[[asyncio.StreamWriter], "asyncio.Future[None]"]
MEGABYTE = 1024 * 1024


def http(body: bytes, *headers: str) -> bytes:
    head = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def bomb(megabytes: int) -> bytes:
    """So many megabytes of spaces, packed piece by piece."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * MEGABYTE) for _ in range(megabytes)) + packer.flush()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b" " * MEGABYTE)
        await writer.drain()


async def dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    while True:
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b" ")


BROKEN = {
    "closes before it answers": b"",
    "an empty body": http(b""),
    "an empty object": http(b"{}"),
    "a list": http(b"[1, 2]"),
    "no text": http(b"\xff\xfe\x00\x01" * 50),
    "a page": http(b"<html>502 Bad Gateway</html>"),
    "half an object": http(b'{"errcode":0,"msgid":"a')[:-3],
    "brackets without end": http(b"[" * 200_000),
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "said to be packed": http(b"no gzip", "Content-Encoding: gzip"),
    "300 MB packed into 300 KB": http(bomb(300), "Content-Encoding: gzip"),
    "without end": endless,
    "drop by drop": dripping,
}


@asynccontextmanager
async def answering(
    broken: "bytes | Callable[[asyncio.StreamWriter], object]",
    token: bytes = GOOD,
    asked: list[bytes] | None = None,
) -> AsyncIterator[str]:
    """A server that hands out tokens and answers everything else like this; its address. `asked`: for each token a line."""
    tasks: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                length = 0
                while (head := await reader.readline()).strip():
                    if head.lower().startswith(b"content-length:"):
                        length = int(head.split(b":")[1])
                await reader.readexactly(length)
                if b"oken " in line or b"gettoken" in line:
                    if asked is not None:
                        asked.append(line)
                    writer.write(http(token))
                    await writer.drain()
                    continue
                if isinstance(broken, bytes):
                    writer.write(broken)
                    await writer.drain()
                else:
                    await broken(writer)  # type: ignore[misc]
                return
        except OSError:
            pass
        finally:
            writer.transport.abort() if not isinstance(broken, bytes) else writer.close()

    def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(answer(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(came, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


class Sends(Protocol):
    async def send(self, out: Outgoing) -> Sent: ...


def made(platform: str, url: str) -> Sends:
    """The adapter, pointed there, with short patience."""
    match platform:
        case "wecom":
            return WecomPlatform(settings(url), LocalShared(), lambda: datetime.now(UTC), lambda *_: None)
        case "dingtalk":
            there = Dingtalk(
                enabled=True, client_id="c", client_secret=SecretStr("s"), api_base=url, oapi_base=url
            )
            return DingtalkPlatform(
                there, LocalShared(), lambda: datetime.now(UTC), lambda *_: None, "https://bot.example"
            )
        case _:
            robot = Robot(name="g", kind="wecom", url=SecretStr(f"{url}/robot"))
            return robots.RobotPlatform([robot], lambda: datetime.now(UTC))


@pytest.mark.parametrize("platform", ["wecom", "dingtalk", "robot"])
async def test_whoever_answers_nonsense_is_asked_again_later(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each within seconds and without taking memory; what may have been done there is said to be open."""
    patience = aiohttp.ClientTimeout(total=1.0)
    monkeypatch.setattr(wecom_api, "TIMEOUT", patience)
    monkeypatch.setattr(dingtalk_api, "TIMEOUT", 1.0)
    monkeypatch.setattr(robots, "TIMEOUT", patience)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, broken in BROKEN.items():
        async with answering(broken) as url:
            bot = made(platform, url)
            begun = time.monotonic()
            try:
                with pytest.raises(SendFailed) as caught:
                    await bot.send(Outgoing(1, Way.TEXT, "g" if platform == "robot" else "lisi", text="在吗"))
                assert caught.value.retry, name
                assert time.monotonic() - begun < 20, name
            finally:
                if not isinstance(bot, robots.RobotPlatform):
                    await bot.stop()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB on Linux
    assert grown < 6 * answers.LARGEST // 1024, f"{grown} KiB"


@pytest.mark.parametrize("platform", ["wecom", "dingtalk", "robot"])
async def test_whoever_points_elsewhere_is_not_followed(platform: str) -> None:
    """Neither a token nor a message goes to another address because somebody on the way says so."""
    went: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        went.append(await reader.readline())
        writer.close()

    elsewhere = await asyncio.start_server(note, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{elsewhere.sockets[0].getsockname()[1]}/metadata"
    pointing = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {address}\r\nContent-Length: 0\r\n\r\n"
    async with elsewhere, answering(pointing.encode()) as url:
        bot = made(platform, url)
        try:
            with pytest.raises(SendFailed) as caught:
                await bot.send(Outgoing(1, Way.TEXT, "g" if platform == "robot" else "lisi", text="在吗"))
            assert caught.value.retry
        finally:
            if not isinstance(bot, robots.RobotPlatform):
                await bot.stop()
    assert went == []


def certificate(room: Path, name: str, *, days: int) -> ssl.SSLContext:
    """What a server shows that is called this and whose certificate, by nobody known, ends in so many days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(
        issuer_name=who, subject_name=who, public_key=key.public_key(), serial_number=1
    )
    made = made.not_valid_before(now - timedelta(days=90)).not_valid_after(now + timedelta(days=days))
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (room / "pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(room / "pem")
    return context


@pytest.mark.parametrize(
    ("name", "days", "known", "hears"),
    [
        ("localhost", 9, True, True),
        ("localhost", 9, False, False),
        ("localhost", -9, True, False),
        ("qyapi.example", 9, True, False),
    ],
    ids=["as it should be", "of nobody known", "ended", "another name"],
)
@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
async def test_whoever_cannot_prove_to_be_the_platform_hears_no_secret(
    platform: str,
    name: str,
    days: int,
    known: bool,
    hears: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is said there, and it is tried again."""
    heard: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.close()

    shown = certificate(tmp_path, name, days=days)
    trusted = ssl.create_default_context(cafile=tmp_path / "pem" if known else None)
    monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", trusted)  # as if the machine trusted it
    server = await asyncio.start_server(note, "127.0.0.1", 0, ssl=shown)
    async with server:
        bot = made(platform, f"https://localhost:{server.sockets[0].getsockname()[1]}")
        try:
            with pytest.raises(SendFailed) as caught:
                await bot.send(Outgoing(1, Way.TEXT, "lisi", text="在吗"))
        finally:
            await bot.stop()  # type: ignore[attr-defined]
    assert caught.value.retry
    assert any(heard) == hears
    assert hears or not caught.value.unknown


@pytest.mark.parametrize("lasts", [b"0", b"-1", b"null", b"1", b'"soon"', b"1e300", b"9" * 30])
@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
async def test_a_token_that_lasts_no_time_is_not_asked_for_with_every_message(
    platform: str, lasts: bytes
) -> None:
    """Whatever it says of how long: who asks for a token again and again is locked out by the platform."""
    token = b'{"errcode":0,"access_token":"t","accessToken":"t","expires_in":%b,"expireIn":%b}' % (
        lasts,
        lasts,
    )
    asked: list[bytes] = []
    async with answering(http(b"[]"), token, asked) as url:
        bot = made(platform, url)
        try:
            for n in range(3):
                with pytest.raises(SendFailed):
                    await bot.send(Outgoing(n, Way.TEXT, "lisi", text="在吗"))
        finally:
            await bot.stop()  # type: ignore[attr-defined]
    assert len(asked) == 1


async def test_a_name_that_nobody_knows_is_tried_again(platform_of_a_lost_name: Sends) -> None:
    """DNS fails: nothing left the house."""
    with pytest.raises(SendFailed) as caught:
        await platform_of_a_lost_name.send(Outgoing(1, Way.TEXT, "lisi", text="在吗"))
    assert (caught.value.retry, caught.value.unknown) == (True, False)


@pytest.fixture(params=["wecom", "dingtalk"])
async def platform_of_a_lost_name(request: pytest.FixtureRequest) -> AsyncIterator[Sends]:
    bot = made(request.param, "http://nowhere.invalid")
    yield bot
    assert isinstance(bot, WecomPlatform | DingtalkPlatform)
    await bot.stop()
