"""Who is behind an encrypted id that another app of the firm was given (protocol wecom 10.8)."""

from bot.platform import Outgoing, SendFailed, Sent, Shared, Wide
from bot.wecom.api import Api

ASKED = "user"
AGAIN_IN = (
    600  # seconds until an id that meant nothing is asked for again: the app's visibility may have changed
)


async def translate(api: Api, shared: Shared, out: Outgoing) -> Sent:
    """batch/openuserid_to_userid for `out.ref` → {"user": userid}; {} for who is outside the app's visibility, and for
    an id that was plain already. Raises SendFailed; never to be tried again while the app itself is out of order:
    somebody waits for an answer."""
    key = f"wecom:nobody:{out.ref}"
    if await shared.get(key):
        return Sent()
    try:
        answer = await api.call("batch/openuserid_to_userid", {"open_userid_list": [out.ref]})
    except SendFailed as error:
        if error.wide is not Wide.APP:
            raise
        raise SendFailed(error.reason, retry=False, code=error.code) from None
    rows = answer.get("userid_list")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("open_userid") == out.ref and isinstance(row.get("userid"), str):
            return Sent(found={"user": row["userid"]})
    await shared.put(key, "1", AGAIN_IN)
    return Sent()
