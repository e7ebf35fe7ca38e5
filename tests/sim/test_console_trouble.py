"""The console's fault panel, the bot's process, the customers in WeChat, and time that runs fast or goes to a date."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from sim.console_bot import Bot, NoAnswer
from sim.console_clock import ZONE
from sim.console_faults import LISTS, Kind
from tests.sim.console_kit import Desk, desk
from tests.sim.dingtalk_bot import Bot as DingBot


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path / "ahead") as one:
        yield one


# what can be broken -----------------------------------------------------------------------------------------------


async def test_every_trouble_breaks_something_and_is_mended_again(here: Desk) -> None:
    await here.page.listen()
    assert here.console.aibot is not None
    sims = {"wecom": here.console.wecom, "wecom_aibot": here.console.aibot, "dingtalk": here.console.dingtalk}
    for platform, sim in sims.items():
        whole = type(sim.faults)()
        for trouble in LISTS[platform]:
            if not trouble.field:
                continue
            ask = {"platform": platform, "id": trouble.id, "on": True}
            status, told = await here.page.post("/api/faults", ask)
            assert (status, told["standing"][platform]) == (200, {trouble.id: 1})
            assert sim.faults != whole, trouble.id
            if trouble.kind is Kind.NEXT:
                _, told = await here.page.post("/api/faults", ask)
                assert told["standing"][platform] == {trouble.id: 2}
            await here.page.post("/api/faults", ask | {"on": False})
            assert sim.faults == whole, trouble.id
    await here.page.post("/api/faults", {"platform": "wecom", "id": "cut", "on": True})
    await here.page.hears("faults", '"cut": 1')
    _, told = await here.page.post("/api/faults", {"mend": "all"})
    assert told["standing"] == {"wecom": {}, "wecom_aibot": {}, "dingtalk": {}, "wechat": {}}


async def test_what_is_no_trouble_is_refused(here: Desk) -> None:
    for wrong in ({}, {"platform": "wecom", "id": "fire", "on": True}, {"platform": "sms", "id": "cut", "on": True},
                  {"platform": "wecom", "id": "cut", "on": "yes"}):  # fmt: skip
        status, told = await here.page.post("/api/faults", wrong)
        assert (status, bool(told["error"])) == (409, True), wrong


async def test_the_stream_is_cut_at_once(here: Desk) -> None:
    ding = here.console.dingtalk
    link = await DingBot(ding, here.page.session).link()
    assert len(ding.connections) == 1
    await here.page.post("/api/faults", {"platform": "dingtalk", "id": "stream", "on": True})
    assert ding.connections == []
    link.task.cancel()
    await asyncio.gather(link.task, return_exceptions=True)


async def test_the_ledger_says_what_the_bot_believes_and_beside_it_what_is_true(here: Desk) -> None:
    came = await here.wecom_sends("WangLei", "text", {"content": "到了"})
    await here.page.post("/api/faults", {"platform": "wecom", "id": "drop", "on": True})
    lost = await here.wecom_sends("WangLei", "text", {"content": "丢了"})
    row = {"platform": "wecom", "way": "text", "ledger": "accepted"}
    here.bot.ledger = [
        row | {"ref": lost["msgid"]},
        row | {"ref": came["msgid"]},
        row | {"way": "update", "ref": ""},
        row | {"platform": "canary", "ref": "canary-1"},
    ]
    _, told = await here.page.get("/api/ledger")
    assert [one["on_phone"] for one in told["rows"]] == [False, True, None, None]
    await here.bot.stop()
    status, told = await here.page.get("/api/ledger")
    assert (status, told["rows"]) == (200, [])
    assert "没有应答" in told["why"]


# the bot's process ------------------------------------------------------------------------------------------------


def test_a_kill_is_a_real_one_and_can_be_held(tmp_path: Path) -> None:
    file = tmp_path / "bot.pid"
    bot = Bot("", "", file)
    with pytest.raises(NoAnswer, match="进程号"):
        bot.kill(stay=False)
    assert not bot.held
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        file.write_text(f"{process.pid}\n")
        assert bot.pid == process.pid
        assert bot.kill(stay=True) == process.pid
        assert process.wait(10) == -9
    assert bot.held
    bot.revive()
    assert not bot.held
    with pytest.raises(NoAnswer, match="不在了"):
        bot.kill(stay=False)


async def test_the_page_cannot_kill_what_nobody_named(here: Desk) -> None:
    status, told = await here.page.post("/api/bot", {"do": "kill"})
    assert status == 503
    assert "进程号" in told["error"]
    status, _ = await here.page.post("/api/bot", {"do": "dance"})
    assert status == 409


# customers --------------------------------------------------------------------------------------------------------


async def test_a_customers_chat_has_two_sides_and_no_bot(here: Desk) -> None:
    status, state = await here.page.get("/api/state")
    assert status == 200
    (customer,) = state["customers"]
    assert (customer["name"], customer["rep"]) == ("陈立", "王磊")
    say = f"/api/wechat/{customer['chats'][0]['user']}/say"
    await here.page.post(say, {"text": "样品到了吗"})
    await here.page.post(say, {"text": "下午到", "as": "王磊"})
    _, told = await here.page.get(f"/api/wechat/{customer['chats'][0]['user']}/messages")
    assert [(row["raw"]["speaker"], row["mine"]) for row in told["rows"][-2:]] == [
        ("陈立", True),
        ("王磊", False),
    ]
    assert [row["text"] for row in told["rows"][:1]] == [
        "你好，我是宁波恒达汽配有限公司的陈立，想询一款液压阀块"
    ]
    assert not [entry for entry in here.console.wecom.wire if "样品到了吗" in str(entry.sent)]


# time -------------------------------------------------------------------------------------------------------------


async def test_time_goes_to_a_day_and_never_back(here: Desk) -> None:
    goal = datetime.fromtimestamp(here.console.travel.now() + 3 * 86_400, ZONE).replace(
        second=0, microsecond=0
    )
    here.bot.timers = [3600.0]
    status, told = await here.page.post("/api/clock", {"to": goal.strftime("%Y-%m-%dT%H:%M")})
    assert status == 200
    assert told["now"] == pytest.approx(goal.timestamp(), abs=5)
    assert [timer for timer, _ in here.bot.fired] == [3600.0], "what was due on the way happened on the way"
    for wrong in ("2020-01-01T09:00", "tomorrow", "2099-01-01T09:00"):
        status, told = await here.page.post("/api/clock", {"to": wrong})
        assert (status, bool(told["error"])) == (400, True), wrong


async def test_time_runs_fast_until_it_is_told_not_to(here: Desk) -> None:
    await here.page.listen()
    status, told = await here.page.post("/api/clock", {"rate": 60})
    assert (status, told["rate"]) == (200, 60)
    await here.page.hears("clock", '"rate": 60', '"ahead": 59')  # after a second: two steps of 29.5
    await here.page.post("/api/clock", {"rate": 1})
    stood = here.console.travel.ahead
    await asyncio.sleep(0.7)
    assert here.console.travel.ahead == stood
    assert (await here.page.post("/api/clock", {"rate": 0}))[0] == 400
    await here.page.post("/api/clock", {"rate": 60})
    await here.page.post("/api/clock", {"to": "real"})
    assert (here.console.travel.rate, here.console.travel.ahead) == (1, 0.0)


async def test_time_waits_for_a_bot_that_is_away(here: Desk) -> None:
    port = here.bot.port
    await here.page.post("/api/clock", {"rate": 60})
    await here.bot.stop()
    await asyncio.sleep(0.6)
    stood = here.console.travel.ahead
    await asyncio.sleep(0.6)
    assert here.console.travel.ahead == stood
    await here.bot.start(port)
    async with asyncio.timeout(5):
        while here.console.travel.ahead == stood:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
