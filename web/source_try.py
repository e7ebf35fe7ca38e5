"""「用样例试一下」: what a sample would become by a mapping, and whether its signature fits. Nothing is kept. (B07)"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from bot import connecting
from bot.config_connectors import Connector
from bot.source_forms import FIELDS
from rules.errors import PutAside
from rules.text import mask_phones_in
from web.errors import Refusal
from web.hooks import payload_of
from web.signature import Forged, Pushed, prove

LATE = "时间戳与现在相差太久"


@dataclass(frozen=True)
class Tried:
    """What came of a sample. `wrong`: why nothing would be made of it, "" when something would; `fields`: (name, value),
    numbers masked; `left`: fields of the sample that nothing asked for; `signed`: what there is to say of its signature,
    `fits` None when it could not be looked at."""

    wrong: str = ""
    made: str = ""
    id: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()
    signed: str = ""
    fits: bool | None = None


def attempt(connector: Connector, sample: str, headers: str, query: str, now: datetime) -> Tried:
    """The sample as it would be read if it came in now. `headers`: "Name: value" in lines; `query`: behind the "?"."""
    given = dict(parse_qsl(query.strip().lstrip("?"), keep_blank_values=True, max_num_fields=300))
    body = sample.strip().encode()
    try:
        payload = payload_of(body, form=not sample.lstrip().startswith(("{", "["))) if body else dict(given)
    except Refusal as no:
        return Tried(wrong=no.message)
    if not payload:
        return Tried(wrong="请先贴一份样例：对方推过来的 JSON 或表单内容。")
    signed, fits = _signed(connector, Pushed(_headers(headers), given, body, payload), now)
    try:
        found = connecting.read(connector, payload)
    except PutAside as error:
        return Tried(wrong=_in_chinese(str(error)), signed=signed, fits=fits)
    made = (
        "会成为一条线索" if connector.kind == "lead" else "号码是有负责人的客户就记一次来电，否则成为一条线索"
    )
    said = {**found.fields, **found.call}
    fields = tuple(
        (FIELDS.get(name, name), mask_phones_in(said[name])) for name in (*FIELDS, *said) if said.get(name)
    )
    left = tuple(
        name for name in found.left if f"body:{name}" not in (connector.sign.where, connector.sign.timestamp)
    )
    return Tried("", made, found.id, tuple(dict(fields).items()), left, signed, fits)


def _in_chinese(said: str) -> str:
    """Names of fields as the page calls them, where a sentence begins with one."""
    return re.sub(r"^(缺少 )?([a-z_]+)(?: 或 ([a-z_]+))?", _named, said, count=1)


def _named(found: "re.Match[str]") -> str:
    one = FIELDS.get(found[2], found[2])
    other = f" 或 {FIELDS.get(found[3], found[3])}" if found[3] else ""
    return f"{found[1] or ''}{one}{other}"


def _headers(text: str) -> dict[str, str]:
    """Lines "Name: value" → lower-case names and values."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _signed(connector: Connector, pushed: Pushed, now: datetime) -> tuple[str, bool | None]:
    """What there is to say of a sample's signature, and whether it fits."""
    sign = connector.sign
    if not pushed.at(sign.where):
        place, _, name = sign.where.partition(":")
        where = {"header": f"请求头 {name}", "query": f"地址里的 {name}"}.get(place, f"内容里的 {name}")
        return f"签名没有检查：样例里没有{where}。把它也贴上，就一起检查。", None
    try:
        prove(sign, pushed, now)
    except Forged as error:
        then = _then(sign.timestamp, pushed)
        if str(error) == LATE and then is not None and _proved(connector, pushed, then):
            return "签名对。样例的时间戳是以前的，马上推送时就不会拒绝。", True
        return f"签名不对：{error}。核对密钥、签的是什么、放在哪里。", False
    return "签名对。", True


def _proved(connector: Connector, pushed: Pushed, then: datetime) -> bool:
    try:
        prove(connector.sign, pushed, then)
    except Forged:
        return False
    return True


def _then(place: str, pushed: Pushed) -> datetime | None:
    """The time that a sample says it was sent at."""
    said = pushed.at(place) if place else ""
    if not re.fullmatch(r"\d{10}|\d{13}", said):
        return None
    return datetime.fromtimestamp(int(said[:10]), UTC)
