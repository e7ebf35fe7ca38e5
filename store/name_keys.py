"""Customers by nearly the same name, without looking at all of them (rules/name_keys.py)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import TextClause, bindparam, delete, select, text

from rules import name_keys
from rules.leads import Customer
from store.db import Tx
from store.tables import customer, name_key, name_near

RAREST = 3
"""How many of a name's pairs are looked up: the rarest say most."""
PAIRS = 8
"""How many pairs of a long name are counted."""
COMMON = 350
"""A pair that so many names have says nothing; its count goes no further."""
HERE = 100
"""The most names of the same place that one near key brings, the newest."""
ANYWHERE = 30
"""The most names of any place that one near key, or a key of the beginning, brings."""
BEST = 60
"""How many candidates are left for the comparison: those that share the most keys."""


@dataclass(frozen=True)
class Known:
    """A customer as it is compared: what it is called, and the core of that."""

    id: int
    label: str
    core: str


async def keep(tx: Tx, one: Customer) -> None:
    """Makes the stored keys of a customer those of its present name."""
    core = one.core or one.name
    held = set((await tx.execute(_HELD, {"customer": one.id})).scalars())
    wanted = name_keys.stored(core)
    if old := held - wanted:
        await tx.execute(delete(name_key).where(name_key.c.customer == one.id, name_key.c.key.in_(old)))
    if new := sorted(wanted - held):
        await tx.execute(_ADD[tx.dialect.name], {"keys": json.dumps(new), "customer": one.id})
    near = near_rows(one.id, one.company, core)
    if held_near := {tuple(row) for row in await tx.execute(_HELD_NEAR, {"customer": one.id})}:
        if held_near == set(near):
            return
        await tx.execute(delete(name_near).where(name_near.c.customer == one.id))
    await add_near(tx, near)


def near_rows(customer: int, company: str, core: str) -> list[tuple[int, int, int]]:
    """(key, place, customer) for every near key of a name."""
    place = name_keys.place(company, core)
    return [(key, place, customer) for key in name_keys.near(core)]


async def add_near(tx: Tx, rows: Sequence[tuple[int, int, int]]) -> None:
    """Writes such rows, in one statement; those that are there already stay."""
    if rows:
        await tx.execute(_ADD_NEAR[tx.dialect.name], {"rows": json.dumps(rows)})


async def drop(tx: Tx, gone: int) -> None:
    """The customer is not found by its name any more."""
    await tx.execute(delete(name_key).where(name_key.c.customer == gone))
    await tx.execute(delete(name_near).where(name_near.c.customer == gone))


async def fill(tx: Tx, after: int, n: int = 500) -> int:
    """Writes the near keys of up to `n` customers behind the id `after` that have none: of an older version. Returns the
    last id that was looked at, 0 at the end."""
    rows = (await tx.execute(_BEHIND, {"after": after, "n": n})).all()
    if not rows:
        return 0
    last = int(rows[-1].id)
    done = set((await tx.execute(_FILLED, {"after": after, "last": last})).scalars())
    new = [row for row in rows if row.id not in done]
    await add_near(tx, [key for row in new for key in near_rows(row.id, row.company, row.core or row.name)])
    return last


async def candidates(tx: Tx, core: str, company: str = "") -> list[Known]:
    """Customers that may be called so, one wrong character in it or not: at most 60, likeliest first.

    Where very many are called nearly so, those whose name begins with the same place as `company` are among them.
    """
    if not core:
        return []
    near, front, pairs = name_keys.near(core), sorted(name_keys.front(core)), name_keys.pairs(core)[:PAIRS]
    given: dict[str, str | int] = {"place": name_keys.place(company, core)}
    if tx.dialect.name == "postgresql":
        given |= {"near": json.dumps(near), "front": json.dumps(front), "pairs": json.dumps(pairs)}
        rows = await tx.execute(_BROUGHT, given)
    else:
        rarest = await _rarest(tx, pairs)
        for kind, keys in (("n", near), ("f", front), ("p", rarest)):
            given |= {f"{kind}{at}": key for at, key in enumerate(keys)}
        rows = await tx.execute(_brought(len(near), len(front), len(rarest)), given)
    return [Known(id, company or name, stripped or name) for id, company, name, stripped in rows]


async def _rarest(tx: Tx, pairs: Sequence[int]) -> list[int]:
    if not pairs:
        return []
    counted = await tx.execute(_counts(len(pairs)), {f"k{n}": key for n, key in enumerate(pairs)})
    rarest = sorted(zip(counted.one(), pairs, strict=True))[:RAREST]
    return [key for count, key in rarest if count < COMMON]


