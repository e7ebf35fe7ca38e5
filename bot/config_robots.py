"""[[robot]]: groups that alarms and leaderboards go to by a group robot."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from bot.config_kit import Section


class Robot(Section):
    """[[robot]]: a group robot's address. It is a secret: whoever has it can write into the group."""

    name: str = Field(min_length=1, max_length=32)
    kind: Literal["wecom", "dingtalk"] = "wecom"
    url: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr("")
    team: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.url.get_secret_value().startswith(("https://", "http://")):
            raise ValueError(f"[[robot]] {self.name!r} 的 url 要写群机器人的完整地址，放在环境变量里")
        return self


def check_robots(
    robots: Sequence[Robot], teams: Collection[str], alarms: Iterable[str], boards: Iterable[str]
) -> None:
    """Raises ValueError when names do not fit: `alarms` are the addresses of watch.alarm_to, `boards` the robots that
    schedules speak to."""
    names = [one.name for one in robots]
    if len(set(names)) < len(names):
        raise ValueError("[[robot]] 里有两个同名的群机器人")
    for one in robots:
        if one.team and one.team not in teams:
            raise ValueError(f"[[robot]] {one.name!r} 的 team {one.team!r} 不在 [[team]] 里")
    for to in alarms:
        kind, _, name = to.partition(":")
        if kind == "group" and name not in names:
            raise ValueError(
                f"[watch] alarm_to 的 {to!r} 不在 [[robot]] 里：先写一个 name = {name!r} 的 [[robot]]"
            )
    for name in boards:
        if name not in names:
            raise ValueError(
                f"[[schedule]] 的 to {name!r} 不在 [[robot]] 里：先写一个 name = {name!r} 的 [[robot]]"
            )
