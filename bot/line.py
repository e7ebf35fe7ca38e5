"""Whose turn it is when a platform takes no more messages a second than it does: everybody who waits has a time of their own."""

from bot.clock import Clock
from bot.platform import Shared

PATIENCE = 60_000
"""Milliseconds for which a digest lets cards pass; then it takes a place like them."""


class Line:
    """A platform's cap on messages a second, shared out in the order in which people came.

    Were whoever comes too early only told how long the bucket needs for one token, all would come back at that moment,
    for one token: claims and releases by the hundred a second. So each is given the next free moment, and whoever comes
    anew while others wait stands behind them.
    """

    def __init__(self, clock: Clock, shared: Shared) -> None:
        self._clock, self._shared = clock, shared
        self._end: dict[str, float] = {}  # platform → ms of the next moment that is nobody's
        self._turns: dict[tuple[str, str], float] = {}  # platform and who waits → ms of their turn
        self._patient: dict[tuple[str, str], float] = {}  # who lets others pass → ms until when

    async def turn(
        self, platform: str, who: str, per_second: float, *, first: bool = False, last: bool = False
    ) -> int:
        """0: send now (a token was taken). Else the ms of the clock at which to come again. `first`: passes those who
        wait; `last`: takes no place while others wait, for at most PATIENCE."""
        now, key = self._clock.ms(), (platform, who)
        mine = self._turns.get(key)
        end = self._end.get(platform, 0.0)
        if last and mine is None and end > now and now < self._patient.setdefault(key, now + PATIENCE):
            return int(end) + 1
        self._patient.pop(key, None)
        if not first:
            if mine is None and self._end.get(platform, 0.0) > now:
                mine = self._last(platform, now, per_second)
                self._turns[key] = mine
            if mine is not None and mine > now:
                return int(mine) + 1
        wait = await self._shared.take(platform, per_second, per_second)
        if not wait:
            if not first:  # an alarm leaves the place to what waits behind it
                self._turns.pop(key, None)
            return 0
        soon = now + wait * 1000
        # whoever had a place keeps it: other replicas were faster
        mine = self._last(platform, soon, per_second) if mine is None else soon
        self._turns[key] = mine
        return int(mine) + 1

    def _last(self, platform: str, at_least: float, per_second: float) -> float:
        """The next moment that is nobody's, taken."""
        turn = max(self._end.get(platform, 0.0), at_least)
        self._end[platform] = turn + 1000 / per_second
        return turn
