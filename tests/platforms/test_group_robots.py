"""Group robots of both platforms over a real socket: what arrives, signatures, rates, trouble, addresses that stay secret."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.config_robots import Robot
from bot.platform import Outgoing, SendFailed, Way
from bot.robots import wire
from bot.robots.platform import RobotPlatform
from cards.card import Button, Card, Field
from sim.group_robots import GroupRobots

SECRET = "SECabc"
CARD = Card("board", "本周首触榜", lines=("1 王磊 96%", "<@all> 看"), fields=(Field("共", "12 人"),),
            buttons=(Button("看", "See:1"),))  # fmt: skip
BOTH = ("值班群", "龙虎榜")


@pytest.fixture
async def sim() -> AsyncIterator[GroupRobots]:
    server = GroupRobots()
    await server.start()
    server.person("值班群", "值班群", key="K-wecom")
    server.person("龙虎榜", "龙虎榜", kind="dingtalk", key="K-ding", secret=SECRET)
    yield server
    await server.stop()


def platform(sim: GroupRobots, *, secret: str = SECRET, ahead: timedelta = timedelta(0)) -> RobotPlatform:
    channels = (
        Robot(name="值班群", url=SecretStr(sim.address("值班群"))),
        Robot(name="龙虎榜", kind="dingtalk", url=SecretStr(sim.address("龙虎榜")), secret=SecretStr(secret)),
    )
    return RobotPlatform(channels, lambda: datetime.now(UTC) + ahead)


def text(n: int, group: str, words: str = "x") -> Outgoing:
    return Outgoing(n, Way.TEXT, group, text=words)


async def refused(bot: RobotPlatform, out: Outgoing) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        await bot.send(out)
    assert not {"K-wecom", "K-ding", SECRET, "SECwrong"} & set(str(failed.value).replace("=", " ").split())
    return failed.value


async def test_a_card_and_a_text_arrive_in_both(sim: GroupRobots) -> None:
    bot = platform(sim)
    for n, group in enumerate(BOTH):
        await bot.send(Outgoing(n, Way.CARD, group, card=CARD))
        seen = await sim.phones[group].sees("本周首触榜", "1 王磊 96%", "共：12 人")
        assert seen.buttons == []
        await bot.send(text(10 + n, group, "第一行\n第二行 *星* " + "长" * 9000))
        await sim.phones[group].sees("第一行\n第二行", "…")
    assert "<@" not in sim.phones["值班群"].seen[0].raw["markdown"]["content"]  # nobody is called
    assert [check.state for check in await bot.check()] == ["ok"]


async def test_an_answer_that_is_lost_doubles_nothing_where_the_platform_has_a_key(sim: GroupRobots) -> None:
    bot = platform(sim)
    for group in BOTH:
        sim.faults.lose_answers = 1
        failed = await refused(bot, text(7, group, "只说一次"))
        assert (failed.retry, failed.unknown) == (True, True)
        await bot.send(text(7, group, "只说一次"))
    counts = [sim.phones[group].count("只说一次") for group in BOTH]
    assert counts == [2, 1]  # WeCom's robot has no key: docs/platforms.md says so


async def test_who_says_too_much_waits_as_long_as_the_platform_says(sim: GroupRobots) -> None:
    bot = platform(sim)
    for group, code, after in (("值班群", "45009", 60), ("龙虎榜", "130101", 600)):
        for n in range(20):
            await bot.send(text(n, group))
        failed = await refused(bot, text(99, group))
        assert (failed.code, failed.retry, failed.after) == (code, True, after)
    sim.skew = 61
    await bot.send(text(100, "值班群"))
    sim.skew = 599  # DingTalk blocks for ten minutes, whatever is said meanwhile
    assert (await refused(platform(sim, ahead=timedelta(seconds=599)), text(100, "龙虎榜"))).code == "130101"
    sim.skew = 602
    await platform(sim, ahead=timedelta(seconds=602)).send(text(101, "龙虎榜"))


@pytest.mark.parametrize("state", ["off", "out", "gone"])
async def test_a_robot_that_is_no_more_is_final_and_said_in_words(sim: GroupRobots, state: str) -> None:
    bot = platform(sim)
    for group in BOTH:
        sim.robots[group].state = state
        failed = await refused(bot, text(1, group))
        assert not failed.retry
        assert failed.code in str(failed)
        assert "返回错误" not in str(failed), "the reason has words of its own"


async def test_signature_clock_and_keyword_of_dingtalk(sim: GroupRobots) -> None:
    wrong = (
        platform(sim, secret="SECwrong"),
        platform(sim, secret=""),
        platform(sim, ahead=timedelta(hours=2)),
    )
    for bot in wrong:
        failed = await refused(bot, text(1, "龙虎榜"))
        assert (failed.code, failed.retry) == ("310000", False)
    sim.robots["龙虎榜"].keyword = "跟进"
    assert (await refused(platform(sim), text(1, "龙虎榜", "别的"))).code == "310000"
    await platform(sim).send(text(1, "龙虎榜", "跟进：好了"))


async def test_a_server_that_is_away_or_busy_is_asked_again(sim: GroupRobots) -> None:
    bot = platform(sim)
    sim.faults.fail_next.append((-1, "system busy"))
    assert (await refused(bot, text(1, "值班群"))).retry
    with pytest.raises(SendFailed, match="没有「别的」"):
        await bot.send(text(1, "别的"))
    assert not (await refused(bot, Outgoing(1, Way.FILE, "值班群", file=b"x"))).retry
    sim.faults.cut = True
    assert (await refused(bot, text(1, "值班群"))).retry
    await sim.stop()
    assert (await refused(bot, text(1, "值班群"))).retry


def test_names_in_a_group_mention_nobody_and_hide_no_link() -> None:
    said = wire.Said("t", "[登录](https://evil.example) <@all> <font color=red>王磊</font> 138****5678")
    for text in (wire.wecom(said)["markdown"]["content"], wire.dingtalk(said, 1)["markdown"]["text"]):  # type: ignore[index]
        assert "](" not in text
        assert "<" not in text
        assert "138****5678" in text
