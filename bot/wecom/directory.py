"""The address book: who works here (protocol 7.1), and who joined or left (2.2 change_contact)."""

import hashlib
import json
from datetime import datetime
from typing import cast

from bot.events import Form, Incoming
from bot.fields import Fields
from bot.platform import SendFailed, Sent
from bot.wecom.api import Answer, Api

EVENT = "change_contact"
FORM = "directory.change"
CHANGES = {"create_user": "joined", "delete_user": "left"}
UNSEEN = frozenset({"60011", "60003", "50002"})  # not in the app's visible range


def decode(root: Fields, dedup: str, at: datetime) -> Incoming | None:
    """The XML of a change_contact → a form in the directory's one mailbox; None for changes that mean nothing to us."""
    change = CHANGES.get((root.findtext("ChangeType") or "").strip())
    user = (root.findtext("UserID") or "").strip().lower()
    if change is None or not user:
        return None
    box = hashlib.sha256(b"directory:wecom").hexdigest()[:40]
    form = Form(
        FORM, {"platform": "wecom", "change": change, "user": user[:64]}, at, key=f"{box}:{dedup[-40:]}"
    )
    return Incoming(dedup, f"form:{FORM}:{box}", form)


async def people(api: Api) -> Sent:
    """Everybody whom the app may see: {"departments", "unread": numbers, "people": JSON [[user id, name, [departments]]]}.

    simplelist gives one department only (7.1), so each is asked for. Raises SendFailed.
    """
    departments = _rows(await api.call("department/list"), "department")
    found: dict[str, tuple[str, list[str]]] = {}
    unread = 0
    for department in departments:
        try:
            answer = await api.call(
                "user/simplelist", params={"department_id": str(department.get("id", ""))}
            )
        except SendFailed as error:
            if error.code not in UNSEEN:
                raise
            unread += 1
            continue
        for row in _rows(answer, "userlist"):
            user = str(row.get("userid") or "").strip().lower()[:64]
            if user:
                name = str(row.get("name") or "").strip()
                found.setdefault(user, (name, []))[1].append(str(department.get("name") or "")[:64])
    listed = [[user, name, inside] for user, (name, inside) in sorted(found.items())]
    return Sent(found={
        "departments": str(len(departments)), "unread": str(unread), "people": json.dumps(listed, ensure_ascii=False),
    })  # fmt: skip


def _rows(answer: Answer, name: str) -> list[Answer]:
    value = answer.get(name)
    return [cast(Answer, one) for one in value if isinstance(one, dict)] if isinstance(value, list) else []
