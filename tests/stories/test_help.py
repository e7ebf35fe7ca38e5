"""Never silence: /帮助 by role, unknown words, unreadable things, strangers; and what an admin sees of the bot itself."""

import re

import sqlalchemy as sa

from bot.checks import keep
from bot.events import Alert, Incoming, Kind, Message, encode
from store.tables import inbox, outbox
from tests.world import World, user_of


async def test_help_shows_what_this_role_can_do(world: World):
    for phone in (world.rep, world.boss, world.admin):
        await phone.says("/帮助")
    await world.idle()
    rep = await world.rep.sees("王磊，你可以这样用")
    boss = await world.boss.sees("张敏，你可以这样用")
    await world.admin.sees("周工，你可以这样用")
    for words in (
        "/今日",
        "/打卡 1024",
        "/跟进 1024 电话",
        "/客户",
        "/查重",
        "/稍后",
        "/转给",
        "/我的",
        "/撤销",
        "/资料",
        "/公海",
    ):
        assert words in rep.text
    assert "/转派" not in rep.text
    assert "/诊断" not in rep.text
    assert "/转派" in boss.text
    await world.admin.sees("· /诊断")  # a long list is more than one message on WeCom, cut between lines


async def test_unknown_words_get_three_likely_commands(world: World):
    await world.rep.says("/今曰")
    await world.idle()
    card = await world.rep.sees("没看懂「/今曰」", "/今日")
    assert card.text.count("· /") == 3
    await world.rep.says("我想看看超时的")
    await world.idle()
    await world.rep.sees("没看懂", "/超时")


async def test_a_command_without_its_slash_or_in_letters_runs(world: World):
    for typed in ("今日", "/jr", "jr", "/jinri"):
        world.rep.looks_away()
        await world.rep.says(typed)
        await world.idle()
        await world.rep.sees("今天没有要做的事")
    for typed in ("撤销", "/cx", "cx"):
        world.rep.looks_away()
        await world.rep.says(typed)
        await world.idle()
        await world.rep.sees("撤销")
    assert world.rep.count("没看懂") == 0
    await world.rep.says("今日 有人问价格")  # a sentence, not a command
    await world.idle()
    await world.rep.sees("没看懂", "/今日")
    await world.rep.says("/zhuanpai 1024 李倩")  # not hers to use
    await world.idle()
    await world.rep.sees("没看懂「/zhuanpai")


async def test_a_picture_is_answered_too(world: World):
    await world.rep.sends_picture()
    await world.idle()
    await world.rep.sees("图片我还读不了")


async def test_a_link_is_named_on_one_line_and_empty_words_get_one_hint(world: World):
    user = world.rep.user.lower() if world.platform == "wecom" else world.rep.user
    link = Message(world.platform, user, "液压阀块选型\nhttps://example.com/a", world.clock.now(), Kind.LINK)
    assert world.app is not None
    await world.app.engine.intake([Incoming("link:1", "x", link)])
    await world.idle()
    await world.rep.sees("看到链接「液压阀块选型」了。网页里的内容我读不到，请把要紧的文字复制给我。")
    await world.rep.says("\u200b\u2060\ufeff")
    await world.idle()
    await world.rep.sees("收到的消息里没有文字")
    assert world.rep.count("没看懂") == 0


async def test_a_voice_without_words_says_what_helps(world: World):
    await world.rep.speaks("")
    await world.idle()
    again = "企业微信不提供语音文字，请打字。" if world.platform == "wecom" else "或再说一遍"
    await world.rep.sees(again)


async def test_a_stranger_gets_one_polite_sentence(world: World):
    id = user_of(world.platform, "wairen")
    someone = world.sim.person(id, "外人")
    await someone.says("你好")
    await someone.says("在吗")
    await world.idle()
    await someone.sees("你还不在使用名单里")
    assert someone.count("使用名单") == 1


async def test_the_bot_tells_of_itself(world: World):
    async with world.db.write() as tx:
        await tx.execute(sa.insert(inbox).values(dedup="x", lane="wecom:x", body="{}", state=3,
                                                 error="KeyError: 'is'", created_at=world.clock.now()))  # fmt: skip
    assert world.app is not None
    await keep(world.db, world.app.engine.platforms, world.clock.now())
    await world.rep.says("/今日")
    await world.idle()
    await world.app.engine.quota.flush(world.clock.now())
    await world.admin.says("/诊断")
    await world.idle()
    if world.platform == "wecom":
        today = await world.admin.sees("企业微信今天发送人次")
        sent, most = re.search(r"今天发送人次[：\s]*(\d+)/(\d+)", today.text).groups()  # type: ignore[union-attr]
        assert 1 <= int(sent) <= len(world.sim.wire.of("message/send"))
        assert int(most) == 200 * len(world.sim.phones)
    said = await world.admin.sees("诊断：", "死信", "KeyError", "没有主管的团队：华南")
    assert "2026 有效" in said.text
    assert "→" in said.text
    await world.rep.says("/诊断")
    await world.idle()
    await world.rep.sees("只有管理员、IT可以用")


async def test_a_dead_letter_can_be_tried_again(world: World):
    user = world.rep.user.lower() if world.platform == "wecom" else world.rep.user
    words = Message(world.platform, user, "/今日", world.clock.now())
    async with world.db.write() as tx:
        await tx.execute(sa.insert(inbox).values(dedup="x", lane="x", body=encode(words), state=3, attempts=9,
                                                 error="Boom: x", created_at=world.clock.now()))  # fmt: skip
    await world.admin.says("/重试队列")
    await world.idle()
    await world.admin.sees("死信 1 条", "Boom: x")
    assert world.rep.count("今天") == 0
    await world.admin.clicks("重放", times=2)
    await world.idle()
    await world.rep.sees("今天没有要做的事")
    assert world.rep.count("今天没有要做的事") == 1
    await world.admin.says("/重试队列")
    await world.idle()
    await world.admin.sees("死信 0 条")


async def test_a_send_that_was_given_up_can_be_sent_again(world: World):
    async with world.db.write() as tx:
        await tx.execute(
            sa.insert(outbox).values(
                dedup="x", lane="m:wanglei", member="wanglei", way="text", body='{"text": "三天前的话"}', kind="text",
                state=3, ledger="expired", attempts=10, error="企业没有回答", created_at=world.clock.now(),
                done_at=world.clock.now(),
            )
        )  # fmt: skip
    await world.admin.says("/重试队列")
    await world.idle()
    await world.admin.sees("没发出去 1 条", "给王磊", "企业没有回答")
    assert world.rep.count("三天前的话") == 0
    await world.admin.clicks("重发", times=2)
    await world.idle()
    await world.rep.sees("三天前的话")
    assert world.rep.count("三天前的话") == 1
    await world.admin.says("/重试队列")
    await world.idle()
    await world.admin.sees("死信 0 条")


async def test_an_alert_reaches_admins_once_an_hour(world: World):
    async def rings(n: int) -> None:
        assert world.app is not None
        alert = Alert(world.platform, "kicked", "另一个进程用了同一个机器人", world.clock.now())
        await world.app.engine.intake([Incoming(f"alert:{n}", "alert", alert)])
        await world.idle()

    for n in range(3):
        await rings(n)
    await world.admin.sees("告警", "另一个进程用了同一个机器人")
    assert world.admin.count("另一个进程用了同一个机器人") == 1
    assert world.rep.count("告警") == 0
    await world.passes(hours=1)
    await rings(9)
    assert world.admin.count("另一个进程用了同一个机器人") == 2
