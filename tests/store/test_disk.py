"""A quick disk is waited for in place, a slow one in a thread; a commit is reported after a flush that began behind it."""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.bells import Bells
from bot.clock import Clock
from bot.events import Incoming, Message
from bot.inbox import Intake
from store import disk, inbox, settings
from store.db import Database

AT = datetime(2026, 11, 22, tzinfo=UTC)
Flushed = list[tuple[bool, int]]


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Flushed]:
    """Sets how long a flush takes; notes of each whether it was in place, and how much had been written before it."""
    done: Flushed = []
    usual = disk._flush

    def takes(seconds: float) -> Flushed:
        def flush(handle: int) -> None:
            size = os.fstat(handle).st_size
            time.sleep(seconds)
            usual(handle)
            done.append((threading.current_thread() is threading.main_thread(), size))

        monkeypatch.setattr(disk, "_flush", flush)
        return done

    return takes


@pytest.fixture
async def opened(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Callable[[], Database]]:
    """Opens a migrated file, once the test has set what the disk is to be like; closed behind the test."""
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    made: list[Database] = []

    def open_it() -> Database:
        made.append(Database(f"sqlite:///{tmp_path}/genjin.db"))
        return made[-1]

    yield open_it
    for one in made:
        await one.close()


async def wrote(db: Database, n: int) -> None:
    async with db.write() as tx:
        await settings.once(tx, f"disk.{n}", f"{n}-" * 2000, AT)


