"""The table of words learned from corrected drafts. It shares the `meta` of store/tables.py."""

from sqlalchemy import UniqueConstraint

from store.tables import _id, _number, _table, _text, _time

learned = _table(  # one person's word for something; rules/words.py says when it is used
    "learned", _id(), _text("kind", 16), _text("said", 40), _text("meant", 80), _text("member", 64),
    _number("draft"), _text("stage", 16, default="heard"), _text("decided_by", 64), _time("decided_at"),
    _time("at", nullable=False), UniqueConstraint("kind", "said", "meant", "member"),
)  # fmt: skip
