"""Frames of the long connection: one JSON object each, acknowledged by req_id (protocol 10.5)."""

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SUBSCRIBE, PING = "aibot_subscribe", "ping"
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
REPLY, WELCOME, UPDATE = "aibot_respond_msg", "aibot_respond_welcome_msg", "aibot_respond_update_msg"
SEND = "aibot_send_msg"
UPLOAD_INIT, UPLOAD_CHUNK, UPLOAD_FINISH = (
    f"aibot_upload_media_{step}" for step in ("init", "chunk", "finish")
)

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


@dataclass(frozen=True)
class Frame:
    """One frame. `cmd` is "" for an acknowledgement; `code` and `message` are its errcode and errmsg."""

    cmd: str
    req_id: str
    body: Json = field(default_factory=dict)
    code: int = 0
    message: str = ""


def read(text: str) -> Frame | None:
    """Wire text → Frame, None when it is none. Control characters go first: they break JSON (10.5)."""
    try:
        raw = json.loads(CONTROL.sub("", text))
    except ValueError:
        return None
    if not isinstance(raw, dict):
        return None
    headers, body = raw.get("headers"), raw.get("body")
    req_id = headers.get("req_id") if isinstance(headers, dict) else None
    code = raw.get("errcode", 0)
    return Frame(
        cmd=str(raw.get("cmd") or ""),
        req_id=str(req_id or ""),
        body=body if isinstance(body, dict) else {},
        code=code if isinstance(code, int) else -1,
        message=str(raw.get("errmsg") or "")[:200],
    )


def write(cmd: str, req_id: str, body: Json | None = None) -> str:
    """A frame as wire text; raw UTF-8, as everything that goes to WeCom (16.1)."""
    frame: Json = {"cmd": cmd, "headers": {"req_id": req_id}}
    if body is not None:
        frame["body"] = body
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def new_id(cmd: str) -> str:
    """A req_id of our own, in the form that WeCom's SDKs use."""
    return f"{cmd}_{time.time_ns() // 1_000_000}_{secrets.token_hex(4)}"
