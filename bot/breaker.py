"""When a platform is left alone: it said so, or nothing gets through. Then one message tries before all go on.

Protocol references: WeCom 45009 "lasts as long as its window", -1 "busy"; DingTalk QpsLimit "1 s, then exponential",
500/504 "at most three tries". So a pause grows while it helps nothing, and a platform that is too busy is not asked by
every message in turn.
"""

import random
from dataclasses import dataclass

from bot.clock import Clock
from bot.platform import SendFailed, Shared, Wide

OUTAGE = 4
"""After so many failures without a success the platform is taken to be out of order, not the messages."""
AWAY = 30.0
"""Seconds that a platform which does not answer is left alone at most."""
SLOW, STRICT = 60.0, 600.0
"""Seconds to which a pause that the platform asked for grows: one of seconds, one of minutes."""
TRYING = 15_000
"""Milliseconds in which the one message that tries has its answer, or another may try."""
TOLD_FROM = 5.0
"""Seconds from which a pause is told to the other replicas."""
LONGEST = 32 * 86_400_000
"""Milliseconds: no pause is longer than a month's quota."""
BURST, REFILL = 20.0, 0.5
"""Retries that a platform gets at once, and a second, however little goes through."""


@dataclass
class _State:
    """One platform as this replica sees it."""

    until: int = 0  # ms: nothing is sent before
    trips: int = 0  # pauses since something went through
    streak: int = 0  # failures since something went through
    trying: str = ""  # whose message tries
    trying_until: int = 0
    retries: float = BURST
    refilled: int = 0
    looked: int = 0  # ms: when the other replicas' word was looked at


class Breaker:
    """The pauses of all platforms. What it knows may be lost at any time: that costs a few tries."""

    def __init__(self, clock: Clock, shared: Shared, retry_share: float) -> None:
        """`retry_share`: retries that each message which goes through makes room for (the retry budget)."""
        self._clock, self._shared, self._share = clock, shared, retry_share
        self._states: dict[str, _State] = {}

    def _of(self, platform: str) -> _State:
        return self._states.setdefault(platform, _State(refilled=self._clock.ms()))

    def until(self, platform: str) -> int:
        """The ms of the clock before which nothing is sent there, as far as is known here."""
        return self._of(platform).until

    async def may(self, platform: str, who: str, *, again: bool = False) -> int:
        """0: send. Else the ms of the clock at which to ask again. `who`: the lane; `again`: it was tried before."""
        state, now = self._of(platform), self._clock.ms()
        if now - state.looked >= 1000:
            state.looked = now
            await self._hear(platform, state, now)
        if state.until > now:
            return state.until
        if state.trips:
            if state.trying not in ("", who) and state.trying_until > now:
                return now + int(random.uniform(500, 1500))
            state.trying, state.trying_until = who, now + TRYING
            return 0
        if again and not self._affords(state, now):
            return now + int(1000 / REFILL)
        return 0

    def _affords(self, state: _State, now: int) -> bool:
        """Takes a retry out of the budget, when there is one."""
        state.retries = min(BURST, state.retries + max(0, now - state.refilled) / 1000 * REFILL)
        state.refilled = now
        if state.retries < 1:
            return False
        state.retries -= 1
        return True

    def steps_back(self, platform: str, who: str) -> None:
        """Whoever was to try does not send now: another may."""
        state = self._of(platform)
        if state.trying == who:
            state.trying = ""

    def went(self, platform: str) -> None:
        """The platform took a message, or refused this one for good: it is there."""
        state = self._of(platform)
        state.trips = state.streak = 0
        state.trying = ""
        state.retries = min(BURST, state.retries + self._share)

    async def failed(self, platform: str, failed: SendFailed) -> bool:
        """Notes a failure that may be tried again. Returns whether it counts against its message: what the platform
        says of the whole app, and an outage, do not."""
        state = self._of(platform)
        # several that were on their way fail together: one pause; and one of them that goes well ends the count before it
        before = max(0, state.trips - (state.until > self._clock.ms()))
        if failed.wide is Wide.APP:
            await self._trip(platform, state, _grown(failed, before))
            return False
        if failed.code and not failed.busy:  # it answered, about this very message
            state.trips = state.streak = 0
            state.trying = ""
            return True
        state.streak += 1
        if state.streak < OUTAGE and not state.trips:
            return True
        await self._trip(platform, state, growing(max(failed.after or 0.5, 0.5), before, AWAY))
        return False

    async def _trip(self, platform: str, state: _State, seconds: float) -> None:
        now = self._clock.ms()
        if state.until <= now:
            state.trips += 1
        state.trying = ""
        state.until = max(state.until, now + int(seconds * 1000))
        if seconds >= TOLD_FROM:
            await self._shared.put(_key(platform), str(state.until), seconds)

    async def _hear(self, platform: str, state: _State, now: int) -> None:
        """What another replica learned. A value that is none is nobody's word."""
        said = await self._shared.get(_key(platform))
        until = int(said) if said and len(said) < 20 and said.isascii() and said.isdigit() else 0
        if max(now, state.until) < until < now + LONGEST:
            state.until, state.trips = until, max(1, state.trips)


def _key(platform: str) -> str:
    return f"pause:{platform}"


def _grown(failed: SendFailed, trips: int) -> float:
    """Seconds of the next pause: what was asked for, doubled for each time that it did not help."""
    asked = 30.0 if failed.after is None else failed.after
    return growing(asked, trips, AWAY if not failed.code else SLOW if asked < SLOW else STRICT)


def back_off(failed: SendFailed, attempts: int) -> float:
    """Seconds until this very message may be tried again, having been tried `attempts` times before."""
    asked = 0.5 if failed.after is None else failed.after
    return growing(asked, attempts, SLOW if asked < SLOW else STRICT)


def growing(asked: float, times: int, most: float) -> float:
    """`asked` seconds, doubled `times` times up to `most`; never less than asked for."""
    return max(asked, min(most, asked * float(1 << min(times, 10))))
