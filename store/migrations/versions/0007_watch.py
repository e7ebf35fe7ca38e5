"""Messages of a day, changes of settings, and leads by the time they came in."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget",
        sa.Column("member", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), server_default="", nullable=False),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("muted_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_budget")),
    )
    op.create_table(
        "config_change",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(64), server_default="", nullable=False),
        sa.Column("key", sa.String(120), server_default="", nullable=False),
        sa.Column("old", sa.Text(), server_default="", nullable=False),
        sa.Column("new", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.String(16), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_change")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("config_change", schema=None) as batch_op:
        batch_op.create_index("ix_config_change_key", ["key", "id"], unique=False)
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index("ix_lead_created_at", ["created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index("ix_lead_created_at")
    op.drop_table("config_change")
    op.drop_table("budget")
