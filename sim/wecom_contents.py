"""What a message may hold, by msgtype: checked as WeCom checks it, then ready to be painted on a screen (page 90236)."""

import json
import re
from collections.abc import Callable

from sim.phone import Seen
from sim.refusal import Refusal
from sim.wecom_cards import check_card
from sim.wecom_screen import paint_card, paint_link, paint_markdown, paint_text
from sim.wecom_world import Body, World

TEXT_BYTES = 2048
SAFE_FILES = {
    "txt", "pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "xml", "jpg", "jpeg", "png", "bmp", "gif",
}  # fmt: skip
Painter = Callable[[Seen], None]


def cut_bytes(world: World, text: str, most: int, name: str) -> str:
    """Cuts at a character boundary within `most` bytes of UTF-8, as WeCom does, and warns."""
    if len(text.encode()) <= most:
        return text
    world.soft_warnings.append(f"{name} has {len(text.encode())} bytes and was cut to {most}")
    return text.encode()[:most].decode(errors="ignore")


def _part(body: Body, name: str) -> Body:
    part = body.get(name)
    if not isinstance(part, dict):
        raise Refusal(40063, f"missing parameter {name}")
    return part


def with_names(world: World, body: Body, text: str) -> str:
    """enable_id_trans: `$userName=ID$` and `$departmentName=ID$` become names (page 90236)."""
    if body.get("enable_id_trans", 0) != 1:
        return text

    def user(match: re.Match[str]) -> str:
        member = world.member(match[1])
        return member.name if member else match[0]

    def department(match: re.Match[str]) -> str:
        return world.departments[int(match[1])][0] if int(match[1]) in world.departments else match[0]

    text = re.sub(r"\$userName=([^$]+)\$", user, text)
    return re.sub(r"\$departmentName=(\d+)\$", department, text)


def required(part: Body, name: str, code: int = 40063) -> str:
    """A non-empty string field; raises Refusal with `code`."""
    value = part.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(code, f"missing parameter {name}")
    return value


def _text(world: World, body: Body) -> Painter:
    content = with_names(world, body, required(_part(body, "text"), "content", 44004))
    content = cut_bytes(world, content, TEXT_BYTES, "text.content")
    return lambda seen: paint_text(seen, content)


def _markdown(world: World, body: Body) -> Painter:
    content = required(_part(body, "markdown"), "content", 44004)
    if len(content.encode()) > TEXT_BYTES:
        raise Refusal(45002, "content size out of limit")
    return lambda seen: paint_markdown(seen, content)


def _media(kind: str) -> Callable[[World, Body], Painter]:
    def check(world: World, body: Body) -> Painter:
        media = world.file(required(_part(body, kind), "media_id", 41006), kind)
        ending = media.name.rpartition(".")[2].lower()
        if kind == "file" and body.get("safe", 0) == 1 and ending not in SAFE_FILES:
            raise Refusal(40004, "this file type cannot be sent with safe=1")

        def paint(seen: Seen) -> None:
            seen.text, seen.file = media.name, media.body

        return paint

    return check


def _textcard(world: World, body: Body) -> Painter:
    part = _part(body, "textcard")
    title, description = required(part, "title", 41016), required(part, "description", 41033)
    url = _web(part)
    if len(title) > 128 or len(description) > 512:
        world.soft_warnings.append("textcard title or description is too long and was cut")
    description = with_names(world, body, description)[:512]
    label = str(part.get("btntxt") or "详情")[:4]
    return lambda seen: paint_link(seen, with_names(world, body, title)[:128], description, url, label)


def _web(part: Body) -> str:
    url = required(part, "url", 41010)
    if not re.match(r"https?://\S", url):
        raise Refusal(45034, "url must start with http:// or https://")
    if len(url.encode()) > 2048:
        raise Refusal(40039, "invalid url size")
    return url


def _news(world: World, body: Body) -> Painter:
    articles = _articles(_part(body, "news"))
    rows = []
    for article in articles:
        title = cut_bytes(world, required(article, "title", 41016), 128, "news.title")
        description = cut_bytes(world, str(article.get("description") or ""), 512, "news.description")
        if not article.get("url") and not (article.get("appid") and article.get("pagepath")):
            raise Refusal(41010, "missing url")
        rows.append((title, description, _web(article) if article.get("url") else ""))

    def paint(seen: Seen) -> None:
        for title, description, url in rows:
            paint_link(seen, title, description, url, title)

    return paint


def _mpnews(world: World, body: Body) -> Painter:
    rows = []
    for article in _articles(_part(body, "mpnews")):
        title = cut_bytes(world, required(article, "title", 41016), 128, "mpnews.title")
        world.file(required(article, "thumb_media_id", 41006), "image")
        content = required(article, "content", 44004)
        if len(content.encode()) > 666 * 1024:
            raise Refusal(45002, "content size out of limit")
        if len(str(article.get("author") or "").encode()) > 64:
            raise Refusal(45032, "author is longer than 64 bytes")
        rows.append((title, str(article.get("digest") or "")))

    def paint(seen: Seen) -> None:
        seen.text = "\n".join(f"{title}\n{digest}".strip() for title, digest in rows)

    return paint


def _articles(part: Body) -> list[Body]:
    articles = part.get("articles")
    if not isinstance(articles, list) or not all(isinstance(article, dict) for article in articles):
        raise Refusal(40058, "articles must be a list of objects")
    if not 1 <= len(articles) <= 8:
        raise Refusal(45008, "1 to 8 articles")
    return articles


def _miniprogram(world: World, body: Body) -> Painter:
    part = _part(body, "miniprogram_notice")
    required(part, "appid")
    title = required(part, "title", 41016)
    items = part.get("content_item", [])
    if not isinstance(items, list) or len(items) > 10:
        raise Refusal(40058, "at most 10 content_item")
    rows = [f"{item['key']}：{item['value']}" for item in items]
    return lambda seen: paint_link(
        seen, title, "\n".join([str(part.get("description") or ""), *rows]), "", "小程序"
    )


def _template_card(world: World, body: Body) -> Painter:
    card = _part(body, "template_card")
    accept_card(world, card, update=False)
    shown = json.loads(with_names(world, body, json.dumps(card, ensure_ascii=False)))
    return lambda seen: paint_card(seen, shown)


def accept_card(world: World, card: Body, *, update: bool) -> None:
    """Checks a card, keeps its warnings; its files must live."""
    world.soft_warnings += check_card(card, update=update)
    for row in card.get("horizontal_content_list", []):
        if row.get("type") == 2:
            world.file(row["media_id"], "file")


PAINTERS: dict[str, Callable[[World, Body], Painter]] = {
    "text": _text,
    "markdown": _markdown,
    "image": _media("image"),
    "voice": _media("voice"),
    "video": _media("video"),
    "file": _media("file"),
    "textcard": _textcard,
    "news": _news,
    "mpnews": _mpnews,
    "miniprogram_notice": _miniprogram,
    "template_card": _template_card,
}
