"""The product as `main.py serve` runs it, but without the caps on messages a second and a person, which else were measured.

`python … CONFIG`
"""

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

import main
from bot import logs
from bot.config import load


async def serve(path: str) -> None:
    config = load(Path(path))
    config = config.model_copy(
        update={"messages": config.messages.model_copy(update={"per_minute": 600_000})}
    )
    logs.configure(config.app.log)
    app = await main.start(config)
    for platform in app.engine.platforms:
        platform.limits.app_per_second = 100_000.0
        platform.limits.person_per_minute = 600_000
    await app.at_ease()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await app.stop()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
