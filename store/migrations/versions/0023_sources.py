"""Sources that are defined on a page: what they are, what they were, what came in by them."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0023_0020"
down_revision = "0022_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(16), server_default="", nullable=False),
        sa.Column("name", sa.String(40), server_default="", nullable=False),
        sa.Column("preset", sa.String(16), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("secret", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_source_kind_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "source_version",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("source", Id, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.String(64), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["source.id"], name=op.f("fk_source_version_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_version")),
        sa.UniqueConstraint("source", "version", name=op.f("uq_source_version_source_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "source_state",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("day", sa.String(10), server_default="", nullable=False),
        sa.Column("today", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("error_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_source_state")),
    )
    op.create_index("ix_origin_kind", "origin", ["kind", "at"])


def downgrade() -> None:
    op.drop_index("ix_origin_kind", "origin")
    op.drop_table("source_state")
    op.drop_table("source_version")
    op.drop_table("source")
