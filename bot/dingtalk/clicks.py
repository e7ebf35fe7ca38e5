"""Card callbacks → Click, and the id of a button that carries choices along (protocol 5.4)."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from urllib.parse import parse_qs, urlencode

import structlog
from dingtalk_stream.card_callback import CardCallbackMessage

from bot.dingtalk.alerts import PLATFORM
from bot.dingtalk.frames import Frame
from bot.dingtalk.lenient import Json, first, rows, table, words
from bot.events import Click, Incoming

log = structlog.get_logger(__name__)
PACKED = re.compile(r"[A-Z][A-Za-z0-9_]*(:|\?|$)")
ECHOED = re.compile(r"#([A-Z][A-Za-z0-9_]*(?:[:?]\S*)?)\s+([0-9A-Za-z_@-]{1,128})")
FORMS = ("form", "current_form")


def is_packed(text: str) -> bool:
    """Whether a text looks like a packed action ("CheckInStep:5:2")."""
    return PACKED.match(text) is not None


def with_values(action: str, values: Mapping[str, str]) -> str:
    """Button id that presses `action` with choices: "Name:a:b?key=value". A packed action never holds a "?"."""
    return f"{action}?{urlencode(values)}" if values else action


def click(frame: Frame, now: datetime) -> tuple[Incoming, ...]:
    """A card callback → one Click, or nothing when it names no action (logged).

    The same frame pushed again is the same event, two real clicks are two: headers.messageId tells them apart. Where
    the gateway left it out, the minute has to do.
    """
    data = frame.data
    message = CardCallbackMessage.from_dict(_sound(data))
    track, user = words(message.card_instance_id), words(message.user_id)
    private = table(table(message.content).get("cardPrivateData"))
    action, values = _pressed(private)
    if not action or not track or not user:
        log.warning("dingtalk.click.unreadable", track=track[:100], message_id=frame.id[:100])
        return ()
    at = frame.at or now
    parts = (track, action, user, json.dumps(values, sort_keys=True), frame.id or at.strftime("%Y%m%d%H%M"))
    identity = sha256("\n".join(parts).encode()).hexdigest()[:40]
    # type, spaceType and spaceId are not kept by the SDK's class
    chat = first(data, "spaceId") if words(data.get("spaceType")).upper() == "IM_GROUP" else ""
    event = Click(PLATFORM, user, track, action, at, values, chat=chat)
    return (Incoming(f"{PLATFORM}:click:{identity}", f"{PLATFORM}:{user}", event),)


def echoed(text: str, user: str, at: datetime, chat: str = "") -> Click | None:
    """The text that an ActionCard's option made somebody send ("#PickStage:55:3 L-1024-k3-88") → the press it stands
    for. Whoever types it presses no more than the card under that id offers them."""
    found = ECHOED.fullmatch(text)
    if found is None:
        return None
    action, _, query = found[1].partition("?")
    return Click(PLATFORM, user, found[2], action, at, parse_qs(query, keep_blank_values=True), chat=chat)


def _sound(data: Json) -> Json:
    """The payload as the SDK's class can read it: some senders say `value` for `content`, or leave parts out."""
    content = table(data.get("content")) or table(data.get("value"))
    return data | {"content": json.dumps(content), "extension": json.dumps(table(data.get("extension")))}


def _pressed(private: Json) -> tuple[str, dict[str, list[str]]]:
    """Button id and parameters → (packed action, values)."""
    ids, params = private.get("actionIds"), table(private.get("params"))
    pressed = words(ids[0]) if isinstance(ids, list) and ids else ""
    if not is_packed(pressed) and is_packed(given := words(params.get("action"))):
        pressed = given  # a form component has its own id; the action travels as a parameter
    action, _, query = pressed.partition("?")
    fields = {name: field for name, field in params.items() if name not in FORMS}
    for form in FORMS:
        fields |= table(params.get(form))
    values = {words(name): _choices(field) for name, field in fields.items()}
    return action, values | parse_qs(query, keep_blank_values=True)


def _choices(value: object) -> list[str]:
    """A text, a list, or a select's {"index", "value"} → the chosen texts."""
    if isinstance(value, dict):
        return _choices(value.get("value"))
    if isinstance(value, list):
        picked = rows(value)
        return [words(row.get("value")) for row in picked] if picked else [words(one) for one in value]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [words(value)] if value is not None else []
