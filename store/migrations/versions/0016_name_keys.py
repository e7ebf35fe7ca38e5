"""Companies are found by keys of their names, not by a scan; the keys of those that are there are made here."""

import sqlalchemy as sa
from alembic import op

from rules import name_keys
from store.tables import Id

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BATCH = 2000


def upgrade() -> None:
    op.create_table(
        "name_key",
        sa.Column("key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("customer", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_name_key_customer")),
        sa.PrimaryKeyConstraint("key", "customer", name=op.f("pk_name_key")),
        sqlite_with_rowid=False,
    )
    connection, last = op.get_bind(), 0
    known = sa.text(
        "SELECT id, core, name FROM customer WHERE id > :last AND deleted_at IS NULL ORDER BY id LIMIT :n"
    )
    add = sa.text("INSERT INTO name_key (key, customer) VALUES (:key, :customer)")
    while rows := connection.execute(known, {"last": last, "n": BATCH}).all():
        last = rows[-1].id
        keys = [
            {"key": key, "customer": row.id} for row in rows for key in name_keys.stored(row.core or row.name)
        ]
        if keys:
            connection.execute(add, keys)
    op.create_index("ix_name_key_customer", "name_key", ["customer"], unique=False)


def downgrade() -> None:
    op.drop_table("name_key")
