"""The fair turn, the decisions behind each assignment, the public pool."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables; leads that nobody has begin their time in the pool with the migration's."""
    op.create_table(
        "rotation",
        sa.Column("member", sa.String(64), nullable=False),
        sa.Column("credit", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("won", sa.Integer(), server_default="0", nullable=False),
        sa.Column("decided", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rated_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_rotation")),
    )
    op.create_table(
        "share",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("member", sa.String(64), nullable=False),
        sa.Column("running", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("got", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "member", name=op.f("pk_share")),
    )
    op.create_table(
        "decision",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("lead", Id, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("chosen", sa.String(64), server_default="", nullable=False),
        sa.Column("team", sa.String(40), server_default="", nullable=False),
        sa.Column("widened", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("cause", Id, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_decision_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decision_lead", "decision", ["lead", "id"])
    op.create_index("ix_decision_at", "decision", ["at"])
    op.create_table(
        "pool",
        sa.Column("lead", Id, autoincrement=False, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(16), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("former", sa.String(64), server_default="", nullable=False),
        sa.Column("put_by", sa.String(64), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("alarmed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_pool_lead")),
        sa.PrimaryKeyConstraint("lead", name=op.f("pk_pool")),
    )
    op.create_index("ix_pool_retry", "pool", ["retry_at"])
    op.create_index("ix_pool_since", "pool", ["since"])
    op.create_index("ix_lead_assigned", "lead", ["assigned_at", "owner"])
    op.create_index("ix_lead_closed", "lead", ["closed_at", "owner"])
    op.execute(
        "INSERT INTO pool (lead, since, reason) SELECT id, CURRENT_TIMESTAMP, 'released' FROM lead "
        "WHERE owner = '' AND status NOT IN ('won', 'lost', 'invalid')"
    )


def downgrade() -> None:
    """Without them."""
    op.drop_index("ix_lead_closed", "lead")
    op.drop_index("ix_lead_assigned", "lead")
    for table in ("pool", "decision", "share", "rotation"):
        op.drop_table(table)
