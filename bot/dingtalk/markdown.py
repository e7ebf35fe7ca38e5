"""A card's words in DingTalk's markdown: the part that the card template and the ActionCard share (protocol 4.4)."""

import re

from cards.card import Card

PARAGRAPH = (
    "\n\n"  # emphasis cannot leave a paragraph, so each line is one: masked phones are full of asterisks
)
ELLIPSIS = "…"


def body(card: Card) -> str:
    """Lines, fields and picture of a card. The title is not in it."""
    parts = [plain(line) for line in card.lines]
    parts += [f"**{plain(field.name)}**：{plain(field.value)}" for field in card.fields]
    if card.image.startswith("https://"):
        parts.append(f"![]({card.image})")
    return PARAGRAPH.join(filter(None, parts))


def plain(text: str) -> str:
    """Words of people as markdown that shows them as they are: no links, no tags, no emphasis of theirs."""
    text = text.replace("](", "］(").replace("<", "＜").strip()
    if len(re.findall(r"\*+", text)) > 1:  # "138****8000 / 139****9000" would turn bold in the middle
        text = text.replace("*", "＊")
    return re.sub(r"[ \t]*\n\s*", "  \n", text)


def clip(text: str, size: int) -> str:
    """At most `size` bytes of UTF-8, ending in "…" when something was cut."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= size:
        return raw.decode("utf-8")
    room = max(0, size - len(ELLIPSIS.encode()))
    return (
        (raw[:room].decode("utf-8", "ignore").rstrip() + ELLIPSIS) if size >= len(ELLIPSIS.encode()) else ""
    )
