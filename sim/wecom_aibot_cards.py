"""Cards of the AI bot: hard rules of page 90236, the smaller sizes of page 101032, and a screen that cuts at them."""

from typing import Any

from sim.refusal import Refusal
from sim.wecom_aibot_world import Body
from sim.wecom_cards import check_card

SIZES: dict[str, int] = {
    "source.desc": 13, "main_title.title": 26, "main_title.desc": 30, "emphasis_content.title": 10,
    "emphasis_content.desc": 15, "sub_title_text": 112, "horizontal_content_list.value": 26, "jump_list.title": 13,
    "vertical_content_list.title": 26, "vertical_content_list.desc": 112, "button_selection.title": 13,
    "select_list.title": 13, "button_selection.option_list.text": 10, "select_list.option_list.text": 10,
    "checkbox.option_list.text": 11, "button_list.text": 10,
}  # fmt: skip


def accept(card: object, *, update: bool = False) -> tuple[Body, list[str]]:
    """The card as the screen has room for it, and what was too long. Raises Refusal where WeCom would."""
    soft = [line for line in check_card(card, update=update) if "are advised" not in line]
    assert isinstance(card, dict)
    for row in card.get("horizontal_content_list", []):
        if row.get("type", 0) not in (0, 1, 3):
            raise Refusal(42035, "invalid Template_Card.horizontal_content_list.type")
    if any(button.get("type", 0) for button in card.get("button_list", [])):
        raise Refusal(42038, "button_list has no type")
    if card.get("action_menu") and not card["action_menu"].get("desc"):
        raise Refusal(42020, "missing action_menu.desc")
    if "replace_text" in card:
        soft.append("the bot's cards have no replace_text")
    shown = _cut(card, "", soft)
    assert isinstance(shown, dict)
    return shown, soft


def _cut(value: Any, path: str, soft: list[str]) -> Any:
    """Everything at its size: what is longer is not seen."""
    match value:
        case dict():
            return {name: _cut(one, f"{path}.{name}".lstrip("."), soft) for name, one in value.items()}
        case list():
            return [_cut(one, path, soft) for one in value]
        case str() if path in SIZES and len(value) > SIZES[path]:
            soft.append(f"{path} has {len(value)} characters, {SIZES[path]} are shown: {value[:20]}…")
            return value[: SIZES[path] - 1] + "…"
        case _:
            return value
