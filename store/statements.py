"""Statements, compiled once, run straight on the driver: building and compiling SQL costs ten times what running it does.

SQLAlchemy writes the SQL, converts values in and out and names the columns; what it would do anew for each execution
(events, cursors, result objects) is left out. Measured for one small SELECT on SQLite: 20 µs instead of 150.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import lru_cache, partial
from typing import Any
from weakref import ref

import sqlalchemy as sa
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from rules.json_text import written
from store import seals

Process = Callable[[Any], Any]


class Result:
    """What a statement brought: complete, in order. `rowcount` rows were found or changed."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Every row."""
        return self._rows

    def first(self) -> Any:
        """The first row, None when there is none."""
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        """The only row, None when there is none. Raises MultipleResultsFound."""
        if len(self._rows) > 1:
            raise MultipleResultsFound("several rows were found where one was wanted")
        return self.first()

    def one(self) -> Any:
        """The only row. Raises NoResultFound, MultipleResultsFound."""
        if not self._rows:
            raise NoResultFound("no row was found where one was wanted")
        return self.one_or_none()

    def scalar(self) -> Any:
        """The first column of the first row, None when there is none."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first column of the only row. Raises NoResultFound, MultipleResultsFound."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row, None when there is none. Raises MultipleResultsFound."""
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> "Result":
        """The first column of every row."""
        return Result([row[0] for row in self._rows], self.rowcount)

    def mappings(self) -> "Result":
        """Every row as a dictionary."""
        return Result([row._mapping for row in self._rows], self.rowcount)


@lru_cache(maxsize=2048)
def row_type(keys: tuple[str, ...]) -> type:
    """A tuple whose columns have names, as SQLAlchemy's rows do (`row.id`, `row._mapping`)."""
    fields = namedtuple("Row", keys, rename=True)  # type: ignore[misc]
    mapping = property(lambda row: dict(zip(keys, row, strict=True)))
    return type("Row", (fields,), {"__slots__": (), "_mapping": mapping})


class PerDialect:
    """A statement that each database spells in its own way: `build` gets its INSERT when it is first wanted, so that
    only the dialect in use is loaded."""

    def __init__(self, build: Callable[[Any], Any]) -> None:
        self._build = build
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._build(insert_of(name))
        return self._built[name]


def insert_of(name: str) -> Any:
    """The INSERT that knows ON CONFLICT, of "sqlite" or "postgresql"."""
    if name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert


def gathered(name: str, *, sqlite: str, postgresql: str) -> Any:
    """An SQL function `name` that makes JSON text of many rows: what either database calls it."""
    made: Any = type(name, (GenericFunction,), {"type": sa.Text(), "inherit_cache": True, "name": name})

    @compiles(made, "sqlite")
    def _sqlite(element: Any, compiler: Any, **more: Any) -> str:
        return f"{sqlite}({compiler.process(element.clauses, **more)})"

    @compiles(made, "postgresql")
    def _postgresql(element: Any, compiler: Any, **more: Any) -> str:
        return f"CAST({postgresql}({compiler.process(element.clauses, **more)}) AS text)"

    return made


def among(dialect: str, column: Any, name: str, kind: Any = sa.Text) -> Any:
    """`column` is one of the values bound as `name` (by `listed`), however many: the statement stays the same."""
    if dialect == "sqlite":
        each = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value")
        return column.in_(sa.select(each.c.value))
    return column == sa.func.any(sa.bindparam(name, type_=sa.ARRAY(kind)))


def listed(tx: Any, values: Sequence[Any]) -> Any:
    """Values as `among` wants them bound in this transaction's database."""
    return written(values) if tx.dialect.name == "sqlite" else list(values)


_READS = re.compile(
    r"\s*SELECT\b(?!.*\b(FOR (NO KEY )?(UPDATE|SHARE)|pg_(try_)?advisory\w*|nextval|setval)\b)", re.I | re.S
)
"""A statement that locks and changes nothing, as far as its words say; one that begins with WITH is taken for a writing one."""


