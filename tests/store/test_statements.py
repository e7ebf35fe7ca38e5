"""A statement that is kept: what never changes in it stands in its SQL, what is given is bound."""

import gc

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql.compiler import SQLCompiler

from store.db import Database
from store.seals import NONE
from store.statements import Statements
from store.tables import inbox

SAYS = "it's 50 % :and $1 ?"
KEPT = (
    sa.select(inbox.c.id, sa.literal(SAYS).label("said"))
    .where(
        inbox.c.state == 0,
        inbox.c.lane.in_(("a", "b")),
        inbox.c.attempts <= sa.bindparam("most", 3, type_=sa.Integer),
        inbox.c.dedup == sa.bindparam("key"),
    )
    .order_by(inbox.c.id)
    .limit(1)
)


def test_constants_stand_in_the_sql_and_a_list_of_them_too() -> None:
    statements = Statements(pysqlite.dialect(), NONE)
    statements.prepare(KEPT, {"key": "k"})
    plan, sql, values = statements.prepare(KEPT, {"key": "k"})
    assert "state = 0" in sql
    assert "IN ('a', 'b')" in sql
    assert "LIMIT 1" in sql
    assert values == [3, "k"]
    assert not plan.expands
    statements.prepare(KEPT, {"key": "k", "most": 1})
    assert statements.prepare(KEPT, {"key": "k", "most": 1})[2] == [1, "k"]


def compilers() -> int:
    gc.collect()
    return sum(isinstance(one, SQLCompiler) for one in gc.get_objects())


def test_a_statement_that_is_known_by_its_identity_keeps_its_sql_alone() -> None:
    """There are hundreds of them, and what SQLAlchemy made of each holds ten kilobytes."""
    statements = Statements(pysqlite.dialect(), NONE)
    statements.prepare(KEPT, {"key": "k"})
    before = compilers()
    statements.prepare(KEPT, {"key": "k"})
    assert compilers() == before
    assert statements.prepare(KEPT, {"key": "k"})[2] == [3, "k"]


async def test_it_finds_the_same_every_time(db: Database) -> None:
    row = {"dedup": "k", "lane": "b", "body": "{}", "created_at": sa.func.now()}
    async with db.write() as tx:
        await tx.execute(sa.insert(inbox).values(**row))
        for _ in range(3):
            assert [one.said for one in await tx.execute(KEPT, {"key": "k"})] == [SAYS]
            assert (await tx.execute(KEPT, {"key": "other"})).first() is None
