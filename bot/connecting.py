"""What a pushed message would make: the mapping of a [[connector]] applied to it. Used by the page, the handler, hook-test."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.config_connectors import CALL, Connector
from bot.incoming import sha
from nlp import enquiry
from rules.errors import PutAside
from rules.mapping import mapped
from rules.text import mask_phones_in


@dataclass(frozen=True)
class Reading:
    """A message as we understand it. `id`: the sender's own ("" when it has none); `fields`: of the lead, checked; `call`:
    what a call has besides; `left`: fields that nothing asked for."""

    id: str
    fields: dict[str, str]
    call: dict[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()

    @property
    def seconds(self) -> int:
        """How long the call lasted: "200", "3:20" or "00:03:20"."""
        parts = re.findall(r"\d+", self.call.get("duration", "").split(".")[0])[-3:]
        return sum(int(part) * 60**power for power, part in enumerate(reversed(parts)))


def read(connector: Connector, payload: Mapping[str, Any]) -> Reading:
    """Raises PutAside with what does not fit: a missing or wrong field, in `strict` one that nobody mapped."""
    must = [["phone", "email"] if connector.kind == "lead" else ["phone"]]
    sources = {**connector.map, "_id": connector.id}
    found = mapped(sources, payload, must=must)
    left = tuple(name for name in found.left if name not in connector.ignore)
    if connector.strict and left:
        raise PutAside("有没映射的字段：" + "、".join(left[:20]) + "。写进 map 或 ignore，或去掉 strict")
    call = {name: found.fields.get(name, "") for name in sorted(CALL)} if connector.kind == "call" else {}
    raw = {name: value for name, value in found.fields.items() if name in enquiry.LENGTHS}
    raw |= {"source": raw.get("source") or connector.source or connector.name}
    if not (raw.get("name") or raw.get("company")):
        raw["name"] = ("来电客户 " if connector.kind == "call" else "客户 ") + (
            raw.get("phone") or raw.get("email", "")
        ).strip()[-4:]
    cut = {name: value[: enquiry.LENGTHS[name]] for name, value in raw.items() if name != "phone"}
    try:
        fields = enquiry.checked({**raw, **cut})
    except enquiry.Wrong as wrong:
        said = mask_phones_in(raw.get(wrong.field, ""))[:40]
        raise PutAside(f"{wrong.field} {wrong.why}" + (f"：收到的是「{said}」" if said else "")) from None
    return Reading(found.fields["_id"][:100], fields, call, left)


def key(connector: Connector, reading: Reading, body: str) -> str:
    """What makes the message once: the sender's id, else its content."""
    return f"hook:{connector.name}:{sha(reading.id or body)[:48]}"


def when(text: str, zone: ZoneInfo, default: datetime) -> datetime:
    """ "2026-11-23 10:02:11", ISO with a zone, seconds or milliseconds since 1970 → UTC; what cannot be read or is no
    sensible time is `default`."""
    try:
        if re.fullmatch(r"\d{10}|\d{13}", text):
            found = datetime.fromtimestamp(int(text[:10]), UTC)
        else:
            found = datetime.fromisoformat(text.strip().replace("/", "-"))
            found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return default
    return found if abs((found - default).days) < 3650 else default
