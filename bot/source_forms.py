"""The form of a source on the page 接入: what was typed → the section of config.toml, and back; mistakes by field. (B07)

What fits is decided by the sections themselves (bot/config_connectors.py, bot/config_sources.py), as at a start.
"""

import re
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from bot.config import SAYS
from bot.config_accounts import ASK, THANKS
from bot.config_connectors import CALL
from bot.defined import ACCOUNT, CONNECTOR, MAILBOX, Section, packed, secrets_in, section
from bot.presets import PRESETS
from nlp.enquiry import LENGTHS

Typed = Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """One of what can be added: `kind` says which section it makes."""

    preset: str
    kind: str
    title: str
    about: str


CHOICES = {
    one.preset: one
    for one in (
        Choice("douyin", CONNECTOR, "抖音（巨量）", "巨量引擎、飞鱼、本地推的线索表单，推送过来就是一条线索。"),
        Choice("call400", CONNECTOR, "400 电话", "每通来电推一次：老客户记一次来电，新号码成为线索。"),
        Choice("push", CONNECTOR, "通用推送", "ERP、官网、别的系统：用 HTTP 把 JSON 或表单推过来，字段自己对。"),
        Choice("mailbox", MAILBOX, "邮箱", "一个专门收询盘的邮箱：客户来信成为线索或来信记录，同事转发成为草稿。"),
        Choice("official", ACCOUNT, "公众号", "粉丝留言、留电话就成为线索；地址和密钥要复制到公众平台的「服务器配置」里。"),
    )
}  # fmt: skip
FIELDS = {
    "phone": "手机", "name": "姓名", "company": "公司", "need": "需求", "city": "城市", "note": "备注", "email": "邮箱",
    "kind": "需求类型", "source": "来源", "owner": "负责人", "credit_code": "统一社会信用代码",
    "called": "被叫号码", "agent": "接听的分机", "duration": "通话时长", "recording": "录音", "at": "来电时间",
}  # fmt: skip
"""Every field that a mapping can fill, as the page calls it, in its order."""
GENERIC: Mapping[str, Any] = {
    "id": ["$.id"],
    "map": {
        "name": ["$.name"], "phone": ["$.phone", "$.mobile"], "company": ["$.company"], "need": ["$.need", "$.message"],
        "email": ["$.email"], "city": ["$.city"],
    },
    "sign": {"kind": "token", "where": "header:X-Token"},
    "reply": '{"code": 0}',
}  # fmt: skip
"""Where 通用推送 begins."""
ACCOUNT_FIELDS = (
    "name", "app_id", "mode", "source", "group", "lead_on", "welcome", "ask", "ask_off", "ask_again", "thanks", "thanks_off",
)  # fmt: skip
LETTERS = string.ascii_letters + string.digits
WHOLE = "AEIMQUYcgkosw048"
"""With which of the letters an EncodingAESKey ends that leaves no bit over."""
MOVED = "换了服务器、端口，或去掉了加密：密码要重新填一次"
PRESET_OF = {MAILBOX: "mailbox", ACCOUNT: "official"}
"""The choice of what can be tried by 「连一下」."""
WRONG = {
    "name": "要用小写字母、数字和 -，最多 40 个字符，例如 douyin-1", "missing": "请填写这一栏", "string_too_short": "请填写这一栏",
    "int_parsing": "要写整数", "greater_than_equal": "太小了", "less_than_equal": "太大了", "string_too_long": "太长了",
    "literal_error": "请从列出的选项里选", "enum": "请从列出的选项里选",
    "app_id": "从公众平台的「基本配置」里复制，wx 开头",
}  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """A form that was looked at. `body`: the section without its secret; `made` None and `errors` by field when
    something does not fit ("" for what belongs to no field)."""

    body: dict[str, Any]
    made: Section | None = None
    errors: dict[str, str] = field(default_factory=dict)


SELDOM = ("kind", "source", "owner", "credit_code")
"""Fields that stand folded away until one of them is used."""


