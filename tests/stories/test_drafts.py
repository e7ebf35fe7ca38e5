"""A chat becomes a draft, the draft a customer and a lead; every wrong click changes nothing. (R9, B04, B05)"""

import pytest
import sqlalchemy as sa

from sim.phone import Seen
from store import tables
from tests.world import World, rows

CHAT = "同步至CRM 我是宁波恒达汽配有限公司的陈立，电话13900010001，想要液压阀块报价，月300件"


async def _draft(world: World, text: str = CHAT) -> Seen:
    world.rep.looks_away()
    await world.rep.says(text)
    return await world.rep.sees("识别到联系人（草稿）")


async def test_a_chat_becomes_a_draft_and_the_draft_a_lead(world: World) -> None:
    card = await _draft(world)
    for words in ("姓名 陈立", "139****0001", "宁波恒达汽配有限公司", "报价", "依据："):
        assert words in card.text
    assert "13900010001" not in card.text
    assert [press.label for press in card.buttons] == ["存为新客户", "改一下", "丢弃"]
    assert await rows(world.db, tables.customer) == []

    await world.rep.clicks("存为新客户")
    done = await world.rep.sees("已存为 C-0301 · L-1001")
    await world.idle()
    assert [press.label for press in done.buttons if press.enabled] == ["开始跟进", "撤销"]
    (customer,) = await rows(world.db, tables.customer)
    (contact,) = await rows(world.db, tables.contact)
    (lead,) = await rows(world.db, tables.lead)
    assert (customer.company, customer.owner) == ("宁波恒达汽配有限公司", "wanglei")
    assert (contact.name, contact.phone) == ("陈立", "13900010001")
    assert (lead.owner, lead.source, lead.status) == ("wanglei", "聊天转发", "new")
    assert [fact.name for fact in await rows(world.db, tables.fact)] == ["lead.created", "lead.assigned"]


async def test_a_pasted_text_a_chat_log_and_a_record_become_drafts_too(world: World) -> None:
    await _draft(world, "王佳 13260308246 想买两台")
    card = await _draft(
        world,
        "陈立 2026-11-20 10:02:11\n你好，阀块多少钱\n\n"
        "王磊 2026-11-20 10:03:00\n请留个电话\n\n陈立 2026-11-20 10:03:40\n13900010001",
    )
    assert "姓名 陈立" in card.text
    if world.platform == "dingtalk":
        world.rep.looks_away()
        await world.rep.forwards([("陈立", "阀块多少钱"), ("王磊", "请留个电话"), ("陈立", "13900010001")])
        card = await world.rep.sees("识别到联系人（草稿）", "139****0001")
        assert "姓名 陈立" in card.text  # the colleague is not the customer


@pytest.mark.parametrize("platform", ["dingtalk"], indirect=True)  # nothing of a record reaches a WeCom app
async def test_a_record_that_came_in_part_says_so(world: World) -> None:
    lines = [("陈立", f"第{n}句，电话13900010001") for n in range(6)]
    await world.rep.forwards(lines, only=3)
    await world.rep.sees("识别到联系人（草稿）", "可能不完整，可复制文本重发")


async def test_the_command_without_words_says_how(world: World) -> None:
    await world.rep.says("同步至CRM")
    await world.rep.sees("把客户的聊天内容放在「同步至CRM」后面")
    await world.rep.says("同步至CRM：")
    await world.idle()
    assert world.rep.count("把客户的聊天内容放在") == 2
    await world.rep.says("同步至CRM 今天天气不错")
    await world.rep.sees("没有认出姓名、公司、手机或邮箱")
    assert await rows(world.db, tables.draft) == []


async def test_a_line_corrects_the_draft_on_the_same_card(world: World) -> None:
    card = await _draft(world)
    await world.rep.clicks("改一下")
    await world.rep.sees("请用一行写要改的内容")
    await world.rep.says("电话 13911112222 公司 宁波恒力液压有限公司")
    await world.idle()
    if world.platform == "wecom_aibot":  # a card changes there only in answer to a press: it comes anew
        card = await world.rep.sees("139****2222")
    else:
        assert world.rep.count("识别到联系人（草稿）") == 1
    assert "139****2222" in card.text
    assert "宁波恒力液压有限公司" in card.text
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为")
    await world.idle()
    (contact,) = await rows(world.db, tables.contact)
    assert contact.phone == "13911112222"


async def test_what_cannot_be_read_as_a_correction_changes_nothing(world: World) -> None:
    card = await _draft(world)
    await world.rep.clicks("改一下")
    await world.rep.sees("请用一行写要改的内容")
    before = card.text
    await world.rep.says("嗯嗯")
    await world.idle()
    assert card.text == before
    await world.rep.says("电话 13911112222")  # the question still stands
    await world.idle()
    assert "139****2222" in card.text


