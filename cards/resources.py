"""How resources look: what /资料 found, and a page to open."""

from collections.abc import Sequence

from cards.card import Button, Card
from cards.checkins import take

SHOWN = 6


def shelf(found: Sequence[tuple[str, str]], words: str) -> Card:
    """The resources (name, title) that were found, best first."""
    shown = found[:SHOWN]
    return Card(
        kind="resource.list",
        title=f"资料（{len(found)}）" if not words else f"和「{words[:12]}」有关的资料",
        lines=tuple(title for _, title in shown),
        buttons=tuple(take(name, title, 0) for name, title in shown),
        note=f"还有 {len(found) - SHOWN} 份，发 /资料 关键词 缩小范围" if len(found) > SHOWN else "",
    )


def link(title: str, url: str) -> Card:
    """A resource that is a page."""
    return Card(kind="resource.link", title=title, buttons=(Button("打开", url),))
