"""Callback bodies → events for the inbox (protocol 10.2)."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from bot.events import Alert, Arrived, Click, Event, Incoming, Kind, Media, Message
from bot.wecom.picks import resolve
from bot.wecom_aibot.frames import EVENT, Frame, Json

log = structlog.get_logger(__name__)
PLATFORM = "wecom_aibot"
ENTERED = "enter_chat"
REASONS = {1: "答非所问", 2: "不完整", 3: "有错误", 4: "数据不对"}
WELCOME = timedelta(seconds=4)  # of the 5 s in which a newcomer may be welcomed
MENTION = re.compile(r"@\S+\s+")


def user_of(frame: Frame) -> str:
    """Who caused a callback, exactly as it came: ids of this platform are case-sensitive (10.5)."""
    return _text(_table(frame.body.get("from")), "userid")


def read(
    frame: Frame, now: datetime, bot_name: str = "", said: Callable[[str], str] = lambda _id: ""
) -> Incoming | None:
    """What a callback says, None when it is nothing for us. Never raises on odd content.

    `bot_name`: taken off the front of what is said in a group; without one, the first @word is. `said`: feedback id →
    how the answer begins that it is about, "" when that is not known.
    """
    body, user = frame.body, user_of(frame)
    if not user:
        log.warning("aibot.callback.nobody", cmd=frame.cmd)
        return None
    lane = f"{PLATFORM}:{user}"
    at = _at(body.get("create_time"), now)
    if frame.cmd == EVENT or _text(body, "msgtype") == "event":
        event = _event(body, user, at, now, said)
        return Incoming(_identity(frame), lane, event) if event is not None else None
    return Incoming(_identity(frame), lane, _message(body, user, at, bot_name))


def _identity(frame: Frame) -> str:
    """msgid, which a re-delivery repeats; without one, what was said."""
    given = _text(frame.body, "msgid")
    if given and len(given) <= 150:
        return f"{PLATFORM}:msg:{given}"
    said = json.dumps([frame.req_id, frame.body], ensure_ascii=False, sort_keys=True)
    return f"{PLATFORM}:msg:~{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:40]}"


# ── messages ───────────────────────────────────────────────────────────────────────────────────────────
def _message(body: Json, user: str, at: datetime, bot_name: str) -> Message:
    kind, text, media = content(body)
    chat = _text(body, "chatid") if _text(body, "chattype") == "group" else ""
    quote = _table(body.get("quote"))
    return Message(
        platform=PLATFORM,
        user=user,
        text=unmentioned(text, bot_name) if chat else text,
        at=at,
        kind=kind,
        chat=chat,
        quoted=content(quote)[1] if quote else "",
        media=media,
    )


def content(body: Json) -> tuple[Kind, str, Media | None]:
    """Type, words and file of a message, or of the message that one quotes."""
    kind = _text(body, "msgtype")
    item = _table(body.get(kind))
    match kind:
        case "text":
            return Kind.TEXT, _text(item, "content"), None
        case "voice":  # WeCom's own recognition; the sound itself is not handed over
            return Kind.VOICE, _text(item, "content"), None
        case "image":
            return Kind.IMAGE, "", _media(item)
        case "file":
            return Kind.FILE, "", _media(item)
        case "video":
            return Kind.VIDEO, "", _media(item)
        case "mixed":
            return _mixed(item.get("msg_item"))
        case _:
            log.info("aibot.message.unreadable", msgtype=kind[:40])
            return Kind.UNKNOWN, "", None


def _mixed(items: object) -> tuple[Kind, str, Media | None]:
    """Words and pictures in one message: read by its words, or a picture when it has none."""
    parts = [content(_table(item)) for item in items] if isinstance(items, Sequence) else []
    text = "\n".join(words for _, words, _ in parts if words)
    media = next((media for _, _, media in parts if media), None)
    return Kind.TEXT if text else Kind.IMAGE if media else Kind.UNKNOWN, text, media


def _media(item: Json) -> Media | None:
    """A file behind a URL that lives five minutes, with the key to open it; its name comes with the download."""
    url = _text(item, "url")
    return Media(json.dumps({"url": url, "aeskey": _text(item, "aeskey")})) if url else None


def unmentioned(text: str, bot_name: str) -> str:
    """What is said in a group, without the @mention that made it reach the bot."""
    if bot_name and text.startswith(f"@{bot_name}"):
        return text[len(bot_name) + 1 :].strip()
    found = None if bot_name else MENTION.match(text)
    return text[found.end() :].strip() if found else text


# ── events ─────────────────────────────────────────────────────────────────────────────────────────────
def _event(body: Json, user: str, at: datetime, now: datetime, said: Callable[[str], str]) -> Event | None:
    event = _table(body.get("event"))
    match _text(event, "eventtype"):
        case "enter_chat":
            return Arrived(PLATFORM, user, at, why=ENTERED, until=now + WELCOME)
        case "template_card_event":
            return _click(_table(event.get("template_card_event")), body, user, at)
        case "feedback_event":
            return _feedback(_table(event.get("feedback_event")), at, said)
        case other:
            log.info("aibot.event.unused", eventtype=other[:40])
            return None


def _click(card: Json, body: Json, user: str, at: datetime) -> Click:
    """A press. The prose of the documents names the fields otherwise than the samples: both are read (10.2)."""
    key = _text(card, "event_key") or _text(card, "eventkey")
    action, values = resolve(key, _chosen(card))
    return Click(PLATFORM, user, task_of(body), action, at, values=values, chat=_text(body, "chatid"))


def task_of(body: Json) -> str:
    """The task_id of the card that a template_card_event is about, "" for anything else."""
    card = _table(_table(body.get("event")).get("template_card_event"))
    return _text(card, "task_id") or _text(card, "taskid")


def _chosen(card: Json) -> dict[str, list[str]]:
    items = _table(card.get("selected_items")).get("selected_item")
    found: dict[str, list[str]] = {}
    for item in items if isinstance(items, list) else []:
        ids = _table(_table(item).get("option_ids")).get("option_id")
        found[_text(_table(item), "question_key")] = (
            [str(one) for one in ids] if isinstance(ids, list) else []
        )
    return found


def _feedback(told: Json, at: datetime, said: Callable[[str], str]) -> Alert | None:
    """Thumbs down, for those who run the bot; thumbs up and a taking back are only logged."""
    id = _text(told, "id")[:64]
    log.info("aibot.feedback", type=told.get("type"), id=id)
    if told.get("type") != 2:
        return None
    reasons = told.get("inaccurate_reason_list")
    named = [REASONS[one] for one in reasons if one in REASONS] if isinstance(reasons, list) else []
    words = "，".join(filter(None, [*named, _text(told, "content")[:200]]))
    answer = f"「{begins}…」" if (begins := said(id)) else ""
    why = words or "没有写原因"
    return Alert(PLATFORM, f"feedback.{id}", f"有人对机器人的回答{answer}点了踩：{why}", at)


def _table(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(table: Json, name: str) -> str:
    value = table.get(name)
    return value.strip() if isinstance(value, str) else ""


def _at(seconds: object, now: datetime) -> datetime:
    """create_time is given with events only."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if isinstance(seconds, int | str) else now
    except (ValueError, OverflowError, OSError):
        return now
