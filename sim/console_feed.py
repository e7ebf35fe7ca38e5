"""What the console page is told while it is open: server-sent events about phones, wire, menu, clock and bot."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from aiohttp import web

from sim.control import screen_row
from sim.dingtalk_server import DingtalkServer
from sim.wechat import Wechat
from sim.wecom_aibot_server import WecomAibotServer
from sim.wecom_server import WecomServer
from sim.wire import WireEntry

Sim = WecomServer | WecomAibotServer | DingtalkServer | Wechat
EVERY = 0.1
BEAT = 10.0
LONG = 6000  # characters of one text on the wire panel


def event(name: str, value: object) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False, default=str)}\n\n".encode()


def versions(sim: Sim) -> dict[str, dict[str, int]]:
    """How many things each phone shows and the version of its screen."""
    return {user: {"total": len(p.seen), "version": p.version} for user, p in sim.phones.items()}


def wire_rows(sims: Mapping[str, Sim], after: Mapping[str, int], most: int) -> list[dict[str, Any]]:
    """The newest `most` exchanges of each platform beyond number `after`, oldest first."""
    rows: list[dict[str, Any]] = []
    for name, sim in sims.items():
        found: list[dict[str, Any]] = []
        for entry in reversed(list(sim.wire)):
            if entry.n <= after.get(name, 0) or len(found) >= most:
                break
            found.append(wire_row(name, entry))
        rows += reversed(found)
    return sorted(rows, key=lambda row: float(row["at"]))


def wire_row(platform: str, entry: WireEntry) -> dict[str, Any]:
    """One exchange as the page shows it."""
    row = {"platform": platform, "n": entry.n, "at": entry.at, "way": entry.way, "what": entry.what}
    return row | {"sent": shortened(entry.sent), "answer": shortened(entry.answer), "status": entry.status}


def shortened(value: object) -> object:
    """The same with very long texts cut: a page is no place for a whole file."""
    match value:
        case str() if len(value) > LONG:
            return f"{value[:LONG]}…（共 {len(value)} 字）"
        case dict():
            return {str(key): shortened(one) for key, one in value.items()}
        case list() | tuple():
            return [shortened(one) for one in value]
        case bytes() | bytearray():
            return f"<{len(value)} bytes>"
        case _:
            return value


class Feed:
    """All that can be followed. `state` gives the small things (clock, bot, menu) as JSON-able values by event name."""

    def __init__(self, sims: Mapping[str, Sim], state: Callable[[], dict[str, Any]], boot: str) -> None:
        self._sims, self._state, self._boot = sims, state, boot
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Ends all streams, so that the server can stop."""
        self._closing.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """GET events: first `hello` with where everything stands, then what changes."""
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            async for piece in self._pieces():
                await response.write(piece)
        return response

    async def _pieces(self) -> AsyncIterator[bytes]:
        known = {name: {u: p.version for u, p in sim.phones.items()} for name, sim in self._sims.items()}
        wired = {name: sim.wire.total for name, sim in self._sims.items()}
        state = self._state()
        yield event("hello", {"boot": self._boot, "phones": {n: versions(s) for n, s in self._sims.items()}})
        for name, value in state.items():
            yield event(name, value)
        quiet = 0.0
        while not self._closing.is_set():
            found = [*self._screens(known), *self._wires(wired)]
            fresh = self._state()
            found += [event(name, value) for name, value in fresh.items() if value != state.get(name)]
            state = fresh
            quiet = 0.0 if found else quiet + EVERY
            if quiet >= BEAT:
                found, quiet = [b": still here\n\n"], 0.0
            for piece in found:
                yield piece
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), EVERY)

    def _screens(self, known: dict[str, dict[str, int]]) -> list[bytes]:
        found = []
        for name, sim in self._sims.items():
            for user, phone in list(sim.phones.items()):
                before = known[name].get(user, 0)
                if phone.version == before:
                    continue
                known[name][user] = phone.version
                found += [
                    event("seen", {"platform": name, "user": user, "seen": screen_row(seen)})
                    for seen in phone.seen
                    if seen.version > before
                ]
        return found

    def _wires(self, wired: dict[str, int]) -> list[bytes]:
        rows = wire_rows(self._sims, wired, most=200)
        for name, sim in self._sims.items():
            wired[name] = sim.wire.total
        return [event("wire", rows)] if rows else []
