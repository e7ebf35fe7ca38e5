"""The development clock: there only when asked for, never beside a real platform, and it moves the engine's clock."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.config import BadConfig, Config, Dingtalk, Wecom
from tests.world import World, firm
from web.dev import allowed, dev_routes
from web.errors import in_one_shape

ON = {"GENJIN_DEV_CLOCK": "1"}
LOCAL = "http://127.0.0.1:9"
SECRETS: dict[str, Any] = {
    "wecom": {"enabled": True, "corp_id": "ww1", "agent_id": 1, "secret": "s", "token": "t", "aes_key": "a" * 43},
    "dingtalk": {"enabled": True, "client_id": "ding1", "client_secret": "s"},
}  # fmt: skip


def config(platform: str, **bases: str) -> Config:
    return Config.model_validate({platform: SECRETS[platform] | bases})


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'genjin.db')}"


@pytest.fixture
async def small(database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with firm("wecom", database, tmp_path / "files") as world:
        yield world


@pytest.fixture
async def door(small: World) -> AsyncIterator[TestServer]:
    assert small.app is not None
    app = web.Application(middlewares=[in_one_shape])
    app.add_routes(dev_routes(small.app.engine, ON))
    async with TestServer(app) as server:
        yield server


async def ask(server: TestServer, method: str, body: object = None) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, server.make_url("/dev/clock"), json=body) as answer,
    ):
        return answer.status, await answer.json()


async def test_the_clock_is_set_and_jumps(small: World, door: TestServer) -> None:
    before = small.clock.now()
    status, told = await ask(door, "POST", {"ahead_seconds": 3600})
    assert (status, told["ahead_seconds"]) == (200, 3600.0)
    _, told = await ask(door, "POST", {"jump_seconds": 1800.5})
    assert told["ahead_seconds"] == 5400.5
    assert timedelta(seconds=5400) < small.clock.now() - before < timedelta(seconds=5460)
    _, told = await ask(door, "GET")
    assert told["idle"] is True
    assert told["now"].startswith(small.clock.now().isoformat()[:15])
    await ask(door, "POST", {"ahead_seconds": 0})
    assert abs(small.clock.now() - before) < timedelta(seconds=60)


async def test_it_tells_how_far_the_next_timer_is(small: World, door: TestServer) -> None:
    await small.at("2026-11-23 10:02")
    await small.api_lead()  # its first-touch clock has a mark in two working hours, at 13:32
    _, told = await ask(door, "GET")
    assert told["next_timer_seconds"] == pytest.approx(3.5 * 3600, abs=60)
    await ask(door, "POST", {"jump_seconds": told["next_timer_seconds"] + 61})  # said at the minute's end
    await small.idle()
    await small.rep.sees("已过 2 小时目标")


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"jump_seconds": "1"}, {"jump_seconds": True}, {"ahead_seconds": 1e300}, {"ahead_seconds": None},
        {"jump_seconds": 500 * 86_400},
    ],
)  # fmt: skip
async def test_what_is_no_time_is_refused(door: TestServer, body: object) -> None:
    status, told = await ask(door, "POST", body)
    assert status == 400
    assert told["error"]["message"]
    assert (await ask(door, "GET"))[1]["ahead_seconds"] == 0.0


async def test_the_ledger_is_read_newest_first(small: World, door: TestServer) -> None:
    await small.rep.says("/帮助")
    await small.idle()
    await small.api_lead()
    await small.idle()
    url = door.make_url("/dev/ledger")
    async with aiohttp.ClientSession() as session:
        async with session.get(url, params={"limit": "2"}) as answer:
            rows = (await answer.json())["rows"]
        for wrong in ("0", "x", "201", "9" * 30):
            async with session.get(url, params={"limit": wrong}) as answer:
                assert answer.status == 400, wrong
    assert len(rows) == 2
    assert rows[0]["id"] > rows[1]["id"]
    assert "新线索" in rows[0]["title"]
    assert (rows[0]["name"], rows[0]["way"], rows[0]["platform"]) == ("王磊", "card", "wecom")
    assert rows[0]["ledger"] == "accepted"
    assert rows[0]["ref"]


async def test_a_form_of_another_site_cannot_move_it(door: TestServer) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(door.make_url("/dev/clock"), data=b'{"jump_seconds": 60}') as answer,
    ):
        assert answer.status == 415


async def test_without_the_switch_there_is_no_such_route(small: World) -> None:
    assert small.app is not None
    assert dev_routes(small.app.engine, {}) == []
    assert dev_routes(small.app.engine, {"GENJIN_DEV_CLOCK": "0"}) == []


async def test_a_restart_goes_on_where_the_clock_stood(small: World) -> None:
    assert small.app is not None
    before = small.clock.now()
    assert len(dev_routes(small.app.engine, ON | {"GENJIN_DEV_CLOCK_AHEAD": "7200.5"})) == 3
    assert timedelta(seconds=7200) < small.clock.now() - before < timedelta(seconds=7260)
    for wrong in ("soon", "nan", "1e12"):
        with pytest.raises(BadConfig, match="GENJIN_DEV_CLOCK_AHEAD"):
            dev_routes(small.app.engine, ON | {"GENJIN_DEV_CLOCK_AHEAD": wrong})


def test_beside_a_real_platform_it_refuses() -> None:
    for real in (
        config("wecom"),
        config("wecom", api_base=Wecom().api_base + "/"),
        config("dingtalk", oapi_base=LOCAL),
        config("dingtalk", api_base=LOCAL, oapi_base=Dingtalk().oapi_base.upper()),
    ):
        assert allowed(real, {}) is False
        with pytest.raises(BadConfig, match="GENJIN_DEV_CLOCK"):
            allowed(real, ON)
    assert allowed(config("wecom", api_base=LOCAL), ON)
    assert allowed(config("dingtalk", api_base=LOCAL, oapi_base=LOCAL), ON)
    assert allowed(Config(), ON), "platforms that are off are not asked"
