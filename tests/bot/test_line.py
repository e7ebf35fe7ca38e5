"""A platform's cap on messages a second: who waits has a moment of their own, and is not passed."""

import pytest

from bot.clock import Clock
from bot.line import Line


class Machine(Clock):
    """A clock whose machine time is set by hand."""

    at = 0

    def ms(self) -> int:
        return self.at


class Bucket:
    """A token bucket by that clock; counts how often it was asked."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.level, self.since, self.asked = machine, 0.0, 0, 0

    async def take(self, _bucket: str, per_second: float, burst: float) -> float:
        self.asked += 1
        self.level = min(burst, self.level + (self.machine.at - self.since) / 1000 * per_second)
        self.since = self.machine.at
        if self.level < 1 - 1e-6:
            return (1 - self.level) / per_second
        self.level -= 1
        return 0.0


@pytest.fixture
def machine() -> Machine:
    return Machine()


def line(machine: Machine) -> tuple[Line, Bucket]:
    bucket = Bucket(machine)
    return Line(machine, bucket), bucket  # type: ignore[arg-type]


async def test_a_hundred_who_wait_come_once_each_and_in_their_order(machine: Machine) -> None:
    queue, bucket = line(machine)
    come_at = {f"m:{n}": await queue.turn("wecom", f"m:{n}", 20) for n in range(100)}
    assert list(come_at.values()) == sorted(come_at.values()), "first come, first served"
    visits, gone = 0, list[str]()
    while come_at:
        who = min(come_at, key=lambda one: come_at[one])
        machine.at = max(machine.at, come_at.pop(who))
        visits += 1
        if at := await queue.turn("wecom", who, 20):
            come_at[who] = at
        else:
            gone.append(who)
    assert gone == [f"m:{n}" for n in range(100)]
    assert visits <= 110, "once each, not a hundred times for one token"
    assert bucket.asked <= 120
    assert 4900 <= machine.at <= 5500, "100 at 20 a second"


async def test_whoever_comes_anew_stands_behind_those_who_wait_and_an_alarm_does_not(
    machine: Machine,
) -> None:
    queue, _ = line(machine)
    first = await queue.turn("wecom", "m:a", 20)
    last = await queue.turn("wecom", "m:b", 20)
    machine.at = first
    assert await queue.turn("wecom", "m:c", 20) > last, "a token is there, and it is m:a's"
    assert await queue.turn("wecom", "m:boss", 20, first=True) == 0
    assert 0 < await queue.turn("wecom", "m:a", 20) - machine.at <= 51, "its place is next, not the last"


async def test_woken_too_early_keeps_its_moment_and_platforms_do_not_wait_for_each_other(
    machine: Machine,
) -> None:
    queue, bucket = line(machine)
    await queue.turn("wecom", "m:a", 20)
    mine = await queue.turn("wecom", "m:b", 20)
    asked = bucket.asked
    assert await queue.turn("wecom", "m:b", 20) == mine
    assert bucket.asked == asked
    bucket.level = 1
    assert await queue.turn("dingtalk", "m:b", 20) == 0


async def test_an_alarm_leaves_its_persons_place_to_what_waits(machine: Machine) -> None:
    """A place that nobody comes for would be a message a second fewer than the platform takes."""
    queue, bucket = line(machine)
    await queue.turn("wecom", "m:a", 20)
    mine = await queue.turn("wecom", "m:b", 20)
    bucket.level = 1
    assert await queue.turn("wecom", "m:b", 20, first=True) == 0
    assert await queue.turn("wecom", "m:b", 20) == mine


async def test_a_digest_lets_cards_pass_for_a_minute_and_then_takes_its_place(machine: Machine) -> None:
    queue, bucket = line(machine)
    await queue.turn("wecom", "m:a", 20)
    digest = await queue.turn("wecom", "m:digest", 20, last=True)
    card = await queue.turn("wecom", "m:card", 20)
    machine.at = digest
    assert await queue.turn("wecom", "m:digest", 20, last=True) > card, "the card came later and goes first"
    for _ in range(70):  # others come all the time
        await queue.turn("wecom", f"m:{machine.at}", 1)
        machine.at += 1000
    mine = await queue.turn("wecom", "m:digest", 20, last=True)
    await queue.turn("wecom", "m:new", 20)
    machine.at, bucket.level = mine, 1
    assert await queue.turn("wecom", "m:digest", 20, last=True) == 0
