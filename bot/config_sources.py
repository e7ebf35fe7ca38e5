"""The sections of config.toml about where leads come from: web forms, and the limits of public pages."""

import ipaddress
import re
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config_kit import Duration, Section
from rules.friends import FriendRules

CONSENT = "我同意贵公司为答复这次咨询而使用以上信息，并可用上面的联系方式与我联系。"


class Intake(Section):
    """[intake]: limits of what anybody can reach."""

    per_minute: int = Field(default=10, ge=1, le=600)
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    import_rows: int = Field(default=5000, ge=1, le=20_000)
    import_link: Duration = timedelta(hours=2)
    private_hosts: bool = False
    wechat_api: str = "https://api.weixin.qq.com"

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one, strict=False)
            except ValueError:
                raise ValueError(f'{one!r} 不是地址或网段，例如 "127.0.0.1" 或 "10.0.0.0/8"') from None
        return value

    @field_validator("wechat_api")
    @classmethod
    def _base(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/]+", value):
            raise ValueError('要写成 "https://主机"，结尾没有 /')
        return value


class Friends(Section):
    """[friends]: WeCom friends of somebody whose customers are handed over."""

    transfer: bool = True
    message: str = Field(
        default="您好，您的服务已由我的同事{name}接替，之后由{name}继续为您服务。", max_length=190
    )
    chunk: int = Field(default=100, ge=1, le=100)
    most: int = Field(default=2, ge=1, le=10)
    window: Duration = timedelta(days=90)
    gone_for: Duration = timedelta(days=365)
    ask_after: Duration = timedelta(hours=25)
    ask_again: Duration = timedelta(hours=24)
    give_up: Duration = timedelta(days=7)

    @field_validator("ask_after", "ask_again")
    @classmethod
    def _not_at_once(cls, value: timedelta) -> timedelta:
        if value < timedelta(minutes=1):
            raise ValueError('至少 "1m"')
        return value

    @model_validator(mode="after")
    def _asks_before(self) -> Self:
        if self.give_up <= self.ask_after:
            raise ValueError("give_up 要比 ask_after 长")
        return self

    def rules(self) -> FriendRules:
        """The value that rules/friends.py asks."""
        return FriendRules(self.most, self.window, self.gone_for)


class WebField(Section):
    """One field of a web form. `key`: a field of a lead, or a name of one's own (kept with the note)."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    label: str = Field(min_length=1, max_length=30)
    type: Literal["text", "phone", "email", "area", "choice"] = "text"
    required: bool = False
    options: tuple[str, ...] = ()
    hint: str = ""

    @model_validator(mode="after")
    def _choosable(self) -> Self:
        if (self.type == "choice") != bool(self.options):
            raise ValueError('type = "choice" 要有 options，别的类型不能有')
        return self


FIELDS = (
    WebField(key="name", label="怎么称呼您", required=True),
    WebField(key="phone", label="手机", type="phone", required=True),
    WebField(key="company", label="公司"),
    WebField(key="need", label="想了解什么", type="area"),
)
TAKEN = {"consent", "once", "pages", "visitor", "hp_site", "embed", "owner", "source", "note"}
"""Names that the page itself uses, and fields that are not the visitor's to fill in."""


class WebForm(Section):
    """[[webform]]: an enquiry form on the internet."""

    name: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
    title: str = Field(default="留下您的需求", min_length=1, max_length=60)
    intro: str = ""
    fields: tuple[WebField, ...] = FIELDS
    source: str = Field(default="官网表单", max_length=64)
    kind: str = Field(default="", max_length=40)
    kinds: dict[str, str] = {}  # noqa: RUF012  (pydantic copies it)
    group: str = ""
    submit: str = Field(default="提交", max_length=20)
    thanks: str = "已收到，我们会尽快与您联系。"
    consent: str = CONSENT
    consent_version: str = Field(default="1", max_length=40)
    origins: tuple[str, ...] = ()

    @field_validator("origins")
    @classmethod
    def _sites(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not re.fullmatch(r"https?://[a-z0-9.-]+(:\d{1,5})?", one):
                raise ValueError(f'{one!r} 要写成 "https://www.example.com"：小写，没有路径，结尾没有 /')
        return value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        keys = [field.key for field in self.fields]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"fields 里 {key!r} 写了两次")
            if key in TAKEN:
                raise ValueError(f"fields 的 key 不能是 {key!r}，请换一个")
        if not {"phone", "email"} & set(keys):
            raise ValueError("fields 里要有 phone 或 email，不然没法联系对方")
        offered = {option for field in self.fields for option in field.options}
        for option in self.kinds:
            if option not in offered:
                raise ValueError(f"kinds 的 {option!r} 不在任何一栏的 options 里")
        return self


class Channel(Section):
    """[[channel]]: what the state of a WeCom 联系我 code means."""

    state: str = Field(min_length=1, max_length=64)
    source: str = Field(min_length=1, max_length=64)
    kind: str = Field(default="", max_length=40)
    group: str = ""


class Mailbox(Section):
    """[[mailbox]]: mail that is sent to it becomes leads and touchpoints."""

    name: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
    host: str = Field(min_length=1)
    port: int = Field(default=993, ge=1, le=65535)
    tls: bool = True
    user: str = Field(min_length=1)
    password: SecretStr
    folder: str = "INBOX"
    every: Duration = timedelta(minutes=1)
    source: str = Field(default="邮件", max_length=64)
    group: str = ""

    @field_validator("every")
    @classmethod
    def _not_all_the_time(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= value <= timedelta(days=1):
            raise ValueError("every 要在 1s 到 24h 之间")
        return value
