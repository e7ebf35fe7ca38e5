"""SQLite: one prioritised writer, readers beside it, and who waits for the disk.

A statement takes microseconds and a hop to another thread ten times as long, so statements and commits run where they
are asked for. What may take long is the disk: one flush of the write-ahead log covers every commit before it, so commits
that come close together share it, and a disk that is not quick is waited for in a thread. That is `synchronous=FULL` with
its flush taken out of the transaction: nobody is told "stored" before the flush that covers their commit.
"""

import asyncio
import fcntl
import heapq
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import structlog
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from store import private
from store.disk import Disk
from store.load import LOCKED, LoadMeter
from store.place import Place
from store.seals import Seals
from store.statements import Plan, Result, Statements
from store.tx import INTAKE, WORK, Busy, Parameters, Tx

log = structlog.get_logger("store")

T = TypeVar("T")
LOG_BYTES = 16 * 1024 * 1024
"""From this size on the write-ahead log is copied into the database file."""
TRIES = 25
"""How often the log is asked to be empty, five times a second."""
LONGEST_BREAK = 0.02
"""Seconds for which work makes way for what is to be acknowledged, at most."""
PATIENCE, PAUSE = 30.0, 0.04
"""Seconds for which another program may keep the file from being written to, and between two tries."""
WRITER = (
    "busy_timeout=10", "foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=0",
    "cache_size=-8192", "temp_store=MEMORY", "secure_delete=ON",
)  # fmt: skip
"""SQLite itself waits in the event loop's thread, where nothing else happens meanwhile: no longer than a moment."""
READER = ("busy_timeout=200", "query_only=ON", "cache_size=-2048")


