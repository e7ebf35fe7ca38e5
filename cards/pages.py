"""How the way to the web pages looks: a one-time link."""

from datetime import timedelta

from cards.actions_pages import OpenPage
from cards.card import Button, Card, Style
from rules.hours import show_duration


def entry(url: str, lasts: timedelta, what: str) -> Card:
    """The link that logs its reader in, once."""
    return Card(
        kind="web.login",
        title=f"打开{what}",
        lines=(f"链接 {show_duration(lasts).strip()}内有效，只能用一次。它代表你本人，请不要转发。",),
        buttons=(Button(f"打开{what}", url, Style.PRIMARY),),
    )


def button(at: str, label: str = "看板") -> Button:
    """The button of other cards that asks for such a link."""
    return Button(label, OpenPage(at).pack())
