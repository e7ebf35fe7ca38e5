"""What people type at an open check-in: a no, a thank-you, an answer days later (B17, A.3)."""

from store import checkins, followups, leads
from tests.world import World


async def starts(world: World, *labels: str) -> int:
    """A lead comes in for the rep, who starts on it and presses these buttons. Returns its number."""
    lead = await world.api_lead()
    for label in ("开始跟进", *labels):
        await world.rep.clicks(label)
        await world.idle()
    world.rep.looks_away()
    return int(lead[2:])


async def says(world: World, text: str) -> None:
    await world.rep.says(text)
    await world.idle()


async def concluded(world: World) -> str:
    async with world.db.read() as tx:
        checkin = await checkins.open_of(tx, "wanglei")
        assert checkin is not None
        return checkin.conclusion


async def test_a_no_is_not_recorded_as_a_yes(world: World):
    await starts(world, "电话")
    for words in ("不需要样品", "昨天寄样品"):
        await says(world, words)
        await world.rep.sees("请先完成打卡：L-1001 还差 2 步")
        await world.rep.sees("2/3 本次结论")
        assert await concluded(world) == "", words
        world.rep.looks_away()
    await says(world, "没有意向")
    await world.rep.sees("3/3 下一步", "无意向", after=0)
    assert await concluded(world) == "无意向"


async def test_typed_answers_count_days_later(world: World):
    number = await starts(world, "电话")
    await world.at("2026-11-25 15:00")
    world.rep.looks_away()
    await says(world, "需报价")
    await world.rep.sees("3/3 下一步", "等待报价", after=0)
    await world.at("2026-11-27 14:00")
    await says(world, "下周二前发报价单")
    await world.rep.sees("✅ 已记录（用时 4 天）", "发报价单", after=0)
    async with world.db.read() as tx:
        assert (await followups.of_lead(tx, number))[0].next_text == "发报价单"


async def test_another_question_in_between_does_not_lose_the_check_in(world: World):
    await starts(world, "电话")
    await says(world, "同步至CRM 李四 13800138000 想买两台")
    await world.rep.clicks("改一下")
    await world.idle()
    await says(world, "姓名 李思")
    world.rep.looks_away()
    await says(world, "等待报价")
    await world.rep.sees("3/3 下一步", "等待报价", after=0)
    async with world.db.write() as tx:  # as any other question leaves it: nothing is asked any more
        from store import screens

        await screens.unexpect(tx, "wanglei")
    await says(world, "/什么都不是")
    await world.rep.sees("没看懂")
    assert await concluded(world) == "等待报价"
    await says(world, "周四上午十点打电话确认")
    await world.rep.sees("✅ 已记录", "10:00 打电话确认", after=0)


async def test_thank_you_is_no_next_step(world: World):
    await starts(world, "电话", "等待报价")
    for words in ("谢谢", "🙂", "不用了", "等再说吧"):
        await says(world, words)
        await world.rep.sees("下一步做什么？例如：周二前发测试报告")
        world.rep.looks_away()
        async with world.db.read() as tx:
            checkin = await checkins.open_of(tx, "wanglei")
            assert checkin is not None
            assert checkin.next_text == "", words
    await says(world, "给王工明天下午三点发报价")
    await world.rep.sees("✅ 已记录", "给王工明天下午三点发报价", after=0)
    async with world.db.read() as tx:
        assert (await leads.get(tx, 1001)).next_text == "给王工明天下午三点发报价"


async def test_a_lead_goes_past_the_one_who_has_a_check_in_open(world: World):
    await world.api_lead(phone="13900000001", company="杭州甲汽配有限公司", city="杭州", owner=None)
    async with world.db.read() as tx:
        assert (await leads.get(tx, 1001)).owner == "wanglei", "the region fits"
    await world.rep.clicks("开始跟进")
    await world.idle()
    await world.api_lead(phone="13900000002", company="杭州乙汽配有限公司", city="杭州", owner=None)
    async with world.db.read() as tx:
        assert (await leads.get(tx, 1002)).owner != "wanglei"


async def test_a_customer_known_by_name_alone_is_named_once(world: World):
    await world.api_lead(name="刘总", company=None)
    await says(world, "/今日")
    card = await world.rep.sees("首触", "刘总")
    assert card.text.count("刘总") == 1
