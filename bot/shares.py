"""What a platform takes in a day is everybody's: once half of it is gone, who had more than their part is told in fewer words.

Nobody is held while there is enough for all, and alarms are never held. `Sender` asks for the pace of each recipient.
"""

from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.platform import Platform
from bot.quota import Quota
from rules.hours import midnight
from store import outbox
from store.db import Database

PACES = ((0.8, 600.0), (0.5, 60.0))
"""From how much of the day's cap on: seconds from one message to the next to somebody who had their part."""
LOOK_MS = 60_000
"""Milliseconds for which it is known who had theirs."""


class Shares:
    """Who had more than their part of this day's messages."""

    def __init__(self, db: Database, clock: Clock, quota: Quota, zone: ZoneInfo) -> None:
        self._db, self._clock, self._quota, self._zone = db, clock, quota, zone
        self._over: dict[str, frozenset[str]] = {}
        self._looked: dict[str, int] = {}

    async def pace(self, platform: Platform, member: str) -> float:
        """Seconds from one message to this member to the next, 0 for no pause."""
        gone = self._quota.gone_today(platform)
        seconds = next((pace for share, pace in PACES if gone >= share), 0.0)
        if not seconds or member.startswith("@"):
            return 0.0
        ms, name = self._clock.ms(), platform.name
        if name not in self._looked or ms - self._looked[name] >= LOOK_MS:
            self._looked[name] = ms
            self._over[name] = await self._look(platform)
        return seconds if member in self._over[name] else 0.0

    async def _look(self, platform: Platform) -> frozenset[str]:
        limit = max(platform.limits.daily.values())
        async with self._db.read(slow=True) as tx:
            return await outbox.had_more(
                tx, platform.name, midnight(self._clock.now().astimezone(self._zone)), limit
            )
