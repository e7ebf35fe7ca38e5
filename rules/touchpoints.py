"""Calls, mails and visits of a customer: what they are and how each reads in one line (B03, B06)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rules.text import clip


class Kind(StrEnum):
    """What happened between a customer and us."""

    CALL = "call"
    MAIL = "mail"
    VISIT = "visit"
    WECHAT = "wechat"
    OFFICIAL = "official"
    CHAT = "chat"


NAMES = {
    Kind.CALL: "来电", Kind.MAIL: "邮件", Kind.VISIT: "拜访", Kind.WECHAT: "企业微信", Kind.OFFICIAL: "公众号",
    Kind.CHAT: "聊天",
}  # fmt: skip


@dataclass(frozen=True)
class Touch:
    """One of them. `at` UTC; `member` of ours who took part ("" unknown); `detail`: duration (seconds), recording, place,
    people, files, whatever the kind has, as texts; `dedup` makes it once."""

    kind: Kind
    at: datetime
    dedup: str
    title: str = ""
    body: str = ""
    member: str = ""
    source: str = ""
    direction: str = "in"
    detail: Mapping[str, str] = field(default_factory=dict)


def seconds_text(seconds: int) -> str:
    """200 → "3 分 20 秒"; 0 → "未接通"."""
    if seconds <= 0:
        return "未接通"
    minutes, rest = divmod(seconds, 60)
    return (f"{minutes} 分" + (f" {rest} 秒" if rest else "")) if minutes else f"{rest} 秒"


def line(touch: Touch, who: str = "", *, private: bool = True) -> str:
    """ "来电 3 分 20 秒 · 接听 王磊 · 录音 https://…". Without `private` (somebody else's customer) only the kind, who and how
    long: neither recording nor words."""
    detail = touch.detail
    parts = [NAMES[touch.kind]]
    if touch.kind is Kind.CALL:
        parts = [f"来电 {seconds_text(int(detail.get('duration') or 0))}", f"接听 {who}" if who else ""]
    elif who:
        parts.append(who)
    if private:
        parts += [
            clip(touch.title, 40),
            f"地点 {detail['place']}" if detail.get("place") else "",
            f"参加 {detail['people']}" if detail.get("people") else "",
            f"附件 {detail['files']}" if detail.get("files") else "",
            f"录音 {detail['recording']}" if detail.get("recording") else "",
        ]
    return " · ".join(part for part in parts if part)
