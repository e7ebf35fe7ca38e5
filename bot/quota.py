"""What a platform bills by the month or caps by the day: counted here, kept in SQL, warned of at 80 %. Then only what is
essential goes out (by the month), or several messages become one (by the day)."""

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
    """Counters of all platforms: by the month (protocol dingtalk 11.1), by the day (wecom 4.1)."""

    def __init__(self, db: Database, zone: ZoneInfo) -> None:
        self._db, self._zone = db, zone
        self._fresh: Counter[tuple[str, str]] = Counter()
        self._used: dict[tuple[str, str], int] = {}
        self._month = self._day = ""
        self._limits: dict[tuple[str, str], int] = {}
        self._daily: frozenset[tuple[str, str]] = frozenset()

    def watch(self, platforms: Sequence[Platform]) -> None:
        """Learns the platforms' limits."""
        by_month = {(p.name, name): limit for p in platforms for name, limit in p.limits.monthly.items()}
        by_day = {(p.name, name): limit for p in platforms for name, limit in p.limits.daily.items()}
        self._limits, self._daily = by_month | by_day, frozenset(by_day)

    def meter(self, platform: str) -> Meter:
        """The counter to hand to a platform: meter("api", 1)."""

        def count(name: str, n: int) -> None:
            self._fresh[platform, name] += n

        return count

    async def load(self, now: datetime) -> None:
        """Reads this month's and this day's figures."""
        self._month, self._day = month_of(now, self._zone), day_of(now, self._zone)
        async with self._db.read() as tx:
            self._used = {**await usage.of(tx, self._month), **await usage.of(tx, self._day)}

    def saving(self, platform: Platform) -> bool:
        """Whether only essential messages should go out on this platform now."""
        return any(
            limit and self.used(platform.name, name) >= WARN_AT * limit
            for name, limit in platform.limits.monthly.items()
        )

    def tight(self, platform: Platform) -> bool:
        """Whether the day's messages there are nearly used up: several to one person should become one."""
        return self.gone_today(platform) >= WARN_AT

    def gone_today(self, platform: Platform) -> float:
        """Which part of the day's cap is gone, 0 where there is none."""
        caps = platform.limits.daily.items()
        return max((self.used(platform.name, name) / limit for name, limit in caps if limit), default=0.0)

    def used(self, platform: str, name: str) -> int:
        """How much of this month's quota, or of this day's cap, is gone."""
        return self._used.get((platform, name), 0) + self._fresh[platform, name]

    def limit(self, platform: str, name: str) -> int:
        """The limit, 0 for none."""
        return self._limits.get((platform, name), 0)

    async def flush(self, now: datetime) -> None:
        """Writes what was counted since the last time; warns once per month and limit. Called every few seconds:
        a kill loses some counts, never a message."""
        self._turn(now)
        fresh, self._fresh = self._fresh, Counter()
        if not fresh:
            return
        try:
            async with self._db.write(durable=False) as tx:
                totals = {
                    key: await usage.add(tx, key[0], self._period(key), key[1], n)
                    for key, n in sorted(fresh.items())
                }
                for (platform, name), total in totals.items():
                    await self._warn(tx, platform, name, total, now)
                reach(At.COUNTERS_WRITTEN)
        except BaseException:
            self._fresh.update(fresh)
            raise
        self._used.update(totals)

    def _turn(self, now: datetime) -> None:
        """With a new month or day its counters begin at nothing."""
        month, day = month_of(now, self._zone), day_of(now, self._zone)
        if month != self._month:
            self._used = {key: n for key, n in self._used.items() if key in self._daily}
        if day != self._day:
            self._used = {key: n for key, n in self._used.items() if key not in self._daily}
        self._month, self._day = month, day

    def _period(self, key: tuple[str, str]) -> str:
        return self._day if key in self._daily else self._month

    async def _warn(self, tx: Tx, platform: str, name: str, total: int, now: datetime) -> None:
        limit, daily = self._limits.get((platform, name), 0), (platform, name) in self._daily
        period = self._period((platform, name))
        if not limit or total < WARN_AT * limit or not await usage.first_warning(tx, platform, period, name):
            return
        when, then = ("今天", "同时要发给一个人的几条合成一条") if daily else ("本月", "只发必要消息")
        text = f"{platform} {when}{NAMES.get(name, name)}已用 {total}/{limit}，之后{then}。"
        alert = Alert(platform, f"{'day' if daily else 'quota'}.{name}", text, now)
        event = Incoming(f"quota:{platform}:{name}:{period}", f"alert:{platform}", alert)
        await inbox.take(tx, [event], now, encode=encode)


def month_of(now: datetime, zone: ZoneInfo) -> str:
    """How a month's counters are kept: "2026-11"."""
    return now.astimezone(zone).strftime("%Y-%m")


def day_of(now: datetime, zone: ZoneInfo) -> str:
    """How a day's counters are kept: "D261122"."""
    return now.astimezone(zone).strftime("D%y%m%d")


NAMES = {"api": " API 调用", "push": "推送", "recipients": "发送人次"}
