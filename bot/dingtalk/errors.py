"""DingTalk's error codes → what to do about them: retry, wait, or give up, in Chinese (protocol 6.2, 6.3, 11.2)."""

import re
from dataclasses import dataclass
from datetime import datetime

from bot.dingtalk.alerts import until_next_month
from bot.platform import SendFailed, Wide

QUOTA = "ApiCountLimitForOrg"
BAD_TOKEN = "InvalidAuthentication"
NO_SCOPE = "AccessTokenPermissionDenied"
CARD_EXISTS, CARD_MISSING = "cardAlreadyExist", "cardNotExist"
NO_TEMPLATE = ("templateNotExist", "templateUnpublished", "cardTemplateIdEmpty")
TODO_EXISTS, TODO_MISSING = "task exist", "task not exist"
STALE_TOKEN = frozenset({40014, 42001})
SESSION_GONE = 300001


@dataclass(frozen=True)
class Verdict:
    """What an error code means. `after` seconds; `alert`: an admin has to do something."""

    reason: str
    retry: bool = False
    after: float | None = None
    wide: Wide = Wide.MESSAGE
    unknown: bool = False
    alert: bool = False
    busy: bool = False


SLOW = Verdict("钉钉接口限流", retry=True, after=1, wide=Wide.APP)
TOO_FAST = Verdict("钉钉机器人发送太快", retry=True, after=5, wide=Wide.APP)
BUSY = Verdict("钉钉系统繁忙", retry=True, after=2, unknown=True, busy=True)
NO_QUOTA = Verdict("钉钉本月的 API 调用额度用完了", retry=True, wide=Wide.APP, alert=True)
WRONG_SECRET = Verdict(
    "钉钉 client_id 或 client_secret 不对", retry=True, after=300, wide=Wide.APP, alert=True
)
WRONG_TOKEN = Verdict("钉钉不认 access_token", retry=True, after=30, wide=Wide.APP)
WRONG_ROBOT = Verdict("钉钉机器人编码不对或机器人没有启用", retry=True, after=600, wide=Wide.APP, alert=True)
STOPPED = Verdict("钉钉机器人被停用或不能发单聊消息", retry=True, after=600, wide=Wide.APP, alert=True)
WRONG_IP = Verdict("服务器出口 IP 不在钉钉应用的白名单里", retry=True, after=300, wide=Wide.APP, alert=True)
MISSING_SCOPE = Verdict("钉钉应用缺少权限", retry=True, after=600, alert=True)
NO_PERSON = Verdict("钉钉里没有这个人，或不在应用可见范围内", wide=Wide.PERSON)
UNSAFE = Verdict("内容没有通过钉钉的安全检查")
WRONG_MESSAGE = Verdict("钉钉不接受这条消息的格式")
WRONG_CARD = Verdict("钉钉不接受这张卡片")
TEMPLATE = Verdict("钉钉卡片模板不存在或没有发布", retry=True, after=600, alert=True)
BLOCKED = Verdict("出口 IP 被钉钉暂时封禁，或接口地址不对", retry=True, after=5, wide=Wide.APP, alert=True)

# fragment of a code of api.dingtalk.com → meaning; the first that occurs wins, special before general
NAMED: tuple[tuple[str, Verdict], ...] = (
    (QUOTA, NO_QUOTA),
    ("QpsLimit", SLOW),
    ("QpmLimit", Verdict("钉钉接口限流", retry=True, after=60, wide=Wide.APP)),
    (NO_SCOPE, MISSING_SCOPE),
    ("IpNotInWhiteList", WRONG_IP),
    (BAD_TOKEN, WRONG_TOKEN),
    ("invalidClientIdOrSecret", WRONG_SECRET),
    ("invalid.client", WRONG_SECRET),
    ("unauthorized.client", WRONG_SECRET),
    ("robotCode.downloadCode", Verdict("文件在钉钉上已经过期，请重发一次")),
    ("robotCode", WRONG_ROBOT),
    ("invalidParameter.userIds", NO_PERSON),
    ("staffId.notExisted", NO_PERSON),
    ("userIdNotExist", NO_PERSON),
    ("userIdEmpty", NO_PERSON),
    ("flowControl", TOO_FAST),
    ("lockError", BUSY),
    ("systemError", BUSY),
    ("system.error", BUSY),
    ("system.busy", BUSY),
    ("send.too.fast", TOO_FAST),
    ("send.byToken.tooFast", TOO_FAST),
    ("too.many", TOO_FAST),
    ("unsafe", UNSAFE),
    ("Unsafe", UNSAFE),
    ("notAllowed.", UNSAFE),
    ("notAllow.sendOTO", STOPPED),
    ("oto.notExist", STOPPED),
    ("forbidden", STOPPED),
    ("bot.stopped", STOPPED),
    *((fragment, TEMPLATE) for fragment in NO_TEMPLATE),
    (CARD_EXISTS, WRONG_CARD),
    (CARD_MISSING, WRONG_CARD),
    ("param.", WRONG_CARD),
    ("MissingStringValue", WRONG_CARD),
    ("todo.", Verdict("钉钉不接受这条待办")),
    ("msg", WRONG_MESSAGE),
    ("miss.", WRONG_MESSAGE),
)

