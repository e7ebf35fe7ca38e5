"""Imports: batches and their rows."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _text(name: str, size: int = 0, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), server_default=default, nullable=False)


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        _text("token", 64), _text("member", 64), _text("filename", 200), _text("digest", 64),
        _text("state", 16, "empty"), _text("mode", 16), _text("columns"), _time("created_at", nullable=False),
        _time("expires_at", nullable=False), _time("started_at"), _time("finished_at"), _time("undone_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("token", name=op.f("uq_batch_token")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table(
        "batch_row",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("batch", Id, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        _text("cells"), _text("fields"), _text("errors"), _text("state", 16, "new"), _text("why"),
        sa.Column("lead", Id, nullable=True),
        sa.Column("customer", Id, nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name=op.f("fk_batch_row_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_row")),
        sa.UniqueConstraint("batch", "n", name=op.f("uq_batch_row_batch_n")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    with op.batch_alter_table("batch_row", schema=None) as batch_op:
        batch_op.create_index("ix_batch_row_state", ["batch", "state", "n"], unique=False)


def downgrade() -> None:
    op.drop_table("batch_row")
    op.drop_table("batch")
