"""Stream frames: text on the wire → Frame, and our answers, by the official SDK's frame classes (protocol 1.2, 1.3)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dingtalk_stream.frames import AckMessage, CallbackMessage, EventMessage, Headers, SystemMessage

from bot.dingtalk.lenient import Json, decoded, moment, table, words

SYSTEM: str = SystemMessage.TYPE
EVENT: str = EventMessage.TYPE
CALLBACK: str = CallbackMessage.TYPE
DISCONNECT: str = SystemMessage.TOPIC_DISCONNECT
PING = "ping"
OK: int = AckMessage.STATUS_OK
NOT_FOUND: int = AckMessage.STATUS_NOT_IMPLEMENT
BROKEN: int = AckMessage.STATUS_SYSTEM_EXCEPTION


@dataclass(frozen=True)
class Frame:
    """One frame from the gateway. `id` is headers.messageId ("" where the gateway left it out); `at` UTC or None."""

    type: str
    topic: str
    id: str = ""
    data: Json = field(default_factory=dict)
    at: datetime | None = None
    event_id: str = ""
    event_type: str = ""


def read(text: str) -> Frame | None:
    """A text frame → Frame; None when it is no JSON object at all. Unknown types keep their name.

    The SDK's reader of headers raises on a time that is no number, and the frame would be lost: it is put right before. Its
    readers of whole frames raise on data that is no JSON, and take it apart a second time.
    """
    raw = table(text)
    if not raw:
        return None
    kind = words(raw.get("type"))
    heads = table(raw.get("headers") or raw.get("header"))
    times = {key: moment(heads.get(key)) for key in ("time", "eventBornTime")}
    sound = {key: value for key, value in heads.items() if key not in times}
    sound |= {key: int(at.timestamp() * 1000) for key, at in times.items() if at}
    data = decoded(raw.get("data"))
    head: Headers = Headers.from_dict(sound)
    return Frame(
        type=kind,
        topic=words(head.topic),
        id=words(head.message_id),
        data=data if isinstance(data, dict) else {},
        at=times["eventBornTime"] or times["time"],
        event_id=words(head.event_id),
        event_type=words(head.event_type),
    )


def ack(frame: Frame, data: Mapping[str, object], code: int = OK, message: str = "OK") -> str:
    """The answer to a frame as wire text; `data` travels as a JSON string."""
    answer = AckMessage()
    answer.code, answer.message, answer.data = code, message, dict(data)
    answer.headers.message_id = frame.id or None
    answer.headers.content_type = Headers.CONTENT_TYPE_APPLICATION_JSON
    return json.dumps(answer.to_dict(), ensure_ascii=False)