class Plan:
    """One compiled statement: its SQL, how values go in, how rows come out."""

    __slots__ = (
        "_keys", "_make", "_steps", "_types", "_usual", "compiled", "expands", "reads", "returns", "sql",
    )  # fmt: skip

    def __init__(self, compiled: Any, dialect: sa.Dialect, *, whole: bool = False) -> None:
        """`whole`: nothing is left to compose, so that what SQLAlchemy made of the statement can go (10 KB)."""
        self.compiled: Any = None if whole else compiled
        self.sql = str(compiled)
        self.reads = bool(_READS.match(self.sql))
        columns = compiled._result_columns
        # a text says nothing about its columns: the driver names them
        self.returns = bool(columns) or getattr(compiled, "isplaintext", False)
        self._make: Callable[[Any], Any] | None = None
        self._types: list[Process | None] = []
        if columns:
            self._types = [one.type._cached_result_processor(dialect, None) for one in columns]
            self._make = self._maker(tuple(one.keyname for one in columns))
        processors = compiled._bind_processors
        # a list in `IN (…)` changes the SQL with its length
        self.expands = bool(compiled.post_compile_params or compiled.literal_execute_params)
        names = () if self.expands else tuple(compiled.positiontup or ())
        slots = [compiled.binds[name] for name in names]
        self._keys = [bind.key for bind in slots]
        self._usual = {bind.key: bind.effective_value for bind in slots if not bind.required}
        self._steps = [
            (at, processors[name]) for at, name in enumerate(names) if processors.get(name) is not None
        ]

    def bind(self, given: Mapping[str, Any]) -> list[Any]:
        """The values of a statement that is one object for ever, in the order of its placeholders."""
        if self._usual:
            given = {**self._usual, **given}
        try:
            values = [given[key] for key in self._keys]
        except KeyError as error:
            raise sa.exc.InvalidRequestError(
                f"a value is required for bind parameter {error.args[0]!r}"
            ) from None
        for at, process in self._steps:
            values[at] = process(values[at])
        return values

    def bind_composed(self, given: Mapping[str, Any], extracted: Any) -> tuple[str, list[Any]]:
        """SQL and values of a statement that was composed anew: its literals are values too."""
        values = self.compiled.construct_params(given, extracted_parameters=extracted)
        if not self.expands:
            processors = self.compiled._bind_processors
            return self.sql, [
                processors[name](values[name]) if name in processors else values[name]
                for name in self.compiled.positiontup or ()
            ]
        state = self.compiled.construct_expanded_state(values)
        return state.statement, [
            state.processors[name](state.parameters[name])
            if name in state.processors
            else state.parameters[name]
            for name in state.positiontup or ()
        ]

    def rows(self, found: Sequence[Any], names: Callable[[], tuple[str, ...]]) -> list[Any]:
        """The driver's tuples as named rows; `names` is asked when the statement does not know its columns."""
        if not found:
            return []
        if self._make is None:
            self._make = self._maker(names())
        return list(map(self._make, found))

    def _maker(self, keys: tuple[str, ...]) -> Callable[[Any], Any]:
        kind, new = row_type(keys), tuple.__new__
        steps = [(at, process) for at, process in enumerate(self._types) if process is not None]
        if not steps:
            return partial(new, kind)

        def make(row: Any) -> Any:
            values = list(row)
            for at, process in steps:
                values[at] = process(values[at])
            return new(kind, values)

        return make


def writing_constants(dialect: sa.Dialect) -> sa.Dialect:
    """The same dialect, but what never changes in a statement (`state == 0`) stands in its SQL instead of being bound.

    An index over part of a table only fits a constant: SQLite plans a statement anew at every execution when a bound
    value decides whether such an index may be used (15 µs instead of 2 for the smallest), and PostgreSQL can keep no plan.
    """
    usual: Any = dialect.statement_compiler

    class Compiler(usual):  # type: ignore[misc]
        def visit_bindparam(self, bindparam: Any, *args: Any, **more: Any) -> Any:
            if _constant(bindparam):
                more["literal_binds"] = True
            return super().visit_bindparam(bindparam, *args, **more)

    made = copy(dialect)
    made.statement_compiler = Compiler
    return made


def _constant(bind: Any) -> bool:
    """Whether a placeholder always has one plain value; one with a name may be given another."""
    if not bind.unique or bind.required or isinstance(bind.type, sa.types.TypeDecorator):
        return False
    values = bind.value if bind.expanding and isinstance(bind.value, list | tuple) else [bind.value]
    return bool(values) and all(type(one) in (int, str, bool) for one in values)


class Statements:
    """The plans of one database. A statement that is kept (a module's constant) is recognised by its identity; one
    that is composed for each call by its shape."""

    def __init__(self, dialect: sa.Dialect, keys: seals.Seals) -> None:
        self.dialect, self.seals = dialect, keys
        seals.give(dialect, keys)
        self._with_constants = writing_constants(dialect)
        self._shapes: dict[Any, Any] = {}
        self._plans: dict[int, Plan] = {}  # of compiled objects, which _shapes keeps
        self._kept: dict[tuple[int, tuple[str, ...]], tuple[ref[Any], Plan | None]] = {}

    def prepare(self, statement: sa.Executable, given: Mapping[str, Any]) -> tuple[Plan, str, list[Any]]:
        """The plan, the SQL and the values in the driver's order."""
        names, known = tuple(given), self._kept
        key = (id(statement), names)
        kept = known.get(key)
        if kept is None or kept[0]() is not statement:
            known[key] = (ref(statement, lambda _gone: known.pop(key, None)), None)
        else:
            plan = kept[1]
            if plan is None:  # met again: from now on it is known by its identity
                whole: Any = statement
                own = whole.compile(dialect=self._with_constants, column_keys=list(names) or None)
                plan = Plan(own, self.dialect, whole=True)
                self._kept[key] = (kept[0], plan)
            if not plan.expands:
                return plan, plan.sql, plan.bind(given)
        compiled, extracted, _, _ = self._compile(statement, names)
        found = self._plans.get(id(compiled))
        if found is None:
            found = self._plans[id(compiled)] = Plan(compiled, self.dialect)
        return found, *found.bind_composed(given, extracted)

    def _compile(self, statement: Any, names: tuple[str, ...]) -> Any:
        if (
            len(self._shapes) > 2000
        ):  # shapes are as many as places in the code; lists of values are not part of them
            self._shapes.clear()
            self._plans.clear()
        return statement._compile_w_cache(
            self.dialect, compiled_cache=self._shapes, column_keys=list(names), for_executemany=False
        )
