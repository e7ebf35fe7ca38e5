"""The sections about who gets a lead: weights and caps, groups, the public pool."""

from datetime import timedelta
from typing import Self

from pydantic import Field, field_validator, model_validator

from bot.config_kit import Duration
from bot.config_kit import Section as _Section
from rules.assignment import Group, Weights
from rules.pool import PoolRules


class Assignment(_Section):
    """[assignment]"""

    daily_cap: int = Field(default=20, ge=1)
    open_cap: int = Field(default=0, ge=0)
    elsewhere: float = Field(default=0.0, ge=0, le=1)
    other_trade: float = Field(default=0.5, ge=0, le=1)
    win_window: Duration = timedelta(days=180)
    win_sample: int = Field(default=10, ge=1)
    win_prior: float = Field(default=0.2, gt=0, lt=1)
    floor_share: float = Field(default=0.1, ge=0, le=1)
    retry: Duration = timedelta(minutes=15)
    alarm_after: int = Field(default=3, ge=1)
    alarm_again: Duration = timedelta(minutes=60)
    accept_within: Duration = timedelta(0)
    keep_decisions: Duration = timedelta(days=180)
    transfer_restarts_clock: bool = False
    snooze_max: int = Field(default=2, ge=0)

    @field_validator("alarm_again")
    @classmethod
    def _not_all_the_time(cls, value: timedelta) -> timedelta:
        if value < timedelta(minutes=1):
            raise ValueError('至少 "1m"')
        return value

    @field_validator("retry")
    @classmethod
    def _not_at_once(cls, value: timedelta) -> timedelta:
        if value < timedelta(seconds=1):
            raise ValueError('至少 "1s"')
        return value

    def weights(self) -> Weights:
        """The value that rules/assignment.py weighs with."""
        return Weights(
            elsewhere=self.elsewhere, other_trade=self.other_trade, prior=self.win_prior, sample=self.win_sample,
            floor=self.floor_share, cap=self.daily_cap, open_cap=self.open_cap,
        )  # fmt: skip


class Pool(_Section):
    """[pool]: the public pool 公海."""

    recycle: Duration = timedelta(days=30)
    levels: dict[str, Duration] = {}  # noqa: RUF012  (pydantic copies it)
    warn: tuple[Duration, ...] = (timedelta(days=3), timedelta(days=1))
    ineffective: tuple[str, ...] = ("未接通",)
    daily_claims: int = Field(default=10, ge=1)
    daily_views: int = Field(default=60, ge=1)
    cooldown: Duration = timedelta(days=7)
    longest_hold: Duration = timedelta(days=60)
    longest_cover: Duration = timedelta(days=730)
    cover_notice: Duration = timedelta(days=7)
    stale: Duration = timedelta(hours=72)

    @model_validator(mode="after")
    def _warns_before(self) -> Self:
        periods = [one for one in (self.recycle, *self.levels.values()) if one]
        if self.warn and periods and max(self.warn) >= min(periods):
            raise ValueError("warn 要比回收期短")
        return self

    def rules(self, level: str = "") -> PoolRules:
        """The value that rules/pool.py counts with, for a customer's level."""
        return PoolRules(self.levels.get(level, self.recycle), self.warn, self.daily_claims, self.cooldown)


class GroupSection(_Section):
    """[[group]]: who gets leads of some kind (B09)."""

    name: str = Field(min_length=1, max_length=20)
    members: tuple[str, ...] = Field(min_length=1)
    needs: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    overflow: bool = True

    def group(self) -> Group:
        """The value that rules/assignment.py asks."""
        return Group(self.name, self.members, self.needs, self.regions, self.overflow)
