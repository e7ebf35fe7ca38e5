"""Engine and transaction: SQLite (one prioritised writer, a read-only engine beside it) or PostgreSQL."""

import asyncio
import fcntl
import heapq
import socket
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from store.load import LOCKED, LoadMeter

T = TypeVar("T")
_HURRY = text("SET LOCAL synchronous_commit TO off")

Tx = AsyncConnection
"""An open transaction. Store functions take it first; the caller owns commit and rollback."""

LOCK_TIMEOUT = 5.0
"""Seconds that a statement waits at a row's lock before it gives up (and its work is tried again)."""
LOCK_STATES = frozenset({"55P03", "40P01"})

INTAKE, WORK, IDLE = 0, 1, 2
"""Priorities on the one SQLite writer: what waits for an acknowledgement goes first."""


class Conflict(Exception):
    """Somebody saved the row first: roll back and handle the event again from fresh rows."""


class Busy(Exception):
    """Another process holds this SQLite file; `str(error)` says what to do."""


class _Turnstile:
    """A fair lock with priorities: SQLite's own busy handler is not fair (p99 of seconds under load)."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._n = 0

    async def enter(self, priority: int) -> None:
        if not self._busy:
            self._busy = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._n += 1
        heapq.heappush(self._waiting, (priority, self._n, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # the turn came while we were being cancelled: hand it on
            raise

    def leave(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False


class _SqliteTx:
    """What SQLAlchemy's AsyncConnection offers, on a plain connection: SQLite statements take microseconds, a hop to
    another thread and back takes ten times as long. Only the commit, which waits for the disk, goes to a thread."""

    def __init__(self, connection: Connection) -> None:
        self.sync_connection = connection
        self.dialect = connection.dialect

    @property
    def info(self) -> dict[Any, Any]:
        """Notes that live as long as the connection."""
        return self.sync_connection.info

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Runs one statement; the result is complete."""
        return self.sync_connection.execute(statement, parameters)

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """A savepoint: rolled back when the block raises."""
        with self.sync_connection.begin_nested():
            yield

    async def run_sync(self, work: Callable[..., T], *arguments: Any) -> T:
        """Runs a synchronous function on the connection."""
        return work(self.sync_connection, *arguments)


