"""The rules of WeCom template cards (page 90236): hard ones refuse with WeCom's code, soft ones warn."""

import re
from collections.abc import Callable
from typing import Any

from sim.refusal import Refusal
from sim.wecom_world import Body

Component = Callable[[Any, str, list[str]], None]

COMMON = {"card_type", "task_id", "source", "main_title"}
NOTICE = {"action_menu", "quote_area", "horizontal_content_list", "jump_list", "card_action"}
SHOWN = {
    "text_notice": COMMON | NOTICE | {"emphasis_content", "sub_title_text"},
    "news_notice": COMMON | NOTICE | {"image_text_area", "card_image", "vertical_content_list"},
    "button_interaction": (COMMON | NOTICE | {"sub_title_text", "button_selection", "button_list"})
    - {"jump_list"},
    "vote_interaction": COMMON | {"checkbox", "submit_button"},
    "multiple_interaction": COMMON | {"select_list", "submit_button"},
}
"""Which components a card of each type shows; WeCom leaves out the others."""

INTERACTIVE = {"button_interaction", "vote_interaction", "multiple_interaction"}
KEY_BYTES, OPTION_BYTES = 1024, 128


def calls_back(card: Body) -> bool:
    """Whether a card can cause callbacks, so that it needs a task_id and gets a response_code."""
    return card.get("card_type") in INTERACTIVE or bool(card.get("action_menu"))


def check_card(card: object, *, update: bool = False) -> list[str]:
    """Soft warnings of a card; raises Refusal when WeCom would. `update`: replace_text is allowed, task_id is not."""
    soft: list[str] = []
    fields = _object(card, "template_card")
    kind = fields.get("card_type")
    if kind not in SHOWN:
        raise Refusal(42031, "invalid Template_Card.CardType")
    extra = {"replace_text"} if update and kind in INTERACTIVE else set()
    soft += [f"{kind} does not show {name}" for name in sorted(set(fields) - SHOWN[kind] - extra)]
    for name, check in COMPONENTS.items():
        if name in fields and name in SHOWN[kind]:
            check(fields[name], kind, soft)
    _check_required(fields, kind, update)
    if not update and (calls_back(fields) or fields.get("task_id")):
        _check_task_id(fields.get("task_id"))
    return soft


def _check_required(card: Body, kind: str, update: bool) -> None:
    title = (card.get("main_title") or {}).get("title")
    if not title and not (kind == "text_notice" and card.get("sub_title_text")):
        raise Refusal(42033, "missing Template_Card.main_title.title")
    match kind:
        case "text_notice" | "news_notice":
            if not isinstance(card.get("card_action"), dict) or card["card_action"].get("type") not in (1, 2):
                raise Refusal(42045, "invalid Template_Card.card_action")
            if kind == "news_notice" and not (card.get("card_image") or card.get("image_text_area")):
                raise Refusal(42044, "missing Template_Card.card_image.url")
        case "button_interaction":
            if not card.get("button_list") and not (update and card.get("replace_text")):
                raise Refusal(42038, "missing Template_Card.button_list")
        case "vote_interaction":
            if not card.get("checkbox"):
                raise Refusal(42043, "missing Template_Card.checkbox.question_key")
        case _:
            if not card.get("select_list"):
                raise Refusal(42047, "invalid size of Template_Card.select_list")
    if kind in ("vote_interaction", "multiple_interaction") and not update and not card.get("submit_button"):
        raise Refusal(42049, "missing Template_Card.submit_button.text")


def _check_task_id(task_id: object) -> None:
    if not isinstance(task_id, str) or not re.fullmatch(r"[0-9A-Za-z_\-@]{1,128}", task_id):
        raise Refusal(42014, "invalid task_id")


def _object(value: object, name: str) -> Body:
    if not isinstance(value, dict):
        raise Refusal(40058, f"{name} must be an object")
    return value


def _items(value: object, name: str, code: int, most: int, least: int = 0) -> list[Body]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise Refusal(code, f"invalid size of Template_Card.{name}")
    return [_object(item, name) for item in value]


