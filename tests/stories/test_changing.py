"""What was saved wrong, or has changed since, is put right in the chat and can be taken back. (B05, product C.7)"""

import pytest

from store import tables
from tests.world import World, rows

NEW = "13900001111"


async def _contact(world: World) -> tuple[str, str, str]:
    (one,) = [row for row in await rows(world.db, tables.contact) if row.deleted_at is None]
    return one.name, one.title, one.phone


@pytest.mark.parametrize(
    "line",
    [
        f"/改 L-1001 电话 {NEW}",
        f"/改 1001 电话改成{NEW}",
        f"/改 C-0301 手机：{NEW}",
        f"/改 恒达 电话错了，是{NEW}",
        f"L-1001 电话改成{NEW}",
        f"C-0301的手机是{NEW}",
    ],
)
async def test_a_number_is_put_right_however_it_is_said_and_taken_back(world: World, line: str) -> None:
    await world.api_lead()
    await world.rep.sees("新线索 L-1001", "138****5678")
    await world.rep.says(line)
    done = await world.rep.sees("已改 ", "宁波恒达汽配有限公司", "手机 138****5678 → 139 0000 1111")
    await world.idle()
    assert await _contact(world) == ("陈工", "", NEW)
    await world.rep.sees("新线索 L-1001", "139****1111", after=0)  # the card of the lead says so, too
    await world.rep.says(f"/查重 {NEW}")
    await world.rep.sees("C-0301 手机相同，负责人 王磊")
    await world.rep.clicks("撤销", on=done)
    await world.rep.sees("已撤销：", "的手机")
    await world.idle()
    assert await _contact(world) == ("陈工", "", "13812345678")
    world.rep.looks_away()
    await world.rep.says(f"/查重 {NEW}")
    await world.rep.sees("没有重复")


async def test_several_fields_of_customer_contact_and_lead_in_one_line(world: World) -> None:
    await world.api_lead()
    await world.rep.says(
        "/改 L-1001 公司 宁波恒达液压有限公司 城市 余姚 姓名 陈立 职务 采购经理 需求 增压泵两台 预算 30万"
    )
    await world.rep.sees(
        "姓名 陈工 → 陈立", "职务 （空） → 采购经理", "公司 宁波恒达汽配有限公司 → 宁波恒达液压有限公司", "城市 （空） → 余姚",
        "需求 液压阀块，月 300 件 → 增压泵两台", "预算 （空） → 300,000",
    )  # fmt: skip
    await world.idle()
    (customer,) = await rows(world.db, tables.customer)
    assert (customer.company, customer.city, customer.core) == ("宁波恒达液压有限公司", "余姚", "恒达液压")
    (lead,) = await rows(world.db, tables.lead)
    assert (lead.need, lead.note) == ("增压泵两台", "预算 ¥300,000")
    await world.rep.says("/客户 恒达液压")
    await world.rep.sees("C-0301 宁波恒达液压有限公司", "陈立 采购经理 138 1234 5678")
    await world.rep.says("/改 L-1001 没有职务，预算改成50万")
    await world.rep.sees("职务 采购经理 → （空）", "预算 300,000 → 500,000")
    await world.rep.says("/撤销")
    await world.rep.sees("已撤销：L-1001 的职务、预算")
    await world.idle()
    assert (await _contact(world))[1] == "采购经理"
    (lead,) = await rows(world.db, tables.lead)
    assert lead.note == "预算 ¥300,000"


async def test_one_who_is_a_customer_without_a_company_is_called_by_the_new_name(world: World) -> None:
    await world.api_lead(company=None, name="黄总")
    await world.rep.says("/改 L-1001 不是黄总，是王总")
    await world.rep.sees("姓名 黄总 → 王总")
    await world.idle()
    (customer,) = await rows(world.db, tables.customer)
    assert (customer.name, customer.company) == ("王总", "")
    await world.rep.says("/改 L-1001 没有姓名，没有电话")
    await world.rep.sees("这样联系人就什么都没有了，没有改")


