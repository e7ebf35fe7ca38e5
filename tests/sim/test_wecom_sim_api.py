"""The simulated WeCom API as a bot meets it: tokens, sending, updating, media, menu, directory, customers, faults."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sim.wecom_server import WecomServer

BUTTON = {
    "card_type": "button_interaction",
    "main_title": {"title": "新线索：王女士"},
    "button_list": [{"text": "我来跟", "key": "claim:42"}, {"text": "转派", "key": "reassign:42"}],
}


class Bot:
    """A client that does what the reference says, nothing more."""

    def __init__(self, server: WecomServer, http: aiohttp.ClientSession) -> None:
        self.server, self.http, self.token = server, http, ""

    async def call(self, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        """POST when there is a body (raw UTF-8), else GET; the token in the URL."""
        if not self.token and path != "gettoken":
            self.token = (await self.get_token())["access_token"]
        params = ({"access_token": self.token} if path != "gettoken" else {}) | query
        url = f"{self.server.url}/cgi-bin/{path}"
        if body is None:
            request = self.http.get(url, params=params)
        else:
            raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
            request = self.http.post(url, params=params, data=raw)
        async with request as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found

    async def get_token(self, secret: str = "sim-wecom-secret", corp: str = "wwsim") -> dict[str, Any]:
        return await self.call("gettoken", corpid=corp, corpsecret=secret)

    async def send(self, kind: str, part: Any, to: str = "lisi", **more: Any) -> dict[str, Any]:
        body = {"touser": to, "msgtype": kind, "agentid": 1000002, kind: part}
        return await self.call("message/send", body | more)

    async def text(self, content: str, to: str = "lisi", **more: Any) -> dict[str, Any]:
        return await self.send("text", {"content": content}, to, **more)

    async def card(self, task_id: str, to: str = "lisi", **more: Any) -> dict[str, Any]:
        return await self.send("template_card", BUTTON | {"task_id": task_id} | more, to)

    async def update(self, code: str, to: list[str] | None = None, **more: Any) -> dict[str, Any]:
        body = {"userids": ["lisi"] if to is None else to, "agentid": 1000002, "response_code": code}
        return await self.call("message/update_template_card", body | more)

    async def upload(self, form: aiohttp.FormData | aiohttp.MultipartWriter, kind: str) -> dict[str, Any]:
        await self.call("getcallbackip")
        url = f"{self.server.url}/cgi-bin/media/upload"
        async with self.http.post(
            url, params={"access_token": self.token, "type": kind}, data=form
        ) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def upload_file(self, name: str, body: bytes, kind: str = "file") -> dict[str, Any]:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("media", io.BytesIO(body), filename=name, content_type="application/octet-stream")
        return await self.upload(form, kind)


@pytest.fixture
async def server() -> AsyncIterator[WecomServer]:
    server = WecomServer(callback_url="http://127.0.0.1:9/never-called")
    await server.start()
    server.person("lisi", "李四")
    server.person("Boss", "王总", departments=[2], leads=[2])
    yield server
    await server.stop()


@pytest.fixture
async def bot(server: WecomServer) -> AsyncIterator[Bot]:
    async with aiohttp.ClientSession() as http:
        yield Bot(server, http)


async def test_the_same_token_is_given_while_it_lives_and_a_new_one_after(
    bot: Bot, server: WecomServer
) -> None:
    first = await bot.get_token()
    assert (await bot.get_token())["access_token"] == first["access_token"]
    assert first["expires_in"] in (7199, 7200)
    server.skew = 7201
    second = await bot.get_token()
    assert second["access_token"] != first["access_token"]


async def test_token_errors_tell_missing_unknown_expired_and_lost_apart(
    bot: Bot, server: WecomServer
) -> None:
    bot.token = "invented"
    assert (await bot.call("getcallbackip"))["errcode"] == 40014
    bot.token = (await bot.get_token())["access_token"]
    assert (await bot.call("getcallbackip"))["errcode"] == 0
    server.skew = 7300
    assert (await bot.call("getcallbackip"))["errcode"] == 42001
    bot.token = ""
    server.faults.lose_tokens_next = 1
    assert (await bot.call("getcallbackip"))["errcode"] == 40014
    async with bot.http.post(
        f"{server.url}/cgi-bin/message/send", data=b'{"access_token": "in the body"}'
    ) as answer:
        assert answer.status == 200
        assert (await answer.json())["errcode"] == 41001


async def test_wrong_credentials_and_the_ban_of_the_address(bot: Bot, server: WecomServer) -> None:
    server.bad_secret_limit = 3
    assert (await bot.get_token(corp="wwother"))["errcode"] == 40013
    assert (await bot.call("gettoken", corpid="wwsim"))["errcode"] == 41004
    answers = [(await bot.get_token(secret="wrong"))["errcode"] for _ in range(4)]
    assert answers == [40001, 40001, 40001, 45009]
    assert (await bot.get_token())["errcode"] == 45009
    server.skew = 3601
    assert (await bot.get_token())["errcode"] == 0


async def test_an_untrusted_address_hears_60020_with_the_address(bot: Bot, server: WecomServer) -> None:
    server.faults.untrusted_ip = True
    refused = await bot.text("在吗")
    assert refused["errcode"] == 60020
    assert "from ip: 127.0.0.1" in refused["errmsg"]


async def test_a_text_arrives_and_unknown_recipients_come_back_in_lower_case(
    bot: Bot, server: WecomServer
) -> None:
    server.person("out", "外", visible=False)
    server.person("free", "未授权", licensed=False)
    sent = await bot.text('你好 <a href="https://a.example">打开</a>', "LISI|NoBody|out|free")
    assert sent["errcode"] == 0
    assert sent["invaliduser"] == "nobody|out"
    assert sent["unlicenseduser"] == "free"
    seen = server.phones["lisi"].seen[0]
    assert (seen.kind, seen.text) == ("text", "你好 打开")
    assert seen.buttons[0].link == "https://a.example"
    assert not server.phones["free"].seen


async def test_departments_and_all_are_reached(bot: Bot, server: WecomServer) -> None:
    server.departments[2] = ("销售部", 1)
    body = {"toparty": "2|9", "msgtype": "text", "agentid": 1000002, "text": {"content": "部门"}}
    assert (await bot.call("message/send", body))["invalidparty"] == "9"
    await bot.text("全体", "@all")
    assert [seen.text for seen in server.phones["Boss"].seen] == ["部门", "全体"]
    assert [seen.text for seen in server.phones["lisi"].seen] == ["全体"]


async def test_what_is_wrong_with_an_envelope(bot: Bot) -> None:
    text = {"msgtype": "text", "agentid": 1000002, "text": {"content": "x"}}
    assert (await bot.text("x", "nobody"))["errcode"] == 81013
    assert (await bot.call("message/send", text))["errcode"] == 82001
    assert (await bot.text("x", "|".join(f"u{n}" for n in range(1001))))["errcode"] == 40032
    assert (await bot.text("x", toparty="|".join("1" * 101)))["errcode"] == 82002
    assert (await bot.text("x", totag="|".join("1" * 101)))["errcode"] == 82003
    assert (await bot.text("x", agentid=1))["errcode"] == 40056
    assert (await bot.call("message/send", {"touser": "lisi", "msgtype": "text"}))["errcode"] == 41011
    assert (await bot.send("wave", {}))["errcode"] == 40008
    assert (await bot.call("message/send", b"{not json"))["errcode"] == 47001
    assert (await bot.call("message/send"))["errcode"] == 40058  # GET instead of POST


async def test_escaped_characters_in_the_body_are_refused(bot: Bot, server: WecomServer) -> None:
    body = {"touser": "lisi", "msgtype": "text", "agentid": 1000002, "text": {"content": "你好"}}
    assert (await bot.call("message/send", json.dumps(body).encode()))["errcode"] == 40033
    assert (await bot.text("反斜杠 \\u4f60 是正文"))["errcode"] == 0
    assert server.phones["lisi"].seen[-1].text == "反斜杠 \\u4f60 是正文"


async def test_texts_are_cut_by_bytes_and_markdown_is_refused(bot: Bot, server: WecomServer) -> None:
    await bot.text("跟" * 700)
    assert server.phones["lisi"].seen[0].text == "跟" * 682
    assert "2100 bytes" in server.soft_warnings[0]
    assert (await bot.text(""))["errcode"] == 44004
    assert (await bot.send("markdown", {"content": "跟" * 683}))["errcode"] == 45002
    source = '# 超时\n> <font color="warning">**L-1024**</font> [打开](https://a.example)'
    await bot.send("markdown", {"content": source})
    seen = server.phones["lisi"].seen[-1]
    assert seen.text == "超时\nL-1024 打开"
    assert seen.buttons[0].link == "https://a.example"


async def test_the_other_message_types(bot: Bot, server: WecomServer) -> None:
    card = {"title": "日报", "description": '<div class="gray">今日</div>完成<br>3 条', "url": "https://a.cn"}
    assert (await bot.send("textcard", card))["errcode"] == 0
    assert server.phones["lisi"].seen[-1].text == "日报\n今日完成\n3 条"
    assert server.phones["lisi"].seen[-1].button("详情") is not None
    for name, code in (("title", 41016), ("description", 41033), ("url", 41010)):
        assert (await bot.send("textcard", card | {name: ""}))["errcode"] == code
    assert (await bot.send("textcard", card | {"url": "a.cn"}))["errcode"] == 45034
    article = {"title": "新品", "description": "手册", "url": "https://a.cn/n"}
    assert (await bot.send("news", {"articles": [article] * 9}))["errcode"] == 45008
    assert (await bot.send("news", {"articles": [article]}))["errcode"] == 0
    assert (await bot.send("news", {"articles": [{"title": "x"}]}))["errcode"] == 41010
    notice = {"appid": "wx1", "title": "会议室", "content_item": [{"key": "地点", "value": "401"}]}
    assert (await bot.send("miniprogram_notice", notice))["errcode"] == 0
    assert "地点：401" in server.phones["lisi"].seen[-1].text


async def test_names_are_translated_when_asked(bot: Bot, server: WecomServer) -> None:
    await bot.text("请 $userName=LISI$ 联系 $userName=ghost$", enable_id_trans=1)
    await bot.text("请 $userName=lisi$ 联系")
    assert [seen.text for seen in server.phones["lisi"].seen] == [
        "请 李四 联系 $userName=ghost$",
        "请 $userName=lisi$ 联系",
    ]


async def test_more_than_thirty_a_minute_vanish_without_an_error(bot: Bot, server: WecomServer) -> None:
    answers = [await bot.text(f"第 {n} 条") for n in range(32)]
    assert {answer["errcode"] for answer in answers} == {0}
    assert len(server.phones["lisi"].seen) == 30
    assert len(server.wire.of("dropped: more than 30")) == 2
    server.skew = 61
    await bot.text("一分钟后")
    assert server.phones["lisi"].seen[-1].text == "一分钟后"
    server.per_hour = 31
    await bot.text("一小时内太多")
    assert server.phones["lisi"].count("一小时内太多") == 0


async def test_the_duplicate_check_swallows_the_same_request_within_the_interval(
    bot: Bot, server: WecomServer
) -> None:
    check = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    for _ in range(2):
        assert (await bot.text("只此一条", **check))["errcode"] == 0
    assert server.phones["lisi"].count("只此一条") == 1
    await bot.text("只此一条")
    server.skew = 601
    await bot.text("只此一条", **check)
    assert server.phones["lisi"].count("只此一条") == 3


async def test_a_task_id_is_good_for_one_card_for_ever(bot: Bot, server: WecomServer) -> None:
    assert (await bot.send("template_card", BUTTON | {"task_id": "a:b"}))["errcode"] == 42014
    first = await bot.card("lead-42@1")
    assert first["response_code"]
    assert (await bot.card("lead-42@1"))["errcode"] == 42014
    seen = server.phones["lisi"].seen[0]
    assert (seen.kind, seen.track, seen.text) == ("card", "lead-42@1", "新线索：王女士")
    assert len(server.phones["lisi"].seen) == 1


async def test_a_refused_card_neither_burns_its_task_id_nor_counts_as_sent(bot: Bot) -> None:
    assert (await bot.card("lead-1", to="nobody"))["errcode"] == 81013
    assert (await bot.card("lead-1", button_list=[]))["errcode"] == 42038
    assert (await bot.card("lead-1"))["errcode"] == 0


async def test_an_app_without_a_callback_url_sends_no_cards_that_call_back(
    bot: Bot, server: WecomServer
) -> None:
    server.callback_url = ""
    assert (await bot.card("lead-1"))["errcode"] == 43012
    notice = {
        "card_type": "text_notice",
        "main_title": {"title": "知会"},
        "card_action": {"type": 1, "url": "https://a.cn"},
    }
    sent = await bot.send("template_card", notice)
    assert sent["errcode"] == 0
    assert "response_code" not in sent
    menu = {"action_menu": {"action_list": [{"text": "忽略", "key": "mute"}]}, "task_id": "n-1"}
    assert (await bot.send("template_card", notice | menu))["errcode"] == 43012
    server.callback_url = "http://127.0.0.1:9/"
    assert (await bot.send("template_card", notice | menu))["response_code"]


async def test_a_code_greys_the_buttons_once(bot: Bot, server: WecomServer) -> None:
    code = (await bot.card("lead-1", to="lisi|Boss"))["response_code"]
    done = await bot.update(code, ["LISI", "Ghost"], button={"replace_name": "已跟进"})
    assert done == {"errcode": 0, "errmsg": "ok", "invaliduser": ["ghost"]}
    mine, theirs = server.phones["lisi"].seen[0], server.phones["Boss"].seen[0]
    assert [(press.label, press.enabled) for press in mine.buttons] == [("已跟进", False)]
    assert mine.updates == 1
    assert theirs.button("我来跟") is not None
    assert (await bot.update(code, button={"replace_name": "再来"}))["errcode"] == 42022


async def test_a_code_replaces_the_whole_card_in_its_place(bot: Bot, server: WecomServer) -> None:
    code = (await bot.card("lead-1"))["response_code"]
    claimed = {
        "card_type": "button_interaction",
        "main_title": {"title": "线索已认领"},
        "button_list": [{"text": "我来跟", "key": "claim:42"}],
        "replace_text": "已由李四认领",
    }
    assert (await bot.update(code, template_card=claimed | {"button_list": []}))["errcode"] == 0
    assert (await bot.update(code, template_card=claimed))["errcode"] == 42022
    seen = server.phones["lisi"].seen[0]
    assert seen.text == "线索已认领\n已由李四认领"
    assert [(press.label, press.enabled) for press in seen.buttons] == [("已由李四认领", False)]
    assert seen.track == "lead-1"
    assert len(server.phones["lisi"].seen) == 1


async def test_codes_die_after_72_hours_and_unknown_ones_never_lived(bot: Bot, server: WecomServer) -> None:
    code = (await bot.card("lead-1"))["response_code"]
    grey = {"button": {"replace_name": "x"}}
    assert (await bot.update("RC-invented", **grey))["errcode"] == 60140
    server.skew, bot.token = 72 * 3600 - 5, ""
    assert (await bot.update(code, button={}))["errcode"] == 40063  # refused, so not used up
    server.skew, bot.token = 72 * 3600 + 1, ""
    assert (await bot.update(code, **grey))["errcode"] == 60140
    assert server.phones["lisi"].seen[0].updates == 0


async def test_update_targets_are_arrays(bot: Bot) -> None:
    code = (await bot.card("lead-1"))["response_code"]
    grey = {"button": {"replace_name": "x"}}
    body = {"userids": "lisi", "agentid": 1000002, "response_code": code} | grey
    assert (await bot.call("message/update_template_card", body))["errcode"] == 40035
    assert (await bot.update(code, [], **grey))["errcode"] == 82001
    assert (await bot.update(code, ["ghost"], **grey))["errcode"] == 81013
    assert (await bot.update(code, [], atall=1, **grey))["errcode"] == 0


async def test_recall_works_for_a_day(bot: Bot, server: WecomServer) -> None:
    msgid = (await bot.text("发错了"))["msgid"]
    assert (await bot.call("message/recall", {"msgid": "MSG-none"}))["errcode"] == 40058
    assert (await bot.call("message/recall", {"msgid": msgid}))["errcode"] == 0
    assert server.phones["lisi"].seen[0].recalled
    assert server.phones["lisi"].find("发错了") is None
    late = (await bot.text("昨天的"))["msgid"]
    server.skew, bot.token = 86401, ""
    assert (await bot.call("message/recall", {"msgid": late}))["errcode"] == 42052


async def test_a_file_goes_up_is_sent_and_read_back(bot: Bot, server: WecomServer) -> None:
    up = await bot.upload_file("报价单 v3.pdf", b"%PDF-1.7 offer")
    assert (up["errcode"], up["type"]) == (0, "file")
    assert up["created_at"].isdigit()
    await bot.send("file", {"media_id": up["media_id"]})
    seen = server.phones["lisi"].seen[0]
    assert (seen.kind, seen.text, seen.file) == ("file", "报价单 v3.pdf", b"%PDF-1.7 offer")
    url = f"{server.url}/cgi-bin/media/get?access_token={bot.token}&media_id={up['media_id']}"
    async with bot.http.get(url) as answer:
        assert await answer.read() == b"%PDF-1.7 offer"
    async with bot.http.get(url, headers={"Range": "bytes=0-3"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"%PDF")
    assert (await bot.send("image", {"media_id": up["media_id"]}))["errcode"] == 40007
    server.skew, bot.token = 3 * 86400 + 1, ""
    assert (await bot.send("file", {"media_id": up["media_id"]}))["errcode"] == 40007
    assert (await bot.call("media/get", media_id=up["media_id"]))["errcode"] == 40007


async def test_what_makes_an_upload_empty_or_wrong(bot: Bot, server: WecomServer) -> None:
    wrong_name = aiohttp.FormData(quote_fields=False)
    wrong_name.add_field("file", b"0123456789", filename="a.txt")
    assert (await bot.upload(wrong_name, "file"))["errcode"] == 44001
    starred = aiohttp.MultipartWriter("form-data")
    part = starred.append(b"0123456789")
    part.headers["Content-Disposition"] = "form-data; name=\"media\"; filename*=utf-8''%E6%8A%A5.txt"
    assert (await bot.upload(starred, "file"))["errcode"] == 44001
    assert (await bot.upload_file("a.txt", b"12345"))["errcode"] == 40006
    assert (await bot.upload_file("a.txt", b"123456"))["errcode"] == 0
    assert (await bot.upload_file("a.amr", b"#!AMR" + bytes(2 * 1024 * 1024), "voice"))["errcode"] == 45001
    assert (await bot.upload_file("a.gif", b"GIF89a....", "image"))["errcode"] == 40004
    assert (await bot.upload_file("a.txt", b"0123456789", "sticker"))["errcode"] == 40005


async def test_a_percent_encoded_name_is_shown_as_it_came(bot: Bot, server: WecomServer) -> None:
    form = aiohttp.FormData()
    form.add_field("media", b"0123456789", filename="报价.pdf")
    up = await bot.upload(form, "file")
    await bot.send("file", {"media_id": up["media_id"]})
    assert server.phones["lisi"].seen[0].text == "%E6%8A%A5%E4%BB%B7.pdf"


async def test_a_card_may_point_to_a_file_that_lives(bot: Bot) -> None:
    row = {"keyname": "附件", "type": 2, "value": "a.pdf", "media_id": "MEDIA-none"}
    assert (await bot.card("lead-1", horizontal_content_list=[row]))["errcode"] == 40007
    row["media_id"] = (await bot.upload_file("a.pdf", b"0123456789"))["media_id"]
    assert (await bot.card("lead-1", horizontal_content_list=[row]))["errcode"] == 0


MENU_CLICK = {"type": "click", "name": "今日线索", "key": "cmd:/今日"}


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([MENU_CLICK, {"name": "更多", "sub_button": [MENU_CLICK | {"name": "我的商机与跟进记录"}]}], 0),
        ([], 40016),
        ([MENU_CLICK] * 4, 40016),
        ([MENU_CLICK | {"name": "六个汉字太长"}], 40018),
        ([MENU_CLICK | {"name": ""}], 41102),
        ([MENU_CLICK | {"key": "k" * 129}], 40019),
        ([MENU_CLICK | {"type": "press"}], 40017),
        ([{"type": "view", "name": "CRM", "url": "https://a.cn/" + "x" * 1024}], 40020),
        ([{"name": "更多", "sub_button": [MENU_CLICK] * 6}], 40023),
        ([{"name": "更多", "sub_button": [MENU_CLICK | {"name": "名" * 14}]}], 40025),
        ([{"name": "更多", "sub_button": [MENU_CLICK | {"sub_button": []}]}], 40022),
        ([{"name": "更多", "sub_button": [MENU_CLICK | {"key": ""}]}], 40026),
    ],
)
async def test_menus(bot: Bot, buttons: list[dict[str, Any]], code: int) -> None:
    assert (await bot.call("menu/create", {"button": buttons}, agentid="1000002"))["errcode"] == code
    there = await bot.call("menu/get", agentid="1000002")
    assert there.get("button") == (buttons if code == 0 else None)
    assert there["errcode"] == (0 if code == 0 else 46003)
    assert (await bot.call("menu/delete", agentid="1000002"))["errcode"] == 0
    assert (await bot.call("menu/get", agentid="1"))["errcode"] == 40056


async def test_the_directory_shows_what_the_app_may_see(bot: Bot, server: WecomServer) -> None:
    server.departments[2] = ("销售部", 1)
    server.person("out", "外", visible=False)
    boss = await bot.call("user/get", userid="boss")
    assert (boss["userid"], boss["is_leader_in_dept"], boss["status"]) == ("Boss", [1], 1)
    assert "mobile" not in boss
    assert (await bot.call("user/get", userid="out"))["errcode"] == 60011
    assert (await bot.call("user/get", userid="ghost"))["errcode"] == 60111
    listed = await bot.call("user/simplelist", department_id="1")
    assert listed["userlist"] == [{"userid": "lisi", "name": "李四", "department": [1]}]
    assert (await bot.call("user/simplelist", department_id="7"))["errcode"] == 60003
    departments = (await bot.call("department/list"))["department"]
    assert [(row["name"], row["department_leader"]) for row in departments] == [
        ("总部", []),
        ("销售部", ["Boss"]),
    ]
    assert (await bot.call("get_jsapi_ticket"))["ticket"] != (
        await bot.call("ticket/get", type="agent_config")
    )["ticket"]


async def test_customers_and_welcome_codes(bot: Bot, server: WecomServer) -> None:
    server.retries = 0
    assert (await bot.call("externalcontact/list", userid="lisi"))["errcode"] == 84061
    await server.customer("lisi", "woA", "add_half_external_contact", name="王女士", state="expo")
    assert (await bot.call("externalcontact/get", external_userid="woA"))["errcode"] == 84061
    code = next(iter(server.welcomes))
    text = {"text": {"content": "您好"}}
    welcome = {"welcome_code": code} | text
    assert (await bot.call("externalcontact/send_welcome_msg", welcome))["errcode"] == 0
    assert (await bot.call("externalcontact/send_welcome_msg", welcome))["errcode"] == 41051
    await server.customer("lisi", "woA", name="王女士", state="expo")
    assert len(server.welcomes) == 1  # a welcome was sent with the half-add already
    found = await bot.call("externalcontact/get", external_userid="woA")
    assert found["external_contact"]["name"] == "王女士"
    assert found["follow_user"][0]["state"] == "expo"
    assert (await bot.call("externalcontact/list", userid="lisi"))["external_userid"] == ["woA"]
    await server.customer("lisi", "woB", name="赵总")
    fresh = next(code for code, welcome in server.welcomes.items() if welcome.customer == "woB")
    server.skew = 21
    too_late = await bot.call("externalcontact/send_welcome_msg", {"welcome_code": fresh} | text)
    assert too_late["errcode"] == 41050
    assert (await bot.call("externalcontact/get", external_userid="woZ"))["errcode"] == 40096


async def test_a_day_takes_200_messages_for_each_account(bot: Bot, server: WecomServer) -> None:
    server.accounts, server.per_minute, server.per_hour = 1, 1000, 1000
    for n in range(200):
        assert (await bot.text(f"{n}"))["errcode"] == 0
    assert (await bot.text("一条太多"))["errcode"] == 45009
    assert len(server.phones["lisi"].seen) == 200
    server.skew = 86_400
    bot.token = ""
    assert (await bot.text("第二天"))["errcode"] == 0


async def test_faults_drop_fail_and_break_as_told(bot: Bot, server: WecomServer) -> None:
    lisi, faults = server.phones["lisi"], server.faults
    faults.drop_next = 1
    assert (await bot.text("丢了"))["errcode"] == 0
    assert lisi.seen == []
    faults.fail_next = [(-1, "system busy", "message/send"), (45009, "api freq out of limit")]
    assert (await bot.call("getcallbackip"))["errcode"] == 45009
    assert (await bot.text("忙"))["errcode"] == -1
    faults.http_503_next = 1
    with pytest.raises(aiohttp.ClientResponseError):
        await bot.text("挂了")
    faults.deliver_but_fail_next = 1
    with pytest.raises(aiohttp.ClientConnectionError):
        await bot.text("到了却没有回音")
    faults.deliver_but_fail_next, faults.fail_how = 1, "500"
    with pytest.raises(aiohttp.ClientResponseError):
        await bot.text("到了却报错")
    assert [seen.text for seen in lisi.seen] == ["到了却没有回音", "到了却报错"]
    faults.cut = True
    with pytest.raises(aiohttp.ClientConnectionError):
        await bot.text("断网")
    faults.cut = False
    assert (await bot.text("恢复"))["errcode"] == 0


async def test_a_call_that_hangs_and_is_given_up_never_happened(bot: Bot, server: WecomServer) -> None:
    await bot.get_token()
    server.faults.hang_next = 0.3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bot.text("等不及")
    await asyncio.sleep(0.4)
    assert server.phones["lisi"].seen == []
    server.faults.hang_next = 0.01
    assert (await bot.text("等到了"))["errcode"] == 0


async def test_the_wire_shows_calls_without_secrets(bot: Bot, server: WecomServer) -> None:
    await bot.text("在吗")
    told = json.dumps([[entry.what, entry.sent] for entry in server.wire], ensure_ascii=False)
    assert "在吗" in told
    assert server.secret not in told
    assert [entry.what for entry in server.wire] == ["GET /cgi-bin/gettoken", "POST /cgi-bin/message/send"]
