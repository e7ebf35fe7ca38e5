"""A simulator as a program of its own: says in one JSON line where it listens, runs until it is told to stop."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol


class Runs(Protocol):
    """What can be started and stopped."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


async def run(server: Runs, about: Callable[[], Mapping[str, Any]]) -> None:
    """Runs until SIGTERM or SIGINT; prints `about()` as one line of JSON when the ports are open."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await server.start()
        sys.stdout.write(json.dumps(about(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await server.stop()


def fields(server: object, *names: str) -> dict[str, Any]:
    """These attributes of a server by name, read now."""
    return {name: getattr(server, name) for name in names}
