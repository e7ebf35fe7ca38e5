"""Friends of one member handed on to another: the call and its outcome (pages 94096, 94097; of who left 94100, 94101)."""

from typing import cast

from bot.platform import LEAVERS_FRIENDS_MOVED, Outgoing, SendFailed, Sent
from bot.wecom.api import Answer, Api, number, text
from bot.wecom.faults import because

MOST = 100
"""Customers in one call."""
WORDS = 200
"""Characters that go to the customer."""
UNDER_WAY = frozenset({0, 40100, 40129})  # taken, now or by the try whose answer was lost
STILL_HERE = "40097"
PAGES = 100
"""Of up to 1,000 customers each; a cursor that never ends must not hold up the queue."""
STEPS = {1: "done", 2: "running", 3: "refused", 4: "full"}


async def start(api: Api, out: Outgoing) -> Sent:
    """transfer_customer: `found` says of each why not, "" when the 24 hours have begun. Who is gone here may be in service
    for WeCom (a member who was only taken out of the app): then as such. Raises SendFailed."""
    if len(out.friends) > MOST:
        raise SendFailed(f"一次最多转接 {MOST} 位客户", retry=False)
    body: dict[str, object] = {
        "handover_userid": out.user, "takeover_userid": out.ref, "external_userid": list(out.friends),
    }  # fmt: skip
    serving = body | ({"transfer_success_msg": out.text[:WORDS]} if out.text else {})
    if not out.left:
        return _taken(out, await api.call("externalcontact/transfer_customer", serving))
    try:
        answer = await api.call("externalcontact/resigned/transfer_customer", body)
    except SendFailed as error:
        if error.code != STILL_HERE:
            raise
        answer = await api.call("externalcontact/transfer_customer", serving)
    return _taken(out, answer)


def _taken(out: Outgoing, answer: Answer) -> Sent:
    codes = {text(row, "external_userid"): number(row, "errcode") for row in _rows(answer)}
    # who is not named was not refused either
    return Sent(
        found={
            one: "" if codes.get(one, 0) in UNDER_WAY else because(codes.get(one, 0)) for one in out.friends
        }
    )


async def result(api: Api, out: Outgoing) -> Sent:
    """transfer_result, all its pages: `found` says of each customer how far it has come. Raises SendFailed."""
    paths = ["externalcontact/transfer_result"]
    if out.text == LEAVERS_FRIENDS_MOVED:
        paths.insert(0, "externalcontact/resigned/transfer_result")
    found: dict[str, str] = {}
    for path in paths:
        try:
            found = {**await _pages(api, path, out), **found}
        except SendFailed as error:
            if error.retry or path == paths[-1]:
                raise
    return Sent(found=found)


async def _pages(api: Api, path: str, out: Outgoing) -> dict[str, str]:
    found: dict[str, str] = {}
    cursor = ""
    for _ in range(PAGES):
        body = {"handover_userid": out.user, "takeover_userid": out.ref, "cursor": cursor}
        answer = await api.call(path, body)
        for row in _rows(answer):
            found[text(row, "external_userid")] = STEPS.get(number(row, "status"), "")
        cursor = text(answer, "next_cursor")
        if not cursor:
            break
    return found


def _rows(answer: Answer) -> list[Answer]:
    rows = answer.get("customer")
    return [cast(Answer, row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