async def test_a_number_of_another_customer_is_not_taken(world: World) -> None:
    await world.api_lead()
    await world.api_lead(phone=NEW, name="刘敏", company="苏州启明电子有限公司", owner="liqian")
    await world.rep.says(f"/改 L-1001 电话 {NEW}")
    await world.rep.sees("C-0302 已经有了（负责人 李倩），没有改", "/合并 C-0301 C-0302")
    await world.idle()
    names = {row.name: row.phone for row in await rows(world.db, tables.contact)}
    assert names == {"陈工": "13812345678", "刘敏": NEW}


async def test_of_several_contacts_the_one_that_is_named(world: World) -> None:
    await world.api_lead()
    await world.rep.says("同步至CRM 宁波恒达汽配有限公司的王芳，手机13700002222，要报价")
    await world.rep.sees("识别到联系人（草稿）")
    await world.rep.clicks("并入 C-0301")
    await world.rep.sees("L-1002")
    await world.rep.says(f"/改 C-0301 电话 {NEW}")
    await world.rep.sees("C-0301 有几位联系人：陈工、王芳。请写清是谁")
    await world.rep.says(f"/改 C-0301 姓名 王芳 电话 {NEW}")
    await world.rep.sees("手机 137****2222 → 139 0000 1111")
    await world.idle()
    people = {row.name: row.phone for row in await rows(world.db, tables.contact)}
    assert people == {"陈工": "13812345678", "王芳": NEW}
    await world.rep.says("/改 C-0301 姓名 王芳 电话 13812345678")
    await world.rep.sees("C-0301 的另一位联系人（陈工）已经是这个，没有改")


async def test_what_is_not_mine_stays_and_the_owner_hears_what_the_manager_changed(world: World) -> None:
    await world.api_lead()
    await world.rep.sees("新线索 L-1001")
    await world.rep2.says(f"/改 L-1001 电话 {NEW}")
    await world.rep2.sees("L-1001 由王磊负责，请他改，或请主管改")
    await world.rep2.says(f"L-1001 电话 {NEW}")
    await world.idle()
    assert world.rep2.count("请他改，或请主管改") == 2
    assert await _contact(world) == ("陈工", "", "13812345678")
    await world.boss.says(f"/改 C-0301 电话 {NEW} 城市 宁波")
    await world.boss.sees("已改 C-0301", "城市 （空） → 宁波")
    told = await world.rep.sees("张敏改了 C-0301", "5678 → 139")  # DingTalk shows ＊
    assert [press.label for press in told.buttons] == ["看详情"]
    await world.boss.says("/谁看过 C-0301")
    await world.boss.sees("张敏 改了资料（手机、城市）")


async def test_competitors_price_and_who_decides_are_put_right_and_back_again(world: World) -> None:
    await world.rep.says(
        "同步至CRM 宁波恒达汽配有限公司的陈立 13900010001：你们比科瑞贵，恒立也报了价，最后刘总拍板"
    )
    await world.rep.sees("识别到联系人（草稿）")
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301")
    await world.passes(hours=48)
    world.rep.looks_away()
    await world.rep.says("/改 L-1001 竞品 海天、科瑞 价格 不敏感 决策人 王总")
    card = await world.rep.sees("已改 L-1001", "→ 海天、科瑞", "价格 敏感 → 不敏感", "决策人 刘总 → 王总")
    world.rep.looks_away()
    await world.rep.says("/客户 301")
    profile = await world.rep.sees(
        "海天（11-25）", "科瑞（11-23）", "价格 不敏感（11-25） · 决策人 王总（11-25）"
    )
    assert "恒立" not in profile.text
    await world.rep.says("/改 L-1001 竞品 科瑞、海天")
    await world.rep.sees("L-1001 已经是这样，没有要改的")
    await world.rep.clicks("撤销", on=card)
    await world.rep.sees("已撤销：L-1001 的竞品、价格、决策人")
    world.rep.looks_away()
    await world.rep.says("/客户 301")
    profile = await world.rep.sees("恒立（11-23）", "价格 敏感（11-23） · 决策人 刘总（11-23）")
    assert "海天" not in profile.text
    await world.rep.says("L-1001 没有竞品，没有决策人")
    await world.rep.sees("→ （空）", "决策人 刘总 → （空）")
    world.rep.looks_away()
    await world.rep.says("/客户 301")
    profile = await world.rep.sees("价格 敏感（11-23）")
    assert "提过竞品" not in profile.text
    assert "决策人" not in profile.text
    await world.rep2.says("/改 L-1001 竞品 科瑞")
    await world.rep2.sees("由王磊负责")
    await world.boss.says("/改 C-0301 决策人 刘总")
    await world.rep.sees("张敏改了 ", "决策人 （空） → 刘总")
    await world.boss.says("/谁看过 C-0301")
    await world.boss.sees("王磊 改了资料（竞品、价格、决策人）")


