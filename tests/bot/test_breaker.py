"""When a platform is left alone, who tries first when it may be back, and how many retries it gets."""

import pytest

from bot.breaker import AWAY, BURST, OUTAGE, STRICT, Breaker, back_off
from bot.clock import Clock
from bot.platform import SendFailed, Wide
from store.cache import LocalShared

SILENT = SendFailed("没有回答", retry=True, unknown=True)
BUSY = SendFailed("繁忙（-1）", retry=True, after=5, code="-1", busy=True)
LIMITED = SendFailed("限流（45009）", retry=True, after=60, wide=Wide.APP, code="45009")
THIS_ONE = SendFailed("格式不对", retry=True, code="40058")


class Machine(Clock):
    """A clock whose machine time is set by hand."""

    at = 1_000_000

    def ms(self) -> int:
        return self.at


@pytest.fixture
def machine() -> Machine:
    return Machine()


def breaker(machine: Machine, shared: LocalShared | None = None) -> Breaker:
    return Breaker(machine, shared or LocalShared(), 0.2)


async def test_the_first_failures_count_against_their_messages_an_outage_against_none(
    machine: Machine,
) -> None:
    one = breaker(machine)
    said = [await one.failed("wecom", failed) for failed in (SILENT, BUSY, SILENT, BUSY, SILENT)]
    assert said == [True] * (OUTAGE - 1) + [False, False]
    assert one.until("wecom") > machine.at
    assert one.until("dingtalk") == 0, "the other platform goes on"


async def test_what_fails_in_a_pause_after_something_went_begins_the_count_anew(machine: Machine) -> None:
    one = breaker(machine)
    await one.failed("wecom", LIMITED)
    one.went("wecom")  # it was on its way when the pause began
    assert not await one.failed("wecom", LIMITED)
    assert one.until("wecom") == machine.at + 60_000


async def test_what_the_platform_says_about_one_message_ends_an_outage_and_counts(machine: Machine) -> None:
    one = breaker(machine)
    for _ in range(OUTAGE - 1):
        await one.failed("wecom", SILENT)
    assert await one.failed("wecom", THIS_ONE)
    assert await one.failed("wecom", SILENT), "the row of failures began anew"
    assert one.until("wecom") == 0


@pytest.mark.parametrize(
    ("failed", "most"),
    [
        (SILENT, AWAY),
        (LIMITED, STRICT),
        (SendFailed("限流", retry=True, after=1, wide=Wide.APP, code="QpsLimit"), 60),
        (SendFailed("IP", retry=True, after=900, wide=Wide.APP, code="60020"), 900),
    ],
)
async def test_a_pause_grows_while_it_helps_nothing_and_ends_growing(
    machine: Machine, failed: SendFailed, most: float
) -> None:
    one = breaker(machine)
    pauses = list[float]()
    for _ in range(OUTAGE + 14):
        await one.failed("wecom", failed)
        if one.until("wecom") > machine.at:
            pauses.append((one.until("wecom") - machine.at) / 1000)
            machine.at = one.until("wecom")
    assert pauses == sorted(pauses)
    assert pauses[0] == (failed.after or 0.5)
    assert pauses[-1] == most
    one.went("wecom")
    await one.failed("wecom", LIMITED)
    assert one.until("wecom") - machine.at == 60_000, "what went through made it new"


async def test_after_a_pause_one_tries_and_the_others_go_when_it_went_through(machine: Machine) -> None:
    one = breaker(machine)
    await one.failed("wecom", LIMITED)
    assert await one.may("wecom", "m:a") == one.until("wecom")
    machine.at = one.until("wecom")
    assert await one.may("wecom", "m:a") == 0
    assert await one.may("wecom", "m:b") > machine.at, "one is enough to try"
    assert await one.may("wecom", "m:a") == 0
    one.steps_back("wecom", "m:a")
    assert await one.may("wecom", "m:b") == 0, "m:a may not send now, so m:b tries"
    machine.at += 15_001
    assert await one.may("wecom", "m:c") == 0, "whoever had no answer for so long holds up nobody"
    one.went("wecom")
    assert [await one.may("wecom", who) for who in ("m:a", "m:b", "m:d")] == [0, 0, 0]


async def test_several_that_fail_together_are_one_pause(machine: Machine) -> None:
    one = breaker(machine)
    for _ in range(30):
        await one.failed("wecom", LIMITED)
    assert one.until("wecom") - machine.at == 60_000


async def test_retries_are_a_share_of_what_goes_through(machine: Machine) -> None:
    one = breaker(machine)
    tried = 0
    while not await one.may("wecom", "m:a", again=True):
        tried += 1
    assert tried == BURST
    assert await one.may("wecom", "m:a", again=True) > machine.at
    assert await one.may("wecom", "m:b") == 0, "what was never tried is no retry"
    for _ in range(10):
        one.went("wecom")
    machine.at += 1000
    assert [bool(await one.may("wecom", "m:a", again=True)) for _ in range(3)] == [False, False, True]


async def test_another_replica_hears_of_a_pause_and_of_no_nonsense(machine: Machine) -> None:
    shared = LocalShared()
    one, two = breaker(machine, shared), breaker(machine, shared)
    await one.failed("wecom", LIMITED)
    assert await two.may("wecom", "m:a") == one.until("wecom")
    for nonsense in ("", "soon", "-5", "٣", "9" * 30, str(machine.at + 10**12)):
        await shared.put("pause:dingtalk", nonsense, 60)
        machine.at += 1001
        assert await two.may("dingtalk", "m:a") == 0, nonsense


def test_a_message_waits_longer_each_time_but_never_less_than_it_was_told() -> None:
    assert [back_off(SILENT, n) for n in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert [back_off(BUSY, n) for n in range(5)] == [5, 10, 20, 40, 60]
    assert sum(back_off(LIMITED, n) for n in range(10)) > 3600, "ten tries outlast a window of an hour"
    assert back_off(SendFailed("回调", retry=True, after=3000, code="43012"), 5) == 3000