async def test_a_budget_put_right_stands_on_the_card_and_on_the_lead(world: World) -> None:
    await _draft(world)
    await world.rep.clicks("改一下")
    await world.rep.sees("请用一行写要改的内容")
    await world.rep.says("预算改成30万，不是陈立，是陈丽")
    await world.idle()
    card = await world.rep.sees("预算 ¥300,000")
    assert "陈丽" in card.text
    assert "预算「" not in card.text  # a rep's own word rests on no words of the chat
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为")
    await world.idle()
    (lead,) = await rows(world.db, tables.lead)
    (contact,) = await rows(world.db, tables.contact)
    assert (lead.note, contact.name) == ("预算 ¥300,000", "陈丽")


async def test_a_correction_that_is_let_be_asks_no_more(world: World) -> None:
    card = await _draft(world)
    await world.rep.clicks("改一下")
    await world.rep.sees("请用一行写要改的内容")
    before = card.text
    await world.rep.says("算了")
    await world.rep.sees("草稿不变")
    await world.rep.says("电话 13911112222")  # no answer to anything: it is a draft of its own
    await world.idle()
    assert card.text == before


async def test_thrown_away_is_thrown_away(world: World) -> None:
    card = await _draft(world)
    await world.rep.clicks("丢弃")
    await world.idle()
    assert "已丢弃" in card.text or all(not press.enabled for press in card.buttons)
    (draft,) = await rows(world.db, tables.draft)
    assert draft.state == "discarded"
    assert await rows(world.db, tables.customer) == []


async def test_two_clicks_at_once_and_a_replay_make_one_customer(world: World) -> None:
    card = await _draft(world)
    key = next(press.key for press in card.buttons if press.label == "存为新客户")
    await world.rep.clicks("存为新客户", times=2)
    await world.rep.sees("已存为 C-0301")
    await world.idle()
    await world.rep.presses_anyway(card, key)
    await world.idle()
    assert len(await rows(world.db, tables.customer)) == 1
    assert len(await rows(world.db, tables.lead)) == 1


async def test_another_person_cannot_press_my_draft(world: World) -> None:
    card = await _draft(world)
    key = next(press.key for press in card.buttons if press.label == "存为新客户")
    await world.rep2.presses_anyway(card, key)
    await world.idle()
    assert await rows(world.db, tables.customer) == []
    assert world.rep2.count("陈立") == 0


async def test_the_draft_survives_a_restart(world: World) -> None:
    await _draft(world)
    await world.restart()
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")


async def test_numbers_press_the_buttons_too(world: World) -> None:
    await _draft(world)
    await world.idle()  # nobody answers before the bot has heard that the card arrived
    await world.rep.says("1")
    await world.rep.sees("已存为 C-0301 · L-1001")


async def test_a_chat_pasted_twice_does_not_become_two_customers(world: World) -> None:
    await _draft(world)
    await world.idle()
    first = next(one for one in world.rep.seen if one.button("存为新客户"))
    await _draft(world)
    await world.idle()
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")
    await world.rep.clicks("存为新客户", on=first)
    await world.rep.sees("这期间已有手机相同的客户 C-0301，还没有存")
    await world.idle()
    card = next(one for one in world.rep.seen if one.button("并入 C-0301"))
    assert "疑似已有：C-0301" in card.text
    assert len(await rows(world.db, tables.customer)) == 1
    await world.rep.clicks("存为新客户", on=card)  # knowing of the other: it is meant
    await world.rep.sees("已存为 C-0302 · L-1002", after=0)


async def test_a_known_phone_of_mine_is_joined(world: World) -> None:
    await world.api_lead(phone="13900010001", name="陈立", owner="wanglei")
    card = await _draft(world)
    assert "疑似已有：C-0301 宁波恒达汽配有限公司（手机相同，负责人 王磊）" in card.text
    await world.rep.clicks("并入 C-0301")
    await world.rep.sees("已并入 C-0301 · L-1002")
    await world.idle()
    assert len(await rows(world.db, tables.customer)) == 1
    assert len(await rows(world.db, tables.contact)) == 1
    assert [lead.owner for lead in await rows(world.db, tables.lead)] == ["wanglei", "wanglei"]


async def test_nearly_the_same_company_is_only_a_hint_and_a_new_contact_when_joined(world: World) -> None:
    await world.api_lead(company="浙江恒达汽配有限公司", phone="13700007777", name="刘工")
    card = await _draft(world)
    assert "疑似已有：C-0301" in card.text
    await world.rep.clicks("并入 C-0301")
    await world.rep.sees("已并入 C-0301")
    await world.idle()
    assert [contact.name for contact in await rows(world.db, tables.contact)] == ["刘工", "陈立"]


async def test_a_colleagues_customer_is_not_joined_and_they_are_told(world: World) -> None:
    await world.api_lead(phone="13900010001", owner="liqian")
    card = await _draft(world)
    assert "负责人 李倩" in card.text
    await world.rep.clicks("并入 C-0301")
    await world.rep.sees("C-0301 的负责人是 李倩，已转告")
    told = await world.rep2.sees("C-0301 有新消息", "王磊")
    assert "13900010001" not in told.text
    await world.idle()
    assert len(await rows(world.db, tables.lead)) == 1
    assert [press.label for press in card.buttons if press.enabled] == ["存为新客户", "改一下", "丢弃"]
    await world.rep.clicks("存为新客户")  # a warning, not a wall
    await world.rep.sees("已存为 C-0302 · L-1002", after=0)


