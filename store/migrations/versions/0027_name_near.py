"""By what a company is found that is written one character wrong; the keys of those that are there come little by little
(store/name_keys.py), for a million of them take minutes."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id

revision = "0027_0020"
down_revision = "0026_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "name_near",
        sa.Column("key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("customer", Id, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "place", "customer", name=op.f("pk_name_near")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_name_near_customer", "name_near", ["customer"])


def downgrade() -> None:
    op.drop_table("name_near")
