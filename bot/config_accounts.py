"""The [[official_account]] section: a WeChat Official Account (公众号) whose followers become leads. (B04, B07)"""

import re
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from bot.config_kit import Duration, Section
from rules.followers import LeadOn

ASK = "您好，消息已收到。请留下您的称呼、手机号和想了解的产品，我们的同事会尽快与您联系。"
THANKS = "谢谢，您的联系方式已收到，我们的同事会尽快与您联系。"
LONGEST = 600
"""Characters of an answer: WeChat takes 2048 bytes."""


class OfficialAccount(Section):
    """[[official_account]]: one account. The secret is wanted only for the UnionID."""

    name: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
    app_id: str = Field(pattern=r"^[A-Za-z0-9_-]{6,40}$")
    app_secret: SecretStr = SecretStr("")
    token: SecretStr
    aes_key: SecretStr = SecretStr("")
    mode: Literal["encrypted", "plain"] = "encrypted"
    source: str = Field(default="公众号", min_length=1, max_length=64)
    group: str = ""
    lead_on: LeadOn = LeadOn.MESSAGE
    welcome: str = Field(default="", max_length=LONGEST)
    ask: str = Field(default=ASK, max_length=LONGEST)
    ask_off: str = Field(default="", max_length=LONGEST)
    ask_again: Duration = timedelta(days=1)
    thanks: str = Field(default=THANKS, max_length=LONGEST)
    thanks_off: str = Field(default="", max_length=LONGEST)
    timestamp_window: Duration = timedelta(minutes=5)
    api_base: str = "https://api.weixin.qq.com"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not re.fullmatch(r"[A-Za-z0-9]{3,32}", self.token.get_secret_value()):
            raise ValueError("token 要和公众平台「服务器配置」里的一样：3 到 32 位字母数字")
        key = self.aes_key.get_secret_value()
        if (self.mode == "encrypted" or key) and not re.fullmatch(r"[A-Za-z0-9]{43}", key):
            raise ValueError('aes_key 必须是 43 位字母数字（EncodingAESKey）；明文模式请写 mode = "plain"')
        if not re.fullmatch(r"https?://[^\s/]+", self.api_base):
            raise ValueError('api_base 要写成 "https://主机"，结尾没有 /')
        return self

    @property
    def answers(self) -> bool:
        """Whether a follower may ever be answered by itself."""
        return any((self.welcome, self.ask, self.ask_off, self.thanks, self.thanks_off))
