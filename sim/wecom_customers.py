"""Customer contact of the simulated WeCom: who knows whom, welcome codes, externalcontact/* (pages 92114, 92137)."""

from typing import Any

from sim import wecom_transfers
from sim.refusal import Refusal
from sim.wecom_world import Body, Call, Customer, Welcome, World

OK: Body = {"errcode": 0, "errmsg": "ok"}
WELCOME_SECONDS = 20.0


def change(world: World, user: str, external: str, kind: str, details: Body) -> list[tuple[str, Any]]:
    """Applies what happened between a member and a customer; returns the extra elements of the event."""
    customer = world.customers.setdefault(external, Customer(external, str(details.get("name") or "客户")))
    extra: list[tuple[str, Any]] = []
    match kind:
        case "add_external_contact" | "add_half_external_contact":
            customer.follow[user] = _relation(world, user, external, str(details.get("state") or ""))
            (customer.half.add if "half" in kind else customer.half.discard)(user)
            if details.get("state"):
                extra.append(("State", str(details["state"])))
            if not any(w.used and (w.user, w.customer) == (user, external) for w in world.welcomes.values()):
                code = world.new_id("WELCOME")
                world.welcomes[code] = Welcome(world.now(), user, external)
                extra.append(("WelcomeCode", code))
        case "edit_external_contact":
            customer.follow.get(user, {}).update({k: v for k, v in details.items() if k.startswith("remark")})
        case "del_external_contact" | "del_follow_user":
            if details.get("source") == wecom_transfers.BY_TRANSFER:
                wecom_transfers.accept(world, user, external)
            customer.follow.pop(user, None)
            if details.get("source"):
                extra.append(("Source", str(details["source"])))
        case "transfer_fail":
            reason = str(details.get("reason") or "customer_refused")
            wecom_transfers.fail(world, user, external, reason)
            extra.append(("FailReason", reason))
        case _:
            raise ValueError(f"no such ChangeType: {kind}")
    return extra


def _relation(world: World, user: str, external: str, state: str) -> Body:
    row = {
        "userid": user, "remark": "", "description": "", "createtime": int(world.now()), "tags": [],
        "remark_corp_name": "", "remark_mobiles": [], "add_way": 1, "oper_userid": external,
    }  # fmt: skip
    return row | ({"state": state} if state else {})


async def get(world: World, call: Call) -> Body:
    """GET externalcontact/get; 84061 while nobody has a full relation (half-adds)."""
    customer = world.customers.get(call.query.get("external_userid", ""))
    if customer is None:
        raise Refusal(40096, "invalid external userid")
    full = [row for user, row in customer.follow.items() if user not in customer.half and world.member(user)]
    if not full:
        raise Refusal(84061, "not external contact")
    contact: Body = {"external_userid": customer.id, "name": customer.name, "type": customer.type}
    if customer.type == 2:
        contact |= {"position": "", "corp_name": customer.corp_name}
    return OK | {"external_contact": contact | {"gender": 0}, "follow_user": full, "next_cursor": ""}


async def list_of(world: World, call: Call) -> Body:
    """GET externalcontact/list: the customers of a member; 84061 when there are none."""
    user = call.query.get("userid", "")
    if world.member(user) is None:
        raise Refusal(60111, "userid not found")
    found = [
        customer.id
        for customer in world.customers.values()
        if user.lower() in {u.lower() for u in customer.follow} - {u.lower() for u in customer.half}
    ]
    if not found:
        raise Refusal(84061, "not external contact")
    return OK | {"external_userid": found}


async def followers(world: World, call: Call) -> Body:
    """GET externalcontact/get_follow_user_list."""
    return OK | {"follow_user": [member.user for member in world.members.values() if member.visible]}


async def welcome(world: World, call: Call) -> Body:
    """POST externalcontact/send_welcome_msg: once, within 20 seconds."""
    code = world.welcomes.get(str(call.body.get("welcome_code") or ""))
    if code is None or world.now() - code.born > WELCOME_SECONDS:
        raise Refusal(41050, "invalid welcome code")
    if code.used:
        raise Refusal(41051, "the customer is chatting already")
    text = (call.body.get("text") or {}).get("content", "")
    attachments = call.body.get("attachments", [])
    if not text and not attachments:
        raise Refusal(40063, "text and attachments are empty")
    if len(text.encode()) > 4000:
        raise Refusal(45002, "content size out of limit")
    if len(attachments) > 9:
        raise Refusal(41064, "too many attachments")
    code.used = True
    world.note("welcome message", {"user": code.user, "customer": code.customer, "text": text})
    return OK


ROUTES = {
    "/cgi-bin/externalcontact/get": ("GET", get),
    "/cgi-bin/externalcontact/list": ("GET", list_of),
    "/cgi-bin/externalcontact/get_follow_user_list": ("GET", followers),
    "/cgi-bin/externalcontact/send_welcome_msg": ("POST", welcome),
}
