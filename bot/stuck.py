"""A process that stands still ends, and says where it stood: whoever supervises it starts it again.

Endless work in C code holds up every thread of Python, so the one that watches is none of them (faulthandler's).
"""

import asyncio
import faulthandler
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from io import UnsupportedOperation

TELLING = 10.0
"""Seconds in which standard error has to take where the threads stood."""


@asynccontextmanager
async def watched(longest: timedelta) -> AsyncIterator[None]:
    """Ends the process (exit code 1, where each thread stood on standard error) when the event loop does not come round for
    `longest`; never when that is nothing."""
    seconds = longest.total_seconds()
    if not seconds:
        yield
        return
    _wind(seconds)  # now: the next round of the loop may be the one that does not end
    turning = asyncio.create_task(_turn(seconds), name="stuck")
    try:
        yield
    finally:
        turning.cancel()
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)


def _wind(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds + TELLING)  # ends it, too, when nobody takes what is told
    with suppress(UnsupportedOperation):  # standard error is no file: nobody would read where it stood
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)


async def _turn(seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / 6)
        _wind(seconds)