async def test_what_cannot_be_done_is_said_and_how_to_write_it(world: World) -> None:
    await world.api_lead()
    for line, answer in {
        "/改": "这样写：/改 L-1024 电话",
        "/改 L-1001": "这样写：/改 L-1024 电话",
        "/改 L-9999 电话 13900001111": "没有",
        "/改 L-1001 电话 123": "没认出电话，请写 11 位手机号",
        "/改 L-1001 哈哈哈": "没看懂要改什么。这样写：/改 L-1024 电话",
        "/改 L-1001 电话 13812345678": "L-1001 已经是这样，没有要改的",
        "/改 L-1001 时间 下周二上午10点": "下一步请记在跟进里：/跟进 1001",
    }.items():
        world.rep.looks_away()
        await world.rep.says(line)
        await world.rep.sees(answer)


async def test_a_change_that_was_changed_again_is_not_taken_back(world: World) -> None:
    await world.api_lead()
    await world.rep.says("/改 L-1001 城市 余姚")
    first = await world.rep.sees("城市 （空） → 余姚")
    await world.boss.says("/改 L-1001 城市 慈溪")
    await world.boss.sees("城市 余姚 → 慈溪")
    await world.rep.clicks("撤销", on=first)
    await world.rep.sees("L-1001 之后又改过，不能撤销了")
    await world.idle()
    (customer,) = await rows(world.db, tables.customer)
    assert customer.city == "慈溪"


async def test_a_person_who_was_not_known_becomes_a_contact_and_goes_with_the_undo(world: World) -> None:
    await world.rep.says("同步至CRM 宁波恒达汽配有限公司想要液压阀块报价")
    await world.rep.sees("识别到联系人（草稿）")
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")
    await world.rep.says(f"/改 L-1001 姓名 陈立 电话 {NEW}")
    done = await world.rep.sees("姓名 （空） → 陈立", "139 0000 1111")
    await world.idle()
    (lead,) = await rows(world.db, tables.lead)
    (contact,) = await rows(world.db, tables.contact)
    assert (lead.contact, contact.name, contact.phone) == (contact.id, "陈立", NEW)
    await world.rep.clicks("撤销", on=done)
    await world.rep.sees("已撤销：L-1001 的姓名、手机")
    await world.idle()
    (lead,) = await rows(world.db, tables.lead)
    (contact,) = await rows(world.db, tables.contact)
    assert lead.contact is None
    assert contact.deleted_at is not None


async def test_an_id_alone_shows_the_record_and_a_chat_that_begins_like_one_is_a_chat(world: World) -> None:
    await world.api_lead()
    for words in ("L-1001", "c-0301", "#L-1001"):
        world.rep.looks_away()
        await world.rep.says(words)
        await world.rep.sees("C-0301 宁波恒达汽配有限公司", "陈工 138 1234 5678")
    await world.rep2.says("L-1001")
    await world.rep2.sees("C-0301 由王磊负责，你没有查看权限")
    await world.rep.says("L-200系列阀门要50个，苏州启明电子有限公司的刘敏，电话13700002222")
    await world.rep.sees("识别到联系人（草稿）", "苏州启明电子有限公司")
    assert await _contact(world) == ("陈工", "", "13812345678")
