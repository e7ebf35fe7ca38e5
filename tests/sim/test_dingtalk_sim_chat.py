"""What people send in the DingTalk simulator: every message type, groups, unpublished apps, outsiders, used-up quota."""

import json
from collections.abc import AsyncIterator

import pytest

from sim.dingtalk_server import DingtalkServer
from tests.sim.dingtalk_bot import Bot, Link, running

World = tuple[DingtalkServer, Bot, Link]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as (server, bot):
        yield server, bot, await bot.link()


async def test_forwarded_record_is_json_inside_json(world: World) -> None:
    server, _, link = world
    rep = server.phones["rep"]
    await rep.forwards([("李总", "价格再低点"), ("王芳", "我申请下"), ("李总", "[图片]"), ("李总", "[名片]")])
    data = await link.next()
    assert (data["msgtype"], data["isForwardMsg"]) == ("chatRecord", "1")
    entries = json.loads(data["content"]["chatRecord"])
    assert [entry["msgType"] for entry in entries] == ["text", "text", "picture", "unknownMsgType"]
    assert entries[0]["senderNick"] == "李总"
    assert entries[0]["createAt"] < entries[1]["createAt"]
    assert "senderNick" not in entries[3]
    assert json.loads(data["content"]["summary"])[0] == "李总:价格再低点"


async def test_forwarded_record_can_arrive_cut_short_empty_or_with_newline_summary(world: World) -> None:
    server, _, link = world
    rep = server.phones["rep"]
    await rep.forwards([("李总", f"第{n}句") for n in range(9)], only=3)
    assert len(json.loads((await link.next())["content"]["chatRecord"])) == 3
    await rep.forwards([])
    assert (await link.next())["content"] == {"summary": "[]", "chatRecord": "[]"}
    server.faults.summary_lines = True
    await rep.forwards([("李总", "一"), ("王芳", "二")])
    assert (await link.next())["content"]["summary"] == "李总:一\n王芳:二"


async def test_voice_file_and_picture_can_be_downloaded(world: World) -> None:
    server, bot, link = world
    rep = server.phones["rep"]
    await rep.speaks("明天去拜访", 3.5)
    voice = (await link.next())["content"]
    assert (voice["duration"], voice["recognition"]) == (3500, "明天去拜访")
    await rep.sends_picture(b"png")
    assert (await link.next())["msgtype"] == "picture"
    await rep.sends_file("报价.xlsx", b"cells")
    content = (await link.next())["content"]
    assert content["fileName"] == "报价.xlsx"
    path, code = "/v1.0/robot/messageFiles/download", content["downloadCode"]
    status, answer = await bot.post(path, {"downloadCode": code, "robotCode": "dingsim"})
    assert status == 200
    async with bot.http.get(answer["downloadUrl"]) as response:
        assert await response.read() == b"cells"
    status, answer = await bot.post(path, {"downloadCode": code, "robotCode": "other"})
    assert (status, answer["code"]) == (400, "invalidParameter.robotCode.auth")
    status, answer = await bot.post(path, {"downloadCode": code})
    assert answer["code"] == "invalidParameter.robotCode.empty"
    server.skew += server.limits.download_age + 1
    await bot.login()
    status, answer = await bot.post(path, {"downloadCode": code, "robotCode": "dingsim"})
    assert answer["code"] == "invalidParameter.robotCode.downloadCode"


async def test_rich_text_link_card_and_contact(world: World) -> None:
    server, _, link = world
    rep = server.phones["rep"]
    await rep.does("rich", parts=["你好", {"picture": b"png"}])
    assert [set(item) for item in (await link.next())["content"]["richText"]] == [
        {"text"}, {"type", "downloadCode", "pictureDownloadCode"},
    ]  # fmt: skip
    await rep.does("link", title="华联官网", url="https://example.com")
    assert (await link.next())["content"]["messageUrl"] == "https://example.com"
    await rep.does("card", text="别人的卡片")
    data = await link.next()
    assert data["msgtype"] == "interactiveCard"
    assert data["content"]["cardContent"][0]["children"][0]["value"] == "别人的卡片"
    await rep.does("contact")
    data = await link.next()
    assert data["msgtype"] == "unknownMsgType"
    assert "暂不支持" in data["content"]["unknownMsgType"]
    with pytest.raises(ValueError, match="no such verb"):
        await rep.does("dance")


async def test_quotes_tell_the_text_but_not_of_the_robots_cards(world: World) -> None:
    server, _, link = world
    rep = server.phones["rep"]
    await rep.does("quote", text="这个客户谁跟的", quoted="原消息")
    text = (await link.next())["text"]
    assert text["isReplyMsg"] is True
    assert text["repliedMsg"]["content"] == {"text": "原消息"}
    await rep.does("quote", text="同上", quoted="原消息", as_string=True)
    assert json.loads((await link.next())["text"]["repliedMsg"]["content"]) == {"text": "原消息"}
    await rep.does("quote", text="改一下", key="pqk123")
    data = await link.next()
    assert data["originalProcessQueryKey"] == "pqk123"
    assert "repliedMsg" not in data["text"]


async def test_group_hears_only_mentions_and_no_files(world: World) -> None:
    server, _, link = world
    group = server.group("华东销售群", ["rep", "boss"])
    rep = server.phones["rep"]
    await rep.does("say", text="闲聊", group=group.id, at=False)
    await rep.does("file", name="a.pdf", body=b"x", group=group.id)
    assert len(server.wire.of("not delivered")) == 2
    await rep.does("say", text="查客户", group=group.id)
    data = await link.next()
    assert data["text"]["content"] == " 查客户"  # the stripped mention leaves its blank
    assert (data["conversationType"], data["conversationId"]) == ("2", group.id)
    assert (data["conversationTitle"], data["isInAtList"]) == ("华东销售群", True)
    with pytest.raises(KeyError):
        await rep.does("say", text="x", group="cidNone")


async def test_unpublished_app_and_outsiders_have_no_user_id(world: World) -> None:
    server, _, link = world
    server.person("new", "新人", published=False)
    server.person("guest", "外部李总", outsider=True)
    await server.phones["new"].says("你好")
    data = await link.next()
    assert "senderStaffId" not in data
    assert "isAdmin" not in data
    await server.phones["guest"].says("你好")
    data = await link.next()
    assert data["senderStaffId"] == ""
    assert "senderCorpId" not in data


async def test_used_up_push_quota_comes_as_20001_without_text(world: World) -> None:
    server, _, link = world
    server.limits.pushes = 1
    rep = server.phones["rep"]
    await rep.says("还有额度")
    assert "text" in await link.next()
    await rep.says("没了")
    data = await link.next()
    assert "text" not in data
    assert data["errCode"] == "20001"
    await rep.says("没了")
    assert (await link.next())["errorCode"] == 20001  # the other spelling
    server.limits.pushes = None
    server.faults.quota_exhausted = True
    await rep.says("没了")
    assert "content" not in await link.next()


async def test_opening_the_chat_tells_the_bot_nothing(world: World) -> None:
    server, _, link = world
    await server.phones["rep"].enters()
    assert link.frames.empty()
    assert len(server.wire.of("does not tell")) == 1
