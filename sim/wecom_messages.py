"""message/send, message/update_template_card and message/recall of the simulated WeCom (pages 90236, 94888, 94867)."""

import hashlib
import json
from collections import deque
from typing import Any

from sim.phone import Seen
from sim.refusal import Refusal
from sim.wecom_cards import INTERACTIVE, calls_back
from sim.wecom_contents import PAINTERS, Painter, accept_card, required, with_names
from sim.wecom_screen import grey_buttons, paint_card
from sim.wecom_world import DAY, HOUR, Body, Call, Member, Message, World


async def send(world: World, call: Call) -> Body:
    """POST message/send: to members, departments, tags; errcode 0 as soon as one recipient is valid."""
    body = call.body
    _check_agent(world, body)
    kind = body.get("msgtype")
    if kind not in PAINTERS:
        raise Refusal(40008, "invalid message type")
    people, bad = _recipients(world, body)
    paint = PAINTERS[str(kind)](world, body)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    if _is_duplicate(world, body, digest):
        world.note("duplicate suppressed", body)
        return _sent(bad, world.new_id("MSG"))
    card = body["template_card"] if kind == "template_card" else {}
    _count_day(world, len(people))
    message = Message(world.new_id("MSG"), world.now(), str(kind), card=card)
    if card:
        _claim_task_id(world, message)
    code = world.issue_code(message) if card and calls_back(card) else ""
    world.messages[message.id] = message
    world.sent_bodies[digest] = world.now()
    if world.faults.drop_next > 0:
        world.faults.drop_next -= 1
        world.note("dropped by fault", message.id)
    else:
        await _deliver(world, message, people, paint)
    return _sent(bad, message.id) | ({"response_code": code} if code else {})


def _sent(bad: Body, msgid: str) -> Body:
    return {"errcode": 0, "errmsg": "ok"} | bad | {"msgid": msgid}


def _check_agent(world: World, body: Body) -> None:
    if "agentid" not in body:
        raise Refusal(41011, "missing agentid")
    if body["agentid"] != world.agent_id or isinstance(body["agentid"], bool):
        raise Refusal(40056, "invalid agentid")


def _recipients(world: World, body: Body) -> tuple[list[Member], Body]:
    """Whom it reaches, and the fields that name whom it does not; raises 81013 when all are invalid."""
    given = {name: body.get(name, "") for name in ("touser", "toparty", "totag")}
    if any(not isinstance(value, str) for value in given.values()):
        raise Refusal(40058, "touser, toparty and totag are strings")
    if not any(given.values()):
        raise Refusal(82001, "all of touser, toparty and totag are empty")
    if given["touser"] == "@all":
        people = [member for member in world.members.values() if member.visible]
        return _licensed(people, [], [], [])
    users, parties, tags = ([part for part in value.split("|") if part] for value in given.values())
    for found, most, code in ((users, 1000, 40032), (parties, 100, 82002), (tags, 100, 82003)):
        if len(found) > most:
            raise Refusal(code, "too many recipients")
    people = []
    for user in users:
        if (member := world.member(user)) and member not in people:
            people.append(member)
    bad_users = [user.lower() for user in users if world.member(user) is None]
    bad_parties = [party for party in parties if not party.isdigit() or int(party) not in world.departments]
    for party in parties:
        if party not in bad_parties:
            people += [m for m in _in_department(world, int(party)) if m not in people]
    if not people:
        raise Refusal(81013, "user & party & tag all invalid")
    return _licensed(people, bad_users, bad_parties, tags)


def _licensed(
    people: list[Member], users: list[str], parties: list[str], tags: list[str]
) -> tuple[list[Member], Body]:
    unlicensed = [member.user.lower() for member in people if not member.licensed]
    bad = {"invaliduser": "|".join(users), "invalidparty": "|".join(parties), "invalidtag": "|".join(tags)}
    if unlicensed:
        bad["unlicenseduser"] = "|".join(unlicensed)
    return [member for member in people if member.licensed], bad


def _in_department(world: World, root: int) -> list[Member]:
    """Visible members of a department and those below it."""
    inside = {root}
    while more := {d for d, (_, parent) in world.departments.items() if parent in inside} - inside:
        inside |= more
    return [m for m in world.members.values() if m.visible and inside & set(m.departments)]


def _is_duplicate(world: World, body: Body, digest: str) -> bool:
    """enable_duplicate_check: the same request within the interval (1800 s, at most 4 h) is delivered once."""
    if body.get("enable_duplicate_check", 0) != 1:
        return False
    interval = min(float(body.get("duplicate_check_interval", 1800)), 4 * HOUR)
    before = world.sent_bodies.get(digest)
    return before is not None and world.now() - before < interval