# errcode of oapi.dingtalk.com and of webhooks → meaning
NUMBERED: dict[int, Verdict] = {
    -1: BUSY,
    15: BUSY,
    40001: WRONG_SECRET,
    40014: WRONG_TOKEN,
    42001: WRONG_TOKEN,
    40035: WRONG_MESSAGE,
    43004: WRONG_MESSAGE,
    33012: NO_PERSON,
    60121: NO_PERSON,
    60011: MISSING_SCOPE,
    60020: WRONG_IP,
    90002: SLOW,
    90018: SLOW,
    90020: NO_QUOTA,
    130101: Verdict("这个会话里发得太快", retry=True, after=60, wide=Wide.PERSON),
    410100: Verdict("这个会话里发得太快", retry=True, after=60, wide=Wide.PERSON),
    SESSION_GONE: Verdict("钉钉会话地址已过期", retry=True),
    430101: UNSAFE,
    430102: UNSAFE,
    430103: UNSAFE,
    430104: UNSAFE,
    460101: Verdict("消息太长"),
}


class Refused(SendFailed):
    """DingTalk said no. `alert`: an admin should hear of it; `code` holds code and message for the caller to look at."""

    alert = False


def refusal(status: int, code: str, message: str, now: datetime, scopes: str = "") -> Refused:
    """Error envelope of api.dingtalk.com (HTTP 4xx/5xx) → Refused."""
    known = next((verdict for fragment, verdict in NAMED if fragment in code), None)
    verdict = known or (BUSY if status >= 500 else SLOW if status == 429 else Verdict("钉钉拒绝了这次发送"))
    return _refused(verdict, code or f"HTTP {status}", message, now, scopes)


def numbered(code: int, message: str, now: datetime, sub_code: str = "") -> Refused:
    """Envelope of oapi.dingtalk.com and webhooks (HTTP 200 with errcode; 88 names a sub_code) → Refused."""
    if code == 88 and sub_code:
        inner = int(sub_code) if sub_code.lstrip("-").isdigit() else None
        verdict = NUMBERED.get(inner) if inner is not None else None
        return (
            _refused(verdict, f"88/{sub_code}", message, now)
            if verdict
            else refusal(200, sub_code, message, now)
        )
    return _refused(NUMBERED.get(code, Verdict("钉钉拒绝了这次调用")), str(code), message, now)


def _refused(verdict: Verdict, code: str, message: str, now: datetime, scopes: str = "") -> Refused:
    said = without_numbers(message)[:80]
    detail = code if said in ("", code) else f"{code} {said}"
    reason = f"{verdict.reason}{'：' + scopes if scopes else ''}（{without_numbers(detail)}）"
    after = until_next_month(now) if verdict is NO_QUOTA else verdict.after
    refused = Refused(
        reason,
        retry=verdict.retry,
        after=after,
        wide=verdict.wide,
        unknown=verdict.unknown,
        code=detail,
        busy=verdict.busy,
    )
    refused.alert = verdict.alert
    return refused


def without_numbers(text: str) -> str:
    """A foreign error text without what might be a phone number (seven digits and more)."""
    return re.sub(r"\d{7,}", "…", text)
