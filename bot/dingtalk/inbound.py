"""Robot messages, card clicks and contact events of the stream → events for the inbox (protocol 3, 5.4, 1.4)."""

from datetime import datetime
from hashlib import sha256

import structlog
from dingtalk_stream.card_callback import Card_Callback_Router_Topic
from dingtalk_stream.chatbot import ChatbotMessage

from bot.dingtalk import clicks, directory
from bot.dingtalk.alerts import DAY, PLATFORM, alert
from bot.dingtalk.frames import CALLBACK, EVENT, Frame
from bot.dingtalk.lenient import Json, decoded, first, moment, number, rows, table, words
from bot.dingtalk.records import quoted, record, rich
from bot.events import Arrived, Incoming, Kind, Media, Message

log = structlog.get_logger(__name__)
ROBOT_TOPIC: str = ChatbotMessage.TOPIC
CARD_TOPIC: str = Card_Callback_Router_Topic
GROUP = "2"
QUOTA_GONE = "20001"
COMMANDS = ("/", "／", "#")
"""How words begin that do something. In a card or a robot's markdown somebody else may have written them: who forwards it
commands nothing."""
FREE_EVENTS = frozenset({"user_add_org", "user_modify_org", "user_leave_org"})  # contact events cost no push


def events(frame: Frame, now: datetime) -> tuple[Incoming, ...] | None:
    """What a frame says, possibly nothing; None when the topic is not one of ours. Never raises on odd content."""
    match frame.type, frame.topic:
        case (kind, topic) if kind == CALLBACK and topic == ROBOT_TOPIC:
            return robot(frame.data, now)
        case (kind, topic) if kind == CALLBACK and topic == CARD_TOPIC:
            return clicks.click(frame, now)
        case (kind, _) if kind == EVENT:
            return contact(frame, now)
    return None


def robot(data: Json, now: datetime) -> tuple[Incoming, ...]:
    """A robot message → Message, with an Alert beside it when the sender cannot be known; quota used up → Alert."""
    if first(data, "errCode", "errorCode", "errcode") == QUOTA_GONE:
        said = first(data, "errMsg", "errorMessage", "errmsg")
        text = f"钉钉本月的 Stream 推送额度用完了，机器人收不到消息内容（{QUOTA_GONE} {said}）"
        return (alert("push_quota", text, now, DAY),)
    if not data:
        log.warning("dingtalk.message.empty")
        return ()
    chatbot = _chatbot(data)
    user = "" if _foreign(data) else words(chatbot.sender_staff_id).strip()
    nick = words(chatbot.sender_nick).strip()
    group = words(chatbot.conversation_type) == GROUP
    message = Message(
        platform=PLATFORM,
        user=user,
        at=moment(chatbot.create_at) or now,
        chat=words(chatbot.conversation_id) if group else "",
        nick=nick,
        quoted=quoted(data),
        reply_url=words(chatbot.session_webhook),
        reply_until=moment(chatbot.session_webhook_expired_time),
        **_body(chatbot, data),
    )
    pressed = (
        clicks.echoed(message.text, user, message.at, message.chat) if message.kind is Kind.TEXT else None
    )
    identity, lane = f"{PLATFORM}:msg:{_identity(data, chatbot)}", f"{PLATFORM}:{user or 'nobody'}"
    known = Incoming(identity, lane, pressed if pressed and user else message)
    return (known,) if user else (known, _nobody(data, nick, now))


def _foreign(data: Json) -> bool:
    """Somebody of another organisation: user ids are each organisation's own, so theirs may be one of ours."""
    theirs, ours = words(data.get("senderCorpId")), words(data.get("chatbotCorpId"))
    return bool(theirs and ours) and theirs != ours


def _chatbot(data: Json) -> ChatbotMessage:
    """The SDK's reading of the common fields and of text, picture and rich text.

    It indexes where a field may be missing (quota pushes carry no text): such fields are made sound first, and those
    that the bot has no use for are left out.
    """
    sound = {
        k: v for k, v in data.items() if k not in ("hostingContext", "conversationMsgContext", "atUsers")
    }
    sound |= {"text": table(data.get("text")), "content": table(data.get("content"))}
    sound["sessionWebhookExpiredTime"] = int(number(data.get("sessionWebhookExpiredTime")))
    return ChatbotMessage.from_dict(sound)


