"""The browser console: the page, its live stream, what people press, pick and say, the wire, the clock."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from sim.console_clock import ZONE, next_morning
from sim.console_feed import wire_rows
from sim.people import FIRM, read, write
from sim.phone import Seen
from tests.sim.console_kit import CARD, Desk, desk
from tests.sim.dingtalk_bot import Bot as DingBot

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "sim" / "static"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "ahead") as one:
        yield one


# the page ---------------------------------------------------------------------------------------------------------


async def test_the_page_and_all_it_needs_come_from_here_alone(here: Desk) -> None:
    session = here.page.session
    async with session.get(here.page.url) as answer:
        page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "default-src 'none'" in policy
    wanted = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    for script in STATIC.glob("*.js"):
        text = script.read_text(encoding="utf-8")
        wanted |= {f"/static/{name}" for name in re.findall(r'from "\./([\w.]+)"', text)}
    assert {"/static/main.js", "/static/console.css", "/static/phone.js"} <= wanted
    for address in sorted(wanted):
        async with session.get(here.page.url + address) as answer:
            assert (answer.status, address) == (200, address)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    named = {
        host
        for path in STATIC.iterdir()
        for host in re.findall(r"(?:https?:)?//([\w-]+\.[\w.-]+)", path.read_text(encoding="utf-8"))
    }
    assert named <= {"www.w3.org"}, "only the namespace of SVG may be named"
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page), "the policy would block it"


async def test_what_is_not_an_asset_is_not_served(here: Desk) -> None:
    for path in ("/static/console.py", "/static/../people.py", "/static/none.js", "/static/..%2fpeople.py"):
        async with here.page.session.get(here.page.url + path) as answer:
            assert (answer.status, path) == (404, path)


async def test_the_state_names_people_on_both_platforms(here: Desk) -> None:
    status, state = await here.page.get("/api/state")
    assert status == 200
    assert [platform["name"] for platform in state["platforms"]] == ["企业微信", "钉钉"]
    for platform in state["platforms"]:
        assert [(p["id"], p["name"], p["title"]) for p in platform["people"]] == [
            ("wanglei", "王磊", "销售"), ("liqian", "李倩", "销售"), ("zhangmin", "张敏", "主管"), ("zhougong", "周工", "管理员"),
            ("chenting", "陈婷", "客服"),
        ]  # fmt: skip


async def test_other_sites_cannot_act_through_the_browser(here: Desk) -> None:
    say = "/api/wecom/WangLei/say"
    status, _ = await here.page.post(say, {"text": "hi"}, Origin="https://evil.example")
    assert status == 403
    async with here.page.session.post(here.page.url + say, data=b'{"text": "hi"}') as answer:
        assert answer.status == 415
    assert here.console.wecom.phones["WangLei"].seen == []
    status, _ = await here.page.post(say, {"text": "hi"}, Origin=here.page.url)
    assert status == 200


# people and the live stream ---------------------------------------------------------------------------------------


async def test_what_is_said_and_answered_shows_up_live(here: Desk) -> None:
    await here.page.listen()
    status, done = await here.page.post("/api/wecom/WangLei/say", {"text": "你好\n第二行"})
    assert (status, done["problem"]) == (200, "")
    mine = await here.page.hears("seen", "第二行")
    assert (mine["platform"], mine["user"], mine["seen"]["mine"]) == ("wecom", "WangLei", True)
    assert len(here.bot.callbacks) == 1
    await here.wecom_sends("WangLei", "text", {"content": "在的"})
    answer = await here.page.hears("seen", "在的")
    assert answer["seen"]["n"] == 2
    assert not answer["seen"]["mine"]
    wire = await here.page.hears("wire", "message/send")
    row = next(row for row in wire if "message/send" in row["what"])
    assert row["sent"]["body"]["text"] == {"content": "在的"}
    assert row["status"] == 200


async def test_a_page_that_opens_later_learns_where_everything_stands(here: Desk) -> None:
    await here.wecom_sends("LiQian", "text", {"content": "早上好"})
    await here.page.listen()
    hello = await here.page.hears("hello")
    assert hello["phones"]["wecom"]["LiQian"]["total"] == 1
    assert hello["phones"]["dingtalk"]["liqian02"]["total"] == 0
    await here.page.hears("bot", '"up": true')
    await here.page.hears("clock", '"busy": false')
    here.console.wecom.menu = {"button": [{"type": "click", "name": "今日", "key": "cmd:/今日"}]}
    assert (await here.page.hears("menu", "今日"))[0]["key"] == "cmd:/今日"
    status, _ = await here.page.post("/api/wecom/LiQian/menu", {"key": "cmd:/今日"})
    assert status == 200
    assert len(here.console.wecom.wire.of("callback click")) == 1


async def test_wecom_buttons_and_drop_downs_reach_the_bot(here: Desk) -> None:
    await here.wecom_sends("WangLei", "template_card", CARD)
    card = (await here.page.get("/api/wecom/WangLei/messages"))[1]["rows"][0]
    assert [press["label"] for press in card["buttons"]] == ["开始跟进", "转给同事"]
    pick = card["picks"][0]
    ids = [option for option, _ in pick["options"]]
    status, _ = await here.page.post(
        "/api/wecom/WangLei/choose", {"n": card["n"], "key": pick["key"], "ids": [ids[1]]}
    )
    assert status == 200
    status, done = await here.page.post("/api/wecom/WangLei/click", {"n": card["n"], "key": "start:1"})
    assert (status, done["problem"]) == (200, "")
    (entry,) = here.console.wecom.wire.of("template_card_event")
    assert "<EventKey><![CDATA[start:1]]>" in entry.sent
    assert "<OptionId><![CDATA[away]]>" in entry.sent


async def test_impossible_choices_are_refused_with_a_sentence(here: Desk) -> None:
    await here.wecom_sends("WangLei", "template_card", CARD)
    phone = "/api/wecom/WangLei"
    for path, body in (
        (f"{phone}/choose", {"n": 1, "key": "why", "ids": ["nothing"]}),
        (f"{phone}/choose", {"n": 1, "key": "why", "ids": ["busy", "away"]}),
        (f"{phone}/choose", {"n": 7, "key": "why", "ids": []}),
        (f"{phone}/click", {"n": 1, "label": "没有这个按钮"}),
        (f"{phone}/say", {"text": "  "}),
        (f"{phone}/dance", {}),
        ("/api/dingtalk/nobody/say", {"text": "hi"}),
    ):
        status, told = await here.page.post(path, body)
        assert (status, bool(told["error"])) == (409, True), path
    assert here.bot.callbacks == []


async def test_dingtalk_buttons_reach_the_bot_and_the_card_changes_in_place(here: Desk) -> None:
    app = DingBot(here.console.dingtalk, here.page.session)
    link = await app.link()
    await here.page.listen()
    try:
        await app.card(
            "track-1", "wanglei01", [{"text": "存为新客户", "id": "Save:7", "color": "blue", "request": True}]
        )
        card = (await here.page.hears("seen", "存为新客户"))["seen"]
        changed = {"cardUpdateOptions": {"updateCardDataByKey": True}, "cardData": {"cardParamMap": {"title": "已存"}}}  # fmt: skip
        link.answer = lambda frame: {"response": changed}
        status, _ = await here.page.post("/api/dingtalk/wanglei01/click", {"n": card["n"], "key": "Save:7"})
        assert status == 200
        assert "Save:7" in (await link.next())["content"]
        again = (await here.page.hears("seen", "已存"))["seen"]
        assert (again["n"], again["updates"]) == (card["n"], 1)
    finally:
        await link.ws.close()
        await asyncio.gather(link.task, return_exceptions=True)


async def test_a_chat_record_is_forwarded_on_dingtalk_and_explained_on_wecom(here: Desk) -> None:
    app = DingBot(here.console.dingtalk, here.page.session)
    link = await app.link()
    lines = [["陈工", "要两台"], ["王磊", "好"]]
    try:
        status, done = await here.page.post("/api/dingtalk/wanglei01/forward", {"lines": lines})
        assert (status, done["problem"]) == (200, "")
        assert "要两台" in (await link.next())["content"]["chatRecord"]
        await here.page.post("/api/dingtalk/wanglei01/voice", {"text": "我到客户楼下了", "seconds": 5})
        assert (await link.next())["content"]["recognition"] == "我到客户楼下了"
    finally:
        await link.ws.close()
        await asyncio.gather(link.task, return_exceptions=True)
    _, done = await here.page.post("/api/wecom/WangLei/forward", {"lines": lines})
    assert "平台限制" in done["problem"]
    _, done = await here.page.post("/api/wecom/WangLei/voice", {"text": "我到客户楼下了", "seconds": 5})
    assert done["problem"] == ""
    assert here.console.wecom.phones["WangLei"].seen[-1].text == "[语音] 我到客户楼下了"
    assert "我到客户楼下了" not in here.console.wecom.wire.of("callback voice")[0].sent


async def test_a_bot_that_is_away_is_told_to_the_person_who_waits(here: Desk) -> None:
    await here.bot.stop()
    _, done = await here.page.post("/api/wecom/WangLei/say", {"text": "在吗"})
    assert done["problem"].startswith("没有送达")
    _, done = await here.page.post("/api/dingtalk/wanglei01/say", {"text": "在吗"})
    assert done["problem"].startswith("没有送达")
    assert (await here.page.post("/api/lead", {"name": "陈工"}))[0] == 503
    await here.page.listen()
    await here.page.hears("bot", '"up": false')


async def test_a_file_can_be_downloaded_under_its_name(here: Desk) -> None:
    phone = here.console.dingtalk.phones["wanglei01"]
    await phone.show(Seen(0, "file", "失效案例集.pdf", 0.0, file=b"%PDF-1.7 pages"))
    async with here.page.session.get(f"{here.page.url}/api/dingtalk/wanglei01/file/1") as answer:
        assert await answer.read() == b"%PDF-1.7 pages"
        assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E5%A4%B1")
        assert answer.content_type == "application/octet-stream"
    async with here.page.session.get(f"{here.page.url}/api/dingtalk/wanglei01/file/2") as answer:
        assert answer.status == 409


async def test_ten_thousand_messages_come_in_pages(here: Desk) -> None:
    phone = here.console.wecom.phones["WangLei"]
    for n in range(10_000):
        await phone.show(Seen(0, "text", f"第 {n + 1} 条", float(n)))
    began = time.perf_counter()
    _, newest = await here.page.get("/api/wecom/WangLei/messages?limit=200")
    _, before = await here.page.get("/api/wecom/WangLei/messages?limit=200&before=9801")
    _, oldest = await here.page.get("/api/wecom/WangLei/messages?limit=200&before=2")
    assert time.perf_counter() - began < 2.0
    assert newest["total"] == 10_000
    assert [newest["rows"][0]["n"], newest["rows"][-1]["n"]] == [9801, 10_000]
    assert [before["rows"][0]["n"], before["rows"][-1]["n"]] == [9601, 9800]
    assert [row["n"] for row in oldest["rows"]] == [1]


# enquiries, wire, time --------------------------------------------------------------------------------------------


async def test_each_message_has_its_own_requests_and_answers(here: Desk) -> None:
    async def wire(path: str) -> list[tuple[str, str]]:
        status, told = await here.page.get(path)
        assert status == 200
        return [(row["way"], row["what"]) for row in told["rows"]]

    await here.page.post("/api/wecom/WangLei/say", {"text": "你好"})
    await here.wecom_sends("LiQian", "text", {"content": "别人的"})
    await here.wecom_sends("WangLei", "template_card", CARD)
    await here.page.post("/api/wecom/WangLei/click", {"n": 2, "key": "start:1"})
    assert await wire("/api/wecom/WangLei/wire/1") == [("out", "callback text")]
    sent = ("in", "POST /cgi-bin/message/send")
    assert await wire("/api/wecom/WangLei/wire/2") == [sent, ("out", "callback template_card_event")]
    assert await wire("/api/wecom/LiQian/wire/1") == [sent]
    assert (await here.page.get("/api/wecom/WangLei/wire/3"))[0] == 409


async def test_frames_and_their_answers_belong_to_the_message_on_dingtalk(here: Desk) -> None:
    app = DingBot(here.console.dingtalk, here.page.session)
    link = await app.link()
    try:
        await here.page.post("/api/dingtalk/wanglei01/say", {"text": "你好"})
        await link.next()
        await app.card(
            "track-1", "wanglei01", [{"text": "存", "id": "Save:7", "color": "blue", "request": True}]
        )
        await here.page.post("/api/dingtalk/wanglei01/click", {"n": 2, "key": "Save:7"})
        whats = []
        for n in (1, 2):
            rows = (await here.page.get(f"/api/dingtalk/wanglei01/wire/{n}"))[1]["rows"]
            whats.append([row["what"].rpartition("/")[2] for row in rows])
        assert whats[0] == ["get", "ack"]
        assert [whats[1][0], *whats[1][-2:]] == ["createAndDeliver", "callback", "ack"]
    finally:
        await link.ws.close()
        await asyncio.gather(link.task, return_exceptions=True)


async def test_an_enquiry_goes_through_the_bots_api_with_the_token(here: Desk) -> None:
    fields = {"name": "陈工", "phone": "13912345678", "company": "宁波恒达汽配有限公司"}
    for _ in range(2):
        status, told = await here.page.post("/api/lead", fields)
        assert (status, told) == (200, {"status": 201, "answer": {"id": "L-1001"}})
    assert [sent for _, sent in here.bot.enquiries] == [fields, fields]
    assert len({key for key, _ in here.bot.enquiries}) == 2, "two presses are two enquiries"


async def test_the_wire_panel_cuts_what_is_too_long_for_a_page(here: Desk) -> None:
    wire = here.console.wecom.wire
    wire.log("in", "POST /cgi-bin/long", {"body": {"text": "x" * 50_000, "list": [b"123"]}}, {"errcode": 0})
    for n in range(5):
        wire.log("note", f"note {n}", at=time.time() + n)
    (row,) = [row for row in wire_rows(here.console.sims, {}, 100) if row["what"].endswith("long")]
    assert len(json.dumps(row)) < 8000
    assert row["sent"]["body"]["list"] == ["<3 bytes>"]
    assert [row["what"] for row in wire_rows(here.console.sims, {}, 2)] == ["note 3", "note 4"]


async def test_time_passes_timer_by_timer_for_the_bot_and_both_platforms(here: Desk) -> None:
    here.bot.timers = [7200.0, 14_400.0, 99_999.0]
    status, told = await here.page.post("/api/clock", {"pass_seconds": 14_500})
    assert status == 200
    assert told["ahead"] == pytest.approx(14_500)
    assert [timer for timer, _ in here.bot.fired] == [7200.0, 14_400.0]
    assert all(at - timer < 1.0 for timer, at in here.bot.fired), "each fired in its own time"
    assert here.bot.timers == [99_999.0]
    assert here.console.wecom.skew == here.console.dingtalk.skew == pytest.approx(14_500)
    _, told = await here.page.post("/api/clock", {"to": "real"})
    assert (told["ahead"], here.bot.ahead, here.console.wecom.skew) == (0.0, 0.0, 0.0)


async def test_a_bot_that_was_started_anew_is_told_the_time(here: Desk, tmp_path: Path) -> None:
    await here.page.post("/api/clock", {"pass_seconds": 1800})
    assert float((tmp_path / "ahead").read_text()) == pytest.approx(1800)
    port = here.bot.port
    await here.bot.stop()
    async with asyncio.timeout(5):
        while here.console.bot.up:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    here.bot.ahead = 0.0
    await here.bot.start(port)
    async with asyncio.timeout(5):
        while here.bot.ahead == 0.0:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert here.bot.ahead == pytest.approx(1800)


async def test_a_console_that_was_started_anew_goes_on_where_time_stood(tmp_path: Path) -> None:
    (tmp_path / "ahead").write_text("7200.0\n")
    async with desk(tmp_path / "ahead") as one:
        assert one.console.wecom.skew == one.console.dingtalk.skew == 7200.0
        assert (await one.page.get("/api/clock"))[1]["ahead"] == 7200.0


async def test_time_that_cannot_pass_says_why(here: Desk) -> None:
    for body in ({"pass_seconds": -5}, {"pass_seconds": 1e12}, {"to": "yesterday"}, {"pass_seconds": "1"}):
        status, told = await here.page.post("/api/clock", body)
        assert status in (400, 409)
        assert told["error"]
    here.bot.clock = False
    status, told = await here.page.post("/api/clock", {"pass_seconds": 60})
    assert status == 503
    assert "GENJIN_DEV_CLOCK" in told["error"]


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-11-23 07:00", "2026-11-23 08:45"),  # Monday, early
        ("2026-11-23 10:00", "2026-11-24 08:45"),
        ("2026-11-20 18:00", "2026-11-23 08:45"),  # Friday evening
        ("2026-02-13 18:00", "2026-02-14 08:45"),  # the Saturday is worked
        ("2026-02-14 18:00", "2026-02-24 08:45"),  # Spring Festival
        ("2099-01-02 18:00", "2099-01-05 08:45"),  # a year without a table
    ],
)
def test_the_next_working_morning(now: str, morning: str) -> None:
    start = datetime.fromisoformat(now).replace(tzinfo=ZONE).timestamp()
    assert datetime.fromtimestamp(next_morning(start), ZONE).strftime("%Y-%m-%d %H:%M") == morning


# the program ------------------------------------------------------------------------------------------------------


def test_people_are_written_and_read(tmp_path: Path) -> None:
    write(tmp_path / "people.json", FIRM)
    assert read(tmp_path / "people.json") == FIRM
    for text in ("[]", '{"people": []}', '{"people": [{"id": "x"}]}', "{"):
        (tmp_path / "people.json").write_text(text)
        with pytest.raises(ValueError, match=r"\S"):
            read(tmp_path / "people.json")


def _program(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sim.console", *words]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


async def test_the_program_says_when_it_is_ready_and_stops_cleanly() -> None:
    program = _program("--port", "0", "--wecom-port", "0", "--dingtalk-port", "0", "--aibot-port", "0")
    assert program.stdout is not None
    try:
        told = json.loads(await asyncio.to_thread(program.stdout.readline))
        async with aiohttp.ClientSession() as session, session.get(f"{told['url']}/api/state") as answer:
            assert answer.status == 200
        assert told["people"] == [person.id for person in FIRM]
        program.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(program.wait, 20) == 0
    finally:
        program.kill()
        _, errors = program.communicate()
    assert errors == ""


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        program = _program("--port", port, "--wecom-port", "0", "--dingtalk-port", "0", "--aibot-port", "0")
        _, errors = program.communicate(timeout=60)
    assert program.returncode == 2
    assert errors.startswith("端口不能用")
    assert "Traceback" not in errors
