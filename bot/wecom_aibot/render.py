"""Card → the bot's template_card: the app's cards within smaller sizes, no page behind a button (protocol 10.1)."""

from bot.wecom.limits import BOT
from bot.wecom.render import Json, Painter
from cards.card import Card


def render(card: Card, *, public_url: str, brand: str, task_id: str) -> tuple[Json, bool]:
    """The `template_card`, and whether words had to be left out.

    task_id is part of an update too (it must be the event's, 10.1). A closed card has no buttons left: it is a
    text_notice that says its word.
    """
    painter = Painter(BOT, public_url, brand)
    made = painter.paint(card, task_id)
    return {**made, "task_id": task_id}, painter.cut
