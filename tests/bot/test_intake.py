"""Whoever waits for an event to be stored hears of it, also when the bot stops meanwhile."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import inbox
from bot.bells import Bells
from bot.clock import Clock
from bot.events import Event, Incoming, Message, encode
from bot.inbox import Full, Intake
from store.db import Database

AT = datetime(2026, 11, 22, tzinfo=UTC)


async def test_a_stop_while_a_batch_is_stored_one_by_one_leaves_nobody_waiting(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    db = Database(f"sqlite:///{tmp_path}/genjin.db")
    intake, tries = Intake(db, Clock(), Bells()), 0

    def odd(event: Event) -> str:
        """The first event is none that can be stored; when the second is stored by itself the bot stops."""
        nonlocal tries
        tries += 1
        if tries in {1, 2}:
            raise TypeError("cannot be stored")
        running.cancel()
        return encode(event)

    monkeypatch.setattr(inbox, "encode", odd)
    said = [Incoming(f"m{n}", "wecom:u", Message("wecom", "u", "你好", AT)) for n in range(4)]
    waiting = [asyncio.create_task(intake([one])) for one in said]
    await asyncio.sleep(0)  # all wait for the same batch
    running = asyncio.create_task(intake.run())
    try:
        async with asyncio.timeout(30):
            told = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(told[0], TypeError)
        assert all(isinstance(one, Full) for one in told[1:])
        with pytest.raises(asyncio.CancelledError):
            await running
    finally:
        await db.close()
