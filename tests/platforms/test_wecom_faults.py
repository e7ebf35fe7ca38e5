"""Tokens and failures: one fetch for all, one renewal, never a loop; every failure says who waits and how long."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.platform import SendFailed, Wide
from bot.wecom import api
from bot.wecom.faults import TABLE, failed
from bot.wecom.platform import WecomPlatform
from tests.platforms.wecom_kit import Rig, card, rig, settings, text


@pytest.fixture
async def world() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


async def refusal(world: Rig) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await world.bot.send(text("lisi", "你好"))
    return caught.value


def tokens_asked(world: Rig) -> int:
    return len(world.sim.wire.of("gettoken"))


async def test_many_sends_at_once_fetch_one_token(world: Rig) -> None:
    world.sim.faults.latency = 0.02
    await asyncio.gather(*(world.bot.send(text("lisi", "你好", n)) for n in range(20)))
    assert tokens_asked(world) == 1
    assert world.lisi.count("你好") == 20


async def test_a_token_that_was_taken_back_is_renewed_once(world: Rig) -> None:
    await world.bot.send(text("lisi", "一"))
    world.sim.lose_tokens()
    await asyncio.gather(*(world.bot.send(text("lisi", "二", n)) for n in range(2, 12)))
    assert tokens_asked(world) == 2
    assert world.lisi.count("二") == 10


async def test_a_token_is_renewed_before_it_ends(world: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.wecom.api.LEAST", 0)  # a token of seconds is not waited for elsewhere
    world.sim.token_life = 2.5
    await world.bot.send(text("lisi", "一"))
    await world.bot.send(text("lisi", "二", 2))
    assert tokens_asked(world) == 1
    await asyncio.sleep(1.1)
    await world.bot.send(text("lisi", "三", 3))
    assert tokens_asked(world) == 2
    assert {entry.answer["errcode"] for entry in world.sim.wire.of("message/send")} == {0}


async def test_tokens_that_never_hold_are_not_asked_for_again_and_again(world: Rig) -> None:
    world.sim.faults.lose_tokens_next = 1000
    failure = await refusal(world)
    assert (failure.retry, failure.wide, failure.after) == (True, Wide.APP, 60)
    assert tokens_asked(world) == 2
    assert len(world.sim.wire.of("message/send")) == 2


@pytest.mark.parametrize("code", [40001, 40013, 40091])
async def test_wrong_credentials_stop_the_app_before_the_ip_is_banned(world: Rig, code: int) -> None:
    world.sim.faults.fail_next = [(code, "invalid credential", "gettoken")]
    for _ in range(30):
        failure = await refusal(world)
        assert (failure.retry, failure.after, failure.wide) == (True, 600, Wide.APP)
        assert "secret" in failure.reason
    assert tokens_asked(world) == 1
    assert (await world.bot.check())[0].state == "ok"  # the admin has put it right and looks
    await world.bot.send(text("lisi", "好了"))


async def test_a_wrong_secret_is_found_out(world: Rig) -> None:
    bot = WecomPlatform(
        settings(world.sim.url, secret="wrong-secret"), world.shared, world.now, lambda *_: None
    )
    try:
        with pytest.raises(SendFailed, match="40001") as caught:
            await bot.send(text("lisi", "你好"))
        assert "wrong-secret" not in str(caught.value)
        assert caught.value.wide is Wide.APP
        check = (await bot.check())[0]
        assert (check.state, bool(check.fix)) == ("fail", True)
        await world.bot.send(text("lisi", "别的应用不受影响"))
    finally:
        await bot.stop()


async def test_an_untrusted_address_is_named(world: Rig) -> None:
    world.sim.faults.untrusted_ip = True
    failure = await refusal(world)
    assert failure.reason == "服务器 IP 127.0.0.1 不在应用的「企业可信IP」里（60020）"
    assert (failure.retry, failure.wide) == (True, Wide.APP)


async def test_a_rate_limit_pauses_the_app(world: Rig) -> None:
    world.sim.faults.fail_next = [(45009, "api freq out of limit", "message/send")]
    failure = await refusal(world)
    assert (failure.retry, failure.after, failure.wide, failure.code) == (True, 60, Wide.APP, "45009")


async def test_an_unreachable_wecom_is_tried_again_and_nothing_is_in_doubt(world: Rig) -> None:
    bot = WecomPlatform(settings("http://127.0.0.1:9"), world.shared, world.now, lambda *_: None)
    try:
        with pytest.raises(SendFailed) as caught:
            await bot.send(text("lisi", "你好"))
    finally:
        await bot.stop()
    assert (caught.value.retry, caught.value.unknown, caught.value.wide) == (True, False, Wide.APP)


async def test_silence_leaves_it_open_whether_it_arrived(world: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.bot.send(text("lisi", "一"))
    monkeypatch.setattr(api, "TIMEOUT", api.aiohttp.ClientTimeout(total=0.1))
    world.sim.faults.hang_next = 0.4
    failure = await refusal(world)
    assert (failure.retry, failure.unknown) == (True, True)


async def test_a_broken_line_and_a_broken_server(world: Rig) -> None:
    await world.bot.send(text("lisi", "一"))
    world.sim.faults.cut = True
    failure = await refusal(world)
    assert (failure.retry, failure.unknown) == (True, True)
    world.sim.faults.cut, world.sim.faults.http_503_next = False, 1
    failure = await refusal(world)
    assert (failure.retry, failure.unknown) == (True, True)
    await world.bot.send(text("lisi", "又好了", 9))


async def test_no_secret_and_no_token_in_any_text(world: Rig) -> None:
    with capture_logs() as logs:
        said = []
        for fault in ("cut", "untrusted_ip", "503"):
            world.sim.faults.cut = fault == "cut"
            world.sim.faults.untrusted_ip = fault == "untrusted_ip"
            world.sim.faults.http_503_next = int(fault == "503")
            failure = await refusal(world)
            said += [repr(failure), failure.reason, repr(failure.__cause__)]
        await world.sim.verify_callback("signature")
    whole = " ".join(said) + repr(logs)
    assert logs
    assert "sim-wecom-secret" not in whole
    assert "TOKEN" not in whole


@pytest.mark.parametrize("code", sorted(TABLE))
def test_every_known_error_has_a_chinese_reason(code: int) -> None:
    failure = failed(code, "x, from ip: 10.0.0.1, more info at https://open.work.weixin.qq.com")
    assert any("一" <= letter <= "鿿" for letter in failure.reason)
    assert failure.code == str(code)
    assert failure.retry or failure.after is None


def test_an_unknown_error_is_tried_again() -> None:
    assert failed(123456).retry


async def test_a_card_that_wecom_does_not_like_is_not_sent_again(world: Rig) -> None:
    world.sim.faults.fail_next = [(42038, "invalid button", "message/send")]
    with pytest.raises(SendFailed) as caught:
        await world.bot.send(replace(card("lisi"), id=3))
    assert not caught.value.retry
