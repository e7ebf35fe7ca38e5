"""Where a lead came from: the form, the receipt, the consent, the pages seen before."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "origin",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("lead", Id, nullable=False),
        *(
            sa.Column(name, sa.String(size) if size else sa.Text(), server_default="", nullable=False)
            for name, size in (
                ("kind", 16), ("name", 64), ("ref", 120), ("visitor", 40), ("consent", 0), ("pages", 0), ("extra", 0),
            )
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_origin_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_origin")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    with op.batch_alter_table("origin", schema=None) as batch_op:
        batch_op.create_index("ix_origin_lead", ["lead"], unique=False)
        batch_op.create_index("ix_origin_ref", ["ref"], unique=False)
        batch_op.create_index("ix_origin_visitor", ["visitor"], unique=False)


def downgrade() -> None:
    op.drop_table("origin")
