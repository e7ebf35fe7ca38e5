"""Touchpoints: calls, mails and visits of a customer that are no follow-up records."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = (
        ("kind", 16), ("direction", 8), ("member", 64), ("source", 64), ("title", 200), ("body", 0), ("detail", 0),
        ("dedup", 200),
    )  # fmt: skip
    op.create_table(
        "touchpoint",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("customer", Id, nullable=False),
        sa.Column("contact", Id, nullable=True),
        sa.Column("lead", Id, nullable=True),
        *(
            sa.Column(name, sa.String(size) if size else sa.Text(), server_default="", nullable=False)
            for name, size in texts
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customer.id"], name=op.f("fk_touchpoint_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touchpoint")),
        sa.UniqueConstraint("dedup", name=op.f("uq_touchpoint_dedup")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("touchpoint", schema=None) as batch_op:
        batch_op.create_index("ix_touchpoint_customer", ["customer", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("touchpoint")
