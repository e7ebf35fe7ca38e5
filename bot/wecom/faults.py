"""errcode → what went wrong, for whom, and when to try again (protocol 13)."""

import re
from dataclasses import dataclass

from bot.platform import SendFailed, Wide

STALE = frozenset({40001, 40014, 42001})  # a business call's way to say: fetch a new token
NO_CREDENTIAL = frozenset({40001, 40013, 40091})  # gettoken's way to say: stop, or the IP gets banned
CODE_USED = frozenset({"60140", "42022"})  # the response_code is used up, too old or unknown
TASK_KNOWN = "42014"  # a task_id of legal form that is refused was used before
MEDIA_GONE = "40007"
UNSEEN_CODES = frozenset(
    {"40003", "46004", "60111", "81012", "81013"}
)  # the person is not in the app's visibility


@dataclass(frozen=True)
class Fault:
    """A sentence, and how the outbox goes on. `after`: seconds, None leaves it to the outbox."""

    text: str
    retry: bool = False
    after: float | None = None
    wide: Wide = Wide.MESSAGE
    busy: bool = False


def _config(text: str, after: float = 600) -> Fault:
    """Nothing gets through until somebody has changed a setting: the whole app waits."""
    return Fault(text, True, after, Wide.APP)


def _person(text: str) -> Fault:
    return Fault(text, wide=Wide.PERSON)


_SHAPE = Fault("企业微信不接受这条消息的格式")
_MEDIA = Fault("企业微信不接受这个文件（类型或大小）")
_UNSEEN = _person("此人不在应用可见范围，或账号不存在")
_MISMATCH = _config("agent_id 与 secret 不是同一个应用")
_CLOSED = _config("应用没有这个接口的权限，或已被停用")

TABLE: dict[int, Fault] = {
    -1: Fault("企业微信繁忙", True, 5, busy=True),
    **dict.fromkeys((int(code) for code in UNSEEN_CODES), _UNSEEN),
    **dict.fromkeys((50002, 60011), _person("此人超出应用的权限范围")),
    701008: _person("此人没有接口许可"),
    **dict.fromkeys((40004, 40005, 40006, 40009, 44001, 41005), _MEDIA),
    40007: Fault("文件在企业微信上已失效"),
    **dict.fromkeys((40008, 40033, 40035, 40058, 40063, 41001, 44004, 45002, 45008, 82001), _SHAPE),
    **dict.fromkeys((40032, 82002, 82003), Fault("一次发送的人太多")),
    **dict.fromkeys((42014, 42016), Fault("卡片编号不可用")),
    **dict.fromkeys((42017, 42018, 42019, 42020, *range(42027, 42052)), _SHAPE),
    **dict.fromkeys((42022, 60140), Fault("这张卡片已不能更新")),
    40096: Fault("已经不是好友"),
    40097: Fault("原来的同事还没有离职"),
    40098: Fault("接替的同事还没有实名认证"),
    40099: Fault("接替的同事客户数已满"),
    **dict.fromkeys((40100, 40129), Fault("已在转接中")),
    40128: Fault("转得太勤：90 天内只能转 2 次"),
    40130: Fault("接替的是同一个人"),
    40131: Fault("不是原来那位同事的好友"),
    **dict.fromkeys((84061, 84062), Fault("不是企业微信客户")),
    84083: Fault("接替的同事没有开通「客户联系」"),
    42052: Fault("消息已超过 24 小时，不能撤回"),
    **dict.fromkeys((40056, 301002, 41011), _MISMATCH),
    43012: Fault("应用没有配置回调地址，发不了带按钮的卡片", True, 600),
    45009: Fault("调用太频繁，被企业微信限流", True, 60, Wide.APP),
    45033: Fault("并发调用太多", True, 5, Wide.APP),
    **dict.fromkeys((48002, 48006, 50003), _CLOSED),
    **dict.fromkeys(STALE, Fault("access_token 刚换新又失效", True, 60, Wide.APP)),
    60020: _config("服务器 IP 不在应用的「企业可信IP」里", 300),
}


def because(code: int) -> str:
    """What an errcode about one of several says, with the number."""
    fault = TABLE.get(code)
    return f"{fault.text}（{code}）" if fault else f"企业微信没有接受（{code}）"


def failed(code: int, message: str = "") -> SendFailed:
    """errcode and errmsg → SendFailed. Only the caller's IP is taken from errmsg (protocol 0: do not match on it)."""
    fault = TABLE.get(code, Fault("企业微信返回了没见过的错误", True))
    text = fault.text
    if code == 60020 and (ip := caller_ip(message)):
        text = f"服务器 IP {ip} 不在应用的「企业可信IP」里"
    return SendFailed(
        f"{text}（{code}）",
        retry=fault.retry,
        after=fault.after,
        wide=fault.wide,
        code=str(code),
        busy=fault.busy,
    )


def refused_token(code: int, message: str = "") -> SendFailed:
    """The same for gettoken: bad credentials stop the app for ten minutes, for many wrong calls ban the IP (3)."""
    if code in NO_CREDENTIAL:
        text = "corp_id 或 secret 不对，或应用已停用"
        return SendFailed(f"{text}（{code}）", retry=True, after=600, wide=Wide.APP, code=str(code))
    fault = failed(code, message)
    after = 600 if code == 45009 else fault.after or 30
    return SendFailed(
        f"取不到 access_token：{fault.reason}", retry=True, after=after, wide=Wide.APP, code=str(code)
    )


def caller_ip(message: str) -> str:
    """The `from ip: 1.2.3.4` of an errmsg, or ""."""
    found = re.search(r"from ip:?\s*([0-9A-Fa-f.:]+[0-9A-Fa-f])", message)
    return found.group(1) if found else ""
