"""[[robot]]: groups that alarms and leaderboards go to by a group robot."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from bot.config_kit import Section


class Robot(Section):
    """[[robot]]: a group robot's address. It is a secret: whoever has it can write into the group."""

    name: str = Field(min_length=1, max_length=32)
    kind: Literal["wecom", "dingtalk"] = "wecom"
    url: SecretStr = SecretStr("")
    secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.url.get_secret_value().startswith(("https://", "http://")):
            raise ValueError(f"[[robot]] {self.name!r} 的 url 要写群机器人的完整地址，放在环境变量里")
        return self
