"""Card → cardParamMap of the markdown-and-buttons template, within every limit (protocol 5.1, 5.3, 5.7).

A drop-down has no place in that template: each option is a button "title·option". Its id is
- the option's value where that is a packed action itself ("PickStage:55:3"), else
- the submit button's action with the choice behind it ("Save:7?stage=won"); choices made before in the card's other
  drop-downs travel along, so that one press sends a complete form.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from bot.dingtalk.clicks import is_packed, with_values
from bot.dingtalk.lenient import Json
from bot.dingtalk.markdown import body, clip
from cards.card import Button, Card, Select, Style

COLORS = {Style.PRIMARY: "blue", Style.PLAIN: "gray", Style.DANGER: "red"}
LABEL_BYTES = 90
TITLE_BYTES = 300


@dataclass(frozen=True)
class Room:
    """How long a value may be, in bytes of UTF-8: 1 KB is documented, more is seen to work (5.1)."""

    value: int = 1024


@dataclass(frozen=True)
class Press:
    """Something to press: a label, a shorter one for when room is short, the id (or link) behind it."""

    label: str
    short: str
    id: str
    style: Style = Style.PLAIN
    link: bool = False
    number: int = 0  # what the text twin calls it, 0 when it has no number


def presses(card: Card) -> tuple[Press, ...]:
    """All that can be pressed on a card, in the order shown: buttons, options, submit. Nothing on a closed card."""
    if card.closed:
        return ()
    numbers = {id(button): n for n, button in enumerate(card.choices, start=1)}
    chosen = {select.key: select.chosen for select in card.selects if select.chosen}
    found = [_press(button, button.action, numbers.get(id(button), 0)) for button in card.buttons]
    found += [press for select in card.selects for press in _options(card, select, chosen)]
    if card.submit and (chosen or not card.selects):
        # an untouched form has nothing to send: its options are the buttons
        found.append(
            _press(card.submit, with_values(card.submit.action, chosen), numbers.get(id(card.submit), 0))
        )
    return tuple(found)


def _press(button: Button, id: str, number: int) -> Press:
    return Press(button.label, button.label, id, button.style, button.link, number)


def _options(card: Card, select: Select, chosen: dict[str, str]) -> Iterator[Press]:
    for option in select.options:
        picked = option.value == select.chosen
        label = f"{'✓' if picked else ''}{select.title}·{option.label}"
        short = f"{'✓' if picked else ''}{option.label}"
        if is_packed(option.value) and ":" in option.value:
            yield Press(label, short, option.value)
        elif card.submit is not None:
            yield Press(label, short, with_values(card.submit.action, chosen | {select.key: option.value}))


def params(card: Card, room: Room | None = None) -> dict[str, str]:
    """The template's variables, all of them every time, so that an update by key leaves nothing of the card before."""
    size = (room or Room()).value
    buttons, left = _fit(presses(card), size)
    return {
        "title": clip(card.title, min(size, TITLE_BYTES)),
        "markdown": clip(body(card), size),
        "tips": clip(card.closed or "　".join(filter(None, (_unshown(left), card.note))), size),
        "sys_full_json_obj": buttons,
    }


def _fit(all_presses: tuple[Press, ...], size: int) -> tuple[str, tuple[Press, ...]]:
    """The msgButtons value, and what found no room in it. Labels are shortened before a button is given up."""
    for shown, short in [(len(all_presses), False), *((n, True) for n in range(len(all_presses), 0, -1))]:
        text = _buttons(all_presses[:shown], short)
        if len(text.encode("utf-8", "replace")) <= size:
            return text, all_presses[shown:]
    return _buttons((), True), all_presses


def _buttons(shown: tuple[Press, ...], short: bool) -> str:
    buttons = [_button(press, clip(press.short if short else press.label, LABEL_BYTES)) for press in shown]
    return json.dumps({"msgButtons": buttons}, ensure_ascii=False, separators=(",", ":"))


def _button(press: Press, label: str) -> Json:
    look: Json = {"text": label, "color": COLORS[press.style]}
    return look | ({"url": press.id} if press.link else {"id": press.id, "request": True})


def _unshown(left: tuple[Press, ...]) -> str:
    """What found no room, with the number that presses it by text."""
    if not left:
        return ""
    named = "　".join(f"{press.number} {press.short}" if press.number else press.short for press in left)
    return f"还可以回复：{named}"


def last_message(card: Card) -> str:
    """The line in the chat list and in the notification."""
    return clip(card.title or card.subject or "跟进", 120)
