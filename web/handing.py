"""How a page or an API hands a lead to the inbox and learns what became of it."""

from bot.engine import Engine, Failed, NotDone
from bot.events import Form
from bot.inbox import Full
from store import receipts
from web.errors import Refusal

RETRY = {"Retry-After": "2"}


async def known(engine: Engine, receipt: str) -> receipts.Receipt | None:
    """What was answered under this key before, or None."""
    async with engine.db.read() as tx:
        return await receipts.find(tx, receipt)


async def hand_in(engine: Engine, form: Form) -> int:
    """The event id of the form, handled. Raises Refusal 422, 500 or 503."""
    try:
        outcome = await engine.submit(form)
    except Full:
        raise Refusal(503, "系统繁忙，请稍后用同一个 Idempotency-Key 重试", headers=RETRY) from None
    except NotDone as late:
        raise Refusal(
            503, "已收到，还在处理；请稍后用同一个 Idempotency-Key 再问", event=late.event, headers=RETRY
        ) from None
    except Failed as bug:
        if bug.why:
            raise Refusal(422, bug.why, code="put_aside", event=bug.event) from None
        raise Refusal(500, "没有处理成功，已记录，内容没有丢", event=bug.event) from None
    if outcome.refused:
        raise Refusal(422, outcome.refused, event=outcome.event)
    return outcome.event
