"""Forwarded chat records and quoted messages: who said what, and whether something is missing (protocol 3.3, 3.4)."""

import json
import re
from dataclasses import dataclass

from bot.dingtalk.lenient import Json, decoded, first, moment, rows, table, words
from bot.events import ChatLine

ENTRIES = ("chatRecord", "records", "messages", "contents")
SPEAKER = ("senderNick", "senderName", "nick")
TIME = ("createAt", "createdAt", "sendTime", "time")
UNREADABLE = "unknownMsgType"
SPOKEN = re.compile(r"([^:：]{1,32})[:：](.*)", re.DOTALL)
MEDIA = {"picture": "图片", "image": "图片", "video": "视频", "audio": "语音", "file": "文件"}


@dataclass(frozen=True)
class Record:
    """A merged record. `incomplete`: the platform gave only a part, as far as can be told."""

    lines: tuple[ChatLine, ...]
    incomplete: bool
    title: str = ""

    @property
    def text(self) -> str:
        """The record as one reads it, lines without words left out."""
        return "\n".join(f"{x.speaker}：{x.text}" if x.speaker else x.text for x in self.lines if x.text)


def record(content: Json) -> Record:
    """`content` of a chatRecord message → Record.

    What was forwarded and what is delivered may differ (the platform drops entries): fewer entries than the summary
    or the stated number, an entry it could not read, or text that breaks off say so.
    """
    key = next((key for key in ENTRIES if content.get(key)), "")
    entries, whole = _entries(content.get(key))
    preview = _preview(content.get("summary"))
    title = first(content, "title")
    if not entries:
        return Record(tuple(preview), incomplete=True, title=title)
    lines = tuple(
        ChatLine(
            first(entry, *SPEAKER),
            said(entry),
            next(filter(None, (moment(entry.get(k)) for k in TIME)), None),
        )
        for entry in entries
    )
    lost = any(words(entry.get("msgType")) == UNREADABLE for entry in entries)
    stated = re.search(r"(\d{1,4})\s*条", title)
    more = max(len(preview), int(stated[1]) if stated else 0)
    return Record(lines, incomplete=lost or not whole or len(entries) < more, title=title)


def _entries(value: object) -> tuple[list[Json], bool]:
    """The entries, and whether all of the text could be read."""
    value = decoded(value)
    if isinstance(value, str) and value.lstrip().startswith("["):
        return _salvage(value), False
    if isinstance(value, dict):
        return [value], True
    found = rows(value)
    return found, isinstance(value, list) and len(found) == len(value)


def _salvage(text: str) -> list[Json]:
    """The whole objects at the head of a JSON list that breaks off."""
    reader, found, at = json.JSONDecoder(), [], text.find("{")
    while at >= 0:
        try:
            entry, end = reader.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        found.append(entry)
        at = text.find("{", end)
    return found


def _preview(summary: object) -> list[ChatLine]:
    """The summary (JSON list, or text by lines: "李总:价格再低点") as lines."""
    value = decoded(summary)
    parts = [words(part) for part in value] if isinstance(value, list) else words(value).splitlines()
    lines = []
    for part in filter(None, (part.strip() for part in parts)):
        spoken = SPOKEN.match(part)
        lines.append(ChatLine(spoken[1].strip(), spoken[2].strip()) if spoken else ChatLine("", part))
    return lines


def said(entry: Json) -> str:
    """The words of one message of any type: text, rich text, recognised speech, a nested summary; "" for media."""
    raw = entry.get("content") if entry.get("content") is not None else entry.get("text")
    inner = table(raw)
    if runs := rows(inner.get("richText") or raw):
        return rich(runs)
    if inner and (text := first(inner, "text", "recognition", "summary", "title", "content")):
        return text
    plain = words(entry.get("msgType")) in ("", "text")
    return words(raw).strip() if plain and isinstance(raw, str) else ""


def rich(runs: list[Json]) -> str:
    """The runs of a rich text as one text; mentions stay readable, pictures fall away."""
    parts = []
    for run in runs:
        name = words(run.get("atName")).lstrip("@")
        parts.append(f"@{name} " if name else words(run.get("text") or run.get("content")))
    return "".join(parts).strip()


def quoted(data: Json) -> str:
    """What a message answers to, as text: "" when it is no reply, or the platform did not hand the text over."""
    for holder in (table(data.get("text")), table(data.get("content")), data):
        replied = table(holder.get("repliedMsg") or holder.get("quoteMessage"))
        if replied:
            return _quoted(replied)
    return ""


def _quoted(replied: Json) -> str:
    kind = first(replied, "msgType", "msgtype")
    content = replied.get("content") if replied.get("content") is not None else replied.get("text")
    inner = table(content)
    if inner and kind == "chatRecord":
        preview = Record(tuple(_preview(inner.get("summary"))), incomplete=True)
        return "\n".join(filter(None, (first(inner, "title"), preview.text)))
    if text := said({"content": content, "msgType": kind}):
        return text
    name = first(inner, "fileName")
    return f"［{MEDIA[kind]}］{name}" if kind in MEDIA else name
