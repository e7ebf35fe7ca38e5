"""Nurture mail: who agreed to it, what was sent, what came back."""

import sqlalchemy as sa
from alembic import op

from store.tables import Id, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_consent",
        sa.Column("address", sa.String(120), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=True),
        sa.Column("how", sa.String(64), server_default="", nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_mail_consent")),
    )
    op.create_table(
        "letter",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("lead", Id, nullable=False),
        sa.Column("member", sa.String(64), server_default="", nullable=False),
        sa.Column("address", sa.String(120), server_default="", nullable=False),
        sa.Column("subject", sa.String(200), server_default="", nullable=False),
        sa.Column("links", sa.Text(), server_default="", nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outbox", Id, server_default="0", nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("opens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clicked_at", UtcDateTime(), nullable=True),
        sa.Column("clicks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("bounced", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["lead"], ["lead.id"], name=op.f("fk_letter_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.create_index("ix_letter_lead", ["lead", "id"], unique=False)
        batch_op.create_index("ix_letter_address", ["address", "id"], unique=False)
        batch_op.create_index("ix_letter_at", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("letter")
    op.drop_table("mail_consent")
