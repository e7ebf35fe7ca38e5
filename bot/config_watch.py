"""The sections of config.toml about digests, about how the machine watches itself, and about mail."""

from datetime import time, timedelta
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config_kit import Duration, Section
from rules.schedule import Days, Missed, Run


class Privacy(Section):
    """[privacy]: how long personal data is kept; zero: as long as nobody deletes it."""

    keep_lost: Duration = timedelta(0)
    keep_drafts: Duration = timedelta(0)

    @field_validator("keep_lost", "keep_drafts")
    @classmethod
    def _longer_than_repeats(cls, value: timedelta) -> timedelta:
        if value and value < timedelta(days=30):
            raise ValueError('至少 "30d"；"0s" 是不自动删除')
        return value


class Schedule(Section):
    """[[schedule]]: a time of day at which something is said."""

    does: Literal["today", "overdue", "week", "board"]
    at: str = "08:50"
    days: Days = "workdays"
    missed: Missed = "digest"
    within: Duration = timedelta(hours=6)
    to: tuple[str, ...] = ()
    top: int = Field(default=10, ge=1, le=50)
    enabled: bool = True

    @model_validator(mode="after")
    def _told(self) -> Self:
        if (self.does == "board") != bool(self.to):
            raise ValueError('does = "board" 要写 to = ["群机器人的名字"]，别的 does 不写 to')
        return self

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


class Directory(Section):
    """[directory]: the platforms' address books (B80)."""

    at: str = "07:30"
    most_gone: float = Field(default=0.3, gt=0, le=1)
    ask_at_once: int = Field(default=20, ge=1)

    @field_validator("at")
    @classmethod
    def _clock(cls, value: str) -> str:
        try:
            if value:
                time.fromisoformat(value)
        except ValueError:
            raise ValueError(f'时间 {value!r} 看不懂，要写成 "07:30"；"" = 不自动同步') from None
        return value


SCHEDULES = (
    Schedule(does="today"),
    Schedule(does="overdue"),
    Schedule(does="week", at="08:40", days="monday"),
)


class Watch(Section):
    """[watch]: how the machine watches itself."""

    canary: Duration = timedelta(minutes=5)
    window: Duration = timedelta(hours=1)
    baseline: Duration = timedelta(days=14)
    least: int = Field(default=5, ge=1)
    drop: float = Field(default=0.5, gt=0, lt=1)
    disk_mb: int = Field(default=500, ge=0)
    alarm_to: tuple[str, ...] = ()
    stuck: Duration = timedelta(seconds=30)

    @field_validator("stuck")
    @classmethod
    def _patient(cls, value: timedelta) -> timedelta:
        if value and value < timedelta(seconds=3):
            raise ValueError('至少 "3s"；"0s"：不用')
        return value

    @field_validator("alarm_to")
    @classmethod
    def _channels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            channel, _, address = one.partition(":")
            if not channel or not address:
                raise ValueError(f'{one!r} 看不懂，要写成 "mail:it@example.com"')
        return value


class Mail(Section):
    """[mail]: the SMTP server that mail goes out by; without a host there is no mail."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = ""
    per_second: int = Field(default=1, ge=1, le=100)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.host and "@" not in self.sender:
            raise ValueError('写了 host 就要写 sender，例如 "crm@example.com"')
        return self


class Nurture(Section):
    """[nurture]: mail to customers who were left alone; off unless it is switched on."""

    enabled: bool = False
    subject: str = Field(default="您关注的资料", min_length=1, max_length=80)
    opening: str = "上次您了解过我们的产品，整理了几份资料供您参考，有问题直接回复我。"
    offer: str = ""
    link: str = ""
    template: str = ""
    form_consent: bool = False
    per_day: int = Field(default=200, ge=0)
    every: Duration = timedelta(days=30)
    look: Duration = timedelta(minutes=10)

    @field_validator("link")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("要写成 https:// 开头的网址")
        return value
