"""The AI bot's chat on the console's WeCom phone: arrival, cards, presses, its ledger, its troubles."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.sim.console_kit import CARD, Desk, connected, desk

CHAT = "/api/wecom_aibot/WangLei"


@pytest.fixture
async def here() -> AsyncIterator[Desk]:
    async with desk() as one:
        yield one


async def test_both_chats_are_on_one_phone(here: Desk) -> None:
    _, state = await here.page.get("/api/state")
    wecom, dingtalk = state["platforms"]
    assert wecom["people"][0]["chats"] == [
        {"surface": "wecom", "user": "WangLei"}, {"surface": "wecom_aibot", "user": "WangLei"},
    ]  # fmt: skip
    assert dingtalk["people"][0]["chats"] == [{"surface": "dingtalk", "user": "wanglei01"}]
    assert state["links"] == {"dingtalk": False, "wecom_aibot": False}
    assert state["names"]["wecom_aibot"] == "智能机器人"


async def test_arrival_words_cards_and_presses_go_over_the_long_connection(here: Desk) -> None:
    await here.page.listen()
    async with connected(here):
        await here.page.hears("links", '"wecom_aibot": true')
        await here.page.post(f"{CHAT}/enter", {})
        await here.page.hears("seen", "欢迎")
        status, done = await here.page.post(f"{CHAT}/say", {"text": "有新线索吗"})
        assert (status, done["problem"]) == (200, "")
        card = (await here.page.hears("seen", "新线索 L-1001"))["seen"]
        assert (card["kind"], card["track"]) == ("card", CARD["task_id"])
        await here.page.post(f"{CHAT}/click", {"n": card["n"], "key": "start:1"})
        await here.page.hears("seen", "已开始", f'"n": {card["n"]}')
        _, told = await here.page.get(f"{CHAT}/wire/{card['n']}")
        assert [row["what"] for row in told["rows"]] == [
            "aibot_respond_msg", "callback template_card_event", "aibot_respond_update_msg",
        ]  # fmt: skip
        row = {"platform": "wecom_aibot", "way": "card", "ledger": "accepted", "ref": "aibot-7"}
        here.bot.ledger = [
            row | {"track": CARD["task_id"]},
            row | {"track": "lost@1"},
            row | {"way": "text", "track": ""},
        ]
        _, told = await here.page.get("/api/ledger")
        assert [one["on_phone"] for one in told["rows"]] == [True, False, None]
    await here.page.hears("links", '"wecom_aibot": false')


async def test_a_cut_connection_loses_words_and_a_kick_is_told_to_the_bot(here: Desk) -> None:
    await here.page.listen()
    async with connected(here) as bot:
        await here.page.post("/api/faults", {"platform": "wecom_aibot", "id": "kick", "on": True})
        async with asyncio.timeout(5):
            while not bot.kicked:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    _, done = await here.page.post(f"{CHAT}/say", {"text": "有人吗"})
    assert done["problem"] == "没有送达：机器人没有连上"
    await here.page.post("/api/faults", {"platform": "wecom_aibot", "id": "cut", "on": True})
    with pytest.raises(aiohttp.ClientError):
        async with connected(here):
            pass
    _, done = await here.page.post(f"{CHAT}/forward", {"lines": [["陈工", "要两台"]]})
    assert "智能机器人" in done["problem"]