def _text(holder: Body, name: str, code: int) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(code, f"missing or invalid Template_Card {name}")
    return value


def _key(holder: Body, name: str, code: int, most: int = KEY_BYTES) -> str:
    value = _text(holder, name, code)
    if len(value.encode()) > most:
        raise Refusal(code, f"Template_Card {name} is longer than {most} bytes")
    return value


def _url(holder: Body) -> None:
    url = _text(holder, "url", 42028)
    if not re.match(r"https?://\S", url):
        raise Refusal(45034, "url must start with http:// or https://")


def _long(value: object, most: int, name: str, soft: list[str]) -> None:
    if value is not None and not isinstance(value, str):
        raise Refusal(40058, f"Template_Card {name} must be a string")
    if value and len(value) > most:
        soft.append(f"{name} has {len(value)} characters, {most} are advised: {value[:20]}…")


def _target(holder: Body, kinds: tuple[int, ...], code: int) -> int:
    """The `type` of something that can be tapped: 0 nothing, 1 a page, 2 a mini-program."""
    kind = holder.get("type", 0)
    if kind not in kinds:
        raise Refusal(code, "invalid Template_Card type")
    if kind == 1:
        _url(holder)
    if kind == 2:
        _text(holder, "appid", 42030)
    return int(kind)


def _source(value: object, kind: str, soft: list[str]) -> None:
    source = _object(value, "source")
    _long(source.get("desc"), 20, "source.desc", soft)
    if kind in ("vote_interaction", "multiple_interaction") and "desc_color" in source:
        soft.append(f"{kind} does not show source.desc_color")


def _main_title(value: object, kind: str, soft: list[str]) -> None:
    title = _object(value, "main_title")
    _long(title.get("title"), 16 if kind == "vote_interaction" else 36, "main_title.title", soft)
    wide = kind in ("vote_interaction", "multiple_interaction")
    _long(title.get("desc"), 160 if wide else 44, "main_title.desc", soft)


def _action_menu(value: object, kind: str, soft: list[str]) -> None:
    seen: set[str] = set()
    for action in _items(_object(value, "action_menu").get("action_list"), "action_list", 40058, 3, 1):
        _text(action, "text", 42020)
        key = _key(action, "key", 42019)
        if key in seen:
            raise Refusal(42051, "duplicate Template_Card.action_menu.action_list.key")
        seen.add(key)


def _emphasis(value: object, kind: str, soft: list[str]) -> None:
    emphasis = _object(value, "emphasis_content")
    _long(emphasis.get("title"), 14, "emphasis_content.title", soft)
    _long(emphasis.get("desc"), 22, "emphasis_content.desc", soft)


def _quote(value: object, kind: str, soft: list[str]) -> None:
    _target(_object(value, "quote_area"), (0, 1, 2), 40058)


def _sub_title(value: object, kind: str, soft: list[str]) -> None:
    _long(value, 160, "sub_title_text", soft)


def _horizontal(value: object, kind: str, soft: list[str]) -> None:
    for row in _items(value, "horizontal_content_list", 42035, 6):
        _long(_text(row, "keyname", 42027), 5, "horizontal_content_list.keyname", soft)
        _long(row.get("value"), 30, "horizontal_content_list.value", soft)
        match row.get("type", 0):
            case 0:
                pass
            case 1:
                _url(row)
            case 2:
                _text(row, "media_id", 42029)
            case 3:
                _text(row, "userid", 42050)
            case _:
                raise Refusal(40058, "invalid Template_Card.horizontal_content_list.type")


def _jumps(value: object, kind: str, soft: list[str]) -> None:
    for jump in _items(value, "jump_list", 42042, 3):
        _long(_text(jump, "title", 42033), 18, "jump_list.title", soft)
        _target(jump, (0, 1, 2), 40058)


def _card_action(value: object, kind: str, soft: list[str]) -> None:
    _target(_object(value, "card_action"), (0, 1, 2), 42045)


def _image_text(value: object, kind: str, soft: list[str]) -> None:
    area = _object(value, "image_text_area")
    _text(area, "image_url", 42028)
    _target(area, (0, 1, 2), 40058)


