"""A database comes back as it was some time ago: what people saw since is still on their screens."""

from pathlib import Path

from store import migrate, tables
from store.db import Database
from tests.world import World, rows


async def _comes_back(world: World, kept: Path) -> None:
    """The machine is lost, and what was kept of it is restored on another."""
    await world.stop()
    world.database = f"sqlite:///{kept.with_suffix('.db')}"
    db = Database(world.database)
    await migrate.restore(db, kept)
    await db.close()
    await world.start()


async def test_a_card_of_the_lost_hour_presses_nothing_of_another_lead(world: World, tmp_path: Path) -> None:
    """The next lead gets the number that the lost one had, and its card the same row; not the same id on the platform,
    which WeCom takes once for ever, and under which DingTalk would show nothing new."""
    await migrate.backup(world.db, tmp_path / "kept.zip")
    await world.api_lead(owner="wanglei")
    lost = await world.rep.sees("新线索 L-1001", "宁波恒达")
    await _comes_back(world, tmp_path / "kept.zip")
    await world.api_lead(owner="wanglei", name="刘洋", company="苏州海纳机电有限公司", phone="13811112222")
    fresh = await world.rep.sees("新线索 L-1001", "苏州海纳")
    assert fresh is not lost
    await world.rep.clicks("开始跟进", on=lost)
    await world.rep.sees("这张卡片太旧了")
    assert await rows(world.db, tables.checkin) == []
    await world.rep.clicks("开始跟进", on=fresh)
    await world.rep.sees("L-1001 开始跟进 1/3")


async def test_a_card_from_before_goes_on_working(world: World, tmp_path: Path) -> None:
    await world.api_lead(owner="wanglei")
    card = await world.rep.sees("新线索 L-1001")
    await world.idle()
    await migrate.backup(world.db, tmp_path / "kept.zip")
    await _comes_back(world, tmp_path / "kept.zip")
    await world.rep.clicks("开始跟进", on=card)
    await world.rep.sees("L-1001 开始跟进 1/3")
