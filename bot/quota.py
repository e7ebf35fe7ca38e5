"""What a platform bills by the month: counted here, kept in SQL, warned of at 80 %, then only what is essential."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.events import Alert, Incoming, encode
from bot.platform import Meter, Platform
from store import inbox, usage
from store.db import Database, Tx
from store.failpoints import At, reach

WARN_AT = 0.8


class Quota:
    """Monthly counters of all platforms (protocol dingtalk 11.1)."""

    def __init__(self, db: Database, zone: ZoneInfo) -> None:
        self._db, self._zone = db, zone
        self._fresh: Counter[tuple[str, str]] = Counter()
        self._used: dict[tuple[str, str], int] = {}
        self._month = ""
        self._limits: dict[tuple[str, str], int] = {}

    def watch(self, platforms: Sequence[Platform]) -> None:
        """Learns the platforms' monthly limits."""
        self._limits = {(p.name, name): limit for p in platforms for name, limit in p.limits.monthly.items()}

    def meter(self, platform: str) -> Meter:
        """The counter to hand to a platform: meter("api", 1)."""

        def count(name: str, n: int) -> None:
            self._fresh[platform, name] += n

        return count

    async def load(self, now: datetime) -> None:
        """Reads this month's figures."""
        self._month = now.astimezone(self._zone).strftime("%Y-%m")
        async with self._db.read() as tx:
            self._used = await usage.of_month(tx, self._month)

    def saving(self, platform: Platform) -> bool:
        """Whether only essential messages should go out on this platform now."""
        return any(
            limit and self.used(platform.name, name) >= WARN_AT * limit
            for name, limit in platform.limits.monthly.items()
        )

    def used(self, platform: str, name: str) -> int:
        """How much of this month's quota is gone."""
        return self._used.get((platform, name), 0) + self._fresh[platform, name]

    def limit(self, platform: str, name: str) -> int:
        """The monthly limit, 0 for none."""
        return self._limits.get((platform, name), 0)

    async def flush(self, now: datetime) -> None:
        """Writes what was counted since the last time; warns once per month and limit. Called every few seconds:
        a kill loses some counts, never a message."""
        month = now.astimezone(self._zone).strftime("%Y-%m")
        if month != self._month:
            self._month, self._used = month, {}
        fresh, self._fresh = self._fresh, Counter()
        if not fresh:
            return
        try:
            async with self._db.write(durable=False) as tx:
                totals = {
                    key: await usage.add(tx, key[0], month, key[1], n) for key, n in sorted(fresh.items())
                }
                for (platform, name), total in totals.items():
                    await self._warn(tx, platform, name, total, month, now)
                reach(At.COUNTERS_WRITTEN)
        except BaseException:
            self._fresh.update(fresh)
            raise
        self._used.update(totals)

    async def _warn(self, tx: Tx, platform: str, name: str, total: int, month: str, now: datetime) -> None:
        limit = self._limits.get((platform, name), 0)
        if not limit or total < WARN_AT * limit or not await usage.first_warning(tx, platform, month, name):
            return
        text = f"{platform} 本月{NAMES.get(name, name)}已用 {total}/{limit}，之后只发必要消息。"
        alert = Alert(platform, f"quota.{name}", text, now)
        event = Incoming(f"quota:{platform}:{name}:{month}", f"alert:{platform}", alert)
        await inbox.take(tx, [event], now, encode=encode)


NAMES = {"api": " API 调用", "push": "推送"}
