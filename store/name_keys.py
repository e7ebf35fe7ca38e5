"""Customers by nearly the same name, without looking at all of them (rules/name_keys.py)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import TextClause, bindparam, delete, select, text

from rules import name_keys
from rules.leads import Customer
from store.db import Tx
from store.tables import name_key

RAREST = 3
"""How many of a name's pairs are looked up: the rarest say most."""
PAIRS = 16
"""How many pairs of a long name are counted."""
COMMON = 1000
"""A pair that so many names have says nothing; its count goes no further."""
MOST = 3000
"""The most names that one key may bring."""
BEST = 600
"""How many candidates are left for the comparison: those that share the most keys."""


@dataclass(frozen=True)
class Known:
    """A customer as it is compared: what it is called, and the core of that."""

    id: int
    label: str
    core: str


async def keep(tx: Tx, customer: Customer) -> None:
    """Makes the stored keys of a customer those of its present name."""
    wanted = name_keys.stored(customer.core or customer.name)
    held = set((await tx.execute(_HELD, {"customer": customer.id})).scalars())
    if gone := held - wanted:
        await tx.execute(delete(name_key).where(name_key.c.customer == customer.id, name_key.c.key.in_(gone)))
    if new := sorted(wanted - held):
        await tx.execute(_ADD[tx.dialect.name], {"keys": json.dumps(new), "customer": customer.id})


async def drop(tx: Tx, customer: int) -> None:
    """The customer is not found by its name any more."""
    await tx.execute(delete(name_key).where(name_key.c.customer == customer))


async def candidates(tx: Tx, core: str) -> list[Known]:
    """Customers that may be called so, one wrong character in it or not: at most 600, likeliest first."""
    if not core:
        return []
    keys = [*name_keys.front(core), *await _rarest(tx, name_keys.pairs(core))]
    rows = await tx.execute(_brought(len(keys)), {f"k{n}": key for n, key in enumerate(keys)})
    return [Known(id, company or name, stripped or name) for id, company, name, stripped in rows]


async def _rarest(tx: Tx, pairs: Sequence[int]) -> list[int]:
    if len(pairs) <= RAREST:
        return list(pairs)
    pairs = pairs[:PAIRS]
    counted = await tx.execute(_counts(len(pairs)), {f"k{n}": key for n, key in enumerate(pairs)})
    rarest = sorted(zip(counted.one(), pairs, strict=True))[:RAREST]
    return [key for count, key in rarest if count < COMMON]


@cache
def _counts(n: int) -> TextClause:
    """How many names have each of `n` keys, counted up to 1000: one row."""
    one = "(SELECT count(*) FROM (SELECT 1 FROM name_key WHERE key = :k{0} LIMIT {1}) AS p{0})"
    return text("SELECT " + ", ".join(one.format(at, COMMON) for at in range(n)))


@cache
def _brought(n: int) -> TextClause:
    """The customers that share most of `n` keys; of a key that very many have, the newest."""
    one = "SELECT * FROM (SELECT customer FROM name_key WHERE key = :k{0} ORDER BY customer DESC LIMIT {1}) AS p{0}"
    every = " UNION ALL ".join(one.format(at, MOST) for at in range(n))
    return text(
        f"SELECT c.id, c.company, c.name, c.core FROM (SELECT customer, count(*) AS n FROM ({every}) AS shared"
        f" GROUP BY customer ORDER BY n DESC, customer DESC LIMIT {BEST}) AS best"
        " JOIN customer AS c ON c.id = best.customer WHERE c.deleted_at IS NULL ORDER BY best.n DESC, c.id DESC"
    )


_HELD = select(name_key.c.key).where(name_key.c.customer == bindparam("customer"))
_ADD = {
    "sqlite": text("INSERT INTO name_key (key, customer) SELECT value, :customer FROM json_each(:keys)"),
    "postgresql": text(
        "INSERT INTO name_key (key, customer) SELECT CAST(value AS integer), :customer"
        " FROM jsonb_array_elements_text(CAST(:keys AS jsonb))"
    ),
}
