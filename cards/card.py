"""Card: what people see, as a plain value. Platforms render it; the text twin lets an old client do everything."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rules.json_text import written


class Tone(StrEnum):
    """How much a card shouts; platforms map it to a colour or leave it."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    ALARM = "alarm"


class Style(StrEnum):
    """How a button looks."""

    PRIMARY = "primary"
    PLAIN = "plain"
    DANGER = "danger"


@dataclass(frozen=True)
class Field:
    """One line "name: value" of a card."""

    name: str
    value: str


@dataclass(frozen=True)
class Button:
    """A button. `action` is a packed action (cards/actions.py) or, when it starts with http, a link to open."""

    label: str
    action: str
    style: Style = Style.PLAIN

    @property
    def link(self) -> bool:
        return self.action.startswith(("http://", "https://"))


@dataclass(frozen=True)
class Option:
    """One choice of a Select. `value` comes back in Click.values."""

    label: str
    value: str


@dataclass(frozen=True)
class Select:
    """A drop-down (or, with `many`, ticks). Needs Card.submit."""

    key: str
    title: str
    options: tuple[Option, ...]
    chosen: str = ""
    many: bool = False


@dataclass(frozen=True)
class Card:
    """A card. `subject` is the short id a person can type (L-1024); `closed` replaces the buttons by a grey word.

    `kind` names the card for the ledger ("lead.new"), `image` is an https URL or empty.
    """

    kind: str
    title: str
    subject: str = ""
    lines: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    buttons: tuple[Button, ...] = ()
    selects: tuple[Select, ...] = ()
    submit: Button | None = None
    note: str = ""
    tone: Tone = Tone.PLAIN
    image: str = ""
    closed: str = ""

    @property
    def choices(self) -> tuple[Button, ...]:
        """The buttons a text reply "1", "2" … can press, in the order shown (links are not pressable)."""
        if self.closed:
            return ()
        buttons = (*self.buttons, *((self.submit,) if self.submit else ()))
        return tuple(button for button in buttons if not button.link)


def text_twin(card: Card) -> str:
    """Card → the same as plain text, with `回复 1 …` for each button."""
    lines = [card.title, *card.lines]
    lines += [f"{field.name}：{field.value}" for field in card.fields]
    for select in card.selects:
        lines.append(f"{select.title}：" + "、".join(option.label for option in select.options))
    if card.closed:
        lines.append(f"［{card.closed}］")
    elif card.choices:
        lines.append("回复 " + "　".join(f"{n} {b.label}" for n, b in enumerate(card.choices, start=1)))
    lines += [
        f"{button.label}：{button.action}" for button in card.buttons if button.link and not card.closed
    ]
    if card.note:
        lines.append(card.note)
    return "\n".join(lines)


def to_json(card: Card) -> str:
    """Card → JSON text, byte-stable for equal cards (the outbox re-sends stored bytes)."""
    return written(vars(card), vars, ordered=True)


def from_json(text: str | Mapping[str, Any]) -> Card:
    """JSON text (or the decoded object) → Card. Raises KeyError / ValueError on a foreign shape."""
    d = json.loads(text) if isinstance(text, str) else text

    def button(b: Mapping[str, Any]) -> Button:
        return Button(b["label"], b["action"], Style(b.get("style", "plain")))

    return Card(
        kind=d["kind"],
        title=d["title"],
        subject=d.get("subject", ""),
        lines=tuple(d.get("lines", ())),
        fields=tuple(Field(f["name"], f["value"]) for f in d.get("fields", ())),
        buttons=tuple(button(b) for b in d.get("buttons", ())),
        selects=tuple(
            Select(
                s["key"],
                s["title"],
                tuple(Option(o["label"], o["value"]) for o in s["options"]),
                s.get("chosen", ""),
                s.get("many", False),
            )
            for s in d.get("selects", ())
        ),
        submit=button(d["submit"]) if d.get("submit") else None,
        note=d.get("note", ""),
        tone=Tone(d.get("tone", "plain")),
        image=d.get("image", ""),
        closed=d.get("closed", ""),
    )