def fields_of(preset: str) -> list[str]:
    """The fields that the mapping of such a connector may have, in the order of the page."""
    return [name for name in FIELDS if name in LENGTHS or (preset == "call400" and name in CALL)]


def fresh(preset: str) -> str:
    """The secret that a new one is offered; a mailbox has its own."""
    match CHOICES[preset].kind:
        case str(kind) if kind == CONNECTOR:
            return secrets.token_urlsafe(24)
        case str(kind) if kind == ACCOUNT:
            token, key = ("".join(secrets.choice(LETTERS) for _ in range(n)) for n in (32, 42))
            return packed({"token": token, "aes_key": key + secrets.choice(WHOLE)})
    return ""


def merged(kind: str, typed: str, kept: str) -> str:
    """The secret that holds: what was typed, or what is kept when nothing was; an account's one by one."""
    if kind == ACCOUNT:
        return packed({**secrets_in(kept), **secrets_in(typed)})
    return typed or kept


def leads_elsewhere(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a mailbox would show its password to another server than before, or in clear where it was sealed."""
    said = [
        (str(one.get("host", "")).strip().lower().rstrip("."), str(one.get("port", "")))
        for one in (before, now)
    ]
    return said[0] != said[1] or (bool(before.get("tls", True)) and not now.get("tls", True))


def with_kept(
    preset: str, typed: Typed, secret: str, kept: str, before: Mapping[str, Any]
) -> tuple[Checked, str]:
    """(the form as a section, the secret that holds) of one that was `before` and has the secret `kept`. Nobody who may
    change where it leads learns the password by that: it has to be typed again."""
    kind = CHOICES[preset].kind
    moved = kind == MAILBOX and bool(kept) and not secret and leads_elsewhere(before, body_of(preset, typed))
    holds = merged(kind, secret, "" if moved else kept)
    looked = checked(preset, typed, holds)
    return (replace(looked, errors=looked.errors | {"secret": MOVED}) if moved else looked), holds


def begin(preset: str) -> dict[str, str]:
    """What stands in the form of a new one."""
    if preset == "official":
        said = {
            "mode": "encrypted",
            "source": "公众号",
            "lead_on": "message",
            "ask": ASK,
            "ask_again": "1d",
            "thanks": THANKS,
        }
        return typed_of(ACCOUNT, said)
    if preset == "mailbox":
        return typed_of(
            MAILBOX, {"port": 993, "tls": True, "folder": "INBOX", "every": "1m", "source": "邮件"}
        )
    body = {**(PRESETS.get(preset) or GENERIC)}
    return {**typed_of(CONNECTOR, body), "name": "" if preset == "push" else preset}


def typed_of(kind: str, body: Mapping[str, Any]) -> dict[str, str]:
    """A section without its secret → what stands in its form."""
    if kind == ACCOUNT:
        return {name: str(body.get(name, "")) for name in ACCOUNT_FIELDS}
    if kind == MAILBOX:
        names = ("name", "host", "port", "user", "folder", "every", "source", "group")
        return {name: str(body.get(name, "")) for name in names} | {
            "tls": "on" if body.get("tls", True) else ""
        }
    sign = body.get("sign", {})
    typed = {name: str(body.get(name, "")) for name in ("name", "source", "group", "reply")}
    typed |= {f"map_{name}": _lines(source) for name, source in body.get("map", {}).items()}
    typed |= {
        "id": _lines(body.get("id", ())), "ignore": _lines(body.get("ignore", ())),
        "strict": "on" if body.get("strict") else "",
        "agents": "\n".join(f"{agent}={member}" for agent, member in body.get("agents", {}).items()),
        "sign_kind": sign.get("kind", "token"), "sign_where": sign.get("where", "header:X-Token"),
        "sign_over": sign.get("over", "{body}"), "sign_encoding": sign.get("encoding", "hex"),
        "sign_timestamp": sign.get("timestamp", ""), "sign_window": sign.get("window", "5m"),
    }  # fmt: skip
    return typed


def _lines(source: str | Iterable[str]) -> str:
    return source if isinstance(source, str) else "\n".join(source)


def body_of(preset: str, typed: Typed) -> dict[str, Any]:
    """What was typed → the section as config.toml would have it, without its secret. Looks at nothing."""
    said = {name: value.strip() for name, value in typed.items()}
    if preset == "official":
        return {name: said.get(name, "") for name in ACCOUNT_FIELDS}
    if preset == "mailbox":
        names = ("name", "host", "port", "user", "folder", "every", "source", "group")
        return {name: said.get(name, "") for name in names} | {"tls": bool(said.get("tls"))}
    agents = (line.partition("=") for line in _each(said.get("agents", "")))
    return {
        "name": said.get("name", ""), "kind": "call" if preset == "call400" else "lead",
        "source": said.get("source", ""), "group": said.get("group", ""), "id": _each(said.get("id", "")),
        "map": {name: found for name in fields_of(preset) if (found := _each(said.get(f"map_{name}", "")))},
        "strict": bool(said.get("strict")), "ignore": _each(said.get("ignore", "")),
        "agents": {agent.strip(): member.strip() for agent, _, member in agents},
        "sign": {name: said.get(f"sign_{name}", "") for name in ("kind", "where", "over", "encoding", "timestamp", "window")},
        "reply": said.get("reply", ""),
    }  # fmt: skip


def _each(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def checked(preset: str, typed: Typed, secret: str) -> Checked:
    """The form as a section; `secret` is what was typed, or what is kept when nothing was."""
    kind = CHOICES[preset].kind
    body = body_of(preset, typed)
    errors: dict[str, str] = {}
    if not secret and kind != ACCOUNT:
        errors["secret"] = "请填写这一栏" if kind == MAILBOX else "不能空：没有它，谁都能冒充对方"
    if kind == CONNECTOR and not all(agent and member for agent, member in body["agents"].items()):
        errors["agents"] = "每行写一个：分机=成员 id，例如 8001=wanglei"
    try:
        made = section(kind, body, secret or "-")
    except ValidationError as error:
        for one in error.errors():
            place, said = _place(kind, body, one)
            errors.setdefault(place, said)
        return Checked(body, None, errors)
    return Checked(body, None if errors else made, errors)


def _place(kind: str, body: Mapping[str, Any], error: Any) -> tuple[str, str]:
    """Which field of the form a mistake belongs to, and the sentence beside it."""
    place = ".".join(str(part) for part in error["loc"])
    said = str(error["msg"]).removeprefix("Value error, ")
    match place.split("."):
        case ["name"]:
            return "name", WRONG["name"]
        case ["app_id"]:
            return "app_id", WRONG["app_id"]
        case [] if kind == ACCOUNT:
            field, _, rest = said.partition(" ")
            return (
                (field, rest.split("；")[0]) if field in body or field in ("token", "aes_key") else ("", said)
            )
        case ["password"]:
            return "secret", said
        case ["sign"]:
            return ("secret" if said.startswith("secret") else "sign_where"), said
        case ["sign", name, *_]:
            return f"sign_{name}", _said(error)
        case ["map"]:
            found = re.match(r"(\w+) 的", said)
            if found and found[1] in body["map"]:
                return f"map_{found[1]}", said.removeprefix(found[0]).strip()
            return "map_phone", said
        case []:
            return "", said
        case [""] if kind == CONNECTOR and said.startswith("map 里要有"):
            return "map_phone", "手机和邮箱至少要对上一个，不然没法联系对方" if body[
                "kind"
            ] == "lead" else "手机要对上"
        case [name, *_]:
            return name, _said(error)
    return "", said


def _said(error: Any) -> str:
    kind = str(error["type"])
    return WRONG.get(kind) or SAYS.get(kind) or str(error["msg"]).removeprefix("Value error, ")
