"""How the simulated WeCom calls back: verification, verbs as XML, deadline and retries, duplicates, passive replies."""

import asyncio
import json
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from sim.phone import Gone, Phone
from sim.wecom_crypto import decrypt, encrypt, sign
from sim.wecom_server import WecomServer

ROOT = Path(__file__).parents[2]


class Receiver:
    """A bot's callback page: collects the plain XML, answers as told."""

    def __init__(self, server: WecomServer) -> None:
        self.server = server
        self.got: list[ElementTree.Element] = []
        self.envelopes: list[str] = []
        self.nonces: list[str] = []
        self.statuses: list[int] = []  # used up one by one, then 200
        self.pauses: list[float] = []
        self.reply = ""
        self.echo_suffix = ""

    async def handle(self, request: web.Request) -> web.Response:
        query = request.query
        sealed = query.get("echostr") or (await request.text()).split("<Encrypt><![CDATA[")[1].split("]]>")[0]
        signature = sign(self.server.token, query["timestamp"], query["nonce"], sealed)
        if signature != query["msg_signature"]:
            return web.Response(status=403)
        try:
            text = decrypt(self.server.aes_key, sealed, self.server.corp_id)
        except ValueError:
            return web.Response(status=403)
        if self.pauses:
            await asyncio.sleep(self.pauses.pop(0))
        if request.method == "GET":
            return web.Response(text=text + self.echo_suffix)
        self.envelopes.append(await request.text())
        self.nonces.append(query["nonce"])
        self.got.append(ElementTree.fromstring(text))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, text=self.reply)

    def last(self, path: str) -> str | None:
        return self.got[-1].findtext(path)

    def texts(self) -> list[str | None]:
        return [message.findtext("Content") for message in self.got]

    def seal(self, plain: str) -> str:
        """An encrypted passive reply."""
        sealed = encrypt(self.server.aes_key, plain, self.server.corp_id)
        signature = sign(self.server.token, "1767225602", "n", sealed)
        return (
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            "<TimeStamp>1767225602</TimeStamp><Nonce><![CDATA[n]]></Nonce></xml>"
        )


@pytest.fixture
async def server() -> AsyncIterator[WecomServer]:
    server = WecomServer()
    await server.start()
    server.retry_pause = 0.0
    server.person("lisi", "李四")
    yield server
    await server.stop()