def _image(value: object, kind: str, soft: list[str]) -> None:
    image = _object(value, "card_image")
    if not re.match(r"https?://\S", _text(image, "url", 42044)):
        raise Refusal(42044, "invalid Template_Card.card_image.url")
    ratio = image.get("aspect_ratio", 1.3)
    if not isinstance(ratio, int | float) or not 1.3 <= ratio < 2.25:
        soft.append(f"card_image.aspect_ratio {ratio} is outside 1.3 … 2.25")


def _vertical(value: object, kind: str, soft: list[str]) -> None:
    for row in _items(value, "vertical_content_list", 42036, 4):
        _long(_text(row, "title", 42033), 38, "vertical_content_list.title", soft)
        _long(row.get("desc"), 160, "vertical_content_list.desc", soft)


def _options(holder: Body, most: int, long: int, soft: list[str]) -> None:
    seen: set[str] = set()
    for option in _items(holder.get("option_list"), "option_list", 42037, most, 1):
        key = _key(option, "id", 42040, OPTION_BYTES)
        if key in seen:
            raise Refusal(42040, "duplicate Template_Card.option_list.id")
        seen.add(key)
        _long(_text(option, "text", 42041), long, "option_list.text", soft)


def _button_selection(value: object, kind: str, soft: list[str]) -> None:
    selection = _object(value, "button_selection")
    _key(selection, "question_key", 42043)
    _options(selection, 10, 16, soft)


def _buttons(value: object, kind: str, soft: list[str]) -> None:
    seen: set[str] = set()
    for button in _items(value, "button_list", 40058, 6):
        _long(_text(button, "text", 42038), 10, "button_list.text", soft)
        if button.get("type", 0) not in (0, 1) or button.get("style", 1) not in (1, 2, 3, 4):
            raise Refusal(40058, "invalid Template_Card.button_list type or style")
        if button.get("type", 0) == 1:
            _url(button)
            continue
        key = _key(button, "key", 42039)
        if key in seen:
            raise Refusal(42039, "duplicate Template_Card.button_list.key")
        seen.add(key)


def _checkbox(value: object, kind: str, soft: list[str]) -> None:
    checkbox = _object(value, "checkbox")
    _key(checkbox, "question_key", 42043)
    if checkbox.get("mode", 0) not in (0, 1):
        raise Refusal(40058, "invalid Template_Card.checkbox.mode")
    _options(checkbox, 20, 17, soft)
    ticks = [option.get("is_checked") for option in checkbox["option_list"]]
    if not all(isinstance(tick, bool) for tick in ticks):
        raise Refusal(40058, "missing Template_Card.checkbox.option_list.is_checked")
    if checkbox.get("mode", 0) == 0 and sum(ticks) > 1:
        soft.append("checkbox.mode 0 with several ticks")


def _selects(value: object, kind: str, soft: list[str]) -> None:
    seen: set[str] = set()
    for select in _items(value, "select_list", 42047, 3, 1):
        key = _key(select, "question_key", 42043)
        if key in seen:
            raise Refusal(42043, "duplicate Template_Card.question_key")
        seen.add(key)
        _options(select, 10, 16, soft)


def _submit(value: object, kind: str, soft: list[str]) -> None:
    button = _object(value, "submit_button")
    _long(_text(button, "text", 42049), 10, "submit_button.text", soft)
    _key(button, "key", 42046)


COMPONENTS: dict[str, Component] = {
    "source": _source,
    "main_title": _main_title,
    "action_menu": _action_menu,
    "emphasis_content": _emphasis,
    "quote_area": _quote,
    "sub_title_text": _sub_title,
    "horizontal_content_list": _horizontal,
    "jump_list": _jumps,
    "card_action": _card_action,
    "image_text_area": _image_text,
    "card_image": _image,
    "vertical_content_list": _vertical,
    "button_selection": _button_selection,
    "button_list": _buttons,
    "checkbox": _checkbox,
    "select_list": _selects,
    "submit_button": _submit,
}
