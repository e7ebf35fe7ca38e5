"""What is kept of an event is what it was, whatever people and programs put into it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.events import ChatLine, Event, Form, Kind, Media, Message, Timer, decode, encode, encode_timer

AT = datetime(2026, 3, 5, 1, 2, 3, 456789, UTC)
WORDS = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=20)  # lone surrogates as well
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(WORDS, VALUES, max_size=5))
def test_a_form_comes_back_as_it_was_sent(fields: dict[str, object]) -> None:
    form = Form("lead", fields, AT, key="k", client="c")
    assert decode(encode(form)) == form


@given(WORDS, st.lists(st.tuples(WORDS, WORDS), max_size=3))
def test_a_message_comes_back_as_it_was_sent(text: str, lines: list[tuple[str, str]]) -> None:
    said = tuple(ChatLine(speaker, word, AT if speaker else None) for speaker, word in lines)
    message: Event = Message(
        "wecom", "lisi", text, AT, Kind.FORWARDED, lines=said, media=Media("m1", "a.amr")
    )
    assert decode(encode(message)) == message


def test_a_timer_keeps_its_payload_as_it_was_written() -> None:
    kept = encode_timer("lead.untouched", "L1", AT, '{"n": 12345678901234567890123}')
    assert decode(kept) == Timer("lead.untouched", "L1", AT, {"n": 12345678901234567890123})