@pytest.fixture
async def bot(server: WecomServer) -> AsyncIterator[Receiver]:
    receiver = Receiver(server)
    app = web.Application()
    app.router.add_route("*", "/wecom/callback", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.callback_url = f"http://127.0.0.1:{runner.addresses[0][1]}/wecom/callback"
    yield receiver
    await runner.cleanup()


@pytest.fixture
def lisi(server: WecomServer) -> Phone:
    return server.phones["lisi"]


async def call(server: WecomServer, path: str, body: dict[str, object]) -> dict[str, str]:
    async with aiohttp.ClientSession() as http:
        query = f"corpid={server.corp_id}&corpsecret={server.secret}"
        async with http.get(f"{server.url}/cgi-bin/gettoken?{query}") as answer:
            token = (await answer.json())["access_token"]
        raw = json.dumps(body, ensure_ascii=False).encode()
        async with http.post(f"{server.url}/cgi-bin/{path}?access_token={token}", data=raw) as answer:
            found: dict[str, str] = await answer.json()
    assert found["errcode"] == 0, found
    return found


async def card(server: WecomServer, task_id: str, **fields: object) -> dict[str, str]:
    shown = {"task_id": task_id, "main_title": {"title": "更新跟进"}} | fields
    body = {"touser": "lisi", "msgtype": "template_card", "agentid": 1000002, "template_card": shown}
    return await call(server, "message/send", body)


BUTTONS = {
    "card_type": "button_interaction",
    "button_list": [{"text": "我来跟", "key": "claim"}, {"type": 1, "text": "详情", "url": "https://a.cn"}],
}
OPTIONS = [{"id": "call", "text": "电话"}, {"id": "visit", "text": "拜访"}]


async def test_verification_wants_the_echo_byte_for_byte_within_a_second(
    server: WecomServer, bot: Receiver
) -> None:
    assert await server.verify_callback()
    assert not await server.verify_callback("signature")
    assert not await server.verify_callback("receiveid")
    bot.echo_suffix = "\n"
    assert not await server.verify_callback()
    bot.echo_suffix, bot.pauses = "", [1.2]
    assert not await server.verify_callback()
    server.callback_url = "http://127.0.0.1:9/"
    assert not await server.verify_callback()


async def test_a_text_arrives_encrypted_with_the_app_in_the_envelope(bot: Receiver, lisi: Phone) -> None:
    await lisi.says("同步至CRM 李四 ]]> 13800138000")
    assert bot.last("MsgType") == "text"
    assert bot.last("Content") == "同步至CRM 李四 ]]> 13800138000"
    assert (bot.last("FromUserName"), bot.last("ToUserName"), bot.last("AgentID")) == (
        "lisi",
        "wwsim",
        "1000002",
    )
    assert "<AgentID><![CDATA[1000002]]></AgentID>" in bot.envelopes[0]
    assert lisi.seen[0].mine
    await lisi.says("再来")
    first, second = (message.findtext("MsgId") for message in bot.got)
    assert first != second


async def test_every_other_verb_as_wecom_tells_it(server: WecomServer, bot: Receiver, lisi: Phone) -> None:
    await lisi.speaks("客户说下周二")
    assert (bot.last("MsgType"), bot.last("Format")) == ("voice", "amr")
    assert "客户说下周二" not in ElementTree.tostring(bot.got[-1], encoding="unicode")
    await lisi.sends_picture()
    assert bot.last("MsgType") == "image"
    assert str(bot.last("MediaId")) in server.media
    await lisi.does("link", title="名片", url="https://a.cn", description="")
    assert (bot.last("MsgType"), bot.last("Title")) == ("link", "名片")
    await lisi.does("location", lat=31.5, lon=120.3, label="无锡")
    assert (bot.last("Location_X"), bot.last("AppType")) == ("31.5", "wxwork")
    await lisi.enters()
    assert (bot.last("Event"), bot.last("EventKey")) == ("enter_agent", "")
    await lisi.taps_menu("cmd:/今日")
    assert (bot.last("Event"), bot.last("EventKey")) == ("click", "cmd:/今日")
    await lisi.does("unsubscribe")
    assert bot.last("Event") == "unsubscribe"
    assert server.member("lisi") is None
    await lisi.does("subscribe")
    assert server.member("lisi") is not None


async def test_files_and_merged_records_never_reach_a_self_built_app(
    server: WecomServer, bot: Receiver, lisi: Phone
) -> None:
    await lisi.forwards([("王女士", "报价多少")])
    await lisi.sends_file("a.pdf", b"x")
    assert bot.got == []
    assert [entry.what for entry in server.wire] == ["not delivered: forward", "not delivered: file"]


async def test_a_published_menu_has_only_its_entries(server: WecomServer, bot: Receiver, lisi: Phone) -> None:
    server.menu = {
        "button": [
            {"type": "click", "name": "今日", "key": "/今日"},
            {"name": "更多", "sub_button": [{"type": "view", "name": "CRM", "url": "https://a.cn"}]},
        ]
    }
    await lisi.taps_menu("/今日")
    await lisi.taps_menu("https://a.cn")
    assert [message.findtext("Event") for message in bot.got] == ["click", "view"]
    with pytest.raises(Gone, match="/别的"):
        await lisi.taps_menu("/别的")


async def test_a_click_brings_a_fresh_code_that_updates_the_card(
    server: WecomServer, bot: Receiver, lisi: Phone
) -> None:
    first = await card(server, "lead-42@1", **BUTTONS)
    await lisi.clicks("我来跟", times=2)
    assert [message.findtext("EventKey") for message in bot.got] == ["claim", "claim"]
    codes = {message.findtext("ResponseCode") for message in bot.got} | {first["response_code"]}
    assert len(codes) == 3
    assert (bot.last("Event"), bot.last("TaskId"), bot.last("CardType"), bot.last("AgentID")) == (
        "template_card_event",
        "lead-42@1",
        "button_interaction",
        "1000002",
    )
    assert bot.got[-1].find("SelectedItems") is None
    grey = {"userids": ["lisi"], "agentid": 1000002, "response_code": bot.last("ResponseCode")}
    await call(server, "message/update_template_card", grey | {"button": {"replace_name": "已认领"}})
    seen = lisi.seen[-1]
    assert seen.button("我来跟") is None
    with pytest.raises(Gone):
        await lisi.clicks("我来跟")
    await lisi.presses_anyway(seen, "claim")  # an old client still shows the button
    assert len(bot.got) == 3
    await lisi.clicks("详情")  # opens a page, tells nobody
    assert len(bot.got) == 3


async def test_selections_travel_as_single_and_repeated_elements(
    server: WecomServer, bot: Receiver, lisi: Phone
) -> None:
    await card(
        server,
        "m-1",
        card_type="multiple_interaction",
        select_list=[{"question_key": "way", "title": "方式", "option_list": OPTIONS}],
        submit_button={"text": "提交", "key": "go"},
    )
    lisi.chooses("方式", "拜访")
    await lisi.clicks("提交")
    items = bot.got[-1].findall("SelectedItems/SelectedItem")
    assert [(i.findtext("QuestionKey"), i.findtext("OptionIds/OptionId")) for i in items] == [
        ("way", "visit")
    ]
    ticks = [option | {"is_checked": option["id"] == "call"} for option in OPTIONS]
    await card(
        server,
        "v-1",
        card_type="vote_interaction",
        checkbox={"question_key": "who", "mode": 1, "option_list": ticks},
        submit_button={"text": "提交", "key": "go"},
    )
    lisi.chooses("更新跟进", "拜访")
    await lisi.clicks("提交")
    assert [o.text for o in bot.got[-1].iterfind("SelectedItems/SelectedItem/OptionIds/OptionId")] == [
        "call",
        "visit",
    ]


async def test_the_card_menu_and_the_older_spelling(server: WecomServer, bot: Receiver, lisi: Phone) -> None:
    server.faults.agent_id_spelling = "AgentId"
    await card(
        server,
        "n-1",
        card_type="text_notice",
        card_action={"type": 1, "url": "https://a.cn"},
        action_menu={"action_list": [{"text": "不再提醒", "key": "mute"}]},
    )
    await lisi.clicks("不再提醒")
    assert (bot.last("Event"), bot.last("EventKey")) == ("template_card_menu_event", "mute")
    assert (bot.last("AgentID"), bot.last("AgentId")) == (None, "1000002")


async def test_customer_events_come_from_sys_without_an_app(server: WecomServer, bot: Receiver) -> None:
    await server.customer("lisi", "woA", state="expo-qr-7")
    await server.customer("lisi", "woB", state="expo-qr-7")
    assert [message.findtext("FromUserName") for message in bot.got] == ["sys", "sys"]
    assert [message.findtext("ExternalUserID") for message in bot.got] == ["woA", "woB"]
    assert (bot.last("ChangeType"), bot.last("State")) == ("add_external_contact", "expo-qr-7")
    assert bot.last("WelcomeCode") in server.welcomes
    assert all("AgentID" not in envelope for envelope in bot.envelopes)
    await server.customer("lisi", "woA", "del_follow_user")
    assert bot.last("ChangeType") == "del_follow_user"
    assert server.customers["woA"].follow == {}


async def test_an_error_is_retried_three_times_with_new_nonces(
    server: WecomServer, bot: Receiver, lisi: Phone
) -> None:
    bot.statuses = [500, 502]
    await lisi.says("重试")
    assert len(bot.got) == 3
    assert len(set(bot.nonces)) == 3
    assert len({message.findtext("MsgId") for message in bot.got}) == 1
    bot.statuses = [500] * 9
    await lisi.says("放弃")
    assert len(bot.got) == 3 + 4
    assert server.wire[-1].what == "given up"


async def test_a_status_is_not_retried_when_the_other_page_is_right(
    server: WecomServer, bot: Receiver, lisi: Phone
) -> None:
    server.retry_on_status = False
    bot.statuses = [500]
    await lisi.says("一次")
    assert len(bot.got) == 1
    assert server.delivered() == []


async def test_no_answer_in_time_is_retried(server: WecomServer, bot: Receiver, lisi: Phone) -> None:
    server.deadline, server.retry_on_status = 0.1, False
    bot.pauses = [0.5]
    await lisi.says("太慢")
    assert len(server.delivered()) == 1
    assert [entry.status for entry in server.wire] == [0, 200]
    server.callback_url = "http://127.0.0.1:9/"
    await lisi.says("没人")
    assert [entry.status for entry in server.wire][2:] == [0, 0, 0, 0, 0]  # 1 + 3 and the note


async def test_duplicates_late_ones_and_the_wrong_order(
    server: WecomServer, bot: Receiver, lisi: Phone
) -> None:
    server.deadline = 5.0  # a busy machine must not look like a bot that does not answer
    server.faults.duplicate_callbacks = True
    await lisi.says("两遍")
    assert bot.texts() == ["两遍", "两遍"]
    assert len(set(bot.nonces)) == 2
    server.faults.duplicate_callbacks = False
    server.faults.hold = 3
    for text in "一二三":
        await lisi.says(text)
    assert bot.texts()[2:] == ["三", "二", "一"]
    server.faults.hold = 2
    await lisi.says("压着")
    assert len(bot.got) == 5
    await server.release()
    assert bot.texts()[5:] == ["压着"]
    server.faults.hold, server.faults.late = 0, 0.15
    started = asyncio.get_running_loop().time()
    await lisi.says("迟到")
    assert asyncio.get_running_loop().time() - started >= 0.14


async def test_passive_replies_show_where_wecom_shows_them(
    server: WecomServer, bot: Receiver, lisi: Phone
) -> None:
    head = (
        "<ToUserName>lisi</ToUserName><FromUserName>wwsim</FromUserName><CreateTime>1767225602</CreateTime>"
    )
    bot.reply = bot.seal(f"<xml>{head}<MsgType>text</MsgType><Content>已记录</Content></xml>")
    await lisi.says("记一下")
    assert lisi.seen[-1].text == "已记录"
    await card(server, "lead-1", **BUTTONS)
    grey = "<MsgType>update_button</MsgType><Button><ReplaceName>已认领</ReplaceName></Button>"
    bot.reply = bot.seal(f"<xml>{head}{grey}</xml>")
    await lisi.clicks("我来跟")
    assert lisi.seen[-1].button("我来跟") is not None
    assert server.wire[-1].what == "passive card update ignored"
    server.honour_passive_update = True
    await lisi.clicks("我来跟")
    assert lisi.seen[-1].button("我来跟") is None
    bot.reply = "好的"
    await lisi.says("乱答")
    assert "bad passive reply" in server.wire[-1].what
    bot.reply = "success"
    await lisi.says("无事")
    assert server.wire[-1].status == 200


async def test_the_controls_do_by_http_what_tests_do_by_hand(server: WecomServer, bot: Receiver) -> None:
    async with aiohttp.ClientSession(base_url=server.url) as http:

        async def post(path: str, **body: object) -> tuple[int, dict[str, object]]:
            async with http.post(f"/_sim/{path}", json=body) as answer:
                return answer.status, await answer.json()

        assert (await post("people", user="wang", name="王五", position="经理"))[0] == 201
        stream = await http.get("/_sim/events")
        assert await stream.content.readline() == b": hello\n"
        assert (await post("phone/wang/say", text="在吗"))[1]["ok"]
        assert bot.texts() == ["在吗"]
        await stream.content.readline()
        told = json.loads((await stream.content.readline()).removeprefix(b"data: "))
        assert (told["user"], told["seen"]["text"], told["seen"]["mine"]) == ("wang", "在吗", True)
        stream.close()
        body = {"touser": "wang", "msgtype": "text", "agentid": 1000002, "text": {"content": "在"}}
        await call(server, "message/send", body)
        async with http.get("/_sim/phone/wang?after=1") as answer:
            assert [row["text"] for row in await answer.json()] == ["在"]
        assert (await post("phone/wang/click", label="没有"))[0] == 409
        assert (await post("phone/nobody/say", text="x"))[0] == 404
        assert (await post("phone/wang/forward", lines=[["王女士", "报价"]]))[0] == 200
        assert (await post("faults", drop_next=2, fail_next=[[45009, "慢"]]))[1]["drop_next"] == 2
        assert server.faults.fail_next == [(45009, "慢")]
        assert (await post("faults", reset=True))[1]["drop_next"] == 0
        assert (await post("faults", typo=1))[0] == 400
        assert (await post("clock", skew=60))[0] == 200
        assert server.skew == 60
        assert (await post("verify"))[1] == {"ok": True}
        async with http.get("/_sim/wire?after=1") as answer:
            wire = await answer.json()
        assert "not delivered: forward" in [entry["what"] for entry in wire]
        assert (await post("callback_url", url="http://127.0.0.1:9/"))[0] == 200
        assert (await post("verify"))[1] == {"ok": False}


def test_it_runs_alone_and_ends_on_sigterm(tmp_path: Path) -> None:
    scenario = tmp_path / "people.json"
    scenario.write_text('{"people": [{"user": "lisi", "name": "李四"}]}', encoding="utf-8")
    command = [sys.executable, "-m", "sim.wecom_server", "--port", "0", "--scenario", str(scenario)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        told = json.loads(run.stdout.readline())
        assert told["url"].startswith("http://127.0.0.1:")
        assert told["corp_id"] == "wwsim"
        run.send_signal(signal.SIGTERM)
        _, errors = run.communicate(timeout=10)
    assert (run.returncode, errors) == (0, "")
