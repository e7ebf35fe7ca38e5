"""A firm that puts its data under a key one day: nobody notices, and the database no longer tells a number."""

import pytest
import sqlalchemy as sa

from store import keyring
from store.db import Database
from store.seals import fresh
from store.tables import meta
from tests.world import World, told

COMBINATIONS = [("wecom", "sqlite"), ("dingtalk", "postgresql")]
KEY = fresh()
CHAT = "同步至CRM 我是宁波恒达汽配有限公司的陈立，电话13900010001，微信 chenli-hd，想要液压阀块报价，月300件"


@pytest.mark.parametrize(("platform", "store"), COMBINATIONS, indirect=True)
async def test_a_firm_puts_its_data_under_a_key(world: World) -> None:
    numbers = ("13812345678", "13900010001", "chenli-hd", "c@hengda.cn")
    await world.api_lead(email="c@hengda.cn", note="回电 13812345678", need="液压阀块")
    world.rep.looks_away()
    await world.rep.says(CHAT)
    await world.rep.sees("识别到联系人（草稿）")
    await world.idle()
    assert any("contact: 13812345678" in one for one in await told(world, *numbers))

    world.changes = {"store": {"keys": [KEY]}}
    await world.restart()
    beside = Database(world.database, keys=(KEY,))
    assert await keyring.rotate(beside, world.clock.now(), pause=0) > 5
    await beside.close()
    assert await told(world, *numbers) == []

    await world.rep.clicks("存为新客户")  # the card and its draft are from before
    await world.rep.sees("已存为 C-0302")
    world.rep.looks_away()
    await world.rep.says("/客户 139 0001 0001")
    await world.rep.sees("陈立 139 0001 0001")
    await world.rep.says("/查重 13812345678")
    await world.rep.sees("C-0301", "负责人 王磊")
    await world.api_lead(phone="13812345678", need="再来一批")
    await world.rep.says("/客户 C-0301")
    await world.rep.sees("C-0301 宁波恒达汽配有限公司")
    await world.idle()
    assert await told(world, *numbers) == []
    async with world.db.read() as tx:
        count = sa.select(sa.func.count()).select_from(meta.tables["contact"])
        assert (await tx.execute(count)).scalar_one() == 2, "the number was known"
