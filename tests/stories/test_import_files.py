"""A list of leads is sent to the bot in the chat, where the platform hands files over. (B08; product C.4 6)"""

import pytest
import sqlalchemy as sa

from store.tables import lead
from tests.world import World


@pytest.fixture(params=["wecom_aibot-sqlite", "dingtalk-postgresql"])
def place(request: pytest.FixtureRequest) -> list[str]:
    """The two that hand files over; WeCom gives its apps none."""
    return str(request.param).split("-")


@pytest.fixture
def platform(place: list[str]) -> str:
    return place[0]


@pytest.fixture
def store(place: list[str]) -> str:
    return place[1]


HEAD = "姓名,手机号,来源,需求"
ROWS = [f"客户{n},139{n:08},展会,液压阀块" for n in range(12)]


async def owners(world: World) -> list[str]:
    async with world.db.read() as tx:
        return list((await tx.execute(sa.select(lead.c.owner).order_by(lead.c.id))).scalars())


async def test_a_list_is_looked_at_and_taken_in_by_a_button(world: World) -> None:
    body = "\n".join([HEAD, *ROWS, *ROWS[:2], "少一位,1391234567,,"]).encode("gb18030")
    await world.rep.sends_file("线索.csv", body)
    await world.rep.sees("文件我还读不了")
    await world.admin.sends_file("线索.csv", body)
    await world.admin.sees("正在检查，不会马上录入")
    card = await world.admin.sees("导入 B-1：已检查", "线索.csv", "共 15 行：新增 12，重复 2，错误 1")
    assert await owners(world) == []
    await world.restart()
    await world.admin.clicks("仅入公海", on=card, times=2)
    await world.admin.sees("✅ 导入 B-1 完成", "新建 12 条")
    await world.idle()
    assert await owners(world) == [""] * 12
    assert world.admin.count("✅ 导入 B-1 完成") == 1
    await world.admin.sends_file("线索.csv", body)
    await world.admin.sees("「线索.csv」没有导入：这个文件已经导入过（B-1")
    await world.admin.says("/导入 撤销 1")
    await world.admin.sees("已撤销 B-1：12 条线索作废")


async def test_what_cannot_be_imported_says_what_to_do(world: World) -> None:
    for name, body, said in (
        ("旧的.xls", b"\xd0\xcf\x11\xe0old", "「旧的.xls」没有导入：这是旧的 .xls 格式"),
        ("空的.csv", HEAD.encode(), "「空的.csv」没有导入：空的.csv：里面没有数据"),
        ("大.csv", b"x" * (5 * 1024 * 1024 + 1), "没有导入：文件超过 5 MB。可以再发一次，或发 /导入 在网页上传"),
        ("图纸.pdf", b"%PDF-1.7", "复制成文字发给我"),
    ):  # fmt: skip
        world.admin.looks_away()
        await world.admin.sends_file(name, body)
        await world.admin.sees(said)
    body = "\n".join([HEAD, *ROWS]).encode()
    await world.admin.sends_file("线索.csv", body)
    card = await world.admin.sees("导入 B-", "新增 12")
    await world.passes(hours=3)
    await world.admin.clicks("派发", on=card)
    await world.admin.sees("检查过了太久", "把文件再发一次")
    assert await owners(world) == []
