"""Competitors, price and who decides: read in a chat, put right by a line, kept with the customer, gone with them. (B60)"""

import csv
import io
from pathlib import Path

from sim.phone import Seen
from store import forgetting
from store.tables_customers import mark
from tests.web.pages_kit import Visitor, take
from tests.world import World, rows

CHAT = (
    "同步至CRM 宁波恒达汽配有限公司的陈立 13900010001：你们的阀块比科瑞贵了两成，恒立也报了价，"
    "采购说了不算，得生产总监定"
)
LINE = "提过竞品 科瑞、恒立 · 价格 敏感 · 决策人 生产总监"


async def _draft(world: World, text: str = CHAT) -> Seen:
    world.rep.looks_away()
    await world.rep.says(text)
    return await world.rep.sees("识别到联系人（草稿）")


async def _saved(world: World) -> None:
    await _draft(world)
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301")
    await world.idle()


async def _values(world: World) -> list[tuple[int, str, str]]:
    return [(one.customer, one.sort, one.value) for one in await rows(world.db, mark)]


async def test_what_a_chat_says_of_them_stands_on_the_draft_and_in_the_profile(world: World) -> None:
    assert LINE in (await _draft(world)).text
    assert await _values(world) == []  # nothing is kept before the rep says so
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301")
    await world.idle()
    assert {(301, "rival", "科瑞"), (301, "price", "敏感"), (301, "decider", "生产总监")} <= set(
        await _values(world)
    )
    (words,) = [one.words for one in await rows(world.db, mark) if one.sort == "decider"]
    assert words in CHAT
    world.rep.looks_away()
    await world.rep.says("/客户 301")
    await world.rep.sees("提过竞品 ", "科瑞（11-23）", "价格 敏感（11-23） · 决策人 生产总监（11-23）")


async def test_a_line_puts_them_right(world: World) -> None:
    card = await _draft(world)
    await world.rep.clicks("改一下")
    await world.rep.sees("请用一行写要改的内容")
    await world.rep.says("竞品 没有 价格 不敏感 决策人 刘总")
    await world.idle()
    card = await world.rep.sees("价格 不敏感 · 决策人 刘总", after=0)
    assert "竞品" not in card.text
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为")
    await world.idle()
    assert await _values(world) == [(301, "price", "不敏感"), (301, "decider", "刘总")]
    assert {one.words for one in await rows(world.db, mark)} == {
        ""
    }  # a rep's word rests on no words of the chat


async def test_they_go_with_an_undo_and_come_with_a_further_chat(world: World) -> None:
    await _saved(world)
    await world.rep.clicks("撤销")
    await world.rep.sees("已撤销：L-1001")
    await world.idle()
    assert await _values(world) == []
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0302 · L-1002")
    world.rep.looks_away()
    await world.rep.says("同步至CRM 陈立 13900010001：我们也在看海天，价格不是问题，最后刘总拍板")
    await world.rep.sees("识别到联系人（草稿）", "提过竞品 海天 · 价格 不敏感 · 决策人 刘总")
    await world.rep.clicks("记到 L-1002")
    noted = await world.rep.sees("已记到 L-1002")
    world.rep.looks_away()
    await world.rep.says("/客户 302")
    profile = await world.rep.sees("价格 不敏感（11-23） · 决策人 刘总（11-23）")
    assert "海天" in profile.text
    assert "科瑞" in profile.text
    assert "生产总监" not in profile.text  # what was said last holds
    await world.rep.clicks("撤销", on=noted)
    await world.rep.sees("已撤销：L-1002 的这段聊天")
    await world.idle()
    assert "海天" not in {value for _, _, value in await _values(world)}


async def test_they_stand_on_the_pages_and_in_the_export(world: World) -> None:
    await _saved(world)
    async with Visitor(world) as visitor:
        await visitor.enters(world.rep, "/导出")
        for page in ("/customers/C-0301", "/leads/L-1001"):
            await visitor.opens(page)
            assert "决策人 生产总监（11-23）" in visitor.words
        text = (await take(visitor, world.rep, "csv")).decode("utf-8-sig")
    _, heads, row = list(csv.reader(io.StringIO(text)))
    told = dict(zip(heads, row, strict=True))
    assert (told["价格"], told["决策人"]) == ("敏感", "生产总监")
    assert "科瑞" in told["提过竞品"]


async def test_the_competitors_of_a_file_and_of_a_command_are_read_wherever_they_are_named(
    world: World, tmp_path: Path
) -> None:
    words = tmp_path / "words.toml"
    words.write_text('[[competitor]]\nname = "远帆科技"\naliases = ["远帆", "小帆"]\n', "utf-8")
    world.changes["reading"] = {"words": str(words)}
    await world.restart()
    text = "同步至CRM 陈立 13900010001：小帆上周来过，说要送我们一台样机，白鹭也来过"
    card = await _draft(world, text)
    assert "提过竞品 远帆科技" in card.text
    assert "白鹭" not in card.text
    await world.admin.says("/词库 竞品 白鹭=白鹭智能")
    await world.admin.sees("已加：竞品「白鹭」")
    assert "提过竞品 远帆科技、白鹭智能" in (await _draft(world, text)).text


async def test_they_go_along_when_two_customers_become_one_and_two_again(world: World) -> None:
    await world.api_lead(name="刘工", phone="13900000002", company="宁波恒达汽配厂", owner="wanglei")
    await _draft(world)
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0302")
    await world.idle()
    await world.rep.says("/合并 C-0301 C-0302")
    card = await world.rep.sees("C-0302 并入 C-0301：公司 1/1")
    await world.rep.clicks("用 C-0301 的", on=card)
    card = await world.rep.sees("C-0302 并入 C-0301：确认", after=0)
    await world.rep.clicks("确认合并", on=card)
    await world.rep.sees("C-0302 已并入 C-0301")
    await world.idle()
    assert {customer for customer, _, _ in await _values(world)} == {301}
    await world.rep.says("/撤销合并 C-0302")
    await world.rep.sees("已撤销：C-0302")
    await world.idle()
    assert {customer for customer, _, _ in await _values(world)} == {302}


async def test_they_are_forgotten_with_the_customer(world: World) -> None:
    await _saved(world)
    async with world.db.read() as tx:
        person = await forgetting.look(tx, 301)
    assert person is not None
    counts = await forgetting.forget(world.db, person, world.clock.now(), "周工", "{}")
    assert counts["mark"] == 4
    assert await _values(world) == []