async def test_saving_can_be_taken_back_for_ten_minutes(world: World) -> None:
    card = await _draft(world)
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")
    await world.idle()
    await world.passes(minutes=9)
    await world.rep.clicks("撤销")
    await world.rep.sees("已撤销：L-1001")
    await world.idle()
    (customer,) = await rows(world.db, tables.customer)
    assert customer.deleted_at is not None
    (lead,) = await rows(world.db, tables.lead)
    assert lead.closed_at is not None
    standing = [fact.name for fact in await rows(world.db, tables.fact) if fact.undone_at is None]
    assert standing == ["lead.closed"]
    # the draft is there again, and can be saved again
    assert "识别到联系人（草稿）" in card.text
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0302 · L-1002", after=0)


async def test_after_ten_minutes_it_stays(world: World) -> None:
    await _draft(world)
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")
    await world.passes(minutes=11)
    await world.rep.says("/撤销")
    await world.rep.sees("不能撤销了")
    (customer,) = await rows(world.db, tables.customer)
    assert customer.deleted_at is None


@pytest.mark.parametrize(
    "platform", ["dingtalk"], indirect=True
)  # a WeCom app gets the sound without its words
async def test_speech_becomes_a_draft_where_the_platform_recognises_it(world: World) -> None:
    await world.rep.speaks("宁波恒达的陈立，电话幺三九零零零幺零零零幺，想要报价")
    await world.rep.sees("识别到联系人（草稿）", "139****0001")


async def test_the_card_of_a_saved_draft_closes_when_the_lead_goes_away(world: World) -> None:
    card = await _draft(world)
    await world.rep.clicks("存为新客户")
    await world.rep.sees("已存为 C-0301 · L-1001")
    await world.idle()
    start = next(press.key for press in card.buttons if press.label == "开始跟进")
    await world.rep.says("/转给 1001 @李倩")
    await world.rep2.sees("新线索 L-1001")
    await world.idle()
    if world.platform == "dingtalk":
        assert [press.label for press in card.buttons if press.enabled] == []
    # WeCom lets a card be changed once for each click, so it may look alive there: pressing it starts nothing
    await world.rep.presses_anyway(card, start)
    await world.idle()
    assert await rows(world.db, tables.checkin) == []


async def test_a_customer_of_the_pool_that_was_joined_goes_back_when_that_is_undone(world: World) -> None:
    await world.api_lead(phone="13900010001", owner="wanglei")
    async with world.db.write() as tx:
        await tx.execute(sa.update(tables.customer).values(owner=""))
    card = await _draft(world)
    assert "暂无负责人" in card.text
    await world.rep.clicks("并入 C-0301")
    await world.rep.sees("已并入 C-0301 · L-1002")
    await world.idle()
    assert [customer.owner for customer in await rows(world.db, tables.customer)] == ["wanglei"]
    await world.rep.says("/撤销")
    await world.rep.sees("已撤销：L-1002")
    await world.idle()
    (customer,) = await rows(world.db, tables.customer)
    assert (customer.owner, customer.deleted_at) == ("", None)


async def test_only_sales_people_keep_customers(world: World) -> None:
    await world.admin.says(CHAT)
    await world.admin.sees("识别到联系人（草稿）")
    await world.admin.clicks("存为新客户")
    await world.admin.sees("这一步只有销售、主管可以做")
    assert await rows(world.db, tables.customer) == []


TABLE = (
    "姓名\t公司\t电话\t需求\n刘洋\t青岛海诺包装\t13863901234\t热收缩机\n"
    "宋佳\t烟台东方彩印\t13953509876\t覆膜机2台\n崔志刚\t潍坊鲁中纸业\t15853601122\t分切机"
)


async def test_rows_of_a_table_become_a_draft_each(world: World) -> None:
    await world.rep.says(TABLE)
    for number, name in enumerate(("刘洋", "宋佳", "崔志刚"), 1):
        card = await world.rep.sees(
            "识别到联系人（草稿）", f"姓名 {name}", f"第 {number} 位，共 3 位", after=0
        )
        assert "个手机号" not in card.text
    await world.idle()
    assert len(await rows(world.db, tables.draft)) == 3
    card = await world.rep.sees("姓名 宋佳", after=0)
    assert "覆膜机2台" in card.text
    await world.rep.clicks("存为新客户", on=card)
    await world.rep.sees("已存为 C-0301")
    await world.idle()
    (customer,) = await rows(world.db, tables.customer)
    assert customer.company == "烟台东方彩印"


async def test_a_long_list_is_sent_to_the_import(world: World) -> None:
    lines = [f"{n}. 宁波{name}机械有限公司 1390001000{n}" for n, name in enumerate("甲乙丙丁戊己庚辛壬", 1)]
    await world.rep.says("展会客户\n" + "\n".join(lines))
    await world.rep.sees("这里有 9 个客户", "/导入")
    await world.idle()
    assert await rows(world.db, tables.draft) == []
