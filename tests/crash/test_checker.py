"""What the checker of the crash stories knows a card by."""

from bot.wecom.render import render
from cards.card import Button, Card
from sim.phone import Seen
from sim.wecom_screen import paint_card
from tests.crash.checker import track_of


def test_a_closed_card_that_was_sent_anew_is_known_as_a_copy() -> None:
    """Its code was used up by an update before it, so it came as a new message, without buttons and without a task_id."""
    card = Card(
        "draft", "已存为 C-0329 · L-1020", "L-1020", buttons=(Button("开始跟进", "x"),), closed="跟进中"
    )
    seen = Seen(0, "card", "", 0.0, raw={"msgid": "1"})
    made = render(card, public_url="http://bot", brand="跟进", task_id="D-7-5wdzr-36-r181")
    assert "task_id" not in made
    paint_card(seen, made)
    assert track_of(seen) == "D-7-5wdzr-36-r181"
    assert track_of(Seen(0, "card", "", 0.0, track="D-7-5wdzr-36")) == "D-7-5wdzr-36"
