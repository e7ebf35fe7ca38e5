"""What is read of who wrote, in one go: also that they have nothing open, which holds until something is written."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from store import callers, checkins, tasks
from store.db import Database
from store.tables import customer, identity, lead, member

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)


async def _firm(db: Database) -> int:
    """A rep and a lead; its id."""
    async with db.write() as tx:
        await tx.execute(sa.insert(member).values(id="li", name="李倩", roles="[]", regions="[]", tags="[]"))
        await tx.execute(sa.insert(identity).values(platform="wecom", user_id="liqian", member="li"))
        made = sa.insert(customer).values(name="王佳", created_at=NOW).returning(customer.c.id)
        values = {"customer": (await tx.execute(made)).scalar_one(), "owner": "li", "created_at": NOW}
        return int((await tx.execute(sa.insert(lead).values(values).returning(lead.c.id))).scalar_one())


async def test_who_has_nothing_open_is_not_asked_for_it_again(db: Database, said: list[str]) -> None:
    number = await _firm(db)
    async with db.write() as tx:
        assert await callers.caller(tx, "wecom", "liqian", NOW)
        said.clear()
        assert await checkins.open_of(tx, "li") is None
        assert await tasks.open_of(tx, ["li"]) == []
        assert said == []
        opened = await checkins.add(tx, number, "li", NOW)
        assert await checkins.open_of(tx, "li") == opened, "what this transaction opened itself is found"
        made = await tasks.add(tx, lead=number, subject="补录", owner="li", rule="r", dedup="d", now=NOW)
        assert await tasks.open_of(tx, ["li"]) == [made]


async def test_who_has_something_open_is_shown_it(db: Database) -> None:
    number = await _firm(db)
    async with db.write() as tx:
        opened = await checkins.add(tx, number, "li", NOW)
        made = await tasks.add(tx, lead=number, subject="补录", owner="li", rule="r", dedup="d", now=NOW)
    async with db.write() as tx:
        assert await callers.caller(tx, "wecom", "liqian", NOW + timedelta(minutes=1))
        assert await checkins.open_of(tx, "li") == opened
        assert await tasks.open_of(tx, ["li"]) == [made]
