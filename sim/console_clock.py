"""Letting time pass for the bot and for all platforms together, timer by timer, as it would by itself."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar

from sim.console_bot import Bot, NoAnswer, Told
from sim.console_feed import Sim

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = (8, 45)  # before the first shift, after the quiet hours
FARTHEST = 180 * 86_400.0
STEPS = 400
BEAT = 0.5  # seconds between two steps of time that runs fast
CALM = 3.0  # seconds that the bot may take to finish what a timer set off
LONGEST = 60.0  # seconds that one journey may take; the rest of the way is then one jump


class TimeTravel:
    """How far this small world is ahead of the machine. `file` keeps that over restarts; other programs may read it."""

    def __init__(self, bot: Bot, sims: Sequence[Sim], file: Path | None = None) -> None:
        self._bot, self._sims, self._file = bot, sims, file
        self._travelling = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None
        self.ahead, self.rate = 0.0, 1
        self._keep(_read(file))

    @property
    def busy(self) -> bool:
        """Whether time is passing fast at this moment."""
        return self._travelling.locked()

    def now(self) -> float:
        """Unix seconds in this world."""
        return time.time() + self.ahead

    async def pass_by(self, seconds: float) -> None:
        """Lets so much time pass, stopping at every timer of the bot. Raises NoAnswer, ValueError."""
        async with self._travelling:
            goal = self.ahead + seconds
            if seconds < 0 or goal > FARTHEST:
                raise ValueError("时间只能往前走，最多 180 天")
            end = asyncio.get_running_loop().time() + LONGEST
            for _ in range(STEPS):
                told = await self._calm()
                rest = goal - self.ahead
                wait = told.wait
                if wait is None or not 0 <= wait < rest or asyncio.get_running_loop().time() > end:
                    break
                await self._set(self.ahead + wait + 0.001)
            await self._set(goal)
            await self._calm()

    async def to_morning(self) -> None:
        """Goes to the morning of the next working day. Raises NoAnswer."""
        await self.pass_by(next_morning(self.now()) - self.now())

    async def to_moment(self, text: str) -> None:
        """Goes to "2026-11-25T09:00", China time. Raises NoAnswer, ValueError for what is no time or has passed."""
        try:
            goal = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("时间要写成 2026-11-25T09:00") from None
        moment = goal.replace(tzinfo=goal.tzinfo or ZONE).timestamp()
        await self.pass_by(moment - self.now())

    async def run(self, rate: int) -> None:
        """From now on time runs so many times as fast; 1 is its usual pace. Raises ValueError beyond 600."""
        if not 1 <= rate <= 600:
            raise ValueError("倍数要在 1 到 600 之间")
        await self.stop()
        self.rate = rate
        if rate > 1:
            self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Time goes at its usual pace again."""
        self.rate = 1
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    async def _run(self) -> None:
        """A little further twice a second; a bot that is away is waited for, time stands still meanwhile."""
        while self.ahead < FARTHEST:
            await asyncio.sleep(BEAT)
            with contextlib.suppress(NoAnswer, ValueError):
                await self.pass_by(BEAT * (self.rate - 1))
        self.rate = 1

    async def to_real(self) -> None:
        """Back to the machine's time; what was set for later stays set. Raises NoAnswer."""
        await self.stop()
        async with self._travelling:
            await self._set(0.0)

    async def agree(self) -> None:
        """Makes a bot that was started anew agree with us, when it has a clock to be set."""
        if self.busy:
            return
        try:
            told = await self._bot.clock()
            if abs(told.ahead - self.ahead) > 1.0:
                await self._bot.set_clock(self.ahead)
        except NoAnswer:
            return

    async def _set(self, ahead: float) -> None:
        await self._bot.set_clock(ahead)
        self._keep(ahead)

    async def _calm(self) -> Told:
        """Waits until the bot has nothing in hand, some seconds at most."""
        end = asyncio.get_running_loop().time() + CALM
        while True:
            told = await self._bot.clock()
            if told.idle or asyncio.get_running_loop().time() > end:
                return told
            await asyncio.sleep(0.02)

    def _keep(self, ahead: float) -> None:
        self.ahead = ahead
        for sim in self._sims:
            sim.skew = ahead
        if self._file is not None:
            self._file.write_text(f"{ahead:.3f}\n", encoding="utf-8")


def next_morning(now: float) -> float:
    """Unix seconds of the morning of the first working day after this moment (China)."""
    day = datetime.fromtimestamp(now, UTC).astimezone(ZONE)
    while True:
        morning = day.replace(hour=MORNING[0], minute=MORNING[1], second=0, microsecond=0)
        if morning.timestamp() > now and _works(morning.date()):
            return morning.timestamp()
        day += timedelta(days=1)


def _works(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # a year that is not announced yet
        return day.weekday() < 5


def _read(file: Path | None) -> float:
    if file is None or not file.exists():
        return 0.0
    try:
        found = float(file.read_text(encoding="utf-8"))
    except ValueError:
        return 0.0
    return found if 0.0 <= found <= FARTHEST else 0.0