class _Turnstile:
    """A fair lock with priorities: SQLite's own busy handler is not fair (p99 of seconds under load).

    Work passes once in each round of the event loop, so that whatever else is ready (a callback that came in, an answer
    that is due) waits for one piece of work at most. What waits for an acknowledgement passes at once; and as long as
    such keep coming, work stays away for as long as its last piece took: reading and answering them is half of the time.
    """

    def __init__(self) -> None:
        self._held = self._paced = False
        self._intake = False  # something was to be acknowledged since the last piece of work
        self._since = 0.0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._n = 0

    async def enter(self, priority: int) -> None:
        self._intake = self._intake or priority == INTAKE
        if not self._held and (priority < WORK or not self._paced):
            self._hold()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._n += 1
        heapq.heappush(self._waiting, (priority, self._n, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(INTAKE)  # the turn came while we were being cancelled: hand it on
            raise

    def pass_by(self) -> bool:
        """Enters at once when nobody is inside, out of turn and unpaced: for a glance. False: somebody is."""
        if self._held:
            return False
        self._held = True
        return True

    def leave(self, priority: int) -> None:
        self._held = False
        if priority >= WORK and not self._paced:
            self._paced = True
            loop, took = asyncio.get_running_loop(), time.perf_counter() - self._since
            if self._intake:
                loop.call_later(min(took, LONGEST_BREAK), self._round)
            else:
                loop.call_soon(self._round)
            self._intake = False
        self._next()

    def _hold(self) -> None:
        # not thread_time, which asks the kernel: 10 to 30 µs, and every piece of work would pay it twice
        self._held, self._since = True, time.perf_counter()

    def _round(self) -> None:
        self._paced = False
        self._next()

    def _next(self) -> None:
        while self._waiting and not self._held:
            priority, _, turn = self._waiting[0]
            if self._paced and priority >= WORK and not turn.done():
                return
            heapq.heappop(self._waiting)
            if not turn.done():
                self._hold()
                turn.set_result(None)


class SqliteTx(Tx):
    """A transaction on a plain connection."""

    def __init__(self, statements: Statements, connection: sqlite3.Connection) -> None:
        super().__init__(statements)
        self._connection = connection

    async def execute(self, statement: Any, parameters: Parameters = None) -> Result:
        """Several sets of parameters go to the driver at once: a row costs half as much."""
        if parameters is None or type(parameters) is dict:
            return await self._run(statement, parameters or {})
        if type(parameters) is list and len(parameters) > 1:
            plan, sql, values = self._statements.prepare(statement, parameters[0])
            if not plan.expands:
                return self._each(sql, [values, *map(plan.bind, parameters[1:])])
        return await super().execute(statement, parameters)

    async def _run(self, statement: Any, parameters: Mapping[str, Any]) -> Result:
        return self._ask(*self._statements.prepare(statement, parameters))

    def _each(self, sql: str, sets: list[list[Any]]) -> Result:
        self._wrote = True
        try:
            return Result([], self._connection.executemany(sql, sets).rowcount)
        except sqlite3.Error as error:
            raise _wrapped(error, sql, self.dialect) from None

    def _ask(self, plan: Plan, sql: str, values: list[Any]) -> Result:
        self._wrote = self._wrote or not plan.reads
        try:
            cursor = self._connection.execute(sql, values)
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            raise _wrapped(error, sql, self.dialect) from None
        found = plan.rows(rows, lambda: tuple(column[0] for column in cursor.description or ()))
        return Result(found, len(found) if rows and cursor.rowcount <= 0 else cursor.rowcount)

    async def _say(self, sql: str) -> None:
        self._connection.execute(sql)


class SlowTx(SqliteTx):
    """The same for long questions: each runs, and is fetched whole, in another thread."""

    async def _run(self, statement: Any, parameters: Mapping[str, Any]) -> Result:
        return await asyncio.to_thread(self._ask, *self._statements.prepare(statement, parameters))


def _wrapped(error: sqlite3.Error, sql: str, dialect: Any) -> BaseException:
    """The driver's error as SQLAlchemy's; what people write has no place in an error text."""
    found: Any = DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect)
    return found if isinstance(found, BaseException) else error


def _busy(error: sqlite3.Error) -> bool:
    """Whether another program has the file."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the rest of the number says in which way


class Sqlite:
    """A SQLite file."""

    def __init__(self, url: str, load: LoadMeter, seals: Seals) -> None:
        self._load = load
        self._name = url.removeprefix("sqlite:///")
        self.path = Path(self._name)
        self._statements = Statements(pysqlite.dialect(), seals)
        self._turnstile = _Turnstile()
        self._place = Place(self.path)
        self._disk = Disk(self.path.with_name(self.path.name + "-wal"), self._place)
        self._in_memory = self._name == ":memory:"
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []
        self._lock_file: IO[str] | None = None
        self._tidying: asyncio.Task[None] | None = None

    def own(self) -> None:
        """Makes sure that no other process uses this file. Raises Busy."""
        if self._lock_file is not None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = self.path.with_name(self.path.name + ".lock").open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            raise Busy(f"另一个进程正在使用 {self.path}。多开副本请改用 PostgreSQL。") from None
        self._lock_file = handle

    def free(self) -> bool:
        """Whether no other process has this file."""
        if self._lock_file is not None:
            return True
        with self.path.with_name(self.path.name + ".lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
        return True

    @asynccontextmanager
    async def write(
        self, priority: int = WORK, *, durable: bool = True, waits: bool = True
    ) -> AsyncIterator[Tx]:
        """One transaction at a time; the next begins while this one's commit is on its way to the disk."""
        await self._turnstile.enter(priority)
        try:
            connection = self._writing()
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                await self._locked_out(connection, error)
            try:
                tx = SqliteTx(self._statements, connection)
                yield tx
                await tx.finish()
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise _wrapped(error, "COMMIT", self._statements.dialect) from None
                raise
        except sqlite3.Error as error:
            raise _wrapped(error, "BEGIN", self._statements.dialect) from None
        finally:
            self._turnstile.leave(priority)
        if not durable or self._in_memory:
            return
        if not waits:
            self._disk.owe()
        else:
            await self._disk.flushed()
            if self._disk.log_bytes > LOG_BYTES and self._tidying is None:
                self._tidying = asyncio.create_task(self._tidy())

    async def _locked_out(self, connection: sqlite3.Connection, error: sqlite3.OperationalError) -> None:
        """Begins when the program that has the file (`forget`, `keys rotate`, somebody's sqlite3) is done with it. Raises
        what SQLite says after PATIENCE, and at once when it says anything else."""
        began = time.perf_counter()
        try:
            while _busy(error) and time.perf_counter() - began < PATIENCE:
                await asyncio.sleep(PAUSE)
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as again:
                    error = again
            raise error
        finally:
            if (waited := time.perf_counter() - began) >= LOCKED:
                self._load.locked(waited)

    @asynccontextmanager
    async def read(self, *, slow: bool = False, glance: bool = False) -> AsyncIterator[Tx]:
        """A snapshot. `slow`: its statements run in a thread. `glance`: each statement sees what is committed then, on the
        writer's connection when nobody writes, for a reader finds its pages out of date after every commit; nothing else
        may be waited for inside."""
        if glance and not self._writing_now():
            entered = self._turnstile.pass_by()  # else somebody's turn has come, but they have not begun
            try:
                yield SqliteTx(self._statements, self._writing())
            except sqlite3.Error as error:
                raise _wrapped(error, "connect", self._statements.dialect) from None
            finally:
                if entered:
                    self._turnstile.leave(INTAKE)
            return
        try:
            connection = self._readers.pop() if self._readers else self._connect(READER)
            connection.execute("BEGIN")
        except sqlite3.Error as error:
            raise _wrapped(error, "BEGIN", self._statements.dialect) from None
        try:
            yield (SlowTx if slow else SqliteTx)(self._statements, connection)
        finally:
            connection.execute("ROLLBACK")
            self._readers.append(connection)

    async def settled(self) -> None:
        """Returns when all that was written durably so far is on the disk."""
        await self._disk.settled()

    async def _tidy(self) -> None:
        """Copies the log into the database file: the most of it beside the writers, the rest while they wait."""
        try:
            await asyncio.to_thread(self._checkpoint, "PASSIVE")
            await self._turnstile.enter(WORK)
            try:
                await asyncio.to_thread(self._checkpoint, "TRUNCATE")
            finally:
                self._turnstile.leave(WORK)
            self._disk.log_bytes = 0
        except (sqlite3.Error, OSError) as error:
            log.warning("the log was not written back", error=str(error))
            await asyncio.sleep(1)
        finally:
            self._tidying = None

    async def emptied(self) -> bool:
        """Writes the log into the database file, so that nothing is left in it of what was deleted. False when others on
        the file did not let go of it within some seconds."""
        for _ in range(TRIES):
            if await asyncio.to_thread(self._checkpoint, "TRUNCATE"):
                return True
            await asyncio.sleep(0.2)
        return False

    def _checkpoint(self, how: str) -> bool:
        """Whether the whole log was written back."""
        connection = self._connect(("busy_timeout=200",))
        try:
            return not connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()[0]
        finally:
            connection.close()

    async def schema(self, work: Callable[..., T], *arguments: Any) -> T:
        """Runs a synchronous function on a SQLAlchemy connection, in a transaction of its own."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._guard()
        engine = create_engine(f"sqlite:///{self._name}", poolclass=NullPool, hide_parameters=True)

        @event.listens_for(engine, "connect")
        def _connected(connection: Any, _record: object) -> None:
            connection.isolation_level = None  # we issue BEGIN ourselves
            for pragma in (f"busy_timeout={PATIENCE * 1000:.0f}", *WRITER[1:3], "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begun(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        await self._turnstile.enter(WORK)
        try:
            with engine.begin() as connection:
                return _called(work, connection, *arguments)
        finally:
            engine.dispose()
            self._turnstile.leave(WORK)

    async def close(self) -> None:
        """Closes all connections, which writes the log back, and gives the file up."""
        if self._tidying is not None:
            with suppress(asyncio.CancelledError):
                await self._tidying
        self._disk.close()
        for connection in self._readers:
            connection.close()
        self._readers.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._place.leave()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def _writing_now(self) -> bool:
        """Whether a transaction that writes is open."""
        return self._writer is not None and self._writer.in_transaction

    def _writing(self) -> sqlite3.Connection:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect(WRITER)
            if not self._in_memory:
                self._place.note(os.stat(self.path))
        return self._writer

    def _guard(self) -> None:
        """A new file is the bot's alone; SQLite gives its log the same mode."""
        if not self._in_memory and self.path.parent.is_dir():
            private.made(self.path)

    def _connect(self, pragmas: tuple[str, ...]) -> sqlite3.Connection:
        self._disk.in_place()  # SQLite would take the log for that of the file that stands there now, and remove it
        self._guard()
        connection = sqlite3.connect(
            self._name, timeout=30, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return connection


def _called(work: Callable[..., T], connection: Connection, *arguments: Any) -> T:
    return work(connection, *arguments)
