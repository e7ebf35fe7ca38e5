"""Tables about where leads come from. They share the `meta` of store/tables.py."""

from sqlalchemy import Column, Index, UniqueConstraint

from store.tables import Id, _fk, _id, _table, _text, _time

origin = _table(  # by which door a lead came in, and what was known then
    "origin", _id(), _fk("lead", "lead"), _text("kind", 16), _text("name", 64), _text("ref", 120),
    _text("visitor", 40), _text("consent"), _text("pages"), _text("extra"), _time("at", nullable=False),
    Index("ix_origin_lead", "lead"), Index("ix_origin_ref", "ref"), Index("ix_origin_visitor", "visitor"),
)  # fmt: skip

touchpoint = _table(  # a word between a customer and us that is no follow-up record: a call, a mail, a visit
    "touchpoint", _id(), _fk("customer", "customer"), Column("contact", Id, nullable=True),
    Column("lead", Id, nullable=True), _text("kind", 16), _text("direction", 8), _text("member", 64),
    _text("source", 64), _text("title", 200), _text("body"), _text("detail"), _text("dedup", 200),
    _time("at", nullable=False), _time("created_at", nullable=False), UniqueConstraint("dedup"),
    Index("ix_touchpoint_customer", "customer", "at"),
)  # fmt: skip
