"""The sections of config.toml about what comes round by the clock: digests, and what becomes of missed ones."""

from datetime import time, timedelta
from typing import Literal

from pydantic import field_validator

from bot.config_kit import Duration, Section
from rules.schedule import Days, Missed, Run


class Schedule(Section):
    """[[schedule]]: a time of day at which something is said."""

    does: Literal["today", "overdue", "week"]
    at: str = "08:50"
    days: Days = "workdays"
    missed: Missed = "digest"
    within: Duration = timedelta(hours=6)
    enabled: bool = True

    @field_validator("at")
    @classmethod
    def _clock(cls, value: str) -> str:
        try:
            time.fromisoformat(value)
        except ValueError:
            raise ValueError(f'时间 {value!r} 看不懂，要写成 "08:50"') from None
        return value

    @property
    def run(self) -> Run:
        return Run(time.fromisoformat(self.at), self.days)


SCHEDULES = (
    Schedule(does="today"),
    Schedule(does="overdue"),
    Schedule(does="week", at="08:40", days="monday"),
)
