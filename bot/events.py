"""Everything that can reach a handler: Message, Click, Arrived, Form, Timer, Fact; and how it is kept as JSON."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from rules.json_text import written


class Kind(StrEnum):
    """What a message was on the platform."""

    TEXT = "text"
    FORWARDED = "forwarded"  # a merged chat record
    VOICE = "voice"  # text = the platform's recognition, may be empty
    IMAGE = "image"
    VIDEO = "video"
    FILE = "file"
    LINK = "link"
    LOCATION = "location"
    UNKNOWN = "unknown"  # something the platform could not hand over (a contact card, a mini-program)


@dataclass(frozen=True)
class ChatLine:
    """One line of a forwarded record. `at` is UTC or None; `text` is "" for media without text."""

    speaker: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True)
class Media:
    """A file held by the platform: `ref` (media_id / downloadCode), its name, seconds of sound (0: unknown)."""

    ref: str
    name: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Message:
    """Somebody wrote to the bot. `user` is the platform's user id, `chat` the group id ("" in one-to-one).

    `text` is what to read: the words, the recognition of a voice message, title and URL of a link.
    `reply_url` / `reply_until`: a temporary address for the answer (DingTalk sessionWebhook; UTC).
    """

    platform: str
    user: str
    text: str
    at: datetime
    kind: Kind = Kind.TEXT
    chat: str = ""
    nick: str = ""
    lines: tuple[ChatLine, ...] = ()
    incomplete: bool = False  # a forwarded record of which the platform gave only a part
    quoted: str = ""
    media: Media | None = None
    reply_url: str = ""
    reply_until: datetime | None = None


@dataclass(frozen=True)
class Click:
    """Somebody pressed a button. `card` is the id we gave the card (WeCom task_id, DingTalk outTrackId).

    `action` is the packed action; `values` the choices of selects; `code` a fresh WeCom response_code or "".
    """

    platform: str
    user: str
    card: str
    action: str
    at: datetime
    values: dict[str, list[str]] = field(default_factory=dict)
    code: str = ""
    chat: str = ""


@dataclass(frozen=True)
class Arrived:
    """A person became reachable (added to the app, opened the chat) or, with `gone`, no longer is.

    `until`: on a platform where the bot may not speak first, how long it may answer the arrival (UTC).
    """

    platform: str
    user: str
    at: datetime
    gone: bool = False
    why: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Form:
    """A web form or API call handed in. `name` finds the handler; `fields` is plain JSON; `key` the client's own key."""

    name: str
    fields: dict[str, Any]
    at: datetime
    key: str = ""
    client: str = ""


@dataclass(frozen=True)
class Timer:
    """A timer came due. `kind` finds the handler, `key` is what it is about, `payload` what was stored with it."""

    kind: str
    key: str
    due: datetime
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fact:
    """Something we did ourselves ("lead.assigned"), handed to whoever listens. `cause` is the event id behind it."""

    name: str
    subject: str
    at: datetime
    payload: dict[str, Any] = field(default_factory=dict)
    cause: int = 0


@dataclass(frozen=True)
class Alert:
    """The platform or the machine tells of itself: quota used up, app suspended, stream kicked. For admins."""

    platform: str
    code: str
    text: str
    at: datetime


Event = Message | Click | Arrived | Form | Timer | Fact | Alert
KINDS: dict[str, type] = {
    "message": Message, "click": Click, "arrived": Arrived, "form": Form, "timer": Timer, "fact": Fact, "alert": Alert,
}  # fmt: skip
NAMES = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Incoming:
    """An event on its way into the inbox.

    `dedup` identifies it for ever (≤ 200 chars, e.g. "wecom:msg:7391…"); `lane` is the mailbox it queues in
    ("wecom:lisi": one at a time, in order; other lanes in parallel).
    """

    dedup: str
    lane: str
    event: Event


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, ChatLine | Media):
        return vars(value)
    raise TypeError(f"cannot store {type(value).__name__}")


def encode(event: Event) -> str:
    """Event → JSON text for the inbox row. (dataclasses.asdict copies deeply, which takes longer than all the rest.)"""
    return written({"is": NAMES[type(event)], **vars(event)}, _plain)


def encode_timer(kind: str, key: str, due: datetime, payload: str) -> str:
    """The same for a Timer whose payload is JSON text: it stays as it was written."""
    head = written({"is": NAMES[Timer], "kind": kind, "key": key, "due": due}, _plain)
    return f'{head[:-1]}, "payload": {payload or "{}"}}}'


def decode(text: str) -> Event:
    """JSON text of an inbox row → Event. Raises KeyError / ValueError when the row is not ours."""
    d: dict[str, Any] = json.loads(text)
    kind = KINDS[d.pop("is")]
    for name in ("at", "due", "reply_until", "until"):
        if d.get(name):
            d[name] = datetime.fromisoformat(d[name])
    if kind is Message:
        d["kind"] = Kind(d["kind"])
        d["lines"] = tuple(
            ChatLine(x["speaker"], x["text"], datetime.fromisoformat(x["at"]) if x["at"] else None)
            for x in d["lines"]
        )
        d["media"] = Media(**d["media"]) if d.get("media") else None
    event: Event = kind(**d)
    return event
