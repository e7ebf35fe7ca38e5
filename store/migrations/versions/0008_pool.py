"""Held leads, daily tallies, and a timer for each owned lead that looks when it goes back to the pool."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables; the timers of open leads look once and set themselves to the right time."""
    op.create_table(
        "hold",
        sa.Column("lead", Id, autoincrement=False, nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_by", sa.String(64), server_default="", nullable=False),
        sa.Column("agreed_by", sa.String(64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_hold_lead")),
        sa.PrimaryKeyConstraint("lead", name=op.f("pk_hold")),
    )
    op.create_table(
        "tally",
        sa.Column("member", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("n", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("member", "day", "name", name=op.f("pk_tally")),
    )
    op.execute(
        "INSERT INTO timer (kind, key, due, payload, created_at) SELECT 'pool.recycle', CAST(id AS VARCHAR(20)), "
        "CURRENT_TIMESTAMP, '{}', CURRENT_TIMESTAMP FROM lead "
        "WHERE owner <> '' AND status NOT IN ('won', 'lost', 'invalid')"
    )
    op.execute(
        "INSERT INTO timer (kind, key, due, payload, created_at) "
        "SELECT 'pool.stale', 'all', CURRENT_TIMESTAMP, '{}', CURRENT_TIMESTAMP "
        "WHERE EXISTS (SELECT 1 FROM pool)"
    )


def downgrade() -> None:
    """Without them."""
    op.execute("DELETE FROM timer WHERE kind IN ('pool.recycle', 'pool.stale')")
    op.drop_table("tally")
    op.drop_table("hold")
