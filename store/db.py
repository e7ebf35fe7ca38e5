"""The one database, SQLite or PostgreSQL: transactions, what may pass by itself, a ping."""

import errno
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

__all__ = [
    "INTAKE", "SENT", "WORK", "Busy", "Conflict", "Database", "Tx", "passing", "ping", "too_much", "unusable",
]  # fmt: skip

T = TypeVar("T")


class Database:
    """The one database. `write` and `read` are async context managers that give a Tx."""

    def __init__(self, url: str, *, pool: int = 10, keys: Sequence[str] = (), direct: str = "") -> None:
        """`keys`: with which personal data is sealed and opened (store/seals.py); `direct`: the server itself, when `url`
        leads to a pooler. Raises BadKey."""
        self.seals = Seals(keys)
        self.sqlite = url.startswith("sqlite")
        self.load = LoadMeter(pool)
        self._inside: Any
        if self.sqlite:
            self._inside = Sqlite(url, self.load, self.seals)
        else:
            from store.postgres import Postgres  # its driver is loaded only where it is used

            self._inside = Postgres(url, pool, self.load, self.seals, direct)
        self.path: Path | None = self._inside.path
        self.told: Callable[[set[tuple[str, str]]], None] | None = None
        """Called after a commit with the (queue, key) of the lanes that it raised."""

    def own(self) -> None:
        """Makes sure that no other process uses this SQLite file. Raises Busy."""
        self._inside.own()

    def free(self) -> bool:
        """Whether no other process has this SQLite file."""
        return bool(self._inside.free())

    def write(
        self, priority: int = WORK, *, durable: bool = True, waits: bool = True, late: bool = False
    ) -> AbstractAsyncContextManager[Tx]:
        """A transaction that commits at the end of the block and rolls back when it raises.

        `durable` False: need not survive a power cut (a lease, a note), so nobody waits for the disk.
        `waits` False: it must, before anything that comes of it leaves the house, and whoever lets something out asks
        `settled`; so SQLite's next flush takes it along. PostgreSQL groups its commits by itself.
        `late`: it begins on PostgreSQL with the first statement that locks or writes. One that only reads never begins.
        """
        more = {"waits": waits} if self.sqlite else {"late": late}
        found: AbstractAsyncContextManager[Tx] = self._inside.write(priority, durable=durable, **more)
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
            else self._inside.read(snapshot=snapshot, glance=glance)
        )
        return found

    async def live(self, name: str) -> None:
        """Shows the other replicas (PostgreSQL) that this one lives."""
        if not self.sqlite:
            await self._inside.live(name)

    async def limited(self) -> bool:
        """Whether statements end that take too long: False behind a pooler that was not told of (PostgreSQL)."""
        return self.sqlite or bool(await self._inside.limited())

    async def loses(self) -> list[str]:
        """Settings of the server by which it may lose what it said was committed. SQLite's are ours."""
        return [] if self.sqlite else list(await self._inside.loses())

    async def settled(self) -> None:
        """Returns when all that was written durably so far is on the disk. Asked before anything leaves the house:
        on SQLite another transaction may see rows a few milliseconds before they would survive a power cut."""
        await self._inside.settled()

    async def schema(self, work: Callable[..., T], *arguments: Any) -> T:
        """Runs a synchronous function (Alembic's) on a SQLAlchemy connection, in a transaction of its own."""
        found: T = await self._inside.schema(work, *arguments)
        return found

    async def emptied(self) -> bool:
        """Nothing of what was deleted is left in SQLite's log; False when that could not be had now. (PostgreSQL: its
        vacuum and its checkpoints see to it.)"""
        return not self.sqlite or bool(await self._inside.emptied())

    async def close(self) -> None:
        """Closes all connections and gives the file up."""
        await self._inside.close()


NOT_NOW = (
    "database is locked", "connection is closed", "connection was closed", "database or disk is full", "disk i/o error",
    "unable to open database file", "attempt to write a readonly database",
)  # fmt: skip
"""What SQLite and the drivers say when the same work may go through later; PostgreSQL has codes for it."""
SHORT_OF = frozenset(
    (
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.EROFS,
        errno.ENOMEM,
        errno.ESTALE,
    )
)
"""What the machine says when it is out of something: files, room, memory, a file system."""
LATER = frozenset({"08", "28", "40", "53", "57", "58"})
"""Classes of PostgreSQL's codes: connection, login, rolled back, out of something, stopped, the disk under it."""
LATER_TOO = frozenset({"55P03", "25P03", "25006", "3D000", "0A000", "26000", "42P05"})
"""A lock, a transaction that stood too long, a server that only reads (a failover), a database that is not there yet, a
plan that a migration has outdated, a connection that forgot what was prepared on it."""


