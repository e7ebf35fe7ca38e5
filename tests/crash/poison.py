"""What ends the process each time it is handled: words that a real bug might meet, put into the product of a forked process.

`GENJIN_TEST_POISON` says how, for messages and sends with the word 毒 in them: `segv` ends it from outside (as a bug in C
code or the kernel out of memory does), `exit` from inside, `loop` never gives the event loop back.
"""

import asyncio
import os
import re
import signal
from typing import Any

WORD = "毒药"
SWITCH = "GENJIN_TEST_POISON"


def _die(how: str) -> None:
    if how == "segv":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif how == "exit":
        os._exit(3)
    else:
        re.match("(a|a)*$", "a" * 60 + "b")  # longer than anybody lives, and other threads stand still


def arm(how: str) -> None:
    """From here on the process cannot bear the word; it is tried again sooner than elsewhere."""
    from bot import suspects
    from bot.dispatch import Dispatcher
    from bot.parcels import Parcels

    suspects.PAUSES = (0, 1000, 3000, 3000)
    handle, outgoing = Dispatcher.handle, Parcels.outgoing

    async def poisoned(self: Any, tx: Any, row: Any) -> Any:
        done = await handle(self, tx, row)
        if f"{WORD}信" in row.body:
            await asyncio.sleep(0.2)  # others are begun meanwhile
            _die(how)
        return done

    async def sent(self: Any, row: Any, *more: Any) -> Any:
        if f"{WORD}件" in str(row.body):
            await asyncio.sleep(0.05)
            _die(how)
        return await outgoing(self, row, *more)

    setattr(Dispatcher, "handle", poisoned)  # noqa: B010 - a test's own bug
    setattr(Parcels, "outgoing", sent)  # noqa: B010
