"""The one database, SQLite or PostgreSQL: transactions, what may pass by itself, a ping."""

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from store.load import LoadMeter
from store.seals import Seals
from store.sqlite import Sqlite
from store.tx import INTAKE, RAISED, SENT, WORK, Busy, Conflict, Tx

__all__ = ["INTAKE", "SENT", "WORK", "Busy", "Conflict", "Database", "Tx", "passing", "ping"]

T = TypeVar("T")


class Database:
    """The one database. `write` and `read` are async context managers that give a Tx."""

    def __init__(self, url: str, *, pool: int = 10, keys: Sequence[str] = ()) -> None:
        """`keys`: with which personal data is sealed and opened (store/seals.py). Raises BadKey."""
        self.seals = Seals(keys)
        self.sqlite = url.startswith("sqlite")
        self.load = LoadMeter(pool)
        self._inside: Any
        if self.sqlite:
            self._inside = Sqlite(url, self.load, self.seals)
        else:
            from store.postgres import Postgres  # its driver is loaded only where it is used

            self._inside = Postgres(url, pool, self.load, self.seals)
        self.path: Path | None = self._inside.path
        self.told: Callable[[set[tuple[str, str]]], None] | None = None
        """Called after a commit with the (queue, key) of the lanes that it raised."""

    def own(self) -> None:
        """Makes sure that no other process uses this SQLite file. Raises Busy."""
        self._inside.own()

    def free(self) -> bool:
        """Whether no other process has this SQLite file."""
        return bool(self._inside.free())

    def write(self, priority: int = WORK, *, durable: bool = True) -> AbstractAsyncContextManager[Tx]:
        """A transaction that commits at the end of the block and rolls back when it raises.

        `durable` False: need not survive a power cut (a lease, a note), so nobody waits for the disk.
        """
        found: AbstractAsyncContextManager[Tx] = self._inside.write(priority, durable=durable)
        return found if self.told is None else self._telling(found)

    @asynccontextmanager
    async def _telling(self, inside: AbstractAsyncContextManager[Tx]) -> AsyncIterator[Tx]:
        async with inside as tx:
            yield tx
        raised = tx.info.get(RAISED)
        if raised and self.told is not None:
            self.told(raised)

    def read(
        self, *, slow: bool = False, snapshot: bool = False, glance: bool = False
    ) -> AbstractAsyncContextManager[Tx]:
        """A connection for reading; on SQLite it cannot write. `slow`: for questions that take milliseconds (a board over
        all leads); on SQLite they run in a thread, so that the loop goes on meanwhile. `snapshot`: all statements see
        one state. `glance`: for a row or two that every event needs; nothing but statements is waited for inside, and none
        of them writes."""
        found: AbstractAsyncContextManager[Tx] = (
            self._inside.read(slow=slow, glance=glance)
            if self.sqlite
            else self._inside.read(snapshot=snapshot)
        )
        return found

    async def live(self, name: str) -> None:
        """Shows the other replicas (PostgreSQL) that this one lives."""
        if not self.sqlite:
            await self._inside.live(name)

    async def settled(self) -> None:
        """Returns when all that was written durably so far is on the disk. Asked before anything leaves the house:
        on SQLite another transaction may see rows a few milliseconds before they would survive a power cut."""
        await self._inside.settled()

    async def schema(self, work: Callable[..., T], *arguments: Any) -> T:
        """Runs a synchronous function (Alembic's) on a SQLAlchemy connection, in a transaction of its own."""
        found: T = await self._inside.schema(work, *arguments)
        return found

    async def close(self) -> None:
        """Closes all connections and gives the file up."""
        await self._inside.close()


NOT_NOW = (
    "database is locked", "connection is closed", "connection was closed", "database or disk is full", "disk i/o error",
)  # fmt: skip
"""What SQLite and the drivers say when the same work may go through later; PostgreSQL has codes for it."""


def passing(error: BaseException) -> bool:
    """Whether the database only said "not now" (lost connection, deadlock, full disk, lock or pool time-out): the same work may
    be tried again without counting against the event."""
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
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