def _count_day(world: World, people: int) -> None:
    """At most 200 recipients a day for each account of the firm (page 90236)."""
    day = int((world.now() + 8 * HOUR) // DAY)
    used = people + (world.today[1] if world.today[0] == day else 0)
    if used > 200 * world.accounts:
        raise Refusal(45009, "reach max api daily quota limit")
    world.today = (day, used)


def _claim_task_id(world: World, message: Message) -> None:
    """task_id is unique in an app for ever; without a callback URL no card may call back (43012)."""
    if calls_back(message.card) and not world.callback_url:
        raise Refusal(43012, "require set callback url")
    task_id = str(message.card.get("task_id") or "")
    if task_id and task_id in world.task_ids:
        raise Refusal(42014, "task_id was used before")
    if task_id:
        world.task_ids.add(task_id)
    message.task_id = task_id


async def _deliver(world: World, message: Message, people: list[Member], paint: Painter) -> None:
    for member in people:
        if _too_many(world, member):
            world.note("dropped: more than 30 a minute or 1000 an hour", member.user)
            continue
        raw = {"msgid": message.id}
        seen = Seen(0, message.kind, "", world.now(), track=message.task_id, ref=message.id, raw=raw)
        paint(seen)
        message.shown[member.user.lower()] = seen
        await world.phone(member).show(seen)


def _too_many(world: World, member: Member) -> bool:
    """Beyond 30/min and 1000/h per member a message is silently dropped (page 90236)."""
    now, times = world.now(), world.sent_to.setdefault(member.user.lower(), deque())
    while times and now - times[0] >= HOUR:
        times.popleft()
    if len(times) >= world.per_hour or sum(now - at < 60 for at in times) >= world.per_minute:
        return True
    times.append(now)
    return False


async def update(world: World, call: Call) -> Body:
    """POST message/update_template_card: grey the buttons or replace the card, once per code, within 72 hours."""
    body = call.body
    _check_agent(world, body)
    people, bad = _update_targets(world, body)
    code = world.codes.get(required(body, "response_code", 60140))
    if code is None or world.now() - code.born > 3 * DAY:
        raise Refusal(60140, "invalid response_code")
    if code.used:
        raise Refusal(42022, "code has been used")
    message = code.message
    card, name = body.get("template_card"), (body.get("button") or {}).get("replace_name")
    if isinstance(card, dict):
        accept_card(world, card, update=True)
    elif not isinstance(name, str) or not name:
        raise Refusal(40063, "missing button.replace_name or template_card")
    elif message.card.get("card_type") not in INTERACTIVE:
        raise Refusal(42031, "only button, vote and multiple cards have buttons to replace")
    code.used = True
    for member in people:
        seen = message.shown.get(member.user.lower())
        if seen is None or seen.recalled:
            continue
        if isinstance(card, dict):
            seen.raw = {"msgid": message.id}
            paint_card(seen, json.loads(with_names(world, body, json.dumps(card, ensure_ascii=False))))
        else:
            grey_buttons(seen, str(name))
        await world.phone(member).refresh(seen)
    return {"errcode": 0, "errmsg": "ok", "invaliduser": bad}


def _update_targets(world: World, body: Body) -> tuple[list[Member], list[str]]:
    if body.get("atall", 0) == 1:
        return [member for member in world.members.values() if member.visible], []
    users, parties = body.get("userids", []), body.get("partyids", [])
    if not isinstance(users, list) or not isinstance(parties, list):
        raise Refusal(40035, "userids and partyids are arrays")
    if not users and not parties and not body.get("tagids"):
        raise Refusal(82001, "nobody to update the card for")
    if len(users) > 1000 or len(parties) > 100:
        raise Refusal(40058, "too many userids or partyids")
    people = [member for user in users if (member := world.member(str(user)))]
    for party in parties:
        people += [m for m in _in_department(world, int(party)) if m not in people]
    bad = [str(user).lower() for user in users if world.member(str(user)) is None]
    if not people:
        raise Refusal(81013, "user & party & tag all invalid")
    return people, bad


async def recall(world: World, call: Call) -> Body:
    """POST message/recall, within 24 hours."""
    message = world.messages.get(required(call.body, "msgid"))
    if message is None:
        raise Refusal(40058, "invalid msgid")
    if world.now() - message.at > DAY:
        raise Refusal(42052, "msgid expired")
    for user, seen in message.shown.items():
        seen.recalled, seen.text = True, "（消息已撤回）"
        seen.buttons, seen.picks = [], []
        await world.phone(world.members[user]).refresh(seen)
    return {"errcode": 0, "errmsg": "ok"}


ROUTES: dict[str, tuple[str, Any]] = {
    "/cgi-bin/message/send": ("POST", send),
    "/cgi-bin/message/update_template_card": ("POST", update),
    "/cgi-bin/message/recall": ("POST", recall),
}
