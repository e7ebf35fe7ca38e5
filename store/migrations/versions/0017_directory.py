"""Who stands in the platforms' directories; members that the bot took in itself, and who left."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table, two columns."""
    op.create_table(
        "directory",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("platform", sa.String(16), server_default="", nullable=False),
        sa.Column("user_id", sa.String(200), server_default="", nullable=False),
        sa.Column("name", sa.String(64), server_default="", nullable=False),
        sa.Column("departments", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(16), server_default="new", nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("gone_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory")),
        sa.UniqueConstraint("platform", "user_id", name=op.f("uq_directory_platform_user_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_directory_state", "directory", ["state", "id"])
    with op.batch_alter_table("member") as batch:
        batch.add_column(sa.Column("added", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("has_left", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Without it."""
    op.drop_table("directory")
    with op.batch_alter_table("member") as batch:
        batch.drop_column("has_left")
        batch.drop_column("added")
