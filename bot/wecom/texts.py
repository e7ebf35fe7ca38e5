"""Text messages: cut at 2048 bytes, and marked so that equal texts are not taken for a repeat (protocol 4.1, 4.2)."""

import re

MOST = 2048  # bytes; a 汉字 is three
MARKS = "\u200b\u200c\u200d\u2060"  # characters without a width: four digits that nobody sees
PARTS = 1000  # more parts than a text can have


def pieces(text: str, row: int) -> list[str]:
    """The text as messages of at most 2048 bytes, each with a mark at its end that nobody sees: the outbox row's.

    WeCom's duplicate check swallows a message that says the same as one before, also when it was meant twice. The
    mark is the same on every try of a row, so that a repeat is swallowed and nothing else is.
    """
    room = MOST - len(mark(row, PARTS - 1).encode())
    parts = _cut(unlinked(legible(text)).strip(), room)
    if len(parts) == 1:
        return [parts[0] + mark(row, 0)]
    return [part + mark(row, n) for n, part in enumerate(parts, start=1)]


def mark(row: int, part: int) -> str:
    """The number of a row (≥ 0) and of the part (0: the only one), in characters without a width."""
    number, digits = row * PARTS + part, ""
    while number:
        number, digit = divmod(number, len(MARKS))
        digits = MARKS[digit] + digits
    return digits or MARKS[0]


_ILLEGIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]|\\")


def legible(text: str) -> str:
    r"""The text without what JSON can only write as \\uXXXX, and what looks like it: WeCom refuses both (40033)."""
    if _ILLEGIBLE.search(text) is None:  # every string of every card comes by, most of them twice
        return text
    return re.sub(r"\\(?=u[0-9a-fA-F]{4})", "＼", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text))


def unlinked(text: str) -> str:
    """The text without links that hide where they lead: WeCom shows <a href> in texts as one, a customer's name too."""
    return re.sub(r"<(?=\s*/?\s*a\b)", "＜", text, flags=re.IGNORECASE)


def _cut(text: str, room: int) -> list[str]:
    """Cuts between characters, at a line's end where there is one in the second half."""
    parts: list[str] = []
    while len(text.encode("utf-8", "replace")) > room:
        head = text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
        line = head.rfind("\n")
        if line > len(head) // 2:
            head = head[:line]
        parts.append(head.rstrip())
        text = text[len(head) :].lstrip("\n")
    return [*parts, text]
