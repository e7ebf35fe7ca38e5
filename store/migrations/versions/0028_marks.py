"""What customers said of competitors, of the price and of who decides."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0028_0020"
down_revision = "0027_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mark",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("customer", Id, nullable=False),
        sa.Column("lead", Id, nullable=True),
        sa.Column("draft", Id, nullable=True),
        sa.Column("sort", sa.String(length=16), server_default="", nullable=False),
        sa.Column("value", sa.String(length=120), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("member", sa.String(length=64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_mark_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark")),
        sqlite_autoincrement=True,
    )
    for column in ("customer", "lead", "draft"):
        op.create_index(f"ix_mark_{column}", "mark", [column])


def downgrade() -> None:
    op.drop_table("mark")
