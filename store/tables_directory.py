"""Who stands in the platforms' directories, as we saw it last."""

from sqlalchemy import Index, UniqueConstraint

from store.tables import _id, _table, _text, _time

directory = _table(
    "directory", _id(), _text("platform", 16), _text("user_id", 200), _text("name", 64), _text("departments"),
    _text("state", 16, default="new"),  # new (nobody decided yet) · member · no
    _time("seen_at", nullable=False), _time("gone_at"), UniqueConstraint("platform", "user_id"),
)  # fmt: skip
Index("ix_directory_state", directory.c.state, directory.c.id)
