"""The sizes of template cards, and how text is cut to them (protocol 4.3, app profile; sizes count characters)."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.wecom.texts import legible
from cards.card import Button, Option, Select

SOURCE = 20
TITLE, DESC = 36, 44
VOTE_TITLE, WIDE_DESC = 16, 160  # vote and multiple have no body, but a longer description
TEXT = 160
FIELDS, FIELD_NAME, FIELD_VALUE = 6, 5, 30
JUMPS, JUMP = 3, 18
BUTTONS, LABEL = 6, 10
SELECTS, OPTIONS, OPTION = 3, 10, 16
TICKS, TICK = 20, 17
VERTICALS, VERTICAL_TITLE, VERTICAL_DESC = 4, 38, 160
KEY_BYTES, OPTION_BYTES, URL_BYTES, TASK_BYTES = 1024, 128, 2048, 128
REPLACED = 20  # the grey word has no documented limit; longer ones are cut off on the screen


@dataclass(frozen=True)
class Sizes:
    """How many characters each part of a card has; those of a self-built app unless said otherwise."""

    source: int = SOURCE
    title: int = TITLE
    desc: int = DESC
    vote_title: int = VOTE_TITLE
    wide_desc: int = WIDE_DESC
    text: int = TEXT
    field_value: int = FIELD_VALUE
    jump: int = JUMP
    option: int = OPTION
    tick: int = TICK
    vertical_title: int = VERTICAL_TITLE
    vertical_desc: int = VERTICAL_DESC
    url_buttons: bool = True  # a button may open a page


APP = Sizes()
BOT = Sizes(
    source=13, title=26, desc=30, vote_title=16, wide_desc=30, text=112, field_value=26, jump=13, option=10, tick=11,
    vertical_title=26, vertical_desc=112, url_buttons=False,
)  # fmt: skip
"""The smaller cards of a 智能机器人 (protocol 10.1)."""

T = TypeVar("T")


def clip(text: str, limit: int) -> str:
    """The text in at most `limit` characters, with … where something was left out."""
    text = legible(text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def fits(text: str, most: int) -> bool:
    """True for a key of 1..most bytes that comes back as it was sent."""
    return 0 < len(text.encode("utf-8", "replace")) <= most and text == legible(text).strip()


def is_address(url: str) -> bool:
    """True for a web address that WeCom takes (42028)."""
    return fits(url, URL_BYTES) and re.fullmatch(r"https?://\S+", url) is not None


def pressable(buttons: Iterable[Button]) -> list[Button]:
    """The callback buttons whose keys WeCom takes, each key once (42018, 42051)."""
    return _once([b for b in buttons if not b.link and fits(b.action, OPTION_BYTES)], lambda b: b.action)


def links(buttons: Iterable[Button]) -> list[Button]:
    """The buttons that open a page, with URLs that WeCom takes."""
    return [b for b in buttons if b.link and is_address(b.action)]


def usable(select: Select) -> list[Option]:
    """The options of a select whose ids WeCom takes, each id once (42040)."""
    return _once([o for o in select.options if fits(o.value, OPTION_BYTES)], lambda o: o.value)


def askable(selects: Sequence[Select]) -> list[Select]:
    """The selects that can be asked: with options, and each question key once (42043)."""
    good = [s for s in selects if fits(s.key, KEY_BYTES - 1) and usable(s)]
    return _once(good, lambda s: s.key)


def _once(items: Iterable[T], key: Callable[[T], str]) -> list[T]:
    """The first item of each key, in order."""
    first: dict[str, T] = {}
    for item in items:
        first.setdefault(key(item), item)
    return list(first.values())
