"""Whatever hangs on two customers: merged and taken back, every row is as it was. (C.7 merge)"""

from datetime import UTC, datetime, timedelta
from random import Random

import sqlalchemy as sa

from rules.leads import Customer
from rules.merging import Pick, different, fold, joined
from rules.opportunities import Opportunity
from store import customers, mergers, opportunities
from store.db import Database, Tx
from store.tables import customer, followup, lead, meta, name_key, name_near
from store.tables_sources import touchpoint

NOW = datetime(2026, 11, 23, 2, 2, tzinfo=UTC)
NAMES, PHONES = ("陈工", "刘工", ""), ("13812345678", "13900000002", "")


async def made(tx: Tx, dice: Random) -> Customer:
    """A customer with contacts, leads, records and touchpoints, of few values, so that they often are alike."""
    one = await customers.add(
        tx, name=dice.choice(NAMES), company=dice.choice(["", "恒达汽配厂", "宁波恒达"]), now=NOW, city=dice.choice(["", "宁波"]),
        level=dice.choice(["", "A", "B"]), owner=dice.choice(["", "wanglei"]), core=dice.choice(["恒达", "恒达汽配"]),
    )  # fmt: skip
    if dice.random() < 0.5:
        one = await customers.save(tx, one, NOW - timedelta(days=1))
    people = [
        await customers.add_contact(
            tx, one.id, now=NOW, name=dice.choice(NAMES), phone=dice.choice(PHONES), title=dice.choice(["", "采购"]),
            email=dice.choice(["", "C@hd.cn", "l@hd.cn"]), wechat=dice.choice(["", "hd88"]),
        )
        for _ in range(dice.randrange(3))
    ]  # fmt: skip
    for _ in range(dice.randrange(4)):
        whose = dice.choice(people).id if people and dice.random() < 0.7 else None
        row = sa.insert(lead).values(customer=one.id, contact=whose, created_at=NOW).returning(lead.c.id)
        id = (await tx.execute(row)).scalar_one()
        await tx.execute(
            sa.insert(followup).values(lead=id, customer=one.id, started_at=NOW, recorded_at=NOW)
        )
        await tx.execute(
            sa.insert(touchpoint).values(
                customer=one.id, lead=id, contact=whose, dedup=f"{one.id}:{id}", at=NOW, created_at=NOW
            )
        )
        if dice.random() < 0.5:
            await opportunities.add(tx, Opportunity(
                0, one.id, dice.choice(["", "wanglei"]), "阀块", NOW, NOW, lead=dice.choice([None, int(id)])))  # fmt: skip
    return one


async def rows(tx: Tx) -> dict[str, list[tuple[object, ...]]]:
    """Everything, without the versions that only guard a save."""
    found = {}
    for table in (customer, name_key, name_near, *(table for table, _ in mergers.holders())):
        columns = [one for one in table.c if one.name != "version"]
        found[table.name] = [
            tuple(row) for row in await tx.execute(sa.select(*columns).order_by(*table.primary_key.columns))
        ]
    return found


async def merged(tx: Tx, kept: int, gone: int, dice: Random, at: datetime) -> mergers.Merger:
    one, other = await customers.get(tx, kept), await customers.get(tx, gone)
    picks = {field: dice.choice(list(Pick)) for field in different(one, other)}
    folded = fold(
        await customers.contacts_of(tx, kept), await customers.contacts_of(tx, gone), customers.phone_key
    )
    return await mergers.merge(
        tx, one, other, joined(one, other, picks), folded, member="wanglei", now=at, until=at + timedelta(days=30)
    )  # fmt: skip


async def test_merged_and_taken_back_is_as_it_was(db: Database) -> None:
    for seed in range(24):
        dice = Random(seed)
        async with db.write() as tx:
            a, b, c = [(await made(tx, dice)).id for _ in range(3)]
            pictures = [await rows(tx)]
            done = []
            for n, (kept, gone) in enumerate([(a, b), dice.choice([(a, c), (c, a)])]):
                done.append(await merged(tx, kept, gone, dice, NOW + timedelta(hours=n)))
                assert (await customers.get(tx, gone)).id == kept
                for table, column in mergers.holders():
                    hidden = table.c.deleted_at.is_(None) if "deleted_at" in table.c else sa.true()
                    left = await tx.execute(sa.select(column).where(column == gone, hidden))
                    assert left.all() == []
                pictures.append(await rows(tx))
            for one, before in zip(reversed(done), reversed(pictures[:-1]), strict=True):
                again = await mergers.get(tx, one.id)
                kept = await customers.get(tx, one.kept)
                await mergers.put_back(tx, again, kept, member="wanglei", now=NOW + timedelta(days=3))
                assert await rows(tx) == before, seed


def test_every_table_that_names_a_customer_is_moved_or_looked_after() -> None:
    named = {
        table.name
        for table in meta.tables.values()
        for column in table.columns
        if column.name == "customer" or any(key.column is customer.c.id for key in column.foreign_keys)
    }
    assert named == {table.name for table, _ in mergers.holders()} | {"name_key", "name_near"}
    assert {"contact", "lead", "followup", "touchpoint"} <= named


async def test_what_may_be_there_once_for_each_customer_stays_out_of_sight(db: Database) -> None:
    """The keys by which a company is found are such a table: the general way would not break on it."""
    keep = sa.insert(name_key)
    async with db.write() as tx:
        await tx.execute(
            keep, [{"key": 1, "customer": await _bare(tx)}, {"key": 1, "customer": await _bare(tx)}]
        )
        await tx.execute(keep.values(key=2, customer=302))
        moved = await mergers._shift(
            tx, name_key, name_key.c.customer, 302, 301,
            [~mergers._taken(name_key, name_key.c.customer, names, 301)
             for names in mergers._unique_with(name_key, name_key.c.customer)],
        )  # fmt: skip
        assert moved == [[2]]


async def _bare(tx: Tx) -> int:
    made = sa.insert(customer).values(created_at=NOW).returning(customer.c.id)
    return int((await tx.execute(made)).scalar_one())
