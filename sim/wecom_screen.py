"""How a WeCom message looks on a phone: every card and message type flattened to text, buttons and picks."""

import re
from typing import Any

from sim.phone import Pick, Press, Seen
from sim.wecom_cards import INTERACTIVE, SHOWN
from sim.wecom_world import Body


def paint_card(seen: Seen, card: Body) -> None:
    """Puts a (new) card in place of what this Seen shows; replace_text leaves one dead grey button."""
    shown = {name: value for name, value in card.items() if name in SHOWN[card["card_type"]]}
    grey = str(card.get("replace_text") or "")
    seen.kind, seen.text = "card", "\n".join(_lines(shown) + ([grey] if grey else []))
    seen.picks = _picks(shown)
    seen.buttons = [Press(grey, "", enabled=False)] if grey else _buttons(shown)
    seen.buttons += _links(shown)
    menu = (shown.get("action_menu") or {}).get("action_list", [])
    seen.buttons += [Press(action["text"], action["key"]) for action in menu]
    seen.raw = seen.raw | {"card": card, "menu_keys": [action["key"] for action in menu]}
    if grey:
        for pick in seen.picks:
            pick.enabled = False


def grey_buttons(seen: Seen, name: str) -> None:
    """`button.replace_name`: the call-back buttons become one grey one, selections are locked."""
    menu = set(seen.raw.get("menu_keys", []))
    kept = [press for press in seen.buttons if press.link or press.key in menu]
    old = str(seen.raw.get("replaced", ""))
    seen.buttons = [Press(name, "", enabled=False), *kept]
    seen.text = "\n".join([line for line in seen.text.split("\n") if not old or line != old] + [name])
    seen.raw = seen.raw | {"replaced": name}
    for pick in seen.picks:
        pick.enabled = False


def paint_text(seen: Seen, content: str) -> None:
    """A text: `<a href>` becomes a link that can be tapped."""
    for url, label in re.findall(r'<a href="([^"]*)">(.*?)</a>', content, flags=re.S):
        seen.buttons.append(Press(label, "", link=url))
    seen.text = re.sub(r'<a href="[^"]*">(.*?)</a>', r"\1", content, flags=re.S)


def paint_markdown(seen: Seen, content: str) -> None:
    """Markdown as read: marks gone, links can be tapped; the source stays in `raw`."""
    for label, url in re.findall(r"\[([^\]]*)\]\(([^)]*)\)", content):
        seen.buttons.append(Press(label, "", link=url))
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", content)
    plain = re.sub(r"</?font[^>]*>", "", plain)
    plain = re.sub(r"^(#{1,6} +|> ?)", "", plain, flags=re.M)
    seen.text = plain.replace("**", "").replace("`", "")


def paint_link(seen: Seen, title: str, description: str, url: str, label: str) -> None:
    """A textcard, a news article, a mini-program notice: title, description, one link."""
    plain = re.sub(r"<br\s*/?>", "\n", description)
    plain = re.sub(r"</?div[^>]*>", "", plain)
    seen.text = f"{seen.text}\n{title}\n{plain}".strip()
    seen.buttons.append(Press(label, "", link=url))


def _lines(card: Body) -> list[str]:
    title, emphasis = card.get("main_title") or {}, card.get("emphasis_content") or {}
    quote, area = card.get("quote_area") or {}, card.get("image_text_area") or {}
    found = [
        (card.get("source") or {}).get("desc"),
        title.get("title"),
        title.get("desc"),
        emphasis.get("title"),
        emphasis.get("desc"),
        area.get("title"),
        area.get("desc"),
        quote.get("title"),
        quote.get("quote_text"),
        card.get("sub_title_text"),
    ]
    found += [f"{row['keyname']}：{row.get('value', '')}" for row in card.get("horizontal_content_list", [])]
    for row in card.get("vertical_content_list", []):
        found += [row["title"], row.get("desc")]
    return [line for line in found if line]


def _picks(card: Body) -> list[Pick]:
    picks: list[Pick] = []
    if selection := card.get("button_selection"):
        picks.append(_drop_down(selection))
    picks += [_drop_down(select) for select in card.get("select_list", [])]
    if box := card.get("checkbox"):
        options = [(option["id"], option["text"]) for option in box["option_list"]]
        chosen = [option["id"] for option in box["option_list"] if option["is_checked"]]
        title = (card.get("main_title") or {}).get("title", "")
        many = box.get("mode", 0) == 1
        picks.append(Pick(box["question_key"], title, options, many, not box.get("disable", False), chosen))
    return picks


def _drop_down(select: Body) -> Pick:
    """No or a wrong selected_id means the first option."""
    options = [(option["id"], option["text"]) for option in select["option_list"]]
    ids: list[str] = [key for key, _ in options]
    wanted = select.get("selected_id")
    first = wanted if wanted in ids else ids[0]
    enabled = not select.get("disable", False)
    return Pick(select["question_key"], select.get("title", ""), options, False, enabled, [first])


def _buttons(card: Body) -> list[Press]:
    rows: list[Any] = card.get("button_list", [])
    found = [Press(row["text"], row.get("key", ""), link=_link(row)) for row in rows]
    if submit := card.get("submit_button"):
        found.append(Press(submit["text"], submit["key"]))
    return found


def _link(row: Body) -> str:
    return str(row["url"]) if row.get("type", 0) == 1 else ""


def _links(card: Body) -> list[Press]:
    found = [Press(jump["title"], "", link=_link(jump)) for jump in card.get("jump_list", []) if _link(jump)]
    action = card.get("card_action") or {}
    if card["card_type"] not in INTERACTIVE and _link(action):
        found.append(Press("打开卡片", "", link=_link(action)))
    return found
