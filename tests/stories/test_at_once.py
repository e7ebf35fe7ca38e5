"""Two people meet the same customer at the same instant: one customer, and the second hears of it. (B05, C.7 duplicates)

PostgreSQL alone handles two events at once. Both are stopped where they would write the customer, and go on together.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import sqlalchemy as sa

from store import tables
from tests.world import TOKEN, World

CHAT = "同步至CRM 我是宁波恒达汽配有限公司的陈立，电话13900010001，想要液压阀块报价，月300件"
WAITING = sa.text(
    "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND"
    " database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
def store() -> str:
    """The database with more than one writer."""
    return "postgresql"


@asynccontextmanager
async def nobody_writes_customers_before(world: World, waiting: int) -> AsyncIterator[None]:
    """What begins in the block is held up where it would write a customer, until so many wait there or for one another."""
    async with world.db.write() as held:
        await held.execute(sa.text("LOCK TABLE customer IN SHARE ROW EXCLUSIVE MODE"))
        yield
        async with asyncio.timeout(60):
            while (await held.execute(WAITING)).scalar_one() < waiting:
                await held.execute(sa.text("SELECT pg_sleep(0.02)"))


async def _count(world: World, table: sa.Table) -> int:
    async with world.db.read() as tx:
        return int((await tx.execute(sa.select(sa.func.count()).select_from(table))).scalar_one())


@pytest.mark.parametrize("platform", ["wecom", "dingtalk"], indirect=True)
async def test_two_colleagues_save_the_same_customer_at_once(world: World) -> None:
    for phone in (world.rep, world.rep2):
        await phone.says(CHAT)
        await phone.sees("识别到联系人（草稿）")
    async with nobody_writes_customers_before(world, waiting=2):
        await world.rep.clicks("存为新客户")
        await world.rep2.clicks("存为新客户")
    await world.idle()
    assert (await _count(world, tables.customer), await _count(world, tables.contact)) == (1, 1)
    told = [
        phone for phone in (world.rep, world.rep2) if phone.count("这期间已有手机相同的客户 C-0301，还没有存")
    ]
    saved = [phone for phone in (world.rep, world.rep2) if phone.count("已存为 C-0301")]
    assert len(told) == len(saved) == 1
    assert told != saved
    await told[0].clicks("并入 C-0301")  # whose it is hears of it
    await told[0].sees("C-0301 的负责人是", "已转告")


@pytest.mark.parametrize("platform", ["dingtalk"], indirect=True)
async def test_a_lead_comes_in_while_a_rep_saves_the_same_person(world: World) -> None:
    await world.rep.says(CHAT)
    await world.rep.sees("识别到联系人（草稿）")
    body = {"name": "陈立", "phone": "+86 139-0001-0001", "company": "宁波恒达", "owner": "liqian"}
    async with aiohttp.ClientSession() as http:
        async with nobody_writes_customers_before(world, waiting=2):
            headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k1"}
            url = f"{world.url}/api/v1/leads"
            pushed = asyncio.create_task(http.post(url, json=body, headers=headers))
            await world.rep.clicks("存为新客户")
        async with await pushed as answer:
            assert answer.status in (201, 503), await answer.text()  # 503: still at it, on a slow machine
    await world.idle()
    assert (await _count(world, tables.customer), await _count(world, tables.contact)) == (1, 1)
