"""The address book: who works here (protocol 7.2; contacts are not counted against the quota), and who joined or left."""

import hashlib
import json
from datetime import datetime

from bot.dingtalk.alerts import PLATFORM
from bot.dingtalk.api import Api
from bot.dingtalk.lenient import Json, rows, table, words
from bot.events import Form, Incoming
from bot.platform import SendFailed, Sent

FORM = "directory.change"
ROOT = 1
PAGE = 100  # the most that user/list gives at once
MOST_PAGES = 1000
UNSEEN = frozenset({"60003", "60011", "50002", "50004"})  # not in the app's range


def changed(user: str, *, left: bool, identity: str, at: datetime) -> Incoming:
    """user_add_org / user_leave_org of one person, as a form in the directory's one mailbox."""
    box = hashlib.sha256(f"directory:{PLATFORM}".encode()).hexdigest()[:40]
    mark = hashlib.sha256(f"{identity}:{user}".encode()).hexdigest()[:40]
    fields = {"platform": PLATFORM, "change": "left" if left else "joined", "user": user[:100]}
    return Incoming(
        f"{PLATFORM}:directory:{mark}", f"form:{FORM}:{box}", Form(FORM, fields, at, key=f"{box}:{mark}")
    )


async def people(api: Api) -> Sent:
    """Everybody whom the app may see: {"departments", "unread": numbers, "people": JSON [[user id, name, [departments]]]}.

    Raises SendFailed.
    """
    names = {ROOT: ""}
    todo, unread = [ROOT], 0
    found: dict[str, tuple[str, list[str]]] = {}
    while todo:
        dept = todo.pop()
        try:
            below = await api.contact_rows("/topapi/v2/department/listsub", {"dept_id": dept})
            await _members(api, dept, names[dept], found)
        except SendFailed as error:
            if error.code.partition(" ")[0] not in UNSEEN:
                raise
            unread += 1
            continue
        for row in below:
            number = row.get("dept_id")
            if isinstance(number, int) and number not in names:
                names[number] = words(row.get("name"))[:64]
                todo.append(number)
    listed = [[user, name, inside] for user, (name, inside) in sorted(found.items())]
    return Sent(found={
        "departments": str(len(names)), "unread": str(unread), "people": json.dumps(listed, ensure_ascii=False),
    })  # fmt: skip


async def _members(api: Api, dept: int, name: str, found: dict[str, tuple[str, list[str]]]) -> None:
    """All pages of one department, its own members only."""
    cursor: object = 0
    for _ in range(MOST_PAGES):
        page: Json = table(
            await api.contacts("/topapi/v2/user/list", {"dept_id": dept, "cursor": cursor, "size": PAGE})
        )
        for row in rows(page.get("list")):
            user = words(row.get("userid")).strip()[:100]
            if user:
                entry = found.setdefault(user, (words(row.get("name")).strip(), []))
                if name:
                    entry[1].append(name)
        if page.get("has_more") is not True or page.get("next_cursor") is None:
            return
        cursor = page["next_cursor"]
