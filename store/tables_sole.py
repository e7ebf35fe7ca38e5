"""Tables of what only one replica may hold at a time, and of what the others ask it to do."""

import sqlalchemy as sa
from sqlalchemy import Column, Index, String, UniqueConstraint

from store.tables import _id, _number, _sealed, _table, _text, _where

keeper = _table(  # who has the one connection that there may be, until when by the database's clock
    "keeper", Column("name", String(64), primary_key=True), Column("owner", String(40), nullable=True),
    Column("until", sa.BigInteger, nullable=False, server_default="0"), _text("about"),
)  # fmt: skip
errand = _table(  # something that the holder shall do for another replica, and its answer
    "errand", _id(), _text("name", 64), _text("key", 120), _sealed("errand", "body"), _number("state"),  # 0 open · 1 taken · 2 done
    Column("owner", String(40), nullable=True), _sealed("errand", "answer"),
    Column("at", sa.BigInteger, nullable=False, server_default="0"), UniqueConstraint("key"),
)  # fmt: skip
Index("ix_errand_open", errand.c.name, errand.c.id, **_where(errand.c.state == 0))
