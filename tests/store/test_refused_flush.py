"""A flush that the disk refused once: the kernel takes what it could not write for written, and the next flush says "done".

The disk here is as Linux has it: what was written since the last flush reaches it when the next one succeeds, and never when
that one fails, unless it is written once more. After the power cut there is what it holds.
"""

import errno
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store import disk, settings
from store.db import Database, passing, unusable

AT = datetime(2026, 11, 22, tzinfo=UTC)
PAGE = 4096


@dataclass
class Platter:
    """What a file has on the disk, page by page, below what programs see of it."""

    path: Path
    fails: int = 0
    seen: bytes = b""  # what was there at the last flush: the rest is dirty
    again: set[int] = field(default_factory=set)  # pages that were written anew with what stood there
    kept: dict[int, bytes] = field(default_factory=dict)
    rewrites: int = 0
    lies: int = 0  # flushes that say "done" and do nothing

    def flush(self, _handle: int) -> None:
        now = self.path.read_bytes()
        pages = range(0, len(now), PAGE)
        dirty = {at for at in pages if now[at : at + PAGE] != self.seen[at : at + PAGE]} | self.again
        self.seen, self.again = now, set()
        if self.fails:
            self.fails -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if self.lies:
            self.lies -= 1
            return
        self.kept |= {at: now[at : at + PAGE] for at in dirty}

    def write(self, handle: int, body: bytes, at: int) -> int:
        self.again |= set(range(at // PAGE * PAGE, at + len(body), PAGE))
        self.rewrites += 1
        return os.pwrite(handle, body, at)

    def drop(self, _handle: int) -> None:
        """Programs see what the disk has."""
        size = self.path.stat().st_size
        with self.path.open("r+b") as file:
            file.write(self._held(size))
        self.seen = self.path.read_bytes()

    def _held(self, size: int) -> bytes:
        body = bytearray(size)
        for at, page in self.kept.items():
            body[at : at + len(page)] = page
        return bytes(body[:size])

    def after_the_power_cut(self, to: Path) -> None:
        to.parent.mkdir()
        shutil.copy(self.path.with_name("genjin.db"), to.with_name("genjin.db"))
        to.write_bytes(self._held(max(self.kept, default=0) + PAGE))


@pytest.fixture
def path(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copy(sqlite_template, tmp_path / "genjin.db")
    return tmp_path / "genjin.db"


@pytest.fixture
def platter(path: Path, monkeypatch: pytest.MonkeyPatch) -> Platter:
    made = Platter(path.with_name("genjin.db-wal"))
    monkeypatch.setattr(disk, "_flush", made.flush)
    monkeypatch.setattr(disk, "_rewrite", made.write)
    monkeypatch.setattr(disk, "_drop", made.drop)
    return made


@pytest.fixture
async def db(path: Path, platter: Platter) -> AsyncIterator[Database]:
    made = Database(f"sqlite:///{path}")
    yield made
    await made.close()


async def wrote(db: Database, n: int) -> bool:
    """Whether it was said to be stored."""
    try:
        async with db.write() as tx:
            await settings.once(tx, f"power.{n}", f"{n}-" * 2000, AT)
    except OSError as error:
        if not passing(error) or "磁盘" not in unusable(error):
            raise
        return False
    return True


async def there_after_the_cut(platter: Platter, room: Path) -> set[int]:
    platter.after_the_power_cut(room / "genjin.db-wal")
    db = Database(f"sqlite:///{room}/genjin.db")
    try:
        async with db.read() as tx:
            return {n for n in range(40) if await settings.get(tx, f"power.{n}")}
    finally:
        await db.close()


async def test_what_was_said_to_be_stored_is_there_after_a_power_cut(
    db: Database, platter: Platter, tmp_path: Path
) -> None:
    said = set()
    for n in range(30):
        platter.fails += n in (10, 11, 20)
        if await wrote(db, n):
            said.add(n)
    assert len(said) >= 27
    await db.settled()
    assert said <= await there_after_the_cut(platter, tmp_path / "after")


async def test_a_disk_that_goes_on_refusing_is_said_and_nothing_is_taken_for_stored(
    db: Database, platter: Platter
) -> None:
    platter.fails = 1000
    assert not any([await wrote(db, n) for n in range(3)])
    platter.fails = 0
    assert await wrote(db, 3)
    assert platter.rewrites


async def test_a_disk_that_lies_of_the_second_try_is_found_out_and_nothing_is_lost_by_looking(
    db: Database, platter: Platter, tmp_path: Path
) -> None:
    said = {n for n in range(10) if await wrote(db, n)}
    platter.fails, platter.lies = 1, 2
    said |= {n for n in range(10, 30) if await wrote(db, n)}
    assert platter.lies == 0
    assert 29 in said
    await db.settled()
    assert said <= await there_after_the_cut(platter, tmp_path / "after")


async def test_as_long_as_nothing_was_refused_nothing_is_written_twice(
    db: Database, platter: Platter
) -> None:
    assert all([await wrote(db, n) for n in range(10)])
    assert not platter.rewrites
