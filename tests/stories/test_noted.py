"""A customer whose lead is running writes again: the rep notes it there, and no second lead begins to run. (B05, B06)"""

from sim.phone import Seen
from store import tables
from store.tables_sources import touchpoint
from tests.world import World, rows

AGAIN = "同步至CRM 陈立 13900010001：另外再要两台增压泵，预算30万，下周三给他回电话"


async def _running(world: World, text: str = AGAIN) -> Seen:
    """王磊 has L-1001 of 陈立, and hears of 陈立 again."""
    await world.api_lead(phone="13900010001", name="陈立", owner="wanglei")
    await world.rep.sees("新线索 L-1001")
    world.rep.looks_away()
    await world.rep.says(text)
    return await world.rep.sees("识别到联系人（草稿）", "正在跟进 L-1001")


async def test_a_further_chat_is_noted_with_the_lead_that_is_running(world: World) -> None:
    card = await _running(world)
    assert [press.label for press in card.buttons] == [
        "记到 L-1001",
        "并入 C-0301",
        "存为新客户",
        "改一下",
        "丢弃",
    ]
    await world.rep.clicks("记到 L-1001")
    done = await world.rep.sees("已记到 L-1001", "增压泵", "聊天里提到：", "打卡时可以写成下一步")
    await world.idle()
    assert [press.label for press in done.buttons if press.enabled] == ["开始跟进", "撤销"]
    assert len(await rows(world.db, tables.lead)) == 1
    assert len(await rows(world.db, tables.contact)) == 1
    (touch,) = await rows(world.db, touchpoint)
    assert (touch.lead, touch.customer, touch.kind, touch.member) == (1001, 301, "chat", "wanglei")
    (lead,) = await rows(world.db, tables.lead)
    assert lead.note == "预算 ¥300,000"
    await world.rep.says("/客户 301")
    profile = await world.rep.sees("聊天 · 王磊", after=0)
    assert "13900010001" not in profile.text
    await world.rep.clicks("开始跟进", on=done)
    await world.rep.sees("1/3")


async def test_a_second_number_of_the_firm_becomes_a_contact_and_what_was_filled_in_goes_with_the_undo(
    world: World,
) -> None:
    text = "同步至CRM 宁波恒达汽配有限公司的刘敏，手机13700002222，想要报价，预算20万"
    card = await _running(world, text)
    await world.rep.clicks("记到 L-1001")
    await world.rep.sees("已记到 L-1001")
    await world.idle()
    names = [one.name for one in await rows(world.db, tables.contact) if one.deleted_at is None]
    assert names == ["陈立", "刘敏"]
    await world.rep.clicks("撤销")
    await world.rep.sees("已撤销：L-1001 的这段聊天")
    await world.idle()
    assert await rows(world.db, touchpoint) == []
    names = [one.name for one in await rows(world.db, tables.contact) if one.deleted_at is None]
    assert names == ["陈立"]
    (lead,) = await rows(world.db, tables.lead)
    assert lead.note == ""
    assert "识别到联系人（草稿）" in card.text
    await world.rep.clicks("记到 L-1001", on=card)  # the draft is open again
    await world.rep.sees("已记到 L-1001", after=0)
    await world.idle()
    assert len(await rows(world.db, touchpoint)) == 1


async def test_a_lead_that_went_away_meanwhile_takes_no_chat(world: World) -> None:
    card = await _running(world)
    await world.rep.says("/转给 1001 @李倩")
    await world.rep2.sees("新线索 L-1001")
    await world.idle()
    await world.rep.clicks("记到 L-1001", on=card)
    await world.rep.sees("L-1001 已经关闭或不在你名下，还没有记")
    await world.idle()
    assert await rows(world.db, touchpoint) == []
    assert "记到 L-1001" not in [press.label for press in card.buttons if press.enabled]


async def test_pressed_twice_it_is_noted_once_and_a_colleague_cannot_press_it(world: World) -> None:
    card = await _running(world)
    key = next(press.key for press in card.buttons if press.label == "记到 L-1001")
    await world.rep.presses_anyway(card, key)
    await world.rep.presses_anyway(card, key)
    await world.idle()
    assert len(await rows(world.db, touchpoint)) == 1


async def test_a_colleagues_running_lead_is_not_offered(world: World) -> None:
    await world.api_lead(phone="13900010001", name="陈立", owner="liqian")
    await world.rep.says(AGAIN)
    card = await world.rep.sees("识别到联系人（草稿）", "负责人 李倩")
    assert not any(press.label.startswith("记到") for press in card.buttons)
    assert "L-1001" not in card.text


async def test_a_chat_that_was_noted_survives_a_kill(world: World) -> None:
    await _running(world)
    await world.rep.clicks("记到 L-1001")
    await world.restart()
    await world.rep.sees("已记到 L-1001")
    await world.idle()
    assert len(await rows(world.db, touchpoint)) == 1


async def test_a_saved_draft_is_not_taken_back_under_a_chat_that_was_noted(world: World) -> None:
    await world.rep.says("同步至CRM 我是宁波恒达汽配有限公司的陈立，电话13900010001，想要液压阀块报价")
    await world.rep.sees("识别到联系人（草稿）")
    await world.rep.clicks("存为新客户")
    saved = await world.rep.sees("已存为 C-0301 · L-1001")
    world.rep.looks_away()
    await world.rep.says(AGAIN)
    await world.rep.sees("正在跟进 L-1001")
    await world.rep.clicks("记到 L-1001")
    await world.rep.sees("已记到 L-1001")
    await world.idle()
    await world.rep.clicks("撤销", on=saved)
    await world.rep.sees("L-1001 之后又记了一段聊天，请先撤销它")
    await world.rep.says("/撤销")
    await world.rep.sees("已撤销：L-1001 的这段聊天")
    await world.idle()
    assert await rows(world.db, touchpoint) == []
    await world.rep.clicks("撤销", on=saved)
    await world.rep.sees("已撤销：L-1001，草稿还在")
