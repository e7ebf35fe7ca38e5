"""What the machine does again and again costs what is due, not what is there: its queries are asked how they would be run."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from store import queues
from store.statements import Statements
from store.tables import meta
from tests.world import World, firm

SMALL = {"member", "team", "identity", "reach", "setting", "rotation", "share", "replica", "quota", "leave", "budget",
         "learned", "config_change"}  # fmt: skip
"""Tables that grow with the firm, not with its leads."""
MARKED = {"ix_inbox_open", "ix_inbox_dead", "ix_outbox_open", "ix_outbox_dead", "ix_lane_due", "ix_audit_open",
          "ix_checkin_open", "ix_pool_waiting", "ix_pool_untold"}  # fmt: skip
"""Indexes that hold only what waits: walking through one of them is what has to be done."""
ONCE_A_DAY = "DELETE FROM lane"  # lanes that nobody used for a day: as many as a day has


@pytest.fixture
def store() -> str:
    """SQLite: it plans by what is indexed alone, the same on every machine."""
    return "sqlite"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """Every statement that the product runs, with its last values."""
    found: dict[str, list[Any]] = {}
    usual = Statements.prepare

    def prepare(self: Statements, statement: sa.Executable, given: Any) -> Any:
        plan, sql, values = usual(self, statement, given)
        found[sql] = values
        return plan, sql, values

    monkeypatch.setattr(Statements, "prepare", prepare)
    return found


@pytest.fixture
async def busy(migrated_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A firm with everything switched on that comes round by the clock."""
    month = timedelta(days=30)
    changes = {
        "privacy": {"keep_lost": month, "keep_drafts": month}, "assignment": {"open_cap": 3, "retry": timedelta(hours=20)},
    }  # fmt: skip
    async with firm("wecom", migrated_url, tmp_path / "files", **changes) as world:
        yield world


async def lives(world: World) -> None:
    """Leads with and without an owner, a night, a morning with its lists, all looks of the machine at itself."""
    assert world.app is not None
    engine = world.app.engine
    await world.api_lead()
    await world.rep.says("/跟进 1001 电话 有意向 明天再联系")
    await world.idle()
    async with world.db.write() as tx:
        await tx.execute(sa.text("UPDATE member SET assignable = false"))
    await world.api_lead(phone="13900000002", company="宁波乙机械有限公司", owner=None)
    await world.at("2026-11-27 08:52")
    await engine.watch.look()
    await engine.watch.canary()
    await world.idle()
    async with world.db.write(durable=False) as tx:
        await queues.sweep(tx, engine.clock.now(), engine.clock.ms())
    await engine._retention()
    await engine.quota.flush(engine.clock.now())
    async with aiohttp.ClientSession() as http, http.get(f"{world.url}/metrics") as answer:
        assert answer.status == 200


async def test_nothing_periodic_walks_through_a_table(busy: World, asked: dict[str, list[Any]]) -> None:
    await lives(busy)
    plans: dict[str, list[str]] = {}

    def explain(connection: sa.Connection) -> None:
        for sql, values in asked.items():
            if re.match(r"\s*(WITH|SELECT|UPDATE|DELETE)", sql):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(values))
                plans[sql] = [row[3] for row in rows]

    await busy.db.schema(explain)
    assert len(plans) > 80
    walks = {}
    for sql, steps in plans.items():
        found = [one.split() for one in steps if one.startswith("SCAN ")]
        far = [one for one in found if one[1] in meta.tables.keys() - SMALL and not MARKED & set(one)]
        if far and not sql.lstrip().startswith(ONCE_A_DAY):
            walks[sql] = far
    assert not walks
