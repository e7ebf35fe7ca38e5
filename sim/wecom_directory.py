"""Tokens, tickets, members, departments and the menu of the simulated WeCom (pages 91039, 90231, 90196)."""

from typing import Any

from sim.refusal import Refusal
from sim.wecom_aibot_world import open_userid
from sim.wecom_world import HOUR, Body, Call, Member, World

OK: Body = {"errcode": 0, "errmsg": "ok"}
MENU_TYPES = {
    "click", "view", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin",
    "location_select", "view_miniprogram",
}  # fmt: skip


async def get_token(world: World, call: Call) -> Body:
    """GET gettoken: the same token while it lives; an IP with too many wrong secrets is shut out for an hour."""
    now = world.now()
    if world.banned_until.get(call.ip, 0.0) > now:
        raise Refusal(45009, "api freq out of limit")
    for name, code in (("corpid", 41002), ("corpsecret", 41004)):
        if not call.query.get(name):
            raise Refusal(code, f"missing {name}")
    if call.query["corpid"] != world.corp_id:
        raise Refusal(40013, "invalid corpid")
    if call.query["corpsecret"] != world.secret:
        world.bad_secrets[call.ip] = world.bad_secrets.get(call.ip, 0) + 1
        if world.bad_secrets[call.ip] >= world.bad_secret_limit:
            world.banned_until[call.ip], world.bad_secrets[call.ip] = now + HOUR, 0
        raise Refusal(40001, "invalid credential")
    token = next((token for token, ends in world.tokens.items() if ends > now), "")
    if not token:
        token = world.new_id("TOKEN")
        world.tokens[token] = now + world.token_life
    return OK | {"access_token": token, "expires_in": int(world.tokens[token] - now)}


def check_token(world: World, call: Call) -> None:
    """The token stands in the URL, is ours and lives; raises 41001, 40014, 42001, 60020."""
    token = call.query.get("access_token")
    if not token:
        raise Refusal(41001, "access_token missing")
    if world.tokens.get(token, 0.0) == 0.0:
        raise Refusal(40014, "invalid access_token")
    if world.tokens[token] <= world.now():
        raise Refusal(42001, "access_token expired")
    if world.faults.untrusted_ip:
        raise Refusal(60020, f"not allow to access from your ip, from ip: {call.ip}")


def lose_tokens(world: World) -> None:
    """WeCom may invalidate tokens early."""
    for token in world.tokens:
        world.tokens[token] = 0.0


async def corp_ticket(world: World, call: Call) -> Body:
    """GET get_jsapi_ticket: the ticket of the company."""
    return OK | {"ticket": f"corp-ticket-{world.corp_id}", "expires_in": 7200}


async def app_ticket(world: World, call: Call) -> Body:
    """GET ticket/get?type=agent_config: the ticket of the app."""
    if call.query.get("type") != "agent_config":
        raise Refusal(40058, "type must be agent_config")
    return OK | {"ticket": f"agent-ticket-{world.agent_id}", "expires_in": 7200}


async def callback_ips(world: World, call: Call) -> Body:
    """GET getcallbackip."""
    return OK | {"ip_list": ["127.0.0.1"]}


async def get_user(world: World, call: Call) -> Body:
    """GET user/get: without mobile and e-mail, as for every app made after June 2022."""
    member = _visible(world, call.query.get("userid", ""))
    leads = [1 if department in member.leads else 0 for department in member.departments]
    return OK | {
        "userid": member.user,
        "name": member.name,
        "department": member.departments,
        "order": [0] * len(member.departments),
        "position": member.position,
        "is_leader_in_dept": leads,
        "direct_leader": member.direct_leader,
        "main_department": member.departments[0],
        "status": member.status,
        "alias": member.alias,
        "telephone": "",
        "extattr": {"attrs": []},
    }


def _visible(world: World, user: str) -> Member:
    if not user:
        raise Refusal(41009, "missing userid")
    if user.lower() not in world.members:
        raise Refusal(60111, "userid not found")
    member = world.member(user)
    if member is None:
        raise Refusal(60011, "no privilege to access/modify contact/party/agent")
    return member


async def list_users(world: World, call: Call) -> Body:
    """GET user/simplelist: the visible members of one department, not of those below it."""
    department = _department(world, call.query.get("department_id", ""))
    rows = [
        {"userid": member.user, "name": member.name, "department": member.departments}
        for member in world.members.values()
        if member.visible and department in member.departments
    ]
    return OK | {"userlist": rows}


def _department(world: World, text: str) -> int:
    if not text.isdigit() or int(text) not in world.departments:
        raise Refusal(60003, "department not found")
    return int(text)


