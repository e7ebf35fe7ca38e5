"""Which address a request comes from, and how often it may come."""

import ipaddress
from collections.abc import Sequence

from aiohttp import web

from bot.platform import Shared
from web.errors import Refusal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Gate:
    """Lets an address through so many times a minute (`intake.per_minute`)."""

    def __init__(self, shared: Shared, per_minute: int, proxies: Sequence[str]) -> None:
        self._shared, self._per_minute = shared, per_minute
        self._proxies = [ipaddress.ip_network(one, strict=False) for one in proxies]

    async def passes(self, request: web.Request, door: str) -> float:
        """0.0 when the request may go on, else the seconds to wait first. `door` counts apart from others."""
        who = address(request.remote or "", request.headers.getall("X-Forwarded-For", []), self._proxies)
        return await self._shared.take(f"{door}:{who}", self._per_minute / 60, self._per_minute)

    async def pass_or_refuse(self, request: web.Request, door: str) -> None:
        """Raises Refusal 429 with the time to wait."""
        if wait := await self.passes(request, door):
            seconds = str(int(wait) + 1)
            raise Refusal(429, "太频繁了，请稍后再试", code="too_many", headers={"Retry-After": seconds})


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
