"""Words as the bot's markdown: nothing else can be pushed (protocol 10.4, 10.5)."""

import re

from bot.wecom.texts import legible
from cards.card import Card

MOST = 20480  # bytes of one message


MARKS = re.compile(r"[*`]|^[#>]|\](?=\()", flags=re.MULTILINE)
WIDE = str.maketrans({"*": "＊", "`": "｀", "#": "＃", ">": "＞", "]": "］"})


def markdown(text: str, *, escape: bool) -> str:
    """Plain words → markdown that reads the same: 138****5678 keeps its stars, every line stays one, nobody is
    mentioned, no link is hidden. `escape`: marks get a backslash, else they become their wide forms."""
    safe = legible(text).strip().replace("<@", "＜@")
    safe = MARKS.sub(lambda mark: f"\\{mark[0]}" if escape else mark[0].translate(WIDE), safe)
    return "  \n".join(line.rstrip() for line in safe.split("\n"))


def pieces(text: str, *, escape: bool = True) -> list[str]:
    """Markdown as messages of at most 20,480 bytes, cut at a line's end where there is one in the second half."""
    parts, rest = [], markdown(text, escape=escape)
    while len(rest.encode()) > MOST:
        head = rest.encode()[:MOST].decode("utf-8", "ignore")
        line = head.rfind("\n")
        if line > len(head) // 2:
            head = head[:line]
        parts.append(head.rstrip())
        rest = rest[len(head) :].lstrip("\n")
    return [*parts, rest]


def words_of(card: Card) -> str:
    """All that a card says, for a card that has no room for it: sent after it."""
    lines = [card.title, *card.lines, *(f"{field.name}：{field.value}" for field in card.fields)]
    lines += [f"{s.title}：" + "、".join(option.label for option in s.options) for s in card.selects]
    lines += [f"{button.label}：{button.action}" for button in card.buttons if button.link]
    return "\n".join([*lines, card.note] if card.note else lines)
