"""A rep comes back from a customer and writes one line. (B06)"""

import sqlalchemy as sa

from store import tables_sources
from tests.world import World


async def _count(world: World) -> int:
    async with world.db.read() as tx:
        query = sa.select(sa.func.count()).select_from(tables_sources.touchpoint)
        return int((await tx.execute(query)).scalar_one())


async def test_a_visit_is_kept_with_place_and_people(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/拜访 恒达 昨天15:00 看了样机，要改图 地点 宁波厂区 参加 陈工、刘总")
    await world.rep.sees(
        "已记到 C-0301 宁波恒达汽配有限公司：昨天 15:00 拜访", "看了样机", "地点 宁波厂区", "参加 陈工、刘总"
    )
    await world.rep.says("/客户 C-0301")
    await world.rep.sees(
        "近 1 次触点：", "昨天 15:00 · 拜访 · 王磊 · 看了样机，要改图 · 地点 宁波厂区 · 参加 陈工、刘总"
    )
    await world.boss.says("/拜访 C-0301 一起吃饭 参加:陈工")
    await world.boss.sees("已记到 C-0301", "今天 10:02")
    await world.rep.sees("📅 拜访 C-0301", "一起吃饭")
    await world.boss.says("/撤销")
    await world.boss.sees("C-0301 的这次拜访已删掉")
    await world.idle()
    assert await _count(world) == 1


async def test_what_cannot_be_a_visit_changes_nothing(world: World) -> None:
    await world.api_lead()
    for words, said in (
        ("/拜访", "这样写：/拜访 恒达"),
        ("/拜访 恒达", "这样写：/拜访 恒达"),
        ("/拜访 恒达 明天下午3点 看样机", "还没有到"),
        ("/拜访 不存在的公司 看样机", "没有找到"),
    ):
        await world.rep.says(words)
        await world.rep.sees(said)
    await world.rep2.says("/拜访 C-0301 看样机")
    await world.rep2.sees("C-0301 由王磊负责，请让他来记")
    await world.idle()
    assert await _count(world) == 0
