"""Phones and addresses of contacts may be sealed: room for the ciphertext, and a mark to find addresses by."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SIZES = {"phone": 40, "email": 120, "wechat": 64}


def upgrade() -> None:
    """SQLite does not look at lengths, so only PostgreSQL is told of longer ones (it rewrites nothing for it)."""
    with op.batch_alter_table("contact") as batch:
        batch.add_column(sa.Column("email_key", sa.String(160), server_default="", nullable=False))
    op.execute("UPDATE contact SET email_key = email WHERE email <> ''")
    op.create_index("ix_contact_email_key", "contact", ["email_key"])
    op.drop_index("ix_contact_email", "contact")
    if op.get_bind().dialect.name == "postgresql":
        for name in SIZES:
            op.alter_column("contact", name, type_=sa.Text())


def downgrade() -> None:
    """Back to values in clear; sealed ones would not fit."""
    if op.get_bind().dialect.name == "postgresql":
        for name, size in SIZES.items():
            op.alter_column("contact", name, type_=sa.String(size))
    op.create_index("ix_contact_email", "contact", ["email"])
    op.drop_index("ix_contact_email_key", "contact")
    with op.batch_alter_table("contact") as batch:
        batch.drop_column("email_key")
