"""An open transaction, whichever database it is on, and what can go wrong with one."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Dialect, Table

from store.failpoints import At, reach
from store.seals import Seals
from store.statements import Result, Statements, insert_of

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

INTAKE, SENT, WORK = 0, 1, 2
"""Priorities on the one SQLite writer: what waits for an acknowledgement goes first, then what was sent (it would be
sent again after a kill), then the work."""


RAISED = "raised"
"""In `Tx.info`: the (queue, key) of the lanes that have work when the transaction commits."""


KEPT = "kept"
"""In `Tx.last`: how what is kept is written."""


ALIVE = 7230920
"""The class of the advisory locks by which replicas on PostgreSQL show that they live."""


HANDLING = 7230921
"""The class of the advisory locks on lanes whose event is being handled on PostgreSQL (store/lanes.py)."""


NEWCOMER = 7230922
"""The class of the advisory locks on who a newcomer is on PostgreSQL (store/newcomers.py)."""


LOCK_TIMEOUT = 5.0
"""Seconds that a statement waits at a row's lock before it gives up (and its work is tried again)."""


class Conflict(Exception):
    """Somebody saved the row first: roll back and handle the event again from fresh rows."""


class Busy(Exception):
    """Another process holds this SQLite file; `str(error)` says what to do."""


class Tx(ABC):
    """An open transaction. Store functions take it first; the caller owns commit and rollback."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._savepoints = 0
        self.guarded = False
        """Whether a handler's rows may be taken back alone, behind a savepoint. Nearly all handlers go well and need none:
        one that says no without it is handled once more, with it (bot/inbox.py)."""
        self._keeps = False
        """Whether the first savepoint may stay until the commit: that saves a round trip."""
        self.info: dict[Any, Any] = {}
        """Notes for whoever is still to work in this transaction."""
        self.last: dict[str, Callable[[Tx], Awaitable[None]]] = {}
        """What is left for the moment before the commit, by name: rows that many want are locked for as short as can be."""
        self.nothing: set[tuple[str, str]] = set()
        """(what, whose) that was looked for and not found before anything was written here; ask `none`."""
        self._wrote = False
        self.kept: list[Any] = []
        """Sends that are written with the end, or before the next statement (store/outbox.py)."""
        self.woken: list[tuple[str, str]] = []
        """(queue, lane) of every row that was put into a queue; store/lanes.py counts them before the commit."""

    @property
    def dialect(self) -> Dialect:
        """Whose SQL it is: `dialect.name` is "sqlite" or "postgresql"."""
        return self._statements.dialect

    @property
    def seals(self) -> Seals:
        """With which keys personal data is kept here."""
        return self._statements.seals

    async def execute(self, statement: Any, parameters: Parameters = None) -> Result:
        """Runs a statement, or once for each of several sets of parameters; the result is complete."""
        if parameters is None or type(parameters) is dict or isinstance(parameters, Mapping):  # mostly a dict
            return await self._run(statement, parameters or {})
        changed = 0
        for each in parameters:
            changed += (await self._run(statement, each)).rowcount
        return Result([], changed)

    @property
    def late(self) -> bool:
        """Whether nothing was written so far but what is kept: it may go together with the ends of others (PostgreSQL)."""
        return False

    def none(self, what: str, whose: str) -> bool:
        """Whether there is none of it, as far as this transaction has seen without a write of its own since."""
        return not self._wrote and (what, whose) in self.nothing

    def keep(self, one: Any, write: Callable[["Tx"], Awaitable[None]]) -> None:
        """Keeps a send; `write` writes all that were kept, when something is asked before the end."""
        self.kept.append(one)
        self.last[KEPT] = write

    def take_kept(self) -> list[Any]:
        """What was kept, for whoever writes it."""
        self.last.pop(KEPT, None)
        kept, self.kept = self.kept, []
        return kept

    async def write_kept(self) -> None:
        """What comes next may ask for it."""
        if self.kept:
            await self.last[KEPT](self)

    async def only(self, statement: Any, parameters: Mapping[str, Any]) -> Result:
        """The one statement of a transaction that may begin late: it commits by itself (PostgreSQL), no other follows it.
        In any other transaction a statement like all."""
        return await self._run(statement, parameters)

    @abstractmethod
    async def _run(self, statement: Any, parameters: Mapping[str, Any]) -> Result: ...

    @abstractmethod
    async def _say(self, sql: str) -> None: ...

    async def begin(self, first: str) -> None:
        """Begins with this statement, a constant: on PostgreSQL both are one round trip."""
        await self._say(first)

    async def finish(self) -> None:
        """Does what was left for the end, by itself right before the commit; or before, by who needs it done."""
        if not self.last:
            return
        while self.last:
            _, work = self.last.popitem()
            await work(self)
        reach(At.TX_FINISHED)

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        """A savepoint: rolled back when the block raises, with the notes of what was put into queues in it."""
        await self.write_kept()
        self._savepoints += 1
        name, woken = f"s{self._savepoints}", len(self.woken)
        await self._say(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            del self.woken[woken:]
            self.take_kept()
            await self._say(f"ROLLBACK TO SAVEPOINT {name}")
            await self._say(f"RELEASE SAVEPOINT {name}")
            raise
        if not self._keeps or name != "s1":
            await self._say(f"RELEASE SAVEPOINT {name}")


def upsert(tx: Tx, table: Table) -> Any:
    """INSERT with ON CONFLICT for whichever database this is."""
    return insert_of(tx.dialect.name)(table)
