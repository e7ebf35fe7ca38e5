"""Tables about where leads come from. They share the `meta` of store/tables.py."""

from sqlalchemy import Column, Index, Integer, String, UniqueConstraint

from store.tables import Id, _fk, _flag, _id, _number, _sealed, _table, _text, _time

origin = _table(  # by which door a lead came in, and what was known then
    "origin", _id(), _fk("lead", "lead"), _text("kind", 16), _text("name", 64), _text("ref", 120),
    _text("visitor", 40), _text("consent"), _text("pages"), _sealed("origin", "extra"), _time("at", nullable=False),
    Index("ix_origin_lead", "lead"), Index("ix_origin_ref", "ref"), Index("ix_origin_visitor", "visitor"),
)  # fmt: skip

touchpoint = _table(  # a word between a customer and us that is no follow-up record: a call, a mail, a visit
    "touchpoint", _id(), _fk("customer", "customer"), Column("contact", Id, nullable=True),
    Column("lead", Id, nullable=True), _text("kind", 16), _text("direction", 8), _text("member", 64),
    _text("source", 64), _text("title", 200), _sealed("touchpoint", "body"),
    _sealed("touchpoint", "detail"), _text("dedup", 200),
    _time("at", nullable=False), _time("created_at", nullable=False), UniqueConstraint("dedup"),
    Index("ix_touchpoint_customer", "customer", "at"),
)  # fmt: skip

batch = _table(  # an import: whose link, which file, what became of its rows
    "batch", _id(), _text("token", 64), _text("member", 64), _text("filename", 200), _text("digest", 64),
    _text("state", 16, default="empty"),  # empty · ready · running · done · undone
    _text("mode", 16), _text("columns"), _time("created_at", nullable=False), _time("expires_at", nullable=False),
    _time("started_at"), _time("finished_at"), _time("undone_at"), UniqueConstraint("token"),
)  # fmt: skip
batch_row = _table(  # a row of an import: what was written, what was wrong, what was made
    "batch_row", _id(), _fk("batch", "batch"), Column("n", Integer, nullable=False), _sealed("batch_row", "cells"),
    _sealed("batch_row", "fields"), _sealed("batch_row", "errors"),
    _text("state", 16, default="new"),  # new · repeat · wrong · made · kept · undone
    _sealed("batch_row", "why"), Column("lead", Id, nullable=True), Column("customer", Id, nullable=True),
    UniqueConstraint("batch", "n"), Index("ix_batch_row_state", "batch", "state", "n"),
)  # fmt: skip

friend = _table(  # a WeCom customer and the member who has them as a friend
    "friend", Column("external", String(100), primary_key=True), Column("user", String(64), primary_key=True),
    _text("name", 120), _text("state", 16), _text("channel", 64), _time("at", nullable=False),
    Index("ix_friend_user", "user", "state"),
)  # fmt: skip
friend_batch = _table(  # a leaver's WeCom friends that a handover hands on; `undo` is what takes the handover back
    "friend_batch", _id(), _text("member", 64), _text("former", 64), _text("user", 64), _flag("left"),
    Column("undo", Id, nullable=False, server_default="0"), _time("at", nullable=False), _time("settled_at"),
    Index("ix_friend_batch_undo", "undo"),
)  # fmt: skip
friend_move = _table(  # one of them: to whom, and where it stands (rules/friends.py)
    "friend_move", _id(), _fk("batch", "friend_batch"), _text("external", 100), _text("taker", 64), _text("user", 64),
    _text("state", 16), _text("why", 200), _time("at", nullable=False), _time("taken_at"),
    UniqueConstraint("batch", "external"), Index("ix_friend_move_external", "external"),
)  # fmt: skip

follower = _table(  # somebody who follows an Official Account, and what they said that nobody was told yet
    "follower", _id(), _text("account", 40), _text("mark", 160), _sealed("follower", "openid"),
    _text("union_mark", 160), _sealed("follower", "unionid"), _flag("here", default=True), _text("channel", 64),
    _sealed("follower", "said"), Column("lead", Id, nullable=True), _number("handed"), _flag("reached"),
    _time("asked_at"), _text("answer_key", 80), _text("answer"), _time("since", nullable=False),
    _time("at", nullable=False), _number("version", default=1), UniqueConstraint("account", "mark"),
    Index("ix_follower_union_mark", "union_mark"), Index("ix_follower_lead", "lead"),
)  # fmt: skip

source = _table(  # a way for leads to come in that was defined on the page 接入
    "source", _id(), _text("kind", 16), _text("name", 40), _text("preset", 16), _number("version", default=1),
    _flag("enabled", default=True), _sealed("source", "secret"), _text("body"), _text("by", 64),
    _time("at", nullable=False), UniqueConstraint("kind", "name"),
)  # fmt: skip
source_version = _table(  # what a source was from when on, without its secret
    "source_version", _id(), _fk("source", "source"), _number("version", default=1), _text("body"), _text("by", 64),
    _time("at", nullable=False), UniqueConstraint("source", "version"),
)  # fmt: skip
source_state = _table(  # what came in by a source, and what went wrong there last
    "source_state", Column("kind", String(16), primary_key=True), Column("name", String(40), primary_key=True),
    _time("last_at"), _text("day", 10), _number("today"), _text("error"), _time("error_at"),
)  # fmt: skip
Index("ix_origin_kind", origin.c.kind, origin.c.at)
