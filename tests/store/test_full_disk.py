"""A disk that is full while SQLite commits, and while it writes its log back: said as "not now", nothing lost."""

import asyncio
import resource
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from store import settings, sqlite
from store.db import Database, passing
from store.tables import setting

AT = datetime(2026, 11, 22, tzinfo=UTC)
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are set by prlimit")


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """As on a full disk, no file of this process grows beyond so many bytes."""
    resource.prlimit(0, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(0, resource.RLIMIT_FSIZE, UNLIMITED)


def _size(path: Path) -> int:
    return path.stat().st_size


async def wrote(db: Database, n: int) -> None:
    async with db.write() as tx:
        await settings.once(tx, f"full.{n}", f"{n}-" * 2000, AT)


async def test_a_full_disk_refuses_and_forgets_nothing(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOG_BYTES", 100_000)
    path, stored, refused = tmp_path / "genjin.db", list[int](), 0
    shutil.copy(sqlite_template, path)
    db = Database(f"sqlite:///{path}")
    try:
        with no_file_beyond(
            path.stat().st_size
        ):  # the file itself may not grow; its log may, up to that size
            for n in range(400):
                try:
                    await wrote(db, n)
                    stored.append(n)
                except Exception as error:
                    if not passing(error):
                        raise
                    refused += 1
                await asyncio.sleep(0.001)  # the log is written back beside the writers
        assert stored
        assert refused, "the disk was never full"
        async with asyncio.timeout(60):
            n = 1000  # there is room again
            while _size(path) <= _size(sqlite_template):  # at last the log is written back
                await wrote(db, n)
                stored.append(n)
                n += 1
                await asyncio.sleep(0.01)
        async with db.read() as tx:
            found = (await tx.execute(sa.select(setting.c.key).where(setting.c.key.like("full.%")))).scalars()
            assert set(found) == {f"full.{n}" for n in stored}
            assert (await tx.execute(sa.text("PRAGMA integrity_check"))).scalar_one() == "ok"
    finally:
        await db.close()
