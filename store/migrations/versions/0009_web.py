"""The pages: login links and sessions; what the board looks up."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("member", sa.String(64), server_default="", nullable=False),
        sa.Column("path", sa.String(200), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_login")),
    )
    op.create_index("ix_login_expires_at", "login", ["expires_at"])
    op.create_table(
        "session",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("member", sa.String(64), server_default="", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_session")),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
    lost = sa.text("ledger IN ('refused', 'expired')")
    op.create_index("ix_outbox_lost", "outbox", ["subject"], sqlite_where=lost, postgresql_where=lost)
    op.create_index("ix_lead_status", "lead", ["status", "id"])


def downgrade() -> None:
    op.drop_index("ix_lead_status", "lead")
    op.drop_index("ix_outbox_lost", "outbox")
    op.drop_table("session")
    op.drop_table("login")
