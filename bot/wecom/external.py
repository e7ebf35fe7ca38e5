"""Customer contact: who added or left whom (protocol 2.3), and the name behind an external_userid (protocol 8)."""

import hashlib
from datetime import datetime
from typing import cast

from bot.events import Form, Incoming
from bot.fields import Fields
from bot.platform import Outgoing, SendFailed, Sent
from bot.wecom.api import Answer, Api

UNKNOWN = frozenset({"84061", "40096"})
EVENT = "change_external_contact"
FORM = "wecom.customer"
CHANGES = frozenset(
    {"add_external_contact", "add_half_external_contact", "del_external_contact", "del_follow_user", "transfer_fail"}
)  # fmt: skip


def decode(root: Fields, dedup: str, at: datetime) -> Incoming | None:
    """The XML of an event → a form in the customer's own mailbox; None for changes that mean nothing to us."""

    def text(name: str) -> str:
        return (root.findtext(name) or "").strip()

    change, customer = text("ChangeType"), text("ExternalUserID")
    if change not in CHANGES or not customer:
        return None
    fields = {
        "change": change, "user": text("UserID").lower(), "external": customer[:100], "state": text("State")[:64],
        "source": text("Source"), "reason": text("FailReason"),
    }  # fmt: skip
    form = Form(FORM, fields, at, key=f"{mailbox(customer)}:{dedup[-40:]}")
    return Incoming(dedup, f"form:{FORM}:{form.key[:40]}", form)


def mailbox(external: str) -> str:
    """What the events of one customer share: they are handled one after the other."""
    return hashlib.sha256(external.encode()).hexdigest()[:40]


async def contact(api: Api, out: Outgoing) -> Sent:
    """externalcontact/get as `out.user` sees the customer; nothing while the friendship is half (84061) or when it is no
    customer (40096). Raises SendFailed."""
    try:
        answer = await api.call("externalcontact/get", params={"external_userid": out.ref})
    except SendFailed as error:
        if error.code in UNKNOWN:
            return Sent()
        raise
    person = _table(answer.get("external_contact"))
    follows = answer.get("follow_user")
    rows = [_table(row) for row in follows] if isinstance(follows, list) else []
    mine = next((row for row in rows if str(row.get("userid", "")).lower() == out.user), {})
    mobiles = mine.get("remark_mobiles")
    found = {
        "name": _text(person, "name"), "company": _text(person, "corp_name") or _text(mine, "remark_corp_name"),
        "title": _text(person, "position"), "remark": _text(mine, "remark"), "state": _text(mine, "state"),
        "phone": str(mobiles[0]) if isinstance(mobiles, list) and mobiles else "",
    }  # fmt: skip
    return Sent(found=found)


def _table(value: object) -> Answer:
    return cast(Answer, value) if isinstance(value, dict) else {}


def _text(row: Answer, name: str) -> str:
    value = row.get(name)
    return value.strip()[:120] if isinstance(value, str) else ""
