"""Which address a request comes from, and how often it may come."""

import asyncio
import ipaddress
from collections.abc import Sequence

from aiohttp import web

from bot.platform import Shared
from web.errors import Refusal

MANY = 10_000
"""Resting addresses that are kept in mind."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Gate:
    """Lets an address through so many times a minute (`intake.per_minute`)."""

    def __init__(self, shared: Shared, per_minute: int, proxies: Sequence[str]) -> None:
        self._shared, self._per_minute = shared, per_minute
        self._proxies = [ipaddress.ip_network(one, strict=False) for one in proxies]

    async def passes(self, request: web.Request, door: str) -> float:
        """0.0 when the request may go on, else the seconds to wait first. `door` counts apart from others."""
        bucket = f"{door}:{self.who(request)}"
        return await self._shared.take(bucket, self._per_minute / 60, self._per_minute)

    def who(self, request: web.Request) -> str:
        """The address that a request comes from."""
        return address(request.remote or "", request.headers.getall("X-Forwarded-For", []), self._proxies)

    async def pass_or_refuse(self, request: web.Request, door: str) -> None:
        """Raises Refusal 429 with the time to wait."""
        if wait := await self.passes(request, door):
            raise _too_many(wait)


class Tries:
    """How often an address may show a token or signature that is wrong (`api.tries`); past that, it waits before any is
    looked at again. What is right costs nothing."""

    def __init__(self, shared: Shared, per_minute: int, proxies: Sequence[str]) -> None:
        self._gate = Gate(shared, per_minute, proxies)
        self._resting: dict[str, float] = {}

    def may_try(self, request: web.Request) -> None:
        """Raises Refusal 429 while the address rests."""
        who, now = self._gate.who(request), asyncio.get_running_loop().time()
        if (until := self._resting.get(who, 0.0)) > now:
            raise _too_many(until - now)
        self._resting.pop(who, None)

    async def failed(self, request: web.Request, door: str) -> None:
        """Something wrong was shown. Raises Refusal 429 when that was one too many."""
        if wait := await self._gate.passes(request, door):
            if (
                len(self._resting) > MANY
            ):  # each would be let go at its next request; somebody has many addresses
                self._resting.clear()
            self._resting[self._gate.who(request)] = asyncio.get_running_loop().time() + wait
            raise _too_many(wait)


def _too_many(wait: float) -> Refusal:
    return Refusal(429, "太频繁了，请稍后再试", code="too_many", headers={"Retry-After": str(int(wait) + 1)})


def address(remote: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """The visitor's address: the last in X-Forwarded-For that is not one of our proxies, when a proxy asks; else who
    asks. Of IPv6 the /64, which is what one household has."""
    chain = [part.strip() for line in forwarded for part in line.split(",")]
    who = remote
    while _is_proxy(who, proxies) and chain:
        who = chain.pop()
    try:
        found = ipaddress.ip_address(who)
    except ValueError:
        return remote
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network(f"{found}/64", strict=False))


def _is_proxy(who: str, proxies: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(who)
    except ValueError:
        return False
    return any(found in network for network in proxies)
