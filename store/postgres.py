"""PostgreSQL: a pool of plain asyncpg connections. Its server groups commits by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, ClassVar, Literal, TypeVar
from weakref import WeakSet

import asyncpg  # type: ignore[import-untyped,unused-ignore]
from sqlalchemy.dialects.postgresql import asyncpg as dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from store.load import LoadMeter
from store.seals import Seals
from store.statements import Plan, Result, Statements
from store.tx import ALIVE, INTAKE, KEPT, LOCK_TIMEOUT, SENT, WORK, Tx

T = TypeVar("T")
SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "10000",
    "lock_timeout": str(int(LOCK_TIMEOUT * 1000)),
    "idle_in_transaction_session_timeout": "30000",
    # a process that vanished with its machine, or behind a line that was cut, gives its locks back within 15 s
    "tcp_keepalives_idle": "6",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
BY_POOLER = {"timezone": "UTC"}
"""What a pooler (PgBouncer) takes at a start; the rest is said with each transaction, for the server behind it changes."""
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
PLANS = {"enable_seqscan": "off", "plan_cache_mode": "force_generic_plan"}
"""For what keeps the queues going: it wants a few rows by their keys, so it is planned once for each connection; and that may
have been when a table was still small enough to be read from end to end."""
Errand = Literal["intake", "queues", "sent", "work"]
"""What a connection is for. One is kept for intake: it waits for no work. Those for the queues wait for no disk either; those
and what notes that something was sent plan by key, so that a claim, a look or a note is a statement alone. What handles an
event has the pool that is configured."""
FEW: dict[Errand, int] = {"intake": 1, "queues": 3, "sent": 2}
MORE: dict[Errand, dict[str, str]] = {"queues": PLANS | {"synchronous_commit": "off"}, "sent": PLANS}
ERRANDS: dict[int, Errand] = {INTAKE: "intake", SENT: "sent"}
ANSWER = 12.0
"""Seconds in which the server answers a statement: it gives up by itself two seconds before. Later than that the line is
dead, however open it looks."""
CONNECT = 5.0  # seconds in which it takes a connection
UNDONE = 2.0  # seconds in which it takes a transaction back
LOCK_STATES = frozenset({"55P03", "40P01"})
READ_ONLY = "25006"
"""The server takes no more writes: another is the one now, or it is on its way to be it again."""
FORGOTTEN = frozenset({"26000", "42P05"})
"""Somebody between us and the server (a pooler, a DISCARD ALL) has made the connection forget what was prepared on it, or
gave it one on which another had prepared the same: it is of no use any more."""
PATIENCE = 30.0  # seconds for a free connection
_Errors = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class _Connection(asyncpg.Connection):  # type: ignore[misc,unused-ignore]
    """A connection that is known while it says goodbye: the pool leaves one that expired alone with that, and on a line
    that was cut nobody answers."""

    leaving: ClassVar["WeakSet[_Connection]"] = WeakSet()

    async def close(self, *, timeout: float | None = None) -> None:
        """In good order, as long as the server answers."""
        self.leaving.add(self)
        try:
            await super().close(timeout=timeout)
        finally:
            self.leaving.discard(self)


class PostgresTx(Tx):
    """A transaction on a plain connection."""

    def __init__(
        self,
        statements: Statements,
        connection: Any,
        opening: str = "",
        *,
        late: bool = False,
    ) -> None:
        """`opening`: what begins the transaction, said together with or right before its first statement; or, when it is to
        begin `late`, its first one that locks or writes. Every statement sees what is committed by then either way."""
        super().__init__(statements)
        self._connection, self._opening, self._late = connection, opening, late
        self._keeps = True
        self._over = False

    @property
    def begun(self) -> bool:
        """Whether the server knows of this transaction."""
        return not self._opening

    @property
    def late(self) -> bool:
        return self._late and not self.begun and not self.last.keys() - {KEPT}

    async def begin(self, first: str) -> None:
        opening = f"{self._opening}; {first}" if self._opening else first
        self._opening = ""
        if self._late:
            self._opening = opening
        else:
            await self._say(opening)

    async def only(self, statement: Any, parameters: Mapping[str, Any]) -> Result:
        if not self.late:
            return await self._run(statement, parameters)
        found = await self._ask(*self._statements.prepare(statement, parameters))
        self._over = True
        return found

    async def _run(self, statement: Any, parameters: Mapping[str, Any]) -> Result:
        if self.kept:
            await self.write_kept()
        plan, sql, values = self._statements.prepare(statement, parameters)
        self._wrote = self._wrote or not plan.reads
        if self._opening and not (self._late and plan.reads):
            await self._open()
        return await self._ask(plan, sql, values)

    async def _ask(self, plan: Plan, sql: str, values: list[Any]) -> Result:
        if self._over:
            raise RuntimeError("this transaction committed with its only statement")
        try:
            if not plan.returns:
                said = await self._connection.execute(sql, *values)
                return Result([], _count(said))
            rows = await self._connection.fetch(sql, *values)
        except _Errors as error:
            raise _wrapped(error, sql, self._connection) from None
        except TimeoutError:
            raise _silent(self._connection) from None
        found = plan.rows(rows, lambda: tuple(rows[0].keys()))
        return Result(found, len(found))

    async def _open(self) -> None:
        opening, self._opening = self._opening, ""
        await self._say(opening)

    async def _say(self, sql: str) -> None:
        if self._opening:
            await self._open()
        try:
            await self._connection.execute(sql)
        except _Errors as error:
            raise _wrapped(error, sql, self._connection) from None
        except TimeoutError:
            raise _silent(self._connection) from None


def _silent(connection: Any) -> ConnectionError:
    """Nobody answers on this connection any more: it is given up without a word."""
    connection.terminate()
    return ConnectionError("the database does not answer")


def _unreached(error: OSError) -> OSError:
    """Where several addresses were tried, the one error for all is of no kind."""
    return error if isinstance(error, ConnectionError | TimeoutError) else ConnectionError(str(error))


def _count(said: str) -> int:
    """ "UPDATE 3" → 3."""
    tail = said.rpartition(" ")[2]
    return int(tail) if tail.isdigit() else -1


def _wrapped(error: Any, sql: str, connection: Any = None) -> DBAPIError:
    """The driver's error as SQLAlchemy's; what people write has no place in an error text."""
    state = str(getattr(error, "sqlstate", "") or "")
    kind: type[DBAPIError] = ProgrammingError
    if state[:2] == "23":
        kind = IntegrityError
    elif state[:2] in {"08", "25", "28", "40", "53", "55", "57", "58"}:
        kind = OperationalError
    elif isinstance(error, asyncpg.InterfaceError):
        kind = InterfaceError
    # the driver lost its place on a connection that was ended in the middle of something
    useless = state in FORGOTTEN or isinstance(error, asyncpg.InternalClientError)
    lost = useless or state[:2] == "08" or (connection is not None and connection.is_closed())
    if useless and connection is not None:
        connection.terminate()
    return kind(sql, None, error, hide_parameters=True, connection_invalidated=lost)


def _plain(url: str) -> str:
    return f"postgresql://{url.partition('://')[2]}"


class Postgres:
    """A PostgreSQL database."""

    path = None

    def __init__(self, url: str, size: int, load: LoadMeter, seals: Seals, direct: str = "") -> None:
        """`direct`: the server itself, when `url` leads to a pooler that gives a connection for a transaction only."""
        self._load = load
        self._url, self._size = _plain(url), size
        self._direct, self._pooled = _plain(direct or url), bool(direct)
        kind: Any = dialect.dialect
        self._statements = Statements(kind(), seals)
        self._pools: dict[Errand, Any] = {}
        self._opening = asyncio.Lock()
        self._closed = False
        self._life: Any = None
        self._lives = False  # the lock by which others see it is ours
        self._showing = asyncio.Lock()

    def own(self) -> None:
        """Replicas may share it."""

    @asynccontextmanager
    async def _connection(self, errand: Errand = "work") -> AsyncIterator[Any]:
        """A connection of the pool, with how long it was waited for and what gave up at a lock."""
        began, pool, connection = self._load.began(), None, None
        try:
            try:
                pool = await self._open(errand)
                connection = await self._acquire(pool)
            finally:
                self._load.got(began)
            yield connection
        except ConnectionError:
            await self._expire()  # all lie on the same line
            raise
        except DBAPIError as error:
            state = str(getattr(error.orig, "sqlstate", "") or "")
            if state in LOCK_STATES:
                self._load.locked(LOCK_TIMEOUT if state == "55P03" else 0.0)
            if state == READ_ONLY:
                await self._expire()  # after a failover the address leads to another server
            raise
        finally:
            self._load.ended()
            if connection is not None:
                await self._release(pool, connection)

    async def _expire(self) -> None:
        """Whoever wants a connection from now on gets a new one."""
        for one in list(self._pools.values()):
            await one.expire_connections()

    async def _open(self, errand: Errand) -> Any:
        if self._closed:  # what is made now nobody would close
            raise ConnectionError("the database was closed")
        if errand not in self._pools:
            async with self._opening:
                if errand not in self._pools:
                    with _reaching():
                        self._pools[errand] = await self._pool(errand)
        return self._pools[errand]

    async def _pool(self, errand: Errand) -> Any:
        # what comes in keeps its connection when it is idle: on a full server others would have it
        kept = 1 if errand == "intake" else 0
        return await asyncpg.create_pool(
            self._url, min_size=kept, max_size=FEW.get(errand, self._size),
            server_settings=BY_POOLER if self._pooled else SETTINGS | MORE.get(errand, {}),
            reset=_tidy, timeout=CONNECT, command_timeout=ANSWER,
            statement_cache_size=0 if self._pooled else 500,  # prepared on one server, asked of another
            connection_class=_Connection, init=None if self._pooled or errand == "queues" else _durable,
        )  # fmt: skip

    async def _acquire(self, pool: Any) -> Any:
        with _reaching():
            return await pool.acquire(timeout=PATIENCE)

    def _opening_of(self, errand: Errand) -> str:
        """What begins a transaction; behind a pooler with all that a connection knows elsewhere."""
        said = {name: SETTINGS[name] for name in LIMITS} | MORE.get(errand, {}) if self._pooled else {}
        return "BEGIN" + "".join(f"; SET LOCAL {name} TO {value}" for name, value in said.items())

    @asynccontextmanager
    async def write(
        self, priority: int = WORK, *, durable: bool = True, late: bool = False
    ) -> AsyncIterator[Tx]:
        """A transaction. Without `durable` nobody waits for the disk; `late`: what is read first is read before it begins,
        unless a pooler stands between, which may give each statement outside of one to another server."""
        errand: Errand = ERRANDS.get(priority, "work") if durable else "queues"
        late = late and not self._pooled
        async with self._connection(errand) as connection:
            tx = PostgresTx(self._statements, connection, self._opening_of(errand), late=late)
            try:
                yield tx
                await tx.finish()
            except BaseException:
                if tx.begun:
                    await _roll_back(connection)
                raise
            if not tx.begun:
                return
            try:
                said = await connection.execute("COMMIT")
            except _Errors as error:
                raise _wrapped(error, "COMMIT", connection) from None
            except TimeoutError:
                raise _silent(connection) from None
            if said != "COMMIT":  # an error inside was swallowed: nothing was kept
                raise ProgrammingError("COMMIT", None, RuntimeError(f"the database answered {said}"))

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False, glance: bool = False) -> AsyncIterator[Tx]:
        """A connection for reading. Each statement sees what is committed then, unless `snapshot`. `glance`: rows by their
        keys, for the queues."""
        errand: Errand = "queues" if glance else "work"
        begins = self._pooled or snapshot
        async with self._connection(errand) as connection:
            tx = PostgresTx(self._statements, connection, self._opening_of(errand) if begins else "")
            try:
                if snapshot:
                    await tx.begin("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                yield tx
            finally:
                if tx.begun and begins:
                    await _roll_back(connection)

    async def _release(self, pool: Any, connection: Any) -> None:
        try:
            await pool.release(connection, timeout=CONNECT)
        except (*_Errors, OSError):
            with suppress(*_Errors):  # the pool may have given it up already
                connection.terminate()

    async def live(self, name: str) -> None:
        """Holds the lock that shows others that the replica `name` lives, as long as its connection does: a killed
        process loses it at once. Called again, it makes sure: a line that was cut may look open here, and its lock may
        be held there by what is left of the old connection. Raises what the driver raises."""
        async with self._showing:  # one connection asks one thing at a time
            if self._closed:
                raise ConnectionError("the database was closed")
            try:
                if self._life is None or self._life.is_closed():
                    self._lives = False
                    settings = SETTINGS | {"application_name": "genjin alive"}
                    self._life = await asyncpg.connect(
                        self._direct, server_settings=settings, timeout=CONNECT, command_timeout=CONNECT
                    )
                if self._lives:
                    await self._life.execute("SELECT 1")
                else:
                    ask = "SELECT pg_try_advisory_lock($1, hashtext($2))"
                    self._lives = await self._life.fetchval(ask, ALIVE, name)
            except BaseException as error:
                if self._life is not None:
                    self._life.terminate()
                if isinstance(error, _Errors):
                    raise _wrapped(error, "live", self._life) from None
                if isinstance(error, OSError):
                    raise _unreached(error) from None
                raise

    async def limited(self) -> bool:
        """Whether the server knows of our time-outs: a pooler between may have kept them to itself."""
        if self._pooled:
            return True
        async with self._connection() as connection:
            said = await connection.fetchval(
                "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'"
            )
        return bool(said == SETTINGS["statement_timeout"])

    async def loses(self) -> list[str]:
        """Settings by which the server may lose what it said was committed."""
        names = ["fsync", "full_page_writes", *(["synchronous_commit"] if self._pooled else [])]
        ask = "SELECT name FROM pg_settings WHERE name = ANY($1) AND setting = 'off' ORDER BY name"
        async with self._connection() as connection:
            return [row["name"] for row in await connection.fetch(ask, names)]

    async def settled(self) -> None:
        """A row is seen by others only once it is on the disk."""

    async def schema(self, work: Callable[..., T], *arguments: Any) -> T:
        """Runs a synchronous function on a SQLAlchemy connection, in a transaction of its own. A statement of it may take as
        long as a large table makes it; a lock is waited for no longer than elsewhere."""
        from sqlalchemy.ext.asyncio import create_async_engine  # with the ORM: 6 MB, for this alone
        from sqlalchemy.pool import NullPool

        url = self._direct.replace("postgresql://", "postgresql+asyncpg://", 1)
        engine = create_async_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"server_settings": SETTINGS | {"statement_timeout": "0"}},
        )
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work, *arguments)
        finally:
            await engine.dispose()

    async def close(self) -> None:
        """Closes all connections; no new one is made."""
        self._closed = True
        if self._life is not None:
            self._life.terminate()
            self._life = None
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            try:
                async with asyncio.timeout(5):
                    await pool.close()
            except TimeoutError:
                pool.terminate()
        for left in list(_Connection.leaving):
            if left._loop is asyncio.get_running_loop():
                left.terminate()


async def _durable(connection: Any) -> None:
    """A commit is on the disk before anybody is told, whatever the server, the database or the login has for others."""
    await connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )


@contextmanager
def _reaching() -> Iterator[None]:
    """While a connection is made: what is wrong then is said as of a statement."""
    try:
        yield
    except _Errors as error:
        raise _wrapped(error, "connect") from None
    except OSError as error:
        raise _unreached(error) from None


async def _roll_back(connection: Any) -> None:
    """Takes a transaction back; where nobody answers, the server does it when it misses us."""
    try:
        async with asyncio.timeout(UNDONE):
            await connection.execute("ROLLBACK")
    except TimeoutError:
        connection.terminate()
    except (*_Errors, OSError):
        pass


async def _tidy(connection: Any) -> None:
    """Before a connection is lent again: no transaction may be left open in it."""
    if connection.is_in_transaction():
        await connection.execute("ROLLBACK")
