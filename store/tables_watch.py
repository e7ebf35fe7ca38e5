"""Tables about the bot's own conduct: who heard how much today, which settings were changed. They share `meta`."""

from sqlalchemy import Column, Index, String

from store.tables import _id, _number, _table, _text, _time, lead

budget = _table(  # unasked messages to a person, today
    "budget", Column("member", String(64), primary_key=True), _text("day", 10), _number("sent"), _time("last_at"),
    _time("muted_until"), _text("about"),
)  # fmt: skip
config_change = _table(  # a setting that was changed: who, when, what it was, what it is
    "config_change", _id(), _time("at", nullable=False), _text("who", 64), _text("key", 120), _text("old"),
    _text("new"), _text("source", 16), Index("ix_config_change_key", "key", "id"),
)  # fmt: skip
Index("ix_lead_created_at", lead.c.created_at)
