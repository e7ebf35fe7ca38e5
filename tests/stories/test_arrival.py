"""R0: the first time that somebody can be reached."""

from tests.world import World


async def test_the_first_word_is_answered_by_a_welcome_and_the_answer(world: World):
    await world.rep.says("/我的")
    await world.idle()
    card = await world.rep.sees("你好，王磊。", "09:00–12:00 / 13:30–18:00", "20:00–08:30 不打扰（紧急除外）")
    assert [press.label for press in card.buttons] == ["开始", "设置勿扰", "看帮助"]
    await world.rep.sees("王磊 的本周数据")
    await world.rep.says("/我的")
    await world.idle()
    assert world.rep.count("你好，王磊。") == 1


async def test_a_greeting_is_greeted_back(world: World):
    await world.rep.says("你好！")
    await world.idle()
    await world.rep.sees("你好，王磊。")
    assert len([one for one in world.rep.seen if not one.mine]) == 1, "R0 is the answer"
    await world.rep.says("在吗？")
    await world.idle()
    await world.rep.sees("在的，王磊。", "/今日", "/帮助")
    assert world.rep.count("没看懂") == 0


async def test_its_buttons_lead_on(world: World):
    await world.rep.says("你好")
    await world.idle()
    await world.rep.sees("你好，王磊。")
    await world.rep.clicks("设置勿扰")
    await world.idle()
    await world.rep.sees("每天 20:00–08:30 不打扰", "周工")
    await world.rep.clicks("看帮助")
    await world.idle()
    await world.rep.sees("你可以这样用")
    await world.rep.clicks("开始", on="你好，王磊。")
    await world.idle()
    await world.rep.sees("今天没有要做的事")


async def test_opening_the_chat_is_enough_where_the_platform_tells(world: World):
    await world.rep.enters()
    await world.idle()
    assert world.rep.count("你好，王磊。") == (0 if world.platform == "dingtalk" else 1)
