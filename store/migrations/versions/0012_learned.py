"""Words learned from corrected drafts."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(16), server_default="", nullable=False),
        sa.Column("said", sa.String(40), server_default="", nullable=False),
        sa.Column("meant", sa.String(80), server_default="", nullable=False),
        sa.Column("member", sa.String(64), server_default="", nullable=False),
        sa.Column("draft", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stage", sa.String(16), server_default="heard", nullable=False),
        sa.Column("decided_by", sa.String(64), server_default="", nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learned")),
        sa.UniqueConstraint(
            "kind", "said", "meant", "member", name=op.f("uq_learned_kind_said_meant_member")
        ),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("learned")
