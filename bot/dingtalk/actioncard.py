"""Card → ActionCard or markdown message, for when card templates cannot be used (protocol 4.4, 4.10, 5.8 route E).

A tap on a dtmd button makes the person send a text: "#2 L-1024-k3-88" presses the second choice of that card (the
text twin resolves it); for an option of a drop-down "#PickStage:55:3 L-1024-k3-88" names the action itself.
"""

import json
from urllib.parse import quote

from bot.dingtalk.lenient import Json
from bot.dingtalk.markdown import PARAGRAPH, body, clip, plain
from bot.dingtalk.render import Press, presses
from cards.card import Card

ECHO = "dtmd://dingtalkclient/sendMessage?content="
MOST = 5
PARAM_BYTES = 15_000
TITLE_BYTES = 300


def echoed(press: Press, track: str) -> str:
    """The text that a tap sends: the number where it says all, else the action with its choices."""
    return f"#{press.number if press.number and '?' not in press.id else press.id} {track}"


def message(card: Card, track: str) -> tuple[str, str]:
    """msgKey and msgParam (JSON text, at most 15,000 bytes) of the card under `track`."""
    all_presses = presses(card)
    shown = [(clip(press.label, 60), _target(press, track)) for press in all_presses[:MOST]]
    text = PARAGRAPH.join(filter(None, (
        f"### {plain(card.title)}" if card.title else "",
        body(card),
        _rest(all_presses[MOST:], track),
        f"［{plain(card.closed)}］" if card.closed else "",
        plain(card.note),
    )))  # fmt: skip
    title = clip(card.title or card.subject or "跟进", TITLE_BYTES)
    base: Json = {"title": title, "text": text or title}
    match shown:
        case []:
            key, more = "sampleMarkdown", {}
        case [(label, url)]:
            key, more = "sampleActionCard", {"singleTitle": label, "singleURL": url}
        case _:
            key, more = f"sampleActionCard{len(shown)}", {}
            for n, (label, url) in enumerate(shown, start=1):
                more |= {f"actionTitle{n}": label, f"actionURL{n}": url}
    return key, within(base | more, "text")


def _target(press: Press, track: str) -> str:
    return press.id if press.link else ECHO + quote(echoed(press, track), safe="")


def _rest(left: tuple[Press, ...], track: str) -> str:
    """What found no button: links as links, the rest with the text that presses it."""
    parts = [
        f"[{plain(press.label)}]({press.id})"
        if press.link
        else f"{plain(press.label)}：回复 {echoed(press, track)}"
        for press in left
    ]
    return PARAGRAPH.join(parts)


def within(param: Json, long: str, size: int = PARAM_BYTES) -> str:
    """msgParam as JSON text of at most `size` bytes; the field `long` is cut when it is too much."""
    text = json.dumps(param, ensure_ascii=False)
    over = len(text.encode("utf-8", "replace")) - size
    if over <= 0:
        return text
    kept = len(str(param[long]).encode("utf-8", "replace"))
    while over > 0 and kept > 0:  # escapes make JSON longer than the words: a second round may be needed
        kept = max(0, kept - over)
        text = json.dumps(param | {long: clip(str(param[long]), kept)}, ensure_ascii=False)
        over = len(text.encode("utf-8", "replace")) - size
    return text