async def test_a_slow_disk_holds_nobody_else_up(
    tmp_path: Path,
    opened: Callable[[], Database],
    flushed: Callable[[float], Flushed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk, "AWAY", (600.0, 600.0))
    db = opened()
    done = flushed(0.03)
    for n in range(4):
        await wrote(db, n)
        assert done[-1][1] == (tmp_path / "genjin.db-wal").stat().st_size  # all that was committed
    assert [here for here, _ in done] == [True, False, False, False]


async def test_without_a_thread_or_memory_nobody_waits_for_ever(
    opened: Callable[[], Database],
    flushed: Callable[[float], Flushed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The machine gives out no thread for a while, then no memory: it is done in place, or said not to be done."""

    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    def no_memory(_handle: int) -> None:
        raise MemoryError

    monkeypatch.setattr(disk, "AWAY", (600.0, 600.0))
    db, done = opened(), flushed(0.03)
    async with asyncio.timeout(60):
        with monkeypatch.context() as short:
            short.setattr(threading.Thread, "start", none_left)
            for n in range(3):
                await wrote(db, n)
        await wrote(db, 3)
        assert [here for here, _ in done] == [True, True, True, False]
        with monkeypatch.context() as short:
            short.setattr(disk, "_flush", no_memory)
            with pytest.raises(OSError, match="no memory"):
                await wrote(db, 4)
        await wrote(db, 5)


async def test_a_quick_disk_is_waited_for_in_place_and_one_flush_is_for_all(
    opened: Callable[[], Database],
    flushed: Callable[[float], Flushed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk, "QUICK", 60.0)
    db = opened()
    done = flushed(0.0)
    for n in range(20):
        await wrote(db, n)
    assert [here for here, _ in done] == [True] * 20
    intake = Intake(db, Clock(), Bells())
    running = asyncio.create_task(intake.run())
    said = [Incoming(f"m{n}", "wecom:u", Message("wecom", "u", "你好", AT)) for n in range(30)]
    await asyncio.gather(*(intake([one]) for one in said))
    assert len(done) == 21
    running.cancel()


async def test_what_nobody_waits_for_is_on_the_disk_before_anything_leaves_the_house(
    tmp_path: Path,
    opened: Callable[[], Database],
    flushed: Callable[[float], Flushed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk, "SOON", 600.0)
    db, wal = opened(), tmp_path / "genjin.db-wal"
    done = flushed(0.0)

    async def handled(n: int) -> None:
        async with db.write(waits=False) as tx:
            await settings.once(tx, f"disk.{n}", f"{n}-" * 2000, AT)

    for n in range(5):
        await handled(n)
    assert not done
    await db.settled()
    assert [size for _, size in done] == [wal.stat().st_size]
    await db.settled()  # it is there already
    assert len(done) == 1
    await handled(5)
    await wrote(db, 6)  # whoever waits takes the others along
    await db.settled()
    assert [size for _, size in done][1:] == [wal.stat().st_size]


async def test_what_nobody_asks_for_is_on_the_disk_a_moment_later(
    tmp_path: Path,
    opened: Callable[[], Database],
    flushed: Callable[[float], Flushed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk, "SOON", 0.001)
    db = opened()
    done = flushed(0.0)
    for n in range(3):
        async with db.write(waits=False) as tx:
            await settings.once(tx, f"disk.{n}", "x", AT)
        async with asyncio.timeout(60):
            while len(done) <= n:  # noqa: ASYNC110 - a disk rings no bell
                await asyncio.sleep(0.001)
        assert done[-1][1] == (tmp_path / "genjin.db-wal").stat().st_size


async def test_a_flush_that_failed_is_still_owed(
    opened: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "SOON", 600.0)
    db = opened()
    usual, tried = disk._flush, list[int]()

    def flush(handle: int) -> None:
        tried.append(handle)
        if len(tried) == 1:
            raise OSError(5, "the disk refuses")
        usual(handle)

    monkeypatch.setattr(disk, "_flush", flush)
    async with db.write(waits=False) as tx:
        await settings.once(tx, "disk", "x", AT)
    with pytest.raises(OSError, match="the disk refuses"):
        await db.settled()
    await db.settled()
    await db.settled()
    assert len(tried) == 2


async def test_a_commit_whose_writer_was_called_off_is_flushed_before_anything_leaves_the_house(
    tmp_path: Path,
    opened: Callable[[], Database],
    flushed: Callable[[float], Flushed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(disk, "SOON", 600.0)
    db, wal = opened(), tmp_path / "genjin.db-wal"
    done = flushed(0.0)

    async def called_off() -> None:
        async with db.write() as tx:
            await settings.once(tx, "disk", "x" * 9000, AT)
            # in the round of the loop that waits for the flush, before it begins
            asyncio.get_running_loop().call_soon(writing.cancel)

    writing = asyncio.create_task(called_off())
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with db.read() as tx:
        assert await settings.get(tx, "disk")  # it was committed
    await db.settled()
    assert [size for _, size in done][-1:] == [wal.stat().st_size]


async def test_what_nobody_asks_for_is_tried_again_when_the_disk_refused(
    opened: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "SOON", 0.001)
    db = opened()
    usual, tried, there, loop = disk._flush, list[int](), asyncio.Event(), asyncio.get_running_loop()

    def flush(handle: int) -> None:
        tried.append(handle)
        if len(tried) < 3:
            raise OSError(5, "the disk refuses")
        usual(handle)
        loop.call_soon_threadsafe(there.set)

    monkeypatch.setattr(disk, "QUICK", 60.0)
    monkeypatch.setattr(disk, "_flush", flush)
    async with db.write(waits=False) as tx:
        await settings.once(tx, "disk", "x", AT)
    async with asyncio.timeout(60):
        await there.wait()
    await db.settled()
    assert 3 <= len(tried) <= 4  # the last may be asked for before the one before it is known to be done


async def test_repeats_beside_new_ones_wake_only_whose_event_is_new(db: Database) -> None:
    def said(n: int, user: str) -> Incoming:
        return Incoming(f"m{n}", f"wecom:{user}", Message("wecom", user, "你好", AT))

    for events, new in (
        ([said(1, "a"), said(2, "b")], [("inbox", "wecom:a"), ("inbox", "wecom:b")]),
        ([said(1, "a"), said(3, "c"), said(2, "b"), said(3, "d"), said(4, "a")],
         [("inbox", "wecom:a"), ("inbox", "wecom:c")]),
        ([said(4, "a"), said(1, "a")], []),
    ):  # fmt: skip
        async with db.write() as tx:
            assert await inbox.take(tx, events, AT, encode=lambda event: event.text) == len(new)
            assert sorted(tx.woken) == new
    async with db.read() as tx:
        kept = {
            user: [one.dedup for one in await inbox.open_events(tx, f"wecom:{user}", 9)] for user in "abcd"
        }
    assert kept == {"a": ["m1", "m4"], "b": ["m2"], "c": ["m3"], "d": []}
