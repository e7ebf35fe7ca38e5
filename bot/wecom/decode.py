"""Plaintext XML of a callback → an event for the inbox (protocol 2.1, 2.2; identity 1.5)."""

import hashlib
from datetime import UTC, datetime

import structlog

from bot.events import Alert, Arrived, Click, Event, Incoming, Kind, Media, Message
from bot.fields import Fields
from bot.wecom import directory, external
from bot.wecom.picks import resolve

log = structlog.get_logger("wecom")

NAME = "wecom"
COMMAND = "cmd:"  # menu keys are commands: "cmd:/今日"
ENTERED_EVERY = 600  # seconds in which opening the chat again is no news
IDENTITY = (
    "Event", "ChangeType", "FromUserName", "CreateTime", "EventKey", "TaskId", "ResponseCode",
    "UserID", "ExternalUserID", "ChatId", "MsgType",
)  # fmt: skip
ALERTS = {
    "inactive_alert": "应用长期无人使用，即将被停用",
    "close_inactive_agent": "应用因长期无人使用已被停用",
    "reopen_inactive_agent": "应用已重新启用",
    "low_active_alert": "应用使用率过低，即将被限制",
    "low_active": "应用因使用率过低已被限制",
    "active_restored": "应用使用率已恢复正常",
}


def decode(root: Fields, now: datetime) -> Incoming | None:
    """The opened message of one callback → what happened, or None when it is nothing for us. `now` stands in for a missing
    CreateTime."""
    user = _text(root, "FromUserName").lower()  # userids are case-insensitive (7.1)
    kind = _text(root, "MsgType").lower()
    if not user or not kind:
        log.warning("callback without FromUserName or MsgType")
        return None
    at = _at(_text(root, "CreateTime"), now)
    if kind == "event" and _text(root, "Event") == external.EVENT:
        return external.decode(root, _event_key(root, user, at), at)
    if kind == "event" and _text(root, "Event") == directory.EVENT:
        return directory.decode(root, _event_key(root, user, at), at)
    lane = f"{NAME}:{user}"
    if kind != "event":
        return Incoming(_message_key(root), lane, _message(root, kind, user, at))
    event = _event(root, user, at)
    if event is None:
        log.info("event is not used", event_name=_text(root, "Event")[:40])
        return None
    return Incoming(_event_key(root, user, at), lane, event)


def is_entering(incoming: Incoming) -> bool:
    """True for "opened the chat", which comes all the time (protocol 16.10)."""
    return isinstance(incoming.event, Arrived) and incoming.event.why == "enter_agent"


def _message(root: Fields, kind: str, user: str, at: datetime) -> Message:
    media = Media(_text(root, "MediaId")) if root.find("MediaId") is not None else None
    match kind:
        case "text":
            return Message(NAME, user, _text(root, "Content"), at)
        case "voice":  # the app gets no recognition, only the sound (2.1)
            form = _text(root, "Format") or "amr"
            return Message(
                NAME, user, "", at, Kind.VOICE, media=Media(_text(root, "MediaId"), f"voice.{form}")
            )
        case "image":
            return Message(NAME, user, "", at, Kind.IMAGE, media=media)
        case "video":
            return Message(NAME, user, "", at, Kind.VIDEO, media=media)
        case "location":
            place = _text(root, "Label") or f"{_text(root, 'Location_X')},{_text(root, 'Location_Y')}"
            return Message(NAME, user, place, at, Kind.LOCATION)
        case "link":
            return Message(NAME, user, _join(_text(root, "Title"), _text(root, "Url")), at, Kind.LINK)
        case _:
            log.warning("message of unknown type", kind=kind[:40])
            return Message(NAME, user, "", at, Kind.UNKNOWN, media=media)


def _event(root: Fields, user: str, at: datetime) -> Event | None:
    name, key = _text(root, "Event"), _text(root, "EventKey")
    match name:
        case "subscribe" | "enter_agent":
            return Arrived(NAME, user, at, why=name)
        case "unsubscribe":
            return Arrived(NAME, user, at, gone=True, why=name)
        case "click" if key:
            return Message(NAME, user, key.removeprefix(COMMAND), at)
        case "template_card_event" | "template_card_menu_event":
            action, values = resolve(key, _chosen(root))
            return Click(
                NAME, user, _text(root, "TaskId"), action, at, values=values, code=_text(root, "ResponseCode")
            )
        case _ if name in ALERTS:
            return Alert(NAME, name, ALERTS[name], at)
        case _:
            return None


def _chosen(root: Fields) -> dict[str, list[str]]:
    """What was chosen in the drop-downs and ticks of a card: {question key: [option ids]}."""
    return {
        _text(item, "QuestionKey"): [(one.text or "").strip() for one in item.findall("OptionIds/OptionId")]
        for item in root.findall("SelectedItems/SelectedItem")
    }


def _message_key(root: Fields) -> str:
    number = _text(root, "MsgId")
    return f"{NAME}:msg:{number[:64]}" if number.strip("0") else f"{NAME}:msg:{_digest(root)}"


def _event_key(root: Fields, user: str, at: datetime) -> str:
    """Identity of an event. The documented key (user, second) would merge two `sys` events of one second (1.5)."""
    if _text(root, "Event") == "enter_agent":
        return f"{NAME}:enter:{user[:64]}:{int(at.timestamp()) // ENTERED_EVERY}"
    return f"{NAME}:event:{_digest(root)}"


def _digest(root: Fields) -> str:
    parts = [_text(root, name) for name in IDENTITY] + [_text(root, "Content"), _text(root, "MediaId")]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def _text(root: Fields, name: str) -> str:
    return (root.findtext(name) or "").strip()


def _join(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _at(seconds: str, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return now
