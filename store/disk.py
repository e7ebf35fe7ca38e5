"""The disk under a SQLite file: when what was committed would survive a power cut."""

import asyncio
import errno
import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from queue import SimpleQueue

import structlog

from store.place import Place

log = structlog.get_logger("disk")

QUICK, SLOW, PATIENCE = 0.0004, 0.01, 3
"""Seconds of a flush that is waited for in place (to wake a thread and be woken by it takes as long of the core); seconds
of one that is not borne even once; how many in a row may take longer than the first."""
AWAY = 1.0, 16.0
"""Seconds for which a slower disk is waited for in a thread: at first, at most."""
SOON = 0.05
"""Seconds after which a commit that nobody waits for goes to the disk, when nothing else has taken it there. A disk that
refused is tried again after ten times that."""
_flush = getattr(os, "fdatasync", os.fsync)
_rewrite = os.pwrite


LOST = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What a disk says that may have dropped what it was to keep."""
PIECE = 1024 * 1024


def _pieces(handle: int, size: int) -> list[bytes]:
    return [os.pread(handle, min(PIECE, size - at), at) for at in range(0, size, PIECE)]


def _put(handle: int, pieces: Sequence[bytes]) -> None:
    for n, piece in enumerate(pieces):
        if _rewrite(handle, piece, n * PIECE) != len(piece):
            raise OSError(errno.ENOSPC, "the log could not be written again")


def _drop(handle: int) -> None:
    """What is read from here on comes from the disk."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