async def list_departments(world: World, call: Call) -> Body:
    """GET department/list and department/simplelist: a department and all below it."""
    root = _department(world, call.query.get("id") or "1")
    inside, rows = {root}, []
    for number, (name, parent) in sorted(world.departments.items()):
        if number in inside or parent in inside:
            inside.add(number)
            leaders = [member.user for member in world.members.values() if number in member.leads]
            row = {"id": number, "name": name, "parentid": parent, "order": number}
            rows.append(row | {"name_en": "", "department_leader": leaders})
    if call.path.endswith("simplelist"):
        short = [{"id": row["id"], "parentid": row["parentid"], "order": row["order"]} for row in rows]
        return OK | {"department_id": short}
    return OK | {"department": rows}


async def open_users(world: World, call: Call) -> Body:
    """POST batch/openuserid_to_userid (page 101521): up to 1,000 encrypted ids; who is not visible, or was plain
    already, stands in the invalid list."""
    asked = call.body.get("open_userid_list")
    if not isinstance(asked, list) or not 1 <= len(asked) <= 1000:
        raise Refusal(40058, "open_userid_list: 1 to 1000")
    known = {open_userid(world.corp_id, one.user): one.user for one in world.members.values() if one.visible}
    return OK | {
        "userid_list": [{"open_userid": one, "userid": known[one]} for one in asked if one in known],
        "invalid_open_userid_list": [one for one in asked if one not in known],
    }


async def create_menu(world: World, call: Call) -> Body:
    """POST menu/create: 1..3 entries, 1..5 below each, two levels; names and keys by bytes."""
    _check_menu_agent(world, call)
    buttons = call.body.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise Refusal(40016, "invalid button size")
    for button in buttons:
        _check_name(button, 16, 40018)
        if "sub_button" not in button:
            _check_entry(button, (40017, 40019, 40020))
            continue
        below = button["sub_button"]
        if not isinstance(below, list) or not 1 <= len(below) <= 5:
            raise Refusal(40023, "invalid sub button size")
        for entry in below:
            if "sub_button" in entry:
                raise Refusal(40022, "invalid sub button level")
            _check_name(entry, 40, 40025)
            _check_entry(entry, (40024, 40026, 40027))
    world.menu = call.body
    return OK


def _check_menu_agent(world: World, call: Call) -> None:
    if not call.query.get("agentid"):
        raise Refusal(41011, "missing agentid")
    if call.query["agentid"] != str(world.agent_id):
        raise Refusal(40056, "invalid agentid")


def _check_name(entry: Any, most: int, code: int) -> None:
    if not isinstance(entry, dict) or not entry.get("name"):
        raise Refusal(41102, "missing button name")
    if len(str(entry["name"]).encode()) > most:
        raise Refusal(code, "invalid button name size")


def _check_entry(entry: Body, codes: tuple[int, int, int]) -> None:
    """codes: for a wrong type, a wrong key, a wrong url."""
    kind = entry.get("type")
    if kind not in MENU_TYPES:
        raise Refusal(codes[0], "invalid button type")
    if kind == "view":
        if not 1 <= len(str(entry.get("url") or "").encode()) <= 1024:
            raise Refusal(codes[2], "invalid button url size")
    elif kind != "view_miniprogram" and not 1 <= len(str(entry.get("key") or "").encode()) <= 128:
        raise Refusal(codes[1], "invalid button key size")


async def get_menu(world: World, call: Call) -> Body:
    """GET menu/get; 46003 when there is none."""
    _check_menu_agent(world, call)
    if world.menu is None:
        raise Refusal(46003, "menu no exist")
    return OK | {"button": world.menu["button"]}


async def delete_menu(world: World, call: Call) -> Body:
    """GET menu/delete."""
    _check_menu_agent(world, call)
    world.menu = None
    return OK


def menu_entry(world: World, key: str) -> Body | None:
    """The menu entry with this key or URL; None when the menu has none."""
    entries = (world.menu or {}).get("button", [])
    flat = [entry for button in entries for entry in button.get("sub_button", [button])]
    return next((entry for entry in flat if key in (entry.get("key"), entry.get("url"))), None)


ROUTES = {
    "/cgi-bin/gettoken": ("GET", get_token),
    "/cgi-bin/get_jsapi_ticket": ("GET", corp_ticket),
    "/cgi-bin/ticket/get": ("GET", app_ticket),
    "/cgi-bin/getcallbackip": ("GET", callback_ips),
    "/cgi-bin/user/get": ("GET", get_user),
    "/cgi-bin/user/simplelist": ("GET", list_users),
    "/cgi-bin/batch/openuserid_to_userid": ("POST", open_users),
    "/cgi-bin/department/list": ("GET", list_departments),
    "/cgi-bin/department/simplelist": ("GET", list_departments),
    "/cgi-bin/menu/create": ("POST", create_menu),
    "/cgi-bin/menu/get": ("GET", get_menu),
    "/cgi-bin/menu/delete": ("GET", delete_menu),
}
