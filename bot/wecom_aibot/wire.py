"""Frames out with everything that can go wrong as SendFailed (protocol 10.5, 13)."""

from typing import Protocol

from bot.platform import SendFailed, Wide
from bot.wecom.faults import TABLE
from bot.wecom_aibot.frames import Json
from bot.wecom_aibot.link import Gone, Refused

BAD_REQ_ID, STREAM_EXPIRED = "846605", "846608"
NO_WINDOW = frozenset({BAD_REQ_ID, STREAM_EXPIRED})
"""The callback can no longer be answered: say it by a push."""
TASK_KNOWN = "42014"
MEDIA_GONE = "40007"
UNREACHED = {
    93001: "此人还没有给机器人发过消息，机器人不能先开口",
    93006: "没有这个会话（id 不对，或还没有给机器人发过消息）",
    93008: "机器人不在这个群里",
}
AGAIN_IN = 2.0  # seconds to wait for a connection that is being built


class Calls(Protocol):
    """What carries a frame: the client."""

    async def call(self, cmd: str, body: Json, *, req_id: str = "") -> Json:
        """A frame → the body of its acknowledgement. Raises Refused, Gone, TimeoutError."""
        ...


class Wire:
    """The client's `call`, raising SendFailed and nothing else."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def call(self, cmd: str, body: Json, *, req_id: str = "") -> Json:
        """A frame → the body of its acknowledgement. Raises SendFailed."""
        try:
            return await self._calls.call(cmd, body, req_id=req_id)
        except Refused as no:
            raise failed(no.code) from None
        except Gone as gone:
            if gone.sent:
                raise SendFailed("长连接在等确认时断开", retry=True, unknown=True) from None
            raise SendFailed("长连接断开，正在重连", retry=True, after=AGAIN_IN, wide=Wide.APP) from None
        except TimeoutError:
            raise SendFailed("企业微信没有确认", retry=True, unknown=True) from None


def failed(code: int) -> SendFailed:
    """errcode of an acknowledgement → SendFailed."""
    if code in UNREACHED:
        return SendFailed(f"{UNREACHED[code]}（{code}）", retry=False, wide=Wide.PERSON, code=str(code))
    if str(code) in NO_WINDOW:
        return SendFailed(f"这条消息已不能再回复（{code}）", retry=False, code=str(code))
    if code == 45009:  # counted by conversation here, so the others need not wait
        return SendFailed("这个会话发得太快（45009）", retry=True, after=60, code=str(code))
    fault = TABLE.get(code)
    if fault is None:
        return SendFailed(f"企业微信返回了没见过的错误（{code}）", retry=True, code=str(code))
    return SendFailed(
        f"{fault.text}（{code}）",
        retry=fault.retry,
        after=fault.after,
        wide=fault.wide,
        code=str(code),
        busy=fault.busy,
    )
