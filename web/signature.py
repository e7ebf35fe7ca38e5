"""Does a pushed message come from whom it says? Signatures and tokens of connectors, compared in constant time. (B02, B03)"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.config_connectors import Sign

_NAMED = re.compile(r"\{([^{}]+)\}")


class Forged(Exception):
    """The message is not proved; `str(error)` says what does not fit, never what would."""


@dataclass(frozen=True)
class Pushed:
    """A message as it came: header names in lower case, the query, the raw body and what it says."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    payload: Mapping[str, Any]

    def at(self, place: str) -> str:
        """ "header:X-Token" → what stands there, "" for nothing."""
        where, _, name = place.partition(":")
        match where:
            case "header":
                return self.headers.get(name.lower(), "")
            case "query":
                return self.query.get(name, "")
            case _:
                found = self.payload.get(name, "")
                return "" if isinstance(found, dict | list) or found is None else str(found)


def prove(sign: Sign, pushed: Pushed, now: datetime) -> None:
    """Raises Forged unless the token or signature fits and the timestamp, if one is asked for, is near `now`."""
    offered = pushed.at(sign.where).strip()
    if not offered:
        raise Forged(f"没有签名或令牌（{sign.where}）")
    if sign.timestamp:
        _fresh(sign, pushed.at(sign.timestamp), now)
    secret = sign.secret.get_secret_value().encode()
    if sign.kind == "token":
        fits = hmac.compare_digest(_bytes(offered.removeprefix("Bearer ")), secret)
    else:
        offered = offered.rpartition("=")[2] if sign.encoding == "hex" else offered  # "sha256=…"
        wanted = _wanted(sign, pushed, secret)
        fits = hmac.compare_digest(
            _bytes(offered.lower() if sign.encoding == "hex" else offered), wanted.encode()
        )
    if not fits:
        raise Forged("签名不对" if sign.kind != "token" else "令牌不对")


def _bytes(text: str) -> bytes:
    """What a sender wrote, headers that are no UTF-8 included: such a signature does not fit, and that is all."""
    return text.encode("utf-8", "replace")


def _fresh(sign: Sign, said: str, now: datetime) -> None:
    if not re.fullmatch(r"\d{10}|\d{13}", said):
        raise Forged(f"没有时间戳（{sign.timestamp}，秒或毫秒）")
    seconds = int(said) / (1000 if len(said) == 13 else 1)
    if abs(now.timestamp() - seconds) > sign.window.total_seconds():
        raise Forged("时间戳与现在相差太久")


def _wanted(sign: Sign, pushed: Pushed, secret: bytes) -> str:
    name = sign.kind.removeprefix("hmac-")
    text = _text(sign, pushed, secret)
    digest = (
        hmac.new(secret, text, name).digest()
        if sign.kind.startswith("hmac-")
        else hashlib.new(name, text).digest()
    )
    return digest.hex() if sign.encoding == "hex" else base64.b64encode(digest).decode()


def _text(sign: Sign, pushed: Pushed, secret: bytes) -> bytes:
    """What is signed: `over` with {body}, {params} (sorted a=1&b=2), {values}, {secret}, {timestamp} and {header:…},
    {query:…}, {body:…} filled in."""
    params = _params(sign, pushed) if {"params", "values"} & {*_NAMED.findall(sign.over)} else []
    known = {
        "body": pushed.body,
        "params": _bytes("&".join(f"{key}={value}" for key, value in params)),
        "values": _bytes("".join(value for _, value in params)),
        "secret": secret,
        "timestamp": _bytes(pushed.at(sign.timestamp)) if sign.timestamp else b"",
    }
    parts = _NAMED.split(sign.over)
    return b"".join(
        part.encode() if n % 2 == 0 else known[part] if part in known else _bytes(pushed.at(part))
        for n, part in enumerate(parts)
    )


def _params(sign: Sign, pushed: Pushed) -> list[tuple[str, str]]:
    """Query and plain fields of the body, without the signature and without what is empty, sorted by name. Raises Forged
    when both name a field and differ: what is signed would not be what is read."""
    own = sign.where.partition(":")[2]
    plain = {key: value for key, value in pushed.payload.items() if not isinstance(value, dict | list)}
    twice = {*pushed.payload} & {*pushed.query} - {own}
    if any(str(pushed.payload[key]) != pushed.query[key] for key in twice):
        raise Forged("同一项在地址和内容里不一样")
    both = {**plain, **pushed.query}
    return sorted(
        (str(key), str(value)) for key, value in both.items() if key != own and value not in ("", None)
    )
