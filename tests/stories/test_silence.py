"""The one silence ladder of a record: its steps, the level it takes and gives back, overlapping rules, days off."""

from pathlib import Path

import pytest
import sqlalchemy as sa

import main
from bot.config import load
from store.tables import audit, fact, lead, timer
from tests.stories.test_sla import checks_in
from tests.world import World


async def intent(world: World, conclusion: str = "有意向") -> str:
    """A lead with a first record on Monday morning and nothing planned soon."""
    made = await world.api_lead()
    await world.rep.clicks("开始跟进")
    await world.idle()
    await checks_in(world, conclusion, "12月31日再联系")
    return made


async def status(world: World) -> str:
    async with world.db.read() as tx:
        return str((await tx.execute(sa.select(lead.c.status))).scalar_one())


async def times(world: World) -> set[str]:
    """When the ladder spoke, on the wall clock; what it said in one message is one time."""
    async with world.db.read() as tx:
        rows = (await tx.execute(sa.select(fact.c.at).where(fact.c.name == "sla.told"))).scalars()
        return {f"{at.astimezone(world.config.app.zone):%m-%d %H:%M}" for at in rows}


async def test_the_ladder_climbs_and_takes_a_level(world: World):
    made = await intent(world)
    await world.at("2026-11-25 10:30")
    await world.rep.sees(f"{made} 已 48 小时没有跟进", "已通知张敏")
    await world.at("2026-11-26 10:30")
    await world.rep.sees(f"⏰ {made} 已 72 小时没有跟进")
    assert world.boss.count("久未跟进") == 1  # the third day concerns the rep alone
    await world.at("2026-11-30 09:30")  # five days end on a Saturday
    await world.rep.sees(f"{made} 已 5 天没有跟进")
    assert await status(world) == "intent"
    await world.at("2026-12-01 12:00")  # seven days ended on Monday, which had its message
    await world.rep.sees(
        f"{made} 已自动降级", "连续 7 天没有跟进：「意向」→「已联系」。已通知张敏", f"/恢复 {made[2:]}"
    )
    assert await status(world) == "contacted"
    await world.rep.clicks("恢复", times=2)
    await world.idle()
    await world.rep.sees(f"{made} 恢复为「意向」")
    assert await status(world) == "intent"
    await world.rep.says("/撤销")
    await world.idle()
    await world.rep.sees(f"已撤销：{made} 恢复撤回，现在是「已联系」")
    assert await status(world) == "contacted"
    await world.rep.says(f"/恢复 {made}")
    await world.idle()
    await world.rep.sees(f"{made} 恢复为「意向」")
    async with world.db.read() as tx:
        actions = (await tx.execute(sa.select(audit.c.action).order_by(audit.c.id))).scalars().all()
    assert [one for one in actions if "downgrade" in one] == [
        "lead.downgraded", "downgrade.restored", "downgrade.restored",
    ]  # fmt: skip
    await world.at("2026-12-08 11:00")  # fifteen days: the climb went on
    await world.rep.sees(f"{made} 已 15 天没有跟进")
    assert world.boss.count("久未跟进") == 4
    spoken = await times(world)
    assert len({at[:5] for at in spoken}) == len(spoken) == 5
    async with world.db.read() as tx:
        assert (await tx.execute(sa.select(timer.c.key).where(timer.c.kind == "silence"))).all() == []


async def test_a_record_ends_the_ladder_and_starts_it_anew(world: World):
    made = await intent(world)
    await world.at("2026-11-25 10:30")
    await world.rep.clicks("现在跟进", on=f"{made} 已 48 小时")
    await world.idle()
    await checks_in(world, "等待报价", "12月31日再联系")
    await world.at("2026-11-27 10:20")
    assert world.rep.count("没有跟进") == 1
    await world.at("2026-11-27 10:40")
    assert world.rep.count("48 小时没有跟进") == 2


async def test_a_level_accepted_and_taken_back(world: World):
    made = await intent(world, "需要样品")
    await world.at("2026-12-01 12:00")
    await world.rep.sees(f"{made} 已自动降级", "「样品中」→「意向」")
    await world.rep.clicks("确认")
    await world.idle()
    assert await status(world) == "intent"
    await world.rep.says("/撤销")
    await world.idle()
    await world.rep.sees(f"已撤销：{made} 降级撤回，现在是「样品中」")
    assert await status(world) == "sample"
    await world.rep.says(f"/恢复 {made}")
    await world.idle()
    await world.rep.sees("没有可以恢复的降级")


async def test_somebody_elses_level_is_not_mine(world: World):
    made = await intent(world)
    await world.at("2026-12-01 12:00")
    await world.rep2.says(f"/恢复 {made}")
    await world.rep2.sees("现在由王磊负责")
    await world.boss.says(f"/恢复 {made}")
    await world.idle()
    await world.boss.sees(f"{made} 恢复为「意向」")
    assert await status(world) == "intent"


OWN = {
    "name": "两天没动静", "starts": "followup.recorded", "unless": "followup.recorded", "hours": "calendar",
    "ladder": [{"after": "48h", "tell": ["owner", "zhougong"]}],
}  # fmt: skip


@pytest.fixture
def changes() -> dict[str, object]:
    shipped = load(Path(main.__file__).with_name("config.toml"), {}).model_dump(mode="python")
    return {"sla": (*shipped["sla"], OWN)}


async def test_rules_that_overlap_are_one_message(world: World):
    made = await intent(world)
    await world.at("2026-11-25 10:30")
    seen = await world.rep.sees(f"{made} 已 48 小时没有跟进", "意向客户未跟进、两天没动静")
    assert "张敏" in seen.text
    assert "周工" in seen.text
    assert world.rep.count("48 小时没有跟进") == 1
    await world.admin.sees("久未跟进", made)
    await world.boss.sees("久未跟进", made)


async def test_nothing_on_days_off(world: World):
    await world.at("2026-09-29 10:02")
    made = await intent(world)  # 48 h are over on the National Day
    await world.at("2026-10-07 23:00")
    assert world.rep.count("没有跟进") == world.boss.count("久未跟进") == 0
    await world.at("2026-10-08 09:30")  # eight days: all that fell due is one message
    await world.rep.sees(f"{made} 已自动降级", "连续 7 天")
    assert world.rep.count(made + " 已") == 1
    await world.boss.sees("久未跟进", made)
