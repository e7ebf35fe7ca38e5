"""Tables of assignment and the public pool. They share the `meta` of store/tables.py."""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, String

from store.tables import Id, UtcDateTime, _fk, _flag, _id, _number, _table, _text, _time, _where, lead

Index("ix_lead_assigned", lead.c.assigned_at, lead.c.owner)
Index("ix_lead_closed", lead.c.closed_at, lead.c.owner)
rotation = _table(  # the fair turn: what each member is owed (millionths of a lead) and the deals that weigh. Member "" is the lock
    "rotation", Column("member", String(64), primary_key=True), Column("credit", sa.BigInteger, nullable=False, server_default="0"),
    _number("won"), _number("decided"), _time("rated_at"),
)  # fmt: skip
share = _table(  # the fairness report by business day: in the running, owed (millionths), got
    "share", Column("day", String(10), primary_key=True), Column("member", String(64), primary_key=True),
    _number("running"), Column("owed", sa.BigInteger, nullable=False, server_default="0"), _number("got"),
)  # fmt: skip
decision = _table(  # how a lead was assigned or why it was not, candidate by candidate
    "decision", _id(), _fk("lead", "lead"), _time("at", nullable=False), _text("chosen", 64), _text("team", 40),
    _flag("widened"), _text("body"), Column("cause", Id, nullable=False, server_default="0"),
    Index("ix_decision_lead", "lead", "id"), Index("ix_decision_at", "at"),
)  # fmt: skip
pool = _table(  # an open lead that nobody has: since when, why, whose it was, when it is tried again
    "pool", Column("lead", Id, ForeignKey("lead.id"), primary_key=True, autoincrement=False), _time("since", nullable=False),
    _text("reason", 16), _text("why"), _text("former", 64), _text("put_by", 64), _number("tries"), _time("retry_at"),
    _time("alarmed_at"),
    Index("ix_pool_retry", "retry_at"), Index("ix_pool_since", "since"),
)  # fmt: skip
Index("ix_pool_waiting", pool.c.since, pool.c.lead, **_where(pool.c.retry_at.is_not(None)))
Index("ix_pool_untold", pool.c.since, pool.c.lead, **_where(pool.c.alarmed_at.is_(None)))
hold = _table(  # a lead that does not go back to the pool before `until`, with the manager's consent
    "hold", Column("lead", Id, ForeignKey("lead.id"), primary_key=True, autoincrement=False),
    Column("until", UtcDateTime, nullable=False), _text("why"), _text("asked_by", 64), _text("agreed_by", 64),
    _time("at", nullable=False),
)  # fmt: skip
cover = _table(  # a customer none of whose leads goes back to the pool before `until`, by a manager's word
    "cover", _id(), _fk("customer", "customer"), Column("until", UtcDateTime, nullable=False), _text("why"), _text("by", 64),
    _time("at", nullable=False), _time("ended_at"), Index("ix_cover_customer", "customer"),
)  # fmt: skip
tally = _table(  # how often a member did something on a business day, where that has a cap
    "tally", Column("member", String(64), primary_key=True), Column("day", String(10), primary_key=True),
    Column("name", String(16), primary_key=True), _number("n"),
)  # fmt: skip
leave = _table(  # somebody is away: from when until when, and who stands in
    "leave", _id(), _text("member", 64), Column("start", UtcDateTime, nullable=False), Column("until", UtcDateTime, nullable=False),
    _text("delegate", 64), _text("state", 16, default="asked"),  # asked · on · ended
    _text("put_by", 64), _time("at", nullable=False),
    Index("ix_leave_member", "member", "state"), Index("ix_leave_delegate", "delegate", "state"),
)  # fmt: skip
