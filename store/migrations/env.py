"""Alembic's entry: runs on the connection that store/migrate.py hands over; SQLite and PostgreSQL alike."""

from typing import Any, Literal

from alembic import context

from store.tables import UtcDateTime, meta


def render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """How our own column types are written into a migration."""
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen.imports.add("from store.tables import UtcDateTime")
        return "UtcDateTime()"
    return False


connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    for index in (one for table in meta.tables.values() for one in table.indexes):
        if (where := index.dialect_options["sqlite"]["where"]) is not None:
            index.dialect_kwargs["postgresql_where"] = where
context.configure(
    connection=connection, target_metadata=meta, render_as_batch=True, compare_type=True, render_item=render
)
with context.begin_transaction():
    context.run_migrations()
