"""A rolling upgrade: this version goes on working while the next one has migrated the database already."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from store import migrate, tables
from tests.world import World


def expand(connection: sa.Connection) -> None:
    """What the next version may do to a database that others still use: more columns, more tables, more indexes."""
    op = Operations(MigrationContext.configure(connection))
    for table in tables.meta.sorted_tables:
        with op.batch_alter_table(table.name) as batch:
            batch.add_column(sa.Column("later", sa.String(16), server_default="new", nullable=False))
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_index("ix_lead_later", "lead", ["later"])
    next_one = f"9999_{migrate.number(migrate.head())}"
    connection.execute(sa.text("UPDATE alembic_version SET version_num = :it"), {"it": next_one})


async def test_old_and_new_stand_side_by_side_while_only_more_is_added(world: World, tmp_path: Path) -> None:
    await world.api_lead(owner="wanglei")
    await world.rep.sees("新线索 L-1001")
    await world.db.schema(expand)

    await world.rep.clicks("开始跟进", on="L-1001")  # the same process goes on
    await world.idle()
    await world.rep.sees("L-1001 开始跟进 1/3")
    await migrate.check(world.db)
    before = await migrate.version(world.db)
    assert await migrate.upgrade(world.db) == (before, before, None), "nothing is taken back, nothing copied"
    await world.restart()  # and one of the old version that starts again
    await world.api_lead(owner="wanglei", name="刘洋", phone="13811112222")
    await world.rep.sees("新线索 L-1002")
    await world.passes(hours=5)
    assert world.rep.count("L-1002") >= 2, "its timers ran too"

    with pytest.raises(migrate.Newer, match="备份会少东西"):
        await migrate.backup(world.db, tmp_path / "half.zip")


@pytest.mark.parametrize("version", ["9999", "9999_9998", "x_y"])
async def test_what_takes_something_away_stops_the_old_version(world: World, version: str) -> None:
    async with world.db.write() as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = :it"), {"it": version})
    for refused in (migrate.check, migrate.migrate):
        with pytest.raises(migrate.Newer, match=version):
            await refused(world.db)
