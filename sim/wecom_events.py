"""What people do on their phones, as the plain XML of WeCom callbacks (pages 90239, 90240)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sim.phone import Gone, Press, Seen
from sim.wecom_customers import change
from sim.wecom_directory import menu_entry
from sim.wecom_world import Body, Member, World

Value = str | int | float | Sequence[tuple[str, Any]]
Fields = list[tuple[str, Any]]

# From the time, not from 1: what a bot remembers of an earlier run stays unique.
_message_ids = count(5_000_000_000_000_000_000 + time.time_ns())


@dataclass(frozen=True)
class Happening:
    """One callback to deliver: its plain XML, a label for the wire, and who did it on which card."""

    label: str
    xml: str
    app: bool = True  # customer-contact events carry no AgentID
    user: str = ""
    card: Seen | None = None
    press: Press | None = None


def xml_of(fields: Sequence[tuple[str, Any]], root: str = "xml") -> str:
    """Strings in CDATA, numbers bare, lists as nested elements."""
    return f"<{root}>{''.join(_element(name, value) for name, value in fields)}</{root}>"


def _element(name: str, value: Value) -> str:
    match value:
        case str():
            return f"<{name}><![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
        case int() | float():
            return f"<{name}>{value}</{name}>"
        case _:
            return xml_of(value, name)


def happening(world: World, member: Member, verb: Body) -> Happening | None:
    """The callback that a phone verb causes; None when WeCom tells a self-built app nothing about it."""
    kind = verb["verb"]
    match kind:
        case "say":
            return _message(world, member, "text", [("Content", verb["text"])])
        case "voice":
            media = world.keep_file("voice", "voice.amr", b"#!AMR\n" + str(verb["text"]).encode())
            return _message(world, member, "voice", [("MediaId", media.id), ("Format", "amr")])
        case "image":
            media = world.keep_file("image", "picture.png", verb["body"])
            url = f"http://wework.qpic.cn/{media.id}/0"
            return _message(world, member, "image", [("PicUrl", url), ("MediaId", media.id)])
        case "link":
            names = ("Title", "Description", "Url", "PicUrl")
            fields = [(name, str(verb.get(name.lower(), ""))) for name in names]
            return _message(world, member, "link", fields)
        case "location":
            where: Fields = [("Location_X", float(verb["lat"])), ("Location_Y", float(verb["lon"]))]
            where += [("Scale", 15), ("Label", str(verb.get("label", ""))), ("AppType", "wxwork")]
            return _message(world, member, "location", where)
        case "enter":
            return _event(world, member, "enter_agent", [("EventKey", "")])
        case "subscribe" | "unsubscribe":
            member.visible = kind == "subscribe"
            return _event(world, member, kind, [("EventKey", "")])
        case "menu":
            return _menu(world, member, str(verb["key"]))
        case "click":
            return _click(world, member, verb["card"], verb["press"])
        case "customer":
            return _customer(world, member, verb)
        case _:  # file, forward, name cards …: no such type for self-built apps (page 90239)
            return None


def _head(world: World, user: str) -> Fields:
    return [("ToUserName", world.corp_id), ("FromUserName", user), ("CreateTime", int(world.now()))]


def _message(world: World, member: Member, kind: str, fields: Fields) -> Happening:
    tail: Fields = [("MsgId", next(_message_ids)), ("AgentID", world.agent_id)]
    body = [*_head(world, member.user), ("MsgType", kind), *fields, *tail]
    return Happening(kind, xml_of(body), user=member.user)


def _event(world: World, member: Member, event: str, fields: Fields) -> Happening:
    shell: Fields = [("MsgType", "event"), ("Event", event)]
    body = [*_head(world, member.user), *shell, *fields, ("AgentID", world.agent_id)]
    return Happening(event, xml_of(body), user=member.user)


def _menu(world: World, member: Member, key: str) -> Happening:
    """A tap on the menu. Without a published menu the tap passes, with one the key must be in it."""
    entry = menu_entry(world, key)
    if entry is None and world.menu is not None:
        raise Gone(f"{member.name}: 应用菜单里没有「{key}」：{world.menu}")
    kind = str(entry["type"]) if entry else "click"
    return _event(world, member, kind, [("EventKey", key)])


def _click(world: World, member: Member, seen: Seen, press: Press) -> Happening | None:
    """A press on a card: a fresh ResponseCode each time; SelectedItems only where there is something to select."""
    message = world.messages.get(str(seen.raw.get("msgid", "")))
    if press.link or message is None or not seen.raw.get("card"):
        return None
    from_menu = press.key in seen.raw.get("menu_keys", [])
    event = "template_card_menu_event" if from_menu else "template_card_event"
    fields: Fields = [
        *_head(world, member.user),
        ("MsgType", "event"),
        ("Event", event),
        ("EventKey", press.key),
        ("TaskId", message.task_id),
        ("CardType", str(seen.raw["card"]["card_type"])),
        ("ResponseCode", world.issue_code(message)),
        (world.faults.agent_id_spelling, world.agent_id),
    ]
    if seen.picks and not from_menu:
        fields.append(("SelectedItems", [_selected(pick.key, pick.chosen) for pick in seen.picks]))
    return Happening(event, xml_of(fields), user=member.user, card=seen, press=press)


def _selected(key: str, chosen: list[str]) -> tuple[str, Any]:
    ids = [("OptionId", option) for option in chosen]
    return "SelectedItem", [("QuestionKey", key), ("OptionIds", ids)]


def contact_change(world: World, member: Member, change: str) -> Happening:
    """change_contact, from `sys` (page 90970)."""
    who: Fields = [("ChangeType", change), ("UserID", member.user)]
    shell: Fields = [("MsgType", "event"), ("Event", "change_contact")]
    return Happening("change_contact", xml_of([*_head(world, "sys"), *shell, *who]), app=False)


def _customer(world: World, member: Member, verb: Body) -> Happening:
    """change_external_contact, from `sys` and without AgentID (page 92130)."""
    kind, external = str(verb.get("change", "add_external_contact")), str(verb["external"])
    extra = change(world, member.user, external, kind, verb)
    who: Fields = [("ChangeType", kind), ("UserID", member.user), ("ExternalUserID", external)]
    shell: Fields = [("MsgType", "event"), ("Event", "change_external_contact")]
    return Happening(
        "change_external_contact", xml_of([*_head(world, "sys"), *shell, *who, *extra]), app=False
    )