class Disk:
    """Flushes the write-ahead log: one flush at a time, each for all commits made before it began.

    Linux tells of a page that it could not write once, and takes it for written from then on: the next flush would say
    "done" of a log with a hole, and all behind the hole would be lost with the power. So after a refusal the whole log is
    written once more, as it stands, and read back, before a flush is believed again.

    A disk that answers sooner than a thread wakes up is waited for in place. Three slower answers in a row, or one that is
    much slower, send what comes after them into the thread, for a while that doubles; then one in place tells how the disk
    is by now. The thread is the disk's own: an executor takes three times as long to hand a flush over and its end back.
    """

    def __init__(self, wal: Path, file: Place) -> None:
        """`file`: what the log belongs to."""
        self._wal, self._handle = wal, -1
        self._file = str(wal).removesuffix("-wal")
        self._places = (file, Place(wal))
        self._thread: threading.Thread | None = None
        self._orders = SimpleQueue[tuple[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] | None]()
        self._waiting: list[asyncio.Future[None]] = []
        self._busy = self._closed = False
        self._owed = False  # whether there are commits that no flush has begun behind
        self._pay_at = 0.0  # when one is to begin, though nobody waits for it
        self._timer: asyncio.TimerHandle | None = None
        self._in_place_from, self._pause, self._patience = 0.0, AWAY[0], PATIENCE
        self._doubtful = False  # whether a flush was refused since the log was last known to be on the disk
        self.log_bytes = 0  # the size of the log at the last flush

    async def flushed(self) -> None:
        """Returns when every commit so far would survive a power cut. Raises OSError when the disk refuses, or when
        somebody removed or moved the file or its log."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append(done)
        self._owed = True  # whoever waits may be called off: what they wrote goes to the disk all the same
        if not self._busy:
            self._busy = True
            loop.call_soon(self._begin)  # what else commits in this round of the loop shares the flush
        await done

    def owe(self) -> None:
        """Notes a commit that nobody waits for: the next flush takes it along, the latest is a moment away."""
        if self._owed:
            return
        self._owed = True
        self._pay_in(SOON)

    def _pay_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._pay_at = loop.time() + seconds
        if self._timer is None and not self._closed:
            self._timer = loop.call_at(self._pay_at, self._pay)

    def _pay(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        if self._owed and (self._busy or loop.time() < self._pay_at):
            self._timer = loop.call_at(max(self._pay_at, loop.time() + SOON / 2), self._pay)
        elif self._owed:
            self._busy = True
            self._begin()

    async def settled(self) -> None:
        """The same, at once when every commit is on the disk already."""
        if self._owed or self._busy or self._waiting:
            await self.flushed()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        batch, self._waiting = [one for one in self._waiting if not one.done()], []
        if not batch and not self._owed:
            self._busy = False
            return
        self._owed = False
        if (loop.time() >= self._in_place_from and not self._doubtful) or not self._threaded():
            self._here(loop, batch)
            return
        self._orders.put((loop, batch))

    def _threaded(self) -> bool:
        """Whether there is a thread to wait in: the machine may have none left to give."""
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="disk", daemon=True)
            with suppress(RuntimeError):
                thread.start()
                self._thread = thread
        return self._thread is not None

    def _here(self, loop: asyncio.AbstractEventLoop, batch: list[asyncio.Future[None]]) -> None:
        began = time.perf_counter()
        size, error = self._tried()
        took = time.perf_counter() - began
        if took <= QUICK:
            self._pause, self._patience = AWAY[0], PATIENCE
        else:
            self._patience -= 1 if took < SLOW else PATIENCE
        if self._patience <= 0:
            self._in_place_from, self._patience = loop.time() + self._pause, 1
            self._pause = min(2 * self._pause, AWAY[1])
        self._ended(batch, size, error)

    def _work(self) -> None:
        """In the thread."""
        while (order := self._orders.get()) is not None:
            loop, batch = order
            size, error = self._tried()
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._ended, batch, size, error)

    def _tried(self) -> tuple[int, OSError | None]:
        try:
            return self._write(), None
        except OSError as no:
            return 0, no
        except MemoryError:  # whoever waits has to hear something, or they wait for ever
            return 0, OSError(errno.ENOMEM, "no memory left to flush the log")

    def _ended(self, batch: list[asyncio.Future[None]], size: int, error: OSError | None) -> None:
        if error is None:
            self.log_bytes = size
        else:
            self._owed = True
            self._pay_in(10 * SOON)
        for one in batch:
            if one.done():
                continue
            if error is None:
                one.set_result(None)
            else:
                one.set_exception(error)
        if self._waiting:  # not at once: whoever waited for this one may commit first
            asyncio.get_running_loop().call_soon(self._begin)
        else:
            self._busy = False

    def _write(self) -> int:
        if self._handle < 0:
            self._handle = os.open(self._wal, os.O_RDONLY)
            self._places[1].note(os.fstat(self._handle))
        try:
            if self._doubtful:
                self._write_again()
            else:
                _flush(self._handle)
        except OSError as no:
            if no.errno in LOST and not self._doubtful:
                self._doubtful = True
                log.error("the disk refused the log", error=no.strerror)
            raise
        self.in_place()
        return os.fstat(self._handle).st_size

    def _write_again(self) -> None:
        """The log as it stands, while nobody writes to it: neither we nor another program."""
        with closing(sqlite3.connect(self._file, timeout=0.5, isolation_level=None)) as held:
            try:
                held.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                raise OSError(errno.EIO, f"the log cannot be written again yet: {error}") from None
            handle = os.open(self._wal, os.O_RDWR)
            try:
                size = os.fstat(handle).st_size
                pieces = _pieces(handle, size)
                _put(handle, pieces)
                _flush(handle)
                _drop(handle)
                if _pieces(handle, size) != pieces:
                    _put(handle, pieces)  # the kernel's copy was the only good one, and is gone
                    raise OSError(errno.EIO, "the disk does not hold what it said it did")
            except BaseException:
                os.close(handle)
                raise
        os.close(self._handle)  # it would tell of the refusal once more
        self._handle = handle
        self._doubtful = False
        log.error("the log was written again after the disk had refused it", bytes=size)

    def in_place(self) -> None:
        """Raises OSError when the file or its log is not where it was opened."""
        for place in self._places:
            place.check()

    def close(self) -> None:
        """Gives the log up; nobody waits any more."""
        self._owed, self._closed = False, True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._thread is not None:
            self._orders.put(None)
            self._thread.join()
            self._thread = None
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