# ── the statements ─────────────────────────────────────────────────────────────────────────────────────
# SQLite looks up key after key where each has its own SELECT, and PostgreSQL would plan these for longer than it looks.
@cache
def _counts(n: int) -> TextClause:
    """How many names have each of `n` keys, counted up to 350: one row."""
    one = "(SELECT count(*) FROM (SELECT 1 FROM name_key WHERE key = :k{0} LIMIT {1}) AS p{0})"
    return text("SELECT " + ", ".join(one.format(at, COMMON) for at in range(n)))


_JOIN = "JOIN customer AS c ON c.id = best.customer WHERE c.deleted_at IS NULL"
_LOOK_UP = (  # with the limit it is no join to be planned: by young statistics that would read the whole table
    "CROSS JOIN LATERAL (SELECT * FROM customer WHERE id = best.customer AND deleted_at IS NULL LIMIT 1) AS c"
)


def _best(every: str, join: str) -> str:
    """The customers that share most of the keys; of a key that very many have, the newest. A near key says more than
    the others together, one of the same place most."""
    return (
        f"SELECT c.id, c.company, c.name, c.core FROM (SELECT customer, sum(n) AS n FROM ({every}) AS shared"
        f" GROUP BY customer ORDER BY n DESC, customer DESC LIMIT {BEST})"
        f" AS best {join} ORDER BY best.n DESC, c.id DESC"
    )


def _of(kind: str, key: str) -> str:
    """One SELECT for what a key of that kind brings."""
    where, order, says, most = {
        "a": ("name_near WHERE key = {}", "place DESC, customer DESC", 2, ANYWHERE),
        "h": ("name_near WHERE key = {} AND place = :place", "customer DESC", 6, HERE),
        "f": ("name_key WHERE key = {}", "customer DESC", 1, ANYWHERE),
        "p": ("name_key WHERE key = {}", "customer DESC", 1, COMMON),
    }[kind]
    return f"SELECT customer, {says} AS n FROM {where.format(key)} ORDER BY {order} LIMIT {most}"


@cache
def _brought(near: int, front: int, pairs: int) -> TextClause:
    """SQLite: for that many keys of each kind."""
    every = [
        f"SELECT * FROM ({_of(kind, f':{keys}{at}')})"
        for kind, keys, n in (("a", "n", near), ("h", "n", near), ("f", "f", front), ("p", "p", pairs))
        for at in range(n)
    ]
    return text(_best(" UNION ALL ".join(every), _JOIN))


def _each(keys: str) -> str:
    return (
        f"(SELECT CAST(value AS integer) AS key FROM jsonb_array_elements_text(CAST(:{keys} AS jsonb))) AS k"
    )


_COUNTED = (
    f"SELECT k.key, (SELECT count(*) FROM (SELECT 1 FROM name_key WHERE key = k.key LIMIT {COMMON}) AS p) AS n"
    f" FROM {_each('pairs')}"
)
_RARE = f"(SELECT key FROM ({_COUNTED}) AS c WHERE n < {COMMON} ORDER BY n, key LIMIT {RAREST}) AS k"
_BROUGHT = text(
    _best(
        " UNION ALL ".join(
            f"SELECT b.* FROM {keys} CROSS JOIN LATERAL ({_of(kind, 'k.key')}) AS b"
            for kind, keys in (
                ("a", _each("near")),
                ("h", _each("near")),
                ("f", _each("front")),
                ("p", _RARE),
            )
        ),
        _LOOK_UP,
    )
)
_HELD = select(name_key.c.key).where(name_key.c.customer == bindparam("customer"))
_HELD_NEAR = select(name_near).where(name_near.c.customer == bindparam("customer"))
_BEHIND = (
    select(customer.c.id, customer.c.company, customer.c.name, customer.c.core)
    .where(customer.c.id > bindparam("after"), customer.c.deleted_at.is_(None))
    .order_by(customer.c.id)
    .limit(bindparam("n"))
)
_FILLED = (
    select(name_near.c.customer)
    .where(name_near.c.customer > bindparam("after"), name_near.c.customer <= bindparam("last"))
    .distinct()
)
_ADD = {
    "sqlite": text("INSERT INTO name_key (key, customer) SELECT value, :customer FROM json_each(:keys)"),
    "postgresql": text(
        "INSERT INTO name_key (key, customer) SELECT CAST(value AS integer), :customer"
        " FROM jsonb_array_elements_text(CAST(:keys AS jsonb))"
    ),
}
_ADD_NEAR = {
    "sqlite": text(
        "INSERT INTO name_near (key, place, customer) SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
        " json_extract(value, '$[2]') FROM json_each(:rows) WHERE true ON CONFLICT DO NOTHING"
    ),
    "postgresql": text(
        "INSERT INTO name_near (key, place, customer) SELECT CAST(value ->> 0 AS integer), CAST(value ->> 1 AS smallint),"
        " CAST(value ->> 2 AS bigint) FROM jsonb_array_elements(CAST(:rows AS jsonb)) ON CONFLICT DO NOTHING"
    ),
}
