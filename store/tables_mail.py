"""Tables of nurture mail. They share the `meta` of store/tables.py."""

from sqlalchemy import Column, Index, String

from store.tables import Id, _fk, _id, _number, _table, _text, _time

mail_consent = _table(  # whether an address may get nurture mail
    "mail_consent", Column("address", String(120), primary_key=True), _time("given_at"), _text("how", 64),
    _time("stopped_at"),
)  # fmt: skip
letter = _table(  # a nurture mail: what it said, and what came back
    "letter", _id(), _fk("lead", "lead"), _text("member", 64), _text("address", 120), _text("subject", 200),
    _text("links"), _time("at", nullable=False), Column("outbox", Id, nullable=False, server_default="0"),
    _time("opened_at"), _number("opens"), _time("clicked_at"), _number("clicks"), _time("stopped_at"), _text("bounced"),
    Index("ix_letter_lead", "lead", "id"), Index("ix_letter_address", "address", "id"), Index("ix_letter_at", "at"),
)  # fmt: skip
