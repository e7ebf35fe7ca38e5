"""The XML in an envelope, mostly one level of fields: read here when it is nothing but that, else by the parser."""

import re
from xml.etree.ElementTree import Element

from bot.envelope import parse

_NOT = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
"""Not to be: what XML forbids, and the carriage return, which it changes."""
_FIELD = re.compile(
    r"<([A-Za-z_][A-Za-z0-9_]*)>"
    rf"(?:<!\[CDATA\[((?:[^\]{_NOT}]++|\](?!\]>))*+)\]\]>|([^<>&\]{_NOT}]*+))"
    r"</\1>[ \t\n]*+"
)
_BEGIN, _END = "<xml>", re.compile(r"</xml>[ \t\n]*")


class Flat:
    """What an Element says whose fields hold text alone: as much of it as is asked for."""

    __slots__ = ("_texts",)

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def findtext(self, name: str) -> str | None:
        """The text of the first field of that name, None when there is none."""
        return self._texts.get(name)

    def find(self, name: str) -> str | None:
        """The same: for whoever asks whether it is there."""
        return self._texts.get(name)

    def findall(self, _path: str) -> list[Element]:
        """No field has fields inside."""
        return []


Fields = Element | Flat


def fields_of(xml: bytes) -> Fields:
    """The fields of a document. Raises Garbled as the parser does; DTDs and entities are refused."""
    return flat(xml) or parse(xml)


def flat(xml: bytes) -> Flat | None:
    """`<xml>`, fields of plain text or one CDATA section each, `</xml>`, and nothing that could be understood in another
    way; None for everything else, which the parser judges."""
    try:
        text = xml.decode()
    except UnicodeDecodeError:
        return None
    if not text.startswith(_BEGIN):
        return None
    texts: dict[str, str] = {}
    at, match = len(_BEGIN), _FIELD.match
    while text.startswith((" ", "\t", "\n"), at):
        at += 1
    while found := match(text, at):
        name, section, plain = found.groups()
        texts.setdefault(name, plain if section is None else section)
        at = found.end()
    return Flat(texts) if texts and _END.fullmatch(text, at) else None