def _identity(data: Json, chatbot: ChatbotMessage) -> str:
    """msgId; without one, what was said where and when."""
    given = words(chatbot.message_id)
    if given and len(given) <= 150:
        return given
    parts = (given, words(chatbot.sender_id), words(chatbot.create_at), repr(sorted(data.items(), key=str)))
    return "~" + sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:40]


def _nobody(data: Json, nick: str, now: datetime) -> Incoming:
    """An unpublished app gets no senderStaffId at all; people outside the organisation an empty one (protocol 3.1)."""
    if "senderStaffId" in data:
        return alert("outsider", f"组织外的人（{nick or '未知'}）给机器人发了消息，没有回复", now, DAY)
    text = "收到的消息里没有 senderStaffId，认不出是谁。请在钉钉开放平台「版本管理与发布」里发布应用"
    return alert("unpublished", text, now, DAY)


def _body(chatbot: ChatbotMessage, data: Json) -> Json:
    """The fields of Message that depend on the type."""
    content = table(data.get("content"))
    match words(chatbot.message_type):
        case "text":
            return {"text": words(chatbot.text.content).strip()}
        case "richText":
            return _rich(rows(chatbot.rich_text_content.rich_text_list))
        case "picture":
            return {"kind": Kind.IMAGE, "text": "", "media": _media(content)}
        case "audio":
            return {"kind": Kind.VOICE, "text": first(content, "recognition"), "media": _media(content)}
        case "video":
            return {"kind": Kind.VIDEO, "text": "", "media": _media(content)}
        case "file":
            return {"kind": Kind.FILE, "text": "", "media": _media(content)}
        case "chatRecord":
            found = record(content)
            return {
                "kind": Kind.FORWARDED, "text": found.text, "lines": found.lines, "incomplete": found.incomplete,
            }  # fmt: skip
        case "markdown":
            text = first(content, "text") or first(table(data.get("markdown")), "text")
            return {"text": text, **({"kind": Kind.FORWARDED} if text.lstrip().startswith(COMMANDS) else {})}
        case "link":
            parts = (first(content, "title"), first(content, "text"), first(content, "messageUrl"))
            return {"kind": Kind.LINK, "text": "\n".join(filter(None, parts))}
        case "interactiveCard":
            return _foreign_card(content)
        case other:
            log.info("dingtalk.message.unreadable", msgtype=other[:40])
            return {"kind": Kind.UNKNOWN, "text": ""}


def _rich(runs: list[Json]) -> Json:
    text = rich(runs)
    pictures = [media for run in runs if (media := _media(run)) is not None]
    kind = Kind.IMAGE if pictures and not text else Kind.TEXT
    return {"kind": kind, "text": text, "media": pictures[0] if pictures else None}


def _media(content: Json) -> Media | None:
    """downloadCode first; files sent by API have a dentryId instead. Durations are ms, in one sample seconds."""
    ref = first(content, "downloadCode", "pictureDownloadCode", "dentryId", "fileId")
    length = max(0.0, number(content.get("duration")))
    seconds = length if length < 300 else length / 1000
    return Media(ref, first(content, "fileName"), seconds) if ref else None


def _foreign_card(content: Json) -> Json:
    """A card that somebody forwarded: what can be read on it, and where it leads."""
    parts = [
        first(child, "value", "text")
        for block in rows(content.get("cardContent"))
        for child in rows(block.get("children"))
    ]
    url = first(content, "biz_custom_action_url")
    text = "\n".join(filter(None, (*parts, url)))
    return {"kind": Kind.LINK if url else Kind.FORWARDED if text else Kind.UNKNOWN, "text": text}


def contact(frame: Frame, now: datetime) -> tuple[Incoming, ...]:
    """Somebody joined or left the organisation → Arrived and a change of the directory for each; other events are only logged."""
    if frame.event_type not in ("user_add_org", "user_leave_org"):
        log.info("dingtalk.event.unused", event_type=frame.event_type, event_id=frame.event_id)
        return ()
    said = decoded(frame.data.get("userId") or frame.data.get("UserId"))
    named = said if isinstance(said, list) else [said]
    at, gone = frame.at or now, frame.event_type == "user_leave_org"
    identity = (frame.event_id or frame.id or at.isoformat())[:120]
    users = [user for one in named if (user := words(one).strip())]
    arrived = [
        Incoming(
            f"{PLATFORM}:event:{identity}:{user[:50]}",
            f"{PLATFORM}:{user}",
            Arrived(PLATFORM, user, at, gone, frame.event_type),
        )
        for user in users
    ]
    return (
        *arrived,
        *(directory.changed(user, left=gone, identity=identity, at=at) for user in users),
    )
