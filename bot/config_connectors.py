"""The [[connector]] section: who may push leads and calls to us, how that is checked, which field is which."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config_kit import Duration, Section
from bot.presets import PRESETS
from nlp.enquiry import LENGTHS
from rules.mapping import path_ok

CALL = {"called", "agent", "duration", "recording", "at"}
"""What a call has beside the fields of a lead."""
Source = str | tuple[str, ...]
PLACE = re.compile(r"(header|query|body):[\w.-]+")


class Sign(Section):
    """How a message proves where it comes from."""

    kind: Literal["token", "hmac-sha256", "hmac-sha1", "md5", "sha1", "sha256"] = "token"
    secret: SecretStr = SecretStr("")
    where: str = "header:X-Token"
    over: str = "{body}"
    encoding: Literal["hex", "base64"] = "hex"
    timestamp: str = ""
    window: Duration = timedelta(minutes=5)

    @field_validator("where", "timestamp")
    @classmethod
    def _place(cls, value: str) -> str:
        if value and not PLACE.fullmatch(value):
            raise ValueError('要写成 "header:名字"、"query:名字" 或 "body:名字"')
        return value

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not self.secret.get_secret_value():
            raise ValueError("secret 不能空：没有它，谁都能冒充对方")
        if not self.where:
            raise ValueError("where 要写签名或令牌在哪里")
        return self


class Connector(Section):
    """[[connector]]: one sender."""

    name: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$")
    preset: str = ""
    kind: Literal["lead", "call"] = "lead"
    source: str = Field(default="", max_length=64)
    group: str = ""
    id: Source = ()
    map: dict[str, Source] = {}  # noqa: RUF012  (pydantic copies it)
    strict: bool = False
    ignore: tuple[str, ...] = ()
    agents: dict[str, str] = {}  # noqa: RUF012
    sign: Sign
    reply: str = '{"code": 0}'

    @model_validator(mode="before")
    @classmethod
    def _on_top_of_its_preset(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping) or not raw.get("preset"):
            return raw
        preset = PRESETS.get(str(raw["preset"]))
        if preset is None:
            raise ValueError(f"没有预设 {raw['preset']!r}，可以是 " + "、".join(PRESETS))
        merged = {**preset, **raw}
        for key in ("map", "sign"):
            if isinstance(raw.get(key), Mapping):
                merged[key] = {**preset[key], **raw[key]}
        return merged

    @field_validator("map")
    @classmethod
    def _known_fields(cls, value: dict[str, Source]) -> dict[str, Source]:
        for name, source in value.items():
            if name not in LENGTHS and name not in CALL:
                raise ValueError(f"没有 {name!r} 这个字段，可以是 " + "、".join([*LENGTHS, *sorted(CALL)]))
            for one in (source,) if isinstance(source, str) else source:
                if not path_ok(one):
                    raise ValueError(
                        f'{name} 的 {one!r} 看不懂：写 "$.data.phone"、"=固定的话" 或 "广告 {{ad_name}}"'
                    )
        return value

    @field_validator("reply")
    @classmethod
    def _answerable(cls, value: str) -> str:
        if value.startswith("{"):
            try:
                json.loads(value)
            except ValueError:
                raise ValueError("reply 看起来是 JSON，但不合法") from None
        return value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not ({"phone", "email"} if self.kind == "lead" else {"phone"}) & set(self.map):
            raise ValueError("map 里要有 phone" + (" 或 email" if self.kind == "lead" else ""))
        return self
