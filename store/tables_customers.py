"""Customers that were merged, and what was said of them beside what they want. It shares the `meta` of store/tables.py."""

from sqlalchemy import Column, Index

from store.tables import Id, _fk, _flag, _id, _sealed, _table, _text, _time, _where, customer

merger = _table(  # a customer that became part of another: what was moved and filled, so that it can be put back
    "merger", _id(), Column("gone", Id, nullable=False), Column("kept", Id, nullable=False), _text("member", 64),
    _text("body"), Column("undo", Id, nullable=False, server_default="0"), _time("at", nullable=False),
    _time("until", nullable=False), _time("undone_at"), _text("undone_by", 64), Index("ix_merger_kept", "kept"),
)  # fmt: skip
Index("ix_merger_standing", merger.c.gone, unique=True, **_where(merger.c.undone_at.is_(None)))
Index("ix_customer_credit_code", customer.c.credit_code, **_where(customer.c.credit_code != ""))

mark = _table(  # what a chat says of a competitor, of the price, of who decides
    "mark", _id(), _fk("customer", "customer"), Column("lead", Id, nullable=True), Column("draft", Id, nullable=True),
    _text("sort", 16), _text("value", 120), _sealed("mark", "words"), _text("member", 64), _time("at", nullable=False),
    _flag("gone"),  # somebody says that it is not so any more
    Index("ix_mark_customer", "customer"), Index("ix_mark_lead", "lead"), Index("ix_mark_draft", "draft"),
)  # fmt: skip
