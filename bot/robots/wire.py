"""What each kind of group robot is sent, and what its answers mean. The address itself is the secret."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote_plus

from bot.platform import SendFailed

Json = dict[str, object]
WECOM_BYTES, DINGTALK_BYTES = 4096, 18_000


@dataclass(frozen=True)
class Said:
    """A message for a group: a title (for the notification) and its words."""

    title: str
    text: str


def cut(text: str, most: int) -> str:
    """The text in at most so many bytes, ending in … where something was left out."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= most else raw[: most - 3].decode("utf-8", "ignore") + "…"


def harmless(text: str) -> str:
    """Words as markdown that mentions nobody, hides no link and paints nothing: names in it are other people's."""
    return text.replace("](", "］(").replace("<", "＜")


def wecom(said: Said) -> Json:
    """markdown, 4096 bytes; nobody is mentioned."""
    return {"msgtype": "markdown", "markdown": {"content": cut(harmless(said.text), WECOM_BYTES)}}


def dingtalk(said: Said, row: int) -> Json:
    """markdown with a title; msgUuid makes a repeat one message."""
    text = cut("  \n".join(harmless(said.text).split("\n")), DINGTALK_BYTES)
    return {
        "msgtype": "markdown",
        "markdown": {"title": said.title[:60], "text": text},
        "msgUuid": f"genjin-{row}",
    }


def signed(url: str, secret: str, ms: int) -> str:
    """The address of a DingTalk robot with its signature; without a secret as it is."""
    if not secret:
        return url
    digest = hmac.new(secret.encode(), f"{ms}\n{secret}".encode(), hashlib.sha256).digest()
    return f"{url}&timestamp={ms}&sign={quote_plus(base64.b64encode(digest))}"


FINAL = {
    93000: "群机器人的地址不对，或已被移除", 93004: "群机器人已停用", 93008: "群机器人不在群里",
    310000: "钉钉群机器人的关键词、签名或 IP 不符", 400101: "钉钉群机器人的 token 不对", 400102: "钉钉群机器人已停用",
    400106: "钉钉群机器人不存在", 400013: "群已解散",
}  # fmt: skip
FAST = {45009: 60.0, 410100: 600.0, 130101: 600.0}
"""Too fast → seconds until it goes on: WeCom counts by the minute, DingTalk blocks for ten."""


def failed(code: int) -> SendFailed:
    """errcode → SendFailed."""
    if code in FAST:
        return SendFailed(f"群机器人发得太快（{code}）", retry=True, after=FAST[code], code=str(code))
    if code in FINAL:
        return SendFailed(f"{FINAL[code]}（{code}）", retry=False, code=str(code))
    return SendFailed(f"群机器人返回错误（{code}）", retry=code == -1, code=str(code), busy=code == -1)
