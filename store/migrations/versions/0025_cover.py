"""Customers that no lead leaves for the pool before a day."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0025_0020"
down_revision = "0024_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cover",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("customer", Id, nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_cover_customer_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cover")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cover_customer", "cover", ["customer"])


def downgrade() -> None:
    op.drop_table("cover")
