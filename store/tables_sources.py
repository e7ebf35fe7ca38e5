"""Tables about where leads come from. They share the `meta` of store/tables.py."""

from sqlalchemy import Index

from store.tables import _fk, _id, _table, _text, _time

origin = _table(  # by which door a lead came in, and what was known then
    "origin", _id(), _fk("lead", "lead"), _text("kind", 16), _text("name", 64), _text("ref", 120),
    _text("visitor", 40), _text("consent"), _text("pages"), _text("extra"), _time("at", nullable=False),
    Index("ix_origin_lead", "lead"), Index("ix_origin_ref", "ref"), Index("ix_origin_visitor", "visitor"),
)  # fmt: skip
