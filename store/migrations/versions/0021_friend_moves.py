"""WeCom friends that a handover hands on."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0021_0020"
down_revision = "0020"
branch_labels = None
depends_on = None


def _texts(**sizes: int) -> list[sa.Column[str]]:
    return [
        sa.Column(name, sa.String(size), server_default="", nullable=False) for name, size in sizes.items()
    ]


def upgrade() -> None:
    op.create_index("ix_friend_user", "friend", ["user", "state"])
    op.create_table(
        "friend_batch",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        *_texts(member=64, former=64, user=64),
        sa.Column("left", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("undo", Id, server_default="0", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friend_batch")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_friend_batch_undo", "friend_batch", ["undo"])
    op.create_table(
        "friend_move",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("batch", Id, nullable=False),
        *_texts(external=100, taker=64, user=64, state=16, why=200),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch"], ["friend_batch.id"], name=op.f("fk_friend_move_batch_friend_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friend_move")),
        sa.UniqueConstraint("batch", "external", name=op.f("uq_friend_move_batch_external")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_friend_move_external", "friend_move", ["external"])


def downgrade() -> None:
    op.drop_table("friend_move")
    op.drop_table("friend_batch")
    op.drop_index("ix_friend_user", "friend")
