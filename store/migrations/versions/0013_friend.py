"""WeCom customers and the members who have them as friends."""

import sqlalchemy as sa
from alembic import op

from store.tables import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "friend",
        sa.Column("external", sa.String(100), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        *(
            sa.Column(name, sa.String(size), server_default="", nullable=False)
            for name, size in (("name", 120), ("state", 16), ("channel", 64))
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("external", "user", name=op.f("pk_friend")),
    )


def downgrade() -> None:
    op.drop_table("friend")
