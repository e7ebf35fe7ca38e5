"""Customers handed from one member to another on the simulated WeCom (pages 94096, 94097; of who left 94100, 94101).

A customer decides by the verb `customer` on the taker's phone (`change` transfer_fail, a `reason`) or on the former's
(del_external_contact, source DELETE_BY_TRANSFER); who says nothing goes over 24 hours later, by the platform's clock.
"""

from typing import Any

from sim.refusal import Refusal
from sim.wecom_world import DAY, Body, Call, Customer, Transfer, World

OK: Body = {"errcode": 0, "errmsg": "ok"}
BY_TRANSFER = "DELETE_BY_TRANSFER"
MOST_AT_ONCE, LONGEST_MESSAGE = 100, 200
WITHIN, TIMES, YEAR = 90 * DAY, 2, 365 * DAY
DONE, WAITING, REFUSED, FULL = 1, 2, 3, 4


async def transfer(world: World, call: Call) -> Body:
    """POST externalcontact/transfer_customer: of a member in service."""
    former = _text(call, "handover_userid")
    if world.member(former) is None:
        raise Refusal(60111, "userid not found")
    message = str(call.body.get("transfer_success_msg") or "")
    if len(message) > LONGEST_MESSAGE:
        raise Refusal(40058, "transfer_success_msg exceed max length 200")
    return _begin(world, call, former, resigned=False, message=message)


async def transfer_of_leaver(world: World, call: Call) -> Body:
    """POST externalcontact/resigned/transfer_customer: of a member who left, for a year."""
    former = _text(call, "handover_userid")
    if former in world.members:
        raise Refusal(40097, "the member has not left")
    if world.now() - world.left.get(former, world.now()) > YEAR:
        raise Refusal(60111, "userid not found")
    return _begin(world, call, former, resigned=True, message="")


def _text(call: Call, name: str) -> str:
    found = call.body.get(name)
    if not isinstance(found, str) or not found:
        raise Refusal(41009, f"missing {name}")
    return found.lower()


def _begin(world: World, call: Call, former: str, *, resigned: bool, message: str) -> Body:
    taker, wanted = _text(call, "takeover_userid"), call.body.get("external_userid")
    if not isinstance(wanted, list) or not wanted:
        raise Refusal(41035, "missing external_userid")
    if len(wanted) > MOST_AT_ONCE:
        raise Refusal(40058, "external_userid exceed max length 100")
    if taker == former:
        raise Refusal(40130, "handover and takeover are the same")
    member = world.member(taker)
    if member is None:
        raise Refusal(60111, "userid not found")
    if not member.real_name:
        raise Refusal(40098, "the member is not real-name verified")
    if not member.customer_contact:
        raise Refusal(84083, "customer contact is not switched on")
    rows = []
    for external in wanted:
        code = _code(world, str(external), former, taker, resigned=resigned)
        if code == 0:
            world.transfers.append(Transfer(former, taker, str(external), world.now(), resigned, message))
        rows.append({"external_userid": external, "errcode": code})
    return OK | {"customer": rows}


def _code(world: World, external: str, former: str, taker: str, *, resigned: bool) -> int:
    customer = world.customers.get(external)
    if customer is None:
        return 40096
    if former not in {user.lower() for user in customer.follow}:
        return 40131
    mine = [one for one in world.transfers if one.external == external]
    if any(one.status == WAITING for one in mine):
        return 40129
    lately = [one for one in mine if not one.resigned and world.now() - one.at < WITHIN]
    if not resigned and len(lately) >= TIMES:
        return 40128
    return 40099 if _full(world, taker) else 0


def _full(world: World, taker: str) -> bool:
    having = sum(taker in {user.lower() for user in one.follow} for one in world.customers.values())
    return having >= world.members[taker].most_customers


async def result(world: World, call: Call) -> Body:
    """POST externalcontact/transfer_result."""
    return _result(world, call, resigned=False)


async def result_of_leaver(world: World, call: Call) -> Body:
    """POST externalcontact/resigned/transfer_result."""
    return _result(world, call, resigned=True)


def _result(world: World, call: Call, *, resigned: bool) -> Body:
    former, taker = _text(call, "handover_userid"), _text(call, "takeover_userid")
    for one in world.transfers:
        if one.status == WAITING and one.at + DAY <= world.now():
            _over(world, one)
    rows = [
        one for one in world.transfers if (one.former, one.taker, one.resigned) == (former, taker, resigned)
    ]
    at = int(call.body.get("cursor") or 0)
    page = rows[at : at + world.transfer_page]
    more = str(at + len(page)) if at + len(page) < len(rows) else ""
    shown = [
        {"external_userid": one.external, "status": one.status,
         "takeover_time": int(one.at + DAY) if one.status in (DONE, WAITING) else 0}
        for one in page
    ]  # fmt: skip
    return OK | {"customer": shown, "next_cursor": more}


def _over(world: World, one: Transfer) -> None:
    """The customer did not say no: friend of the one, no friend of the other."""
    if _full(world, one.taker):
        one.status = FULL
        return
    one.status = DONE
    customer: Customer = world.customers[one.external]
    key = next((user for user in customer.follow if user.lower() == one.former), "")
    row: dict[str, Any] = customer.follow.pop(key, {})
    to = world.members[one.taker].user
    customer.follow[to] = row | {"userid": to, "createtime": int(world.now())}


def accept(world: World, former: str, external: str) -> None:
    """The customer went over from `former`."""
    for one in world.transfers:
        if (one.former, one.external, one.status) == (former.lower(), external, WAITING):
            _over(world, one)


def fail(world: World, taker: str, external: str, reason: str) -> None:
    """The customer said no to `taker`, or there was no room."""
    for one in world.transfers:
        if (one.taker, one.external, one.status) == (taker.lower(), external, WAITING):
            one.status = FULL if reason == "customer_limit_exceed" else REFUSED


ROUTES = {
    "/cgi-bin/externalcontact/transfer_customer": ("POST", transfer),
    "/cgi-bin/externalcontact/transfer_result": ("POST", result),
    "/cgi-bin/externalcontact/resigned/transfer_customer": ("POST", transfer_of_leaver),
    "/cgi-bin/externalcontact/resigned/transfer_result": ("POST", result_of_leaver),
}
