"""What an older version left out of the database is added while everything runs, a little at a time."""

import asyncio

import structlog

from bot.clock import Clock
from store import name_keys, settings
from store.db import Database, passing

log = structlog.get_logger("filling")

MARK = "name_near.filled"
"""The setting that says up to which customer the near keys are there."""
AGAIN = 3600.0
"""Seconds until the next look: beside a rolling upgrade the older version still writes customers."""
FAILED = 60.0
BEHIND = 10_000
"""So many customers before the mark are looked at once more: of two that are written at once, the first may show later."""
SHARE = 3
"""It rests three times as long as it worked, so that others have the writer."""


async def run(db: Database, clock: Clock) -> None:
    """Until cancelled: fills, and looks again every hour."""
    while True:
        pause = AGAIN
        try:
            await fill(db, clock)
        except Exception as error:
            pause = FAILED
            if not passing(error):
                log.exception("filling failed")
        await asyncio.sleep(pause)


async def fill(db: Database, clock: Clock) -> None:
    """The near keys of customers that have none, from where it was left; a kill costs the batch in hand."""
    async with db.read() as tx:
        begun = at = max(0, int(await settings.get(tx, MARK) or 0) - BEHIND)
    loop = asyncio.get_running_loop()
    while True:
        since = loop.time()
        async with db.write(durable=False) as tx:
            last = await name_keys.fill(tx, at)
            if last and last > begun + BEHIND:
                await settings.put(tx, MARK, str(last), "", clock.now())
        if not last:
            return
        at = last
        await asyncio.sleep(SHARE * (loop.time() - since))
