"""A callback of an Official Account: proved, opened, read; and the answer that may go back in it.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/ describes messages, events, passive answers and the
encrypted mode. What was not tried against a real account stands in docs/platforms.md.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.config_accounts import OfficialAccount
from bot.envelope import Envelope, Forged, check_time, check_told, sealed_in, signature
from bot.fields import Fields, fields_of
from rules.followers import Kind

SUCCESS = "success"
"""The answer that says nothing to the follower. Anything else that is no XML shows them an error of the platform."""
SCENE = "qrscene_"
PICTURE = re.compile(r"https?://[\w.-]{1,80}\.(?:qpic|qlogo)\.cn/[\w./?=&%-]{1,300}")
EVENTS = {
    "subscribe": Kind.SUBSCRIBE, "unsubscribe": Kind.UNSUBSCRIBE, "SCAN": Kind.SCAN, "CLICK": Kind.CLICK,
    "VIEW": Kind.VIEW,
}  # fmt: skip
MESSAGES = {
    "text": Kind.TEXT, "voice": Kind.VOICE, "image": Kind.IMAGE, "video": Kind.VIDEO, "shortvideo": Kind.VIDEO,
    "location": Kind.LOCATION, "link": Kind.LINK,
}  # fmt: skip


@dataclass(frozen=True)
class Pushed:
    """What a follower sent or did. `key`: its identity, the same in every redelivery; `account`: the gh_… that was
    written to; `at` UTC; `scene`: of the QR code behind it, "" for none."""

    openid: str
    account: str
    key: str
    at: datetime
    kind: Kind
    text: str = ""
    scene: str = ""


def proved(settings: OfficialAccount, query: Mapping[str, str], now: datetime) -> None:
    """The query was signed with the account's token, a moment ago. Raises Forged."""
    check_time(query.get("timestamp", ""), now, settings.timestamp_window)
    wanted = signature(settings.token.get_secret_value(), query["timestamp"], query.get("nonce", ""))
    if not hmac.compare_digest(wanted.encode(), query.get("signature", "").encode("utf-8", "replace")):
        raise Forged("签名不对")


def opened(settings: OfficialAccount, query: Mapping[str, str], body: bytes, now: datetime) -> Fields:
    """The message of a POST whose query is proved. In the encrypted mode only what is sealed counts: in the compatible
    one the same stands in clear beside it, under no signature. Raises Forged, Garbled."""
    if settings.mode == "plain":
        return _told(settings, query, fields_of(body), now)
    sealed, envelope = sealed_in(body), envelope_of(settings)
    if not sealed or not query.get("msg_signature"):
        raise Forged("消息没有加密：公众平台的「消息加解密方式」要选安全模式或兼容模式")
    envelope.check(query["msg_signature"], query["timestamp"], query.get("nonce", ""), sealed)
    return _told(settings, query, fields_of(envelope.open(sealed)), now)


def _told(settings: OfficialAccount, query: Mapping[str, str], root: Fields, now: datetime) -> Fields:
    stamp, nonce = query["timestamp"], query.get("nonce", "")
    check_told(_text(root, "CreateTime"), stamp, nonce, now, settings.timestamp_window)
    return root


def envelope_of(settings: OfficialAccount) -> Envelope:
    """What seals and opens for this account."""
    return Envelope(settings.token.get_secret_value(), settings.aes_key.get_secret_value(), settings.app_id)


def read(root: Fields, now: datetime) -> Pushed | None:
    """The opened message → what happened, None for what means nothing to us. `now` stands in for a missing CreateTime."""
    openid, kind = _text(root, "FromUserName")[:100], _text(root, "MsgType").lower()
    if not openid or not kind:
        return None
    to, at = _text(root, "ToUserName")[:100], _at(_text(root, "CreateTime"), now)
    if kind != "event":
        return Pushed(openid, to, _message_key(root), at, MESSAGES.get(kind, Kind.OTHER), _said(root, kind))
    event, key = _text(root, "Event"), _text(root, "EventKey")
    found = EVENTS.get(event)
    if found is None:
        return None
    scene = key.removeprefix(SCENE) if found is Kind.SCAN or key.startswith(SCENE) else ""
    return Pushed(openid, to, _event_key(root), at, found, _done(found, key), scene[:64])


def _said(root: Fields, kind: str) -> str:
    """A message as a person reads it."""
    match kind:
        case "text":
            return _text(root, "Content")
        case "voice":
            return _text(root, "Recognition") or "［语音］"
        case "image":
            url = _text(root, "PicUrl")
            return f"［图片］ {url}" if PICTURE.fullmatch(url) else "［图片］"
        case "video" | "shortvideo":
            return "［视频］"
        case "location":
            place = _text(root, "Label") or f"{_text(root, 'Location_X')},{_text(root, 'Location_Y')}"
            return f"［位置］ {place[:200]}"
        case "link":
            return f"［链接］ {_text(root, 'Title')[:100]} {_text(root, 'Url')[:300]}".strip()
        case _:
            return "［这类消息公众平台不转给程序，请到公众号后台看］"


def _done(kind: Kind, key: str) -> str:
    """An event in words; the scene of a code is put in by whoever knows what it stands for."""
    match kind:
        case Kind.CLICK:
            return f"点了菜单：{key[:60]}"
        case Kind.VIEW:
            return f"打开了菜单里的网页：{re.split(r'[?#]', key)[0][:120]}"
        case _:
            return ""


def _message_key(root: Fields) -> str:
    """MsgId, as the platform advises."""
    number = _text(root, "MsgId")[:64]
    return f"m{number}" if number.strip("0") else _digest(root, ("FromUserName", "CreateTime", "Content"))


def _event_key(root: Fields) -> str:
    """Sender and second, as the platform advises; with what happened, for two things may happen in one second."""
    return _digest(root, ("FromUserName", "CreateTime", "Event", "EventKey"))


def _digest(root: Fields, names: tuple[str, ...]) -> str:
    return "e" + hashlib.sha256("\x1f".join(_text(root, name) for name in names).encode()).hexdigest()[:40]


def answer(settings: OfficialAccount, pushed: Pushed, text: str, now: datetime, nonce: str) -> str:
    """The passive answer as XML, sealed in the encrypted mode; "success" for no text."""
    if not text:
        return SUCCESS
    stamp = str(int(now.timestamp()))
    plain = (
        f"<xml><ToUserName>{_cdata(pushed.openid)}</ToUserName><FromUserName>{_cdata(pushed.account)}</FromUserName>"
        f"<CreateTime>{stamp}</CreateTime><MsgType>{_cdata('text')}</MsgType><Content>{_cdata(text)}</Content></xml>"
    )
    if settings.mode == "plain":
        return plain
    envelope = envelope_of(settings)
    sealed = envelope.seal(plain.encode())
    return (
        f"<xml><Encrypt>{_cdata(sealed)}</Encrypt><MsgSignature>{_cdata(envelope.signature(stamp, nonce, sealed))}"
        f"</MsgSignature><TimeStamp>{stamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def _cdata(text: str) -> str:
    legible = "".join(char for char in text if char in "\n\t" or char.isprintable())
    return f"<![CDATA[{legible.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _text(root: Fields, name: str) -> str:
    return (root.findtext(name) or "").strip()


def _at(seconds: str, now: datetime) -> datetime:
    """CreateTime, never later than now: a clock that is ahead must not order words behind those to come."""
    try:
        return min(datetime.fromtimestamp(int(seconds), UTC), now)
    except (ValueError, OverflowError, OSError):
        return now