TOO_MUCH = frozenset({"57014", "53200", "25P03"})
"""A statement that took too long, or more memory than the server has; a transaction in which nothing was said for too long."""


def _state(error: DBAPIError) -> str:
    """PostgreSQL's code of what went wrong, "" where there is none."""
    return str(getattr(error.orig, "sqlstate", "") or getattr(error.orig, "pgcode", "") or "")


def too_much(error: BaseException) -> bool:
    """Whether the work was stopped for what it took: time, memory, a thread. That is a machine short of it, or this very
    work, which would take as much the next time; nobody can tell by one try. Locks and deadlocks are not among them: others
    have to give way there, whatever the work is."""
    if isinstance(error, DBAPIError):
        return _state(error) in TOO_MUCH
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and str(error) == NO_THREAD)


def passing(error: BaseException) -> bool:
    """Whether the database only said "not now" (lost connection, deadlock, full disk, lock or pool time-out, a server that
    only reads, no files left): the same work may be tried again without counting against the event."""
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        return True
    if isinstance(error, OSError):
        return error.errno in SHORT_OF
    if not isinstance(error, DBAPIError):
        return False
    state = _state(error)
    if error.connection_invalidated or state[:2] in LATER or state in LATER_TOO:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    said = str(error.orig).lower()
    return any(word in said for word in NOT_NOW)


NO_THREAD = "can't start new thread"
"""What Python says then, in an error of no kind of its own."""


STATES = {
    "28": "用户名或密码不对，或服务器不让这台机器连（pg_hba.conf）", "3D000": "服务器上没有这个库（createdb -E UTF8 名字）",
    "53300": "服务器的连接数满了：加大 max_connections，或减小 store.pool", "57P03": "服务器正在启动或恢复，稍后再试",
    "25006": "服务器是只读的（备机，或 default_transaction_read_only）", "42501": "这个用户没有建表或读写的权限",
    "08": "连不上服务器，或连接断了",
    "08P01": "中间的连接池（PgBouncer）不让连：没有写 store.direct，或者它的 max_client_conn、口令",
    "53": "服务器的磁盘或内存满了", "53200": "服务器的内存不够", "57": "服务器正在停止",
    "57014": "一条语句太久，服务器停下了它（statement_timeout），或有人取消了它", "55P03": "表被别的事务锁着，稍后再试",
}  # fmt: skip
UNLIMITED = (
    "经过连接池（PgBouncer），时限到不了服务器：在 store.direct 写数据库本身的地址，见 docs/operations.md"
)
NUMBERS = {
    errno.ESTALE: "SQLite 文件在运行中被移走或删掉了：移走的放回原处；删掉的先别停进程，/proc/进程号/fd 里还有",
    errno.EIO: "磁盘读写出错：先备份，再看内核日志（dmesg）和磁盘", errno.EROFS: "文件系统成了只读的：看内核日志（dmesg）和磁盘",
    errno.ENOSPC: "磁盘满了", errno.EDQUOT: "磁盘配额用完了", errno.EMFILE: "打开的文件太多（LimitNOFILE）",
    errno.ENFILE: "整台机器打开的文件太多", errno.ENOMEM: "内存不够",
}  # fmt: skip
SAID = {
    "unable to open database file": "打不开 SQLite 文件：看目录在不在、是不是目录、有没有权限、打开的文件数够不够",
    "attempt to write a readonly database": "SQLite 文件是只读的：看属主、权限和文件系统",
    "file is not a database": "这个文件不是 SQLite 数据库，或者已损坏",
    "database disk image is malformed": "SQLite 文件已损坏：用备份恢复",
    "database or disk is full": "磁盘满了", "disk i/o error": "磁盘读写出错：看空间、权限和文件系统",
    "database is locked": "另一个程序占着 SQLite 文件",
}  # fmt: skip


def unusable(error: BaseException) -> str:
    """Why the database cannot be used, for whoever starts the bot; "" when the error says nothing of it. Holds no address."""
    if isinstance(error, socket.gaierror):
        return "找不到数据库服务器的地址（域名解析不了）"
    if isinstance(error, ConnectionError | TimeoutError):
        return "连不上数据库服务器：看地址、端口、服务器在不在运行"
    if isinstance(error, OSError):
        return NUMBERS.get(error.errno or 0, "")
    if isinstance(error, MemoryError):
        return "内存不够"
    if not isinstance(error, DBAPIError):
        return ""
    state, said = _state(error), str(error.orig).lower()
    found = STATES.get(state) or STATES.get(state[:2]) or next((SAID[one] for one in SAID if one in said), "")
    return found and (f"{found}（{state}）" if state else found)


async def ping(db: Database, priority: int = WORK) -> None:
    """One round trip to the database that could write, on the way of this priority; raises what the driver raises."""
    async with db.write(priority) as tx:
        await tx.execute(text("SELECT 1"))
