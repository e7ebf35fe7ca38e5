"""How a page or an API hands a lead to the inbox and learns what became of it."""

import hashlib
from collections.abc import Mapping
from typing import Any

from bot.engine import Engine, Failed, NotDone
from bot.events import Form
from bot.inbox import Full
from store import receipts
from store.customers import phone_key
from web.errors import Refusal

RETRY = {"Retry-After": "2"}


def sha(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def lead_form(engine: Engine, fields: Mapping[str, Any], *, receipt: str, digest: str, client: str) -> Form:
    """The event that every source ends in. `fields`: those of nlp/enquiry.py and `origin`; `receipt` is the key of the
    answer, `digest` that of the content.

    The engine handles forms whose keys begin alike one after the other: with one phone the second finds the customer of
    the first.
    """
    who = phone_key(str(fields.get("phone", ""))) or str(fields.get("email", "")).lower() or receipt
    kept = {**fields, "digest": digest, "receipt": receipt}
    return Form("lead", kept, engine.clock.now(), key=f"{sha(who)[:40]}:{receipt}", client=client)


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
        raise Refusal(500, "没有处理成功，已记录，内容没有丢", event=bug.event) from None
    if outcome.refused:
        raise Refusal(422, outcome.refused, event=outcome.event)
    return outcome.event
