"""The tables of opportunities. They share the `meta` of store/tables.py."""

from sqlalchemy import BigInteger, Column, Index

from store.tables import _fk, _id, _number, _table, _text, _time, _where

opportunity = _table(  # a deal that may come: from which lead, how far, whose, how much (fen), how it ended
    "opportunity", _id(), _fk("customer", "customer"), _fk("lead", "lead", nullable=True), _text("title", 120),
    Column("amount", BigInteger, nullable=True), _text("amount_words", 40), _text("stage", 16, default="talk"),
    _time("stage_since", nullable=False), _text("owner", 64), _text("opened_by", 64), _time("opened_at", nullable=False),
    _time("closed_at"), _text("outcome", 8), _text("why"), _number("version"),
    Index("ix_opportunity_customer", "customer"), Index("ix_opportunity_lead", "lead"),
)  # fmt: skip
Index("ix_opportunity_open", opportunity.c.owner, opportunity.c.id, **_where(opportunity.c.outcome == ""))
opportunity_step = _table(  # what happened to it: opened, a stage forward or back, won, lost, another amount, another owner
    "opportunity_step", _id(), _fk("opportunity", "opportunity"), _time("at", nullable=False), _text("member", 64),
    _text("kind", 16), _text("was", 64), _text("became", 64), _text("why"), _time("undone_at"),
    Index("ix_opportunity_step_opportunity", "opportunity", "id"),
)  # fmt: skip
