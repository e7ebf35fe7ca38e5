"""Addresses that are named from outside for one errand (a file, an answer): they lead out of the house, and nowhere else."""

import ipaddress
import re
import socket
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

SECONDS = 60.0
HOPS = 3
"""So often a file's address may lead on to another."""


class Inside(aiohttp.ClientError):
    """The address is none of the internet, or not of the platform's own hosts."""


@dataclass(frozen=True)
class File:
    """What came: at most one byte more than was asked for, and what the answer says of its name."""

    status: int
    body: bytes
    disposition: str = ""


def public(text: str) -> bool:
    """Whether an address is out on the internet, also when it wraps another one."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return address.is_global and not address.is_multicast


def at_home(url: str, bases: Sequence[str]) -> bool:
    """Whether an address is on a host that the deployer named as the platform's own (`api_base` and its like)."""
    host = _host(url)
    return bool(host) and host in {_host(base) for base in bases}


def of_platform(url: str, bases: Sequence[str], domain: str) -> bool:
    """The same, or over TLS on a host of the platform's domain ("dingtalk.com")."""
    if at_home(url, bases):
        return True
    host = _host(url)
    return url.lower().startswith("https://") and (host == domain or host.endswith(f".{domain}"))


async def fetched(url: str, most: int, bases: Sequence[str]) -> File:
    """A file behind an address that a platform gave: of at most `most` bytes, one more is read to tell. The address that was
    looked at is the one that is connected to. Raises Inside, ValueError, and what the HTTP library raises."""
    for _ in range(HOPS + 1):
        own = at_home(url, bases)
        proxied = _proxied(url)
        if not own:
            _literal(url)
        resolver = None if own or proxied else Outside()
        connector = aiohttp.TCPConnector(resolver=resolver, force_close=True)
        timeout = aiohttp.ClientTimeout(total=SECONDS, connect=10)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=proxied) as http,
            http.get(url, allow_redirects=False) as answer,
        ):
            if answer.status in (301, 302, 303, 307, 308) and (to := answer.headers.get("Location")):
                url = str(answer.url.join(URL(to)))
                continue
            body = bytearray()  # read(n) gives what has come, not n
            while len(body) <= most and (piece := await answer.content.read(256 * 1024)):
                body += piece
            return File(answer.status, bytes(body[: most + 1]), answer.headers.get("Content-Disposition", ""))
    raise Inside("leads on and on")


class Outside(AbstractResolver):
    """Finds the addresses of a host when all of them are public."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises Inside, OSError."""
        found = await self._inner.resolve(host, port, family)
        if not all(public(one["host"]) for one in found):
            raise Inside(host)
        return found

    async def close(self) -> None:
        """Nothing is kept."""
        await self._inner.close()


# a reply address is asked about with each message, the platform's own with each of them
@lru_cache(maxsize=1024)
def _host(url: str) -> str:
    """Host in small letters, "" for what is no address of the web."""
    try:
        parts = URL(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ws", "wss") or parts.user or parts.password:
        return ""
    return (parts.host or "").lower().rstrip(".")


def _literal(url: str) -> None:
    """Raises Inside for an address in digits that is not public, and for what is no address of the web: these are
    never resolved."""
    host = _host(url)
    if not host:
        raise Inside("no address of the web")
    if re.fullmatch(r"[0-9.]+|[0-9a-f:.%]*:[0-9a-z:.%]*|0x[0-9a-f.x]+", host):
        try:
            if public(host):
                return
        except ValueError:
            pass  # "127.1" and "2130706433" are addresses to some
        raise Inside(host)


def _proxied(url: str) -> bool:
    """Whether the machine reaches this address by a proxy of its environment: then that one resolves the name."""
    parts = URL(url)
    return parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(parts.host or "")
