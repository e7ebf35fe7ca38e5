"""How the robot's messages look on a phone: markdown made plain, action cards with their buttons. Section 4."""

import re
from urllib.parse import parse_qs, urlsplit

from sim.dingtalk_world import Json
from sim.phone import Press, Seen

DTMD = "dtmd://dingtalkclient/sendMessage"
MARKS = [
    (re.compile(r"<br\s*/?>"), "\n"),
    (re.compile(r"<[^<>\n]+>"), ""),
    (re.compile(r"!\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"^\s{0,3}#{1,6}\s+", re.M), ""),
    (re.compile(r"^\s{0,3}>\s?", re.M), ""),
    (re.compile(r"\*\*(.+?)\*\*"), r"\1"),
    (re.compile(r"[ \t]+$", re.M), ""),
]


def plain(markdown: str) -> str:
    """What is left to read of robot or card markdown."""
    for pattern, instead in MARKS:
        markdown = pattern.sub(instead, markdown)
    return markdown.strip()


def together(*parts: str) -> str:
    """The non-empty parts, one under the other; a title that the text repeats is shown once."""
    shown: list[str] = []
    for part in parts:
        if part and not any(earlier == part for earlier in shown):
            shown.append(part)
    if len(shown) > 1 and shown[1].startswith(shown[0]):
        shown = shown[1:]
    return "\n".join(shown)


def echo(link: str) -> str | None:
    """The text that a `dtmd://` link makes the person send (4.10), or None for any other link."""
    if not link.startswith(DTMD):
        return None
    return parse_qs(urlsplit(link).query).get("content", [""])[0]


def text(content: str, at: float) -> Seen:
    """A plain text."""
    return Seen(0, "text", content, at)


def markdown(title: str, body: str, at: float) -> Seen:
    """A markdown message; its dtmd links can be tapped like buttons."""
    links = re.findall(r"\[([^\]]*)\]\((dtmd://[^)]*)\)", body)
    buttons = [Press(label, str(n), link=link) for n, (label, link) in enumerate(links, 1)]
    return Seen(
        0, "markdown", together(title, plain(body)), at, buttons=buttons, raw={"title": title, "text": body}
    )


def action_card(title: str, body: str, buttons: list[tuple[str, str]], at: float) -> Seen:
    """An ActionCard: (label, link) pairs as buttons, keys "1", "2" …"""
    presses = [Press(label, str(n), link=link) for n, (label, link) in enumerate(buttons, 1)]
    return Seen(
        0, "card", together(title, plain(body)), at, buttons=presses, raw={"title": title, "text": body}
    )


def link_card(link: Json, url_key: str, at: float) -> Seen:
    """A link message."""
    press = Press(str(link["title"]), "1", link=str(link[url_key]))
    return Seen(
        0,
        "link",
        together(str(link["title"]), str(link.get("text", ""))),
        at,
        buttons=[press],
        raw=dict(link),
    )
