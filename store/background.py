"""What a chat is read with, asked in one go: our people's names, the rep's customers, the words that drafts taught."""

from dataclasses import dataclass

import orjson
from sqlalchemy import text

from rules.words import Heard
from store import corrections, team
from store.db import Tx

_MINE = "FROM customer WHERE owner = :whose AND deleted_at IS NULL AND company <> ''"
_COMPANIES = {
    "sqlite": f"SELECT json_group_array(company) FROM (SELECT company {_MINE} ORDER BY id DESC)",
    "postgresql": f"SELECT CAST(json_agg(company ORDER BY id DESC) AS text) {_MINE}",
}
"""In one value: a rep may have a thousand, and a chat names one of them at most."""
_ALL = {
    dialect: text(f"SELECT ({team.NAMES[dialect]}) AS people, ({mine}) AS companies, {corrections.STATE}")
    for dialect, mine in _COMPANIES.items()
}


@dataclass(frozen=True)
class Background:
    """`companies`: of the rep's customers, newest first."""

    own_names: frozenset[str]
    companies: list[str]
    heard: tuple[Heard, ...]


async def of(tx: Tx, member: str) -> Background:
    """All that is known of the members and to this one."""
    row = (await tx.execute(_ALL[tx.dialect.name], {"whose": member})).one()
    companies = orjson.loads(row.companies) if row.companies else []
    heard = await corrections.heard(tx, row.stamp, taught=bool(row.taught))
    return Background(team.names_in(row.people), companies, heard)
