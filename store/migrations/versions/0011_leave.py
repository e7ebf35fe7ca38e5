"""Who is away, until when, and who stands in."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table."""
    op.create_table(
        "leave",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("member", sa.String(64), server_default="", nullable=False),
        sa.Column("start", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("delegate", sa.String(64), server_default="", nullable=False),
        sa.Column("state", sa.String(16), server_default="asked", nullable=False),
        sa.Column("put_by", sa.String(64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_leave_member", "leave", ["member", "state"])
    op.create_index("ix_leave_delegate", "leave", ["delegate", "state"])


def downgrade() -> None:
    """Without it."""
    op.drop_table("leave")
