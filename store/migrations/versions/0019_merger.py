"""The credit code of a customer; customers that became part of another."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns, one table."""
    with op.batch_alter_table("customer") as batch:
        batch.add_column(sa.Column("credit_code", sa.String(18), server_default="", nullable=False))
        batch.add_column(sa.Column("merged_into", Id, nullable=True))
    there = sa.text("credit_code != ''")
    op.create_index(
        "ix_customer_credit_code",
        "customer",
        ["credit_code"],
        sqlite_where=there,
        postgresql_where=there,
    )
    op.create_table(
        "merger",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("gone", Id, nullable=False),
        sa.Column("kept", Id, nullable=False),
        sa.Column("member", sa.String(64), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("undo", Id, server_default="0", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_merger_kept", "merger", ["kept"])
    standing = sa.text("undone_at IS NULL")
    op.create_index(
        "ix_merger_standing", "merger", ["gone"], unique=True, sqlite_where=standing, postgresql_where=standing
    )  # fmt: skip


def downgrade() -> None:
    """Without them; what was merged stays merged."""
    op.drop_table("merger")
    op.drop_index("ix_customer_credit_code", table_name="customer")
    with op.batch_alter_table("customer") as batch:
        batch.drop_column("merged_into")
        batch.drop_column("credit_code")