class _SlowTx(_SqliteTx):
    """The same for long questions: each runs, and is fetched whole, in another thread."""

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Runs one statement; the result is complete."""

        def ask() -> Any:
            return self.sync_connection.execute(statement, parameters).freeze()

        return (await asyncio.to_thread(ask))()


class Database:
    """The one database. `write` and `read` are async context managers that give a Tx."""

    def __init__(self, url: str, *, pool: int = 10) -> None:
        self.sqlite = url.startswith("sqlite")
        self.path = Path(url.removeprefix("sqlite:///")) if self.sqlite else None
        self._lock_file: IO[str] | None = None
        self._turnstile = _Turnstile()
        self._writer: Engine | None = None
        self._reader: Engine | None = None
        self._async: AsyncEngine | None = None
        self.load = LoadMeter(pool)
        if self.sqlite:
            self._writer = _sqlite_engine(url, writer=True, load=self.load)
            self._reader = _sqlite_engine(url, writer=False, load=self.load)
            # one thread for commits: the loop goes on while the disk writes
            self._disk = ThreadPoolExecutor(1, thread_name_prefix="commit")
        else:
            self._async = _postgres_engine(url, pool)

    def own(self) -> None:
        """Makes sure that no other process uses this SQLite file. Raises Busy."""
        if self.path is None or self._lock_file is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = self.path.with_name(self.path.name + ".lock").open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            raise Busy(f"另一个进程正在使用 {self.path}。多开副本请改用 PostgreSQL。") from None
        self._lock_file = handle

    @asynccontextmanager
    async def write(self, priority: int = WORK, *, durable: bool = True) -> AsyncIterator[Tx]:
        """A transaction that commits at the end of the block and rolls back when it raises.

        `durable` False: need not survive a power cut (a lease, a note), so nobody waits for the disk.
        """
        if self._async is not None:
            async with self._metered(self._async.begin()) as tx:
                if not durable:
                    await tx.execute(_HURRY)
                yield tx
            return
        assert self._writer is not None
        await self._turnstile.enter(priority)
        try:
            with self._writer.connect() as connection:
                disk = connection.connection.driver_connection
                assert disk is not None
                if not durable:
                    disk.execute("PRAGMA synchronous=NORMAL")
                try:
                    yield cast(Tx, _SqliteTx(connection))
                    if durable:
                        await self._commit(connection)
                    else:
                        connection.commit()
                except BaseException:
                    connection.rollback()
                    raise
                finally:
                    if not durable:
                        disk.execute("PRAGMA synchronous=FULL")
        finally:
            self._turnstile.leave()

    async def _commit(self, connection: Connection) -> None:
        """Waits for the disk in a thread. A cancelled caller waits too: the writer is free only after the commit."""
        done = asyncio.get_running_loop().run_in_executor(self._disk, connection.commit)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise

    @asynccontextmanager
    async def read(self, *, slow: bool = False) -> AsyncIterator[Tx]:
        """A connection for reading; on SQLite it cannot write. `slow`: for questions that take milliseconds (a board over
        all leads); on SQLite they run in a thread, so that the loop goes on meanwhile."""
        if self._async is not None:
            async with self._metered(self._async.connect()) as tx:
                yield tx
            return
        assert self._reader is not None
        with self._reader.connect() as connection:
            yield cast(Tx, _SlowTx(connection) if slow else _SqliteTx(connection))

    @asynccontextmanager
    async def _metered(self, connecting: AbstractAsyncContextManager[AsyncConnection]) -> AsyncIterator[Tx]:
        """A connection of the pool, with how long it was waited for and what gave up at a lock."""
        began = self.load.began()
        try:
            async with connecting as tx:
                self.load.got(began)
                yield tx
        except PoolTimeout:
            self.load.got(began)
            raise
        except DBAPIError as error:
            state = str(getattr(error.orig, "sqlstate", "") or "")
            if state in LOCK_STATES:
                self.load.locked(LOCK_TIMEOUT if state == "55P03" else 0.0)
            raise
        finally:
            self.load.ended()

    async def close(self) -> None:
        """Closes all connections and gives the file up."""
        if self._async is not None:
            await self._async.dispose()
        if self._writer is not None and self._reader is not None:
            self._writer.dispose()
            self._reader.dispose()
            self._disk.shutdown()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None


def _sqlite_engine(url: str, *, writer: bool, load: LoadMeter) -> Engine:
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1 if writer else 8,
        max_overflow=0 if writer else 56,
        hide_parameters=True,  # what people write has no place in an error text
        connect_args={"check_same_thread": False, "timeout": 30},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we issue BEGIN ourselves
        cursor = connection.cursor()
        pragmas = ["busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"]
        for pragma in pragmas if writer else [*pragmas[:2], "query_only=ON"]:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        began = time.perf_counter()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
        finally:
            if (waited := time.perf_counter() - began) >= LOCKED:
                load.locked(waited)

    return engine


def _postgres_engine(url: str, pool: int) -> AsyncEngine:
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            url = "postgresql+asyncpg://" + url.removeprefix(scheme)
    return create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=30,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "server_settings": {
                "timezone": "UTC",
                "statement_timeout": "10000",
                "lock_timeout": str(int(LOCK_TIMEOUT * 1000)),
                "idle_in_transaction_session_timeout": "30000",
            }
        },
    )


NOT_NOW = (
    "database is locked", "connection is closed", "connection was closed", "database or disk is full", "disk i/o error",
)  # fmt: skip
"""What SQLite and the drivers say when the same work may go through later; PostgreSQL has codes for it."""


def passing(error: BaseException) -> bool:
    """Whether the database only said "not now" (lost connection, deadlock, full disk, lock or pool time-out): the same work may
    be tried again without counting against the event."""
    if isinstance(error, ConnectionError | TimeoutError | PoolTimeout | socket.gaierror):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", "") or getattr(error.orig, "pgcode", "") or "")
    if error.connection_invalidated or state[:2] in {"08", "40", "53", "57"} or state in {"55P03", "25P03"}:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    said = str(error.orig).lower()
    return any(word in said for word in NOT_NOW)


async def ping(db: Database) -> None:
    """One round trip to the database that could write; raises what the driver raises."""
    async with db.write() as tx:
        await tx.execute(text("SELECT 1"))
