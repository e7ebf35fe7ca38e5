"""Followers of WeChat Official Accounts, and what they said."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0022_0020"
down_revision = "0021_0020"
branch_labels = None
depends_on = None


def _text(name: str, size: int = 0) -> sa.Column[str]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.create_table(
        "follower",
        sa.Column("id", Id, primary_key=True, autoincrement=True),
        _text("account", 40),
        _text("mark", 160),
        _text("openid"),
        _text("union_mark", 160),
        _text("unionid"),
        sa.Column("here", sa.Boolean(), server_default=sa.true(), nullable=False),
        _text("channel", 64),
        _text("said"),
        sa.Column("lead", Id, nullable=True),
        sa.Column("handed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reached", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        _text("answer_key", 80),
        _text("answer"),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follower")),
        sa.UniqueConstraint("account", "mark", name=op.f("uq_follower_account_mark")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_follower_union_mark", "follower", ["union_mark"])
    op.create_index("ix_follower_lead", "follower", ["lead"])


def downgrade() -> None:
    op.drop_table("follower")
