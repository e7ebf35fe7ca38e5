"""Text messages: cut at 2048 bytes, and marked so that equal texts are not taken for a repeat (protocol 4.1, 4.2)."""

import re

MOST = 2048  # bytes; a 汉字 is three
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def pieces(text: str, row: int) -> list[str]:
    """The text as messages of at most 2048 bytes, each with the outbox row's mark (" ·3f9", " ·3f9-2").

    WeCom's duplicate check swallows a message that says the same as one before, also when it was meant twice. The
    mark is the same on every try of a row, so that a repeat is swallowed and nothing else is.
    """
    mark = f" ·{base36(row)}"
    room = MOST - len(mark.encode()) - len("-999")
    parts = _cut(legible(text).strip(), room)
    if len(parts) == 1:
        return [parts[0] + mark]
    return [f"{part}{mark}-{n}" for n, part in enumerate(parts, start=1)]


def legible(text: str) -> str:
    r"""The text without what JSON can only write as \\uXXXX, and what looks like it: WeCom refuses both (40033)."""
    return re.sub(r"\\(?=u[0-9a-fA-F]{4})", "＼", re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text))


def base36(number: int) -> str:
    """A number ≥ 0 in the shortest form that is easy to read out."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"


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
